package flight_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	aflight "github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"yingda/analytics/flight"
)

// endless takes far longer than any test.
const endless = "SELECT sum(a.seq * b.seq * c.seq * d.seq * e.seq * f.seq)::DOUBLE FROM turns a, turns b, turns c, turns d, turns e, turns f"

func TestTime(t *testing.T) {
	c := MustDial(t, MustServe(t, MustWarehouse(t), flight.Options{Time: 200 * time.Millisecond}))
	began := time.Now()
	_, err := ask(as(t, "n.secret"), c, endless)
	if status.Code(err) != codes.DeadlineExceeded || !strings.Contains(err.Error(), "200ms") {
		t.Errorf("got %v, want the deadline", err)
	}
	if d := time.Since(began); d > 20*time.Second {
		t.Errorf("it was stopped after %s", d)
	}
	if _, err := ask(as(t, "n.secret"), c, "SELECT 1"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestRows(t *testing.T) {
	c := MustDial(t, MustServe(t, MustWarehouse(t), flight.Options{Rows: 20}))
	if _, err := ask(as(t, "n.secret"), c, "SELECT * FROM turns"); status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "more than 20 rows") {
		t.Errorf("got %v, want that there are too many", err)
	}
	if _, err := ask(as(t, "n.secret"), c, "SELECT * FROM turns LIMIT 25"); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("with a limit of its own: %v", err)
	}
	got, err := ask(as(t, "n.secret"), c, "SELECT seq FROM turns LIMIT 20")
	if err != nil || strings.Count(got, "\n") != 20 {
		t.Errorf("20 rows: %q, %v", got, err)
	}
}

func TestMemory(t *testing.T) {
	c := MustDial(t, MustServe(t, MustWarehouse(t), flight.Options{Memory: 1, Time: time.Minute})) // any process has more
	_, err := ask(as(t, "n.secret"), c, endless)
	if status.Code(err) == codes.DeadlineExceeded {
		t.Skip("this system does not say how much memory a process takes")
	}
	if status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "memory") {
		t.Errorf("got %v, want that it took too much", err)
	}
}

func TestFull(t *testing.T) {
	c := MustDial(t, MustServe(t, MustWarehouse(t), flight.Options{Queries: 1}))
	ctx, stop := context.WithCancel(as(t, "n.secret"))
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := ask(ctx, c, endless); status.Code(err) != codes.Canceled {
			t.Errorf("the running query: %v", err)
		}
	})
	eventually(t, "a second query is refused", func() bool {
		_, err := ask(as(t, "s.secret"), c, "SELECT 1")
		return status.Code(err) == codes.Unavailable
	})
	stop()
	eventually(t, "the caller's leaving ends the query", func() bool {
		_, err := ask(as(t, "s.secret"), c, "SELECT 1")
		return err == nil
	})
	wg.Wait()
}

func TestCancel(t *testing.T) {
	c := MustDial(t, MustServe(t, MustWarehouse(t), flight.Options{}))
	ctx := as(t, "n.secret")
	info, err := c.Execute(ctx, endless)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		r, err := c.DoGet(ctx, info.Endpoint[0].Ticket)
		if err == nil {
			for r.Next() {
			}
			err = r.Err()
			r.Release()
		}
		if status.Code(err) != codes.Canceled {
			t.Errorf("the query ended with %v", err)
		}
	})
	cancel := func(ctx context.Context) (*aflight.CancelFlightInfoResult, error) {
		return c.CancelFlightInfo(ctx, &aflight.CancelFlightInfoRequest{Info: info})
	}
	time.Sleep(50 * time.Millisecond)
	if r, err := cancel(as(t, "s.secret")); err != nil || r.Status != aflight.CancelStatusNotCancellable {
		t.Errorf("another tenant's cancelling: %v, %v", r, err)
	}
	eventually(t, "it is cancelled", func() bool {
		r, err := cancel(ctx)
		return err == nil && r.Status == aflight.CancelStatusCancelled
	})
	wg.Wait()
}

func TestPrepared(t *testing.T) {
	c := MustDial(t, MustServe(t, MustWarehouse(t), flight.Options{Statements: 2}))
	ctx := as(t, "n.secret")
	p, err := c.Prepare(ctx, "SELECT count(*) FROM turns WHERE seq <= ? AND lang = ?")
	if err != nil {
		t.Fatal(err)
	}
	if n := p.ParameterSchema().NumFields(); n != 2 {
		t.Errorf("%d parameters", n)
	}
	if _, err := prepared(ctx, c, p); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("without values: %v", err)
	}
	for _, limit := range []int64{7, 3} {
		p.SetParameters(MustBatch(t, limit, "zh"))
		if got, err := prepared(ctx, c, p); err != nil || strings.TrimSpace(got) != fmt.Sprint(limit) {
			t.Errorf("up to %d: %q, %v", limit, got, err)
		}
	}
	p.SetParameters(MustBatch(t, 1))
	if _, err := prepared(ctx, c, p); status.Code(err) != codes.InvalidArgument {
		t.Errorf("one value for two: %v", err)
	}
	if _, err := prepared(as(t, "s.secret"), c, p); status.Code(err) != codes.NotFound {
		t.Errorf("another tenant's statement: %v", err)
	}
	for range 2 {
		if _, err := c.Prepare(ctx, "SELECT 1"); err != nil {
			t.Fatal(err)
		}
	}
	p.SetParameters(nil)
	if _, err := prepared(ctx, c, p); status.Code(err) != codes.NotFound {
		t.Errorf("the oldest of three: %v", err)
	}
	if _, err := c.Prepare(ctx, "DROP TABLE turns"); status.Code(err) != codes.PermissionDenied {
		t.Errorf("a write: %v", err)
	}
}

