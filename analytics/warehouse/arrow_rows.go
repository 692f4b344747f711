//go:build !duckdb_arrow

package warehouse

import (
	"context"
	"database/sql"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	duckdb "github.com/duckdb/duckdb-go/v2"
)

// batchRows is how many rows a record batch has, as DuckDB's vectors.
const batchRows = 2048

// arrowOf runs a query on conn and makes record batches of its rows. It gives what DuckDB's own stream gives, with the types that the tables
// and sums over them have.
func arrowOf(ctx context.Context, conn *sql.Conn, query string, args []any) (array.RecordReader, error) {
	rows, err := conn.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		rows.Close()
		return nil, err
	}
	fields := make([]arrow.Field, len(types))
	for i, t := range types {
		at, err := arrowType(t.DatabaseTypeName())
		if err != nil {
			rows.Close()
			return nil, fmt.Errorf("column %s: %w", t.Name(), err)
		}
		fields[i] = arrow.Field{Name: t.Name(), Type: at, Nullable: true}
	}
	schema := arrow.NewSchema(fields, nil)
	return &rowReader{rows: rows, schema: schema, builder: array.NewRecordBuilder(memory.DefaultAllocator, schema), refs: 1}, nil
}

// arrowType translates a type's name.
func arrowType(name string) (arrow.DataType, error) {
	if elem, ok := strings.CutSuffix(name, "[]"); ok {
		t, err := arrowType(elem)
		if err != nil {
			return nil, err
		}
		return arrow.ListOfField(arrow.Field{Name: "l", Type: t, Nullable: true}), nil
	}
	if strings.HasPrefix(name, "DECIMAL(") {
		var width, scale int32
		if _, err := fmt.Sscanf(name, "DECIMAL(%d,%d)", &width, &scale); err != nil {
			return nil, fmt.Errorf("type %s: %w", name, err)
		}
		return &arrow.Decimal128Type{Precision: width, Scale: scale}, nil
	}
	t, ok := map[string]arrow.DataType{
		"BOOLEAN": arrow.FixedWidthTypes.Boolean, "TINYINT": arrow.PrimitiveTypes.Int8, "SMALLINT": arrow.PrimitiveTypes.Int16,
		"INTEGER": arrow.PrimitiveTypes.Int32, "BIGINT": arrow.PrimitiveTypes.Int64, "UTINYINT": arrow.PrimitiveTypes.Uint8,
		"USMALLINT": arrow.PrimitiveTypes.Uint16, "UINTEGER": arrow.PrimitiveTypes.Uint32, "UBIGINT": arrow.PrimitiveTypes.Uint64,
		"FLOAT": arrow.PrimitiveTypes.Float32, "DOUBLE": arrow.PrimitiveTypes.Float64, "VARCHAR": arrow.BinaryTypes.String,
		"BLOB": arrow.BinaryTypes.Binary, "DATE": arrow.FixedWidthTypes.Date32, "TIMESTAMP": &arrow.TimestampType{Unit: arrow.Microsecond},
		"HUGEINT": &arrow.Decimal128Type{Precision: 38},
		`"NULL"`:  arrow.Null, "NULL": arrow.Null, "SQLNULL": arrow.Null,
	}[name]
	if !ok {
		return nil, fmt.Errorf("type %s has no counterpart in this build: cast it to one of the tables' types, or build with -tags duckdb_arrow", name)
	}
	return t, nil
}

// rowReader is rows of database/sql as record batches.
type rowReader struct {
	rows    *sql.Rows
	schema  *arrow.Schema
	builder *array.RecordBuilder
	current arrow.RecordBatch
	err     error
	refs    int
}

func (r *rowReader) Retain()                        { r.refs++ }
func (r *rowReader) Schema() *arrow.Schema          { return r.schema }
func (r *rowReader) RecordBatch() arrow.RecordBatch { return r.current }
func (r *rowReader) Record() arrow.RecordBatch      { return r.current }
func (r *rowReader) Err() error                     { return r.err }

func (r *rowReader) Release() {
	if r.refs--; r.refs != 0 {
		return
	}
	r.drop()
	r.builder.Release()
	r.rows.Close() // its error is that of a query that nobody reads any more
}

func (r *rowReader) drop() {
	if r.current != nil {
		r.current.Release()
		r.current = nil
	}
}

func (r *rowReader) Next() bool {
	r.drop()
	if r.err != nil {
		return false
	}
	values := make([]any, r.schema.NumFields())
	into := make([]any, len(values))
	for i := range values {
		into[i] = &values[i]
	}
	n := 0
	for ; n < batchRows && r.rows.Next(); n++ {
		if r.err = r.rows.Scan(into...); r.err != nil {
			return false
		}
		for i, v := range values {
			if r.err = appendArrow(r.builder.Field(i), v); r.err != nil {
				r.err = fmt.Errorf("column %s: %w", r.schema.Field(i).Name, r.err)
				return false
			}
		}
	}
	if r.err = r.rows.Err(); r.err != nil || n == 0 {
		return false
	}
	r.current = r.builder.NewRecordBatch()
	return true
}

// appendArrow appends a value as the driver gives it.
func appendArrow(to array.Builder, v any) error {
	if v == nil {
		to.AppendNull()
		return nil
	}
	switch to := to.(type) {
	case *array.StringBuilder:
		if s, ok := v.(string); ok {
			to.Append(s)
			return nil
		}
	case *array.BinaryBuilder:
		if b, ok := v.([]byte); ok {
			to.Append(b)
			return nil
		}
	case *array.BooleanBuilder:
		if b, ok := v.(bool); ok {
			to.Append(b)
			return nil
		}
	case *array.Date32Builder:
		if t, ok := v.(time.Time); ok {
			to.Append(arrow.Date32FromTime(t))
			return nil
		}
	case *array.TimestampBuilder:
		if t, ok := v.(time.Time); ok {
			to.Append(arrow.Timestamp(t.UnixMicro()))
			return nil
		}
	case *array.ListBuilder:
		if list, ok := v.([]any); ok {
			return appendList(to, list)
		}
	case *array.Decimal128Builder:
		if appendDecimal(to, v) {
			return nil
		}
	default:
		if appendNumber(to, v) {
			return nil
		}
	}
	return fmt.Errorf("a value of type %T for %s", v, to.Type())
}

func appendList(to *array.ListBuilder, list []any) error {
	to.Append(true)
	for _, v := range list {
		if err := appendArrow(to.ValueBuilder(), v); err != nil {
			return err
		}
	}
	return nil
}

func appendDecimal(to *array.Decimal128Builder, v any) bool {
	switch d := v.(type) {
	case *big.Int:
		to.Append(decimal128.FromBigInt(d))
	case duckdb.Decimal:
		to.Append(decimal128.FromBigInt(d.Value))
	default:
		return false
	}
	return true
}

// appendNumber appends to a builder of plain numbers.
func appendNumber(to array.Builder, v any) bool {
	switch v := v.(type) {
	case int8:
		return appendPlain(to, v)
	case int16:
		return appendPlain(to, v)
	case int32:
		return appendPlain(to, v)
	case int64:
		return appendPlain(to, v)
	case uint8:
		return appendPlain(to, v)
	case uint16:
		return appendPlain(to, v)
	case uint32:
		return appendPlain(to, v)
	case uint64:
		return appendPlain(to, v)
	case float32:
		return appendPlain(to, v)
	case float64:
		return appendPlain(to, v)
	}
	return false
}

func appendPlain[T any](to array.Builder, v T) bool {
	b, ok := to.(interface{ Append(T) })
	if ok {
		b.Append(v)
	}
	return ok
}
