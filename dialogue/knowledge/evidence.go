package knowledge

import (
	"math"
	"slices"
)

// Evidence is what speaks for and against two questions being the same. Topic and Known are about the entry, the others about one of
// its wordings. All but the cosines lie in 0–1.
type Evidence struct {
	Meaning float64 `json:"meaning"` // cosine of the embeddings, −1–1; 0 when there is none
	Covered float64 `json:"covered"` // share of what the query's words are worth that the question has too
	Covers  float64 `json:"covers"`  // share of what the question's words are worth that the query has too
	Order   float64 `json:"order"`   // longest common subsequence of characters, over the mean length
	Same    float64 `json:"same"`    // 1: equal but for spelling
	Longer  float64 `json:"longer"`  // 1 − shorter length over longer length
	Turned  float64 `json:"turned"`  // 1: one says not to what the other says (不能 and 能)
	Numbers float64 `json:"numbers"` // 1: numbers that differ; ½: only one of the two has any
	Asks    float64 `json:"asks"`    // 1: they ask for different things (when, how, why …)
	Topic   float64 `json:"topic"`   // cosine of the query and the mean of all wordings of the entry, −1–1
	Known   float64 `json:"known"`   // share of what the query's words are worth that some wording of the entry has
}

// EvidenceSize is the number of weights, the bias included.
const EvidenceSize = 14

// Features returns the evidence as numbers for a linear model. The products let words count for less where the meaning is close, and the
// other way round.
func (e *Evidence) Features() [EvidenceSize]float64 {
	both := math.Sqrt(e.Covered * e.Covers)
	return [EvidenceSize]float64{1, e.Meaning, e.Covered, e.Covers, both, e.Order, e.Same, e.Longer, e.Turned, e.Numbers, e.Asks, e.Meaning * both, e.Topic, e.Known}
}

// compare gathers the evidence for item i.
func (s *shard) compare(q *query, i int) Evidence {
	e := q.compare(s.items[i], s.masses[i])
	if q.probe != nil && s.vectors != nil {
		e.Meaning = float64(s.vectors.cosine(q.probe, i))
	}
	return e
}

// about adds the evidence that is the same for all wordings of an entry. o is the entry's index, r the entry.
func (s *shard) about(q *query, o int32, r *record, e *Evidence) {
	if q.probe != nil && s.topics != nil {
		e.Topic = float64(s.topics.cosine(q.probe, s.local[o]))
	}
	if q.mass == 0 {
		return
	}
	var sum float32
	k := 0
	for i, t := range q.terms {
		for k < len(r.vocabulary) && r.vocabulary[k] < t.hash {
			k++
		}
		if k < len(r.vocabulary) && r.vocabulary[k] == t.hash {
			sum += q.idf[i]
		}
	}
	e.Known = float64(sum / q.mass)
}

// compare gathers the evidence that needs no vector. mass is what the item's terms are worth.
func (q *query) compare(it *item, mass float32) Evidence {
	shared := q.shared(it)
	e := Evidence{Order: commonOrder(q.runes, it.runes), Longer: longer(len(q.runes), len(it.runes))}
	if q.mass > 0 && mass > 0 {
		e.Covered, e.Covers = float64(shared/q.mass), float64(shared/mass)
	}
	if len(q.runes) > 0 && slices.Equal(q.runes, it.runes) {
		e.Same = 1
	}
	if turned(&q.item, it) || turned(it, &q.item) {
		e.Turned = 1
	}
	if q.asks != 0 && it.asks != 0 && q.asks&it.asks == 0 {
		e.Asks = 1
	}
	e.Numbers = differing(q.numbers, it.numbers)
	return e
}

// shared sums the idf of the terms that both have.
func (q *query) shared(it *item) float32 {
	var sum float32
	k := 0
	for j, t := range q.terms {
		for k < len(it.terms) && it.terms[k].hash < t.hash {
			k++
		}
		if k == len(it.terms) {
			break
		}
		if it.terms[k].hash == t.hash {
			sum += q.idf[j]
		}
	}
	return sum
}

// turned tells whether a negates a term that b has without negating it.
func turned(a, b *item) bool {
	return slices.ContainsFunc(a.negated, func(h uint64) bool { return b.has(h) && !slices.Contains(b.negated, h) })
}

func longer(a, b int) float64 {
	if a == 0 || b == 0 {
		return 1
	}
	return 1 - float64(min(a, b))/float64(max(a, b))
}

// differing compares two sorted lists of numbers.
func differing(a, b []uint64) float64 {
	switch {
	case slices.Equal(a, b):
		return 0
	case len(a) == 0 || len(b) == 0:
		return 0.5
	}
	return 1
}

// commonOrder is the length of the longest common subsequence over the mean length. Both have at most maxCompared characters.
func commonOrder(a, b []rune) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	var row [maxCompared + 1]uint8
	for _, r := range a {
		var diagonal uint8 // row[j−1] of the line before
		for j, c := range b {
			above := row[j+1]
			switch {
			case r == c:
				row[j+1] = diagonal + 1
			case row[j] > above:
				row[j+1] = row[j]
			}
			diagonal = above
		}
	}
	return 2 * float64(row[len(b)]) / float64(len(a)+len(b))
}
