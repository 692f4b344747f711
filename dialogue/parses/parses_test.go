package parses_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
	"yingda/dialogue/parses"
	"yingda/dialogue/redact"
	"yingda/nlu"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// memory takes packs, and fails when it is told to.
type memory struct {
	mu     sync.Mutex
	packs  []dialogue.ParsedPack
	fail   error
	inside chan struct{} // not nil: a write waits for it
}

func (m *memory) AppendParses(ctx context.Context, p *dialogue.ParsedPack) error {
	if m.inside != nil {
		select {
		case <-m.inside:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	m.packs = append(m.packs, *p)
	return nil
}

func (m *memory) Alias(tenant, customer string) string { return "alias-of-" + tenant + "-" + customer }

func (m *memory) setFail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

// all returns what was written: the texts, and the sums of the counts.
func (m *memory) all() (texts []dialogue.Parsed, sum dialogue.ParsedCount) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.packs {
		texts = append(texts, p.Parses...)
		for _, c := range p.Counts {
			sum.Texts, sum.Understood, sum.Unsure = sum.Texts+c.Texts, sum.Understood+c.Understood, sum.Unsure+c.Unsure
			sum.Kept, sum.Dropped = sum.Kept+c.Kept, sum.Dropped+c.Dropped
		}
	}
	return texts, sum
}

// run starts a recorder and returns what ends it.
func run(tb testing.TB, o parses.Options) (*parses.Recorder, func()) {
	tb.Helper()
	o.Logger = slog.New(slog.DiscardHandler)
	r, err := parses.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(tb.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = r.Run(ctx) // it has no errors
	}()
	var once sync.Once
	stop := func() { once.Do(func() { cancel(); <-done }) }
	tb.Cleanup(stop)
	return r, stop
}

// Kinds of texts.
func understood(text string) *nlu.Analysis {
	p := nlu.Prediction{Label: "order.status", Score: 0.93}
	return &nlu.Analysis{Utterance: nlu.Utterance{Text: text}, Language: "zh", Bundle: "b1", Intents: []nlu.Intent{{Prediction: p}}, Ranking: []nlu.Prediction{p, {Label: "parcel.track", Score: 0.02}}}
}

func unsure(text string) *nlu.Analysis {
	a := understood(text)
	a.Ranking = []nlu.Prediction{{Label: "order.status", Score: 0.48}, {Label: "parcel.track", Score: 0.44}}
	return a
}

func missed(text string) *nlu.Analysis {
	a := understood(text)
	a.Intents, a.OOS = nil, 0.8
	return a
}

func TestModes(t *testing.T) {
	for _, c := range []struct {
		mode                  parses.Mode
		kept, counted, passed int64
	}{{parses.Misses, 20, 30, 10}, {parses.All, 30, 30, 0}, {parses.Off, 0, 0, 0}} {
		t.Run(string(c.mode), func(t *testing.T) {
			m := &memory{}
			r, stop := run(t, parses.Options{Log: m, Mode: c.mode})
			for i := range 10 {
				r.Offer(parses.From{Tenant: "t1", Channel: "parse"}, []*nlu.Analysis{understood(fmt.Sprint("a", i)), unsure(fmt.Sprint("b", i)), missed(fmt.Sprint("c", i))})
			}
			stop()
			texts, sum := m.all()
			want := dialogue.ParsedCount{Texts: c.counted, Understood: c.counted / 3 * 2, Unsure: c.counted / 3, Kept: c.kept}
			if int64(len(texts)) != c.kept || sum != want {
				t.Errorf("%d texts, counts %+v, want %+v", len(texts), sum, want)
			}
			if s := r.Stats(); s.Texts != c.counted || s.Kept != c.kept || s.PassedOver != c.passed || s.Dropped != 0 || s.Waiting != 0 {
				t.Errorf("stats %+v", s)
			}
			seen := map[string]bool{}
			for _, p := range texts {
				seen[fmt.Sprint(p.Request, p.Place)] = true
			}
			if len(seen) != len(texts) {
				t.Errorf("%d texts have %d names", len(texts), len(seen))
			}
		})
	}
}

// TestPacking: at most 64 in a message; what comes together shares one; what comes alone does not wait long.
func TestPacking(t *testing.T) {
	m := &memory{}
	r, stop := run(t, parses.Options{Log: m, Mode: parses.All, Linger: 300 * time.Millisecond})
	var as []*nlu.Analysis
	for i := range 150 {
		as = append(as, missed(fmt.Sprint(i)))
	}
	r.Offer(parses.From{Tenant: "t1"}, as[:50])
	r.Offer(parses.From{Tenant: "t2"}, as[50:])
	eventually(t, func() bool { return r.Stats().Texts == 150 }) // an end cuts a pack short
	stop()
	var sizes []int
	ids := map[string]bool{}
	for _, p := range m.packs {
		ids[p.ID] = true
		if len(p.Parses) > 0 {
			sizes = append(sizes, len(p.Parses))
		}
	}
	if fmt.Sprint(sizes) != "[64 64 22]" || len(ids) != len(m.packs) {
		t.Errorf("packs of %v, %d ids for %d packs", sizes, len(ids), len(m.packs))
	}
	m = &memory{}
	r, stop = run(t, parses.Options{Log: m, Mode: parses.All})
	defer stop()
	r.Offer(parses.From{Tenant: "t1"}, as[:1])
	eventually(t, func() bool { texts, _ := m.all(); return len(texts) == 1 })
}

func eventually(tb testing.TB, ok func() bool) {
	tb.Helper()
	for until := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(until) {
			tb.Fatal("waited too long")
		}
	}
}

