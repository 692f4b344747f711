package policy

import (
	"encoding/json"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"yingda/dialogue"
	"yingda/nlu"
	typed "yingda/nlu/recognizer/value"
)

// reading is what a message says, in the light of what came before.
type reading struct {
	text   string // folded: lower case, half-width, simplified
	values []value
	bare   []value // values that mean something only where they were asked for
	wishes []wish  // what is wanted, the main wish first; chat roles are not among them
	roles  []Role  // what the message does in the conversation
	spoken []string
	idle   bool   // a yes or a no is all that was said besides wishes, and nothing was asked
	yes    int    // +1 yes, −1 no, 0 neither
	close  []wish // two wishes that are too close to choose between
	image  bool
	raw    map[string]float64 // the analysis' own scores
	hints  []*Hint            // that apply
}

// wish is an intent with its probability after context.
type wish struct {
	intent string
	score  float64
}

// value is something in the message that can fill a slot.
type value struct {
	typ, text, norm string
	role            string
	kind            string // of a typed value, e.g. "duration"
	start, end      int    // bytes of the raw text
	negated         bool   // "not that one"
	number          float64
	fromEnd         bool // of a rank: counted from the end
	yes             bool
	score           float64
	source          nlu.Source
}

// role tells whether the message does something in the conversation.
func (r *reading) role(x Role) bool { return slices.Contains(r.roles, x) }

// names returns the intents that the message was taken to mean. A yes or no that nothing asked for says nothing beside a wish.
func (r *reading) names() []string {
	out := slices.Clone(r.spoken)
	if r.idle && len(r.wishes) > 0 {
		out = nil
	}
	for _, x := range r.wishes {
		if !slices.Contains(out, x.intent) {
			out = append(out, x.intent)
		}
	}
	return out
}

// cue tells whether the message holds words of a kind. Each kind is looked for once.
func (w *turn) cue(c Cue) bool {
	return w.heard.holds(w.set.cues[c], w.r.text)
}

// read fills w.r from the analysis and the context.
func (w *turn) read() {
	a := w.in.Analysis
	w.r.text = a.Normal.Text
	if w.r.text == "" {
		w.r.text = strings.ToLower(a.Text)
	}
	w.r.image = slices.ContainsFunc(w.in.Message.Attachments, func(x dialogue.Attachment) bool { return x.Type == dialogue.Image })
	w.readValues(a)
	w.rank(a)
	w.readAnswer(a)
	w.second(a)
	w.r.idle = w.asked == nil && !slices.ContainsFunc(w.r.roles, func(r Role) bool { return r != RoleAffirm && r != RoleDeny })
}

// readValues collects what can fill slots.
func (w *turn) readValues(a *nlu.Analysis) {
	for _, e := range a.Entities {
		w.r.values = append(w.r.values, w.value(a, e))
	}
	for _, e := range a.Candidates {
		covered := slices.ContainsFunc(a.Entities, func(x nlu.Entity) bool { return x.Span == e.Span && x.Type == e.Type })
		if e.Source == nlu.SourceSlot && !covered {
			w.r.bare = append(w.r.bare, w.value(a, e))
		}
	}
	w.familiar(a.Text)
	w.negate(a.Text)
}

// familiar adds the names of the customer's own things, which the analysis need not know: what they bought, what was shown to them.
func (w *turn) familiar(text string) {
	folded := strings.ToLower(text)
	if len(folded) != len(text) {
		return // a letter whose cases differ in length: places would not agree
	}
	add := func(slot, name string) {
		s := w.p.o.Tasks.Slot(slot)
		if s == nil || len(s.Types) == 0 || utf8.RuneCountInString(name) < 2 {
			return
		}
		for _, call := range calledShort(strings.ToLower(name)) {
			i := strings.Index(folded, call)
			if i < 0 {
				continue
			}
			if !w.taken(i, i+len(call)) {
				w.r.values = append(w.r.values, value{typ: s.Types[0], text: text[i : i+len(call)], start: i, end: i + len(call), score: 1, source: nlu.SourceLookup})
			}
			return
		}
	}
	for _, it := range w.in.Profile.History {
		for _, f := range []string{fieldOrder, fieldProduct, fieldPlan} {
			add(w.p.o.Tasks.SlotFor(f), field(it, f))
		}
	}
	for _, l := range w.s.Lists {
		add(l.Slot, l.Value)
	}
	w.lastDigits(text)
}

var digits = regexp.MustCompile(`\d{4,}`)

// lastDigits adds numbers that one of the customer's orders ends in, where the message has no use for the number as anything else.
func (w *turn) lastDigits(text string) {
	slot := w.p.o.Tasks.Slot(w.p.o.Tasks.SlotFor(fieldOrder))
	if slot == nil || len(slot.Types) == 0 {
		return
	}
	for _, at := range digits.FindAllStringIndex(text, -1) {
		if slices.ContainsFunc(w.r.values, func(v value) bool { return v.start < at[1] && at[0] < v.end }) {
			continue
		}
		end, whole := text[at[0]:at[1]], ""
		for _, it := range w.in.Profile.History {
			if it.OrderID != "" && it.OrderID != whole && strings.HasSuffix(it.OrderID, end) {
				if whole != "" {
					whole = ""
					break // two orders end so
				}
				whole = it.OrderID
			}
		}
		if whole != "" {
			w.r.values = append(w.r.values, value{typ: slot.Types[0], text: end, start: at[0], end: at[1], score: 1, source: nlu.SourceLookup})
		}
	}
}

