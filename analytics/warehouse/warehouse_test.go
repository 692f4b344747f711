package warehouse_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"yingda/analytics/warehouse"
	"yingda/dialogue"
	"yingda/nlu"
)

var start = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

func MustOpen(tb testing.TB, o warehouse.Options) *warehouse.Warehouse {
	tb.Helper()
	if o.Dir == "" {
		o.Dir = tb.TempDir()
	}
	w, err := warehouse.Open(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { w.Close() })
	return w
}

func turn(conversation string, seq uint64, at time.Time) dialogue.Event {
	return dialogue.Event{ID: fmt.Sprintf("m%d", seq), Kind: dialogue.TurnTaken, Key: dialogue.Key{Tenant: "t1", Conversation: conversation}, Customer: "c-" + conversation,
		Channel: "web", Time: at, Seq: seq, Turn: &dialogue.TurnBody{Redacted: "我的订单到哪了", Lang: "zh", Intents: []nlu.Prediction{{Label: "order.status", Score: 0.9}},
			Ranking: []nlu.Prediction{{Label: "order.status", Score: 0.9}, {Label: "order.cancel", Score: 0.05}}, Bundle: "b1", Owner: "robot",
			Decision: dialogue.Decision{Action: dialogue.Answer, Reason: dialogue.IntentKnown}, Emotion: dialogue.Emotion{Label: "neutral"},
			Exposures: map[string]string{"tone": "warm", "price": "b"}, Millis: map[string]float64{"total": 12.5, "parse": 7}}}
}

func count(tb testing.TB, w *warehouse.Warehouse, query string, args ...any) (n int) {
	tb.Helper()
	rows, err := w.Query(context.Background(), query, args...)
	if err != nil {
		tb.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() {
		tb.Fatal(rows.Err())
	}
	if err := rows.Scan(&n); err != nil {
		tb.Fatal(err)
	}
	return n
}

func TestTakeOnce(t *testing.T) {
	w := MustOpen(t, warehouse.Options{})
	events := []dialogue.Event{turn("a", 1, start), turn("b", 2, start.Add(time.Second)), turn("a", 3, start.Add(time.Minute))}
	for range 3 {
		if err := w.Take(t.Context(), events, 3); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]int{"SELECT count(*) FROM turns": 3, "SELECT count(*) FROM exposures": 6, "SELECT count(*) FROM sessions": 2,
		"SELECT sum(turns)::BIGINT FROM hourly": 3, "SELECT sum(n)::BIGINT FROM hourly_latency": 3, "SELECT sum(sessions)::BIGINT FROM daily_sessions": 2} {
		if n := count(t, w, query); n != want {
			t.Errorf("%s = %d, want %d", query, n, want)
		}
	}
	if !w.Through().Equal(start.Add(time.Minute)) || w.Position() != 3 {
		t.Errorf("through %v, position %d", w.Through(), w.Position())
	}
}
