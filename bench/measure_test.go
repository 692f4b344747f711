package bench

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

func TestMeasure(t *testing.T) {
	var order []string
	var calls atomic.Int64
	var runs int64
	good := &Subject{Name: "good", Clients: 3,
		Do: func(context.Context, int, int) (time.Duration, error) {
			calls.Add(1)
			time.Sleep(200 * time.Microsecond)
			return 100 * time.Microsecond, nil
		},
		Runs: func() (int64, int64) { runs++; return 4 * runs, 2 * runs }}
	limited := &Subject{Name: "limited", Clients: 1, Limit: 2, Do: func(_ context.Context, _, i int) (time.Duration, error) {
		if i >= 2 {
			t.Errorf("text %d is over the limit", i)
		}
		return 0, nil
	}}
	bad := &Subject{Name: "bad", Clients: 2, Do: func(context.Context, int, int) (time.Duration, error) { return 0, errors.New("broken") }}
	p := Plan{Texts: 10, Rounds: 5, Seconds: time.Nanosecond, Progress: func(name string, done, total int) {
		if total != 18 || done != len(order) {
			t.Errorf("progress %d of %d, want %d of 18", done, total, len(order))
		}
		order = append(order, name)
	}}
	rs, err := Measure(t.Context(), p, []*Subject{good, limited, bad})
	if err != nil {
		t.Fatal(err)
	}
	if order[3] != "limited" || order[6] != "bad" || order[9] != "good" {
		t.Errorf("rounds do not begin with each subject in turn: %v", order)
	}
	g := rs[0]
	if g.Samples != 50 || calls.Load() != 70 || g.PerSecond.N != 5 || g.P50.Median < 0.2 || g.CPU.N != 5 || g.ClientCPU.N != 0 || g.Rows.Median != 2 {
		t.Errorf("good: %+v after %d calls", g, calls.Load())
	}
	if g.Outside.Median < 50 || g.P99.Median < g.P50.Median {
		t.Errorf("good: %+v", g)
	}
	if rs[1].Samples != 10 || rs[1].Outside.N != 0 {
		t.Errorf("limited: %+v", rs[1])
	}
	if rs[2].Failed == "" || rs[2].Samples != 0 {
		t.Errorf("bad: %+v", rs[2])
	}
}

func TestMeasureToleratesFew(t *testing.T) {
	var calls atomic.Int64
	s := &Subject{Name: "s", Clients: 2, Do: func(context.Context, int, int) (time.Duration, error) {
		if calls.Add(1)%400 == 0 {
			return 0, errors.New("busy")
		}
		return 0, nil
	}}
	rs, err := Measure(t.Context(), Plan{Texts: 200, Rounds: 5}, []*Subject{s})
	if err != nil || rs[0].Failed != "" || rs[0].Errors == 0 || rs[0].Errors > 3 {
		t.Errorf("%+v, %v", rs[0], err)
	}
}

func TestMeasureInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &Subject{Name: "s", Clients: 4, Do: func(context.Context, int, int) (time.Duration, error) { cancel(); return 0, nil }}
	if _, err := Measure(ctx, Plan{Texts: 1000, Rounds: 5, Seconds: time.Hour}, []*Subject{s}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestTexts(t *testing.T) {
	all, few := Texts(false), Texts(true)
	if len(all) < 200 || len(few) != len(all)/5 {
		t.Errorf("%d texts, %d in a quick run", len(all), len(few))
	}
	seen := map[string]bool{}
	for _, text := range all {
		if text == "" || seen[text] || len([]rune(text)) > 100 {
			t.Errorf("text %q is empty, too long or there twice", text)
		}
		seen[text] = true
	}
	for i, text := range Texts(false) {
		if text != all[i] {
			t.Fatal("the order changes")
		}
	}
}
