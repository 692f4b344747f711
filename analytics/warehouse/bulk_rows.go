//go:build !duckdb_arrow

package warehouse

import (
	"context"
	"database/sql"
)

// appendBulk is appendTo: whole columns need the tag duckdb_arrow.
func appendBulk[T any](ctx context.Context, conn *sql.Conn, table string, rows []T, columns []column[T]) error {
	return appendTo(ctx, conn, table, rows, valuesOf(columns))
}
