package policy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"yingda/dialogue"
	"yingda/dialogue/task"
	"yingda/nlu"
)

// Options say what a policy works with.
type Options struct {
	// Tasks are what the robot can do. Required.
	Tasks *task.Set
	// Settings are thresholds, weights, roles and words. Required.
	Settings *Settings
	// Knowledge answers what no task does; nil = nothing.
	Knowledge dialogue.Knowledge
	// Recommender proposes products and plans; nil = only what a task's call returns.
	Recommender dialogue.Recommender
	// Suggester proposes what the customer may want to ask next; nil = only what entries of the knowledge base name.
	Suggester dialogue.Suggester
	// Same tells whether two names are of one product, as 蓝牙耳机 and earbuds are; nil = names are compared by their words alone.
	Same func(a, b string) bool
}

// Policy implements [dialogue.Policy]. It is immutable and safe for concurrent use; new files make a new one.
type Policy struct {
	o Options
	s *Settings
}

var _ dialogue.Policy = (*Policy)(nil)

// New checks that tasks and settings fit together and makes a policy.
func New(o Options) (*Policy, error) {
	if o.Tasks == nil || o.Settings == nil {
		return nil, errors.New("a policy needs tasks and settings")
	}
	p := &Policy{o, o.Settings}
	return p, p.fit()
}

// fit reports names in the settings that no task serves.
func (p *Policy) fit() error {
	var errs []error
	need := func(where, intent string) {
		if intent != "" && p.o.Tasks.Task(intent) == nil {
			errs = append(errs, fmt.Errorf("policy: %s: no task serves %q", where, intent))
		}
	}
	for i, n := range p.s.Notices {
		for _, in := range n.Intents {
			need(fmt.Sprintf("notices[%d].intents", i), in)
		}
		need(fmt.Sprintf("notices[%d].urgent", i), n.Urgent)
		need(fmt.Sprintf("notices[%d].next", i), n.Next)
	}
	for _, typ := range slices.Sorted(maps.Keys(p.s.Named)) {
		need("named."+typ, p.s.Named[typ])
	}
	for _, next := range slices.Sorted(maps.Keys(p.s.Offers)) {
		if in := p.s.Offers[next]; in != "/agent" {
			need("offers."+next, in)
		}
	}
	for i, h := range p.s.Hints {
		need(fmt.Sprintf("hints[%d].also", i), h.Also)
		for _, in := range slices.Sorted(maps.Keys(h.Weights)) {
			if !strings.HasSuffix(in, "*") && p.s.role(in) == "" {
				need(fmt.Sprintf("hints[%d].weights", i), in)
			}
		}
	}
	for i, op := range p.s.Options {
		need(fmt.Sprintf("options[%d].intent", i), op.Intent)
	}
	return errors.Join(errs...)
}

// Decide implements [dialogue.Policy]. It returns an error only when ctx is done or the knowledge base fails.
func (p *Policy) Decide(ctx context.Context, in dialogue.Turn) (dialogue.Decision, error) {
	return p.decide(ctx, in, newHearing())
}

// decide is Decide with what may have been found in the message before.
func (p *Policy) decide(ctx context.Context, in dialogue.Turn, h *hearing) (dialogue.Decision, error) {
	w := &turn{p: p, set: p.s, ctx: ctx, in: in, heard: h, s: in.Tracker.State.Clone(), n: in.Tracker.Turns + 1, asked: in.Tracker.State.Asked}
	w.s.Asked = nil
	for i := range w.s.Tasks {
		if p.o.Tasks.Task(w.s.Tasks[i].Intent) != nil { // else its file has gone
			w.tasks = append(w.tasks, &w.s.Tasks[i])
		}
	}
	if w.s.Slots == nil {
		w.s.Slots = map[string]dialogue.Slot{}
	}
	w.lang = in.Message.Lang
	if in.Analysis != nil && in.Analysis.Language != "" {
		w.lang = in.Analysis.Language
	} else if w.lang == "" {
		w.lang = in.Tracker.Lang
	}
	w.decide()
	if w.err != nil {
		return dialogue.Decision{}, w.err
	}
	if err := ctx.Err(); err != nil {
		return dialogue.Decision{}, err
	}
	return w.finish(), nil
}

// turn is the work on one turn.
type turn struct {
	p   *Policy
	set *Settings
	ctx context.Context
	in  dialogue.Turn
	n   int // number of this turn, from 1

	s     dialogue.State // afterwards; its Tasks are written at the end
	tasks []*dialogue.TaskState
	asked *dialogue.Question // before
	r     reading
	mood  mood
	lang  nlu.Lang
	heard *hearing      // found so far
	left  *int          // see rest
	told  *notification // see notice

	d       dialogue.Decision
	done    *dialogue.TaskState // that was answered or finished last
	claimed []nlu.Span          // parts of the message that filled a slot of the task at hand
	touched []*task.Task        // tasks that this turn was about
	reset   bool                // the topic changed: slots no touched task knows go aside
	depth   int                 // of tasks that begin other tasks
	calls   int
	err     error
}

// decide takes the message the way that suits its kind.
func (w *turn) decide() {
	switch {
	case w.in.Tracker.Owner.Kind == dialogue.OwnerAgent:
		w.d.Action, w.d.Reason, w.d.Why = dialogue.Silent, dialogue.PersonSpeaks, "an agent speaks in this conversation"
		w.s.Asked = w.asked
	case w.in.Message.Payload != "" && w.press(w.in.Message.Payload):
	case w.in.Analysis == nil:
		w.wordless()
	default:
		w.listen()
	}
}

