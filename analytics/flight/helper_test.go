package flight_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"yingda/analytics/flight"
	"yingda/analytics/warehouse"
	"yingda/dialogue"
	"yingda/nlu"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// Turns of the two tenants, all that MustWarehouse holds. The texts of north are numbers, those of south are not.
const northTurns, southTurns = 30, 50

// MustWarehouse opens a warehouse with two tenants' turns, ratings and sessions.
func MustWarehouse(tb testing.TB) *warehouse.Warehouse {
	tb.Helper()
	w, err := warehouse.Open(tb.Context(), warehouse.Options{Dir: tb.TempDir(), Memory: "512MB", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { w.Close() })
	var events []dialogue.Event
	seq := uint64(0)
	add := func(tenant string, n int, text func(int) string) {
		for i := range n {
			seq++
			k := dialogue.Key{Tenant: tenant, Conversation: fmt.Sprintf("%s-%d", tenant, i/5)}
			at := start.Add(time.Duration(i) * time.Minute)
			events = append(events, dialogue.Event{
				ID: fmt.Sprint("m", seq), Kind: dialogue.TurnTaken, Key: k, Customer: fmt.Sprint("c", i/5), Channel: "web", Time: at, Seq: seq,
				Turn: &dialogue.TurnBody{Redacted: text(i), Lang: nlu.Lang("zh"), Bundle: "b1", Intents: []nlu.Prediction{{Label: "order.track", Score: 0.9}}, Millis: map[string]float64{"total": 12.5}},
			})
		}
		seq++
		events = append(events, dialogue.Event{ID: fmt.Sprint("r", seq), Kind: dialogue.Rated, Key: dialogue.Key{Tenant: tenant, Conversation: tenant + "-0"}, Customer: "c0", Channel: "web", Time: start.Add(time.Hour), Seq: seq, Rating: &dialogue.RatingBody{Score: 5}})
	}
	add("north", northTurns, func(i int) string { return fmt.Sprint(i) })
	add("south", southTurns, func(i int) string { return fmt.Sprintf("秘密 %d of south", i) })
	if err := w.Ingest(tb.Context(), events); err != nil {
		tb.Fatal(err)
	}
	if err := w.Refresh(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return w
}

// keys are the credentials of MustServe's callers, a tenant each.
var keys = map[string]flight.Caller{"n.secret": {Name: "n", Tenant: "north"}, "s.secret": {Name: "s", Tenant: "south"}}

func authenticate(_ context.Context, credential string) (flight.Caller, error) {
	c, ok := keys[credential]
	if !ok {
		return c, flight.ErrCredential
	}
	return c, nil
}

// MustServe serves o on a free port until the test is over and returns its address. Where o names none, w is asked and keys are needed.
func MustServe(tb testing.TB, w flight.Warehouse, o flight.Options) string {
	tb.Helper()
	o.Warehouse = w
	if o.Authenticate == nil && o.Tenant == "" {
		o.Authenticate = authenticate
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s, err := flight.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln) }()
	tb.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			tb.Errorf("Serve: %v", err)
		}
	})
	return ln.Addr().String()
}

// MustDial returns a client.
func MustDial(tb testing.TB, addr string) *flightsql.Client {
	tb.Helper()
	c, err := flightsql.NewClient(addr, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { c.Close() })
	return c
}

// as returns a context that sends a credential.
func as(tb testing.TB, credential string) context.Context {
	return metadata.AppendToOutgoingContext(tb.Context(), "authorization", "Bearer "+credential)
}

// ask runs a query and returns its rows as text, a line each.
func ask(ctx context.Context, c *flightsql.Client, query string) (string, error) {
	info, err := c.Execute(ctx, query)
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

func write(b *strings.Builder, batch arrow.RecordBatch) {
	for i := range int(batch.NumRows()) {
		for j, col := range batch.Columns() {
			if j > 0 {
				b.WriteString(" | ")
			}
			b.WriteString(col.ValueStr(i))
		}
		b.WriteString("\n")
	}
}

// logged is a log that a test reads.
func logged() (*slog.Logger, *bytes.Buffer) {
	var b bytes.Buffer
	return slog.New(slog.NewTextHandler(&b, nil)), &b
}
