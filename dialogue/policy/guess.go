package policy

import (
	"slices"

	"yingda/dialogue"
	"yingda/nlu"
)

// guessed takes a message that nothing else could use by what it names, as [Settings].Named says: an order number alone asks for the order. A
// message of more words counts only as a question that is not off the subject.
func (w *turn) guessed() bool {
	if w.asked != nil || len(w.r.roles) > 0 {
		return false
	}
	for _, v := range w.r.values {
		intent := w.set.Named[v.typ]
		if intent != "" && w.theirs(v) {
			intent = w.set.Named[w.p.o.Tasks.Slot(w.p.o.Tasks.SlotFor(fieldOrder)).Types[0]]
		}
		if intent == "" || v.negated || v.source == nlu.SourceModel && v.score < w.set.Understanding.Retype {
			continue
		}
		if w.rest() > 0 && (w.in.Analysis.OOS >= w.set.Understanding.Strange || !w.cue(CueQuestion)) {
			continue
		}
		w.d.Intents = []string{intent}
		w.pursueAll([]wish{{intent, 1}})
		return true
	}
	return false
}

// theirs tells whether a value names a product that the customer has ordered: then they ask about the order.
func (w *turn) theirs(v value) bool {
	tasks := w.p.o.Tasks
	order, product := tasks.Slot(tasks.SlotFor(fieldOrder)), tasks.Slot(tasks.SlotFor(fieldProduct))
	if order == nil || len(order.Types) == 0 || product == nil || !slices.Contains(product.Types, v.typ) {
		return false
	}
	return slices.ContainsFunc(w.in.Profile.History, func(it dialogue.HistoryItem) bool { return it.OrderID != "" && w.p.same(it.Product, v.text) })
}
