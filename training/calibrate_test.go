package training

import (
	"math"
	"math/rand/v2"
	"testing"

	"yingda/models"
	"yingda/nlu"
	"yingda/training/corpus"
)

// TestTemperature recovers the temperature by which calibrated logits were multiplied.
func TestTemperature(t *testing.T) {
	for _, want := range []float64{0.25, 0.5, 1, 1.7, 4} {
		rng := rand.New(rand.NewPCG(1, uint64(want*100)))
		var logits [][]float32
		var labels []int
		for range 20000 {
			x := make([]float32, 5)
			draw, best := math.Inf(-1), 0
			for k := range x {
				z := rng.NormFloat64() * 2
				if g := z - math.Log(rng.ExpFloat64()); g > draw { // the Gumbel trick draws from softmax(z)
					draw, best = g, k
				}
				x[k] = float32(z * want)
			}
			logits, labels = append(logits, x), append(labels, best)
		}
		if got := temperature(logits, labels); math.Abs(got/want-1) > 0.04 {
			t.Errorf("found %.3f, want %.3f", got, want)
		}
	}
	// Where every answer is right, or every one wrong, the search stops at its bounds.
	sure := [][]float32{{5, 0}, {0, 5}}
	if low, high := temperature(sure, []int{0, 1}), temperature(sure, []int{1, 0}); low > 0.2 || high < 8 {
		t.Errorf("bounds %.3f and %.3f", low, high)
	}
	if none := temperature(nil, nil); none != 1 {
		t.Errorf("nothing to learn from gives %g, want 1", none)
	}
}

// tagged is a dataset of texts of one token a character, with entities.
func tagged(types []string, examples ...corpus.Example) *dataset {
	c := &corpus.Corpus{Examples: examples}
	f := &Features{Dim: 1, Pooled: make([]float32, len(examples))}
	for _, eg := range examples {
		tokens := []nlu.Token{{Special: true}}
		for i, r := range eg.Text {
			tokens = append(tokens, nlu.Token{Span: nlu.Span{Start: i, End: i + len(string(r))}})
		}
		f.Tokens = append(f.Tokens, append(tokens, nlu.Token{Special: true}))
		f.States = append(f.States, make([]float32, len(tokens)+1))
	}
	return newDataset(c, f, types)
}

func span(typ string, start, end int) corpus.EntitySpan {
	return corpus.EntitySpan{Type: typ, Start: start, End: end}
}

func TestSentences(t *testing.T) {
	d := tagged([]string{"city", "name"},
		corpus.Example{Text: "abcdef", HasEntities: true, Entities: []corpus.EntitySpan{span("city", 0, 2), span("city", 2, 4), span("name", 5, 6)}},
		corpus.Example{Text: "北京a", HasEntities: true, Entities: []corpus.EntitySpan{span("city", 0, 6), span("phone", 6, 7)}}, // phone is for rules
		corpus.Example{Text: "not marked"},
		corpus.Example{Text: "", HasEntities: true},
	)
	want := [][]int{{-1, 1, 2, 1, 2, 0, 3, -1}, {-1, 1, 2, 0, -1}, {-1, -1}}
	got := d.sentences(all(len(d.examples)))
	if len(got) != len(want) {
		t.Fatalf("%d sentences, want %d", len(got), len(want))
	}
	for i, s := range got {
		if len(s.Tags) != len(want[i]) {
			t.Fatalf("sentence %d has tags %v", i, s.Tags)
		}
		for j, tag := range s.Tags {
			if tag != want[i][j] {
				t.Errorf("sentence %d has tags %v, want %v", i, s.Tags, want[i])
				break
			}
		}
	}
}

// TestTransitions are finite and bounded, also for tags that never occur, and a manifest takes them.
func TestTransitions(t *testing.T) {
	for name, d := range map[string]*dataset{
		"Nothing": tagged([]string{"city"}),
		"Some": tagged([]string{"city", "name", "never"},
			corpus.Example{Text: "abcdefgh", HasEntities: true, Entities: []corpus.EntitySpan{span("city", 2, 5), span("name", 5, 6)}},
			corpus.Example{Text: "xyz", HasEntities: true}),
	} {
		tr := d.transitions()
		if len(tr) != len(d.tags) {
			t.Fatalf("%s: %d rows for %d tags", name, len(tr), len(d.tags))
		}
		for i, row := range tr {
			for j, v := range row {
				if len(row) != len(tr) || math.IsNaN(v) || math.Abs(v) > 4 {
					t.Errorf("%s: from %s to %s: %g", name, d.tags[i], d.tags[j], v)
				}
			}
		}
		if name == "Some" && (tr[1][2] <= tr[0][2] || tr[2][2] <= tr[0][2]) {
			t.Errorf("I-city follows O (%g) as well as B-city (%g) or I-city (%g)", tr[0][2], tr[1][2], tr[2][2])
		}
	}
}

// TestThresholds separates what is understood from what is not on held-out logits of which half are hopeless.
func TestThresholds(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	var egs []corpus.Example
	h := &heldOut{}
	for i := range 600 {
		eg := corpus.Example{Text: "x", HasIntents: true}
		x := []float32{0, 0, 0} // a, b, out of scope
		for k := range x {
			x[k] = float32(rng.NormFloat64())
		}
		if i%3 < 2 {
			eg.Intents = []string{"a", "b"}[i%3 : i%3+1]
			x[i%3] += 6
		} else {
			x[2] += 6
		}
		egs = append(egs, eg)
		h.intents, h.tokens = append(h.intents, x), append(h.tokens, models.Logits{})
	}
	d := tagged(nil, egs...)
	spec, err := d.intentSpec(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	if spec.Reject != OutOfScope || spec.OOS.Margin <= 0 || spec.MaxOOS <= 0 || spec.MaxOOS >= 1 || spec.MinScore < 0 || spec.Clause.MinScore != 0 {
		t.Errorf("spec %+v", spec)
	}
	dec, err := d.decoder(spec)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		logits []float32
		want   string
	}{{[]float32{6, 0, 0}, "a"}, {[]float32{0, 6, 0}, "b"}, {[]float32{0, 0, 6}, ""}} {
		a := &nlu.Analysis{Utterance: nlu.Utterance{Text: "x"}, Logits: map[string]models.Logits{models.HeadIntents: {Rows: 1, Cols: 3, Data: tt.logits}}}
		if err := dec.Annotate(t.Context(), []*nlu.Analysis{a}); err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(a.Intents) > 0 {
			got = a.Intents[0].Label
		}
		if got != tt.want {
			t.Errorf("%v is %q, want %q (out of scope %.2f)", tt.logits, got, tt.want, a.OOS)
		}
	}
}
