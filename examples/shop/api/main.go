// Command inventory-api serves the stock of a supermarket over HTTP.
package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

const (
	defaultAddress        = ":8081"
	defaultMaxConnections = 20
	drainTimeout          = 15 * time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	store, err := OpenStore(ctx, os.Getenv("DATABASE_URL"), maxConnections())
	if err != nil {
		return err
	}
	defer store.Close()

	server := &http.Server{
		Addr:              address(),
		Handler:           NewRouter(store),
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      10 * time.Second,
		IdleTimeout:       60 * time.Second,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()

	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	// Requests under way are answered before the pod goes.
	drain, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func address() string {
	if port := os.Getenv("PORT"); port != "" {
		return ":" + port
	}
	return defaultAddress
}

func maxConnections() int32 {
	text := os.Getenv("DATABASE_MAX_CONNECTIONS")
	count, err := strconv.ParseInt(text, 10, 32)
	if err != nil || count < 1 {
		return defaultMaxConnections
	}
	return int32(count)
}
