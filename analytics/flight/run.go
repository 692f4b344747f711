package flight

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Why a running query was stopped.
var (
	errTime      = errors.New("the query took too long")
	errMemory    = errors.New("the query took too much memory")
	errCancelled = errors.New("the query was cancelled")
)

// runner asks queries within their limits.
type runner struct {
	o     Options
	slots chan struct{}
	// resident returns the bytes of memory that the process takes, 0 where that is not known.
	resident func() int64

	mu      sync.Mutex
	running []*running // by age
}

// running is a query that is being answered.
type running struct {
	tenant, key string
	stop        context.CancelCauseFunc
}

func newRunner(o Options) *runner {
	return &runner{o: o, slots: make(chan struct{}, o.Queries), resident: residentBytes}
}

// begin takes a slot and starts the clock. end gives the slot back; it must be called.
func (r *runner) begin(ctx context.Context, c Caller, key string) (_ context.Context, end func(), _ error) {
	select {
	case r.slots <- struct{}{}:
	default:
		return nil, nil, status.Errorf(codes.Unavailable, "%d queries are running, which is all there may be: try again", r.o.Queries)
	}
	ctx, stop := context.WithCancelCause(ctx)
	ctx, free := context.WithTimeoutCause(ctx, r.o.Time, errTime)
	q := &running{c.Tenant, key, stop}
	r.mu.Lock()
	r.running = append(r.running, q)
	r.mu.Unlock()
	return ctx, func() {
		free()
		stop(nil)
		r.mu.Lock()
		for i, other := range r.running {
			if other == q {
				r.running = append(r.running[:i], r.running[i+1:]...)
				break
			}
		}
		r.mu.Unlock()
		<-r.slots
	}, nil
}

// cancel stops the tenant's queries of that key and says whether there was one.
func (r *runner) cancel(tenant, key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := false
	for _, q := range r.running {
		if q.tenant == tenant && q.key == key {
			q.stop(errCancelled)
			found = true
		}
	}
	return found
}

// watchMemory stops the newest query whenever the process is too large, until ctx is done. DuckDB's own limit does not know of every string that
// a query makes.
func (r *runner) watchMemory(ctx context.Context) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		r.mu.Lock()
		n := len(r.running)
		if n > 0 {
			if size := r.resident(); size > r.o.Memory {
				r.o.Log.Warn("a query of Flight SQL is stopped for its memory", "tenant", r.running[n-1].tenant, "bytes", size, "limit", r.o.Memory)
				r.running[n-1].stop(errMemory)
			}
		}
		r.mu.Unlock()
	}
}

// columns returns what the answer will have, nil if that is not known before.
func (r *runner) columns(ctx context.Context, c Caller, st statement) (*arrow.Schema, error) {
	if st.schema == "" {
		return nil, nil
	}
	ctx, end, err := r.begin(ctx, c, "")
	if err != nil {
		return nil, err
	}
	defer end()
	reader, err := r.o.Warehouse.QueryArrow(ctx, st.schema)
	if err != nil {
		return nil, r.fault(ctx, err)
	}
	defer reader.Release()
	return reader.Schema(), nil
}

// ask runs a statement. The channel is closed after the last batch, or an error.
func (r *runner) ask(ctx context.Context, c Caller, key string, st statement, args []any) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	began := r.o.Now()
	in, end, err := r.begin(ctx, c, key)
	if err != nil {
		return nil, nil, err
	}
	reader, err := r.o.Warehouse.QueryArrow(in, st.query, args...)
	if err != nil {
		err = r.fault(in, err)
		end()
		r.note(ctx, c, st, 0, began, err)
		return nil, nil, err
	}
	chunks := make(chan flight.StreamChunk, 2)
	columns := reader.Schema()
	go func() { // ends with the answer, or when the caller goes or a limit is reached
		defer close(chunks)
		rows, err := r.copy(in, reader, chunks)
		reader.Release()
		end()
		r.note(ctx, c, st, rows, began, err)
		if err != nil {
			select {
			case chunks <- flight.StreamChunk{Err: err}:
			case <-ctx.Done():
			}
		}
	}()
	return columns, chunks, nil
}

// copy sends the batches of reader and counts their rows.
func (r *runner) copy(ctx context.Context, reader array.RecordReader, to chan<- flight.StreamChunk) (int64, error) {
	var rows int64
	for reader.Next() {
		batch := reader.RecordBatch()
		if rows += batch.NumRows(); rows > r.o.Rows {
			return rows, status.Errorf(codes.ResourceExhausted, "the answer has more than %d rows: add a condition or a LIMIT, or take the Parquet files", r.o.Rows)
		}
		batch.Retain()
		select {
		case to <- flight.StreamChunk{Data: batch}:
		case <-ctx.Done():
			batch.Release()
			return rows, r.fault(ctx, context.Cause(ctx))
		}
	}
	if err := reader.Err(); err != nil {
		return rows, r.fault(ctx, err)
	}
	if ctx.Err() != nil { // a reader that was interrupted may end without an error
		return rows, r.fault(ctx, context.Cause(ctx))
	}
	return rows, nil
}

// note writes a query to the log; its text only for who looks for faults.
func (r *runner) note(ctx context.Context, c Caller, st statement, rows int64, began time.Time, err error) {
	r.o.Log.LogAttrs(ctx, slog.LevelInfo, "query", slog.String("by", c.Name), slog.String("tenant", c.Tenant), slog.Int64("rows", rows),
		slog.Duration("took", r.o.Now().Sub(began)), slog.Any("error", err))
	r.o.Log.DebugContext(ctx, "query", "sql", st.query)
}

// fault says what a failed query tells its caller.
func (r *runner) fault(ctx context.Context, err error) error {
	switch why := context.Cause(ctx); {
	case errors.Is(why, errTime):
		return status.Errorf(codes.DeadlineExceeded, "the query took more than %s: narrow it, or ask the roll-ups (hourly, daily_sessions)", r.o.Time)
	case errors.Is(why, errMemory):
		return status.Error(codes.ResourceExhausted, "the query took too much memory and was stopped: narrow it")
	case errors.Is(why, errCancelled) || ctx.Err() != nil:
		return status.Error(codes.Canceled, errCancelled.Error())
	}
	var refusal *Refusal
	if errors.As(err, &refusal) {
		if refusal.Policy {
			return status.Error(codes.PermissionDenied, refusal.Why)
		}
		return status.Error(codes.InvalidArgument, refusal.Why)
	}
	return status.Error(codes.InvalidArgument, told(cause(err).Error()))
}

// told is what callers see of an error of the database: without the statement that was made of theirs, and without values, which might be those of
// rows that the statement does not show.
func told(message string) string {
	for _, mark := range []string{"\n\nLINE ", "\nLINE ", "LINE 1:"} {
		message, _, _ = strings.Cut(message, mark)
	}
	kind, _, _ := strings.Cut(message, ":")
	switch strings.TrimSpace(kind) {
	case "Binder Error", "Catalog Error", "Parser Error", "Syntax Error":
		return strings.ReplaceAll(strings.TrimSpace(message), ctePrefix, "")
	}
	return quotedOut(strings.TrimSpace(message))
}

// quotedOut replaces what stands between quotes.
func quotedOut(s string) string {
	first := strings.IndexAny(s, `'"`)
	if first < 0 {
		return s
	}
	last := strings.LastIndexByte(s, s[first])
	if last == first {
		return s[:first] + "…"
	}
	return fmt.Sprintf("%s%c…%c%s", s[:first], s[first], s[first], quotedOut(s[last+1:]))
}
