package main

import (
	"errors"
	"log"
	"net/http"

	"github.com/gin-gonic/gin"
)

// quantityRequest is the body of a reservation and of a delivery.
type quantityRequest struct {
	Quantity int `json:"quantity" binding:"required,min=1,max=100000"`
}

// NewRouter declares the routes of the API.
func NewRouter(store *Store) *gin.Engine {
	router := gin.New()
	router.Use(gin.Recovery())

	router.GET("/healthz", func(c *gin.Context) { c.Status(http.StatusNoContent) })
	router.GET("/readyz", ready(store))

	v1 := router.Group("/api/v1")
	v1.GET("/items", listItems(store))
	v1.POST("/items", createItem(store))
	v1.GET("/items/:sku", getItem(store))
	v1.GET("/items/:sku/movements", listMovements(store))
	v1.POST("/items/:sku/reservations", move(store, -1))
	v1.POST("/items/:sku/deliveries", move(store, +1))
	return router
}

func ready(store *Store) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := store.Ping(c.Request.Context()); err != nil {
			answerError(c, err)
			return
		}
		c.Status(http.StatusNoContent)
	}
}

func listItems(store *Store) gin.HandlerFunc {
	return func(c *gin.Context) {
		items, err := store.Items(c.Request.Context(), c.Query("search"))
		answer(c, http.StatusOK, items, err)
	}
}

func createItem(store *Store) gin.HandlerFunc {
	return func(c *gin.Context) {
		var item Item
		if err := c.ShouldBindJSON(&item); err != nil {
			c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
			return
		}
		err := store.Create(c.Request.Context(), item)
		answer(c, http.StatusCreated, item, err)
	}
}

func getItem(store *Store) gin.HandlerFunc {
	return func(c *gin.Context) {
		item, err := store.Item(c.Request.Context(), c.Param("sku"))
		answer(c, http.StatusOK, item, err)
	}
}

func listMovements(store *Store) gin.HandlerFunc {
	return func(c *gin.Context) {
		movements, err := store.Movements(c.Request.Context(), c.Param("sku"))
		answer(c, http.StatusOK, movements, err)
	}
}

// move books a quantity out of stock (sign -1) or into it (sign +1).
func move(store *Store, sign int) gin.HandlerFunc {
	return func(c *gin.Context) {
		var request quantityRequest
		if err := c.ShouldBindJSON(&request); err != nil {
			c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
			return
		}
		item, err := store.Move(c.Request.Context(), c.Param("sku"), sign*request.Quantity)
		answer(c, http.StatusOK, item, err)
	}
}

func answer(c *gin.Context, status int, body any, err error) {
	if err != nil {
		answerError(c, err)
		return
	}
	c.JSON(status, body)
}

func answerError(c *gin.Context, err error) {
	switch {
	case errors.Is(err, ErrNotFound):
		c.JSON(http.StatusNotFound, gin.H{"error": err.Error()})
	case errors.Is(err, ErrExists), errors.Is(err, ErrOutOfStock):
		c.JSON(http.StatusConflict, gin.H{"error": err.Error()})
	default:
		log.Printf("%s %s: %v", c.Request.Method, c.FullPath(), err)
		c.JSON(http.StatusServiceUnavailable, gin.H{"error": "try again later"})
	}
}
