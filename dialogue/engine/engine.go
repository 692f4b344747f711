// Package engine takes one message from the channel to the reply: it loads the conversation, has the message understood, has the policy
// decide, has the script word it, writes one event and only then answers.
//
// Nothing but the append changes anything, apart from calls of the operator's systems, which carry an idempotency key that stays the same
// when the turn is redone. So when another replica wrote first the turn is simply done again on the newer state, and a message that comes
// twice is answered from the log.
package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/experiment"
	"yingda/dialogue/redact"
	"yingda/nlu"
)

// Parser understands utterances.
type Parser interface {
	// Parse returns one analysis an utterance, in order. bundle is an id or a role, "" the champion.
	Parse(ctx context.Context, bundle string, us []nlu.Utterance) ([]*nlu.Analysis, error)
}

// Media looks at attachments before the turn: captions for pictures, titles for links. It answers in time and returns what it was given
// where it can say nothing; an error is a *dialogue.InputError.
type Media interface {
	Prepare(ctx context.Context, tenant string, as []dialogue.Attachment) ([]dialogue.Attachment, error)
}

// Assigner says which variant of each running experiment a customer has. It is safe for concurrent use and must be quick.
type Assigner interface {
	// Assign returns the variants, one an experiment.
	Assign(ctx context.Context, who experiment.Subject) []dialogue.Arm
	// Exposed is told, once a turn is written, which variants (by experiment) mattered in it. It must not wait.
	Exposed(tenant, customer string, variants map[string]string)
}

// Quiet is implemented by scripts whose Render leaves traces, such as counts of missing words: what they would say is asked this way.
type Quiet interface {
	Quiet(w dialogue.Wording) dialogue.Reply
}

// Options are the parts. Store, Parser, Policy and Scripts are required.
type Options struct {
	Store   dialogue.Store
	Parser  Parser
	Policy  dialogue.Policy
	Scripts dialogue.Scripts
	// Profiles tells who customers are. Default: nobody is known.
	Profiles dialogue.Profiles
	// Calls reaches the operator's systems. Default: every call fails, and the robot says so.
	Calls dialogue.Caller
	// Media looks at attachments. Default: they stay as they are.
	Media Media
	// Experiments assigns arms. Default: none is running.
	Experiments Assigner
	// Admit changes what is said when a customer is handed over: while nobody is there, or when there is a wait. t has the turn's language,
	// channel and tier. Default: nothing is changed.
	Admit func(t *dialogue.Tracker, ask dialogue.HandOffAsk, says []dialogue.Say) []dialogue.Say
	// Feel corrects the emotion of the words by what else the text has, e.g. emoji. Default: nothing is corrected.
	Feel func(words nlu.Emotion, text string) nlu.Emotion
	// Taken is told of each turn that was written with a message that was parsed; a is the parser's own analysis. It must not wait. Default: nobody
	// is told.
	Taken func(ev *dialogue.Event, a *nlu.Analysis)
	// Redact says what reports may show. Default: no entity of any type.
	Redact redact.Rules
	// Same tells whether two ids are one person; a customer who goes on under another id of theirs keeps the conversation. Default: nobody has two.
	Same func(ctx context.Context, tenant, a, b string) (bool, error)
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Attempts bounds how often a turn is redone after conflicts. Default 40: with a conflict every time something is wrong with the log.
	Attempts int
}

// Engine answers messages. It is safe for concurrent use.
type Engine struct {
	o Options
	// Turns and updates do not wait for each other: a turn may wait for the operator's systems, and an agent must not wait for those. Where
	// they meet the log decides.
	turns, updates *locks
}

var (
	_ dialogue.Robot         = (*Engine)(nil)
	_ dialogue.Conversations = (*Engine)(nil)
)

