package decode

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"yingda/models"
	"yingda/nlu"
)

// ruleModel names the entities of this component in Entity.Rule.
const ruleModel = "entities"

// Entity is the component that reads the entities head.
type Entity struct {
	tags        []string
	types       []string // type of each tag, "" for O
	begin       []bool
	transitions [][]float64 // log-domain, −Inf where illegal
	before      [][]int     // tags that may stand before each tag
	spec        models.EntitySpec
}

var _ nlu.Component = (*Entity)(nil)

// NewEntity makes the component for a bundle with an entities head.
func NewEntity(m *models.Manifest) (*Entity, error) {
	i := m.HeadIndex(models.HeadEntities)
	if i < 0 || m.Entities == nil {
		return nil, errors.New("decode entities: the bundle has no entities head")
	}
	d := &Entity{tags: m.Heads[i].Labels, spec: *m.Entities}
	for _, t := range d.tags {
		_, typ, _ := strings.Cut(t, "-")
		d.types = append(d.types, typ)
		d.begin = append(d.begin, strings.HasPrefix(t, "B-"))
	}
	weight := d.spec.TransitionWeight
	if weight == 0 {
		weight = 1
	}
	d.transitions = make([][]float64, len(d.tags))
	for a := range d.tags {
		d.transitions[a] = make([]float64, len(d.tags))
		for b := range d.tags {
			if len(d.spec.Transitions) > 0 {
				d.transitions[a][b] = weight * d.spec.Transitions[a][b]
			}
			if !d.legal(a, b) {
				d.transitions[a][b] = math.Inf(-1)
			}
		}
	}
	d.before = make([][]int, len(d.tags))
	for b := range d.tags {
		for a := range d.tags {
			if d.legal(a, b) {
				d.before[b] = append(d.before[b], a)
			}
		}
	}
	return d, nil
}

// legal tells whether tag b may follow tag a: I-x only after B-x or I-x.
func (d *Entity) legal(a, b int) bool {
	return d.types[b] == "" || d.begin[b] || d.types[a] == d.types[b]
}

// Name implements [nlu.Component].
func (d *Entity) Name() string { return "entity@1" }

// Requires implements [nlu.Component].
func (d *Entity) Requires() []nlu.Field { return []nlu.Field{nlu.FieldLogits} }

// Assigns implements [nlu.Component].
func (d *Entity) Assigns() []nlu.Field { return []nlu.Field{nlu.FieldCandidates} }

// Annotate implements [nlu.Component].
func (d *Entity) Annotate(_ context.Context, as []*nlu.Analysis) error {
	for _, a := range as {
		a.Candidates = append(a.Candidates, d.spans(a)...)
	}
	return nil
}

// spans decodes one text.
func (d *Entity) spans(a *nlu.Analysis) []nlu.Entity {
	logits := a.Logits[models.HeadEntities]
	var rows [][]float64
	var where []nlu.Span
	for i, t := range a.Encoding.Tokens {
		if t.Special || t.Len() == 0 {
			continue
		}
		row := make([]float64, logits.Cols)
		Softmax(logits.Row(i), d.spec.Temperature, row)
		rows, where = append(rows, row), append(where, t.Span)
	}
	path := d.Viterbi(rows)
	var out []nlu.Entity
	for i := 0; i < len(path); {
		if d.types[path[i]] == "" {
			i++
			continue
		}
		j, score := i+1, rows[i][path[i]]
		for j < len(path) && d.types[path[j]] == d.types[path[i]] && !d.begin[path[j]] {
			score = min(score, rows[j][path[j]])
			j++
		}
		span := trim(a.Text, nlu.Span{Start: where[i].Start, End: where[j-1].End})
		if span.Len() > 0 && score >= d.spec.MinScore {
			out = append(out, nlu.Entity{Span: span, Type: d.types[path[i]], Text: a.Text[span.Start:span.End], Score: score, Source: nlu.SourceModel, Rule: ruleModel})
		}
		i = j
	}
	return out
}

// Viterbi returns the best legal tag sequence for rows of probabilities: the sum of log p and transitions is largest.
// A sequence cannot begin inside an entity.
func (d *Entity) Viterbi(rows [][]float64) []int {
	if len(rows) == 0 {
		return nil
	}
	n := len(d.tags)
	score := make([]float64, n)
	for b := range n {
		score[b] = math.Log(rows[0][b] + 1e-12)
		if d.types[b] != "" && !d.begin[b] {
			score[b] = math.Inf(-1)
		}
	}
	back := make([][]int, len(rows))
	next := make([]float64, n)
	for t := 1; t < len(rows); t++ {
		back[t] = make([]int, n)
		for b := range n {
			best, from := math.Inf(-1), 0
			for _, a := range d.before[b] {
				if s := score[a] + d.transitions[a][b]; s > best {
					best, from = s, a
				}
			}
			next[b], back[t][b] = best+math.Log(rows[t][b]+1e-12), from
		}
		score, next = next, score
	}
	path := make([]int, len(rows))
	last := 0
	for b := range n {
		if score[b] > score[last] {
			last = b
		}
	}
	for t := len(rows) - 1; t >= 0; t-- {
		path[t] = last
		if t > 0 {
			last = back[t][last]
		}
	}
	return path
}

// trim takes white space and punctuation off the ends of a span: tokens may carry the space or the comma beside a name.
func trim(text string, s nlu.Span) nlu.Span {
	loose := func(r rune) bool {
		return unicode.IsSpace(r) || slices.Contains([]rune("，。！？、；：,.!?;:\"'“”‘’()（）【】《》~"), r)
	}
	for s.Start < s.End {
		r, n := utf8.DecodeRuneInString(text[s.Start:s.End])
		if !loose(r) {
			break
		}
		s.Start += n
	}
	for s.Start < s.End {
		r, n := utf8.DecodeLastRuneInString(text[s.Start:s.End])
		if !loose(r) {
			break
		}
		s.End -= n
	}
	return s
}
