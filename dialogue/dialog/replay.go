package dialog

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/action"
	"yingda/dialogue/engine"
	"yingda/dialogue/experiment"
	"yingda/nlu"
)

// ReplayOptions say what logged turns are done again with. Parser, Policy and Scripts are required.
type ReplayOptions struct {
	Parser  engine.Parser
	Policy  dialogue.Policy
	Scripts dialogue.Scripts
	// Profiles tells who customers are whose profile is not in the log; as they are now. Nil = nobody is known.
	Profiles dialogue.Profiles
	// Feel corrects the emotion of the words, as in the engine. Nil = nothing is corrected.
	Feel func(words nlu.Emotion, text string) nlu.Emotion

	Tenant string    // only this one; empty = all
	Since  time.Time // only turns from then on; zero = all
	Limit  int       // at most so many turns; 0 = all
}

// Change is a turn that would go otherwise.
type Change struct {
	dialogue.Key
	Seq   uint64     `json:"seq"`
	ID    string     `json:"id"`
	Time  time.Time  `json:"time"`
	Text  string     `json:"text"` // without personal parts
	Diffs []Mismatch `json:"diffs"`
	Why   string     `json:"why,omitempty"` // of the new decision
	// Unknown are calls that the logged turn did not make: how the turn would end is not known.
	Unknown []string `json:"unknown_calls,omitempty"`
}

// Summary counts what a replay did.
type Summary struct {
	Turns   int            `json:"turns"` // done again
	Same    int            `json:"same"`
	Changed int            `json:"changed"`
	Unknown int            `json:"unknown"`           // of the changed: with calls that the log does not answer
	Erased  int            `json:"erased,omitempty"`  // left out: made unreadable at the customer's wish
	Failed  int            `json:"failed,omitempty"`  // could not be done
	By      map[string]int `json:"by"`                // turns by what would be different
	Actions map[string]int `json:"actions,omitempty"` // "ask → answer": turns
}

// errEnough ends a walk early.
var errEnough = errors.New("enough")

