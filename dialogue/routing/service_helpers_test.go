package routing_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
	"yingda/dialogue/routing"
)

// echo says the key and the values, so that tests see what was to be said.
type echo struct{}

func (echo) Render(w dialogue.Wording) dialogue.Reply {
	text := w.Key
	for _, k := range slices.Sorted(maps.Keys(w.Vars)) {
		text += " " + k + "=" + w.Vars[k]
	}
	return dialogue.Reply{Text: text, Script: dialogue.ScriptRef{Key: w.Key, Version: 1}}
}

// conversations is dialogue.Conversations over a log, as the engine does it.
type conversations struct{ *eventlog.Log }

func (c conversations) Update(ctx context.Context, k dialogue.Key, change func(*dialogue.Tracker) (*dialogue.Event, error)) (*dialogue.Tracker, *dialogue.Event, error) {
	for {
		tr, err := c.Load(ctx, k)
		if err != nil {
			return nil, nil, err
		}
		ev, err := change(tr)
		if err != nil || ev == nil {
			return tr, nil, err
		}
		next, err := c.Append(ctx, tr, ev)
		if !errors.Is(err, dialogue.ErrConflict) {
			return next, ev, err
		}
	}
}

func logOptions(dir string) eventlog.Options {
	return eventlog.Options{Dir: dir, Master: bytes.Repeat([]byte{7}, 32), Logger: slog.New(slog.DiscardHandler), MaxBytes: 1 << 30}
}

func mustLog(tb testing.TB, dir string) *eventlog.Log {
	tb.Helper()
	l, err := eventlog.Open(tb.Context(), logOptions(dir))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := l.Close(); err != nil {
			tb.Error(err)
		}
	})
	return l
}

// clock is a clock that tests move on.
type clock struct {
	mu  sync.Mutex
	off time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.off)
}

// skip lets time pass and wakes the services up.
func (c *clock) skip(d time.Duration, services ...*routing.Service) {
	c.mu.Lock()
	c.off += d
	c.mu.Unlock()
	for _, s := range services {
		s.SetConfig(s.Config())
	}
}

// start runs a service over the log until the test ends, or stop is called.
func start(tb testing.TB, l *eventlog.Log, cfg *routing.Config, c *clock) (s *routing.Service, stop func()) {
	tb.Helper()
	logger := slog.New(slog.NewTextHandler(tb.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	s, err := routing.New(routing.Options{Config: cfg, Log: l, Documents: l, Conversations: conversations{l}, Scripts: echo{}, Now: c.now, Logger: logger})
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				tb.Errorf("run: %v", err)
			}
		})
	}
	tb.Cleanup(stop)
	select {
	case <-s.Ready():
	case <-time.After(10 * time.Second):
		tb.Fatal("the service does not get ready")
	}
	return s, stop
}

func mustConfig(tb testing.TB, text string) *routing.Config {
	tb.Helper()
	cfg, err := routing.Parse("test.yaml", []byte("version: 1\n"+text))
	if err != nil {
		tb.Fatal(err)
	}
	return cfg
}

func k(conversation string) dialogue.Key {
	return dialogue.Key{Tenant: "default", Conversation: conversation}
}

// write appends an event to a conversation, whatever else is going on.
func write(tb testing.TB, l *eventlog.Log, key dialogue.Key, ev dialogue.Event) *dialogue.Tracker {
	tb.Helper()
	tr, _, err := conversations{l}.Update(tb.Context(), key, func(t *dialogue.Tracker) (*dialogue.Event, error) {
		e := ev
		e.Key, e.ID = key, fmt.Sprintf("%s-%d", key.Conversation, t.Events+1)
		if e.Private == nil {
			e.Private = &dialogue.Private{}
		}
		if e.Private.Customer == "" {
			e.Private.Customer = "u-" + key.Conversation
		}
		return &e, nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return tr
}

// ask hands a conversation over, as a turn of the robot does.
func ask(tb testing.TB, l *eventlog.Log, c *clock, conversation string, h dialogue.HandOffAsk, tier string) *dialogue.Tracker {
	tb.Helper()
	return write(tb, l, k(conversation), dialogue.Event{
		Kind: dialogue.TurnTaken, Channel: "web", Time: c.now(),
		Turn: &dialogue.TurnBody{Redacted: "转人工", Lang: "zh", Tier: tier, Decision: dialogue.Decision{Action: dialogue.HandOff, HandOff: &h}},
		Private: &dialogue.Private{Text: "转人工", State: dialogue.State{Slots: map[string]dialogue.Slot{"order_id": {Value: "8832", From: "customer"}}},
			Replies: []dialogue.Reply{{Text: "正在为您转接"}}},
	})
}

// eventually waits for something that another goroutine does.
func eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatalf("waited too long: %s", what)
		}
	}
}

// owner reads from the log who speaks.
func owner(tb testing.TB, l *eventlog.Log, conversation string) dialogue.Owner {
	tb.Helper()
	tr, err := l.Load(tb.Context(), k(conversation))
	if err != nil {
		tb.Fatal(err)
	}
	return tr.Owner
}

// spoken waits until an agent speaks in the conversation, and returns the ownership.
func spoken(tb testing.TB, l *eventlog.Log, conversation string) dialogue.Owner {
	tb.Helper()
	var o dialogue.Owner
	eventually(tb, conversation+" has an agent", func() bool { o = owner(tb, l, conversation); return o.Kind == dialogue.OwnerAgent })
	return o
}

func waiting(s *routing.Service) []string {
	var out []string
	for _, r := range s.List("default", routing.Filter{Waiting: true}) {
		out = append(out, r.Conversation)
	}
	return out
}

func mustAgent(tb testing.TB, s *routing.Service, m routing.Member, status routing.Status) {
	tb.Helper()
	if _, err := s.PutAgent(tb.Context(), "default", m, "test"); err != nil {
		tb.Fatal(err)
	}
	if _, err := s.SetPresence(tb.Context(), "default", m.ID, status, ""); err != nil {
		tb.Fatal(err)
	}
}

// said returns the lines of the transcript with "who: text".
func said(tb testing.TB, l *eventlog.Log, conversation string) string {
	tb.Helper()
	tr, err := l.Load(tb.Context(), k(conversation))
	if err != nil {
		tb.Fatal(err)
	}
	var out []string
	for _, line := range tr.Lines {
		out = append(out, line.Who+": "+line.Text)
	}
	return strings.Join(out, "\n")
}
