module github.com/acme/supermarket-shop/api

go 1.24

require (
	github.com/gin-gonic/gin v1.10.1
	github.com/jackc/pgx/v5 v5.7.5
)
