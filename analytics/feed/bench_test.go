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

// benchTurns is how many turns the log of the benchmarks has; written one by one, durably, they take a while. It is read benchRounds times, as if it
// were that long.
const (
	benchTurns  = 8_000
	benchRounds = 32
)

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

// longLog is a log that is read over and over, with sequences that go on.
type longLog struct {
	feed.Log
	turns uint64
}

// WalkReadable implements [feed.Log].
func (l longLog) WalkReadable(ctx context.Context, after uint64, fn func(seq uint64, readable []byte, last uint64) error) error {
	for round := after / l.turns; round < benchRounds; round++ {
		from, base := uint64(0), round*l.turns
		if after > base {
			from = after - base
		}
		err := l.Log.WalkReadable(ctx, from, func(seq uint64, readable []byte, last uint64) error { return fn(base+seq, readable, benchRounds*last) })
		if err != nil {
			return err
		}
	}
	return nil
}

// packedLog is what a log reads, in memory.
type packedLog struct {
	feed.Log
	readable [][]byte
}

// Alias implements [feed.Log].
func (packedLog) Alias(string, string) string { return "packed" }

// WalkReadable implements [feed.Log].
func (l packedLog) WalkReadable(ctx context.Context, after uint64, fn func(seq uint64, readable []byte, last uint64) error) error {
	for i := after; i < uint64(len(l.readable)); i++ {
		if err := fn(i+1, l.readable[i], uint64(len(l.readable))); err != nil {
			return err
		}
	}
	return nil
}

// meter reports the turns a second, and the processor time a turn: of all threads, those of the log and of the database too.
type meter struct {
	b     *testing.B
	turns int
	used  time.Duration
	since time.Duration
}

func (m *meter) start() { m.b.StartTimer(); m.since = processorTime() }
func (m *meter) stop()  { m.b.StopTimer(); m.used += processorTime() - m.since }

func (m *meter) report() {
	m.b.ReportMetric(float64(m.turns)/m.b.Elapsed().Seconds(), "turns/s")
	m.b.ReportMetric(float64(m.used.Nanoseconds())/1e3/float64(max(m.turns, 1)), "cpu-µs/turn")
	m.b.ReportMetric(0, "ns/op")
}

// BenchmarkIngest follows turns from the log's packed form to the warehouse: reading alone, decoding alone, packed (all but reading the log: feeder,
// socket, receiver, warehouse) and all of it, with both sides in this process.
func BenchmarkIngest(b *testing.B) {
	b.Run("decode", benchDecode)
	b.Run("packed", benchPacked)
	if l := benchLog(b); l != nil {
		b.Run("read", func(b *testing.B) { benchRead(b, l) })
		b.Run("whole", func(b *testing.B) {
			m := &meter{b: b}
			for b.Loop() {
				wholeWay(b, longLog{l, benchTurns}, m)
			}
			m.report()
		})
	}
}

func benchRead(b *testing.B, l feed.Log) {
	m := &meter{b: b, since: processorTime()}
	for b.Loop() {
		if err := l.WalkReadable(b.Context(), 0, func(uint64, []byte, uint64) error { m.turns++; return nil }); err != nil {
			b.Fatal(err)
		}
	}
	m.stop()
	m.report()
}

func benchDecode(b *testing.B) {
	body := benchBody(b)
	m := &meter{b: b, since: processorTime()}
	for b.Loop() {
		parts, err := feed.ReadParts(bytes.NewReader(body), func(err error) { b.Error(err) })
		if err != nil {
			b.Fatal(err)
		}
		for _, p := range parts {
			m.turns += len(p.Rows.Turns)
		}
	}
	m.stop()
	m.report()
}

func benchPacked(b *testing.B) {
	var p packedLog
	for i := range benchRounds * benchTurns {
		readable, err := json.Marshal(loggedTurn(i))
		if err != nil {
			b.Fatal(err)
		}
		p.readable = append(p.readable, readable)
	}
	m := &meter{b: b}
	for b.Loop() {
		wholeWay(b, p, m)
	}
	m.report()
}

// loggedTurn is a turn of many conversations as the log has it: with its key and without the private part.
func loggedTurn(i int) *dialogue.Event {
	ev := realTurn(fmt.Sprintf("c-%d", i/5), i%5, time.UnixMilli(1_790_000_000_000+10*int64(i)))
	ev.Tenant, ev.Conversation, ev.Customer, ev.Private = "shop", fmt.Sprintf("c-%d", i/5), fmt.Sprintf("%032x", i/5), nil
	return ev
}

// benchBody is a body as it is sent.
func benchBody(b *testing.B) (body []byte) {
	for i := range 10_000 {
		readable, err := json.Marshal(loggedTurn(i))
		if err == nil {
			body, err = feed.AppendEvent(body, uint64(i+1), readable)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	return body
}

// wholeWay feeds a log to a new warehouse over a socket.
func wholeWay(b *testing.B, l feed.Log, m *meter) {
	b.StopTimer()
	dir := b.TempDir()
	w, err := warehouse.Open(b.Context(), warehouse.Options{Dir: dir, Threads: 1, Log: quiet}) // as "yingda analyse" does
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
	m.start()
	if err := feed.NewFeeder(l, client, "http://analytics", quiet).CatchUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	m.stop()
	_, n := w.Source()
	if n != benchRounds*benchTurns {
		b.Fatalf("%d turns arrived", n)
	}
	m.turns += int(n)
	client.CloseIdleConnections()
	srv.Close()
	w.Close()
	b.StartTimer()
}
