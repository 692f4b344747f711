package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow/array"
)

// QueryArrow is Query as a stream of Arrow record batches. The caller releases the reader, also after an error of reading; it is for one
// goroutine. Built with the tag duckdb_arrow the batches are DuckDB's own memory, without it they are made from rows.
func (w *Warehouse) QueryArrow(ctx context.Context, query string, args ...any) (array.RecordReader, error) {
	db, err := w.reader()
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		w.noteFatal(err)
		return nil, fmt.Errorf("query the warehouse: %w", err)
	}
	r, err := arrowOf(ctx, conn, query, args)
	if err != nil {
		w.noteFatal(err)
		return nil, fmt.Errorf("query the warehouse: %w", errors.Join(err, conn.Close()))
	}
	return newStream(r, conn), nil
}

// stream gives its connection back when it is released.
type stream struct {
	array.RecordReader
	conn *sql.Conn
	refs atomic.Int64
}

func newStream(r array.RecordReader, conn *sql.Conn) *stream {
	s := &stream{RecordReader: r, conn: conn}
	s.refs.Store(1)
	return s
}

func (s *stream) Retain() { s.refs.Add(1) }

func (s *stream) Release() {
	if s.refs.Add(-1) == 0 {
		s.RecordReader.Release()
		s.conn.Close() // gives it back to the pool
	}
}
