package routing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"yingda/dialogue"
)

// Act says who does something in which conversation.
type Act struct {
	dialogue.Key
	Agent string
	// Token is that of the ownership the agent acts on: of the ticket for a claim (0 = whatever it is), of the claim for everything after.
	Token uint64
	// ID makes the act idempotent: the same again changes nothing and succeeds. Empty = a new one.
	ID string
	// Note is for colleagues; it is sealed with what the customer wrote.
	Note string
}

// Held is a conversation after an act.
type Held struct {
	Tracker *dialogue.Tracker
	Owner   dialogue.Owner  // who speaks now; Owner.Token is what the next act needs
	Event   *dialogue.Event // nil when the act had been done before
}

// Words is what an agent says.
type Words struct {
	Replies   []dialogue.Reply
	Suggested string // id of the suggestion that was used, if one was
}

// Destination is where a conversation is transferred to: a queue, an agent, or an agent and the queue it goes to when they do not take it.
type Destination struct {
	Queue  string
	Agent  string
	Skills []string // nil = those asked for before
	Urgent bool
}

// Bounds of what agents send.
const (
	maxReplies  = 10
	maxSaid     = 16 << 10 // bytes of a reply
	maxNote     = 4 << 10
	reserveFor  = 20 * time.Second // how long a slot is kept for a claim that is being written
	systemActor = "system"
)

// AgentLost is why a conversation was released when its agent vanished.
const AgentLost dialogue.Reason = "agent_lost"

// Claim makes an agent the one who speaks. The agent needs a free place; the conversation must wait, or be with the robot (an agent may
// step in), or be theirs already. Errors: ErrBusy, ErrNotThere, ErrStaleOwner when somebody else was first.
func (s *Service) Claim(ctx context.Context, act Act) (Held, error) {
	if err := act.check(); err != nil {
		return Held{}, err
	}
	tr, err := s.o.Conversations.Load(ctx, act.Key)
	if err != nil {
		return Held{}, err
	}
	if tr.Events == 0 {
		return Held{}, fmt.Errorf("conversation %s: %w", act.Conversation, dialogue.ErrUnknown)
	}
	if tr.Owner.Kind == dialogue.OwnerAgent && tr.Owner.Agent == act.Agent && (act.Token == 0 || act.Token == tr.Owner.Token || act.done(tr)) {
		return Held{tr, tr.Owner, nil}, nil
	}
	until := s.o.Now().Add(reserveFor)
	a, err := s.reserve(ctx, act.Key, act.Agent, tr.Channel, until)
	if err != nil {
		return Held{}, err
	}
	held, err := s.update(ctx, act, func(tr *dialogue.Tracker) (*dialogue.Event, error) {
		o := tr.Owner
		switch {
		case !s.o.Now().Before(until):
			return nil, fmt.Errorf("claim of conversation %s took longer than its reservation: %w", act.Conversation, dialogue.ErrUnavailable)
		case o.Kind == dialogue.OwnerAgent && o.Agent == act.Agent:
			return nil, nil
		case o.Kind == dialogue.OwnerAgent, act.Token != 0 && act.Token != o.Token, tr.Closed:
			return nil, stale(tr, act)
		}
		ev := s.hand(tr, act, dialogue.Claimed, dialogue.HandBody{Queue: o.Queue, Agent: act.Agent, By: act.Agent})
		s.tell(tr, ev, keyJoined, map[string]string{"agent": a.display()})
		return ev, nil
	})
	if err == nil && held.Event != nil {
		if t := TicketOf(held.Tracker); t != nil && s.outdated(t) {
			s.drop(ctx, act.Key, act.Agent)
		}
	}
	if err != nil && !errors.Is(err, dialogue.ErrUnavailable) { // after ErrUnavailable it may have been written: the reservation ends by itself
		s.drop(ctx, act.Key, act.Agent)
	}
	return held, err
}

// ClaimNext gives an agent the waiting customer who stands first among those they may serve now, of the given queues (none = all of
// theirs). Errors: ErrNothingWaits, ErrBusy, ErrNotThere.
func (s *Service) ClaimNext(ctx context.Context, tenant, agent string, queues ...string) (Held, error) {
	passed := map[string]bool{}
	for {
		k, token, err := s.nextFor(tenant, agent, queues, passed)
		if err != nil {
			return Held{}, err
		}
		held, err := s.Claim(ctx, Act{Key: k, Agent: agent, Token: token})
		if err == nil || !errors.Is(err, dialogue.ErrStaleOwner) {
			return held, err
		}
		passed[k.Conversation] = true // somebody was faster
	}
}

