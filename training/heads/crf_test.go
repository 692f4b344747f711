package heads

import (
	"math"
	"math/rand/v2"
	"testing"
)

// bio is the rule for O, B-x, I-x, B-y, I-y.
func bio(n int) [][]bool {
	legal := make([][]bool, n)
	for a := range legal {
		legal[a] = make([]bool, n)
		for b := range legal[a] {
			legal[a][b] = b == 0 || b%2 == 1 || a == b || a == b-1
		}
	}
	return legal
}

// sequences calls f with every legal tag sequence.
func sequences(legal [][]bool, tokens int, f func(tags []int)) {
	tags := make([]int, tokens)
	var walk func(t int)
	walk = func(t int) {
		if t == tokens {
			f(tags)
			return
		}
		for b := range legal {
			if tags[t] = b; legal[before(tags, t)][b] {
				walk(t + 1)
			}
		}
	}
	walk(0)
}

// TestChain compares loss and gradients with a sum over all sequences, one by one; large logits must not overflow.
func TestChain(t *testing.T) {
	const n = 5
	rng := rand.New(rand.NewPCG(4, 5))
	for _, gold := range [][]int{{0}, {1, 2, 2}, {0, 3, 4, 0}, {1, 1, 2, 3}} {
		for _, size := range []float64{1, 300} {
			c := &chain{tags: n, legal: bio(n)}
			logits, transitions := make([]float32, len(gold)*n), make([]float32, n*n)
			for i := range logits {
				logits[i] = float32(rng.NormFloat64() * size)
			}
			for i := range transitions {
				transitions[i] = float32(rng.NormFloat64())
			}
			score := func(tags []int) float64 {
				s := 0.0
				for k, b := range tags {
					if s += float64(logits[k*n+b]); k > 0 {
						s += float64(transitions[tags[k-1]*n+b])
					}
				}
				return s
			}
			peak := math.Inf(-1)
			sequences(c.legal, len(gold), func(tags []int) { peak = max(peak, score(tags)) })
			sum, tag, pair := 0.0, make([]float64, len(logits)), make([]float64, n*n)
			sequences(c.legal, len(gold), func(tags []int) {
				p := math.Exp(score(tags) - peak)
				sum += p
				for k, b := range tags {
					if tag[k*n+b] += p; k > 0 {
						pair[tags[k-1]*n+b] += p
					}
				}
			})
			wantLoss := peak + math.Log(sum) - score(gold)
			for k, b := range gold {
				if tag[k*n+b] -= sum; k > 0 {
					pair[gold[k-1]*n+b] -= sum
				}
			}
			c.refresh(transitions)
			d := make([]float32, n*n)
			loss, ok := c.loss(logits, gold, transitions, d)
			if !ok || math.Abs(loss-wantLoss) > 1e-5*max(1, math.Abs(wantLoss)) {
				t.Fatalf("%v: loss %g, the sum over all sequences says %g", gold, loss, wantLoss)
			}
			for i, v := range logits {
				if math.Abs(float64(v)-tag[i]/sum) > 1e-5 {
					t.Errorf("%v: gradient of logit %d is %g, want %g", gold, i, v, tag[i]/sum)
				}
			}
			for i, v := range d {
				if math.Abs(float64(v)-pair[i]/sum) > 1e-5 {
					t.Errorf("%v: gradient of transition %d is %g, want %g", gold, i, v, pair[i]/sum)
				}
			}
		}
	}
}

// TestChainIllegal: a text that breaks the rule, here by beginning inside an entity, is left out whole.
func TestChainIllegal(t *testing.T) {
	c := &chain{tags: 3, legal: bio(3)}
	c.refresh(make([]float32, 9))
	logits, d := []float32{1, 2, 3}, make([]float32, 9)
	if loss, ok := c.loss(logits, []int{2}, make([]float32, 9), d); ok || loss != 0 || logits[2] != 3 || d[8] != 0 {
		t.Errorf("loss %g, %t, logits %v", loss, ok, logits)
	}
}

// TestTaggerChainGradient compares the gradient of the whole tagger, transitions included, with central differences.
func TestTaggerChainGradient(t *testing.T) {
	const dim, tags = 3, 5
	rng := rand.New(rand.NewPCG(1, 2))
	var data []Sentence
	for _, gold := range [][]int{{-1, 0, 1, 2, -1}, {3}, {-1}, {0, 0, 3, -1, 4, 4}, {1, 0}} {
		s := Sentence{Tags: gold}
		for range len(gold) * dim {
			s.States = append(s.States, float32(rng.NormFloat64()))
		}
		data = append(data, s)
	}
	o := TaggerOptions{Legal: bio(tags)}
	o.defaults()
	f := newTaggerFit(data, dim, tags, o)
	for i := range f.w {
		f.w[i] = float32(rng.NormFloat64() * 0.5)
	}
	loss := func() float64 {
		l, tokens, err := f.step([]int{0, 1, 2, 3, 4}, 0) // a rate of zero changes nothing
		if err != nil || tokens != 11 {
			t.Fatalf("%d tokens, %v", tokens, err)
		}
		return l
	}
	loss()
	grad := append([]float32(nil), f.grad...)
	const h = 1e-2
	for i := range f.w {
		at := f.w[i]
		f.w[i] = at + h
		up := loss()
		f.w[i] = at - h
		want := (up - loss()) / (2 * h)
		f.w[i] = at
		if math.Abs(float64(grad[i])-want) > 2e-3*max(1, math.Abs(want)) {
			t.Errorf("gradient %d is %g, differences say %g", i, grad[i], want)
		}
	}
}

// TestTaggerLearnsTransitions: states that do not tell B from I; only the neighbour does.
func TestTaggerLearnsTransitions(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 7))
	var data []Sentence
	for range 200 {
		s := Sentence{}
		for range 6 {
			inside := float32(rng.IntN(2))
			tag := 0
			if inside == 1 {
				tag = 1
				if n := len(s.Tags); n > 0 && s.Tags[n-1] > 0 {
					tag = 2 // an entity goes on: never two side by side
				}
			}
			s.States, s.Tags = append(s.States, inside), append(s.Tags, tag)
		}
		data = append(data, s)
	}
	tagger, err := FitTagger(t.Context(), data, 1, 3, TaggerOptions{Legal: bio(3), Epochs: 20, Rate: 0.05})
	if err != nil {
		t.Fatal(err)
	}
	at := func(a, b int) float32 { return tagger.Transitions[a*3+b] }
	if len(tagger.Transitions) != 9 || at(1, 2) <= at(1, 1) || at(2, 2) <= at(2, 1) {
		t.Errorf("transitions %v", tagger.Transitions)
	}
	if at(0, 2) != 0 {
		t.Errorf("a transition that cannot be is %g", at(0, 2))
	}
}