func TestSample(t *testing.T) {
	m := &memory{}
	r, stop := run(t, parses.Options{Log: m, Mode: parses.Misses, Sample: 0.25, Seed: 3, Buffer: 1 << 16})
	for i := range 4000 {
		r.Offer(parses.From{Tenant: "t1"}, []*nlu.Analysis{missed(fmt.Sprint(i))})
	}
	stop()
	texts, sum := m.all()
	if len(texts) < 880 || len(texts) > 1120 || sum.Texts != 4000 || sum.Kept != int64(len(texts)) { // 1000 ± 4.4 standard deviations
		t.Errorf("%d of 4000 were kept, counts %+v", len(texts), sum)
	}
	if len(texts) > 0 && texts[0].Share != 0.25 {
		t.Errorf("the sample's share is %g", texts[0].Share)
	}
}

// TestFull: what finds no room is dropped and counted, and nobody waits.
func TestFull(t *testing.T) {
	m := &memory{inside: make(chan struct{})}
	r, stop := run(t, parses.Options{Log: m, Mode: parses.Misses, Buffer: 100})
	began := time.Now()
	for i := range 1000 {
		r.Offer(parses.From{Tenant: "t1"}, []*nlu.Analysis{missed(fmt.Sprint(i)), understood("x")})
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("1000 offers took %s while the log stood still", took)
	}
	if s := r.Stats(); s.Dropped == 0 || s.Waiting > 100 {
		t.Errorf("nothing was dropped: %+v", s)
	}
	close(m.inside)
	stop()
	texts, sum := m.all()
	s := r.Stats()
	if s.Texts != 2000 || s.Kept != int64(len(texts)) || s.Kept+s.Dropped != 1000 || s.PassedOver != 1000 {
		t.Errorf("stats %+v do not add up, %d were written", s, len(texts))
	}
	if sum.Texts != 2000 || sum.Understood != 1000 || sum.Kept != s.Kept || sum.Dropped != s.Dropped {
		t.Errorf("counts %+v, stats %+v", sum, s)
	}
}

