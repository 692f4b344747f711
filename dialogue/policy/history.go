package policy

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"yingda/dialogue"
	"yingda/dialogue/task"
	"yingda/nlu/norm"
)

// The fields of a history item by the names that slots give them.
const (
	fieldOrder     = "order_id"
	fieldTicket    = "ticket_id"
	fieldProduct   = "product"
	fieldAttribute = "attribute"
	fieldPlan      = "plan"
	fieldTopic     = "topic"
	kindNotice     = "notice"
)

var itemFields = []string{fieldOrder, fieldTicket, fieldProduct, fieldAttribute, fieldPlan, fieldTopic}

// field returns a field of an item by its name.
func field(it dialogue.HistoryItem, name string) string {
	switch name {
	case fieldOrder:
		return it.OrderID
	case fieldTicket:
		return it.TicketID
	case fieldProduct:
		return it.Product
	case fieldAttribute:
		return it.Attribute
	case fieldPlan:
		return it.Plan
	case fieldTopic:
		return it.Topic
	}
	return ""
}

// bind finds the thing of the customer's history that a task is about and fills the task's slots from it. It returns the candidates when
// there are several.
func (w *turn) bind(ts *dialogue.TaskState, t *task.Task) []dialogue.HistoryItem {
	a := t.About
	if a == nil {
		return nil
	}
	idSlot := w.p.o.Tasks.SlotFor(fieldOrder)
	named := w.named()
	if it := w.counterpart(t, ts.Slots[idSlot]); it != nil && named == "" {
		delete(ts.Slots, idSlot)
		w.fill(ts, t, *it)
		return nil
	}
	if id := ts.Slots[idSlot]; id != "" && !w.other(ts, t, named) {
		if it := w.itemOf(id); it != nil {
			w.fill(ts, t, *it)
		}
		return nil
	}
	if a.Referred && !w.referred() {
		return nil
	}
	if v, ok := w.s.Slots[w.p.o.Tasks.SlotFor(fieldProduct)]; named == "" && ok {
		named = v.Value // talked about before
	}
	items := w.candidates(t, named)
	switch {
	case len(items) == 1:
		w.fill(ts, t, items[0])
		return nil
	case len(items) > 1 && allSame(items):
		w.fill(ts, t, items[len(items)-1])
		return nil
	}
	return items
}

// named returns the product that the message names, empty when it names none.
func (w *turn) named() string {
	slot := w.p.o.Tasks.SlotFor(fieldProduct)
	if slot == "" {
		return ""
	}
	if found := w.pick(w.p.o.Tasks.Slot(slot), false); len(found) > 0 {
		return found[0].text
	}
	return ""
}

// other tells whether the message names a product that is not the one of the order talked about, where there are several orders; the order
// is then forgotten.
func (w *turn) other(ts *dialogue.TaskState, t *task.Task, named string) bool {
	idSlot := w.p.o.Tasks.SlotFor(fieldOrder)
	v, ok := w.s.Slots[idSlot]
	if named == "" || !ok || v.Turn == w.n && v.From == fromCustomer {
		return false
	}
	it := w.itemOf(v.Value)
	if it == nil || it.Product == "" || w.p.same(it.Product, named) {
		return false
	}
	others := 0
	for _, x := range w.in.Profile.History {
		if x.Kind == t.About.Kind && x.OrderID != "" && x.OrderID != v.Value {
			others++
		}
	}
	if others == 0 {
		return false // another word for the only thing there is
	}
	delete(w.s.Slots, idSlot)
	delete(ts.Slots, idSlot)
	return true
}

// counterpart returns the other one of two things that a task can be about: "and the other one?".
func (w *turn) counterpart(t *task.Task, id string) *dialogue.HistoryItem {
	if id == "" || w.in.Analysis == nil || !w.cue(CueOther) {
		return nil
	}
	var found *dialogue.HistoryItem
	for i := range w.in.Profile.History {
		it := &w.in.Profile.History[i]
		if it.Kind != t.About.Kind || it.OrderID == "" || it.OrderID == id {
			continue
		}
		if found != nil {
			return nil // of several nobody knows which
		}
		found = it
	}
	return found
}

// itemOf returns the item with an id, nil when there is none.
func (w *turn) itemOf(id string) *dialogue.HistoryItem {
	for i := len(w.in.Profile.History) - 1; i >= 0; i-- {
		if it := &w.in.Profile.History[i]; it.Kind != kindNotice && it.OrderID != "" && it.OrderID == id {
			return it
		}
	}
	return nil
}

// referred tells whether the customer points to something that they have: words like "last time", a notice that they answer.
func (w *turn) referred() bool {
	if w.in.Analysis != nil && w.cue(CuePast) {
		return true
	}
	n, _ := w.notice()
	return n != nil
}

// candidates are the items that a task may be about: by the product that was named, by the notice that is answered, by status.
func (w *turn) candidates(t *task.Task, named string) []dialogue.HistoryItem {
	var all, suit []dialogue.HistoryItem
	for _, it := range w.in.Profile.History {
		if it.Kind == t.About.Kind {
			all = append(all, it)
		}
	}
	keep := func(list []dialogue.HistoryItem, ok func(dialogue.HistoryItem) bool) []dialogue.HistoryItem {
		return slices.DeleteFunc(slices.Clone(list), func(it dialogue.HistoryItem) bool { return !ok(it) })
	}
	if named != "" {
		same := keep(all, func(it dialogue.HistoryItem) bool { return w.p.same(it.Product, named) })
		if len(same) == 0 && len(all) > 1 {
			return nil // something that is not in the history
		}
		if len(same) > 0 {
			all = same
		}
	}
	if _, it := w.notice(); it != nil && len(all) > 1 {
		if told := keep(all, func(x dialogue.HistoryItem) bool {
			return x.OrderID != "" && (strings.Contains(it.Text, x.OrderID) || it.OrderID == x.OrderID)
		}); len(told) > 0 {
			all = told
		}
	}
	if len(all) > 1 {
		suit = keep(all, func(it dialogue.HistoryItem) bool { return t.About.Suits(it.Status) > 0 })
		if len(suit) == 0 {
			suit = keep(all, func(it dialogue.HistoryItem) bool { return t.About.Suits(it.Status) >= 0 })
		}
		if len(suit) > 0 {
			all = suit
		}
	}
	if len(all) > 1 && w.in.Analysis != nil && w.cue(CueLatest) {
		all = all[len(all)-1:]
	}
	return all
}

