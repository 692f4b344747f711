package training

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"yingda/nlu"
	"yingda/nlu/decode"
	"yingda/training/corpus"
	"yingda/training/heads"
)

// OutOfScope is the label of the reject class.
const OutOfScope = "out_of_scope"

// dataset is a corpus with its features, as the fits want it.
type dataset struct {
	examples []corpus.Example
	f        *Features
	intents  []string // labels of the intents head, OutOfScope last when there are such examples
	emotions []string
	tags     []string // O, then B- and I- of each type
	mul      heads.Mul

	pairs       []pair // their features follow those of the examples
	intentIndex map[string]int
	outside     float64 // what a message out of scope counts for thresholds; 0 = 1
}

func newDataset(c *corpus.Corpus, f *Features, entityTypes []string) *dataset {
	return newDatasetLike(c, c, f, entityTypes)
}

// newDatasetLike makes a dataset of a part of a corpus, with the labels of the whole.
func newDatasetLike(c, whole *corpus.Corpus, f *Features, entityTypes []string) *dataset {
	d := &dataset{examples: c.Examples, f: f}
	oos := false
	for _, eg := range whole.Examples {
		for _, l := range eg.Intents {
			d.intents = append(d.intents, l)
		}
		oos = oos || eg.OutOfScope()
		if eg.Emotion != "" {
			d.emotions = append(d.emotions, eg.Emotion)
		}
	}
	slices.Sort(d.intents)
	d.intents = slices.Compact(d.intents)
	if oos {
		d.intents = append(d.intents, OutOfScope)
	}
	d.intentIndex = map[string]int{}
	for i, l := range d.intents {
		d.intentIndex[l] = i
	}
	slices.Sort(d.emotions)
	d.emotions = slices.Compact(d.emotions)
	d.tags = []string{"O"}
	for _, t := range entityTypes {
		d.tags = append(d.tags, "B-"+t, "I-"+t)
	}
	return d
}

// rows are weighted labelled feature rows.
type rows struct {
	x []float32
	y []int
	w []float32
}

func (r *rows) add(x []float32, y int, w float32) {
	r.x, r.y, r.w = append(r.x, x...), append(r.y, y), append(r.w, w)
}

// minClause is the number of tokens a clause must have to count on its own.
const minClause = 3

// intentRows makes the training rows of some examples. A message with several intents counts once for each, with the weight divided;
// where it falls into as many clauses as intents, each clause also counts for its own.
func (d *dataset) intentRows(which []int) *rows {
	r := &rows{}
	in := make(map[int]bool, len(which))
	for _, i := range which {
		eg := &d.examples[i]
		in[i] = true
		if !eg.HasIntents {
			continue
		}
		if eg.OutOfScope() {
			r.add(d.f.Row(i), len(d.intents)-1, 1)
			continue
		}
		for _, l := range eg.Intents {
			r.add(d.f.Row(i), slices.Index(d.intents, l), 1/float32(len(eg.Intents)))
		}
		if len(eg.Intents) > 1 && d.f.States != nil {
			clauses := decode.Clauses(eg.Text, d.f.Tokens[i], minClause)
			if len(clauses) != len(eg.Intents) {
				continue
			}
			for j, c := range clauses {
				r.add(d.f.pool(i, tokensWithin(d.f.Tokens[i], c)), slices.Index(d.intents, eg.Intents[j]), 1)
			}
		}
	}
	d.pairRows(r, in)
	return r
}

func tokensWithin(tokens []nlu.Token, s nlu.Span) []int {
	var in []int
	for i, t := range tokens {
		if !t.Special && t.Start >= s.Start && t.Start < s.End {
			in = append(in, i)
		}
	}
	return in
}

// emotionRows weighs an emotion by the inverse root of its share: half way from the corpus, where most messages are neutral, to all alike.
func (d *dataset) emotionRows(which []int) *rows {
	r := &rows{}
	count := map[string]int{}
	total := 0
	for _, i := range which {
		if e := d.examples[i].Emotion; e != "" {
			count[e]++
			total++
		}
	}
	for _, i := range which {
		if e := d.examples[i].Emotion; e != "" {
			share := float64(count[e]*len(count)) / float64(total)
			r.add(d.f.Row(i), slices.Index(d.emotions, e), float32(1/math.Sqrt(share)))
		}
	}
	return r
}

// sentences makes BIO-tagged token sequences.
func (d *dataset) sentences(which []int) []heads.Sentence {
	var out []heads.Sentence
	for _, i := range which {
		eg := &d.examples[i]
		if !eg.HasEntities {
			continue
		}
		s := heads.Sentence{Tags: d.bio(eg, d.f.Tokens[i])}
		if d.f.States != nil {
			s.States = d.f.States[i]
		}
		out = append(out, s)
	}
	return out
}

// bio gives each token the number of its tag: 0 outside, −1 for special tokens. A token belongs to an entity when they overlap; the
// first one of an entity is that with no token of the same entity before it.
func (d *dataset) bio(eg *corpus.Example, tokens []nlu.Token) []int {
	tags := make([]int, len(tokens))
	prev := -1
	for t, tok := range tokens {
		e := entityAt(eg, tok.Span, d.tags)
		switch {
		case tok.Special:
			tags[t] = -1
		case e >= 0:
			tags[t] = slices.Index(d.tags, "B-"+eg.Entities[e].Type)
			if e == prev {
				tags[t]++ // B-x is followed by I-x in the tag list
			}
		}
		prev = e
	}
	return tags
}

// entityAt returns the position of the entity that overlaps the span and is among the tags, or −1.
func entityAt(eg *corpus.Example, s nlu.Span, tags []string) int {
	return slices.IndexFunc(eg.Entities, func(e corpus.EntitySpan) bool {
		return s.Len() > 0 && s.Overlaps(nlu.Span{Start: e.Start, End: e.End}) && slices.Contains(tags, "B-"+e.Type)
	})
}

// check refuses corpora that cannot be trained on.
func (d *dataset) check() error {
	count := map[string]int{}
	for _, eg := range d.examples {
		for _, l := range eg.Intents {
			count[l]++
		}
	}
	var thin []string
	for l, n := range count {
		if n < 2 {
			thin = append(thin, l)
		}
	}
	slices.Sort(thin)
	if len(thin) > 0 {
		return fmt.Errorf("train: intents with a single example cannot be validated: %s; write more", strings.Join(thin, ", "))
	}
	spans := slices.ContainsFunc(d.examples, func(eg corpus.Example) bool { return eg.HasEntities })
	if len(d.intents) < 2 && len(d.emotions) < 2 && (!spans || len(d.tags) < 2) {
		return fmt.Errorf("train: nothing to tell apart: %d intents, %d emotions and no entities in %d examples", len(d.intents), len(d.emotions), len(d.examples))
	}
	return nil
}

// complete tells which labels have no row because all their examples are held out together.
func complete(labels []string, y []int) error {
	if len(labels) == 0 {
		return errors.New("no example is labelled; leave the head out with 'skip: true'")
	}
	var gone []string
	for i, l := range labels {
		if !slices.Contains(y, i) {
			gone = append(gone, l)
		}
	}
	if len(gone) > 0 {
		return fmt.Errorf("all examples of %s fall into one fold; write more", strings.Join(gone, ", "))
	}
	return nil
}
