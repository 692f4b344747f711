package eventlog_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
	"yingda/nlu"
)

var (
	masterKey = bytes.Repeat([]byte{7}, 32)
	start     = time.Date(2026, 11, 23, 9, 30, 0, 0, time.FixedZone("CST", 8*3600))
)

// options of a log for tests, embedded in dir.
func options(dir string) eventlog.Options {
	return eventlog.Options{Dir: dir, Master: masterKey, Logger: slog.New(slog.DiscardHandler), MaxBytes: 1 << 30}
}

func mustOpen(tb testing.TB, o eventlog.Options) *eventlog.Log {
	tb.Helper()
	l, err := eventlog.Open(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { mustClose(tb, l) })
	return l
}

func mustClose(tb testing.TB, l *eventlog.Log) {
	tb.Helper()
	if err := l.Close(); err != nil {
		tb.Error(err)
	}
}

func mustReplica(tb testing.TB, l *eventlog.Log) *eventlog.Log {
	tb.Helper()
	r, err := l.Replica(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { mustClose(tb, r) })
	return r
}

func key(conversation string) dialogue.Key {
	return dialogue.Key{Tenant: "default", Conversation: conversation}
}

// turn is a turn as large as real ones are.
func turn(id, customer, text string, n int) *dialogue.Event {
	return &dialogue.Event{
		ID: id, Kind: dialogue.TurnTaken, Channel: "web", Time: start.Add(time.Duration(n) * time.Minute),
		Turn: &dialogue.TurnBody{
			Redacted: "查一下 <order_id>", Lang: "zh", OOS: 0.03, Bundle: "default-1a2b3c4d5e6f", Entities: []string{"order_id"},
			Intents:  []nlu.Prediction{{Label: "order.status", Score: 0.93}},
			Ranking:  []nlu.Prediction{{Label: "order.status", Score: 0.93}, {Label: "parcel.track", Score: 0.04}, {Label: "order.cancel", Score: 0.01}},
			Emotion:  dialogue.Emotion{Label: "anxious", Valence: "negative", Intensity: 0.4, Time: start},
			Decision: dialogue.Decision{Action: dialogue.Answer, Reason: dialogue.IntentKnown, Intents: []string{"order.status"}, Say: []dialogue.Say{{Key: "answer.order.status"}}},
			Scripts:  []dialogue.ScriptRef{{Key: "answer.order.status", Version: 3}},
			Millis:   map[string]float64{"parse": 4.2, "total": 6.1},
		},
		Private: &dialogue.Private{
			Customer: customer, Text: text,
			Entities: []dialogue.Entity{{Type: "order_id", Text: fmt.Sprint(88320000 + n), Start: 6, Value: map[string]any{"digits": 8.0}}},
			Replies:  []dialogue.Reply{{Text: fmt.Sprintf("您的订单 %d 已到杭州，预计明天送达。", 88320000+n), Buttons: []dialogue.Button{{Title: "催一下", Payload: "/intent parcel.urge"}}}},
			Calls:    []dialogue.CallRecord{{Call: dialogue.Call{Name: "order.get", Args: map[string]string{"order_id": fmt.Sprint(88320000 + n)}, Key: id}, Result: dialogue.Result{Status: dialogue.CallOK, Data: json.RawMessage(`{"status":"shipped","city":"杭州"}`)}}},
			State: dialogue.State{
				Slots: map[string]dialogue.Slot{"order_id": {Value: fmt.Sprint(88320000 + n), Type: "order_id", From: "customer", Turn: n}},
				Topic: []string{"order.status"}, Focus: map[string]string{"order_id": fmt.Sprint(88320000 + n)},
			},
		},
	}
}

func mustAppend(tb testing.TB, l *eventlog.Log, t *dialogue.Tracker, ev *dialogue.Event) *dialogue.Tracker {
	tb.Helper()
	n, err := l.Append(tb.Context(), t, ev)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func mustLoad(tb testing.TB, l *eventlog.Log, k dialogue.Key) *dialogue.Tracker {
	tb.Helper()
	t, err := l.Load(tb.Context(), k)
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// write appends n turns to a conversation.
func write(tb testing.TB, l *eventlog.Log, k dialogue.Key, customer string, n int) *dialogue.Tracker {
	tb.Helper()
	t := mustLoad(tb, l, k)
	for i := range n {
		t = mustAppend(tb, l, t, turn(fmt.Sprintf("m%d", t.Events+1), customer, fmt.Sprintf("我的订单 %d 到哪了？", i), i))
	}
	return t
}

func asJSON(tb testing.TB, v any) string {
	tb.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

// eventually waits for something that another goroutine does.
func eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatalf("waited too long: %s", what)
		}
	}
}
