package measure

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
)

// plain is the baseline: Okapi BM25 (k1 1.2, b 0.75) as search engines index Chinese and English without further care: pairs of neighbouring
// characters, and words in lower case. No folding, no synonyms, no stems.
type plain struct {
	postings map[string][]hitCount
	lengths  []int
	mean     float64
}

type hitCount struct{ doc, count int }

func newPlain(docs []string) *plain {
	p := &plain{postings: map[string][]hitCount{}}
	total := 0
	for i, d := range docs {
		terms := plainTerms(d)
		p.lengths = append(p.lengths, len(terms))
		total += len(terms)
		for _, t := range terms {
			list := p.postings[t]
			if n := len(list); n > 0 && list[n-1].doc == i {
				list[n-1].count++
			} else {
				list = append(list, hitCount{i, 1})
			}
			p.postings[t] = list
		}
	}
	p.mean = float64(total) / float64(max(len(docs), 1))
	return p
}

// search returns the documents that share a term with q, best first.
func (p *plain) search(q string) []int {
	out := map[int]float64{}
	for _, t := range plainTerms(q) {
		list := p.postings[t]
		idf := math.Log(1 + (float64(len(p.lengths)-len(list))+0.5)/(float64(len(list))+0.5))
		for _, h := range list {
			tf := float64(h.count)
			out[h.doc] += idf * tf * 2.2 / (tf + 1.2*(0.25+0.75*float64(p.lengths[h.doc])/p.mean))
		}
	}
	docs := make([]int, 0, len(out))
	for d := range out {
		docs = append(docs, d)
	}
	slices.SortFunc(docs, func(a, b int) int { return cmp.Or(cmp.Compare(out[b], out[a]), cmp.Compare(a, b)) })
	return docs
}

func plainTerms(s string) []string {
	var out []string
	var han []rune
	flush := func() {
		for i := 0; i+1 < len(han); i++ {
			out = append(out, string(han[i:i+2]))
		}
		if len(han) == 1 {
			out = append(out, string(han))
		}
		han = han[:0]
	}
	for _, w := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		word := strings.Builder{}
		for _, r := range w {
			if unicode.Is(unicode.Han, r) {
				if word.Len() > 0 {
					out = append(out, word.String())
					word.Reset()
				}
				han = append(han, r)
				continue
			}
			flush()
			word.WriteRune(r)
		}
		flush()
		if word.Len() > 0 {
			out = append(out, word.String())
		}
	}
	return out
}

// likeness is what two texts share, between 0 and 1: the score of each for the other over its score for itself.
func (p *plain) likeness(a, b string) float64 {
	worth := func(t string) float64 {
		n := float64(len(p.postings[t]))
		return math.Log(1 + (float64(len(p.lengths))-n+0.5)/(n+0.5))
	}
	x, y := plainTerms(a), plainTerms(b)
	shared, all := 0.0, 0.0
	for _, t := range x {
		all += worth(t)
		if slices.Contains(y, t) {
			shared += worth(t)
		}
	}
	for _, t := range y {
		all += worth(t)
		if slices.Contains(x, t) {
			shared += worth(t)
		}
	}
	if all == 0 {
		return 0
	}
	return shared / all
}

// entries returns the best entries by their best question.
func (p *plain) entries(q string, owner []string, limit int) []string {
	docs := p.search(q)
	var out []string
	for _, d := range docs {
		if !slices.Contains(out, owner[d]) {
			if out = append(out, owner[d]); len(out) == limit {
				break
			}
		}
	}
	return out
}
