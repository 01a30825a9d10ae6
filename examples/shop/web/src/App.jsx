import { useEffect, useState } from "react";

import { listItems, move } from "./api.js";

const price = new Intl.NumberFormat("en", { style: "currency", currency: "EUR" });

function ItemRow({ item, onMove }) {
  return (
    <tr>
      <td>{item.name}</td>
      <td className="number">{price.format(item.price_cents / 100)}</td>
      <td className="number">{item.on_hand}</td>
      <td>
        <button onClick={() => onMove(item.sku, "reservations")} disabled={item.on_hand === 0}>
          Reserve one
        </button>
        <button onClick={() => onMove(item.sku, "deliveries")}>Book one in</button>
      </td>
    </tr>
  );
}

export default function App() {
  const [search, setSearch] = useState("");
  const [items, setItems] = useState([]);
  const [problem, setProblem] = useState(null);

  useEffect(() => {
    const controller = new AbortController();
    listItems(search, controller.signal)
      .then((found) => {
        setItems(found ?? []);
        setProblem(null);
      })
      .catch((error) => {
        if (error.name !== "AbortError") {
          setProblem(error.message);
        }
      });
    return () => controller.abort();
  }, [search]);

  async function onMove(sku, kind) {
    try {
      const changed = await move(sku, kind, 1);
      setItems((before) => before.map((item) => (item.sku === sku ? changed : item)));
      setProblem(null);
    } catch (error) {
      setProblem(error.message);
    }
  }

  return (
    <main>
      <h1>Inventory</h1>
      <input
        type="search"
        placeholder="Search"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
      {problem && <p role="alert">{problem}</p>}
      <table>
        <thead>
          <tr>
            <th>Item</th>
            <th className="number">Price</th>
            <th className="number">On hand</th>
            <th></th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <ItemRow key={item.sku} item={item} onMove={onMove} />
          ))}
        </tbody>
      </table>
    </main>
  );
}
