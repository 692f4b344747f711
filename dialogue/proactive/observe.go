package proactive

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"yingda/dialogue"
)

// Observe takes a batch of events of conversations: it makes the follow-ups that turns ask for and stops those that became pointless.
// Events may come twice and out of order. An error means that the batch has to come again.
func (s *Service) Observe(ctx context.Context, evs []dialogue.Event) error {
	for i := range evs {
		ev := &evs[i]
		var err error
		switch ev.Kind {
		case dialogue.TurnTaken:
			err = s.turn(ctx, ev)
		case dialogue.Rated:
			err = s.stopIn(ctx, ev, OnRating, "the customer rated the conversation")
		case dialogue.Closed:
			err = s.stopIn(ctx, ev, OnClose, "the conversation was closed")
		case dialogue.Claimed, dialogue.Queued:
			err = s.stopIn(ctx, ev, OnHandOff, "people took over")
		}
		if err != nil {
			return fmt.Errorf("event %d of a conversation: %w", ev.Seq, err)
		}
	}
	return nil
}

// turn handles a customer's message: what it makes pointless is stopped, unless the same turn asks for it again, which puts it off.
func (s *Service) turn(ctx context.Context, ev *dialogue.Event) error {
	if err := s.rated(ctx, ev); err != nil {
		return err
	}
	asks := s.asks(ev)
	open, err := s.concerned(ctx, ev)
	if err != nil {
		return err
	}
	for _, it := range open {
		k, ok := s.config().Kinds[it.kind]
		i := slices.IndexFunc(asks, func(a ask) bool { return a.kind.Name == it.kind && a.rearms })
		switch {
		case ok && i >= 0 && it.conv == s.index.hash(ev.Tenant, ev.Conversation):
			done, err := s.rearm(ctx, it, ev, asks[i])
			if err != nil {
				return err
			}
			if done {
				asks = slices.Delete(asks, i, i+1)
			}
		case ok && (k.stops(OnReply) || k.stops(OnHandOff) && ev.Turn.Decision.HandOff != nil):
			if err := s.stop(ctx, it, ev, "the customer wrote"); err != nil {
				return err
			}
		}
	}
	if len(asks) == 0 || ev.Private == nil {
		return nil
	}
	t, err := s.o.Conversations.Load(ctx, ev.Key)
	if err != nil {
		return err
	}
	for _, a := range asks {
		// A turn that comes again from the log may be long over: written to since, or sent already.
		// A customer who was erased since is not known any more, and is not written to.
		if f := s.armed(ev, a); t.Customer != "" && t.Saw(f.eventID()) == 0 && !(a.kind.stops(OnReply) && t.LastSaid.After(ev.Time)) {
			if _, err := s.create(ctx, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// pressed reads a press on a button of the satisfaction question: "/rate 4" (stars), "/nps 9" (how likely to recommend).
func pressed(payload string) *dialogue.RatingBody {
	name, arg, _ := strings.Cut(payload, " ")
	n, err := strconv.Atoi(arg)
	switch {
	case err != nil:
	case name == "/rate" && n >= 1 && n <= 5:
		return &dialogue.RatingBody{Score: n}
	case name == "/nps" && n >= 0 && n <= dialogue.MostNPS:
		return &dialogue.RatingBody{NPS: &n}
	}
	return nil
}

// rated makes a rating of a press on a button of the satisfaction question.
func (s *Service) rated(ctx context.Context, ev *dialogue.Event) error {
	if ev.Private == nil {
		return nil
	}
	body := pressed(ev.Private.Payload)
	if body == nil {
		return nil
	}
	id := "rating:" + ev.ID
	_, _, err := s.o.Conversations.Update(ctx, ev.Key, func(t *dialogue.Tracker) (*dialogue.Event, error) {
		if t.Saw(id) != 0 {
			return nil, nil
		}
		return &dialogue.Event{
			ID: id, Kind: dialogue.Rated, Key: ev.Key, Channel: ev.Channel, Time: ev.Time,
			Rating: body, Private: &dialogue.Private{Customer: ev.Private.Customer},
		}, nil
	})
	return err
}

// ask is a follow-up that a turn asks for.
type ask struct {
	kind   Kind
	follow dialogue.FollowAsk
	rearms bool // takes the place of one that is open
}

// asks lists what the turn asks for: by its decision, or by the end of a task.
func (s *Service) asks(ev *dialogue.Event) []ask {
	ks := s.config()
	d := &ev.Turn.Decision
	follow := d.Follow
	if p := ev.Private; p != nil && len(p.Follow) > 0 {
		follow = p.Follow
	}
	var out []ask
	for _, fo := range follow {
		k, ok := ks.Kinds[fo.Kind]
		if !ok {
			s.o.Logger.Warn("a turn asks for a follow-up of a kind that followups.yaml does not have", "kind", fo.Kind, "task", d.Task)
			continue
		}
		out = append(out, ask{k, fo, k.stops(OnReply)})
	}
	if !finished(ev) {
		return out
	}
	for _, n := range slices.Sorted(maps.Keys(ks.Kinds)) {
		k := ks.Kinds[n]
		if slices.ContainsFunc(d.Intents, func(in string) bool { return matches(k.Finished, in) }) {
			vars := map[string]string{"task": d.Intents[len(d.Intents)-1]}
			out = append(out, ask{k, dialogue.FollowAsk{Kind: n, After: k.Delay, Vars: vars}, true})
		}
	}
	return out
}

// finished tells whether the turn ended a task with an answer.
func finished(ev *dialogue.Event) bool {
	d, p := &ev.Turn.Decision, ev.Private
	return p != nil && d.Action == dialogue.Answer && d.Task != "" && d.HandOff == nil && len(p.State.Later) == 0 &&
		!slices.ContainsFunc(p.State.Tasks, func(t dialogue.TaskState) bool { return t.Task == d.Task })
}

// matches tells whether one of the patterns is the name, or ends in * and begins it.
func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		before, star := strings.CutSuffix(p, "*")
		return p == name || star && strings.HasPrefix(name, before)
	})
}

// armed makes the follow-up that a turn asks for.
func (s *Service) armed(ev *dialogue.Event, a ask) *FollowUp {
	due := ev.Time.Add(a.follow.After)
	f := s.fresh(&a.kind, ev.Key, ev.Private.Customer, due)
	f.ID = newID(due, ev.Tenant, fromTurn, ev.Conversation, ev.ID, a.kind.Name)
	f.Source, f.By, f.Cause, f.Seq, f.Armed, f.Vars = fromTurn, "robot", ev.ID, ev.Seq, ev.Time, maps.Clone(a.follow.Vars)
	if a.follow.Key != "" {
		f.Script = a.follow.Key
	}
	return f
}

// rearm puts an open follow-up off to what a later turn asks for. It returns false when there is nothing to put off any more.
func (s *Service) rearm(ctx context.Context, it item, ev *dialogue.Event, a ask) (bool, error) {
	if ev.Private == nil {
		return true, nil
	}
	next, done := s.armed(ev, a), false
	_, err := s.change(ctx, it.tenant, it.id, "robot", func(f *FollowUp) (bool, error) {
		done = false
		if f.Conversation != ev.Conversation || f.Source != fromTurn {
			return false, nil
		}
		if f.Seq >= ev.Seq {
			done = true // a later turn was first
			return false, nil
		}
		if f.Status != Pending || f.Event != 0 {
			return false, nil // it is on its way, and the log decides whether it gets there
		}
		done = true
		f.Due, f.Expires, f.Vars, f.Script = next.Due, next.Expires, next.Vars, next.Script
		f.Cause, f.Seq, f.Armed, f.Reason = next.Cause, next.Seq, next.Armed, ""
		return true, nil
	})
	return done, gone(err)
}

// stop ends an open follow-up that was armed before the event.
func (s *Service) stop(ctx context.Context, it item, ev *dialogue.Event, reason string) error {
	stopped := false
	f, err := s.change(ctx, it.tenant, it.id, "robot", func(f *FollowUp) (bool, error) {
		stopped = false
		if f.Status != Pending || f.Event != 0 || f.Armed.After(ev.Time) || f.Source == fromTurn && f.Conversation == ev.Conversation && f.Seq >= ev.Seq {
			return false, nil
		}
		f.end(Stopped, reason, s.o.Now())
		stopped = true
		return true, nil
	})
	if err != nil || !stopped {
		return gone(err)
	}
	s.o.Logger.Debug("follow-up stopped", "id", f.ID, "kind", f.Kind)
	return nil
}

// concerned lists what is open in the conversation and, under whatever id, of the customer.
func (s *Service) concerned(ctx context.Context, ev *dialogue.Event) ([]item, error) {
	out := s.index.ofConversation(ev.Tenant, ev.Conversation)
	if ev.Private == nil || ev.Private.Customer == "" {
		return out, nil
	}
	ids := []string{ev.Private.Customer}
	if s.o.People != nil && !strings.HasPrefix(ev.Private.Customer, "anonymous:") {
		if pending, _ := s.index.counts(); pending > len(out) {
			all, err := s.o.People.Identities(ctx, ev.Tenant, ev.Private.Customer)
			if err != nil {
				return nil, err
			}
			ids = all
		}
	}
	for _, id := range ids {
		for _, it := range s.index.ofCustomer(ev.Tenant, id) {
			if !slices.ContainsFunc(out, func(o item) bool { return o.id == it.id && o.tenant == it.tenant }) {
				out = append(out, it)
			}
		}
	}
	return out, nil
}

// stopIn stops what is open in the conversation and pointless after the event.
func (s *Service) stopIn(ctx context.Context, ev *dialogue.Event, by Stop, reason string) error {
	for _, it := range s.index.ofConversation(ev.Tenant, ev.Conversation) {
		if k, ok := s.config().Kinds[it.kind]; ok && k.stops(by) {
			if err := s.stop(ctx, it, ev, reason); err != nil {
				return err
			}
		}
	}
	return nil
}

// gone makes nothing of the errors of what is not there any more.
func gone(err error) error {
	if errors.Is(err, dialogue.ErrUnknown) || errors.Is(err, dialogue.ErrErased) {
		return nil
	}
	return err
}