// New checks the parts and puts them together.
func New(o Options) (*Engine, error) {
	if o.Store == nil || o.Parser == nil || o.Policy == nil || o.Scripts == nil {
		return nil, errors.New("new engine: Options.Store, Parser, Policy and Scripts are required")
	}
	if o.Calls == nil {
		o.Calls = noCalls{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Attempts <= 0 {
		o.Attempts = 40
	}
	return &Engine{o: o, turns: newLocks(), updates: newLocks()}, nil
}

// Handle implements [dialogue.Robot].
func (e *Engine) Handle(ctx context.Context, m dialogue.Message) (dialogue.Outcome, error) {
	start := time.Now()
	if err := e.admit(&m); err != nil {
		return dialogue.Outcome{}, err
	}
	unlock, err := e.turns.lock(ctx, m.Key)
	if err != nil {
		return dialogue.Outcome{}, err
	}
	defer unlock()
	w := &work{e: e, m: m, start: start, calls: recorder{next: e.o.Calls, message: m}}
	for attempt := range e.o.Attempts {
		out, err := w.try(ctx)
		if !errors.Is(err, dialogue.ErrConflict) {
			return out, err
		}
		if err := pause(ctx, attempt); err != nil {
			return dialogue.Outcome{}, err
		}
	}
	return dialogue.Outcome{}, fmt.Errorf("message %s: %w %d times in a row", m.ID, dialogue.ErrConflict, e.o.Attempts)
}

// Load implements [dialogue.Conversations].
func (e *Engine) Load(ctx context.Context, k dialogue.Key) (*dialogue.Tracker, error) {
	if err := k.Validate(); err != nil {
		return nil, &dialogue.InputError{Field: "conversation", Reason: err.Error()}
	}
	return e.o.Store.Load(ctx, k)
}

// Events implements [dialogue.Conversations].
func (e *Engine) Events(ctx context.Context, k dialogue.Key, after uint64, limit int) ([]dialogue.Event, error) {
	if err := k.Validate(); err != nil {
		return nil, &dialogue.InputError{Field: "conversation", Reason: err.Error()}
	}
	return e.o.Store.Events(ctx, k, after, limit)
}

// Update implements [dialogue.Conversations].
func (e *Engine) Update(ctx context.Context, k dialogue.Key, change func(*dialogue.Tracker) (*dialogue.Event, error)) (*dialogue.Tracker, *dialogue.Event, error) {
	unlock, err := e.updates.lock(ctx, k)
	if err != nil {
		return nil, nil, err
	}
	defer unlock()
	for attempt := range e.o.Attempts {
		t, err := e.Load(ctx, k)
		if err != nil {
			return nil, nil, err
		}
		ev, err := change(t)
		if err != nil || ev == nil {
			return t, nil, err
		}
		e.complete(t, ev)
		next, err := e.o.Store.Append(ctx, t, ev)
		if err == nil {
			return next, ev, nil
		}
		if !errors.Is(err, dialogue.ErrConflict) {
			return nil, nil, err
		}
		if err := pause(ctx, attempt); err != nil {
			return nil, nil, err
		}
	}
	return nil, nil, fmt.Errorf("conversation %s: %w %d times in a row", k.Conversation, dialogue.ErrConflict, e.o.Attempts)
}

// complete fills what every event has from what is known of the conversation.
func (e *Engine) complete(t *dialogue.Tracker, ev *dialogue.Event) {
	ev.Key = t.Key
	if ev.Time.IsZero() {
		ev.Time = e.o.Now()
	}
	if ev.Channel == "" {
		ev.Channel = t.Channel
	}
	if ev.Private == nil {
		ev.Private = &dialogue.Private{}
	}
	if ev.Private.Customer == "" {
		ev.Private.Customer = t.Customer
	}
	if ev.Private.Customer == "" {
		ev.Private.Customer = anonymous(t.Key)
	}
}

// anonymous is the customer of a conversation whose channel does not say who they are.
func anonymous(k dialogue.Key) string { return "anonymous:" + k.Conversation }

// pause waits a little longer after each conflict, at random, so that two writers do not meet again.
func pause(ctx context.Context, attempt int) error {
	most := min(time.Millisecond<<min(attempt, 6), 50*time.Millisecond)
	timer := time.NewTimer(rand.N(most) + 100*time.Microsecond)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
