package standard_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yingda/internal/testenv"
	"yingda/models"
	"yingda/models/batch"
	"yingda/nlu"
	"yingda/nlu/standard"
)

var update = flag.Bool("update", false, "rewrite testdata/components.txt")

// mustTiny writes the tiny bundle, which gives it an id.
func mustTiny(tb testing.TB, o testenv.Tiny) *models.Bundle {
	tb.Helper()
	b := testenv.MustTiny(tb, o)
	testenv.MustWrite(tb, tb.TempDir(), b)
	return b
}

// open makes an engine on real ONNX Runtime.
func open(tb testing.TB, b *models.Bundle, o standard.Options) (*standard.Engine, error) {
	tb.Helper()
	return standard.New(context.Background(), b, testenv.MustOpen(tb, b, 2), o)
}

func mustEngine(tb testing.TB, b *models.Bundle, o standard.Options) *standard.Engine {
	tb.Helper()
	e, err := open(tb, b, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Close(); err != nil {
			tb.Error(err)
		}
	})
	return e
}

// TestComponents is a snapshot: a component that comes, goes or changes its behaviour and so its version shows here.
func TestComponents(t *testing.T) {
	got := strings.Join(mustEngine(t, mustTiny(t, testenv.Tiny{}), standard.Options{}).Components(), "\n") + "\n"
	if *update {
		if err := os.WriteFile("testdata/components.txt", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/components.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("components are\n%s\nwant\n%s", got, want)
	}
	plain := mustEngine(t, mustTiny(t, testenv.Tiny{Plain: true}), standard.Options{Rules: &standard.Rules{}}).Components()
	if want := []string{"normalise@1", "encode@1"}; len(plain) != 3 || !slices.Equal(plain[:2], want) || !strings.HasPrefix(plain[2], "intent@") {
		t.Errorf("a bundle with intents only: %v", plain)
	}
}

func TestAnalyse(t *testing.T) {
	b := mustTiny(t, testenv.Tiny{})
	e := mustEngine(t, b, standard.Options{})
	as, err := e.Analyse(t.Context(), nlu.Utterance{Text: "退"}, nlu.Utterance{Text: "cancel，北京"}, nlu.Utterance{Text: "天天天"}, nlu.Utterance{Text: "气"})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"refund.apply", "order.cancel", "", ""} {
		got := ""
		if len(as[i].Intents) > 0 {
			got = as[i].Intents[0].Label
		}
		if want != "" && got != want {
			t.Errorf("%q is %q, want %q", as[i].Text, got, want)
		}
		if as[i].Bundle != b.Manifest.ID || as[i].Timing.Total <= 0 {
			t.Errorf("%q: bundle %q, %+v", as[i].Text, as[i].Bundle, as[i].Timing)
		}
	}
	if as[2].OOS <= as[0].OOS {
		t.Errorf("out of scope: %v for %q, %v for %q", as[2].OOS, as[2].Text, as[0].OOS, as[0].Text)
	}
	if as[3].Emotion.Label != "angry" || as[3].Emotion.Valence != "negative" || as[0].Emotion.Label != "neutral" {
		t.Errorf("emotions %+v and %+v", as[3].Emotion, as[0].Emotion)
	}
	var types []string
	for _, ent := range as[1].Candidates {
		types = append(types, ent.Type+":"+ent.Text)
	}
	if !slices.Contains(types, "city:北京") || len(as[1].Entities) != 1 || as[1].Entities[0].Source != nlu.SourceLookup {
		t.Errorf("candidates %v, entities %v: the list of places should win", types, as[1].Entities)
	}
	if as[0].Language != nlu.Chinese {
		t.Errorf("language %q", as[0].Language)
	}
	if e.Manifest() != b.Manifest || e.Stats().Texts < 4 {
		t.Errorf("stats %+v", e.Stats())
	}
	if as, err := e.Analyse(t.Context()); err != nil || len(as) != 0 {
		t.Errorf("nothing: %v, %v", as, err)
	}
	var long *nlu.TooLongError
	if _, err := e.Analyse(t.Context(), nlu.Utterance{Text: "退"}, nlu.Utterance{Text: strings.Repeat("退", 99)}); !errors.As(err, &long) || long.Index != 1 {
		t.Errorf("too long: %v", err)
	}
}

