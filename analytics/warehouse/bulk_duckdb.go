//go:build duckdb_arrow

package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/arrow/memory/mallocator"
	duckdb "github.com/duckdb/duckdb-go/v2"
)

// stageView is the name under which columns are handed over. It is made and dropped in the transaction that uses it.
const stageView = "yingda_stage"

// appendBulk is appendTo with whole columns: one call into the database instead of one for each text.
func appendBulk[T any](ctx context.Context, conn *sql.Conn, table string, rows []T, columns []column[T]) error {
	if len(rows) == 0 {
		return nil
	}
	err := conn.Raw(func(c any) error {
		a, err := duckdb.NewArrowFromConn(c.(driver.Conn))
		if err != nil {
			return err
		}
		batch, err := recordOf(rows, columns)
		if err != nil {
			return err
		}
		defer batch.Release()
		return insertRecord(ctx, c.(driver.ExecerContext), a, table, batch)
	})
	if err != nil {
		return fmt.Errorf("append to %s: %w", table, err)
	}
	return nil
}

// insertRecord appends the rows of a record, whose columns are those of the table in their order.
func insertRecord(ctx context.Context, conn driver.ExecerContext, a *duckdb.Arrow, table string, rows arrow.RecordBatch) error {
	reader, err := array.NewRecordReader(rows.Schema(), []arrow.RecordBatch{rows})
	if err != nil {
		return err
	}
	defer reader.Release()
	release, err := a.RegisterView(reader, stageView)
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

// recordOf makes columns of rows.
func recordOf[T any](rows []T, columns []column[T]) (arrow.RecordBatch, error) {
	b := columnBuilder{mem: mallocator.NewMallocator()}
	fields, data := make([]arrow.Field, len(columns)), make([]arrow.Array, len(columns))
	defer func() {
		for _, d := range data {
			if d != nil {
				d.Release()
			}
		}
	}()
	for i := range columns {
		d, err := buildColumn(&b, rows, &columns[i])
		if err != nil {
			return nil, fmt.Errorf("column %d: %w", i+1, err)
		}
		data[i] = array.MakeFromData(d)
		d.Release()
		fields[i] = arrow.Field{Name: fmt.Sprintf("c%d", i+1), Type: data[i].DataType(), Nullable: columns[i].double != nil}
	}
	return array.NewRecordBatch(arrow.NewSchema(fields, nil), data, int64(len(rows))), nil
}

// columnBuilder makes columns in memory that is not Go's: the database keeps pointers to it while it reads.
type columnBuilder struct{ mem memory.Allocator }

// buffer returns one of n elements of size bytes each, all zero.
func (b *columnBuilder) buffer(n, size int) *memory.Buffer {
	buf := memory.NewResizableBuffer(b.mem)
	buf.Resize(n * size)
	return buf
}

// finish makes an array's data of buffers, which it takes over.
func finish(t arrow.DataType, n, nulls int, buffers []*memory.Buffer, children ...arrow.ArrayData) arrow.ArrayData {
	d := array.NewData(t, n, buffers, children, nulls, 0)
	for _, buf := range buffers {
		if buf != nil {
			buf.Release()
		}
	}
	for _, c := range children {
		c.Release()
	}
	return d
}

func buildColumn[T any](b *columnBuilder, rows []T, c *column[T]) (arrow.ArrayData, error) {
	switch {
	case c.text != nil:
		return b.texts(len(rows), func(i int) string { return c.text(&rows[i]) })
	case c.texts != nil:
		return buildLists(b, rows, c.texts)
	case c.double != nil:
		return buildDoubles(b, rows, c.double), nil
	case c.flag != nil:
		buf := b.buffer(1, int(bitutil.BytesForBits(int64(len(rows)))))
		for i := range rows {
			if c.flag(&rows[i]) {
				bitutil.SetBit(buf.Bytes(), i)
			}
		}
		return finish(arrow.FixedWidthTypes.Boolean, len(rows), 0, []*memory.Buffer{nil, buf}), nil
	case c.long != nil:
		return buildPlain(b, rows, arrow.PrimitiveTypes.Int64, c.long), nil
	case c.whole != nil:
		return buildPlain(b, rows, arrow.PrimitiveTypes.Int32, c.whole), nil
	case c.time != nil:
		return buildPlain(b, rows, &arrow.TimestampType{Unit: arrow.Microsecond}, func(r *T) int64 { return c.time(r).UnixMicro() }), nil
	default:
		const day = 24 * 60 * 60
		return buildPlain(b, rows, arrow.FixedWidthTypes.Date32, func(r *T) int32 { return int32(math.Floor(float64(c.day(r).Unix()) / day)) }), nil
	}
}

// buildPlain makes a column of numbers.
func buildPlain[T any, V int32 | int64](b *columnBuilder, rows []T, t arrow.DataType, value func(*T) V) arrow.ArrayData {
	buf := b.buffer(len(rows), int(unsafe.Sizeof(V(0))))
	to := arrow.GetData[V](buf.Bytes())
	for i := range rows {
		to[i] = value(&rows[i])
	}
	return finish(t, len(rows), 0, []*memory.Buffer{nil, buf})
}

// buildDoubles makes a column of numbers that may be missing.
func buildDoubles[T any](b *columnBuilder, rows []T, value func(*T) *float64) arrow.ArrayData {
	buf, valid, nulls := b.buffer(len(rows), arrow.Float64SizeBytes), b.buffer(1, int(bitutil.BytesForBits(int64(len(rows))))), 0
	to := arrow.Float64Traits.CastFromBytes(buf.Bytes())
	for i := range rows {
		if v := value(&rows[i]); storable(v) {
			to[i] = *v
			bitutil.SetBit(valid.Bytes(), i)
		} else {
			nulls++
		}
	}
	return finish(arrow.PrimitiveTypes.Float64, len(rows), nulls, []*memory.Buffer{valid, buf})
}

// texts makes a column of n texts.
func (b *columnBuilder) texts(n int, text func(int) string) (arrow.ArrayData, error) {
	ends, size := b.buffer(n+1, arrow.Int32SizeBytes), 0
	to := arrow.Int32Traits.CastFromBytes(ends.Bytes())
	for i := range n {
		size += len(text(i))
		if size > math.MaxInt32 {
			ends.Release()
			return nil, fmt.Errorf("texts of more than %d bytes", math.MaxInt32)
		}
		to[i+1] = int32(size)
	}
	all := b.buffer(1, size)
	bytes := all.Bytes()
	for i := range n {
		copy(bytes[to[i]:], text(i))
	}
	return finish(arrow.BinaryTypes.String, n, 0, []*memory.Buffer{nil, ends, all}), nil
}

// buildLists makes a column of lists of texts.
func buildLists[T any](b *columnBuilder, rows []T, texts func(*T) []string) (arrow.ArrayData, error) {
	var all []string
	ends := b.buffer(len(rows)+1, arrow.Int32SizeBytes)
	to := arrow.Int32Traits.CastFromBytes(ends.Bytes())
	for i := range rows {
		all = append(all, texts(&rows[i])...)
		to[i+1] = int32(len(all))
	}
	values, err := b.texts(len(all), func(i int) string { return all[i] })
	if err != nil {
		ends.Release()
		return nil, err
	}
	return finish(arrow.ListOf(arrow.BinaryTypes.String), len(rows), 0, []*memory.Buffer{nil, ends}, values), nil
}