// Say says something to the customer in the agent's name. Errors: ErrStaleOwner, ErrInput.
func (s *Service) Say(ctx context.Context, act Act, w Words) (Held, error) {
	if err := errors.Join(act.check(), w.check()); err != nil {
		return Held{}, err
	}
	return s.update(ctx, act, func(tr *dialogue.Tracker) (*dialogue.Event, error) {
		if err := speaks(tr, act); err != nil {
			return nil, err
		}
		n := 0
		for _, r := range w.Replies {
			n += utf8.RuneCountInString(r.Text)
		}
		ev := s.event(tr, act, dialogue.AgentSaid)
		ev.Agent = &dialogue.AgentBody{Agent: act.Agent, Length: n, Suggested: w.Suggested}
		ev.Private.Replies = w.Replies
		return ev, nil
	})
}

// Transfer passes the conversation on; the customer waits again, at the front. Errors: ErrStaleOwner, ErrInput.
func (s *Service) Transfer(ctx context.Context, act Act, to Destination) (Held, error) {
	if err := errors.Join(act.check(), s.destination(act, to)); err != nil {
		return Held{}, err
	}
	return s.update(ctx, act, func(tr *dialogue.Tracker) (*dialogue.Event, error) {
		if err := speaks(tr, act); err != nil {
			return nil, err
		}
		body := dialogue.HandBody{Queue: to.Queue, Agent: to.Agent, By: act.Agent, Skills: to.Skills, Urgent: to.Urgent}
		ev := s.hand(tr, act, dialogue.Transferred, body)
		s.tell(tr, ev, keyTransferred, nil)
		return ev, nil
	})
}

func (s *Service) destination(act Act, to Destination) error {
	switch {
	case to.Queue == "" && to.Agent == "":
		return fmt.Errorf("transfer: name a queue or an agent: %w", ErrInput)
	case to.Queue != "" && s.Config().Queues[to.Queue] == nil:
		return fmt.Errorf("transfer: there is no queue %q: %w", to.Queue, ErrInput)
	case to.Agent != "" && s.agentInView(act.Tenant, to.Agent) == nil:
		return fmt.Errorf("transfer: there is no agent %q: %w", to.Agent, ErrInput)
	case to.Agent == act.Agent:
		return fmt.Errorf("transfer: %s speaks already: %w", to.Agent, ErrInput)
	}
	return nil
}

// Release puts the conversation back to the front of its queue. Errors: ErrStaleOwner.
func (s *Service) Release(ctx context.Context, act Act) (Held, error) {
	return s.leave(ctx, act, dialogue.Released, keyReleased)
}

// Return gives the conversation back to the robot. Errors: ErrStaleOwner.
func (s *Service) Return(ctx context.Context, act Act) (Held, error) {
	return s.leave(ctx, act, dialogue.Returned, keyBack)
}

// Close ends the conversation; when the customer writes again, the robot answers. Errors: ErrStaleOwner.
func (s *Service) Close(ctx context.Context, act Act) (Held, error) {
	return s.leave(ctx, act, dialogue.Closed, keyEnded)
}

// leave ends the agent's part.
func (s *Service) leave(ctx context.Context, act Act, kind dialogue.EventKind, key string) (Held, error) {
	if err := act.check(); err != nil {
		return Held{}, err
	}
	return s.update(ctx, act, func(tr *dialogue.Tracker) (*dialogue.Event, error) {
		if err := speaks(tr, act); err != nil {
			return nil, err
		}
		ev := s.hand(tr, act, kind, dialogue.HandBody{Queue: tr.Owner.Queue, By: act.Agent})
		s.tell(tr, ev, key, nil)
		return ev, nil
	})
}

// Enqueue puts a conversation that the robot leads into a queue, for a reason outside of it: the API, a supervisor. One that waits keeps
// its place. Errors: ErrStaleOwner when an agent speaks, ErrUnknown, ErrInput.
func (s *Service) Enqueue(ctx context.Context, act Act, ask dialogue.HandOffAsk) (Held, error) {
	act.Agent = cmp.Or(act.Agent, systemActor)
	if err := act.check(); err != nil {
		return Held{}, err
	}
	if s.Config().Queues[ask.Queue] == nil {
		return Held{}, fmt.Errorf("there is no queue %q: %w", ask.Queue, ErrInput)
	}
	return s.update(ctx, act, func(tr *dialogue.Tracker) (*dialogue.Event, error) {
		switch {
		case tr.Events == 0:
			return nil, fmt.Errorf("conversation %s: %w", act.Conversation, dialogue.ErrUnknown)
		case tr.Owner.Kind == dialogue.OwnerQueue:
			return nil, nil
		case tr.Owner.Kind == dialogue.OwnerAgent:
			return nil, stale(tr, act)
		}
		ev := s.hand(tr, act, dialogue.Queued, dialogue.HandBody{Queue: ask.Queue, By: act.Agent, Why: ask.Why, Skills: ask.Skills, Urgent: ask.Urgent})
		s.tell(tr, ev, keyHandoff+"."+ask.Queue, nil)
		return ev, nil
	})
}

