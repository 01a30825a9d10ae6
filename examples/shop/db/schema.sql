CREATE TABLE items (
    sku         text PRIMARY KEY CHECK (sku <> ''),
    name        text NOT NULL,
    price_cents integer NOT NULL CHECK (price_cents >= 0),
    on_hand     integer NOT NULL DEFAULT 0 CHECK (on_hand >= 0)
);

CREATE TABLE movements (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku      text NOT NULL REFERENCES items,
    quantity integer NOT NULL CHECK (quantity <> 0),
    booked   timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX movements_by_item ON movements (sku, booked DESC);

INSERT INTO items (sku, name, price_cents, on_hand) VALUES
    ('MILK-1L', 'Milk, 1 litre', 129, 240),
    ('BREAD-750', 'Rye bread, 750 g', 349, 60),
    ('APPLE-KG', 'Apples, 1 kg', 299, 85);