// Replay does logged turns again, each on what the conversation was before it in the log, with the calls answered as they were then. Walk gives the
// events of the log in order, from the first; changed is called for each turn that would go otherwise. Nothing is written.
//
// What an agent or the robot by itself did stays as it was: only turns of customers are done again. What customers in a queue were told
// about the wait is taken from the log.
func Replay(ctx context.Context, o ReplayOptions, walk func(fn func(ev *dialogue.Event) error) error, changed func(Change) error) (Summary, error) {
	if o.Parser == nil || o.Policy == nil || o.Scripts == nil {
		return Summary{}, errors.New("replay: ReplayOptions.Parser, Policy and Scripts are required")
	}
	r := &replay{o: o, changed: changed, trackers: map[dialogue.Key]*dialogue.Tracker{}, sum: Summary{By: map[string]int{}, Actions: map[string]int{}}}
	err := walk(func(ev *dialogue.Event) error {
		if o.Tenant != "" && ev.Tenant != o.Tenant {
			return nil
		}
		t := r.trackers[ev.Key]
		if t == nil {
			t = &dialogue.Tracker{Key: ev.Key}
		}
		r.trackers[ev.Key] = t.Apply(ev, "")
		if ev.Kind != dialogue.TurnTaken || ev.Time.Before(o.Since) {
			return nil
		}
		if err := r.turn(ctx, t, ev); err != nil {
			return err
		}
		if o.Limit > 0 && r.sum.Turns >= o.Limit {
			return errEnough
		}
		return ctx.Err()
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return r.sum, err
}

type replay struct {
	o        ReplayOptions
	changed  func(Change) error
	trackers map[dialogue.Key]*dialogue.Tracker
	sum      Summary
}

// turn does one turn again.
func (r *replay) turn(ctx context.Context, t *dialogue.Tracker, ev *dialogue.Event) error {
	if ev.Private == nil || ev.Turn == nil {
		r.sum.Erased++
		return nil
	}
	got, calls, err := r.again(ctx, t, ev)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.sum.Failed++
		return r.changed(Change{Key: ev.Key, Seq: ev.Seq, ID: ev.ID, Time: ev.Time, Text: ev.Turn.Redacted, Diffs: []Mismatch{{"error", "a turn", err.Error()}}})
	}
	r.sum.Turns++
	c := Change{Key: ev.Key, Seq: ev.Seq, ID: ev.ID, Time: ev.Time, Text: ev.Turn.Redacted, Diffs: differences(ev, got), Why: got.Turn.Decision.Why}
	for _, call := range calls.Missing() {
		c.Unknown = append(c.Unknown, call.Name)
	}
	if len(c.Diffs) == 0 && len(c.Unknown) == 0 {
		r.sum.Same++
		return nil
	}
	r.sum.Changed++
	if len(c.Unknown) > 0 {
		r.sum.Unknown++
	}
	for _, d := range c.Diffs {
		r.sum.By[d.What]++
		if d.What == "action" {
			r.sum.Actions[d.Want+" → "+d.Got]++
		}
	}
	return r.changed(c)
}

// again lets the engine handle the message on a store that remembers and writes nothing.
func (r *replay) again(ctx context.Context, t *dialogue.Tracker, ev *dialogue.Event) (*dialogue.Event, *action.Recorded, error) {
	store, calls := &oneTurn{before: t}, action.NewRecorded(ev.Private.Calls)
	e, err := engine.New(engine.Options{
		Store: store, Parser: r.o.Parser, Policy: r.o.Policy, Scripts: r.o.Scripts, Profiles: r.o.Profiles, Calls: calls, Feel: r.o.Feel,
		Experiments: arms(ev.Turn), Now: func() time.Time { return ev.Time }, Attempts: 1,
		Admit: func(_ *dialogue.Tracker, ask dialogue.HandOffAsk, says []dialogue.Say) []dialogue.Say {
			if h := ev.Turn.Decision.HandOff; h != nil && h.Queue == ask.Queue && h.Why == ask.Why {
				return ev.Private.Say
			}
			return says
		},
	})
	if err != nil {
		return nil, nil, err
	}
	p := ev.Private
	_, err = e.Handle(ctx, dialogue.Message{
		Key: ev.Key, ID: ev.ID, Customer: p.Customer, Channel: ev.Channel, Time: ev.Time, Text: cmp.Or(p.Heard, p.Text), Alternatives: p.Alternatives,
		Confidence: p.Confidence, Attachments: p.Attachments, Payload: p.Payload, Profile: p.Profile,
	})
	if err == nil && store.made == nil {
		err = errors.New("the turn was not taken")
	}
	return store.made, calls, err
}

// logged are the variants that the customer had in a logged turn.
type logged []dialogue.Arm

// arms reads them. A turn says in Arms which variants there were; those are what it is done again with, also where they did not matter. Who understands
// is up to the replay.
func arms(b *dialogue.TurnBody) (l logged) {
	for _, name := range slices.Sorted(maps.Keys(b.Arms)) {
		l = append(l, dialogue.Arm{Experiment: name, Variant: b.Arms[name]})
	}
	return l
}

// Assign implements engine.Assigner.
func (l logged) Assign(context.Context, experiment.Subject) []dialogue.Arm { return l }

// Exposed implements engine.Assigner.
func (logged) Exposed(string, string, map[string]string) {}

// oneTurn is a store of one conversation that takes one event and forgets it.
type oneTurn struct {
	before *dialogue.Tracker
	made   *dialogue.Event
}

// Load implements [dialogue.Store].
func (s *oneTurn) Load(context.Context, dialogue.Key) (*dialogue.Tracker, error) {
	t := *s.before
	t.Seen = nil // the log may hold what looks like the same message
	return &t, nil
}

// Append implements [dialogue.Store].
func (s *oneTurn) Append(_ context.Context, t *dialogue.Tracker, ev *dialogue.Event) (*dialogue.Tracker, error) {
	s.made = ev
	return t.Apply(ev, ""), nil
}

// Events implements [dialogue.Store].
func (s *oneTurn) Events(context.Context, dialogue.Key, uint64, int) ([]dialogue.Event, error) {
	return nil, nil
}

// differences compares a logged turn with the same one done again.
func differences(was, is *dialogue.Event) (diffs []Mismatch) {
	add := func(what, before, after string) {
		if before != after {
			diffs = append(diffs, Mismatch{what, before, after})
		}
	}
	a, b := &was.Turn.Decision, &is.Turn.Decision
	add("understood", labels(was.Turn.Intents), labels(is.Turn.Intents))
	add("intents", strings.Join(a.Intents, ", "), strings.Join(b.Intents, ", "))
	add("action", string(a.Action), string(b.Action))
	add("reason", string(a.Reason), string(b.Reason))
	add("queue", queueText(queueOf(a.HandOff)), queueText(queueOf(b.HandOff)))
	add("script", keysOf(was), keysOf(is))
	add("slots", stateText(was), stateText(is))
	add("reply", repliesText(was), repliesText(is))
	return diffs
}

func labels(ps []nlu.Prediction) string {
	var names []string
	for _, p := range ps {
		names = append(names, p.Label)
	}
	return strings.Join(names, ", ")
}

func keysOf(ev *dialogue.Event) string {
	var keys []string
	for _, s := range ev.Turn.Decision.Say {
		keys = append(keys, s.Key)
	}
	return strings.Join(keys, ", ")
}

func stateText(ev *dialogue.Event) string {
	vs := Values{}
	for name, v := range ev.Private.State.Slots {
		vs[name] = append([]string{v.Value}, v.More...)
	}
	return values(vs)
}

func repliesText(ev *dialogue.Event) string {
	var texts []string
	for _, r := range ev.Private.Replies {
		texts = append(texts, r.Text)
	}
	return strings.Join(texts, "\n")
}

// private are the differences that hold what customers wrote or were told.
var private = []string{"slots", "reply"}

// Hide takes out of a change what customers wrote or were told; that it differs stays.
func (c Change) Hide() Change {
	c.Diffs = slices.Clone(c.Diffs)
	for i := range c.Diffs {
		if slices.Contains(private, c.Diffs[i].What) {
			c.Diffs[i].Want, c.Diffs[i].Got = "…", "…"
		}
	}
	return c
}

// WriteChange writes a change as text.
func WriteChange(w io.Writer, c Change) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s #%d %s\n", c.Time.Format("2006-01-02 15:04"), c.Conversation, c.Seq, escape(c.Text))
	for _, d := range c.Diffs {
		if d.Want == d.Got {
			fmt.Fprintf(&b, "  %s differs\n", d.What)
			continue
		}
		fmt.Fprintf(&b, "  %s: %s → %s\n", d.What, cmp.Or(escape(d.Want), "none"), cmp.Or(escape(d.Got), "none"))
	}
	if len(c.Unknown) > 0 {
		fmt.Fprintf(&b, "  how it ends is not known: the logged turn did not call %s\n", strings.Join(c.Unknown, ", "))
	}
	if c.Why != "" {
		fmt.Fprintf(&b, "  now: %s\n", c.Why)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Write writes the counts as text.
func (s Summary) Write(w io.Writer) error {
	var b strings.Builder
	share := func(n int) float64 { return 100 * float64(n) / float64(max(s.Turns, 1)) }
	fmt.Fprintf(&b, "%d turns: %d the same, %d different (%.1f %%)", s.Turns, s.Same, s.Changed, share(s.Changed))
	if s.Unknown > 0 {
		fmt.Fprintf(&b, ", %d of them with calls that the log does not answer", s.Unknown)
	}
	b.WriteByte('\n')
	for _, what := range slices.Sorted(maps.Keys(s.By)) {
		fmt.Fprintf(&b, "  %-11s %5d  %5.1f %%\n", what, s.By[what], share(s.By[what]))
	}
	for _, pair := range slices.Sorted(maps.Keys(s.Actions)) {
		fmt.Fprintf(&b, "  action %-24s %5d\n", pair, s.Actions[pair])
	}
	if s.Erased+s.Failed > 0 {
		fmt.Fprintf(&b, "  left out: %d erased, %d that failed\n", s.Erased, s.Failed)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteJSON writes the counts as one line of JSON.
func (s Summary) WriteJSON(w io.Writer) error {
	return json.NewEncoder(w).Encode(struct {
		Summary Summary `json:"summary"`
	}{s})
}
