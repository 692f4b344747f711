package knowledge

import "yingda/nlu"

// What is exported here is for measuring and fitting: it looks at rankings before thresholds, and at vectors that are known already.

// Query is a question whose vector is known in the space of a [Meaning].
type Query struct {
	Text   string
	Lang   nlu.Lang
	Vector []float32 // of Meaning.Vector; nil = by words alone
}

// Rank returns the best entries in the query's language, best first, without regard to thresholds; all candidates where limit is 0.
func (x *Index) Rank(q Query, limit int) []Match {
	s := x.langs[q.Lang]
	if s == nil {
		return nil
	}
	found := x.rankIn(s, query{item: analyse(q.Text), probe: newProbe(q.Vector)}, nil)
	if limit > 0 && len(found) > limit {
		found = found[:limit]
	}
	return found
}

// Compare gathers the evidence for two texts being the same question. Words are worth what they are worth in the index.
func (x *Index) Compare(a, b Query) Evidence {
	s := x.langs[a.Lang]
	if s == nil {
		s = &shard{}
	}
	left, right := query{item: analyse(a.Text)}, query{item: analyse(b.Text)}
	left.weigh(s)
	right.weigh(s)
	e := left.compare(&right.item, right.mass)
	if len(a.Vector) > 0 && len(a.Vector) == len(b.Vector) {
		e.Meaning = float64(dot(a.Vector, b.Vector))
	}
	e.Topic, e.Known = e.Meaning, e.Covered // an entry of one wording
	return e
}

// Likeness is the probability that two texts ask the same, on the evidence alone. meaning tells whether vectors are part of it.
func (p *Params) Likeness(e Evidence, lang nlu.Lang, meaning bool) float64 {
	return sigmoid(p.weights(lang, meaning).rank(&e))
}

// Vector returns a known text's vector, nil when it is not known.
func (m *Meaning) Vector(text string) []float32 {
	v, ok := m.vector(text)
	if !ok || v.scale == 0 {
		return nil
	}
	out := make([]float32, len(v.parts))
	for i, p := range v.parts {
		out[i] = float32(p) * v.scale
	}
	return out
}
