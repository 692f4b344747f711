package experiment_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
	"yingda/dialogue/experiment"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func mustLog(tb testing.TB) *eventlog.Log {
	tb.Helper()
	l, err := eventlog.Open(tb.Context(), eventlog.Options{Dir: tb.TempDir(), Master: bytes.Repeat([]byte{7}, 32), Logger: quiet(), MaxBytes: 1 << 30})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	return l
}

func mustReplica(tb testing.TB, l *eventlog.Log) *eventlog.Log {
	tb.Helper()
	r, err := l.Replica(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { r.Close() })
	return r
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// clock is a clock that the test sets.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()).UTC() }
func (c *clock) forward(d time.Duration) { c.at.Add(int64(d)) }

func newClock() *clock {
	c := &clock{}
	c.at.Store(start.UnixNano())
	return c
}

func mustOpen(tb testing.TB, docs dialogue.Documents, o experiment.Options) *experiment.Service {
	tb.Helper()
	if o.Log == nil {
		o.Log = quiet()
	}
	s, err := experiment.Open(tb.Context(), docs, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

func by(name string, revision uint64) experiment.Edit {
	return experiment.Edit{Tenant: "default", Name: name, Revision: revision, By: "chen", Reason: "a test"}
}

// mustStart writes a definition and starts it.
func mustStart(tb testing.TB, s *experiment.Service, source string) experiment.Experiment {
	tb.Helper()
	d, err := experiment.Parse("test.yaml", []byte(source))
	if err != nil {
		tb.Fatal(err)
	}
	e, err := s.Save(tb.Context(), by("", 0), *d)
	if err != nil {
		tb.Fatal(err)
	}
	if e, err = s.Start(tb.Context(), by(e.Name, e.Revision)); err != nil {
		tb.Fatal(err)
	}
	return e
}

// arms are a customer's variants by experiment.
func arms(tb testing.TB, s *experiment.Service, u experiment.Subject) map[string]string {
	tb.Helper()
	out := map[string]string{}
	for _, a := range s.Assign(tb.Context(), u) {
		out[a.Experiment] = a.Variant
	}
	return out
}

func eventually(tb testing.TB, within time.Duration, what string, ok func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(within); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatalf("not within %s: %s", within, what)
		}
	}
}

// TestLife: an experiment goes from draft to stopped, every act is in its history with its author, and others are refused.
func TestLife(t *testing.T) {
	ctx, c := t.Context(), newClock()
	s := mustOpen(t, mustLog(t), experiment.Options{Now: c.now, Check: func(_ string, d *experiment.Definition) error {
		if d.Name == "bad" {
			return errors.New("it does not fit")
		}
		return nil
	}})
	d, err := experiment.Parse("x", []byte(two("life", "ramp: [{after: 2h, coverage: 0.5}]\ncoverage: 0.1\n")))
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	do := func(e experiment.Experiment, err error) experiment.Experiment {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	_, err = s.Start(ctx, by("life", 0))
	refused("start of nothing", err, dialogue.ErrUnknown)
	_, err = s.Save(ctx, experiment.Edit{Tenant: "default"}, *d)
	refused("save by nobody", err, experiment.ErrInput)
	e := do(s.Save(ctx, by("", 0), *d))
	_, err = s.Save(ctx, by("", 0), *d)
	refused("save over another's", err, dialogue.ErrConflict)
	_, err = s.Pause(ctx, by("life", 0))
	refused("pause of a draft", err, experiment.ErrState)
	if len(arms(t, s, unit(1))) != 0 {
		t.Error("a draft gives variants")
	}
	e = do(s.Start(ctx, by("life", e.Revision)))
	changed := *d
	changed.Salt = "another"
	_, err = s.Save(ctx, by("", e.Revision), changed)
	if refused("another salt while it runs", err, experiment.ErrState); !strings.Contains(err.Error(), "salt") {
		t.Error(err)
	}
	noted := e.Definition
	noted.Note = "better said"
	e = do(s.Save(ctx, by("", e.Revision), noted))
	c.forward(time.Hour)
	e = do(s.Pause(ctx, by("life", e.Revision)))
	c.forward(24 * time.Hour)
	e = do(s.Start(ctx, by("life", e.Revision)))
	if p, _ := e.Phase(c.now().Add(59 * time.Minute)); p.Coverage != .1 {
		t.Errorf("the ramp went on during the pause: %+v", e.Phases)
	}
	if p, _ := e.Phase(c.now().Add(61 * time.Minute)); p.Coverage != .5 {
		t.Errorf("the ramp does not go on: %+v", e.Phases)
	}
	e = do(s.Ramp(ctx, by("life", e.Revision), 1, nil))
	_, err = s.Ramp(ctx, by("life", e.Revision), 1.1, nil)
	refused("coverage 1.1", err, experiment.ErrInput)
	_, err = s.SetWeights(ctx, by("life", e.Revision), map[string]float64{"a": 1})
	refused("one weight of two", err, experiment.ErrInput)
	e = do(s.SetWeights(ctx, by("life", e.Revision), map[string]float64{"a": 1, "b": 3}))
	if p, _ := e.Phase(c.now()); p.Coverage != 1 || p.Weights[1] != .75 {
		t.Errorf("%+v", e.Phases)
	}
	do(s.Stop(ctx, by("life", 0)))
	_, err = s.Start(ctx, by("life", s.Find("default", "life").Revision))
	refused("start after the end", err, experiment.ErrState)
	list, err := s.History(ctx, "default", "life", 0)
	if err != nil {
		t.Fatal(err)
	}
	var acts []string
	for _, v := range list {
		if acts = append(acts, string(v.Act)); v.By != "chen" || v.Reason != "a test" || v.Time.IsZero() {
			t.Errorf("%+v", v)
		}
	}
	if got := strings.Join(acts, " "); got != "stopped weighted ramped started paused saved started saved" {
		t.Errorf("history %s", got)
	}
	bad := *d
	bad.Name, bad.Salt = "bad", "bad"
	e = do(s.Save(ctx, by("", 0), bad))
	if _, err := s.Start(ctx, by("bad", e.Revision)); err == nil || !strings.Contains(err.Error(), "it does not fit") {
		t.Errorf("started although it does not fit: %v", err)
	}
}

// TestClash: what two experiments would change at once is refused, but not in parts of a namespace that do not overlap.
func TestClash(t *testing.T) {
	s := mustOpen(t, mustLog(t), experiment.Options{})
	mustStart(t, s, two("one", "namespace: {name: n, from: 0, to: 0.5}\n"))
	for _, tt := range []struct {
		source string
		clash  bool
	}{
		{two("same-setting", ""), true},
		{two("other-part", "namespace: {name: n, from: 0.5, to: 1}\n"), false},
		{two("same-part", "namespace: {name: n, from: 0.4, to: 0.45}\n"), true},
		{"name: parent\nvariants: [{name: a}, {name: b, settings: {understanding: {accept: 0.1}}}]", true},
		{"name: script\nscripts: [x]\nvariants: [{name: a}, {name: b}]", false},
		{"name: script2\nscripts: [y, x]\nvariants: [{name: a}, {name: b}]", true},
		{"name: bundle\nvariants: [{name: a}, {name: b, bundle: challenger}]", false},
		{"name: bundle2\nvariants: [{name: a}, {name: b, bundle: challenger}]", true},
		{"name: tasks\nvariants: [{name: a}, {name: b, tasks: 'version: 1'}]", false},
		{"name: tasks2\nvariants: [{name: a}, {name: b, tasks: 'version: 1'}]", true},
	} {
		d, err := experiment.Parse("x", []byte(tt.source))
		if err != nil {
			t.Fatal(err)
		}
		e, err := s.Save(t.Context(), by("", 0), *d)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = s.Start(t.Context(), by(e.Name, e.Revision)); errors.Is(err, experiment.ErrClash) != tt.clash || !tt.clash && err != nil {
			t.Errorf("%s: %v, clash %v", d.Name, err, tt.clash)
		}
	}
}

// TestReplicas: two replicas give every customer the same variants, and a stop at one holds at the other within a second.
func TestReplicas(t *testing.T) {
	l := mustLog(t)
	a, b := mustOpen(t, l, experiment.Options{}), mustOpen(t, mustReplica(t, l), experiment.Options{})
	e := mustStart(t, a, two("kill", "coverage: 0.6\n"))
	mustStart(t, a, "name: words\nscripts: [x]\nvariants: [{name: a}, {name: b}]")
	eventually(t, 5*time.Second, "the replica knows both", func() bool {
		return len(b.Known("default")) == 2 && b.Find("default", "words").State == experiment.Running
	})
	for i := range 2000 {
		if x, y := arms(t, a, unit(i)), arms(t, b, unit(i)); fmt.Sprint(x) != fmt.Sprint(y) {
			t.Fatalf("unit %d: %v and %v", i, x, y)
		}
	}
	u := unit(0)
	for i := 0; arms(t, b, u)["kill"] == ""; i++ {
		u = unit(i)
	}
	began := time.Now()
	if _, err := a.Stop(t.Context(), by("kill", 0)); err != nil {
		t.Fatal(err)
	}
	if arms(t, a, u)["kill"] != "" {
		t.Error("the replica that stopped it still gives variants")
	}
	eventually(t, time.Second, "the other replica stops too", func() bool { return arms(t, b, u)["kill"] == "" })
	t.Logf("stopped at the other replica after %s", time.Since(began))
	if arms(t, b, u)["words"] == "" {
		t.Error("the other experiment stopped too")
	}
	if got := b.Find("default", e.Name); got.State != experiment.Stopped || got.By != "chen" {
		t.Errorf("%+v", got)
	}
}

// TestStopAmongWriters: a stop comes through while others write all the time.
func TestStopAmongWriters(t *testing.T) {
	l := mustLog(t)
	a, b := mustOpen(t, l, experiment.Options{}), mustOpen(t, mustReplica(t, l), experiment.Options{})
	mustStart(t, a, two("busy", ""))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var writers sync.WaitGroup
	for i, s := range []*experiment.Service{a, b} {
		writers.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				e, err := s.Get(ctx, "default", "busy")
				if err != nil || e.State != experiment.Running {
					return
				}
				_, err = s.Ramp(ctx, by("busy", e.Revision), float64(n%10)/10, nil)
				if err != nil && !errors.Is(err, dialogue.ErrConflict) && !errors.Is(err, experiment.ErrState) && ctx.Err() == nil {
					t.Errorf("writer %d: %v", i, err)
					return
				}
				s.Assign(ctx, unit(n))
			}
		})
	}
	time.Sleep(50 * time.Millisecond)
	if _, err := b.Stop(ctx, by("busy", 0)); err != nil {
		t.Error(err)
	}
	writers.Wait()
	eventually(t, time.Second, "both have stopped", func() bool {
		return a.Find("default", "busy").State == experiment.Stopped && b.Find("default", "busy").State == experiment.Stopped
	})
}

// BenchmarkAssign is the price of experiments in every turn: three that run.
func BenchmarkAssign(b *testing.B) {
	s := mustOpen(b, mustLog(b), experiment.Options{})
	mustStart(b, s, two("one", ""))
	mustStart(b, s, "name: two\nscripts: [x]\nvariants: [{name: a}, {name: b}]")
	mustStart(b, s, "name: three\nnamespace: {name: n, from: 0, to: 0.5}\nscripts: [y]\nvariants: [{name: a}, {name: b}]")
	u := unit(7)
	b.ReportAllocs()
	for b.Loop() {
		s.Assign(b.Context(), u)
	}
}
