package training

import (
	"slices"

	"yingda/nlu/decode"
	"yingda/training/finetune"
	"yingda/training/heads"
)

// How a clause is judged by the heads on the frozen encoder: one that speaks for the message's intent at least so much carries it, one that
// speaks for it at most so much is background. What lies between teaches nothing.
const (
	carries    = 0.5
	background = 0.1
)

// backgroundSegments finds the clauses that only tell the story around a message's one intent ("the parcel came yesterday, my neighbour took
// it, and now I want my money back"). Alone they look like wishes of their own; learnt as out of scope beside the clause that carries the
// intent, they no longer do. Where no clause carries it, nothing is said.
func (t *tuning) backgroundSegments(i int, l *heads.Linear) []finetune.Segment {
	d, eg := t.train, &t.train.examples[i]
	weight := float32(t.r.Finetune.Background)
	if weight == 0 || l == nil || len(eg.Intents) != 1 || d.f.States == nil {
		return nil
	}
	clauses := decode.Clauses(eg.Text, d.f.Tokens[i], minClause)
	if len(clauses) < 2 {
		return nil
	}
	class := d.intentIndex[eg.Intents[0]]
	logits := d.tokenLogits(l, i)
	p := make([]float64, l.Classes)
	var segments []finetune.Segment
	speaks := false
	for _, c := range clauses {
		tokens := tokensWithin(d.f.Tokens[i], c)
		decode.Softmax(decode.MeanLogits(logits, tokens), 1, p)
		switch {
		case p[class] >= carries:
			speaks = true
			segments = append(segments, finetune.Segment{Tokens: tokens, Target: []finetune.Target{{Class: int32(class), Weight: weight}}})
		case p[class] <= background:
			segments = append(segments, finetune.Segment{Tokens: tokens, Target: []finetune.Target{{Class: int32(len(d.intents) - 1), Weight: weight}}})
		}
	}
	if !speaks || !slices.Contains(d.intents, OutOfScope) {
		return nil
	}
	return segments
}
