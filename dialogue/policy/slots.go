package policy

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"yingda/dialogue"
	"yingda/dialogue/task"
	"yingda/nlu"
)

// Where a slot's value came from, as in dialogue.Slot.From.
const (
	fromCustomer = "customer"
	fromProfile  = "profile"
	fromSystem   = "system"
)

// excluded tells whether a value is of a kind that none of the slots of its type takes.
func (w *turn) excluded(v value) bool {
	for _, n := range w.p.o.Tasks.SlotsOf(v.typ) {
		if !slices.Contains(w.p.o.Tasks.Slot(n).Exclude, v.kind) || v.kind == "" {
			return false
		}
	}
	return true
}

// value returns what is known of a slot for a task.
func known(ts *dialogue.TaskState, name string) string { return ts.Slots[name] }

// set learns a value.
func (w *turn) learn(ts *dialogue.TaskState, s *task.Slot, v dialogue.Slot) {
	if ts != nil {
		if ts.Slots == nil {
			ts.Slots = map[string]string{}
		}
		ts.Slots[s.Name] = v.Value
	}
	if s.Local {
		return
	}
	if v.Turn == 0 {
		v.Turn = w.n
	}
	if v.Type == "" && len(s.Types) > 0 {
		v.Type = s.Types[0]
	}
	w.s.Slots[s.Name] = v
	delete(w.s.Aside, s.Name)
	if w.s.Focus == nil {
		w.s.Focus = map[string]string{}
	}
	w.s.Focus[s.Name] = v.Value
}

// take fills a task's slots with the values of the message and returns the names of those that changed. asked is the slot that was asked
// for, empty when none was.
func (w *turn) take(ts *dialogue.TaskState, t *task.Task, asked string) []string {
	var changed []string
	order := t.Declared()
	if i := slices.Index(order, asked); i > 0 { // what was asked for has the first choice
		order = append([]string{asked}, slices.Delete(slices.Clone(order), i, i+1)...)
	}
	w.claimed = nil
	for _, n := range order {
		s := w.p.o.Tasks.Slot(n)
		found := w.pick(s, n == asked)
		if len(found) == 0 {
			continue
		}
		for _, v := range found {
			w.claimed = append(w.claimed, nlu.Span{Start: v.start, End: v.end})
		}
		if w.put(ts, t, s, found) {
			changed = append(changed, n)
		}
	}
	w.claimed = nil
	if len(changed) == 0 && asked != "" {
		if s := w.p.o.Tasks.Slot(asked); s != nil && w.takeFree(ts, t, s) {
			changed = append(changed, asked)
		}
	}
	return changed
}

// put stores what was found for a slot, beside or instead of what was known. It tells whether anything changed.
func (w *turn) put(ts *dialogue.TaskState, t *task.Task, s *task.Slot, found []value) bool {
	old, had := w.s.Slots[s.Name]
	if !had && s.Local {
		old.Value, had = ts.Slots[s.Name]
	}
	first := found[0]
	text := w.whole(s, first.text, ts.Slots[s.Name])
	v := dialogue.Slot{Value: text, Type: first.typ, From: fromCustomer, Turn: w.n}
	if text == first.text {
		v.Norm = first.norm
	}
	if had && ts.Slots[s.Name] == old.Value && old.Turn < w.n {
		v.Value, v.Norm = sharpen(old, v, first.kind)
	}
	for _, f := range found[1:] {
		if f.text != v.Value && !slices.Contains(v.More, f.text) {
			v.More = append(v.More, f.text)
		}
	}
	if had && slices.Contains(t.Adds, s.Name) && ts.Slots[s.Name] != "" {
		all := append([]string{old.Value}, old.More...)
		for _, x := range append([]string{v.Value}, v.More...) {
			if !slices.Contains(all, x) {
				all = append(all, x)
			}
		}
		v = old
		v.Value, v.More, v.Turn = all[0], all[1:], w.n
	}
	same := had && old.Value == v.Value && slices.Equal(old.More, v.More)
	if same && ts.Slots[s.Name] == v.Value {
		return false
	}
	w.learn(ts, s, v)
	return true
}

// pick returns the values of the message for a slot: several only where the slot takes many.
func (w *turn) pick(s *task.Slot, asked bool) []value {
	found := w.typed(s, w.r.values, s.Types, asked)
	if len(found) == 0 && s.Tail {
		found = w.tail(s)
	}
	if len(found) == 0 && asked {
		found = append(w.typed(s, w.yielding(s), s.Bare, false), w.typed(s, w.r.bare, s.Bare, false)...)
		if len(found) > 1 {
			found = longest(found)
		}
	}
	if len(found) == 0 && w.in.Analysis != nil {
		if start, end, ok := s.Search(w.in.Analysis.Text); ok && !w.taken(start, end) {
			found = []value{{typ: s.Name, text: strings.TrimSpace(w.in.Analysis.Text[start:end]), start: start, end: end}}
		}
	}
	found = w.join(s, slices.Clone(narrow(s, found)))
	for i := range found {
		found[i].text = s.Trimmed(found[i].text)
		if s.Tail {
			found[i].text = w.ending(s, found[i].text)
		}
	}
	return found
}

