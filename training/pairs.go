package training

import (
	"math/rand/v2"

	"yingda/nlu"
	"yingda/training/corpus"
)

// pair is a message put together from two examples. It teaches what each part of a message means beside the other; it is never used to
// fit calibration or to measure.
type pair struct {
	text          string
	first, second int // examples
	cut           int // byte where the second begins
}

// joints stand between the two parts, by language. People join wishes in many ways, often by nothing.
var joints = map[string][]string{
	"zh": {"，", "。", " ", "，另外", "，还有", "，顺便", "？", "，对了，", "，然后", "！"},
	"en": {", ", ". ", " ", " and ", ", also ", "? ", ", and ", " btw ", "! ", " plus "},
}

// maxPairBytes keeps the parts short: long stories have more to them than one clause.
const maxPairBytes = 120

// makePairs joins random examples with one intent each. Both come from the same fold of the cross-validation, so that a pair is held out
// when its parts are.
func makePairs(c *corpus.Corpus, n, folds int, seed uint64) []pair {
	type key struct {
		lang string
		fold int
	}
	groups := map[key][]int{}
	var keys []key
	for i, eg := range c.Examples {
		if len(eg.Intents) != 1 || len(eg.Text) > maxPairBytes || joints[eg.Lang] == nil {
			continue
		}
		k := key{eg.Lang, corpus.FoldOf(eg.Text, folds)}
		if groups[k] == nil {
			keys = append(keys, k)
		}
		groups[k] = append(groups[k], i)
	}
	if len(keys) == 0 {
		return nil
	}
	rng := rand.New(rand.NewPCG(seed, 0x9a125))
	var pairs []pair
	for range n {
		k := keys[rng.IntN(len(keys))]
		g, joint := groups[k], joints[k.lang][rng.IntN(len(joints[k.lang]))]
		a, b := g[rng.IntN(len(g))], g[rng.IntN(len(g))]
		if c.Examples[a].Intents[0] == c.Examples[b].Intents[0] {
			continue
		}
		head := c.Examples[a].Text + joint
		pairs = append(pairs, pair{text: head + c.Examples[b].Text, first: a, second: b, cut: len(head)})
	}
	return pairs
}

// pairRows adds the parts of the pairs whose examples are all in the set, each pooled over its own tokens.
func (d *dataset) pairRows(r *rows, in map[int]bool) {
	for j, p := range d.pairs {
		if !in[p.first] || !in[p.second] {
			continue
		}
		i := len(d.examples) + j
		tokens := d.f.Tokens[i]
		for _, part := range []struct {
			span nlu.Span
			eg   int
		}{{nlu.Span{End: p.cut}, p.first}, {nlu.Span{Start: p.cut, End: len(p.text)}, p.second}} {
			label := d.intentIndex[d.examples[part.eg].Intents[0]]
			r.add(d.f.pool(i, tokensWithin(tokens, part.span)), label, 0.5)
			r.add(d.f.Row(i), label, 0.25)
		}
	}
}
