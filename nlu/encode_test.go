package nlu_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"yingda/internal/testenv"
	"yingda/models"
	"yingda/models/batch"
	"yingda/nlu"
)

func TestTokeniser(t *testing.T) {
	tests := []struct {
		name   string
		fold   []string
		prefix string
		text   string
		want   []string // the raw text of each token; "" = special
	}{
		{"Plain", nil, "", "退单 cancel", []string{"", "退", "单", "cancel", ""}},
		{"Unknown", nil, "", "退xyz单", []string{"", "退", "xyz", "单", ""}},
		{"Empty", nil, "", "", []string{"", ""}},
		{"Simplify", []string{"simplify"}, "", "退單", []string{"", "退", "單", ""}},
		{"FullWidth", []string{"lower"}, "", "ＲＥＦＵＮＤ　退", []string{"", "ＲＥＦＵＮＤ", "退", ""}},
		{"Squeeze", []string{"squeeze"}, "", "退退退退退。", []string{"", "退", "退", "退退退", "。", ""}},
		{"ZeroWidth", []string{"simplify"}, "", "\u200b退\u200b單", []string{"", "退", "單", ""}},
		{"Prefix", nil, "cancel ", "退", []string{"", "", "退", ""}},
		{"PrefixAndFold", []string{"simplify"}, "cancel ", "Ａ單", []string{"", "", "Ａ", "單", ""}},
		{"PrefixOnly", nil, "cancel ", "", []string{"", "", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := testenv.MustTiny(t, testenv.Tiny{})
			b.Manifest.Tokenizer.Fold, b.Manifest.Tokenizer.Prefix = tt.fold, tt.prefix
			tok, err := nlu.NewTokeniser(b)
			if err != nil {
				t.Fatal(err)
			}
			ids, enc, err := tok.Encode(tt.text)
			if err != nil || len(ids) != len(enc.Tokens) || len(ids) != len(tt.want) {
				t.Fatalf("%d ids, %d tokens, want %d (%v)", len(ids), len(enc.Tokens), len(tt.want), err)
			}
			for i, token := range enc.Tokens {
				if got := tt.text[token.Start:token.End]; got != tt.want[i] || token.Special != (tt.want[i] == "") {
					t.Errorf("token %d is %q (special %v), want %q", i, got, token.Special, tt.want[i])
				}
			}
		})
	}
	t.Run("ErrFold", func(t *testing.T) {
		b := testenv.MustTiny(t, testenv.Tiny{})
		b.Manifest.Tokenizer.Fold = []string{"simplify", "upside_down"}
		if _, err := nlu.NewTokeniser(b); err == nil || !strings.Contains(err.Error(), "upside_down") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("ErrTokenizer", func(t *testing.T) {
		b := *testenv.MustTiny(t, testenv.Tiny{})
		b.Tokenizer = []byte("{}")
		if _, err := nlu.NewTokeniser(&b); err == nil {
			t.Error("a tokenizer without a model was taken")
		}
	})
}

// runner answers with the ids themselves.
type runner struct {
	mu   sync.Mutex
	runs [][][]int64
	err  error
}

func (r *runner) Do(_ context.Context, texts ...[]int64) ([]batch.Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.runs = append(r.runs, texts)
	out := make([]batch.Result, len(texts))
	for i, ids := range texts {
		out[i] = batch.Result{Queue: time.Second, Run: time.Minute, Rows: len(texts), Logits: make([]models.Logits, 5)}
		for h := range out[i].Logits {
			out[i].Logits[h] = models.Logits{Rows: 1, Cols: 2, Data: []float32{float32(h), float32(ids[1])}}
		}
	}
	return out, r.err
}

func TestEncoder(t *testing.T) {
	b := testenv.MustTiny(t, testenv.Tiny{MaxTokens: 6})
	b.Manifest.ID = "tiny-1"
	run := &runner{}
	e, err := nlu.NewEncoder(b, run)
	if err != nil {
		t.Fatal(err)
	}
	analyses := func(texts ...string) (as []*nlu.Analysis) {
		for _, text := range texts {
			as = append(as, &nlu.Analysis{Utterance: nlu.Utterance{Text: text}})
		}
		return as
	}
	t.Run("OK", func(t *testing.T) {
		as := analyses("退单", "天")
		if err := e.Annotate(t.Context(), as); err != nil {
			t.Fatal(err)
		}
		if len(run.runs) != 1 || len(run.runs[0]) != 2 {
			t.Fatalf("runs %v, want one with both texts", run.runs)
		}
		for i, first := range []float32{5, 7} { // ids of 退 and 天
			a := as[i]
			if a.Bundle != "tiny-1" || len(a.Logits) != len(b.Manifest.Heads) || a.Timing.Queue != time.Second || a.Timing.Inference != time.Minute || a.Timing.BatchRows != 2 {
				t.Errorf("analysis %d: %+v", i, a)
			}
			for h, head := range b.Manifest.Heads {
				if got := a.Logits[head.Name].Data; got[0] != float32(h) || got[1] != first {
					t.Errorf("text %d has %v as logits of %s", i, got, head.Name)
				}
			}
		}
	})
	t.Run("Longest", func(t *testing.T) {
		if err := e.Annotate(t.Context(), analyses("退单天气")); err != nil { // with [CLS] and [SEP] 6 tokens
			t.Error(err)
		}
	})
	t.Run("ErrTooLong", func(t *testing.T) {
		before := len(run.runs)
		var long *nlu.TooLongError
		if err := e.Annotate(t.Context(), analyses("退", "退单天气北")); !errors.As(err, &long) || *long != (nlu.TooLongError{Index: 1, Tokens: 7, Limit: 6}) {
			t.Errorf("got %v", err)
		}
		if len(run.runs) != before {
			t.Error("the model ran all the same")
		}
	})
	t.Run("ErrRunner", func(t *testing.T) {
		bad, err := nlu.NewEncoder(b, &runner{err: models.ErrOverloaded})
		if err != nil {
			t.Fatal(err)
		}
		if err := bad.Annotate(t.Context(), analyses("退")); !errors.Is(err, models.ErrOverloaded) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("Nothing", func(t *testing.T) {
		if err := e.Annotate(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}