// update appends what change wants and brings the documents up to it.
func (s *Service) update(ctx context.Context, act Act, change func(*dialogue.Tracker) (*dialogue.Event, error)) (Held, error) {
	tr, ev, err := s.o.Conversations.Update(ctx, act.Key, func(tr *dialogue.Tracker) (*dialogue.Event, error) {
		if act.done(tr) {
			return nil, nil
		}
		return change(tr)
	})
	if err != nil {
		if errors.Is(err, dialogue.ErrStaleOwner) { // the board showed something else: put it right
			s.refresh(ctx, act.Key)
		}
		return Held{}, err
	}
	if ev != nil && ev.Kind == dialogue.AgentSaid {
		return Held{tr, tr.Owner, ev}, nil
	}
	if err := s.sync(ctx, tr, time.Time{}); err != nil && ctx.Err() == nil { // the log has it: the consumer does it again
		s.o.Logger.Warn("ticket not updated yet", "tenant", act.Tenant, "conversation", act.Conversation, "err", err)
	}
	return Held{tr, tr.Owner, ev}, nil
}

// refresh brings the documents of a conversation up to the log.
func (s *Service) refresh(ctx context.Context, k dialogue.Key) {
	tr, err := s.o.Log.Load(ctx, k)
	if err == nil {
		err = s.sync(ctx, tr, time.Time{})
	}
	if err != nil {
		s.o.Logger.Warn("ticket not refreshed", "tenant", k.Tenant, "conversation", k.Conversation, "err", err)
	}
}

// speaks refuses one who is not the one to speak.
func speaks(tr *dialogue.Tracker, act Act) error {
	if o := tr.Owner; o.Kind != dialogue.OwnerAgent || o.Agent != act.Agent || o.Token != act.Token {
		return stale(tr, act)
	}
	return nil
}

func stale(tr *dialogue.Tracker, act Act) error {
	who := "the robot"
	switch o := tr.Owner; o.Kind {
	case dialogue.OwnerAgent:
		who = "agent " + o.Agent
	case dialogue.OwnerQueue:
		who = "nobody yet: it waits in queue " + o.Queue
	}
	return fmt.Errorf("agent %s acts on token %d of conversation %s, but with token %d the one to speak is %s: %w",
		act.Agent, act.Token, tr.Conversation, tr.Owner.Token, who, dialogue.ErrStaleOwner)
}

// event is the id of the act's event. It is the agent's own: a customer's message may have the same ID.
func (act *Act) event() string { return "act:" + act.Agent + ":" + act.ID }

// done tells whether the act is in the log already.
func (act *Act) done(tr *dialogue.Tracker) bool { return act.ID != "" && tr.Saw(act.event()) > 0 }

func (act *Act) check() error {
	switch {
	case act.Key.Validate() != nil:
		return fmt.Errorf("%w: %w", act.Key.Validate(), ErrInput)
	case !agentID.MatchString(act.Agent):
		return fmt.Errorf("agent %q: want 1–64 of letters, digits, '.', '_' and '-': %w", act.Agent, ErrInput)
	case len(act.ID) > 128 || len(act.Note) > maxNote || !utf8.ValidString(act.ID+act.Note):
		return fmt.Errorf("id of %d and note of %d bytes: want at most 128 and %d, valid UTF-8: %w", len(act.ID), len(act.Note), maxNote, ErrInput)
	}
	return nil
}

func (w *Words) check() error {
	if len(w.Replies) == 0 || len(w.Replies) > maxReplies {
		return fmt.Errorf("%d replies: want 1–%d: %w", len(w.Replies), maxReplies, ErrInput)
	}
	for i, r := range w.Replies {
		switch {
		case r.Text == "" && r.Image == "" && len(r.Links) == 0 && len(r.Cards) == 0:
			return fmt.Errorf("replies[%d] is empty: %w", i, ErrInput)
		case len(r.Text) > maxSaid || !utf8.ValidString(r.Text):
			return fmt.Errorf("replies[%d] has %d bytes: want at most %d of valid UTF-8: %w", i, len(r.Text), maxSaid, ErrInput)
		}
	}
	return nil
}
