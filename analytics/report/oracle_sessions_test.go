package report_test

import (
	"cmp"
	"slices"
	"time"

	"yingda/analytics"
	"yingda/dialogue"
)

// The oracle: sessions and reports computed a second time, from the rows of events, in the plainest way, without a database. It shares nothing
// with the SQL but the words of schema.sql and of the definitions.

// session is a row of sessions.
type session struct {
	conversation, customer, channel, lang, tier           string
	number                                                int
	started, ended                                        time.Time
	over                                                  bool
	turns, fallbacks, agentMessages                       int64
	intent, first, last, handoff, queue, lastQueue, agent string
	angry, handed, asked                                  bool
	handedAt, claimedAt, agentFirst, agentLast, backAt    time.Time
	score                                                 int64 // 0 = none
	resolved                                              *bool
	nps                                                   *int32
	up, down                                              int64
	robot                                                 []analytics.Turn // the robot's turns
	firstTurn                                             analytics.Turn
}

// item is anything that happened in a conversation.
type item struct {
	seq   int64
	at    time.Time
	turn  *analytics.Turn
	hand  *analytics.Hand
	agent *analytics.AgentMessage
	rate  *analytics.Rating
	nps   *int32
}

// facts is all that is known of a tenant.
type facts struct {
	analytics.Rows
	sessions []*session
	through  time.Time
}

func factsOf(events []dialogue.Event, tenant string, now time.Time) *facts {
	f := &facts{}
	for i := range events {
		if events[i].Time.After(f.through) {
			f.through = events[i].Time.UTC()
		}
		if events[i].Tenant == tenant {
			f.Add(&events[i])
		}
	}
	items := map[string][]item{}
	for i := range f.Turns {
		t := &f.Turns[i]
		items[t.Conversation] = append(items[t.Conversation], item{seq: t.Seq, at: t.Time, turn: t})
	}
	for i := range f.Hands {
		h := &f.Hands[i]
		items[h.Conversation] = append(items[h.Conversation], item{seq: h.Seq, at: h.Time, hand: h})
	}
	for i := range f.AgentMessages {
		m := &f.AgentMessages[i]
		items[m.Conversation] = append(items[m.Conversation], item{seq: m.Seq, at: m.Time, agent: m})
	}
	for i := range f.Ratings {
		r := &f.Ratings[i]
		items[r.Conversation] = append(items[r.Conversation], item{seq: r.Seq, at: r.Time, rate: r})
	}
	for i := range f.Surveys {
		v := &f.Surveys[i]
		items[v.Conversation] = append(items[v.Conversation], item{seq: v.Seq, at: v.Time, nps: &v.NPS})
	}
	for _, list := range items {
		slices.SortFunc(list, func(a, b item) int { return cmp.Compare(a.seq, b.seq) })
		f.divide(list, now)
	}
	f.comeBack()
	return f
}

const (
	sessionTime = 30 * time.Minute
	peopleTime  = 24 * time.Hour
)

// divide divides a conversation into sessions.
func (f *facts) divide(list []item, now time.Time) {
	var s *session
	var said time.Time
	people, closed, number := false, false, 0
	end := func(next bool) {
		if s != nil {
			quiet := sessionTime
			if people {
				quiet = peopleTime
			}
			s.over = closed || next || !s.ended.Add(quiet).After(now)
			f.sessions = append(f.sessions, s)
		}
	}
	for _, it := range list {
		if t := it.turn; t != nil {
			quiet := peopleTime
			if t.Owner == "robot" {
				quiet = sessionTime
			}
			if s == nil || closed || it.at.Sub(said) > quiet {
				end(true)
				number++
				s = &session{conversation: t.Conversation, number: number, customer: t.Customer, channel: t.Channel, started: t.Time, ended: t.Time, firstTurn: *t}
				people, closed = false, false
			}
		}
		if it.turn != nil || it.agent != nil {
			said = it.at
		}
		if s != nil {
			s.take(it, &people, &closed)
		}
	}
	end(false)
}

func (s *session) take(it item, people, closed *bool) {
	switch {
	case it.turn != nil:
		s.takeTurn(it.turn, people)
	case it.hand != nil:
		s.takeHand(it.hand, people, closed)
	case it.agent != nil:
		s.agentMessages, s.handed, s.agent, s.agentLast = s.agentMessages+1, true, it.agent.Agent, it.at
		if s.agentFirst.IsZero() {
			s.agentFirst = it.at
		}
		if it.at.After(s.ended) {
			s.ended = it.at
		}
	case it.nps != nil:
		s.nps = it.nps
	case it.rate != nil:
		r := it.rate
		if r.Score != nil {
			s.score = int64(*r.Score)
		}
		if r.Resolved != nil {
			s.resolved = r.Resolved
		}
		if r.Thumb != nil && *r.Thumb > 0 {
			s.up++
		}
		if r.Thumb != nil && *r.Thumb < 0 {
			s.down++
		}
	}
}

func (s *session) takeTurn(t *analytics.Turn, people *bool) {
	s.turns++
	if t.Time.After(s.ended) {
		s.ended = t.Time
	}
	if t.Fallback {
		s.fallbacks++
	}
	if s.lang == "" {
		s.lang = t.Lang
	}
	if t.Tier != "" {
		s.tier = t.Tier
	}
	if s.intent == "" && !t.Fallback {
		s.intent = t.Intent
	}
	if t.Emotion != "" {
		s.last = t.Emotion
		if s.first == "" {
			s.first = t.Emotion
		}
	}
	s.angry = s.angry || t.Emotion == "angry"
	*people = t.Handoff != "" || t.Owner != "robot"
	s.hand(*people, t.Time, t.Handoff, t.Queue)
	if t.Owner == "robot" {
		s.robot = append(s.robot, *t)
		s.asked = slices.Contains([]string{"ask", "confirm", "clarify"}, t.Action)
	}
}

func (s *session) takeHand(h *analytics.Hand, people, closed *bool) {
	if *people = h.Kind != "returned" && h.Kind != "closed"; h.Kind == "closed" {
		*closed = true
	}
	s.hand(*people, h.Time, h.Why, h.Queue)
	if h.Kind == "claimed" && s.claimedAt.IsZero() {
		s.claimedAt = h.Time
	}
}

func (s *session) hand(people bool, at time.Time, why, queue string) {
	if people {
		s.handed = true
		if s.handedAt.IsZero() {
			s.handedAt = at
		}
		if s.handoff == "" {
			s.handoff = why
		}
	}
	if queue != "" {
		s.lastQueue = queue
		if s.queue == "" {
			s.queue = queue
		}
	}
}

// comeBack finds out when customers came again.
func (f *facts) comeBack() {
	slices.SortFunc(f.sessions, func(a, b *session) int {
		return cmp.Or(a.started.Compare(b.started), cmp.Compare(a.conversation, b.conversation), cmp.Compare(a.number, b.number))
	})
	next := map[string]*session{}
	for _, s := range slices.Backward(f.sessions) {
		if n := next[s.customer]; n != nil {
			s.backAt = n.started
		}
		next[s.customer] = s
	}
}
