package routing

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"yingda/dialogue"
	"yingda/nlu"
)

// Keys of the scripts that routing says.
const (
	keyHandoff     = "handoff"           // .<queue>; put into a queue by somebody else than the robot
	keyBack        = "handoff.back"      // the robot goes on
	keyClosed      = "handoff.closed"    // {hours}
	keyPosition    = "waiting.position"  // {position}: how many stand before; {wait}
	keyJoined      = "agent.joined"      // {agent}
	keyTransferred = "agent.transferred" // to a colleague, or another queue
	keyReleased    = "agent.released"    // back to the queue
	keyLost        = "agent.lost"        // the agent's connection broke off
	keyEnded       = "agent.ended"       // the agent closed the conversation
	keyHello       = "agent.hello"       // proposed to agents
)

// Keys returns the keys of the scripts that routing says, with the names of their slots: a service pack must have words for them.
func Keys() map[string][]string {
	return map[string][]string{keyHandoff: {"position", "wait"}, keyBack: nil, keyClosed: {"hours"}, keyPosition: {"position", "wait"}, keyJoined: {"agent"},
		keyTransferred: nil, keyReleased: nil, keyLost: nil, keyEnded: nil, keyHello: nil}
}

// event returns an event of the conversation without a body.
func (s *Service) event(tr *dialogue.Tracker, act Act, kind dialogue.EventKind) *dialogue.Event {
	id := act.event()
	if act.ID == "" {
		id = s.o.NewID()
	}
	customer := tr.Customer
	if customer == "" {
		customer = "anonymous:" + tr.Conversation
	}
	return &dialogue.Event{ID: id, Kind: kind, Key: tr.Key, Channel: tr.Channel, Time: s.o.Now(),
		Private: &dialogue.Private{Customer: customer, Note: act.Note}}
}

// hand returns an event that changes who speaks.
func (s *Service) hand(tr *dialogue.Tracker, act Act, kind dialogue.EventKind, body dialogue.HandBody) *dialogue.Event {
	ev := s.event(tr, act, kind)
	ev.Hand = &body
	return ev
}

// tell adds words to an event: what changes and that the customer is told are one fact.
func (s *Service) tell(tr *dialogue.Tracker, ev *dialogue.Event, key string, vars map[string]string) {
	ev.Private.Replies = append(ev.Private.Replies, s.render(tr, dialogue.Say{Key: key, Vars: vars}))
}

func (s *Service) render(tr *dialogue.Tracker, say dialogue.Say) dialogue.Reply {
	w := wording(tr, say)
	w.Time = s.o.Now()
	return s.o.Scripts.Render(w)
}

// Admit says what to tell a customer who is about to be handed over with ask, given what the robot was going to say: while the queue is
// closed and nobody serves it, when people are there again, instead of "a colleague takes over"; else also the place in the queue, when
// there is a wait. It reads the board only.
func (s *Service) Admit(tr *dialogue.Tracker, ask dialogue.HandOffAsk, says []dialogue.Say) []dialogue.Say {
	p := s.admission(tr, ask)
	more := s.placeSays(s.Config().Queue(ask.Queue), tr.Lang, p)
	out := slices.Clone(says)
	if !p.Open && !p.Known {
		out = slices.DeleteFunc(out, func(say dialogue.Say) bool {
			return say.Key == keyHandoff || strings.HasPrefix(say.Key, keyHandoff+".")
		})
	}
	return append(out, more...)
}

// admission returns the place the customer would get.
func (s *Service) admission(tr *dialogue.Tracker, ask dialogue.HandOffAsk) Place {
	now := s.o.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.viewOf(tr.Tenant)
	t := &Ticket{Key: dialogue.Key{Tenant: tr.Tenant, Conversation: "\x00new"}, Queue: ask.Queue, Asked: now, Since: now, Why: ask.Why,
		Skills: ask.Skills, Urgent: ask.Urgent, Channel: tr.Channel, Lang: tr.Lang, Tier: tierOf(tr), Emotions: tr.Emotions,
		Tried: len(tr.State.Tried), Tasks: len(tr.State.Tasks)}
	v.board.Put(t)
	p, _ := v.board.Place(t.Conversation, now)
	v.board.Drop(t.Conversation)
	return p
}

