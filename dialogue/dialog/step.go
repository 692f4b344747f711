package dialog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/proactive"
	"yingda/nlu"
)

// stepTime is how much later each step is than the one before, where nothing else is said.
const stepTime = time.Minute

// step plays a step.
func (s *stage) step(ctx context.Context, step *Step) (StepResult, error) {
	r := StepResult{Step: step}
	s.steps++
	switch {
	case step.Kind == System:
		s.systems.set(step.System)
		return r, nil
	case !step.At.IsZero():
		s.clock.set(step.At)
	case s.steps > 1 && step.Kind != Wait:
		s.clock.set(s.clock.Now().Add(stepTime))
	}
	var err error
	switch step.Kind {
	case Customer, Press:
		err = s.message(ctx, step, &r)
	case Wait:
		s.clock.set(s.clock.Now().Add(step.Wait))
		err = s.due(ctx)
	case Event:
		err = s.event(ctx, step)
	default:
		err = s.hand(ctx, step)
	}
	if err != nil {
		return r, err
	}
	if r.Calls = s.systems.take(); r.Outcome != nil && s.follow != nil && !r.Outcome.Duplicate {
		if err := s.observe(ctx); err != nil {
			return r, err
		}
	}
	return r, s.look(ctx, &r)
}

// message sends what the customer says or presses.
func (s *stage) message(ctx context.Context, step *Step, r *StepResult) error {
	m := dialogue.Message{Key: s.key, ID: step.ID, Customer: s.customer(), Channel: s.d.Channel, Time: s.clock.Now(), Confidence: step.Confidence,
		Alternatives: step.Heard, Attachments: step.Attachments}
	if m.ID == "" {
		m.ID = "m" + strconv.Itoa(s.steps)
	}
	if s.d.Profile != nil && !s.own {
		m.Profile = s.d.Profile
	}
	if step.Kind == Customer {
		m.Text = step.Text
	} else {
		payload, err := s.button(step.Text)
		if err != nil {
			return err
		}
		m.Payload = payload
	}
	out, err := s.engine.Handle(ctx, m)
	if err != nil {
		return err
	}
	r.Outcome, r.Tracker = &out, out.Tracker
	return nil
}

// button finds a button of the latest replies.
func (s *stage) button(title string) (string, error) {
	var titles []string
	for _, r := range s.last {
		for _, b := range r.Buttons {
			if b.Title == title || b.Payload == title {
				return b.Payload, nil
			}
			titles = append(titles, b.Title)
		}
	}
	if strings.HasPrefix(title, "/") {
		return title, nil // of an older message
	}
	return "", fmt.Errorf("there is no button %q to press, only %q", title, titles)
}

// due sends what is due by now and waits until it is sent: the scheduler may have begun by itself.
func (s *stage) due(ctx context.Context) error {
	if err := s.follow.service.RunDue(ctx); err != nil {
		return err
	}
	for range 200 {
		open, err := s.follow.service.List(ctx, proactive.Filter{Tenant: s.key.Tenant, Limit: 100})
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(open, func(f proactive.FollowUp) bool {
			return f.Status == proactive.Sending || f.Status == proactive.Pending && !f.Due.After(s.clock.Now())
		}) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return errors.New("a message of the robot's own was due and was not sent within 2 s")
}

// observe lets the follow-ups see what happened.
func (s *stage) observe(ctx context.Context) error {
	evs, err := s.engine.Events(ctx, s.key, s.seen, 100)
	if err != nil {
		return err
	}
	return s.follow.service.Observe(ctx, evs)
}

// event has something happen in the shop, which tells the robot.
func (s *stage) event(ctx context.Context, step *Step) error {
	ev, err := s.shop.Exception(step.Name, step.Text, s.customer())
	if err != nil {
		return err
	}
	in := proactive.Incoming{Key: s.key, ID: ev.ID, Type: ev.Type, Customer: ev.Customer, Time: ev.Time, Lang: nlu.Lang(ev.Language), Data: map[string]any{}}
	for k, v := range ev.Data {
		in.Data[k] = v
	}
	if _, err := s.follow.service.Accept(ctx, in); err != nil {
		return err
	}
	return s.due(ctx)
}

// hand is what agents do.
func (s *stage) hand(ctx context.Context, step *Step) error {
	id := "agent-" + strconv.Itoa(s.steps)
	_, _, err := s.engine.Update(ctx, s.key, func(t *dialogue.Tracker) (*dialogue.Event, error) {
		ev := &dialogue.Event{ID: id, Time: s.clock.Now(), Hand: &dialogue.HandBody{By: t.Owner.Agent}}
		switch step.Kind {
		case Claim:
			ev.Kind, ev.Hand.Agent, ev.Hand.By = dialogue.Claimed, step.Text, step.Text
		case Release:
			ev.Kind = dialogue.Released
		case Return:
			ev.Kind = dialogue.Returned
		case Transfer:
			ev.Kind, ev.Hand.Queue = dialogue.Transferred, step.Text
		case Close:
			ev.Kind, ev.Hand = dialogue.Closed, nil
		case Say:
			if t.Owner.Kind != dialogue.OwnerAgent {
				return nil, fmt.Errorf("no agent has the conversation: claim it first")
			}
			ev.Kind, ev.Hand, ev.Agent = dialogue.AgentSaid, nil, &dialogue.AgentBody{Agent: t.Owner.Agent, Length: len([]rune(step.Text))}
			ev.Private = &dialogue.Private{Replies: []dialogue.Reply{{Text: step.Text}}}
		}
		return ev, nil
	})
	return err
}

// look gathers what the customer saw since the step before.
func (s *stage) look(ctx context.Context, r *StepResult) error {
	if out := r.Outcome; out != nil && out.Duplicate {
		r.Replies = out.Replies
		return nil
	}
	evs, err := s.engine.Events(ctx, s.key, s.seen, 100)
	if err != nil {
		return err
	}
	for _, ev := range evs {
		s.seen = ev.Seq
		if ev.Private != nil {
			r.Replies = append(r.Replies, ev.Private.Replies...)
		}
	}
	if len(r.Replies) > 0 {
		s.last = r.Replies
	}
	r.Tracker, err = s.engine.Load(ctx, s.key)
	return err
}
