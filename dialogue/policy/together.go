package policy

import (
	"context"
	"regexp"
	"slices"

	"yingda/dialogue"
)

// Together returns a policy that decides one turn several times, for customers with other variants: what was found in the words of the message, or in
// the knowledge base, is found once. Its decisions are those of v. It is for one turn and one goroutine.
func (v *Variants) Together() dialogue.Policy { return &together{v, newHearing()} }

// Alike tells whether the same policy decides for customers with these variants: then nothing can differ.
func (v *Variants) Alike(tenant string, a, b map[string]string) bool {
	return v.of(tenant, a) == v.of(tenant, b)
}

type together struct {
	v *Variants
	h *hearing
}

// Decide implements [dialogue.Policy].
func (g *together) Decide(ctx context.Context, t dialogue.Turn) (dialogue.Decision, error) {
	return g.v.of(t.Message.Tenant, t.Variants).decide(ctx, t, g.h)
}

// hearing is what was found in the words of one message. Matching expressions is most of the work of a decision; policies that differ in thresholds or
// tasks share theirs, see [Settings.With], and so what was found. It keeps what depends on words alone, never what context, settings or tasks bear on.
type hearing struct {
	has  map[wording]bool
	cut  map[wording]string
	at   map[wording]span
	like map[phrase]bool
	hits []found
}

// wording is an expression tried on a text, phrase one of a single pattern.
type wording struct {
	m    *matcher
	text string
}

type phrase struct {
	re   *regexp.Regexp
	text string
}

type span struct {
	start, end int
	found      bool
}

// found is a search of the knowledge base.
type found struct {
	asked dialogue.Asked
	hits  []dialogue.Hit
}

func newHearing() *hearing {
	return &hearing{has: make(map[wording]bool, len(cues)), cut: map[wording]string{}, at: map[wording]span{}, like: map[phrase]bool{}}
}

// once returns what is known of a key, or finds it out.
func once[K comparable, V any](known map[K]V, key K, find func() V) V {
	v, ok := known[key]
	if !ok {
		v = find()
		known[key] = v
	}
	return v
}

// holds is matcher.has.
func (h *hearing) holds(m *matcher, text string) bool {
	return once(h.has, wording{m, text}, func() bool { return m.has(text) })
}

// without is matcher.without.
func (h *hearing) without(m *matcher, text string) string {
	return once(h.cut, wording{m, text}, func() string { return m.without(text) })
}

// first is matcher.first.
func (h *hearing) first(m *matcher, text string) (start, end int, ok bool) {
	s := once(h.at, wording{m, text}, func() (s span) {
		s.start, s.end, s.found = m.first(text)
		return s
	})
	return s.start, s.end, s.found
}

// matches is re.MatchString.
func (h *hearing) matches(re *regexp.Regexp, text string) bool {
	return once(h.like, phrase{re, text}, func() bool { return re.MatchString(text) })
}

// find asks the knowledge base once for the same. The turn's analysis, and with it the embedding, is the same for all.
func (h *hearing) find(ctx context.Context, k dialogue.Knowledge, q dialogue.Asked) ([]dialogue.Hit, error) {
	i := slices.IndexFunc(h.hits, func(f found) bool {
		a := f.asked
		return a.ID == q.ID && a.Tenant == q.Tenant && a.Text == q.Text && a.Lang == q.Lang && a.Bundle == q.Bundle && a.Limit == q.Limit && slices.Equal(a.Intents, q.Intents)
	})
	if i >= 0 {
		return h.hits[i].hits, nil
	}
	hits, err := k.Find(ctx, q)
	if err == nil {
		h.hits = append(h.hits, found{q, hits})
	}
	return hits, err
}

// adopt takes over from s the expressions whose patterns are the same, so that what they found can be shared.
func (next *Settings) adopt(s *Settings) {
	for c, m := range s.cues {
		if slices.Equal(next.Cues[c], s.Cues[c]) {
			next.cues[c] = m
		}
	}
	for i := range next.feelings {
		f := &next.feelings[i]
		j := slices.IndexFunc(s.feelings, func(o feeling) bool { return o.label == f.label })
		if j >= 0 && slices.Equal(next.Moods.Words[f.label], s.Moods.Words[f.label]) {
			f.words = s.feelings[j].words
		}
	}
	for i := range next.Hints {
		h := &next.Hints[i]
		for j := range s.Hints {
			if o := &s.Hints[j]; o.Match == h.Match && o.Unless == h.Unless {
				h.match, h.unless = o.match, o.unless
			}
		}
	}
	for i := range next.Options {
		o := &next.Options[i]
		if j := slices.IndexFunc(s.Options, func(p Option) bool { return p.Match == o.Match }); j >= 0 {
			o.match = s.Options[j].match
		}
	}
}
