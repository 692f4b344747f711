package policy

import (
	"cmp"
	"slices"

	"yingda/dialogue"
	"yingda/dialogue/task"
	"yingda/nlu"
)

// faint is the score below which context does not lift an intent: it would be guessing.
const faint = 0.004

// rank weighs the analysis' ranking by the context and takes the best intent as the main wish, or as what the message does in the conversation.
//
// The analysis gives a distribution over all intents and "none of them" (OOS), by the message alone. Each intent's share is multiplied by
// the factors of [Context] that apply and the shares are made to add up to one again, OOS keeping its weight. So context moves
// unclear messages and leaves clear ones where they are.
func (w *turn) rank(a *nlu.Analysis) {
	w.r.raw = make(map[string]float64, len(a.Ranking))
	scene := w.scene()
	list := make([]wish, 0, 16)
	total, unlisted := a.OOS*w.outside(), 1-a.OOS
	for _, p := range a.Ranking {
		w.r.raw[p.Label] = p.Score
		if p.Score < faint {
			continue
		}
		unlisted -= p.Score
		x := wish{p.Label, p.Score * scene.factor(p.Label)}
		total += x.score
		list = append(list, x)
	}
	total += max(unlisted, 0) // intents left out of the ranking, or too faint to be lifted, keep their share
	for i := range list {
		list[i].score /= max(total, 1e-9)
	}
	slices.SortStableFunc(list, func(x, y wish) int {
		switch {
		case x.score > y.score:
			return -1
		case x.score < y.score:
			return 1
		}
		return 0
	})
	w.choose(a, list)
}

// choose takes the best intent, if it is good enough.
func (w *turn) choose(a *nlu.Analysis, list []wish) {
	u := w.set.Understanding
	if len(list) == 0 {
		w.keepSaid(a)
		return
	}
	best, enough := list[0], u.Accept
	if len(a.Intents) == 0 {
		enough = u.Rescue
	}
	if best.score < enough {
		if len(a.Intents) == 0 || best.score < u.Accept/2 || w.set.role(best.intent) != "" {
			return
		}
		if len(list) > 1 && best.score < u.Unsure && best.score-list[1].score < u.Margin && w.set.role(best.intent) == "" && w.set.role(list[1].intent) == "" {
			w.r.close = list[:2]
		}
	}
	w.add(best)
	if w.set.role(best.intent) != "" { // a yes may hide a wish: 行，那它什么时候到
		w.hidden(list)
	}
}

// keepSaid takes intents over from an analysis that has no ranking, as tests write it.
func (w *turn) keepSaid(a *nlu.Analysis) {
	for _, in := range a.Intents {
		w.add(wish{in.Label, in.Score})
	}
}

// add takes an intent as meant.
func (w *turn) add(x wish) {
	r := w.set.role(x.intent)
	if r != "" {
		if !slices.Contains(w.r.roles, r) {
			w.r.roles = append(w.r.roles, r)
		}
		if !slices.Contains(w.r.spoken, x.intent) {
			w.r.spoken = append(w.r.spoken, x.intent)
		}
		return
	}
	if !slices.ContainsFunc(w.r.wishes, func(y wish) bool { return y.intent == x.intent }) {
		w.r.wishes = append(w.r.wishes, x)
	}
}

// hidden looks for a wish besides what the message does in the conversation: the best intent among those that are wishes, where enough words
// are left to carry one.
func (w *turn) hidden(list []wish) {
	if w.rest() < 3 || w.r.role(RolePerson) {
		return
	}
	var best wish
	rest := 0.0
	for _, x := range list {
		if w.set.role(x.intent) != "" {
			continue
		}
		rest += x.score
		if x.score > best.score {
			best = x
		}
	}
	if best.intent == "" {
		return
	}
	share, raw := best.score/max(rest, 1e-9), w.r.raw[best.intent]
	if share >= w.set.Understanding.Second && (raw >= 0.15 || best.score >= 0.1 && w.cue(CueQuestion)) {
		w.add(wish{best.intent, share})
	}
}

