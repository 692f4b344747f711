package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yingda/internal/testenv"
	"yingda/models"
	"yingda/models/onnx"
	"yingda/nlu"
	"yingda/nlu/standard"
)

// shift is added to every logit of a variant: its answers can be told from the original's, and labels stay.
const shift = 0.5

// mustVariant makes a sound bundle of another version whose logits are shifted.
func mustVariant(tb testing.TB, b *models.Bundle, version string) *models.Bundle {
	tb.Helper()
	v := testenv.CloneBundle(b)
	v.Manifest.Version = version
	m, err := onnx.Unmarshal(b.Model)
	if err != nil {
		tb.Fatal(err)
	}
	m.Graph.Initializers = append(m.Graph.Initializers, onnx.NewFloats("variant.shift", []float32{shift}, 1))
	for _, h := range v.Manifest.Heads {
		if len(h.Labels) == 0 {
			continue
		}
		raw := h.Output + "/raw"
		for _, n := range m.Graph.Nodes {
			for _, names := range [][]string{n.Inputs, n.Outputs} {
				for i := range names {
					if names[i] == h.Output {
						names[i] = raw
					}
				}
			}
		}
		m.Graph.Nodes = append(m.Graph.Nodes, &onnx.Node{Op: "Add", Name: "variant/" + h.Output, Inputs: []string{raw, "variant.shift"}, Outputs: []string{h.Output}})
	}
	v.Model = onnx.Marshal(m)
	for i := range v.Manifest.Probes {
		v.Manifest.Probes[i].Logit += shift
	}
	return v
}

// mustBroken writes bundles into the store that must not be loaded, each for another reason.
func mustBroken(tb testing.TB, store string, good *models.Bundle) []models.BundleID {
	tb.Helper()
	var ids []models.BundleID
	write := func(reason string, change func(b *models.Bundle)) string {
		b := testenv.CloneBundle(good)
		b.Manifest.Version = reason
		change(b)
		ids = append(ids, testenv.MustWrite(tb, store, b))
		return filepath.Join(store, string(b.Manifest.ID), "model.onnx")
	}
	same := func(*models.Bundle) {}
	truncated := write("truncated", same)
	flipped := write("flipped", same)
	write("bad graph", func(b *models.Bundle) {
		m, err := onnx.Unmarshal(b.Model)
		if err != nil {
			tb.Fatal(err)
		}
		m.Graph.Nodes[len(m.Graph.Nodes)-1].Op = "NoSuchOperator"
		b.Model = onnx.Marshal(m)
	})
	write("wrong probe", func(b *models.Bundle) { b.Manifest.Probes[0].Logit++ })
	write("not ONNX", func(b *models.Bundle) { b.Model = []byte("not a model") })
	data, err := os.ReadFile(flipped)
	if err == nil {
		data[len(data)/2] ^= 1
		err = errors.Join(os.WriteFile(flipped, data, 0o644), os.Truncate(truncated, int64(len(data)/2)))
	}
	if err != nil {
		tb.Fatal(err)
	}
	return append(ids, "absent-000000000000")
}

// stressTexts are parsed while bundles are swapped.
var stressTexts = []string{"我的订单怎么还没发货", "帮我转人工", "how do I get my money back?", "APP一直闪退，气死我了！", "寄到上海市静安区的那个快递到哪了", "退款", "can I change the address of my order, and is there an invoice?"}

// stress is a registry of real engines under load.
type stress struct {
	r      registry
	want   map[models.BundleID]map[string]*nlu.Analysis
	served atomic.Int64
	wrong  atomic.Int64
	first  atomic.Pointer[error]
	slow   atomic.Int64 // slowest request, ns
}

// load parses until stop is closed and compares each answer with what its bundle gives when nothing else happens.
func (s *stress) load(stop <-chan struct{}, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	for {
		select {
		case <-stop:
			return
		default:
		}
		time.Sleep(20 * time.Millisecond) // leaves a core to the swaps
		text := stressTexts[rng.IntN(len(stressTexts))]
		start := time.Now()
		as, err := s.r.Parse(context.Background(), "", []nlu.Utterance{{Text: text}})
		if took := time.Since(start).Nanoseconds(); took > s.slow.Load() {
			s.slow.Store(took)
		}
		s.served.Add(1)
		if err == nil {
			err = s.check(as[0], text)
		}
		if err != nil {
			s.wrong.Add(1)
			s.first.CompareAndSwap(nil, &err)
		}
	}
}

func (s *stress) check(a *nlu.Analysis, text string) error {
	want := s.want[a.Bundle][text]
	if want == nil {
		return fmt.Errorf("%q was answered by %q", text, a.Bundle)
	}
	for head, l := range want.Logits {
		got := a.Logits[head]
		if len(got.Data) != len(l.Data) {
			return fmt.Errorf("%q, %s: %d logits, want %d", text, head, len(got.Data), len(l.Data))
		}
		for i := range l.Data {
			if d := math.Abs(float64(got.Data[i] - l.Data[i])); !(d < 1e-3) {
				return fmt.Errorf("%q, %s: logit %d of %s is %v off what that bundle answers", text, head, i, a.Bundle, d)
			}
		}
	}
	if len(a.Intents) != len(want.Intents) || len(a.Intents) > 0 && a.Intents[0].Label != want.Intents[0].Label {
		return fmt.Errorf("%q: intents %v, want %v", text, a.Intents, want.Intents)
	}
	return nil
}