// value takes an entity over. Where the model's find holds a name of the lists of the same type, the name counts: 微信 in 微信付.
func (w *turn) value(a *nlu.Analysis, e nlu.Entity) value {
	v := value{typ: e.Type, text: e.Text, role: e.Role, start: e.Start, end: e.End, score: e.Score, source: e.Source}
	if e.Source == nlu.SourceModel {
		for _, c := range a.Candidates {
			if c.Source == nlu.SourceLookup && c.Type == e.Type && e.Contains(c.Span) {
				v.text, v.start, v.end, e.Value = c.Text, c.Start, c.End, c.Value
			}
		}
	}
	v.normalise(e.Value)
	return v
}

// normalise takes over what a typed value means.
func (v *value) normalise(x any) {
	switch n := x.(type) {
	case nil:
		return
	case string:
		if n != v.text {
			v.norm = n
		}
		return
	case typed.DateTime:
		v.kind = string(n.Type)
	case typed.Boolean:
		v.yes = n.Yes
	case bool:
		v.yes = n
	case typed.Ordinal:
		if n.Offset != nil {
			v.number, _ = new(big.Float).SetInt(n.Offset).Float64()
		}
		v.fromEnd = n.RelativeTo == "end"
	case typed.Number:
		if n.Rat != nil {
			v.number, _ = n.Float64()
		}
	case float64:
		v.number = n
	}
	if data, err := json.Marshal(x); err == nil {
		v.norm = string(data)
	}
}

// calledShort returns what people call a thing of this name, the longest first: the end of the name, of at least two Chinese characters or one
// word: 陶瓷马克杯, 马克杯; "wireless earbuds", "earbuds".
func calledShort(name string) []string {
	out := []string{name}
	for i, r := range name {
		rest := name[i:]
		switch {
		case i == 0:
		case isHan(r) && utf8.RuneCountInString(rest) >= 2 && !strings.ContainsAny(rest, " 0123456789"):
			out = append(out, rest)
		case !isHan(r) && name[i-1] == ' ' && len(rest) >= 4 && strings.IndexFunc(rest, unicode.IsDigit) < 0:
			out = append(out, rest)
		}
	}
	return out
}

// clauseEnds separate what one "not" reaches from the rest.
const clauseEnds = "，。,.;；！!？?\n"

// negate marks values that the customer says they do not want or mean, where the same message names another of the type.
func (w *turn) negate(text string) {
	for i := range w.r.values {
		v := &w.r.values[i]
		if v.end > len(text) || v.start > v.end {
			continue
		}
		if v.role == "old" {
			v.negated = true
			continue
		}
		from := strings.LastIndexAny(text[:v.start], clauseEnds) + 1
		to := len(text)
		if j := strings.IndexAny(text[v.end:], clauseEnds); j >= 0 {
			to = v.end + j
		}
		if !w.heard.holds(w.set.cues[CueNegation], strings.ToLower(text[from:to])) {
			continue
		}
		v.negated = slices.ContainsFunc(w.r.values, func(o value) bool { return o.typ == v.typ && (o.end <= from || o.start >= to) })
	}
}

// readAnswer tells yes from no: by the intent, by the recogniser of answers, by the words that the message begins with.
func (w *turn) readAnswer(a *nlu.Analysis) {
	switch {
	case w.r.role(RoleDeny):
		w.r.yes = -1
	case w.r.role(RoleAffirm) && !w.cue(CueWrong):
		w.r.yes = 1
	}
	if w.cue(CueNo) || w.cue(CueWrong) && w.r.yes > 0 {
		w.r.yes = -1
	} else if w.r.yes == 0 && w.cue(CueYes) {
		w.r.yes = 1
	}
	if w.r.yes != 0 {
		return
	}
	for _, v := range w.r.bare { // an answer that is a clause of its own
		if v.typ == typeBoolean && v.score >= 0.6 {
			w.r.yes = -1
			if v.yes {
				w.r.yes = 1
			}
		}
	}
}

// typeBoolean is the recognisers' name for a yes or a no, typeOrdinal for a rank, typeNumber for a bare number.
const (
	typeBoolean = string(typed.KindBoolean)
	typeOrdinal = string(typed.KindOrdinal)
	typeNumber  = string(typed.KindNumber)
)

// rest returns how many letters of the message are not part of values, fillers and yes or no at its beginning.
func (w *turn) rest() int {
	if w.left == nil {
		n := w.leftOver()
		w.left = &n
	}
	return *w.left
}

func (w *turn) leftOver() int {
	text := w.r.text
	for _, c := range []Cue{CueYes, CueNo} {
		if _, end, found := w.heard.first(w.set.cues[c], text); found {
			text = text[end:]
			break
		}
	}
	for _, v := range w.r.values {
		text = strings.Replace(text, strings.ToLower(v.text), " ", 1)
	}
	text = w.heard.without(w.set.cues[CueFiller], text)
	n, word := 0, false
	for _, r := range text { // a Chinese character and an English word count one
		switch {
		case unicode.Is(unicode.Han, r):
			n, word = n+1, false
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if !word {
				n++
			}
			word = true
		default:
			word = false
		}
	}
	return n
}

// short tells whether the message has at most n characters.
func (w *turn) short(n int) bool { return utf8.RuneCountInString(w.r.text) <= n }
