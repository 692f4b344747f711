package simulate_test

import (
	"bytes"
	"math"
	"os"
	"reflect"
	"testing"
	"time"

	"yingda/dialogue/routing"
	"yingda/dialogue/routing/simulate"
)

func mustConfig(tb testing.TB, text string) *routing.Config {
	tb.Helper()
	cfg, err := routing.Parse("test.yaml", []byte("version: 1\n"+text))
	if err != nil {
		tb.Fatal(err)
	}
	return cfg
}

// erlangC returns the mean wait of M/M/c, in units of the mean handling time, and the share that waits: a Poisson stream that offers load
// to c places.
func erlangC(c int, load float64) (mean, waits float64) {
	b := 1.0 // Erlang B by its recursion
	for k := 1; k <= c; k++ {
		b = load * b / (float64(k) + load*b)
	}
	waits = b / (1 - load/float64(c)*(1-b))
	return waits / (float64(c) - load), waits
}

// TestErlangC compares the simulation with theory: agents of one place, agents of several, and priorities, which change who waits but not
// how long on average.
func TestErlangC(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a long run for a small error")
	}
	cfg := mustConfig(t, "queues: [{name: general, handle: 100s}]\n")
	tiers := mustConfig(t, "priority: {cap: 10m, tiers: {vip: 10m}}\nqueues: [{name: general, handle: 100s}]\n")
	cases := []struct {
		name             string
		cfg              *routing.Config
		agents, capacity int
		load             float64 // of a place
	}{
		{"5 agents", cfg, 5, 1, 0.8}, {"20 agents", cfg, 20, 1, 0.85}, {"4 agents with 3 places", cfg, 4, 3, 0.8},
		{"5 agents, tiers", tiers, 5, 1, 0.8},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			places := float64(tc.agents * tc.capacity)
			want, _ := erlangC(tc.agents*tc.capacity, tc.load*places)
			want *= 100
			var mean, bias float64
			const runs, n = 4, 20_000
			for seed := range uint64(runs) {
				day := simulate.Day{Seed: seed + 1, Flat: true, Plain: true, Handling: "exponential", Arrivals: n,
					Length: time.Duration(n / (tc.load * places) * 100 * float64(time.Second)), Tiers: map[string]float64{"": 3, "vip": 1}}
				arrivals := simulate.Generate(tc.cfg, day)
				r := simulate.Summarise(tc.name, simulate.Run(tc.cfg, simulate.Staff(tc.cfg, tc.agents, tc.capacity, 1), arrivals, simulate.Options{}))
				if r.All.Served != len(arrivals) || r.All.Unserved != 0 {
					t.Errorf("%d of %d served", r.All.Served, len(arrivals))
				}
				mean, bias = mean+r.All.Mean/runs, bias+r.GuessBias/runs
			}
			t.Logf("mean wait %.2f s, theory %.2f s; waits told are off by %.2f s on average", mean, want, bias)
			if math.Abs(mean-want) > 0.1*want {
				t.Errorf("mean wait %.2f s, theory %.2f s", mean, want)
			}
			if tc.cfg == cfg && math.Abs(bias) > 0.15*want {
				t.Errorf("waits told are off by %.2f s on average; the mean wait is %.2f s", bias, want)
			}
		})
	}
}

// TestDefaultPack runs a busy day through the default pack: customers with a head start wait less than by plain FIFO, nobody is lost, and
// nobody is overtaken by more than the cap and the steps allow.
func TestDefaultPack(t *testing.T) {
	cfg, err := routing.Load(os.DirFS("../../standard"))
	if err != nil {
		t.Fatal(err)
	}
	day := simulate.Day{Seed: 7, Arrivals: 1500, Patience: 15 * time.Minute}
	arrivals, staff := simulate.Generate(cfg, day), simulate.Staff(cfg, 8, 2, 7)
	own := simulate.Summarise("own", simulate.Run(cfg, staff, arrivals, simulate.Options{}))
	fifo := simulate.Summarise("fifo", simulate.Run(simulate.PlainFIFO(cfg), staff, arrivals, simulate.Options{}))
	for _, r := range []simulate.Report{own, fifo} {
		if n := r.All.Served + r.All.Abandoned + r.All.Unserved; n != len(arrivals) || r.All.Unserved > 0 {
			t.Errorf("%s: %d of %d arrivals accounted for, %d unserved", r.Name, n, len(arrivals), r.All.Unserved)
		}
	}
	vip := func(r simulate.Report) float64 {
		for _, x := range r.Tiers {
			if x.Name == "svip" {
				return x.P95
			}
		}
		return -1
	}
	if !(vip(own) < vip(fifo)) {
		t.Errorf("95th percentile of svip: %.1f s, by FIFO %.1f s", vip(own), vip(fifo))
	}
	var steady time.Duration
	for _, q := range cfg.Queues {
		steady = max(steady, q.Steady()+q.LastAgent)
	}
	if limit := (cfg.Priority.Cap + steady).Seconds(); own.Overtaken > limit {
		t.Errorf("somebody was overtaken by somebody who came %.0f s later, more than %.0f s", own.Overtaken, limit)
	}
	again := simulate.Summarise("own", simulate.Run(cfg, staff, simulate.Generate(cfg, day), simulate.Options{}))
	if !reflect.DeepEqual(own.All.Mean, again.All.Mean) {
		t.Error("two runs of the same day differ")
	}
}

func TestReadWrite(t *testing.T) {
	cfg, err := routing.Load(os.DirFS("../../standard"))
	if err != nil {
		t.Fatal(err)
	}
	want := simulate.Generate(cfg, simulate.Day{Seed: 3, Arrivals: 50, Patience: time.Minute})
	var b bytes.Buffer
	if err := simulate.Write(&b, want); err != nil {
		t.Fatal(err)
	}
	got, err := simulate.Read(&b)
	if err != nil || len(got) != len(want) || !got[3].At.Equal(want[3].At) || got[3].Handle != want[3].Handle {
		t.Errorf("%d arrivals, want %d, error %v", len(got), len(want), err)
	}
	_, err = simulate.Read(bytes.NewBufferString("{\"queue\":\"a\",\"handle_s\":1}\nx\n{\"at\":\"2026-11-23T09:30:00+08:00\",\"queue\":\"a\",\"handle_s\":-1}\n"))
	var many interface{ Unwrap() []error }
	if err == nil || !asMany(err, &many) || len(many.Unwrap()) != 3 {
		t.Errorf("faults %v", err)
	}
}

func asMany(err error, many *interface{ Unwrap() []error }) bool {
	for err != nil {
		if m, ok := err.(interface{ Unwrap() []error }); ok {
			*many = m
			return true
		}
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return false
		}
		err = u.Unwrap()
	}
	return false
}