// ending returns the value of the customer's history that ends with a text of at least three characters, where just one does: people
// give the last digits of a number, also without saying so. Otherwise it returns the text.
func (w *turn) ending(s *task.Slot, text string) string {
	const least = 3
	if len(text) < least {
		return text
	}
	whole := text
	for _, it := range w.in.Profile.History {
		id := field(it, s.Field)
		switch {
		case id == text:
			return text
		case len(id) <= len(text) || !strings.EqualFold(id[len(id)-len(text):], text):
		case whole != text && whole != id:
			return text // two orders end so
		default:
			whole = id
		}
	}
	return whole
}

// typed returns the values of the given types that the slot accepts. One that was asked for by its type is taken although it is not acceptable, so
// that the customer is told.
func (w *turn) typed(s *task.Slot, list []value, types []string, anyway bool) []value {
	var found []value
	for _, v := range list {
		switch {
		case !slices.Contains(types, v.typ), v.negated, v.kind != "" && slices.Contains(s.Exclude, v.kind):
		case !anyway && !s.Accepts(v.text) && !(v.norm != "" && s.Accepts(v.norm)):
		case v.source == nlu.SourceSlot && w.taken(v.start, v.end):
		case slices.Contains(w.claimed, nlu.Span{Start: v.start, End: v.end}) && !slices.Contains(s.Types, v.typ):
		case slices.Contains(w.claimed, nlu.Span{Start: v.start, End: v.end}) && w.asked != nil && w.asked.Slot != "" && w.asked.Slot != s.Name:
		default:
			found = append(found, v)
		}
	}
	return found
}

// yielding are the entities that may be read as something else because that was asked for: those that the task at hand has no slot for, and
// finds of the model that are weak.
func (w *turn) yielding(s *task.Slot) []value {
	t := w.current()
	return slices.DeleteFunc(slices.Clone(w.r.values), func(v value) bool {
		return t != nil && w.uses(t, v.typ) && !slices.Contains(s.Types, v.typ) && !(v.source == nlu.SourceModel && v.score < w.set.Understanding.Retype)
	})
}

// taken tells whether a part of the message belongs to an entity: the figures of an address are no numbers of their own.
func (w *turn) taken(start, end int) bool {
	return slices.ContainsFunc(w.r.values, func(v value) bool {
		return v.start < end && start < v.end && !(start <= v.start && v.end <= end && end-start > v.end-v.start)
	})
}

// join extends values by their neighbours of the types that the slot joins.
func (w *turn) join(s *task.Slot, found []value) []value {
	if len(s.Join) == 0 || w.in.Analysis == nil {
		return found
	}
	text := w.in.Analysis.Text
	near := func(a, b int) bool { return a <= b && b <= len(text) && strings.Trim(text[a:b], " ,，、") == "" }
	for i := range found {
		f := &found[i]
		for range len(w.r.values) {
			for _, v := range w.r.values {
				if !slices.Contains(s.Join, v.typ) || v.end > len(text) || f.end > len(text) || f.start >= f.end {
					continue
				}
				switch {
				case v.end <= f.start && near(v.end, f.start):
					f.start = v.start
				case v.start >= f.end && near(f.end, v.start):
					f.end = v.end
				default:
					continue
				}
				f.text, f.norm = text[f.start:f.end], ""
			}
		}
	}
	return found
}

// longest keeps the value that covers most of the message: of the numbers in an address the one that is the answer.
func longest(list []value) []value {
	return []value{slices.MaxFunc(list, func(a, b value) int { return len(a.text) - len(b.text) })}
}

// narrow chooses among several values: new ones before others, then all where the slot takes many, else the last one said.
func narrow(s *task.Slot, found []value) []value {
	if len(found) < 2 {
		return found
	}
	var fresh []value
	for _, v := range found {
		if v.role == "new" {
			fresh = append(fresh, v)
		}
	}
	if len(fresh) > 0 {
		found = fresh
	}
	if s.Many {
		return found
	}
	return found[len(found)-1:]
}

