package feed_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"yingda/analytics/feed"
	"yingda/analytics/warehouse"
	"yingda/dialogue"
	"yingda/dialogue/eventlog"
	"yingda/nlu"
)

// benchTurns is how many turns the log of the benchmarks has; written one by one, durably, they take a while.
const benchTurns = 32_000

// realTurn is a turn as the engine writes it: five ranked intents, a call, two replies, times, a private part.
func realTurn(conversation string, i int, at time.Time) *dialogue.Event {
	ranking := []nlu.Prediction{{Label: "order.status", Score: 0.91}, {Label: "order.delivery", Score: 0.04}, {Label: "order.change", Score: 0.02}, {Label: "order.cancel", Score: 0.01},
		{Label: "refund.status", Score: 0.01}}
	return &dialogue.Event{ID: fmt.Sprintf("m-%s-%d", conversation, i), Kind: dialogue.TurnTaken, Channel: "web", Time: at,
		Turn: &dialogue.TurnBody{Redacted: "你好，帮我查一下 <order_id> 这个订单到哪里了，已经等了三天", Lang: "zh", Intents: ranking[:1], Ranking: ranking, OOS: 0.03,
			Emotion: dialogue.Emotion{Label: "worried", Intensity: 0.4}, Entities: []string{"order_id", "duration"}, Bundle: "default-2026.11.1-3fa9c2",
			Decision: dialogue.Decision{Action: dialogue.Answer, Reason: dialogue.IntentKnown, Task: "order.status", Intents: []string{"order.status"}, Why: "the task's answer"},
			Scripts:  []dialogue.ScriptRef{{Key: "soothe.worried", Version: 3}, {Key: "order.status.sent", Variant: "short", Version: 2}}, Tier: "gold", Owner: "robot",
			Exposures: map[string]string{"greeting-tone": "warm"}, Calls: []dialogue.CallNote{{Name: "order.get", Status: dialogue.CallOK, Millis: 18.3}},
			Millis: map[string]float64{"parse": 9.1, "policy": 0.8, "calls": 18.3, "total": 29.4}},
		Private: &dialogue.Private{Customer: "customer-" + conversation, Text: "你好，帮我查一下 SF1234567890 这个订单到哪里了，已经等了三天",
			Replies: []dialogue.Reply{{Text: "让您久等了，非常抱歉。"}, {Text: "您的订单 SF1234567890 已经到达上海转运中心，预计明天送达。"}}}}
}

// benchLog writes turns of many conversations into a new log.
func benchLog(b *testing.B) *eventlog.Log {
	b.Helper()
	l := MustLog(b, b.TempDir())
	var wg sync.WaitGroup
	const writers, perConversation = 64, 5
	for w := range writers {
		wg.Go(func() {
			for c := range benchTurns / writers / perConversation {
				name := fmt.Sprintf("c-%d-%d", w, c)
				t, err := l.Load(context.Background(), dialogue.Key{Tenant: "shop", Conversation: name})
				for i := 0; i < perConversation && err == nil; i++ {
					t, err = l.Append(context.Background(), t, realTurn(name, i, time.Now()))
				}
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return l
}

// BenchmarkIngest follows turns from the log's packed form to the warehouse: reading alone, parsing alone, and all of
// it through a socket, with the receiver in this process.
func BenchmarkIngest(b *testing.B) {
	l := benchLog(b)
	rate := func(b *testing.B, turns int) {
		b.ReportMetric(float64(turns)/b.Elapsed().Seconds(), "turns/s")
		b.ReportMetric(0, "ns/op")
	}
	b.Run("read", func(b *testing.B) {
		n := 0
		for b.Loop() {
			if err := l.WalkReadable(b.Context(), 0, func(uint64, []byte, uint64) error { n++; return nil }); err != nil {
				b.Fatal(err)
			}
		}
		rate(b, n)
	})
	b.Run("parse", func(b *testing.B) {
		n, body := 0, benchBody(b)
		for b.Loop() {
			events, err := feed.ReadEvents(bytes.NewReader(body), func(err error) { b.Error(err) })
			if err != nil {
				b.Fatal(err)
			}
			n += len(events)
		}
		rate(b, n)
	})
	b.Run("whole", func(b *testing.B) {
		n := 0
		for b.Loop() {
			n += wholeWay(b, l)
		}
		rate(b, n)
	})
}

// benchBody is a body as it is sent.
func benchBody(b *testing.B) (body []byte) {
	for i := range 10_000 {
		readable, err := json.Marshal(realTurn("c", i, time.Now()))
		if err == nil {
			body, err = feed.AppendEvent(body, uint64(i+1), readable)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	return body
}

// wholeWay feeds the log to a new warehouse over a socket, and returns how many turns arrived.
func wholeWay(b *testing.B, l *eventlog.Log) int {
	b.StopTimer()
	dir := b.TempDir()
	w, err := warehouse.Open(b.Context(), warehouse.Options{Dir: dir, Log: quiet})
	if err != nil {
		b.Fatal(err)
	}
	ln, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		b.Fatal(err)
	}
	srv := &http.Server{Handler: feed.NewReceiver(w, nil, quiet)}
	go srv.Serve(ln) // ends with Close
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", ln.Addr().String())
	}}}
	b.StartTimer()
	if err := feed.NewFeeder(l, client, "http://analytics", quiet).CatchUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	_, n := w.Source()
	client.CloseIdleConnections()
	srv.Close()
	w.Close()
	b.StartTimer()
	return int(n)
}
