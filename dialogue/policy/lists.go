package policy

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"yingda/dialogue"
	"yingda/dialogue/task"
)

// list remembers the items of a result, so that the customer can point at them.
func (w *turn) list(t *task.Task, data json.RawMessage) {
	var m struct {
		Items []map[string]any `json:"items"`
	}
	if json.Unmarshal(data, &m) != nil || len(m.Items) == 0 {
		return
	}
	w.s.Lists = nil
	for _, it := range m.Items {
		v, _ := it[t.List.Value].(string)
		if v == "" || len(w.s.Lists) >= w.set.Limits.Options {
			continue
		}
		l := dialogue.Listed{Slot: t.List.Type, Value: v, Price: price(it[t.List.Price])}
		if note, ok := it[t.List.Note].(string); ok && t.List.Note != "" {
			l.Title = note
		}
		w.s.Lists = append(w.s.Lists, l)
	}
}

// listNamed makes what the customer compared the options that they may point at, where the result listed none.
func (w *turn) listNamed(ts *dialogue.TaskState, t *task.Task) {
	if t.List == nil {
		return
	}
	for _, n := range t.Declared() {
		s, ok := w.s.Slots[n]
		if !ok || s.Value != ts.Slots[n] || len(s.More) == 0 || slices.ContainsFunc(w.s.Lists, func(l dialogue.Listed) bool { return l.Value == s.Value }) {
			continue
		}
		w.s.Lists = nil
		for _, v := range append([]string{s.Value}, s.More...) {
			w.s.Lists = append(w.s.Lists, dialogue.Listed{Slot: n, Value: v})
		}
		return
	}
}

// price reads a number, also from "59元" or "$59".
func price(x any) float64 {
	switch v := x.(type) {
	case float64:
		return v
	case string:
		f, _ := strconv.ParseFloat(strings.TrimFunc(v, func(r rune) bool { return r != '.' && !unicode.IsDigit(r) }), 64)
		return f
	}
	return 0
}

// cards shows the options.
func (w *turn) cards() []dialogue.Card {
	var out []dialogue.Card
	for _, l := range w.s.Lists {
		c := dialogue.Card{ID: l.Value, Title: l.Value, Subtitle: l.Title}
		if l.Price > 0 {
			c.Subtitle = strings.TrimSpace(c.Subtitle + " " + strconv.FormatFloat(l.Price, 'f', -1, 64))
		}
		out = append(out, c)
	}
	return out
}

// recommend proposes: what the recommender has for this customer, else what the task's call returned.
func (w *turn) recommend(ts *dialogue.TaskState, t *task.Task, vars map[string]string) {
	say := dialogue.Say{Key: "recommend", Vars: vars}
	if w.p.o.Recommender != nil {
		var list []dialogue.Listed
		for _, r := range w.p.o.Recommender.Recommend(w.ctx, w.in.Message.Tenant, w.in.Profile, w.s, w.set.Limits.Options) {
			say.Cards = append(say.Cards, dialogue.Card{ID: r.ID, Title: r.Title, Subtitle: r.Why, Link: r.Link})
			slot := w.p.o.Tasks.SlotFor(r.Kind)
			if slot != "" {
				list = append(list, dialogue.Listed{Slot: slot, Value: r.Title})
			}
		}
		if len(list) > 0 {
			w.s.Lists = list
		}
	}
	if len(say.Cards) == 0 && t.List != nil {
		say.Cards = w.cards()
	}
	w.d.Say = append(w.d.Say, say)
	w.act(dialogue.Recommend, dialogue.IntentKnown, "the customer asks for a recommendation")
	w.end(ts)
}

// listed returns the options that the customer may point at: those of the question, those shown last, those of the notice.
func (w *turn) listed(q *dialogue.Question) []dialogue.Listed {
	if q != nil && len(q.Options) > 0 {
		var out []dialogue.Listed
		for _, b := range q.Options {
			out = append(out, dialogue.Listed{Value: b.Payload, Title: b.Title})
		}
		return out
	}
	if len(w.s.Lists) > 0 {
		return w.s.Lists
	}
	if n, it := w.notice(); it != nil && (n != nil || len(w.s.Topic) == 0) {
		return w.options(it.Text)
	}
	return nil
}