// second adds the further wishes that the analysis cut out of the message.
func (w *turn) second(a *nlu.Analysis) {
	defer w.beside()
	if len(a.Intents) < 2 {
		return
	}
	for _, in := range a.Intents {
		if in.Score*w.moodFactor(in.Label)*w.hintFactor(in.Label) < w.set.Understanding.Second {
			continue
		}
		if len(w.r.wishes) > 0 && in.Label != w.r.wishes[0].intent && w.replaces(w.r.wishes[0].intent, in.Label) {
			continue // two words for one wish, of which context chose one
		}
		w.add(wish{in.Label, in.Score})
	}
	order := func(x string) int {
		return slices.IndexFunc(a.Intents, func(in nlu.Intent) bool { return in.Label == x })
	}
	slices.SortStableFunc(w.r.wishes, func(x, y wish) int {
		i, j := order(x.intent), order(y.intent)
		if i < 0 || j < 0 {
			return 0
		}
		return i - j
	})
}

// moodFactor is by how much the customer's mood makes an intent likelier.
func (w *turn) moodFactor(intent string) float64 {
	if e := w.emotion(); e.Score >= w.set.Moods.Score {
		return factorOf(w.set.weights[e.Label], intent)
	}
	return 1
}

// scene is what is open when a message comes.
type scene struct {
	w      *turn
	active *task.Task
	paused map[*task.Task]bool
	topic  []string
	goes   bool
	plain  bool // the message may be a yes or a no: it begins like one, or says little and names nothing
	then   map[string]bool
	notice []string
	types  []string // of the values in the message
	items  []dialogue.HistoryItem
	named  string // product in the message that the customer has
	says   string // intent whose word the message has, among alternatives
	points bool   // to one of the things shown last
	mood   []weight
}

// scene gathers the context once a message.
func (w *turn) scene() *scene {
	c := &scene{w: w, paused: map[*task.Task]bool{}, topic: w.s.Topic, goes: w.cue(CueGoes), plain: w.plainAnswer(), then: map[string]bool{}, items: w.in.Profile.History, named: w.named()}
	if !slices.ContainsFunc(c.items, func(it dialogue.HistoryItem) bool { return w.p.same(it.Product, c.named) }) {
		c.named = "" // not one of theirs
	}
	c.says = w.says()
	c.points = len(w.s.Topic) > 0 && w.point(w.s.Lists, false) >= 0
	for i, ts := range w.tasks {
		t := w.p.o.Tasks.Task(ts.Intent)
		if t == nil {
			continue
		}
		if ts.Doubtful && w.heardWell() {
			c.topic = slices.DeleteFunc(slices.Clone(c.topic), func(in string) bool { return in == ts.Intent })
			continue
		}
		if i == len(w.tasks)-1 && !ts.Paused {
			c.active = t
		} else {
			c.paused[t] = true
		}
		c.follow(t)
	}
	for _, in := range w.s.Topic {
		if t := w.p.o.Tasks.Task(in); t != nil {
			c.follow(t)
		}
	}
	if named := w.named(); named != "" {
		same := slices.DeleteFunc(slices.Clone(c.items), func(it dialogue.HistoryItem) bool { return !w.p.same(it.Product, named) })
		if len(same) > 0 {
			c.items = same
		}
	}
	if n, _ := w.notice(); n != nil {
		c.notice = append(slices.Clone(n.Intents), n.Urgent, n.Next)
	}
	for _, v := range w.r.values {
		if len(w.p.o.Tasks.SlotsOf(v.typ)) > 0 && !slices.Contains(c.types, v.typ) && !w.excluded(v) {
			c.types = append(c.types, v.typ)
		}
	}
	open := slices.Clone(c.topic)
	for _, ts := range w.tasks {
		open = append(open, ts.Intent)
	}
	w.r.hints = w.hinted(open)
	if w.in.Analysis != nil {
		if e := w.emotion(); e.Score >= w.set.Moods.Score {
			c.mood = w.set.weights[e.Label]
		}
	}
	return c
}

// plainAnswer tells whether a message may be nothing but a yes or a no.
func (w *turn) plainAnswer() bool {
	return w.cue(CueYes) || w.cue(CueNo) || w.cue(CueWrong) || w.rest() <= 4 && len(w.r.values) == 0
}