// tail understands "the one ending in 8832": the value of the customer's history that ends so, else a known value with another end, else
// the end itself.
func (w *turn) tail(s *task.Slot) []value {
	m := w.set.cues[CueTail].groups(w.r.text)
	if len(m) == 0 {
		return nil
	}
	end := m[0]
	for i := len(w.in.Profile.History) - 1; i >= 0; i-- {
		if id := field(w.in.Profile.History[i], s.Field); id != "" && strings.HasSuffix(strings.ToLower(id), end) {
			return []value{{typ: s.Name, text: id}}
		}
	}
	return []value{{typ: s.Name, text: strings.ToUpper(end)}}
}

// whole completes a partial correction: "小曼, not 晓曼" changes the given name and leaves the surname. It does so only for values
// without a form of their own, when the customer puts something right and the new value shares a character with the end that it takes
// the place of.
func (w *turn) whole(s *task.Slot, text, old string) string {
	n, m := utf8.RuneCountInString(text), utf8.RuneCountInString(old)
	if old == "" || n >= m || s.Pattern != "" && !s.Free || !(w.cue(CueWrong) || w.r.role(RoleCorrect)) || strings.Contains(old, text) {
		return text
	}
	r := []rune(old)
	end := string(r[m-n:])
	if !strings.ContainsFunc(text, func(c rune) bool { return unicode.IsLetter(c) && strings.ContainsRune(end, c) }) {
		return text
	}
	if strings.Contains(old, " ") { // names of several words: the last word is not the given name
		return text
	}
	return string(r[:m-n]) + text
}

// takeFree takes the whole message as the value of the slot that was asked for.
func (w *turn) takeFree(ts *dialogue.TaskState, t *task.Task, s *task.Slot) bool {
	if !s.Free || len(w.r.roles) > 0 || w.r.yes != 0 && !s.Local {
		return false
	}
	if len(w.r.wishes) > 0 && w.p.o.Tasks.Task(w.r.wishes[0].intent) != t && t.Alters[w.r.wishes[0].intent] == nil && w.r.wishes[0].score >= w.set.Understanding.Switch {
		return false
	}
	text := strings.TrimSpace(w.in.Analysis.Text)
	if !s.Local && (strings.HasSuffix(text, "?") || strings.HasSuffix(text, "？")) {
		return false // a question is nobody's name or address
	}
	if start, end, found := w.heard.first(w.set.cues[CueFiller], strings.ToLower(text)); found && start == 0 {
		text = text[end:]
	}
	text = strings.Trim(text, " ,.，。!！~～")
	if !s.Accepts(text) || w.in.Analysis.OOS >= w.set.Understanding.Strange && !s.Local {
		return false
	}
	return w.put(ts, t, s, []value{{typ: s.Name, text: text}})
}

// inherit gives a task that begins what is known already: by its slots' Keep from what was talked about, and from the customer's history.
func (w *turn) inherit(ts *dialogue.TaskState, t *task.Task) {
	for _, n := range t.Declared() {
		s := w.p.o.Tasks.Slot(n)
		if s.Local || ts.Slots[n] != "" || slices.Contains(t.Fresh, n) {
			continue
		}
		v, here := w.s.Slots[n]
		if here && (s.Keep != task.KeepTask || v.Turn == w.n) {
			w.learn(ts, s, v)
			continue
		}
		if v, aside := w.s.Aside[n]; aside && s.Keep == task.KeepDialogue {
			w.learn(ts, s, v)
		}
	}
}

// missing returns the slot to ask for next, empty when all is known.
func (w *turn) missing(ts *dialogue.TaskState, t *task.Task) string {
	var needs, any string
	if i := slices.IndexFunc(t.Needs, func(n string) bool { return known(ts, n) == "" }); i >= 0 {
		needs = t.Needs[i]
	}
	for _, g := range t.Any {
		if !slices.ContainsFunc(g, func(n string) bool { return known(ts, n) != "" }) {
			any = g[0]
			break
		}
	}
	if any == "" || needs != "" && t.About != nil { // which thing it is about comes before what is to be done with it
		return needs
	}
	return any
}

// unfit returns the first slot whose value is not acceptable.
func (w *turn) unfit(ts *dialogue.TaskState, t *task.Task) string {
	val := func(n string) task.Value { return task.Value{Text: ts.Slots[n], Norm: w.s.Slots[n].Norm} }
	for _, n := range t.Declared() {
		s, v := w.p.o.Tasks.Slot(n), val(n)
		if v.Text != "" && !s.Accepts(v.Text) && !(v.Norm != "" && s.Accepts(v.Norm)) && w.s.Slots[n].From == fromCustomer {
			return n
		}
	}
	for _, c := range t.Checks {
		if ts.Slots[c.Slot] != "" && !c.Holds(val(c.Slot), val(c.Than), w.in.Message.Time) {
			return c.Slot
		}
	}
	return ""
}
