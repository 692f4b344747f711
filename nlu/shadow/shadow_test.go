package shadow_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"yingda/models"
	"yingda/nlu"
	"yingda/nlu/shadow"
)

const champion, rival = models.BundleID("zh-old"), models.BundleID("zh-new")

// said is an analysis: wishes joined by "+", a feeling, and entities as "type:start-end".
func said(id models.BundleID, text, wishes, feeling string, score float64, ents ...string) *nlu.Analysis {
	a := &nlu.Analysis{Utterance: nlu.Utterance{Text: text}, Bundle: id, OOS: 1 - score}
	a.Emotion.Label = feeling
	for l := range strings.SplitSeq(wishes, "+") {
		if l != "" {
			a.Intents = append(a.Intents, nlu.Intent{Prediction: nlu.Prediction{Label: l, Score: score}})
			a.Ranking = append(a.Ranking, nlu.Prediction{Label: l, Score: score})
		}
	}
	for _, e := range ents {
		var ent nlu.Entity
		name, place, _ := strings.Cut(e, ":")
		ent.Type = name
		if _, err := fmt.Sscanf(place, "%d-%d", &ent.Start, &ent.End); err != nil {
			panic(err)
		}
		a.Entities = append(a.Entities, ent)
	}
	a.Timing.Total = 10 * time.Millisecond
	return a
}

// answering is a shadow that says what it is told for each text.
func answering(answers map[string]*nlu.Analysis) func(context.Context, []nlu.Utterance) ([]*nlu.Analysis, error) {
	return func(_ context.Context, us []nlu.Utterance) ([]*nlu.Analysis, error) {
		var as []*nlu.Analysis
		for _, u := range us {
			as = append(as, answers[u.Text])
		}
		return as, nil
	}
}

func mustMirror(tb testing.TB, o shadow.Options) *shadow.Mirror {
	tb.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	m, err := shadow.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(m.Close)
	return m
}

func offer(m *shadow.Mirror, as ...*nlu.Analysis) {
	us := make([]nlu.Utterance, len(as))
	for i, a := range as {
		us[i] = nlu.Utterance{Text: a.Text}
	}
	m.Offer(rival, us, as)
}

// settled waits until nothing is queued and every text is accounted for.
func settled(tb testing.TB, m *shadow.Mirror) shadow.Report {
	tb.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		r := m.Report()
		open := r.Waiting
		for _, p := range r.Pairs {
			open += p.Offered - p.Compared
			for _, n := range p.Dropped {
				open -= n
			}
		}
		if open == 0 {
			return r
		}
	}
	tb.Fatalf("not settled: %+v", m.Report())
	return shadow.Report{}
}

// TestCompared: whoever wants to know gets the champion's own analysis, as it was offered, beside the shadow's.
func TestCompared(t *testing.T) {
	var mu sync.Mutex
	got := map[*nlu.Analysis]*nlu.Analysis{}
	m := mustMirror(t, shadow.Options{Parse: answering(map[string]*nlu.Analysis{"a": said(rival, "a", "x", "calm", 0.8), "b": said(rival, "b", "y", "calm", 0.7)}),
		Compared: func(first, second *nlu.Analysis) {
			mu.Lock()
			defer mu.Unlock()
			got[first] = second
		}})
	a, b := said(champion, "a", "x", "calm", 0.9), said(champion, "b", "x", "calm", 0.9)
	offer(m, a)
	offer(m, b)
	settled(t, m)
	mu.Lock()
	defer mu.Unlock()
	if len(got) != 2 || got[a] == nil || got[a].Intents[0].Label != "x" || got[b] == nil || got[b].Intents[0].Label != "y" {
		t.Errorf("%v", got)
	}
}