// settled returns the resident memory when all that can be given back has been.
func settled(tb testing.TB) int64 {
	tb.Helper()
	for range 3 {
		debug.FreeOSMemory()
		time.Sleep(100 * time.Millisecond)
	}
	return testenv.RSS(tb)
}

// TestSwapStress swaps the real default bundle for a variant and back, with broken bundles between, while four callers parse. With
// YINGDA_STRESS set it makes 1,000 swaps, some minutes, and holds the memory to ±5 %.
func TestSwapStress(t *testing.T) {
	swaps, warm := 20, 2
	if os.Getenv("YINGDA_STRESS") != "" {
		swaps, warm = 1000, 40
	}
	builtin := testenv.MustDefault(t)
	testenv.MustORT(t)
	dir := t.TempDir()
	variant := mustVariant(t, builtin, "variant")
	good := []models.BundleID{builtin.Manifest.ID, testenv.MustWrite(t, dir, variant)}
	bad := mustBroken(t, dir, builtin)
	variant, builtin = nil, nil // or they would count as memory
	store, err := openStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := standard.DefaultRules()
	if err != nil {
		t.Fatal(err)
	}
	f := serveFlags{maxQueue: 1 << 20, maxWait: time.Minute}
	s := &stress{r: f.registry(store, rules, testenv.Logger()), want: map[models.BundleID]map[string]*nlu.Analysis{}}
	for _, id := range good {
		s.mustRecord(t, id)
	}
	refused := map[string]int{}
	swap := func(n int) {
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for c := range 4 {
			wg.Go(func() { s.load(stop, uint64(n*10+c)) })
		}
		for i := range n {
			id := good[i/3%2]
			switch i % 3 {
			case 1:
				id = good[(i/3+1)%2]
			case 2:
				id = bad[i/3%len(bad)]
			}
			err := s.r.Activate(t.Context(), models.Champion, id)
			if isBad := i%3 == 2; isBad != (err != nil) {
				t.Errorf("swap %d to %s: %v", i, id, err)
			} else if isBad {
				refused[reason(err)]++
			}
		}
		close(stop)
		wg.Wait()
	}
	swap(warm)
	mustActivate(t, s.r, good[0])
	before, start := settled(t), time.Now()
	swap(swaps)
	took := time.Since(start)
	mustActivate(t, s.r, good[0])
	after := settled(t)
	change := 100 * (float64(after)/float64(before) - 1)
	t.Logf("%d swaps in %.0f s (%.0f ms each), a third of them broken; %d requests, slowest %d ms; %d wrong; resident memory %.1f → %.1f MB (%+.1f %%)", swaps, took.Seconds(),
		took.Seconds()*1000/float64(swaps), s.served.Load(), s.slow.Load()/1e6, s.wrong.Load(), float64(before)/1e6, float64(after)/1e6, change)
	t.Logf("refused: %v", refused)
	if err := s.first.Load(); err != nil {
		t.Errorf("%d of %d requests failed or were answered wrongly; the first: %v", s.wrong.Load(), s.served.Load(), *err)
	}
	if len(refused) != len(bad) && swaps >= 3*len(bad) {
		t.Errorf("%d kinds of refusal for %d kinds of broken bundles", len(refused), len(bad))
	}
	if swaps >= 1000 && !raceEnabled && math.Abs(change) > 5 {
		t.Errorf("the memory changed by %+.1f %%", change)
	}
	if err := s.r.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func mustActivate(tb testing.TB, r registry, id models.BundleID) {
	tb.Helper()
	if err := r.Activate(context.Background(), models.Champion, id); err != nil {
		tb.Fatal(err)
	}
}

// mustRecord keeps what a bundle answers when nothing else happens.
func (s *stress) mustRecord(tb testing.TB, id models.BundleID) {
	tb.Helper()
	mustActivate(tb, s.r, id)
	s.want[id] = map[string]*nlu.Analysis{}
	for _, text := range stressTexts {
		as, err := s.r.Parse(context.Background(), "", []nlu.Utterance{{Text: text}})
		if err != nil || as[0].Bundle != id {
			tb.Fatalf("%s: %v", id, err)
		}
		s.want[id][text] = as[0]
	}
}

// reason puts refusals into kinds.
func reason(err error) string {
	for _, kind := range []string{"incomplete", "SHA-256", "NoSuchOperator", "to the probe", "not an ONNX model", "no such bundle"} {
		if strings.Contains(err.Error(), kind) {
			return kind
		}
	}
	return err.Error()
}
