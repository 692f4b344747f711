package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"yingda/dialogue"
	"yingda/models"
	"yingda/nlu"
)

// work is one message on its way. What does not depend on the conversation's state is done once, however often the turn is.
type work struct {
	e        *Engine
	m        dialogue.Message
	start    time.Time
	prepared bool
	parsed   *nlu.Analysis // nil without text
	own      *nlu.Analysis // the parser's, that parsed is a copy of
	bundle   string        // that was to parse it
	missing  bool          // ... and was not there: the champion did
	arms     []dialogue.Arm
	policy   dialogue.Policy // of this try, see decider
	calls    recorder
	millis   map[string]float64
	tried    bool // the turn is being redone
}

// rememberer is a store that may know a conversation's state without asking whether another replica wrote since. A turn on a state that
// was not the latest is done again.
type rememberer interface {
	Recent(k dialogue.Key) (*dialogue.Tracker, bool)
}

// preparer is a store that can do beforehand what takes time at a customer's first event.
type preparer interface {
	Prepare(ctx context.Context, tenant, customer string)
}

// load returns the conversation's state: the first time from memory if it is there.
func (w *work) load(ctx context.Context) (*dialogue.Tracker, error) {
	first := !w.tried
	w.tried = true
	if r, ok := w.e.o.Store.(rememberer); ok && first {
		if t, ok := r.Recent(w.m.Key); ok {
			return t, nil
		}
	}
	t, err := w.e.o.Store.Load(ctx, w.m.Key)
	if err != nil {
		return nil, fmt.Errorf("load conversation: %w", err)
	}
	return t, nil
}

// prepare has the store do what it can while the message is being understood. The function that it returns waits for that.
func (w *work) prepare(ctx context.Context, t *dialogue.Tracker) (wait func()) {
	p, ok := w.e.o.Store.(preparer)
	if !ok || t.Seq != 0 {
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.Prepare(ctx, w.m.Tenant, w.m.Customer)
	}()
	return func() { <-done }
}

// try does the turn on the latest state. It returns dialogue.ErrConflict when that was not the latest any more.
func (w *work) try(ctx context.Context) (dialogue.Outcome, error) {
	t, err := w.load(ctx)
	if err != nil {
		return dialogue.Outcome{}, err
	}
	if seq := t.Saw(w.m.ID); seq != 0 {
		if out, again, err := w.e.again(ctx, t, w.m, seq); again || err != nil {
			return out, err
		}
	}
	defer w.prepare(ctx, t)()
	found, err := w.found(ctx, t)
	if err != nil {
		return dialogue.Outcome{}, err
	}
	turn, err := w.turn(ctx, found)
	if err != nil {
		return dialogue.Outcome{}, err
	}
	began := time.Now()
	w.calls.begin()
	d, err := w.decide(ctx, turn)
	if err != nil {
		return dialogue.Outcome{}, fmt.Errorf("decide: %w", err)
	}
	matters := w.otherwise(ctx, turn, d)
	w.admit(turn, &d)
	w.time("policy", time.Since(began)-w.calls.took)
	w.time("calls", w.calls.took)
	replies := w.render(turn, d)
	matters = w.compareWords(turn, d, replies, matters)
	w.time("total", time.Since(w.start))
	ev := w.event(turn, d, replies, matters)
	ev.Turn.Another = found != t
	next, err := w.e.o.Store.Append(ctx, t, ev)
	if err != nil {
		return dialogue.Outcome{}, err
	}
	w.tell(turn, ev)
	return dialogue.Outcome{
		Key: w.m.Key, ID: w.m.ID, Seq: ev.Seq, Replies: replies, Decision: d, Analysis: w.parsed, Owner: next.Owner, Tracker: next,
	}, nil
}

// turn gathers what the policy may look at.
func (w *work) turn(ctx context.Context, t *dialogue.Tracker) (dialogue.Turn, error) {
	m := w.m
	if m.Customer == "" {
		m.Customer = t.Customer
	}
	if m.Customer == "" {
		m.Customer = anonymous(m.Key)
	}
	if m.Channel == "" {
		if m.Channel = t.Channel; m.Channel == "" {
			m.Channel = "web"
		}
	}
	turn := dialogue.Turn{Tracker: t, Calls: &w.calls}
	var err error
	if turn.Profile, err = w.profile(ctx, t, m); err != nil {
		return turn, err
	}
	bundle := w.assign(ctx, t, m, &turn)
	w.policy = w.decider()
	if err := w.understand(ctx, t, &m, bundle); err != nil {
		return turn, err
	}
	turn.Message, turn.Analysis = m, w.parsed
	w.calls.message, w.calls.lang = m, language(turn)
	return turn, nil
}

// profile is what the caller says of the customer, now or earlier in this conversation, else what the provider knows.
func (w *work) profile(ctx context.Context, t *dialogue.Tracker, m dialogue.Message) (dialogue.Profile, error) {
	switch {
	case m.Profile != nil:
		return *m.Profile, nil
	case t.Profile != nil:
		return *t.Profile, nil
	case w.e.o.Profiles == nil:
		return dialogue.Profile{}, nil
	}
	p, err := w.e.o.Profiles.Profile(ctx, m.Tenant, m.Customer)
	if err != nil {
		return p, fmt.Errorf("profile: %w", err)
	}
	return p, nil
}