// TestCompare counts agreement by hand.
func TestCompare(t *testing.T) {
	answers := map[string]*nlu.Analysis{
		"a": said(rival, "a", "order.cancel", "neutral", 0.8),
		"b": said(rival, "b", "refund.request", "angry", 0.5, "brand:0-1"),
		"c": said(rival, "c", "", "neutral", 0.1),
		"d": said(rival, "d", "y+x", "", 0.6, "brand:0-1"),
		"e": said(rival, "another reading", "x", "neutral", 0.9, "brand:0-1"),
		"f": said(rival, "f", "refund.request", "neutral", 0.7),
	}
	m := mustMirror(t, shadow.Options{Parse: answering(answers)})
	offer(m, said(champion, "a", "order.cancel", "neutral", 0.9))
	offer(m, said(champion, "b", "order.cancel", "neutral", 0.7, "brand:0-1"), said(champion, "c", "order.cancel", "neutral", 0.6))
	offer(m, said(champion, "d", "x+y", "neutral", 0.6, "plan:0-1"))
	offer(m, said(champion, "e", "x", "neutral", 0.9))
	offer(m, said(champion, "f", "order.cancel", "neutral", 0.7))
	r := settled(t, m)
	if len(r.Pairs) != 1 || r.Share != 1 || r.Capacity != 256 {
		t.Fatalf("%+v", r)
	}
	p := r.Pairs[0]
	if p.Champion != champion || p.Shadow != rival || p.Offered != 6 || p.Compared != 6 || p.Since.IsZero() {
		t.Errorf("%+v", p)
	}
	for layer, want := range map[string][2]int64{
		"intents":    {3, 6}, // a, d, e
		"understood": {5, 6}, // not c
		"emotion":    {4, 5}, // not b; d has none on one side
		"entities":   {4, 5}, // not d; e was read in another way
		"all":        {2, 6}, // a and e
	} {
		if got := p.Agreement[layer]; got.Same != want[0] || got.Of != want[1] || math.Abs(*got.Rate-float64(want[0])/float64(want[1])) > 1e-12 {
			t.Errorf("%s: %+v, want %v", layer, got, want)
		}
	}
	want := []shadow.Disagreement{{"intents", "order.cancel", "refund.request", 2}, {"intents", "order.cancel", "none", 1}, {"emotion", "neutral", "angry", 1}}
	if fmt.Sprint(p.Disagreements) != fmt.Sprint(want) {
		t.Errorf("disagreements %v, want %v", p.Disagreements, want)
	}
	// The champion's best: a 0.8−0.9, b 0−0.7, c 0−0.6, d 0, e 0, f 0−0.7.
	if c := p.ScoreChange; c.N != 6 || math.Abs(c.Mean+2.1/6) > 1e-9 || math.Abs(c.MeanAbsolute-2.1/6) > 1e-9 {
		t.Errorf("score change %+v", c)
	}
	if l := p.Latency["shadow"]; l.N != 4 || math.Abs(l.Mean-10) > 1e-9 || math.Abs(l.Median-10) > 0.5 || math.Abs(l.P95-10) > 0.5 {
		t.Errorf("latency %+v", l)
	}
}

// TestShare takes the sample it is told to.
func TestShare(t *testing.T) {
	draws := []float64{0.1, 0.29, 0.3, 0.9, 0}
	m := mustMirror(t, shadow.Options{Parse: answering(map[string]*nlu.Analysis{"a": said(rival, "a", "x", "", 1)}), Share: 0.3,
		Rand: func() float64 { d := draws[0]; draws = draws[1:]; return d }})
	for range 5 {
		offer(m, said(champion, "a", "x", "", 1))
	}
	if r := settled(t, m); r.Pairs[0].Offered != 3 {
		t.Errorf("%+v", r)
	}
	for _, share := range []float64{-0.1, 1.1, math.NaN()} {
		if _, err := shadow.New(shadow.Options{Parse: answering(nil), Share: share}); err == nil || !strings.Contains(err.Error(), "over 0 to 1") {
			t.Errorf("share %g: %v", share, err)
		}
	}
	if _, err := shadow.New(shadow.Options{}); err == nil {
		t.Error("a mirror without a shadow")
	}
}

// TestNothingToCompare: no shadow, the champion itself, answers that are missing.
func TestNothingToCompare(t *testing.T) {
	m := mustMirror(t, shadow.Options{Parse: func(context.Context, []nlu.Utterance) ([]*nlu.Analysis, error) {
		t.Error("the shadow was run")
		return nil, nil
	}})
	a := said(champion, "a", "x", "", 1)
	us := []nlu.Utterance{{Text: "a"}}
	m.Offer("", us, []*nlu.Analysis{a})
	m.Offer(champion, us, []*nlu.Analysis{a})
	m.Offer(rival, us, nil)
	m.Offer(rival, nil, nil)
	m.Close()
	m.Offer(rival, us, []*nlu.Analysis{a})
	if r := m.Report(); len(r.Pairs) != 0 || r.Waiting != 0 {
		t.Errorf("%+v", r)
	}
}

// TestDrops: a full queue, a busy champion and a shadow in trouble cost texts, never the champion.
func TestDrops(t *testing.T) {
	release := make(chan struct{})
	m := mustMirror(t, shadow.Options{Queue: 4, Parse: func(_ context.Context, us []nlu.Utterance) ([]*nlu.Analysis, error) {
		<-release
		return []*nlu.Analysis{said(rival, us[0].Text, "x", "", 1)}, nil
	}})
	a := said(champion, "a", "x", "", 1)
	for range 20 {
		before := time.Now()
		offer(m, a, a)
		if took := time.Since(before); took > time.Second {
			t.Errorf("an offer took %s", took)
		}
	}
	close(release)
	p := settled(t, m).Pairs[0]
	if p.Offered != 40 || p.Compared < 4 || p.Compared > 6 || p.Dropped["queue_full"] != 40-p.Compared {
		t.Errorf("%+v", p)
	}
}

