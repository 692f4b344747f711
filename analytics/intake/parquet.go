package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// columns reads Parquet, some thousand rows at a time.
type columns struct {
	name string
	file *file.Reader
	in   pqarrow.RecordReader
	rec  arrow.RecordBatch
	at   int // in rec
	line int
	size int64
	rows int64
	read *atomic.Int64
}

// openParquet opens a file. The reader of the format fails on damaged files in many ways, panics among them: all come back as errors.
func openParquet(path string, read *atomic.Int64) (c *columns, err error) {
	defer caught(path, &err)
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	pf, err := file.OpenParquetFile(path, false)
	if err != nil {
		return nil, fmt.Errorf("%s is no whole Parquet file: %w", path, err)
	}
	c = &columns{name: path, file: pf, size: info.Size(), rows: pf.NumRows(), read: read}
	arrowFile, err := pqarrow.NewFileReader(pf, pqarrow.ArrowReadProperties{BatchSize: 4096}, memory.DefaultAllocator)
	if err == nil {
		c.in, err = arrowFile.GetRecordReader(context.Background(), nil, nil)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), pf.Close())
	}
	return c, nil
}

// caught makes an error of a panic of the reader.
func caught(path string, err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s: the Parquet file is damaged: %v", path, p)
	}
}

func (c *columns) next() (r *row, err error) {
	defer caught(c.name, &err)
	for c.rec == nil || c.at >= int(c.rec.NumRows()) {
		rec, err := c.in.Read()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				err = fmt.Errorf("%s: after row %d: %w", c.name, c.line, err)
			}
			return nil, err
		}
		c.rec, c.at = rec, 0
		if c.rows > 0 {
			c.read.Store(c.size * int64(c.line) / c.rows)
		}
	}
	c.line++
	r = &row{line: c.line, values: make(map[string]any, c.rec.NumCols())}
	for i, col := range c.rec.Columns() {
		r.values[c.rec.ColumnName(i)] = value(col, c.at)
	}
	c.at++
	return r, nil
}

// value is what a column holds in a row, as rows have it.
func value(col arrow.Array, i int) any {
	if col.IsNull(i) {
		return nil
	}
	switch a := col.(type) {
	case *array.String:
		return a.Value(i)
	case *array.LargeString:
		return a.Value(i)
	case *array.Boolean:
		return a.Value(i)
	case *array.Float64:
		return a.Value(i)
	case *array.Timestamp:
		return moment(a, i)
	case *array.Date32:
		return a.Value(i).ToTime()
	case array.ListLike:
		from, to := a.ValueOffsets(i)
		var out []any
		for j := from; j < to; j++ {
			out = append(out, value(a.ListValues(), int(j)))
		}
		return out
	case *array.Struct, *array.Map:
		return map[string]any{}
	case *array.Dictionary:
		return value(a.Dictionary(), a.GetValueIndex(i))
	}
	return col.ValueStr(i) // integers, decimals, bytes
}

// moment reads a timestamp. One without a zone is written as wall time, for the mapping's zone to decide.
func moment(a *array.Timestamp, i int) any {
	t := a.DataType().(*arrow.TimestampType)
	at := a.Value(i).ToTime(t.Unit)
	if t.TimeZone == "" {
		return wall(at)
	}
	return at
}

// wall is a time whose zone is not known.
type wall time.Time

func (c *columns) close() error {
	c.in.Release()
	return c.file.Close()
}
