package measure

import (
	"context"
	"hash/fnv"
	"math"
	"testing"

	"yingda/dialogue/knowledge"
	"yingda/models"
)

// bag embeds a text as the sum of its characters' random directions: those with the same characters lie close.
type bag struct{}

func (bag) Bundle() models.BundleID { return "bag" }

func (bag) Embed(_ context.Context, texts ...string) ([][]float32, error) {
	out := make([][]float32, len(texts))
	for i, t := range texts {
		x := make([]float32, 48)
		x[0] = 1
		for _, r := range t {
			h := fnv.New64a()
			h.Write([]byte(string(r)))
			for j := range x {
				h.Write([]byte{byte(j)})
				x[j] += float32(int64(h.Sum64()>>40)) / (1 << 23)
			}
		}
		n := 0.0
		for _, v := range x {
			n += float64(v) * float64(v)
		}
		for j := range x {
			x[j] /= float32(math.Sqrt(n))
		}
		out[i] = x
	}
	return out, nil
}

// TestFit gives parameters that can be read back, find well and keep to the signs; the same data give the same parameters.
func TestFit(t *testing.T) {
	sets, err := Read(pack(t))
	if err != nil {
		t.Fatal(err)
	}
	for i := range sets {
		sets[i].Fits = true // the small samples of the test are our own
	}
	m, err := knowledge.NewMeaning(t.Context(), bag{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := Fit(t.Context(), sets, m, bag{}, Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range p.Weights {
		for k, s := range signs {
			if s != 0 && w.Rank[k]*s < least[k] || math.IsNaN(w.Rank[k]) {
				t.Errorf("%s: weight %d is %v", name, k, w.Rank[k])
			}
		}
	}
	again, err := Fit(t.Context(), sets, m, bag{}, Options{Seed: 1})
	if err != nil || *again.Weights["zh"] != *p.Weights["zh"] {
		t.Errorf("two fits differ: %v", err)
	}
	r, err := Evaluate(t.Context(), sets, m, bag{}, Options{Seed: 1, Params: p})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range r.Search {
		if x.Method == Fused && x.Set != "banking77" && x.First.Value < 0.9 {
			t.Errorf("%+v", x)
		}
	}
	if _, err := Fit(t.Context(), sets[:1], m, bag{}, Options{Seed: 1}); err == nil {
		t.Error("English is fitted on nothing")
	}
}
