package measure

import (
	"context"
	"fmt"
	"slices"

	"yingda/dialogue/knowledge"
)

// Options say how much is measured.
type Options struct {
	// Params are measured; nil = the built-in ones.
	Params *knowledge.Params
	// Pairs is how many pairs of each part are drawn, 0 = all.
	Pairs int
	// Seed of what is drawn.
	Seed uint64
	// Progress is told how far it is; may be nil.
	Progress func(stage string, done, total int)
}

// Method is a way to search.
type Method string

// The methods that are compared.
const (
	Baseline Method = "plain BM25" // see plain
	ByWords  Method = "words"      // the knowledge base without vectors
	Meaning  Method = "meaning"    // by the cosine of embeddings alone
	Fused    Method = "fused"      // the knowledge base as it is
)

// Methods lists them in the order of reports.
var Methods = []Method{Baseline, ByWords, Meaning, Fused}

// PairRow is how well a method tells pairs that ask the same from those that do not.
type PairRow struct {
	Set      string `json:"set"`
	Method   Method `json:"method"`
	AUC      Figure `json:"auc"`
	Accuracy Figure `json:"accuracy"` // at the threshold that was best on the development part
}

// SearchRow is how well a method finds the right entries.
type SearchRow struct {
	Set     string `json:"set"`
	Entries int    `json:"entries"`
	Method  Method `json:"method"`
	First   Figure `json:"first"` // share of questions with a right entry first
	Three   Figure `json:"three"` // among the first three
	MRR     Figure `json:"mrr"`   // mean of 1/position of the first right one among ten
}

// AnswerRow is what the answers at the threshold are worth.
type AnswerRow struct {
	Set       string  `json:"set"`
	Entries   int     `json:"entries"` // mean over the bases
	Method    Method  `json:"method"`
	Right     Figure  `json:"right"`       // of the answers given
	Given     Figure  `json:"given"`       // right answers, of the questions that have one
	Mistaken  Figure  `json:"mistaken"`    // answers given, of the questions that have none
	Error     float64 `json:"calibration"` // mean distance of scores of first hits from the share that is right
	Questions int     `json:"questions"`
}

// Report is what Evaluate found.
type Report struct {
	Bundle  string      `json:"bundle,omitempty"`
	Pairs   []PairRow   `json:"pairs"`
	Search  []SearchRow `json:"search"`
	Answers []AnswerRow `json:"answers"`
}

// evaluator carries what all measurements need.
type evaluator struct {
	o       Options
	meaning *knowledge.Meaning // nil = by words alone
	embed   knowledge.Embedder
}

// Evaluate measures on the test parts. m may be nil: then only words are measured.
func Evaluate(ctx context.Context, sets []Set, m *knowledge.Meaning, e knowledge.Embedder, o Options) (*Report, error) {
	if o.Params == nil {
		o.Params = knowledge.DefaultParams()
	}
	v := &evaluator{o: o, meaning: m, embed: e}
	r := &Report{}
	if m != nil {
		r.Bundle = string(m.Bundle)
	}
	for i := range sets {
		s := sets[i]
		s.Dev.Pairs, s.Test.Pairs = sample(s.Dev.Pairs, o.Pairs, o.Seed), sample(s.Test.Pairs, o.Pairs, o.Seed)
		if err := v.set(ctx, &s, r); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return r, nil
}

func (v *evaluator) set(ctx context.Context, s *Set, r *Report) error {
	search := faqTrial(s.Name, s.Lang, s.Test)
	if len(s.Test.Pairs) > 0 {
		search = searchTrial(s.Name, s.Lang, s.Test.Pairs)
	}
	answers := trialsOfAnswers(s, s.Test, v.o.Seed)
	all := append(texts([]Trial{search}), texts(answers)...)
	for _, ps := range [][]Pair{s.Dev.Pairs, s.Test.Pairs} {
		for _, p := range ps {
			all = append(all, p.A, p.B)
		}
	}
	if err := v.know(ctx, s.Name, all); err != nil {
		return err
	}
	for _, m := range v.methods() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(s.Test.Pairs) > 0 {
			r.Pairs = append(r.Pairs, v.pairs(s, m))
		}
		r.Search = append(r.Search, v.search(&search, m))
		if m == ByWords || m == Fused {
			r.Answers = append(r.Answers, v.answers(s.Name, answers, m))
		}
		v.report(s.Name+" "+string(m), 1, 1)
	}
	return nil
}

func (v *evaluator) methods() []Method {
	if v.meaning == nil {
		return Methods[:2]
	}
	return Methods
}

func (v *evaluator) report(stage string, done, total int) {
	if v.o.Progress != nil {
		v.o.Progress(stage, done, total)
	}
}

