//go:build duckdb_arrow

package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"github.com/apache/arrow-go/v18/arrow/array"
	duckdb "github.com/duckdb/duckdb-go/v2"
)

// arrowOf runs a query on conn as DuckDB's own stream of record batches. The stream must be released before the connection is.
func arrowOf(ctx context.Context, conn *sql.Conn, query string, args []any) (r array.RecordReader, err error) {
	err = conn.Raw(func(c any) error {
		a, err := duckdb.NewArrowFromConn(c.(driver.Conn))
		if err != nil {
			return err
		}
		r, err = a.QueryContext(ctx, query, args...)
		return err
	})
	return r, err
}
