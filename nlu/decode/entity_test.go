package decode_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"yingda/models"
	"yingda/nlu"
	"yingda/nlu/decode"
)

var tags = []string{"O", "B-city", "I-city", "B-item", "I-item"}

func mustEntity(tb testing.TB, transitions [][]float64, minScore float64, tags ...string) *decode.Entity {
	tb.Helper()
	d, err := decode.NewEntity(&models.Manifest{
		Heads:    []models.Head{{Name: models.HeadEntities, Kind: models.Tokens, Labels: tags}},
		Entities: &models.EntitySpec{Temperature: 1, MinScore: minScore, Transitions: transitions},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// legal tells whether a path is proper BIO: I-x only after B-x or I-x.
func legal(tags []string, path []int) bool {
	prev := "O"
	for _, i := range path {
		if typ, inside := strings.CutPrefix(tags[i], "I-"); inside && prev != "B-"+typ && prev != "I-"+typ {
			return false
		}
		prev = tags[i]
	}
	return true
}

func score(rows [][]float64, transitions [][]float64, path []int) float64 {
	s := 0.0
	for i, tag := range path {
		s += math.Log(rows[i][tag] + 1e-12)
		if i > 0 && transitions != nil {
			s += transitions[path[i-1]][tag]
		}
	}
	return s
}

// TestViterbi compares with trying every path.
func TestViterbi(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for round := range 400 {
		var transitions [][]float64
		if round%2 == 0 {
			for range tags {
				row := make([]float64, len(tags))
				for i := range row {
					row[i] = rng.NormFloat64()
				}
				transitions = append(transitions, row)
			}
		}
		d := mustEntity(t, transitions, 0, tags...)
		rows := make([][]float64, 1+rng.IntN(5))
		for i := range rows {
			rows[i] = randomRow(rng, len(tags))
		}
		got := d.Viterbi(rows)
		if len(got) != len(rows) || !legal(tags, got) {
			t.Fatalf("path %v for %d tokens", got, len(rows))
		}
		best := math.Inf(-1)
		path := make([]int, len(rows))
		for n := range int(math.Pow(float64(len(tags)), float64(len(rows)))) {
			for i := range path {
				path[i], n = n%len(tags), n/len(tags)
			}
			if legal(tags, path) {
				best = max(best, score(rows, transitions, path))
			}
		}
		if s := score(rows, transitions, got); math.Abs(s-best) > 1e-9 {
			t.Fatalf("path %v scores %v, the best one %v", got, s, best)
		}
	}
	if got := mustEntity(t, nil, 0, tags...).Viterbi(nil); len(got) != 0 {
		t.Errorf("no tokens: %v", got)
	}
}

func randomRow(rng *rand.Rand, n int) []float64 {
	row := make([]float64, n)
	sum := 0.0
	for i := range row {
		row[i] = math.Exp(2 * rng.NormFloat64())
		sum += row[i]
	}
	for i := range row {
		row[i] /= sum
	}
	return row
}

// analysis has one token a character of text, with [CLS] and [SEP] around, and logits that make want[i] likely for character i.
func analysis(text string, want []string) *nlu.Analysis {
	a := &nlu.Analysis{Utterance: nlu.Utterance{Text: text}}
	l := models.Logits{Cols: len(tags)}
	add := func(tag string, tok nlu.Token) {
		row := make([]float32, len(tags))
		if i := slices.Index(tags, tag); i >= 0 {
			row[i] = 5
		}
		l.Data, l.Rows = append(l.Data, row...), l.Rows+1
		a.Encoding.Tokens = append(a.Encoding.Tokens, tok)
	}
	add("B-item", nlu.Token{Special: true}) // what is said about special tokens does not count
	i := 0
	for at, r := range text {
		add(want[i], nlu.Token{Span: nlu.Span{Start: at, End: at + len(string(r))}})
		i++
	}
	add("I-item", nlu.Token{Special: true})
	a.Logits = map[string]models.Logits{models.HeadEntities: l}
	return a
}

func TestEntities(t *testing.T) {
	b, i, o := "B-city", "I-city", "O"
	tests := []struct {
		name, text string
		tags       []string
		want       []string // type:surface
	}{
		{"OKNone", "你好", []string{o, o}, nil},
		{"OKOne", "到北京去", []string{o, b, i, o}, []string{"city:北京"}},
		{"OKWhole", "北京", []string{b, i}, []string{"city:北京"}},
		{"OKNeighbours", "北京上海", []string{b, i, b, i}, []string{"city:北京", "city:上海"}},
		{"OKTypes", "北京鞋", []string{b, i, "B-item"}, []string{"city:北京", "item:鞋"}},
		{"OKRepaired", "到北京", []string{o, i, i}, []string{"city:北京"}}, // an I without its B becomes one
		{"OKTrim", "到 北京，", []string{o, b, i, i, i}, []string{"city:北京"}},
		{"OKTrimQuotes", "“北京”", []string{b, i, i, i}, []string{"city:北京"}},
		{"OKTrimInside", "北 京", []string{b, i, i}, []string{"city:北 京"}},
		{"OKOnlyMarks", "，。", []string{b, i}, nil},
		{"OKOnlySpace", "a \u3000", []string{o, b, i}, nil},
		{"OKKeepsMarksOfNames", "C++", []string{b, i, i}, []string{"city:C++"}},
	}
	d := mustEntity(t, nil, 0, tags...)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := analysis(tt.text, tt.tags)
			if err := d.Annotate(t.Context(), []*nlu.Analysis{a}); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range a.Candidates {
				got = append(got, e.Type+":"+e.Text)
				if e.Text != a.Text[e.Start:e.End] || e.Source != nlu.SourceModel || e.Score <= 0 || e.Score > 1 {
					t.Errorf("%+v", e)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestEntityMinScore(t *testing.T) {
	for minScore, want := range map[float64]int{0: 1, 0.9: 1, 0.99: 0} {
		a := analysis("北京", []string{"B-city", "I-city"})
		a.Candidates = []nlu.Entity{{Type: "kept"}}
		if err := mustEntity(t, nil, minScore, tags...).Annotate(t.Context(), []*nlu.Analysis{a}); err != nil || len(a.Candidates) != 1+want {
			t.Errorf("min_score %v: %d candidates (%v)", minScore, len(a.Candidates), err)
		}
	}
}

func FuzzViterbi(f *testing.F) {
	f.Add([]byte{0, 10, 200, 3, 4, 255, 1, 2, 3, 4})
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, data []byte) {
		some := tags
		if len(data) > 0 && data[0]%4 == 1 {
			some = []string{"O", "I-city", "B-item"} // an I without a B is never reached
		}
		d := mustEntity(t, nil, 0, some...)
		var rows [][]float64
		for i := 0; i+len(some) <= len(data); i += len(some) {
			row := make([]float64, len(some))
			for k := range row {
				row[k] = float64(data[i+k]) / 255
			}
			rows = append(rows, row)
		}
		if path := d.Viterbi(rows); len(path) != len(rows) || !legal(some, path) {
			t.Fatalf("path %v for %v", path, rows)
		}
	})
}