// point returns which option the customer points at, −1 when none: 选3, 第二个, 便宜那个, 前者, its name.
func (w *turn) point(list []dialogue.Listed, named bool) int {
	if len(list) == 0 || w.in.Analysis == nil {
		return -1
	}
	for _, x := range w.set.cues[CueOption].groups(w.r.text) {
		if n, err := strconv.Atoi(x); err == nil && n >= 1 && n <= len(list) {
			return n - 1
		}
	}
	for _, v := range w.r.bare {
		n := int(v.number)
		if v.typ == typeOrdinal && v.fromEnd && n <= 0 && len(list)-1+n >= 0 {
			return len(list) - 1 + n
		}
		if v.typ == typeOrdinal && !v.fromEnd && n >= 1 && n <= len(list) && w.rest() <= 8 || v.typ == typeNumber && w.short(2) && n >= 1 && n <= len(list) {
			return n - 1
		}
	}
	switch {
	case w.cue(CueCheapest):
		return extreme(list, func(a, b float64) bool { return a < b })
	case w.cue(CueDearest):
		return extreme(list, func(a, b float64) bool { return a > b })
	case w.cue(CueFirst):
		return 0
	case w.cue(CueLast):
		return len(list) - 1
	}
	if named {
		for i, l := range list {
			for _, name := range append(strings.Fields(l.Title), l.Value) {
				if len(name) > 3 && strings.Contains(w.r.text, strings.ToLower(name)) {
					return i
				}
			}
		}
	}
	return -1
}

// extreme returns the option with the best price; where prices are not known, by the numbers in the names: 畅享99, 畅享129.
func extreme(list []dialogue.Listed, better func(a, b float64) bool) int {
	best, bestPrice := -1, 0.0
	for i, l := range list {
		p := l.Price
		if p == 0 {
			p = price(lastNumber(l.Value))
		}
		if p == 0 {
			continue
		}
		if best < 0 || better(p, bestPrice) {
			best, bestPrice = i, p
		}
	}
	return best
}

// lastNumber returns the last number in a name.
func lastNumber(s string) string {
	end := strings.LastIndexFunc(s, unicode.IsDigit)
	if end < 0 {
		return ""
	}
	start := end
	for start > 0 && s[start-1] >= '0' && s[start-1] <= '9' {
		start--
	}
	return s[start : end+1]
}

// chose takes the message as the choice of an option of the question. The title of a button, typed, is the same as pressing it.
func (w *turn) chose(q *dialogue.Question) bool {
	if len(q.Options) == 0 || w.in.Analysis == nil {
		return false
	}
	i := w.point(w.listed(q), true)
	if i < 0 || strings.HasPrefix(q.Options[i].Payload, "/affirm") || strings.HasPrefix(q.Options[i].Payload, "/deny") {
		return false
	}
	done := w.press(q.Options[i].Payload)
	if w.d.Action == dialogue.Answer {
		w.d.Reason, w.d.Why = dialogue.Choice, "the customer chose an option"
	}
	return done
}

// picked takes the message as the choice of an option that was shown or listed in a notice.
func (w *turn) picked() bool {
	list := w.listed(nil)
	i := w.point(list, false)
	if i < 0 {
		return false
	}
	l := list[i]
	if l.Slot != "" {
		return false // a value for a task: referent finds it
	}
	if l.Value == "" {
		w.act(dialogue.Answer, dialogue.Choice, "an option that needs nothing to be done")
		w.say("chosen", map[string]string{"option": l.Title})
		return true
	}
	if strings.HasPrefix(l.Value, "/") {
		return w.press(l.Value)
	}
	if w.p.o.Tasks.Task(l.Value) == nil {
		return false
	}
	w.d.Intents = []string{l.Value}
	w.pursueAll([]wish{{l.Value, 1}})
	if w.d.Action == dialogue.Answer {
		w.d.Reason, w.d.Why = dialogue.Choice, "the customer chose an option"
	}
	return true
}

// pressOption takes the button "/option N".
func (w *turn) pressOption(arg string) {
	n, err := strconv.Atoi(strings.TrimSpace(arg))
	list := w.listed(w.asked)
	if err != nil || n < 1 || n > len(list) {
		w.act(dialogue.Clarify, dialogue.NotUnderstood, "there is no such option")
		w.say("clarify.choice", nil)
		w.s.Asked = w.asked
		return
	}
	l := list[n-1]
	switch {
	case l.Slot != "":
		w.pressSlot(l.Slot + "=" + l.Value)
	case strings.HasPrefix(l.Value, "/"):
		w.press(l.Value)
	default:
		w.pursueAll([]wish{{l.Value, 1}})
	}
}