// understand prepares the attachments and parses the text, unless an earlier try of this turn has.
func (w *work) understand(ctx context.Context, t *dialogue.Tracker, m *dialogue.Message, bundle string) error {
	if !w.prepared && w.e.o.Media != nil && len(m.Attachments) > 0 {
		as, err := w.e.o.Media.Prepare(ctx, m.Tenant, m.Attachments)
		if err != nil {
			return err
		}
		w.m.Attachments = as
	}
	w.prepared = true
	m.Attachments = w.m.Attachments
	if m.Text == "" || w.parsed != nil && w.bundle == bundle {
		return nil
	}
	began := time.Now()
	u := nlu.Utterance{Text: m.Text, Alternatives: m.Alternatives, Lang: m.Lang, Reference: m.Time}
	as, err := w.e.o.Parser.Parse(ctx, bundle, []nlu.Utterance{u})
	if w.missing = bundle != "" && errors.Is(err, models.ErrNoBundle); w.missing { // an experiment goes on after its bundle has gone
		as, err = w.e.o.Parser.Parse(ctx, "", []nlu.Utterance{u})
	}
	if err != nil {
		return fmt.Errorf("parse: %w", err)
	}
	w.own = as[0]
	a := *w.own // the parser may still look at its own, to compare bundles
	if w.e.o.Feel != nil {
		a.Emotion = w.e.o.Feel(a.Emotion, a.Text)
	}
	w.parsed, w.bundle = &a, bundle
	w.time("parse", time.Since(began))
	return nil
}

// decide asks the policy, unless a person speaks.
func (w *work) decide(ctx context.Context, t dialogue.Turn) (dialogue.Decision, error) {
	if t.Tracker.Owner.Kind == dialogue.OwnerAgent {
		return dialogue.Decision{Action: dialogue.Silent, Reason: dialogue.PersonSpeaks, Why: "an agent speaks in this conversation", Intents: labels(t.Analysis), State: t.Tracker.State}, nil
	}
	return w.policy.Decide(ctx, t)
}

// admit lets routing say how things stand to a customer who begins to wait.
func (w *work) admit(t dialogue.Turn, d *dialogue.Decision) {
	if d.HandOff == nil || t.Tracker.Owner.Kind != dialogue.OwnerRobot || w.e.o.Admit == nil {
		return
	}
	at := *t.Tracker
	at.Key, at.Channel, at.Lang, at.Tier = t.Message.Key, t.Message.Channel, language(t), t.Profile.Tier
	d.Say = w.e.o.Admit(&at, *d.HandOff, d.Say)
}

func labels(a *nlu.Analysis) []string {
	if a == nil {
		return nil
	}
	var names []string
	for _, in := range a.Intents {
		names = append(names, in.Label)
	}
	return names
}

func (w *work) render(t dialogue.Turn, d dialogue.Decision) []dialogue.Reply {
	replies := make([]dialogue.Reply, 0, len(d.Say))
	said := recent(t.Tracker)
	for i := range d.Say {
		replies = append(replies, w.e.o.Scripts.Render(wording(t, d, i, said)))
	}
	return replies
}

// wording asks for the words of the i-th reply.
func wording(t dialogue.Turn, d dialogue.Decision, i int, said []string) dialogue.Wording {
	return dialogue.Wording{
		Say: d.Say[i], Tenant: t.Message.Tenant, Lang: language(t), Channel: t.Message.Channel, Emotion: emotion(t), Tier: t.Profile.Tier,
		Unit: t.Message.Customer, Variants: t.Variants, Nth: i, Said: said, Time: t.Message.Time,
	}
}

// recent is what the robot said in its latest turns: so far back a customer notices the same words.
func recent(t *dialogue.Tracker) []string {
	const turns = 4
	var said []string
	for i := len(t.Lines) - 1; i >= 0 && len(said) < turns; i-- {
		if t.Lines[i].Who == "robot" {
			said = append(said, t.Lines[i].Text)
		}
	}
	return said
}

// language is what the robot answers in: the profile's where there is one and the message is no clear change, else the message's.
func language(t dialogue.Turn) nlu.Lang {
	switch {
	case t.Analysis != nil && t.Analysis.Language != "" && clear(t.Analysis.Text):
		return t.Analysis.Language
	case t.Tracker.Lang != "":
		return t.Tracker.Lang
	case t.Message.Lang != "":
		return t.Message.Lang
	case t.Profile.Lang != "":
		return t.Profile.Lang
	case t.Analysis != nil && t.Analysis.Language != "":
		return t.Analysis.Language
	}
	return nlu.Chinese
}

// clear tells whether a text is long enough to say which language its writer wants: a number, "ok" or an order id is not. A Chinese
// character counts as a word.
func clear(text string) bool {
	words, inWord := 0, false
	for _, r := range text {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if letter && !inWord || r >= 0x3400 && r < 0xa000 {
			words++
		}
		inWord = letter
	}
	return words >= 2
}

func emotion(t dialogue.Turn) dialogue.Emotion {
	if t.Analysis == nil {
		return dialogue.Emotion{Time: t.Message.Time}
	}
	e := t.Analysis.Emotion
	return dialogue.Emotion{Label: e.Label, Valence: e.Valence, Intensity: e.Intensity, Time: t.Message.Time}
}

func (w *work) time(what string, d time.Duration) {
	if w.millis == nil {
		w.millis = map[string]float64{}
	}
	w.millis[what] = float64(d.Microseconds()) / 1000
}
