package recognizer

import (
	"context"
	"sync/atomic"

	"yingda/nlu"
)

// Lookup finds the names of lists. It assigns candidates with SourceLookup and score 1: of names that overlap the leftmost, and of those
// the longest. Chinese names are found anywhere; a name that begins or ends with a letter or digit is not found inside a longer
// word or number ("app" in "apple").
type Lookup struct{ index atomic.Pointer[Index] }

var _ nlu.Component = (*Lookup)(nil)

// NewLookup returns a component that finds the names of x.
func NewLookup(x *Index) *Lookup {
	l := &Lookup{}
	l.Swap(x)
	return l
}

// Swap replaces the lists. Texts in work finish with the old ones.
func (l *Lookup) Swap(x *Index) { l.index.Store(x) }

// Name returns lookup@1.
func (l *Lookup) Name() string { return "lookup@1" }

// Requires the folded text.
func (l *Lookup) Requires() []nlu.Field { return []nlu.Field{nlu.FieldNormal} }

// Assigns candidates.
func (l *Lookup) Assigns() []nlu.Field { return []nlu.Field{nlu.FieldCandidates} }

// Annotate appends the names of each text. It never fails.
func (l *Lookup) Annotate(_ context.Context, as []*nlu.Analysis) error {
	x := l.index.Load()
	for _, a := range as {
		a.Candidates = x.lookup(a.Candidates, a)
	}
	return nil
}

// lookup appends the names in a text.
func (x *Index) lookup(dst []nlu.Entity, a *nlu.Analysis) []nlu.Entity {
	text := a.Normal.Text
	var buf [32]hit
	hits := x.words.find(buf[:0], text)
	leftmostLongest(hits)
	last := 0
	for _, h := range hits {
		if h.start < last || !bounded(text, h.start, h.end) {
			continue
		}
		for _, s := range x.spell[x.first[h.key]:x.first[h.key+1]] {
			l := &x.lists[s.list]
			n := &l.Names[s.name]
			if !n.allowed(text, h.start, h.end) {
				continue
			}
			ent := entity(a, h.start, h.end)
			ent.Type, ent.Value, ent.Role = l.Type, n.Value, n.Role
			ent.Score, ent.Source, ent.Rule = 1, nlu.SourceLookup, l.Name
			dst, last = append(dst, ent), h.end
		}
	}
	return dst
}
