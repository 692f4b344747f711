//go:build duckdb_arrow

package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory/mallocator"
	duckdb "github.com/duckdb/duckdb-go/v2"
)

// stageView is the name under which columns are handed over. It is made and dropped in the transaction that uses it.
const stageView = "yingda_stage"

// appendBulk is appendTo with whole columns: one call into the database instead of one for each text.
func appendBulk[T any](ctx context.Context, conn *sql.Conn, table string, rows []T, values func([]driver.Value, *T) []driver.Value) error {
	err := conn.Raw(func(c any) error {
		a, err := duckdb.NewArrowFromConn(c.(driver.Conn))
		if err != nil {
			return err
		}
		batch, err := columns(ctx, a, table, rows, values)
		if err != nil {
			return err
		}
		defer batch.Release()
		reader, err := array.NewRecordReader(batch.Schema(), []arrow.RecordBatch{batch})
		if err != nil {
			return err
		}
		defer reader.Release()
		return insert(ctx, c.(driver.ExecerContext), a, table, reader)
	})
	if err != nil {
		return fmt.Errorf("append to %s: %w", table, err)
	}
	return nil
}

func insert(ctx context.Context, conn driver.ExecerContext, a *duckdb.Arrow, table string, rows array.RecordReader) error {
	release, err := a.RegisterView(rows, stageView)
	if err != nil {
		return err
	}
	defer release()
	for _, q := range []string{"INSERT INTO " + table + " SELECT * FROM " + stageView, "DROP VIEW " + stageView} {
		if _, err := conn.ExecContext(ctx, q, nil); err != nil {
			return err // the view goes with the transaction
		}
	}
	return nil
}

// columns makes columns of rows, in memory that is not Go's.
func columns[T any](ctx context.Context, a *duckdb.Arrow, table string, rows []T, values func([]driver.Value, *T) []driver.Value) (arrow.RecordBatch, error) {
	empty, err := a.QueryContext(ctx, "SELECT * FROM "+table+" LIMIT 0")
	if err != nil {
		return nil, err
	}
	schema := empty.Schema()
	empty.Release()
	b := array.NewRecordBuilder(mallocator.NewMallocator(), schema)
	defer b.Release()
	b.Reserve(len(rows))
	var row []driver.Value
	for i := range rows {
		row = values(row[:0], &rows[i])
		for j, v := range row {
			if err := appendValue(b.Field(j), v); err != nil {
				return nil, fmt.Errorf("column %s: %w", schema.Field(j).Name, err)
			}
		}
	}
	return b.NewRecordBatch(), nil
}

func appendValue(b array.Builder, v driver.Value) error {
	if v == nil {
		b.AppendNull()
		return nil
	}
	switch b := b.(type) {
	case *array.StringBuilder:
		b.Append(v.(string))
	case *array.Float64Builder:
		b.Append(v.(float64))
	case *array.Int64Builder:
		b.Append(v.(int64))
	case *array.Int32Builder:
		b.Append(v.(int32))
	case *array.BooleanBuilder:
		b.Append(v.(bool))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(v.(time.Time).UnixMicro()))
	case *array.Date32Builder:
		b.Append(arrow.Date32FromTime(v.(time.Time)))
	case *array.ListBuilder:
		b.Append(true)
		values := b.ValueBuilder().(*array.StringBuilder)
		for _, s := range v.([]string) {
			values.Append(s)
		}
	default:
		return fmt.Errorf("a column of type %s", b.Type())
	}
	return nil
}