// know computes the vectors of texts.
func (v *evaluator) know(ctx context.Context, name string, all []string) error {
	if v.meaning == nil {
		return nil
	}
	_, err := v.meaning.Add(ctx, v.embed, all, func(done, total int) { v.report("embed "+name, done, total) })
	return err
}

// query makes a question of a text for a method.
func (v *evaluator) query(text string, t *Trial, m Method) knowledge.Query {
	q := knowledge.Query{Text: text, Lang: t.Lang}
	if m != ByWords && v.meaning != nil {
		q.Vector = v.meaning.Vector(text)
	}
	return q
}

// params returns the parameters of a method: for meaning alone only the cosine counts.
func (v *evaluator) params(m Method) *knowledge.Params {
	if m != Meaning {
		return v.o.Params
	}
	p, w := *v.o.Params, &knowledge.Weights{Score: [knowledge.ScoreSize]float64{0, 1}}
	w.Rank[1] = 1
	p.Weights = map[string]*knowledge.Weights{"zh": w, "en": w, "zh.words": w, "en.words": w}
	return &p
}

func (v *evaluator) index(t *Trial, m Method) *knowledge.Index {
	meaning := v.meaning
	if m == ByWords {
		meaning = nil
	}
	return knowledge.NewIndex(t.Entries, v.params(m), meaning)
}

// pairs measures a method on pairs. Words are worth what they are worth among the development part's sentences.
func (v *evaluator) pairs(s *Set, m Method) PairRow {
	base := searchTrial(s.Name, s.Lang, s.Dev.Pairs)
	x := v.index(&base, m)
	var docs []string
	for _, e := range base.Entries {
		docs = append(docs, e.Questions[0])
	}
	b := newPlain(docs)
	score := func(ps []Pair) []scoredPair {
		out := make([]scoredPair, len(ps))
		for i, p := range ps {
			out[i].same = p.Same
			if m == Baseline {
				out[i].score = b.likeness(p.A, p.B)
				continue
			}
			e := x.Compare(v.query(p.A, &base, m), v.query(p.B, &base, m))
			out[i].score = v.params(m).Likeness(e, s.Lang, m != ByWords)
		}
		return out
	}
	cut := bestCut(score(s.Dev.Pairs))
	test := score(s.Test.Pairs)
	return PairRow{Set: s.Name, Method: m, AUC: auc(test), Accuracy: accuracy(test, cut)}
}

// search measures a method on questions that have an answer.
func (v *evaluator) search(t *Trial, m Method) SearchRow {
	x := v.index(t, m)
	var docs, owner []string
	for _, e := range t.Entries {
		for _, q := range e.Questions {
			docs, owner = append(docs, q), append(owner, e.ID)
		}
	}
	b := newPlain(docs)
	first, three, n := 0, 0, 0
	var reciprocal []float64
	for _, q := range t.Asked {
		if len(q.Right) == 0 {
			continue
		}
		var ids []string
		if m == Baseline {
			ids = b.entries(q.Text, owner, 10)
		} else {
			for _, f := range x.Rank(v.query(q.Text, t, m), 10) {
				ids = append(ids, f.ID)
			}
		}
		n++
		at := slices.IndexFunc(ids, func(id string) bool { return slices.Contains(q.Right, id) })
		r := 0.0
		if at >= 0 {
			r = 1 / float64(at+1)
		}
		if at == 0 {
			first++
		}
		if at >= 0 && at < 3 {
			three++
		}
		reciprocal = append(reciprocal, r)
	}
	return SearchRow{Set: t.Name, Entries: len(t.Entries), Method: m, First: share(first, n), Three: share(three, n), MRR: mean(reciprocal)}
}

// answers measures what a method answers when it may be silent.
func (v *evaluator) answers(name string, trials []Trial, m Method) AnswerRow {
	row := AnswerRow{Set: name, Method: m}
	var right, given, answerable, mistaken, without, entries int
	var firsts []scoredPair
	for i := range trials {
		t := &trials[i]
		x := v.index(t, m)
		entries += len(t.Entries)
		for _, q := range t.Asked {
			found := x.Rank(v.query(q.Text, t, m), 1)
			ok := len(found) > 0 && slices.Contains(q.Right, found[0].ID)
			answered := len(found) > 0 && found[0].Score >= v.o.Params.Thresholds.Answer
			if len(found) > 0 {
				firsts = append(firsts, scoredPair{found[0].Score, ok})
			}
			if answered {
				given++
			}
			if answered && ok {
				right++
			}
			if len(q.Right) > 0 {
				answerable++
			} else {
				without++
				if answered {
					mistaken++
				}
			}
			row.Questions++
		}
	}
	row.Right, row.Given, row.Mistaken = share(right, given), share(right, answerable), share(mistaken, without)
	row.Error, row.Entries = calibrationError(firsts), entries/max(len(trials), 1)
	return row
}