// placeSays words a place. Nothing is said to somebody whose turn it is.
func (s *Service) placeSays(q *Queue, lang nlu.Lang, p Place) []dialogue.Say {
	if !p.Open && !p.Known {
		return []dialogue.Say{{Key: keyClosed, Vars: map[string]string{"hours": hoursOn(p.Opens, q, lang)}}}
	}
	if p.Known && p.Expect == 0 {
		return nil
	}
	vars := map[string]string{}
	if p.Position > 1 {
		vars["position"] = strconv.Itoa(p.Position - 1)
	}
	if p.Known {
		vars["wait"] = p.Expect.Round(time.Second).String()
	}
	return []dialogue.Say{{Key: keyPosition, Vars: vars}}
}

// hoursOn writes when people work from the moment at which the queue opens on, by the clock of the queue's zone, e.g. "11月24日（周二）
// 09:00–18:00".
func hoursOn(opens time.Time, q *Queue, lang nlu.Lang) string {
	if opens.IsZero() || q.Hours == nil {
		return ""
	}
	opens = opens.In(q.Hours.Zone)
	day, clock := opens.Format("1月2日")+"（"+weekdaysZh[opens.Weekday()]+"）", opens.Format("15:04")
	if lang == nlu.English {
		day = opens.Format("on Monday, January 2, ")
	}
	if ends, ok := q.Hours.Changes(opens); ok {
		clock += "–" + ends.In(q.Hours.Zone).Format("15:04")
	}
	return day + clock
}

var weekdaysZh = [7]string{"周日", "周一", "周二", "周三", "周四", "周五", "周六"}

// notice returns when a waiting customer should be told how things stand; false when never.
func notice(cfg *Config, t *Ticket, now time.Time) (time.Time, bool) {
	q := cfg.Queue(t.Queue)
	switch {
	case !t.Waiting():
		return time.Time{}, false
	case t.Noticed.IsZero() && !q.Open(now):
		return t.Asked.Add(noticeAfter), true
	case q.Announce > 0:
		last := t.Asked
		if t.Noticed.After(last) {
			last = t.Noticed
		}
		return last.Add(q.Announce), q.Open(now)
	}
	return time.Time{}, false
}

// noticeAfter lets the turn's own reply go first, and an agent who is there be quicker.
const noticeAfter = 3 * time.Second

// announce tells those who wait how things stand, each once an interval, whichever replica is first.
func (s *Service) announce(ctx context.Context, tenant string) {
	for _, t := range s.unaware(tenant) {
		now := s.o.Now()
		seen := t.Noticed
		_, err := s.changeTicket(ctx, t.Key, func(cur *Ticket) (*Ticket, error) {
			if cur == nil || cur.Token != t.Token || !cur.Noticed.Equal(seen) {
				return cur, dialogue.ErrConflict // gone, or told by another
			}
			next := *cur
			next.Noticed = now
			return &next, nil
		})
		if err == nil {
			err = s.sendNotice(ctx, t)
		}
		if err != nil && !errors.Is(err, dialogue.ErrConflict) && !errors.Is(err, dialogue.ErrStaleOwner) {
			s.o.Logger.Warn("customer not told their place", "tenant", tenant, "conversation", t.Conversation, "err", err)
		}
	}
}

// unaware returns the tickets whose customers should be told something now.
func (s *Service) unaware(tenant string) []*Ticket {
	now := s.o.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*Ticket
	for _, e := range s.viewOf(tenant).board.waiting {
		if at, due := notice(s.cfg, e.Ticket, now); due && !now.Before(at) {
			out = append(out, e.Ticket)
		}
	}
	return out
}

// sendNotice appends the place in the queue as a message of the robot.
func (s *Service) sendNotice(ctx context.Context, t *Ticket) error {
	p, err := s.Place(t.Key)
	if err != nil {
		return err
	}
	says := s.placeSays(s.Config().Queue(t.Queue), t.Lang, p)
	if len(says) == 0 {
		return nil
	}
	_, _, err = s.o.Conversations.Update(ctx, t.Key, func(tr *dialogue.Tracker) (*dialogue.Event, error) {
		if tr.Owner.Token != t.Token {
			return nil, dialogue.ErrStaleOwner
		}
		ev := s.event(tr, Act{}, dialogue.SentOut)
		s.tell(tr, ev, says[0].Key, maps.Clone(says[0].Vars))
		ev.Out = &dialogue.OutBody{FollowUp: "queue", Kind: "queue_place", Script: ev.Private.Replies[0].Script, Status: "sent"}
		return ev, nil
	})
	return err
}