// closing counts how often a backend is closed.
type closing struct {
	models.Backend
	closed int
}

func (c *closing) Close() error { c.closed++; return c.Backend.Close() }

// TestProbes: an engine that answers otherwise than its bundle did when it was built is not returned, and its backend is closed.
func TestProbes(t *testing.T) {
	tests := []struct {
		name   string
		change func(m *models.Manifest)
		want   string
	}{
		{"OK", func(m *models.Manifest) {}, ""},
		{"OKRounding", func(m *models.Manifest) { m.Probes[0].Logit += models.ProbeTolerance * 0.9 }, ""},
		{"OKNone", func(m *models.Manifest) { m.Probes = nil }, ""},
		{"ErrLogit", func(m *models.Manifest) { m.Probes[0].Logit += models.ProbeTolerance * 1.1 }, "to the probe"},
		{"ErrNaN", func(m *models.Manifest) { m.Probes[0].Logit = math.NaN() }, "to the probe"},
		{"ErrLabel", func(m *models.Manifest) { m.Probes[0].Label = "order.cancel" }, "not order.cancel"},
		{"ErrSecond", func(m *models.Manifest) {
			m.Probes = append(m.Probes, models.Probe{Text: "消", Head: models.HeadIntents, Label: "refund.apply"})
		}, `probe "消"`},
		{"ErrHead", func(m *models.Manifest) { m.Probes[0].Head = "nothing" }, "unknown head"},
		{"ErrLong", func(m *models.Manifest) { m.Probes[0].Text = strings.Repeat("退", 99) }, "tokens"},
		{"ErrNoIntentSpec", func(m *models.Manifest) { m.Intents = nil }, "no intents head"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := mustTiny(t, testenv.Tiny{})
			tt.change(b.Manifest)
			c := &closing{Backend: testenv.MustOpen(t, b, 1)}
			e, err := standard.New(t.Context(), b, c, standard.Options{Rules: &standard.Rules{}})
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				err = e.Close()
			} else if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), string(b.Manifest.ID)) {
				t.Errorf("got %v, want %q", err, tt.want)
			} else {
				err = nil
			}
			if err != nil || c.closed != 1 {
				t.Errorf("closed %d times, %v", c.closed, err)
			}
		})
	}
}

// TestRecord: what is recorded is what is checked.
func TestRecord(t *testing.T) {
	b := mustTiny(t, testenv.Tiny{Scale: 1.7})
	probes, err := mustEngine(t, b, standard.Options{}).Record(t.Context(), models.HeadIntents, "退", "cancel", "天气", "")
	if err != nil || len(probes) != 4 || probes[1].Label != "order.cancel" {
		t.Fatalf("%+v, %v", probes, err)
	}
	b.Manifest.Probes = probes
	mustEngine(t, b, standard.Options{})
}

// TestOverload: what the queue refuses comes out as it is.
func TestOverload(t *testing.T) {
	e := mustEngine(t, mustTiny(t, testenv.Tiny{NoProbe: true}), standard.Options{Queue: batch.Options{MaxWait: time.Nanosecond}, Rules: &standard.Rules{}})
	_, err := e.Analyse(t.Context(), slices.Repeat([]nlu.Utterance{{Text: "退"}}, 2000)...)
	if !errors.Is(err, models.ErrOverloaded) {
		t.Errorf("got %v", err)
	}
}