// fill takes the fields of an item over into the slots that the task knows, except those the customer has to say anew.
func (w *turn) fill(ts *dialogue.TaskState, t *task.Task, it dialogue.HistoryItem) {
	for _, f := range itemFields {
		n, v := w.p.o.Tasks.SlotFor(f), field(it, f)
		if n == "" || v == "" || !slices.Contains(t.Declared(), n) || slices.Contains(t.Fresh, n) {
			continue
		}
		if old, ok := w.s.Slots[n]; ok && old.From == fromCustomer && old.Turn == w.n && !alike(old.Value, v) && f != fieldProduct {
			continue
		}
		if ts.Slots[n] == v {
			continue
		}
		w.learn(ts, w.p.o.Tasks.Slot(n), dialogue.Slot{Value: v, From: fromProfile, Turn: w.n})
	}
}

// allSame tells whether the items are one thing bought once, as far as can be seen.
func allSame(items []dialogue.HistoryItem) bool {
	for _, it := range items[1:] {
		if it.OrderID == "" || it.OrderID != items[0].OrderID {
			return false
		}
	}
	return true
}

// same tells whether two names may mean the same product: by their words, or because the catalogue knows both, in whatever language.
func (p *Policy) same(a, b string) bool {
	return alike(a, b) || p.o.Same != nil && a != "" && b != "" && p.o.Same(a, b)
}

// alike tells whether two names may mean the same thing: one holds the other, or they share their head, which in Chinese and English
// stands last: 生日蛋糕 and 蛋糕, "running shoes" and "shoes".
func alike(a, b string) bool {
	a, b = stem(fold(a)), stem(fold(b))
	if a == "" || b == "" {
		return false
	}
	if strings.Contains(a, b) || strings.Contains(b, a) {
		return true
	}
	ra, rb := []rune(a), []rune(b)
	n := 0
	for n < len(ra) && n < len(rb) && ra[len(ra)-1-n] == rb[len(rb)-1-n] {
		n++
	}
	if n > 0 && isHan(ra[len(ra)-1]) {
		return n >= 2 || within(ra, rb) || within(rb, ra)
	}
	return n >= 4
}

// stem takes off what only makes a word of it: the s of an English plural, 子 of 杯子.
func stem(s string) string {
	if short, ok := strings.CutSuffix(s, "子"); ok && short != "" {
		return short
	}
	if len(s) > 4 && s[len(s)-1] == 's' && s[len(s)-2] != 's' {
		return s[:len(s)-1]
	}
	return s
}

// within tells whether a short name leaves characters of a long one out: 跑鞋 of 跑步鞋.
func within(long, short []rune) bool {
	i := 0
	for _, r := range long {
		if i < len(short) && r == short[i] {
			i++
		}
	}
	return i == len(short) && len(short) >= 2
}

func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(norm.Simplify(r))
	}, s)
}

// notice returns the notice that the customer probably answers, and what it says: the latest of the history, as long as nothing else was
// talked about.
func (w *turn) notice() (*Notice, *dialogue.HistoryItem) {
	if w.told == nil {
		n, it := w.findNotice()
		w.told = &notification{n, it}
	}
	return w.told.notice, w.told.item
}

// notification is the notice that a customer answers.
type notification struct {
	notice *Notice
	item   *dialogue.HistoryItem
}

func (w *turn) findNotice() (*Notice, *dialogue.HistoryItem) {
	h := w.in.Profile.History
	for i := len(h) - 1; i >= 0; i-- {
		if h[i].Kind != kindNotice {
			continue
		}
		text := h[i].Text + " " + h[i].Status + " " + h[i].Topic
		for j := range w.set.Notices {
			n := &w.set.Notices[j]
			if n.match == nil || !n.match.MatchString(text) {
				continue
			}
			for _, in := range w.s.Topic {
				if !slices.Contains(n.Intents, in) && in != n.Urgent && in != n.Next && !w.optionOf(h[i].Text, in) {
					return nil, nil
				}
			}
			return n, &h[i]
		}
		return nil, &h[i]
	}
	return nil, nil
}

// optionOf tells whether an intent is one of the options in a notice.
func (w *turn) optionOf(text, intent string) bool {
	for _, o := range w.options(text) {
		if o.Value == intent {
			return true
		}
	}
	return false
}

// options reads the numbered options of a notice, with the intents that they stand for as values.
func (w *turn) options(text string) []dialogue.Listed {
	var out []dialogue.Listed
	for _, m := range w.set.cues[CueListItem].all(text) {
		if len(m) != 2 || m[0] != strconv.Itoa(len(out)+1) {
			continue // a figure of an order number
		}
		o := dialogue.Listed{Title: strings.TrimSpace(m[1])}
		for i := range w.set.Options {
			if x := &w.set.Options[i]; x.match != nil && x.match.MatchString(o.Title) {
				o.Value = x.Intent
				break
			}
		}
		out = append(out, o)
	}
	if len(out) < 2 {
		return nil
	}
	return out
}
