//go:build !duckdb_arrow

package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
)

// appendBulk is appendTo: whole columns need the tag duckdb_arrow.
func appendBulk[T any](ctx context.Context, conn *sql.Conn, table string, rows []T, values func([]driver.Value, *T) []driver.Value) error {
	return appendTo(ctx, conn, table, rows, values)
}