// TestDefault asks the default bundle what anyone would ask first.
func TestDefault(t *testing.T) {
	e := mustEngine(t, testenv.MustDefault(t), standard.Options{})
	as, err := e.Analyse(t.Context(), nlu.Utterance{Text: "我的订单20241105003到哪了"}, nlu.Utterance{Text: "how do I get a refund?"}, nlu.Utterance{Text: "你觉得明天股市会涨吗"})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range as[:2] {
		if len(a.Intents) == 0 {
			t.Errorf("%q was not understood: out of scope %.2f, %v", a.Text, a.OOS, a.Ranking[:2])
		}
	}
	for _, a := range as {
		t.Logf("%q: %v, out of scope %.2f, %s, %v", a.Text, a.Intents, a.OOS, a.Emotion.Label, a.Entities)
	}
	if as[2].OOS < max(as[0].OOS, as[1].OOS) {
		t.Errorf("small talk is less out of scope (%.2f) than business (%.2f, %.2f)", as[2].OOS, as[0].OOS, as[1].OOS)
	}
}

// TestEmbed: an analysis carries the embedding, a text alone and beside others has the same but for the last digit of float32 (sums of
// a batch are added up in another order), and Embed gives it without the rest. A bundle without the head gives none.
func TestEmbed(t *testing.T) {
	e := mustEngine(t, testenv.MustDefault(t), standard.Options{})
	texts := []string{"运费怎么算", "how much is shipping", "寄过去要多少邮费，能不能包邮", "退"}
	for i := range 70 { // more than are computed at a time, of many lengths
		texts = append(texts, strings.Repeat(texts[i%4], 1+i%3)+fmt.Sprint(i))
	}
	us := make([]nlu.Utterance, len(texts))
	for i, text := range texts {
		us[i].Text = text
	}
	as, err := e.Analyse(t.Context(), us...)
	if err != nil {
		t.Fatal(err)
	}
	vs, err := e.Embed(t.Context(), texts...)
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range texts {
		alone, err := e.Embed(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		norm, apart := 0.0, 0.0
		for j, v := range vs[i] {
			norm += float64(v) * float64(v)
			apart = max(apart, math.Abs(float64(v-alone[0][j])), math.Abs(float64(v-as[i].Embedding[j])))
		}
		if apart > 1e-6 || math.Abs(norm-1) > 1e-4 {
			t.Errorf("%q: length² %v; alone, in a batch and in an analysis it differs by %v", text, norm, apart)
		}
	}
	if vs, err := e.Embed(t.Context(), strings.Repeat("很长的话", 2000)); err != nil || len(vs) != 1 {
		t.Errorf("a long text gives %v", err)
	}
	tiny := mustEngine(t, mustTiny(t, testenv.Tiny{Plain: true}), standard.Options{})
	if vs, err := tiny.Embed(t.Context(), "退"); vs != nil || err != nil {
		t.Errorf("a bundle without the head gives %v, %v", vs, err)
	}
}

// TestConcurrent: many callers get what one gets.
func TestConcurrent(t *testing.T) {
	e := mustEngine(t, mustTiny(t, testenv.Tiny{}), standard.Options{Queue: batch.Options{Workers: 2}})
	texts := []string{"退", "cancel，北京", "天天天", "气", "消单退单"}
	var want []string
	form := func(a *nlu.Analysis) string { return fmt.Sprint(a.Logits, a.Intents, a.Entities) }
	for _, text := range texts {
		as, err := e.Analyse(t.Context(), nlu.Utterance{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, form(as[0]))
	}
	var wg sync.WaitGroup
	for c := range 8 {
		wg.Go(func() {
			for i := range 50 {
				k := (c + i) % len(texts)
				as, err := e.Analyse(context.Background(), nlu.Utterance{Text: texts[k]})
				if err != nil {
					t.Error(err)
					return
				}
				if got := form(as[0]); got != want[k] {
					t.Errorf("%q: got %s, alone %s", texts[k], got, want[k])
				}
			}
		})
	}
	wg.Wait()
}