// listen takes a message with words.
func (w *turn) listen() {
	w.read()
	w.feel()
	waiting := w.in.Tracker.Owner.Kind == dialogue.OwnerQueue
	switch {
	case waiting:
		w.wait()
	case w.r.role(RolePerson):
		w.handOff(dialogue.ByRequest, "the customer asks for a person")
	case w.misheard():
		w.miss("clarify.again", "the recogniser heard too little")
	case w.tooAngry():
		w.d.Intents = w.r.names()
		w.gather()
		w.handOff(dialogue.ByEmotion, fmt.Sprintf("angry for the %s time", ordinal(w.s.Angry)))
	case w.forTier():
		w.handOff(dialogue.ByTier, "people serve this wish for customers of tier "+w.in.Profile.Tier)
	case w.retried():
	case w.answered():
	case w.corrected():
	case w.dropped():
	case w.picked():
	case w.elliptic():
	case w.pursued():
	case w.continued():
	case w.fromKnowledge(w.set.Understanding.Knowledge, nil):
	case w.guessed():
	default:
		w.notUnderstood()
	}
}

// forTier tells whether people serve the wish for customers of this tier.
func (w *turn) forTier() bool {
	for _, x := range w.r.wishes {
		for _, name := range w.set.tier(w.in.Profile.Tier).For {
			if w.set.in(name, x.intent) {
				w.d.Intents = w.r.names()
				return true
			}
		}
	}
	return false
}

// finish puts together the decision and what is remembered.
func (w *turn) finish() dialogue.Decision {
	w.soothe()
	w.settle()
	w.forget()
	if len(w.d.Intents) == 0 {
		w.d.Intents = w.r.names()
	}
	if topic := w.topical(w.d.Intents); len(topic) > 0 {
		w.s.Topic = topic
	}
	w.suggest()
	if patience := w.d.Reason == dialogue.Waiting && w.s.Asked != nil; len(w.d.Say) > 0 && !patience { // after a pause the question is what is repeated
		w.s.Said = w.d.Say
	}
	w.d.Task = w.about()
	w.d.State = w.s
	return w.d
}

// about returns the task that the action belongs to: the one asked for, handed over, or else answered. A task that was dropped, or that the system
// refused, is none that was dealt with.
func (w *turn) about() string {
	switch q := w.s.Asked; {
	case w.d.Action == dialogue.HandOff:
		if ts := w.top(); ts != nil {
			return ts.Task
		}
	case q != nil && q.Task != "" && q.Kind != dialogue.AskResume:
		return q.Task
	case w.done != nil:
		return w.done.Task
	}
	return ""
}

// topical keeps the intents that are wishes.
func (w *turn) topical(intents []string) []string {
	var out []string
	for _, in := range intents {
		if w.set.role(in) == "" && !slices.Contains(out, in) {
			out = append(out, in)
		}
	}
	return out
}

// settle puts aside what belongs to topics that are over, so that State.Slots holds what bears on the present one.
func (w *turn) settle() {
	if !w.reset {
		return
	}
	keep := map[string]bool{}
	for _, t := range w.touched {
		for _, n := range t.Declared() {
			keep[n] = true
		}
	}
	for _, n := range slices.Sorted(maps.Keys(w.s.Slots)) {
		if keep[n] {
			continue
		}
		if w.s.Aside == nil {
			w.s.Aside = map[string]dialogue.Slot{}
		}
		w.s.Aside[n] = w.s.Slots[n]
		delete(w.s.Slots, n)
	}
	for len(w.s.Aside) > w.set.Limits.Aside {
		oldest := ""
		for _, n := range slices.Sorted(maps.Keys(w.s.Aside)) {
			if oldest == "" || w.s.Aside[n].Turn < w.s.Aside[oldest].Turn {
				oldest = n
			}
		}
		delete(w.s.Aside, oldest)
	}
}

// forget bounds what is remembered.
func (w *turn) forget() {
	w.tasks = slices.DeleteFunc(w.tasks, func(ts *dialogue.TaskState) bool { return ts.Paused && w.n-ts.Since > w.set.Limits.Paused })
	if extra := len(w.tasks) - w.set.Limits.Tasks; extra > 0 {
		w.tasks = slices.Delete(w.tasks, 0, extra)
	}
	const most = 30
	var tasks []dialogue.TaskState
	for _, ts := range w.tasks {
		tasks = append(tasks, *ts)
	}
	w.s.Tasks = tasks
	w.s.Tried = w.s.Tried[max(len(w.s.Tried)-most, 0):]
	w.s.Notes = w.s.Notes[max(len(w.s.Notes)-most, 0):]
}

// say adds something to say.
func (w *turn) say(key string, vars map[string]string, buttons ...dialogue.Button) {
	w.d.Say = append(w.d.Say, dialogue.Say{Key: key, Vars: vars, Buttons: buttons})
}

// act sets what the turn does. Of several things done in one turn the last that waits for the customer counts, else the first.
func (w *turn) act(a dialogue.Action, r dialogue.Reason, why string) {
	if w.d.Action == "" || waits(a) {
		w.d.Action, w.d.Reason, w.d.Why = a, r, why
	}
}

func waits(a dialogue.Action) bool {
	return a == dialogue.Ask || a == dialogue.Confirm || a == dialogue.HandOff || a == dialogue.Recommend
}

// ask remembers what the robot waits for.
func (w *turn) ask(q dialogue.Question) {
	q.Turn = w.n
	w.s.Asked = &q
}

func ordinal(n int) string {
	switch n {
	case 1:
		return "first"
	case 2:
		return "second"
	case 3:
		return "third"
	}
	return fmt.Sprintf("%dth", n)
}
