package recommend_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
	"yingda/dialogue/profile/recommend"
)

func mustLog(tb testing.TB) *eventlog.Log {
	tb.Helper()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	l, err := eventlog.Open(tb.Context(), eventlog.Options{Dir: tb.TempDir(), Master: bytes.Repeat([]byte{7}, 32), Logger: quiet, MaxBytes: 1 << 30})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	return l
}

// What two replicas count is added up, and is there after a restart.
func TestShared(t *testing.T) {
	l := mustLog(t)
	docs := func(o *recommend.Options) { o.Documents = l }
	a, b := mustRecommender(t, docs), mustRecommender(t, docs)
	learn := func(r *recommend.Recommender, customer string, products ...string) {
		for i, p := range products {
			if err := r.Learn(t.Context(), []dialogue.Event{turn(uint64(i+1), customer, customer, ago(2), nil, p)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range 12 {
		learn(a, string(rune('a'+i)), "咖啡机", "咖啡豆")
		learn(b, string(rune('a'+i)), "羽绒服", "跑步鞋")
	}
	for _, r := range []*recommend.Recommender{a, b, a} {
		if err := r.Share(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	fresh := mustRecommender(t, docs)
	if err := fresh.Share(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*recommend.Recommender{"replica": a, "restarted": fresh} {
		for bought, want := range map[string]string{"咖啡机": "beans", "羽绒服": "shoes"} {
			p := dialogue.Profile{History: []dialogue.HistoryItem{{Kind: "order", Product: bought, Time: ago(9)}}}
			if got := r.Recommend(t.Context(), "default", p, dialogue.State{}, 1); ids(got) != want {
				t.Errorf("%s: after %s %s, want %s", name, bought, ids(got), want)
			}
		}
	}
}

func TestRunsOnTheLog(t *testing.T) {
	l := mustLog(t)
	r := mustRecommender(t, func(o *recommend.Options) { o.Documents, o.Flush = l, 10*time.Millisecond })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx, l) }()
	ev := turn(0, "ann", "c1", ago(1), []string{"order.status"})
	tr, err := l.Load(ctx, ev.Key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(ctx, tr, &ev); err != nil {
		t.Fatal(err)
	}
	seen := false
	for range 500 {
		if seen = len(r.Next(ctx, "default", dialogue.Profile{}, dialogue.State{}, 1)) == 1; seen {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil || !seen {
		t.Errorf("%v, counted %v", err, seen)
	}
}

func TestCatalogueFaults(t *testing.T) {
	_, err := recommend.ParseCatalogue("products.yaml", []byte(`version: 1
products:
  - {id: a, zh: 甲, en: A, series: s, step: 1}
  - {id: a, zh: 乙, en: B, series: s, step: 1}
  - {id: "b c", zh: 丙, colour: red}
  - {id: d, zh: 丁, en: D, kind: thing, price: -1, series: s}
`))
	if err == nil {
		t.Fatal("taken")
	}
	for _, want := range []string{"products.yaml:4: products[1].id", "products.yaml:4: products[1].step", "products.yaml:5: products[2].id", "products[2].en", "products.yaml:5: field colour", "products.yaml:6: products[3].kind", "products[3].price", "products[3].step"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing about %q in:\n%v", want, err)
		}
	}
	_, err = recommend.ParseRules("recommend.yaml", []byte("version: 1\nslots: {prodcut: [x]}\nwhy: {because: {zh: 甲, en: A}}\nquestions: {a.b: {zh: 问}}\nhalf_life: 1s\n"))
	for _, want := range []string{"recommend.yaml:2: slots.prodcut", "recommend.yaml:3: why.because", "recommend.yaml:4: questions.a.b.en", "recommend.yaml:5: half_life"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("nothing about %q in:\n%v", want, err)
		}
	}
}
