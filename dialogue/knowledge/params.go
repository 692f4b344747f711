package knowledge

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"sync"

	"yingda/nlu"
)

//go:embed params.json
var paramsFile []byte

// Params weigh the evidence. They are data: 'yingda knowledge fit' makes them.
type Params struct {
	Version    int        `json:"version"`
	Fitted     string     `json:"fitted"` // on what, for people
	Thresholds Thresholds `json:"thresholds"`
	BM25       BM25       `json:"bm25"`
	// Candidates is how many questions are compared closely by words, and as many by meaning.
	Candidates int `json:"candidates"`
	// Weights by language and by what is known of the query: "zh" and "en" with meaning, "zh.words" and "en.words" by words alone.
	Weights map[string]*Weights `json:"weights"`
}

// Thresholds say what scores mean for an answer.
type Thresholds struct {
	Answer float64 `json:"answer"` // from here on an entry can be given as the answer
	Show   float64 `json:"show"`   // below, an entry is not even worth offering; Find leaves it out
	Intent float64 `json:"intent"` // score that an entry has at least when it answers the recognised intent
}

// BM25 are the two constants of Okapi BM25.
type BM25 struct {
	K1 float64 `json:"k1"`
	B  float64 `json:"b"`
}

// Weights are two logistic models. Rank orders entries by their best question. Score turns ranks into probabilities: its numbers
// weigh 1, the rank itself, and how far it is from the best of the other entries, bounded.
type Weights struct {
	Rank  [EvidenceSize]float64 `json:"rank"`
	Score [ScoreSize]float64    `json:"score"`
}

// ScoreSize is the number of weights of the second model.
const ScoreSize = 3

// maxLead bounds the distance to the best of the others, in units of the rank.
const maxLead = 4

func (w *Weights) rank(e *Evidence) float64 {
	sum := 0.0
	for i, f := range e.Features() {
		sum += w.Rank[i] * f
	}
	return sum
}

// score fills in the scores of ranked entries.
func (w *Weights) score(found []Match) {
	for i := range found {
		z := 0.0
		for k, f := range ScoreFeatures(found, i) {
			z += w.Score[k] * f
		}
		found[i].Score = sigmoid(z)
		if math.IsInf(found[i].Rank, -1) {
			found[i].Score = 0
		}
	}
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// ScoreFeatures returns the inputs of the second model for entry i of a ranked list.
func ScoreFeatures(found []Match, i int) [ScoreSize]float64 {
	other := math.Inf(-1)
	switch {
	case i > 0:
		other = found[0].Rank
	case len(found) > 1:
		other = found[1].Rank
	}
	return [ScoreSize]float64{1, found[i].Rank, max(-maxLead, min(maxLead, found[i].Rank-other))}
}

// DefaultParams returns the built-in parameters.
var DefaultParams = sync.OnceValue(func() *Params {
	p, err := ParseParams(paramsFile)
	if err != nil { // a test reads them
		return &Params{}
	}
	return p
})

// ParseParams reads parameters and checks them.
func ParseParams(data []byte) (*Params, error) {
	var p Params
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return nil, fmt.Errorf("knowledge parameters: %w", err)
	}
	if p.Version != 1 {
		return nil, fmt.Errorf("knowledge parameters: version is %d, this program reads 1", p.Version)
	}
	t := p.Thresholds
	if !(t.Show >= 0 && t.Show <= t.Answer && t.Answer <= 1 && t.Intent >= 0 && t.Intent <= 1) {
		return nil, fmt.Errorf("knowledge parameters: thresholds show %v, answer %v and intent %v: want 0 ≤ show ≤ answer ≤ 1", t.Show, t.Answer, t.Intent)
	}
	if p.Candidates < 1 || p.Candidates > 1000 || p.BM25.K1 <= 0 || p.BM25.B < 0 || p.BM25.B > 1 {
		return nil, fmt.Errorf("knowledge parameters: candidates %d, k1 %v, b %v: want 1–1000, above 0, 0–1", p.Candidates, p.BM25.K1, p.BM25.B)
	}
	for _, name := range []string{"zh", "en", "zh.words", "en.words"} {
		if p.Weights[name] == nil {
			return nil, fmt.Errorf("knowledge parameters: no weights %q", name)
		}
	}
	return &p, nil
}

// weights returns those for a language; one that is not known is weighed like Chinese.
func (p *Params) weights(lang nlu.Lang, meaning bool) *Weights {
	name := string(nlu.Chinese)
	if lang == nlu.English {
		name = string(nlu.English)
	}
	if !meaning {
		name += ".words"
	}
	return p.Weights[name]
}