func TestFailures(t *testing.T) {
	var log bytes.Buffer
	m := mustMirror(t, shadow.Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Parse: func(_ context.Context, us []nlu.Utterance) ([]*nlu.Analysis, error) {
		switch us[0].Text {
		case "panic":
			panic("the text is " + us[0].Text)
		case "gone":
			return nil, fmt.Errorf("x: %w", models.ErrNoBundle)
		case "other":
			return []*nlu.Analysis{said("zh-third", "other", "x", "", 1)}, nil
		case "full":
			return nil, models.ErrOverloaded
		case "none":
			return nil, nil
		}
		return nil, errors.New("boom")
	}})
	for _, text := range []string{"panic", "gone", "other", "full", "none", "boom", "boom"} {
		offer(m, said(champion, text, "x", "", 1))
	}
	p := settled(t, m).Pairs[0]
	if p.Compared != 0 || p.Dropped["failed"] != 4 || p.Dropped["gone"] != 2 || p.Dropped["overloaded"] != 1 || p.Agreement["all"].Rate != nil {
		t.Errorf("%+v", p)
	}
	m.Close()
	if got := log.String(); strings.Count(got, "\n") != 1 || strings.Contains(got, "text is") {
		t.Errorf("the log says %q", got)
	}
}

// TestBusy: while the champion needs the cores the shadow waits, and what waits too long is dropped.
func TestBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var busy atomic.Bool
		busy.Store(true)
		m := mustMirror(t, shadow.Options{Busy: busy.Load, MaxAge: time.Second, Parse: answering(map[string]*nlu.Analysis{"a": said(rival, "a", "x", "", 1)})})
		defer m.Close()
		a := said(champion, "a", "x", "", 1)
		offer(m, a)
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		if p := m.Report().Pairs[0]; p.Compared != 0 || p.Dropped["late"] != 0 {
			t.Errorf("while busy: %+v", p)
		}
		time.Sleep(600 * time.Millisecond)
		synctest.Wait()
		if p := m.Report().Pairs[0]; p.Compared != 0 || p.Dropped["late"] != 1 {
			t.Errorf("after a second: %+v", p)
		}
		offer(m, a)
		time.Sleep(100 * time.Millisecond)
		busy.Store(false)
		time.Sleep(10 * time.Millisecond)
		synctest.Wait()
		if p := m.Report().Pairs[0]; p.Compared != 1 {
			t.Errorf("idle again: %+v", p)
		}
	})
}

// TestTimeout: a shadow that hangs is given up and counted.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mustMirror(t, shadow.Options{Timeout: time.Second, Parse: func(ctx context.Context, _ []nlu.Utterance) ([]*nlu.Analysis, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		defer m.Close()
		offer(m, said(champion, "a", "x", "", 1))
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		if p := m.Report().Pairs[0]; p.Dropped["failed"] != 1 {
			t.Errorf("%+v", p)
		}
	})
}

// TestPairs: each pair of bundles has counters of its own; the oldest are forgotten.
func TestPairs(t *testing.T) {
	m := mustMirror(t, shadow.Options{Parse: func(_ context.Context, us []nlu.Utterance) ([]*nlu.Analysis, error) {
		return []*nlu.Analysis{said(models.BundleID("shadow-"+us[0].Text), us[0].Text, "x", "", 1)}, nil
	}})
	for i := range 10 {
		text := fmt.Sprint(i)
		m.Offer(models.BundleID("shadow-"+text), []nlu.Utterance{{Text: text}}, []*nlu.Analysis{said(champion, text, "x", "", 1)})
		settled(t, m)
	}
	r := m.Report()
	if len(r.Pairs) != 8 || r.Pairs[0].Shadow != "shadow-9" || r.Pairs[7].Shadow != "shadow-2" {
		t.Errorf("%+v", r.Pairs)
	}
	if data, err := json.Marshal(r); err != nil || !strings.Contains(string(data), `"rate":1`) {
		t.Errorf("%s, %v", data, err)
	}
}

// TestConcurrent is for the race detector: offers, reports and a swap of bundles at once, and an end in the middle.
func TestConcurrent(t *testing.T) {
	m := mustMirror(t, shadow.Options{Queue: 32, Share: 0.9, Parse: func(_ context.Context, us []nlu.Utterance) ([]*nlu.Analysis, error) {
		return []*nlu.Analysis{said(rival, us[0].Text, "x", "neutral", 0.5)}, nil
	}})
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 200 {
				id := rival
				if i%50 > 40 {
					id = "zh-third"
				}
				a := said(champion, fmt.Sprint(g, i), "x", "neutral", 0.6)
				m.Offer(id, []nlu.Utterance{a.Utterance}, []*nlu.Analysis{a})
				if i%20 == 0 {
					m.Report()
				}
			}
		})
	}
	wg.Wait()
	r := settled(t, m)
	var compared int64
	for _, p := range r.Pairs {
		compared += p.Compared
	}
	if compared == 0 {
		t.Errorf("%+v", r)
	}
	go offer(m, said(champion, "a", "x", "", 1))
	m.Close()
}

func BenchmarkOffer(b *testing.B) {
	m := mustMirror(b, shadow.Options{Parse: answering(map[string]*nlu.Analysis{"a": said(rival, "a", "x", "neutral", 0.5)})})
	a := said(champion, "a", "x", "neutral", 0.6)
	us, as := []nlu.Utterance{{Text: "a"}}, []*nlu.Analysis{a}
	for b.Loop() {
		m.Offer(rival, us, as)
	}
}
