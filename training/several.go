package training

import (
	"yingda/models"
	"yingda/nlu"
	"yingda/training/finetune"
	"yingda/training/heads"
)

// The head "several" tells whether a message has more than one wish, whatever they are: beside a strong wish the logits of a second hardly rise, but that there is
// one shows in the states.
var severalLabels = []string{"one", "several"}

// severalClass is the head's class of a message with n intents; out of scope is one wish.
func severalClass(n int) int { return min(max(n, 1), 2) - 1 }

// severalRows are the training rows of that head: written messages, and the pairs made from them.
func (d *dataset) severalRows(which []int) *rows {
	r := &rows{}
	in := make(map[int]bool, len(which))
	for _, i := range which {
		in[i] = true
		if eg := &d.examples[i]; eg.HasIntents {
			r.add(d.f.Row(i), severalClass(len(eg.Intents)), 1)
		}
	}
	for j, p := range d.pairs {
		if in[p.first] && in[p.second] {
			r.add(d.f.Row(len(d.examples)+j), severalClass(2), 1)
		}
	}
	return r
}

// severalTarget is what fine-tuning learns from a message with n intents.
func severalTarget(n int) []finetune.Target {
	return []finetune.Target{{Class: int32(severalClass(n)), Weight: 1}}
}

func (h *heldOut) predictSeveral(d *dataset, l *heads.Linear, held []int) {
	for _, i := range held {
		h.several[i] = linearLogits(l, d.f.Row(i))
	}
}

func linearLogits(l *heads.Linear, x []float32) []float32 {
	out := make([]float32, l.Classes)
	l.Logits(x, out)
	return out
}

// noteSeveral adds the head's logits to an analysis; nil = there is no such head.
func noteSeveral(a *nlu.Analysis, logits []float32) {
	if logits != nil {
		a.Logits[models.HeadSeveral] = models.Logits{Rows: 1, Cols: len(logits), Data: logits}
	}
}