func prepared(ctx context.Context, c *flightsql.Client, p *flightsql.PreparedStatement) (string, error) {
	info, err := p.Execute(ctx)
	if err != nil {
		return "", err
	}
	r, err := c.DoGet(ctx, info.Endpoint[0].Ticket)
	if err != nil {
		return "", err
	}
	defer r.Release()
	var b strings.Builder
	for r.Next() {
		write(&b, r.RecordBatch())
	}
	return b.String(), r.Err()
}

// MustBatch is one row of values.
func MustBatch(tb testing.TB, values ...any) arrow.RecordBatch {
	tb.Helper()
	fields := make([]arrow.Field, len(values))
	cols := make([]arrow.Array, len(values))
	for i, v := range values {
		fields[i].Name = fmt.Sprint(i)
		switch v := v.(type) {
		case string:
			b := array.NewStringBuilder(memory.DefaultAllocator)
			b.Append(v)
			cols[i] = b.NewArray()
		case int:
			b := array.NewInt32Builder(memory.DefaultAllocator)
			b.Append(int32(v))
			cols[i] = b.NewArray()
		case int64:
			b := array.NewInt64Builder(memory.DefaultAllocator)
			b.Append(v)
			cols[i] = b.NewArray()
		default:
			tb.Fatal(errors.New("this type is not made here"))
		}
		fields[i].Type = cols[i].DataType()
	}
	return array.NewRecordBatch(arrow.NewSchema(fields, nil), cols, 1)
}

func TestCatalog(t *testing.T) {
	c := MustDial(t, MustServe(t, MustWarehouse(t), flight.Options{}))
	ctx := as(t, "n.secret")
	pattern := "%turn%"
	for _, tt := range []struct {
		name string
		ask  func() (*aflight.FlightInfo, error)
		want string
	}{
		{"catalogs", func() (*aflight.FlightInfo, error) { return c.GetCatalogs(ctx) }, "yingda"},
		{"schemas", func() (*aflight.FlightInfo, error) { return c.GetDBSchemas(ctx, &flightsql.GetDBSchemasOpts{}) }, "yingda | main"},
		{"types", func() (*aflight.FlightInfo, error) { return c.GetTableTypes(ctx) }, "TABLE"},
		{"tables", func() (*aflight.FlightInfo, error) {
			return c.GetTables(ctx, &flightsql.GetTablesOpts{TableNameFilterPattern: &pattern})
		}, "yingda | main | turns | TABLE"},
		{"views", func() (*aflight.FlightInfo, error) {
			return c.GetTables(ctx, &flightsql.GetTablesOpts{TableTypes: []string{"VIEW"}})
		}, ""},
		{"keys", func() (*aflight.FlightInfo, error) { return c.GetPrimaryKeys(ctx, flightsql.TableRef{Table: "turns"}) }, ""},
		{"info", func() (*aflight.FlightInfo, error) {
			return c.GetSqlInfo(ctx, []flightsql.SqlInfo{flightsql.SqlInfoFlightSqlServerName, 99999})
		}, "yingda"},
	} {
		info, err := tt.ask()
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		r, err := c.DoGet(ctx, info.Endpoint[0].Ticket)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var b strings.Builder
		for r.Next() {
			write(&b, r.RecordBatch())
		}
		if got := strings.TrimSpace(b.String()); r.Err() != nil || !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%s: %q, %v", tt.name, got, r.Err())
		}
		r.Release()
	}
	info, err := c.GetTables(ctx, &flightsql.GetTablesOpts{IncludeSchema: true})
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.DoGet(ctx, info.Endpoint[0].Ticket)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	tables := 0
	for r.Next() {
		for i := range int(r.RecordBatch().NumRows()) {
			s, err := aflight.DeserializeSchema(r.RecordBatch().Column(4).(*array.Binary).Value(i), memory.DefaultAllocator)
			if err != nil || !s.HasField("tenant") {
				t.Errorf("columns of table %d: %v, %v", i, s, err)
			}
			tables++
		}
	}
	if tables != len(flight.Tables()) || r.Err() != nil {
		t.Errorf("%d tables, %v", tables, r.Err())
	}
}

func eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatalf("not after 30 s: %s", what)
		}
	}
}