// TestLogFails: texts are dropped, counts wait and come once.
func TestLogFails(t *testing.T) {
	m := &memory{fail: dialogue.ErrLogFull}
	r, stop := run(t, parses.Options{Log: m, CountEvery: 5 * time.Millisecond})
	r.Offer(parses.From{Tenant: "t1"}, []*nlu.Analysis{missed("a")})
	eventually(t, func() bool { return r.Stats().Dropped == 1 })
	time.Sleep(30 * time.Millisecond) // counts are refused some times
	m.setFail(nil)
	r.Offer(parses.From{Tenant: "t1"}, []*nlu.Analysis{missed("b")})
	eventually(t, func() bool { return r.Stats().Kept == 1 })
	stop()
	if _, sum := m.all(); sum.Texts != 2 || sum.Kept != 1 || sum.Dropped != 1 {
		t.Errorf("counts %+v", sum)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := map[string]bool{}
	for _, p := range m.packs {
		if ids[p.ID] {
			t.Errorf("pack %s was written twice", p.ID)
		}
		ids[p.ID] = true
	}
}

// TestNothingPersonal: neither the text as written nor who wrote it is in any file of the log.
func TestNothingPersonal(t *testing.T) {
	dir := t.TempDir()
	l, err := eventlog.Open(t.Context(), eventlog.Options{Dir: dir, Master: bytes.Repeat([]byte{7}, 32), Logger: slog.New(slog.DiscardHandler), MaxBytes: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r, stop := run(t, parses.Options{Log: l, Mode: parses.All, Redact: redact.Rules{Visible: []string{"product"}}})
	text := "给王小明寄的裙子，电话13800138000"
	a := missed(text)
	name := strings.Index(text, "王小明")
	product := strings.Index(text, "裙子")
	a.Entities = []nlu.Entity{{Span: nlu.Span{Start: name, End: name + len("王小明")}, Type: "person"}, {Span: nlu.Span{Start: product, End: product + len("裙子")}, Type: "product"}}
	for range 100 { // enough of the same to be compressed, and one alone that is not
		r.Offer(parses.From{Tenant: "t1", Customer: "secret-customer", Channel: "parse"}, []*nlu.Analysis{a})
	}
	stop()
	var got dialogue.ParsedPack
	err = l.ReadParses(t.Context(), 0, func(_ uint64, data []byte) error {
		if len(got.Parses) > 0 {
			return nil
		}
		for _, secret := range []string{"王小明", "13800138000", "secret-customer"} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("a pack holds %s", secret)
			}
		}
		return json.Unmarshal(data, &got)
	})
	if err != nil || len(got.Parses) == 0 {
		t.Fatalf("%d texts, %v", len(got.Parses), err)
	}
	if p := got.Parses[0]; p.Redacted != "给<person>寄的裙子，电话<number>" || p.Customer != l.Alias("t1", "secret-customer") || fmt.Sprint(p.Entities) != "[person product]" {
		t.Errorf("%+v", p)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, secret := range []string{"王小明", "13800138000", "secret-customer"} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s holds %s", path, secret)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestOptions(t *testing.T) {
	for _, o := range []parses.Options{{}, {Log: &memory{}, Sample: -1}, {Log: &memory{}, Sample: 1.5}, {Log: &memory{}, Mode: "some"}} {
		if _, err := parses.New(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	if _, err := parses.ParseMode("some"); err == nil {
		t.Error("a mode that there is not")
	}
	if m, err := parses.ParseMode("misses"); m != parses.Misses || err != nil {
		t.Error(m, err)
	}
}

// TestManyAtOnce is for the race detector: requests, counters and the writer.
func TestManyAtOnce(t *testing.T) {
	m := &memory{}
	r, stop := run(t, parses.Options{Log: m, Mode: parses.All, CountEvery: time.Millisecond, Buffer: 1 << 15})
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 500 {
				r.Offer(parses.From{Tenant: fmt.Sprint("t", g%3)}, []*nlu.Analysis{missed(fmt.Sprint(g, i))})
				_ = r.Stats()
			}
		})
	}
	all.Wait()
	stop()
	texts, sum := m.all()
	if len(texts) != 4000 || sum.Texts != 4000 || sum.Kept != 4000 {
		t.Errorf("%d texts, counts %+v", len(texts), sum)
	}
}

var errDown = errors.New("down")

// BenchmarkOffer is what a request pays.
func BenchmarkOffer(b *testing.B) {
	for _, mode := range []parses.Mode{parses.Off, parses.Misses, parses.All} {
		b.Run(string(mode), func(b *testing.B) {
			r, stop := run(b, parses.Options{Log: &memory{fail: errDown}, Mode: mode, Buffer: 1 << 16})
			defer stop()
			as := []*nlu.Analysis{understood("我的订单到哪了")}
			b.ReportAllocs()
			for b.Loop() {
				r.Offer(parses.From{Tenant: "t1", Channel: "parse"}, as)
			}
		})
	}
}
