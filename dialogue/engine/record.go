package engine

import (
	"context"
	"maps"
	"slices"
	"time"

	"yingda/dialogue"
	"yingda/nlu"
)

// rankingKept is how many intents of the ranking are logged: enough to find confusions, and to see how near a refused message was.
const rankingKept = 5

// event writes down what happened in the turn.
func (w *work) event(t dialogue.Turn, d dialogue.Decision, replies []dialogue.Reply, matters map[string]string) *dialogue.Event {
	m, a := t.Message, t.Analysis
	body := &dialogue.TurnBody{
		Lang: language(t), Decision: readable(d), Tier: t.Profile.Tier, Owner: t.Tracker.Owner.Kind, Arms: t.Variants, Exposures: matters, Millis: w.millis,
		Intents: []nlu.Prediction{}, Ranking: []nlu.Prediction{}, Entities: []string{}, Scripts: []dialogue.ScriptRef{},
	}
	private := &dialogue.Private{
		Customer: m.Customer, Text: m.Text, Alternatives: m.Alternatives, Confidence: m.Confidence, Attachments: m.Attachments, Payload: m.Payload, Profile: m.Profile,
		Replies: replies, Calls: w.calls.known, Say: d.Say, Follow: d.Follow, State: d.State,
	}
	for _, r := range replies {
		body.Scripts = append(body.Scripts, r.Script)
	}
	for _, at := range m.Attachments {
		body.Attachments = append(body.Attachments, at.Type)
	}
	for _, c := range w.calls.known {
		body.Calls = append(body.Calls, dialogue.CallNote{Name: c.Call.Name, Status: c.Result.Status, Millis: float64(c.Result.Took.Microseconds()) / 1000})
	}
	if a != nil {
		w.describe(body, private, t)
	}
	return &dialogue.Event{ID: m.ID, Kind: dialogue.TurnTaken, Key: m.Key, Channel: m.Channel, Time: m.Time, Turn: body, Private: private}
}

// describe adds what was understood.
func (w *work) describe(body *dialogue.TurnBody, private *dialogue.Private, t dialogue.Turn) {
	a := t.Analysis
	body.Bundle, body.OOS, body.Emotion = a.Bundle, a.OOS, emotion(t)
	body.Redacted = w.e.o.Redact.Text(a.Text, a.Entities)
	for _, in := range a.Intents {
		body.Intents = append(body.Intents, in.Prediction)
	}
	body.Ranking = append(body.Ranking, a.Ranking[:min(rankingKept, len(a.Ranking))]...)
	if a.Text != private.Text { // of several readings of speech the one that was understood
		private.Text, private.Heard = a.Text, private.Text
	}
	for _, ent := range a.Entities {
		body.Entities = append(body.Entities, ent.Type)
		private.Entities = append(private.Entities, dialogue.Entity{Type: ent.Type, Text: ent.Text, Start: ent.Start, Value: ent.Value, Role: ent.Role})
	}
}

// readable is a decision without words that may hold what a customer said.
func readable(d dialogue.Decision) dialogue.Decision {
	says := make([]dialogue.Say, len(d.Say))
	for i, s := range d.Say {
		says[i].Key = s.Key
	}
	d.Say = says
	if len(d.Follow) > 0 {
		follow := make([]dialogue.FollowAsk, len(d.Follow))
		for i, f := range d.Follow {
			f.Vars = nil
			follow[i] = f
		}
		d.Follow = follow
	}
	d.State = dialogue.State{}
	return d
}

// again answers a message that came before from the log. The second result is false when the event at seq is another's: ids are
// remembered by hash.
func (e *Engine) again(ctx context.Context, t *dialogue.Tracker, m dialogue.Message, seq uint64) (dialogue.Outcome, bool, error) {
	evs, err := e.o.Store.Events(ctx, t.Key, seq-1, 1)
	if err != nil {
		return dialogue.Outcome{}, false, err
	}
	if len(evs) == 0 || evs[0].Seq != seq || evs[0].ID != m.ID || evs[0].Kind != dialogue.TurnTaken {
		return dialogue.Outcome{}, false, nil
	}
	ev := evs[0]
	if p := ev.Private; p != nil && m.Customer != "" && p.Customer != m.Customer {
		same, err := e.same(ctx, t.Key, p.Customer, m.Customer)
		if err != nil {
			return dialogue.Outcome{}, false, err
		}
		if !same {
			return dialogue.Outcome{}, false, &dialogue.InputError{Field: "id", Reason: "was used by another customer in this conversation: give each message an id of its own"}
		}
	}
	out := dialogue.Outcome{Key: t.Key, ID: m.ID, Seq: seq, Duplicate: true, Decision: ev.Turn.Decision, Owner: t.Owner, Tracker: t}
	if p := ev.Private; p != nil {
		out.Replies, out.Decision.State, out.Decision.Say = p.Replies, p.State, p.Say
	}
	return out, true, nil
}

// recorder makes calls with stable idempotency keys and remembers them: a redone turn that asks the same gets the same answer without
// another call.
type recorder struct {
	next    dialogue.Caller
	message dialogue.Message      // with the customer and the channel filled in
	lang    nlu.Lang              // that is answered in
	known   []dialogue.CallRecord // of all tries: also what a try did that lost against another writer is on record
	took    time.Duration         // in this try
	asked   map[int]bool          // positions in known of what this try has asked
}

// begin starts a try.
func (r *recorder) begin() { r.took, r.asked = 0, nil }

func (r *recorder) note(i int) {
	if r.asked == nil {
		r.asked = map[int]bool{}
	}
	r.asked[i] = true
}

// find returns the position of a call that was made before, -1 if it was not.
func (r *recorder) find(c dialogue.Call) int {
	return slices.IndexFunc(r.known, func(k dialogue.CallRecord) bool { return k.Call.Name == c.Name && maps.Equal(k.Call.Args, c.Args) })
}

// Call implements [dialogue.Caller].
func (r *recorder) Call(ctx context.Context, c dialogue.Call) dialogue.Result {
	if i := r.find(c); i >= 0 {
		r.note(i)
		return r.known[i].Result
	}
	c.Key = callKey(r.message, c)
	c.Tenant, c.Customer, c.Lang = r.message.Tenant, r.message.Customer, r.lang
	began := time.Now()
	res := r.next.Call(ctx, c)
	if res.Took == 0 {
		res.Took = time.Since(began)
	}
	r.took += res.Took
	r.known = append(r.known, dialogue.CallRecord{Call: c, Result: res})
	r.note(len(r.known) - 1)
	return res
}

// noCalls is the caller of an installation without systems.
type noCalls struct{}

func (noCalls) Call(context.Context, dialogue.Call) dialogue.Result {
	return dialogue.Result{Status: dialogue.CallFailed, Message: "no system is configured to answer calls"}
}
