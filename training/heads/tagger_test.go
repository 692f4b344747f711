package heads_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"yingda/internal/testenv"
	"yingda/models/ort"
	"yingda/training/heads"
)

// sentences makes texts whose tags depend on a token and on its neighbours: after state 1 comes tag 1, before state 2 tag 2, else tag 0.
func sentences(n int) []heads.Sentence {
	rng := rand.New(rand.NewPCG(8, 9))
	var out []heads.Sentence
	for range n {
		tokens := 3 + rng.IntN(6)
		kind := make([]int, tokens)
		s := heads.Sentence{Tags: make([]int, tokens)}
		for i := range kind {
			kind[i] = rng.IntN(4)
			state := make([]float32, 6)
			for j := range state {
				state[j] = float32(rng.NormFloat64() * 0.05)
			}
			state[kind[i]] += 1
			s.States = append(s.States, state...)
		}
		for i := range kind {
			switch {
			case i > 0 && kind[i-1] == 1:
				s.Tags[i] = 1
			case i < tokens-1 && kind[i+1] == 2:
				s.Tags[i] = 2
			}
		}
		s.Tags[0] = -1
		out = append(out, s)
	}
	return out
}

func accuracy(t *heads.Tagger, data []heads.Sentence) float64 {
	right, total := 0, 0
	for _, s := range data {
		logits := t.Logits(s.States)
		for i, tag := range s.Tags {
			if tag < 0 {
				continue
			}
			row := logits[i*t.Tags : (i+1)*t.Tags]
			total++
			if slices.Index(row, slices.Max(row)) == tag {
				right++
			}
		}
	}
	return float64(right) / float64(total)
}

// TestTagger learns tags that hang on the token before and on the one after.
func TestTagger(t *testing.T) {
	data := sentences(300)
	var losses []float64
	o := heads.TaggerOptions{Epochs: 15, Rate: 0.05, Seed: 3, Progress: func(_ int, loss float64) { losses = append(losses, loss) }}
	tagger, err := heads.FitTagger(t.Context(), data[:200], 6, 3, o)
	if err != nil {
		t.Fatal(err)
	}
	if acc := accuracy(tagger, data[200:]); acc < 0.97 {
		t.Errorf("accuracy %.3f on sentences it has not seen", acc)
	}
	if len(losses) != 15 || losses[14] > losses[0]/2 {
		t.Errorf("losses %v", losses)
	}
}

// TestTaggerDeterminism: the same data and seed give the same weights; ONNX Runtime's product gives nearly the same.
func TestTaggerDeterminism(t *testing.T) {
	data := sentences(80)
	fit := func(o heads.TaggerOptions) *heads.Tagger {
		o.Epochs = 3
		tagger, err := heads.FitTagger(t.Context(), data, 6, 3, o)
		if err != nil {
			t.Fatal(err)
		}
		return tagger
	}
	testenv.MustORT(t)
	product, err := ort.NewGemm()
	if err != nil {
		t.Fatal(err)
	}
	defer product.Close()
	gemm := product.Mul
	a, b, other, fast, again := fit(heads.TaggerOptions{Seed: 1}), fit(heads.TaggerOptions{Seed: 1}), fit(heads.TaggerOptions{Seed: 2}), fit(heads.TaggerOptions{Seed: 1, Mul: gemm}), fit(heads.TaggerOptions{Seed: 1, Mul: gemm})
	differs := false
	for k := range a.W {
		if !slices.Equal(a.W[k], b.W[k]) || !slices.Equal(fast.W[k], again.W[k]) {
			t.Fatal("two fits differ")
		}
		differs = differs || !slices.Equal(a.W[k], other.W[k])
		for i, v := range a.W[k] {
			if math.Abs(float64(v-fast.W[k][i])) > 1e-3 {
				t.Fatalf("weight %d is %g in Go, %g with ONNX Runtime", i, v, fast.W[k][i])
			}
		}
	}
	if !slices.Equal(a.B, b.B) || !differs {
		t.Error("biases differ, or the seed does nothing")
	}
}

// TestTaggerLogits is the convolution, written out: outside the text there is nothing.
func TestTaggerLogits(t *testing.T) {
	tagger := &heads.Tagger{Dim: 1, Tags: 2, W: [3][]float32{{1, 10}, {100, 1000}, {2, 20}}, B: []float32{0.5, -0.5}}
	for _, tt := range []struct{ states, want []float32 }{
		{nil, []float32{}},
		{[]float32{3}, []float32{300.5, 2999.5}},
		{[]float32{3, 5}, []float32{310.5, 3099.5, 503.5, 5029.5}},
		{[]float32{1, 0, 2}, []float32{100.5, 999.5, 5.5, 49.5, 200.5, 1999.5}},
	} {
		if got := tagger.Logits(tt.states); !slices.Equal(got, tt.want) {
			t.Errorf("states %v give %v, want %v", tt.states, got, tt.want)
		}
	}
}

// TestTaggerOutside finds more when tag 0 weighs less.
func TestTaggerOutside(t *testing.T) {
	data := sentences(100)
	found := func(outside float64) (n int) {
		tagger, err := heads.FitTagger(t.Context(), data, 6, 3, heads.TaggerOptions{Epochs: 2, Outside: outside})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range data {
			for logits := tagger.Logits(s.States); len(logits) > 0; logits = logits[3:] {
				if row := logits[:3]; slices.Max(row) > row[0] {
					n++
				}
			}
		}
		return n
	}
	if low, high := found(0.1), found(3); low <= high {
		t.Errorf("%d tags at weight 0.1, %d at weight 3", low, high)
	}
}

func TestTaggerErrors(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := heads.FitTagger(cancelled, sentences(4), 6, 3, heads.TaggerOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	fail := errors.New("no")
	if _, err := heads.FitTagger(t.Context(), sentences(4), 6, 3, heads.TaggerOptions{Mul: func(bool, int, int, int, []float32, []float32, []float32) error { return fail }}); !errors.Is(err, fail) {
		t.Errorf("no product: %v", err)
	}
	bad := sentences(4)
	bad[1].States[6] = float32(math.NaN())
	if _, err := heads.FitTagger(t.Context(), bad, 6, 3, heads.TaggerOptions{}); err == nil || !strings.Contains(err.Error(), "check the features") {
		t.Errorf("not a number: %v", err)
	}
	if tagger, err := heads.FitTagger(t.Context(), nil, 6, 3, heads.TaggerOptions{}); err != nil || len(tagger.B) != 3 {
		t.Errorf("no sentences: %v, %v", tagger, err)
	}
}
