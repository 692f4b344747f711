package routing

import (
	"slices"
	"strings"
	"time"

	"yingda/dialogue"
)

// view is what a replica has seen of a tenant: the board, the revisions of its documents, and what does not fit together.
//
// A change touches several documents, one after the other; between them, and after a crash for longer, they do not fit together. Whatever
// does not is a suspect: if it still does not fit a moment later, the documents are put right from the log.
type view struct {
	board    *Board
	tickets  map[string]uint64 // revision by conversation; stays when the ticket goes
	agents   map[string]uint64 // revision by id
	suspects map[string]time.Time
	failed   map[string]int // audits that failed in a row, by conversation
	stats    *recorder
}

// patience is how long documents may not fit together before the log is asked.
const patience = 2 * time.Second

func (s *Service) viewOf(tenant string) *view {
	v := s.views[tenant]
	if v == nil {
		v = &view{board: NewBoard(s.cfg), tickets: map[string]uint64{}, agents: map[string]uint64{}, suspects: map[string]time.Time{},
			failed: map[string]int{}, stats: newRecorder(s.o.Now())}
		s.views[tenant] = v
	}
	return v
}

// sawTicket takes a ticket's document from the watch.
func (s *Service) sawTicket(d dialogue.Document) {
	tenant, conversation, ok := strings.Cut(strings.TrimPrefix(d.Name, ticketPrefix), "/")
	if !ok {
		return
	}
	ver, err := decode[Ticket](d)
	if err != nil {
		s.o.Logger.Error("ticket unreadable", "document", d.Name, "err", err)
		return
	}
	s.showTicket(dialogue.Key{Tenant: tenant, Conversation: conversation}, ver.value, d.Revision, d.Time)
}

// sawAgent takes an agent's document from the watch.
func (s *Service) sawAgent(d dialogue.Document) {
	tenant, id, ok := strings.Cut(strings.TrimPrefix(d.Name, agentPrefix), "/")
	if !ok {
		return
	}
	ver, err := decode[Agent](d)
	if err != nil {
		s.o.Logger.Error("agent unreadable", "document", d.Name, "err", err)
		return
	}
	s.showAgent(tenant, id, ver.value, d.Revision)
}

// showTicket puts a ticket (nil = gone) into the view, unless it is older than what is there.
func (s *Service) showTicket(k dialogue.Key, t *Ticket, revision uint64, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.viewOf(k.Tenant)
	if revision <= v.tickets[k.Conversation] {
		return
	}
	v.tickets[k.Conversation] = revision
	old := v.board.Ticket(k.Conversation)
	if old == nil && t == nil {
		return
	}
	v.measure(old, t, at)
	if t != nil {
		v.board.Put(t)
	} else {
		v.board.Drop(k.Conversation)
	}
	v.suspect(k.Conversation, s.o.Now())
	s.live.publish(Update{Tenant: k.Tenant, Conversation: k.Conversation, Ticket: t})
	s.stir()
}

// showAgent puts an agent (nil = gone) into the view, unless it is older than what is there.
func (s *Service) showAgent(tenant, id string, a *Agent, revision uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.viewOf(tenant)
	if revision <= v.agents[id] {
		return
	}
	v.agents[id] = revision
	old := v.board.Agent(id)
	if a != nil {
		v.board.PutAgent(a)
	} else {
		v.board.DropAgent(id)
	}
	for _, x := range []*Agent{old, a} {
		if x != nil {
			for _, slot := range x.Slots {
				v.suspect(slot.Conversation, s.o.Now())
			}
		}
	}
	s.live.publish(Update{Tenant: tenant, AgentID: id, Agent: a})
	s.stir()
}

// suspect notes a conversation whose documents do not fit together, and forgets one whose do.
func (v *view) suspect(conversation string, now time.Time) {
	if v.fits(conversation, now) {
		delete(v.suspects, conversation)
		delete(v.failed, conversation)
		return
	}
	if _, ok := v.suspects[conversation]; !ok {
		v.suspects[conversation] = now.Add(patience)
	}
}

// fits tells whether the ticket and the agents' slots of a conversation say the same.
func (v *view) fits(conversation string, now time.Time) bool {
	t := v.board.Ticket(conversation)
	for _, a := range v.board.agents {
		i := a.slot(conversation)
		speaks := t != nil && t.Speaking && t.Agent == a.ID
		switch {
		case i < 0 && speaks, i >= 0 && a.Slots[i].Token > 0 && (!speaks || a.Slots[i].Token != t.Token):
			return false
		case i >= 0 && a.Slots[i].Token == 0 && !now.Before(a.Slots[i].Until):
			return false
		}
	}
	return true
}

// next returns when the view next needs attention without anything having changed.
func (v *view) next(cfg *Config, now time.Time) (time.Time, bool) {
	next, ok := v.board.Next(now)
	for _, at := range v.suspects {
		if !ok || at.Before(next) {
			next, ok = at, true
		}
	}
	for _, e := range v.board.waiting {
		if at, due := notice(cfg, e.Ticket, now); due && (!ok || at.Before(next)) {
			next, ok = at, true
		}
	}
	return next, ok
}

func (s *Service) seenTicket(k dialogue.Key) *versioned[Ticket] {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.viewOf(k.Tenant)
	if t := v.board.Ticket(k.Conversation); t != nil {
		return &versioned[Ticket]{t, v.tickets[k.Conversation]}
	}
	return nil
}

func (s *Service) seenAgent(tenant, id string) *versioned[Agent] {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.viewOf(tenant)
	if a := v.board.Agent(id); a != nil {
		return &versioned[Agent]{a, v.agents[id]}
	}
	return nil
}

func (s *Service) agentInView(tenant, id string) *Agent {
	if v := s.seenAgent(tenant, id); v != nil {
		return v.value
	}
	return nil
}

// holders returns the agents who have a slot for the conversation.
func (s *Service) holders(k dialogue.Key) []*Agent {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*Agent
	for _, a := range s.viewOf(k.Tenant).board.agents {
		if a.slot(k.Conversation) >= 0 {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(x, y *Agent) int { return strings.Compare(x.ID, y.ID) })
	return out
}
