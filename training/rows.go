package training

import (
	"fmt"
	"math"
	"slices"

	"yingda/nlu"
	"yingda/nlu/decode"
	"yingda/training/corpus"
	"yingda/training/finetune"
)

// rows turns examples and pairs into what fine-tuning learns from.
func (t *tuning) rows(start fitted) ([]finetune.Row, error) {
	d := t.train
	tok, err := t.tokeniser()
	if err != nil {
		return nil, err
	}
	emotion := d.emotionWeights()
	var rows []finetune.Row
	add := func(eg *corpus.Example, whole []finetune.Target, parts []nlu.Span, labels []string) error {
		ids, enc, err := tok.Encode(eg.Text)
		if err != nil {
			return err
		}
		if len(ids) > min(t.r.MaxTokens, t.e.Config.MaxTokens) {
			return fmt.Errorf("%s: %d tokens are more than the encoder reads", eg.Origin, len(ids))
		}
		row := finetune.Row{IDs: ids, Segments: []finetune.Segment{{Target: whole}}}
		for j, p := range parts {
			if tokens := tokensWithin(enc.Tokens, p); len(tokens) > 0 {
				row.Segments = append(row.Segments, finetune.Segment{Tokens: tokens, Target: []finetune.Target{{Class: int32(d.intentIndex[labels[j]]), Weight: 0.5}}})
			}
		}
		if eg.Emotion != "" && !t.r.Emotion.Skip {
			row.Emotion = []finetune.Target{{Class: int32(slices.Index(d.emotions, eg.Emotion)), Weight: emotion[eg.Emotion]}}
		}
		if eg.HasIntents && !t.r.Several.Skip {
			row.Several = severalTarget(len(eg.Intents))
		}
		if eg.HasEntities && len(d.tags) > 1 {
			row.Tags = d.tagTargets(eg, enc.Tokens, float32(t.r.Entities.Outside))
		}
		rows = append(rows, row)
		return nil
	}
	examples := d.examples
	if t.r.Finetune.Noise > 0 {
		examples = append(slices.Clone(examples), noisy(d.examples, t.r.Finetune.Noise, t.r.Seed)...)
	}
	for i := range examples {
		eg := &examples[i]
		parts, labels := t.clauses(eg, tok)
		if err := add(eg, d.intentTargets(eg), parts, labels); err != nil {
			return nil, err
		}
		if i < len(d.examples) { // the encoder's states are those of the text without errors
			row := &rows[len(rows)-1]
			row.Segments = append(row.Segments, t.backgroundSegments(i, start.intents)...)
		}
	}
	for _, p := range d.pairs {
		eg := p.example(d.examples)
		if err := add(&eg, d.intentTargets(&eg), []nlu.Span{{End: p.cut}, {Start: p.cut, End: len(p.text)}}, eg.Intents); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// clauses finds the parts of a message with several intents, where it falls into as many clauses.
func (t *tuning) clauses(eg *corpus.Example, tok *nlu.Tokeniser) ([]nlu.Span, []string) {
	if len(eg.Intents) < 2 {
		return nil, nil
	}
	_, enc, err := tok.Encode(eg.Text)
	if err != nil {
		return nil, nil
	}
	if parts := decode.Clauses(eg.Text, enc.Tokens, minClause); len(parts) == len(eg.Intents) {
		return parts, eg.Intents
	}
	return nil, nil
}

// example is the pair as one message: both wishes, and the entities of both parts.
func (p pair) example(all []corpus.Example) corpus.Example {
	a, b := &all[p.first], &all[p.second]
	eg := corpus.Example{Text: p.text, HasIntents: true, Intents: []string{a.Intents[0], b.Intents[0]}, HasEntities: a.HasEntities && b.HasEntities, Lang: a.Lang, Origin: a.Origin}
	eg.Entities = append(eg.Entities, a.Entities...)
	for _, e := range b.Entities {
		e.Start, e.End = e.Start+p.cut, e.End+p.cut
		eg.Entities = append(eg.Entities, e)
	}
	return eg
}

// intentTargets shares a message's weight among its intents; out of scope is a class of its own.
func (d *dataset) intentTargets(eg *corpus.Example) []finetune.Target {
	if !eg.HasIntents || len(d.intents) == 0 {
		return nil
	}
	if len(eg.Intents) == 0 {
		return []finetune.Target{{Class: int32(len(d.intents) - 1), Weight: 1}}
	}
	var ts []finetune.Target
	for _, l := range eg.Intents {
		ts = append(ts, finetune.Target{Class: int32(d.intentIndex[l]), Weight: 1 / float32(len(eg.Intents))})
	}
	return ts
}

// emotionWeights are the inverse roots of the emotions' shares, as in emotionRows.
func (d *dataset) emotionWeights() map[string]float32 {
	count, total := map[string]int{}, 0
	for i := range d.examples {
		if e := d.examples[i].Emotion; e != "" {
			count[e]++
			total++
		}
	}
	w := map[string]float32{}
	for e, n := range count {
		w[e] = float32(1 / math.Sqrt(float64(n*len(count))/float64(total)))
	}
	return w
}

// tagTargets gives each token its tag; special tokens have none.
func (d *dataset) tagTargets(eg *corpus.Example, tokens []nlu.Token, outside float32) [][]finetune.Target {
	out := make([][]finetune.Target, len(tokens))
	for t, tag := range d.bio(eg, tokens) {
		switch {
		case tag == 0:
			out[t] = []finetune.Target{{Weight: outside}}
		case tag > 0:
			out[t] = []finetune.Target{{Class: int32(tag), Weight: 1}}
		}
	}
	return out
}