// pressSlot takes the button "/slot NAME=VALUE" for the task that is worked on.
func (w *turn) pressSlot(arg string) {
	name, v, _ := strings.Cut(arg, "=")
	s := w.p.o.Tasks.Slot(name)
	t, intent := w.correctable()
	if s == nil || t == nil || !slices.Contains(t.Declared(), name) {
		w.act(dialogue.Clarify, dialogue.NotUnderstood, "no task waits for this value")
		w.say("clarify.rephrase", nil)
		return
	}
	ts := w.begin(t, intent)
	w.d.Intents = []string{intent}
	if v == "" {
		delete(ts.Slots, name)
		w.askSlot(ts, t, name)
		return
	}
	w.learn(ts, s, dialogue.Slot{Value: v, From: fromCustomer, Turn: w.n})
	w.run(ts, t)
	w.goOn()
}

// referValue fills a slot of the task from what the customer points at among the options shown. It reports whether it did.
func (w *turn) referValue(ts *dialogue.TaskState, t *task.Task, slot string) bool {
	if w.in.Analysis == nil {
		return false
	}
	i := w.point(w.s.Lists, true)
	if i < 0 {
		return false
	}
	l := w.s.Lists[i]
	s := w.p.o.Tasks.Slot(l.Slot)
	if s == nil || slot != "" && l.Slot != slot || !slices.Contains(t.Declared(), l.Slot) || ts.Slots[l.Slot] == l.Value && len(w.s.Slots[l.Slot].More) == 0 {
		return false
	}
	w.learn(ts, s, dialogue.Slot{Value: l.Value, From: fromSystem, Turn: w.n})
	return true
}

// referent understands what the wish is about from the options shown: 便宜那个，下个月生效. It does the task when it found something.
func (w *turn) referent(intent string) bool {
	t := w.p.o.Tasks.Task(intent)
	if t == nil || w.point(w.s.Lists, false) < 0 {
		return false
	}
	i := w.point(w.s.Lists, false)
	if !slices.Contains(t.Declared(), w.s.Lists[i].Slot) {
		return false
	}
	ts := w.begin(t, intent)
	w.take(ts, t, "")
	w.referValue(ts, t, "")
	w.s.Misses = 0
	w.run(ts, t)
	w.goOn()
	return true
}

// continued understands a message without a wish of its own as the last one again with another value: 那蓝色的呢？ what about Friday?
func (w *turn) continued() bool {
	if len(w.s.Topic) == 0 || len(w.r.wishes) > 0 {
		return false
	}
	var t *task.Task
	intent := ""
	for _, in := range w.s.Topic {
		if x := w.p.o.Tasks.Task(in); x != nil {
			t, intent = x, in
			break
		}
	}
	if t == nil || !(w.cue(CueAnd) || w.serves(t) || w.point(w.s.Lists, false) >= 0 || w.cue(CuePronoun) && w.cue(CueQuestion)) {
		return false
	}
	if w.in.Analysis.OOS >= w.set.Understanding.Strange && !w.serves(t) {
		return false
	}
	return w.again(t, intent)
}

// elliptic takes "and the blue one?" as the last wish again, whatever the words by themselves look like.
func (w *turn) elliptic() bool {
	if len(w.s.Topic) == 0 || len(w.r.wishes) > 0 && w.r.wishes[0].score >= clear || w.asked != nil && w.asked.Kind == dialogue.AskConfirm {
		return false
	}
	if !w.cue(CueAnd) && len(w.r.wishes) > 0 && w.r.wishes[0].score >= w.set.Understanding.Switch {
		return false
	}
	few := 2
	if !strings.ContainsFunc(w.r.text, isHan) {
		few = 5 // words of "and what about the … one" count one each
	}
	if !(w.cue(CueAnd) && w.rest() <= few || w.rest() <= 1) { // a value and next to nothing else: 朝阳区的
		return false
	}
	t := w.p.o.Tasks.Task(w.s.Topic[0])
	unclear := len(w.r.wishes) == 0 || w.r.wishes[0].score < w.set.Understanding.Switch
	return t != nil && (w.serves(t) || w.cue(CueAnd) && unclear) && w.again(t, w.s.Topic[0])
}

// again does the last wish once more with what the message adds.
func (w *turn) again(t *task.Task, intent string) bool {
	back := w.undo()
	ts := w.begin(t, intent)
	changed := w.take(ts, t, "")
	if len(changed) == 0 && !w.referValue(ts, t, "") && !w.cue(CueAnd) && !w.cue(CuePronoun) {
		back()
		return false
	}
	w.d.Intents = []string{intent}
	w.s.Misses = 0
	w.run(ts, t)
	w.goOn()
	return true
}
