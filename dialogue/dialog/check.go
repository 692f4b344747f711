package dialog

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"yingda/dialogue"
	"yingda/dialogue/routing/handover"
)

// Mismatch is something that came out otherwise than expected.
type Mismatch struct {
	What string `json:"what"` // action, reason, queue, slots, intents, task, speaker, reply, script, call, button, agent, duplicate
	Want string `json:"want"`
	Got  string `json:"got"`
}

// check compares what came of a step with what was expected.
func (r *StepResult) check(ctx context.Context, s *stage) {
	e := &r.Step.Expect
	if !e.checks() {
		return
	}
	if r.Outcome != nil {
		r.checkDecision(e)
	}
	if r.Tracker != nil {
		r.checkState(ctx, e, s)
	}
	r.checkReplies(e)
}

// wrong notes a mismatch.
func (r *StepResult) wrong(what, want, got string) {
	r.Faults = append(r.Faults, Mismatch{what, want, got})
}

func (r *StepResult) checkDecision(e *Expect) {
	d := &r.Outcome.Decision
	if e.Action != "" && d.Action != e.Action {
		r.wrong("action", string(e.Action), string(d.Action))
	}
	if e.Reason != "" && d.Reason != e.Reason {
		r.wrong("reason", string(e.Reason), string(d.Reason))
	}
	if e.Intents != nil && !slices.Equal(slices.Sorted(slices.Values(*e.Intents)), slices.Sorted(slices.Values(d.Intents))) {
		r.wrong("intents", strings.Join(*e.Intents, ", "), strings.Join(d.Intents, ", "))
	}
	if e.Queue != nil && !e.Queue.is(d.HandOff) {
		r.wrong("queue", queueText(e.Queue), queueText(queueOf(d.HandOff)))
	}
	if e.Slots != nil && !maps.EqualFunc(*e.Slots, slotsOf(d), slices.Equal) {
		r.wrong("slots", values(*e.Slots), values(slotsOf(d)))
	}
	got := slotsOf(d)
	for _, name := range slices.Sorted(maps.Keys(e.Has)) {
		if !slices.Equal(e.Has[name], got[name]) {
			r.wrong("slots", values(Values{name: e.Has[name]}), values(got))
		}
	}
	if e.Twice && !r.Outcome.Duplicate {
		r.wrong("duplicate", "nothing is done again", "a turn of its own")
	}
}

// is tells whether a handover goes where it should.
func (q *Queue) is(ask *dialogue.HandOffAsk) bool {
	if ask == nil || *q == (Queue{}) {
		return ask == nil && *q == (Queue{})
	}
	return q.Name == ask.Queue && (q.Why == "" || q.Why == ask.Why)
}

func queueOf(ask *dialogue.HandOffAsk) *Queue {
	if ask == nil {
		return &Queue{}
	}
	return &Queue{ask.Queue, ask.Why}
}

func queueText(q *Queue) string {
	if *q == (Queue{}) {
		return "none"
	}
	return strings.TrimSpace(q.Name + " " + string(q.Why))
}

// slotsOf are the slots that the robot knows after the turn, as texts.
func slotsOf(d *dialogue.Decision) Values {
	vs := Values{}
	for name, v := range d.State.Slots {
		vs[name] = append([]string{v.Value}, v.More...)
	}
	return vs
}

func (r *StepResult) checkState(ctx context.Context, e *Expect, s *stage) {
	t := r.Tracker
	if e.Speaker != nil && t.Owner.Kind != *e.Speaker {
		r.wrong("speaker", speakers[*e.Speaker], speakers[t.Owner.Kind])
	}
	if e.Task != nil {
		open := ""
		if n := len(t.State.Tasks); n > 0 {
			open = t.State.Tasks[n-1].Intent
		}
		if open != *e.Task {
			r.wrong("task", *e.Task, open)
		}
	}
	if len(e.Agent) == 0 {
		return
	}
	evs, err := s.log.Events(ctx, s.key, 0, 1000)
	if err != nil {
		r.wrong("agent", "a package", err.Error())
		return
	}
	profile, _ := s.shop.Profile(s.customer())
	data, err := json.Marshal(handover.New(handover.Input{Tracker: t, Profile: profile, Events: evs, Now: s.clock.Now()}))
	if err != nil {
		r.wrong("agent", "a package", err.Error())
		return
	}
	for _, want := range e.Agent {
		if !holds(string(data), want) {
			r.wrong("agent", want, "it is not in what the agent sees: "+string(data))
		}
	}
}

func (r *StepResult) checkReplies(e *Expect) {
	texts, buttons, keys := []string{}, []string{}, []string{}
	for _, reply := range r.Replies {
		texts = append(texts, reply.Text)
		for _, c := range reply.Cards {
			texts = append(texts, c.Title+" "+c.Subtitle)
		}
		for _, b := range reply.Buttons {
			buttons = append(buttons, b.Title, b.Payload)
		}
		keys = append(keys, reply.Script.Key)
	}
	if r.Outcome != nil {
		for _, say := range r.Outcome.Decision.Say {
			keys = append(keys, say.Key)
		}
	}
	all := strings.Join(texts, "\n")
	for _, any := range e.Says {
		if !slices.ContainsFunc(any, func(w string) bool { return holds(all, w) }) {
			r.wrong("reply", strings.Join(any, " | "), all)
		}
	}
	for _, w := range e.Lacks {
		if holds(all, w) {
			r.wrong("reply", "without "+w, all)
		}
	}
	if e.Silent && len(r.Replies) > 0 {
		r.wrong("reply", "none", all)
	}
	for _, k := range e.Scripts {
		if !slices.ContainsFunc(keys, func(got string) bool { return got == k || strings.HasPrefix(got, k+".") }) {
			r.wrong("script", k, strings.Join(keys, ", "))
		}
	}
	for _, b := range e.Buttons {
		if !slices.Contains(buttons, b) {
			r.wrong("button", b, strings.Join(buttons, ", "))
		}
	}
	for _, name := range e.Calls {
		if !slices.ContainsFunc(r.Calls, func(c dialogue.CallRecord) bool { return c.Call.Name == name }) {
			r.wrong("call", name, callNames(r.Calls))
		}
	}
}

func callNames(calls []dialogue.CallRecord) string {
	var names []string
	for _, c := range calls {
		names = append(names, fmt.Sprintf("%s (%s)", c.Call.Name, c.Result.Status))
	}
	return strings.Join(names, ", ")
}

// holds tells whether a text has the parts of want, in order; "…" stands between them. Case does not count.
func holds(text, want string) bool {
	text = strings.ToLower(text)
	for part := range strings.SplitSeq(strings.ToLower(want), "…") {
		part = strings.TrimSpace(part)
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return true
}
