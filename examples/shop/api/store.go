package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	uniqueViolation = "23505"
	pageSize        = 200
)

// Errors that the caller can act on.
var (
	ErrNotFound   = errors.New("no such item")
	ErrExists     = errors.New("the item exists already")
	ErrOutOfStock = errors.New("not enough in stock")
)

// Item is a product and what is on hand of it.
type Item struct {
	SKU        string `json:"sku" binding:"required,max=64"`
	Name       string `json:"name" binding:"required,max=200"`
	PriceCents int    `json:"price_cents" binding:"min=0"`
	OnHand     int    `json:"on_hand" binding:"min=0"`
}

// Movement is stock that came in (positive) or went out (negative).
type Movement struct {
	Quantity int       `json:"quantity"`
	Booked   time.Time `json:"booked"`
}

// Store keeps the stock in PostgreSQL.
type Store struct {
	pool *pgxpool.Pool
}

// OpenStore connects to the database with a bounded pool.
func OpenStore(ctx context.Context, url string, maxConnections int32) (*Store, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	config.MaxConns = maxConnections
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	return &Store{pool: pool}, nil
}

// Close gives the connections back.
func (s *Store) Close() { s.pool.Close() }

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.pool.Ping(ctx) }

// Items lists the first page of items whose name contains the search text.
func (s *Store) Items(ctx context.Context, search string) ([]Item, error) {
	rows, err := s.pool.Query(ctx,
		`SELECT sku, name, price_cents, on_hand FROM items
		 WHERE strpos(lower(name), lower($1)) > 0 ORDER BY name LIMIT $2`, search, pageSize)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Item])
}

// Item reads one item.
func (s *Store) Item(ctx context.Context, sku string) (Item, error) {
	rows, err := s.pool.Query(ctx,
		`SELECT sku, name, price_cents, on_hand FROM items WHERE sku = $1`, sku)
	if err != nil {
		return Item{}, err
	}
	return found(pgx.CollectOneRow(rows, pgx.RowToStructByPos[Item]))
}

// Movements lists the latest movements of one item.
func (s *Store) Movements(ctx context.Context, sku string) ([]Movement, error) {
	rows, err := s.pool.Query(ctx,
		`SELECT quantity, booked FROM movements
		 WHERE sku = $1 ORDER BY booked DESC LIMIT $2`, sku, pageSize)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Movement])
}

// Create adds an item.
func (s *Store) Create(ctx context.Context, item Item) error {
	_, err := s.pool.Exec(ctx,
		`INSERT INTO items (sku, name, price_cents, on_hand) VALUES ($1, $2, $3, $4)`,
		item.SKU, item.Name, item.PriceCents, item.OnHand)
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == uniqueViolation {
		return ErrExists
	}
	return err
}

// Move changes what is on hand and books the movement, both or neither. The row stays locked until
// then, so that concurrent reservations cannot sell the same goods twice.
func (s *Store) Move(ctx context.Context, sku string, quantity int) (Item, error) {
	var item Item
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx,
			`SELECT sku, name, price_cents, on_hand FROM items WHERE sku = $1 FOR UPDATE`, sku)
		if err != nil {
			return err
		}
		item, err = found(pgx.CollectOneRow(rows, pgx.RowToStructByPos[Item]))
		if err != nil {
			return err
		}
		if item.OnHand+quantity < 0 {
			return ErrOutOfStock
		}
		item.OnHand += quantity
		if _, err = tx.Exec(ctx,
			`UPDATE items SET on_hand = $2 WHERE sku = $1`, sku, item.OnHand); err != nil {
			return err
		}
		_, err = tx.Exec(ctx,
			`INSERT INTO movements (sku, quantity) VALUES ($1, $2)`, sku, quantity)
		return err
	})
	return item, err
}

func found(item Item, err error) (Item, error) {
	if errors.Is(err, pgx.ErrNoRows) {
		return Item{}, ErrNotFound
	}
	return item, err
}