// says returns the intent whose word the message has, where it has none for an alternative: 退款 is no 退货.
func (w *turn) says() string {
	var found []string
	for i := range w.set.Options {
		if o := &w.set.Options[i]; o.match != nil && w.heard.matches(o.match, w.r.text) {
			found = append(found, o.Intent)
		}
	}
	for _, set := range w.set.Alternatives {
		var own []string
		for _, in := range found {
			if slices.Contains(set, in) {
				own = append(own, in)
			}
		}
		if len(own) == 1 {
			return own[0]
		}
	}
	return ""
}

func (c *scene) follow(t *task.Task) {
	for _, in := range t.Then {
		c.then[in] = true
	}
}

// factor returns by how much the context makes an intent likelier.
func (c *scene) factor(intent string) float64 {
	k, f := c.w.set.Context, 1.0
	role, t := c.w.set.role(intent), c.w.p.o.Tasks.Task(intent)
	switch q := c.w.asked; {
	case role != RoleAffirm && role != RoleDeny && role != RoleCorrect:
	case q == nil:
		f *= k.Unasked
	case c.plain && (q.Kind == dialogue.AskConfirm || q.Kind == dialogue.AskResume || q.Kind == dialogue.AskStep):
		f *= k.Asked
	}
	switch {
	case t == nil:
	case t == c.active:
		f *= k.Open
	case c.paused[t]:
		f *= k.Paused
	}
	if c.goes && (t != nil && t == c.active || slices.Contains(c.topic, intent)) {
		f *= k.Goes
	}
	switch {
	case slices.Contains(c.topic, intent):
		f *= k.Topic
	case c.then[intent]:
		f *= k.Then
	}
	if slices.Contains(c.notice, intent) {
		f *= k.Notice
	}
	if intent == c.says && intent != "" {
		f *= cmp.Or(k.Says, 1)
	}
	if c.points && role == "" && t != c.active && !slices.Contains(c.topic, intent) && !c.then[intent] {
		f *= k.Unfit // who points at what was just shown goes on with it
	}
	f *= factorOf(c.mood, intent) * c.w.hintFactor(intent)
	if t != nil {
		f *= c.suits(t) * c.takes(t)
	}
	return f
}

// suits weighs the state of the customer's things: who has an order under way and none delivered does not return one.
func (c *scene) suits(t *task.Task) float64 {
	if t.About == nil {
		return 1
	}
	bad, any := false, false
	for _, it := range c.items {
		if it.Kind != t.About.Kind || !c.w.consistent(it) || c.named != "" && !c.w.p.same(it.Product, c.named) {
			continue
		}
		any = true
		switch t.About.Suits(it.Status) {
		case 1:
			return c.w.set.Context.Fits
		case -1:
			bad = true
		case 0:
			return 1
		}
	}
	switch {
	case bad:
		return c.w.set.Context.Unfit
	case !any && len(c.items) > 0 && !t.About.Referred:
		return c.w.set.Context.Absent
	}
	return 1
}

// consistent tells whether an item can be the one that is talked about.
func (w *turn) consistent(it dialogue.HistoryItem) bool {
	id := w.p.o.Tasks.SlotFor(fieldOrder)
	known, ok := w.s.Slots[id]
	return !ok || it.OrderID == "" || it.OrderID == known.Value
}

// takes weighs the values in the message: an intent whose task has a use for them is likelier.
func (c *scene) takes(t *task.Task) float64 {
	f, used := 1.0, false
	for _, typ := range c.types {
		if c.w.uses(t, typ) {
			used = true
		} else {
			f *= c.w.set.Context.Foreign
		}
	}
	if used {
		f *= c.w.set.Context.Takes
	}
	return f
}

// uses tells whether a task has a slot that values of a type fill.
func (w *turn) uses(t *task.Task, typ string) bool {
	for _, n := range w.p.o.Tasks.SlotsOf(typ) {
		if slices.Contains(t.Declared(), n) {
			return true
		}
	}
	return false
}
