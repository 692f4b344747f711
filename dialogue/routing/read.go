package routing

import (
	"fmt"
	"slices"

	"yingda/dialogue"
)

// Filter chooses tickets. The zero value chooses all.
type Filter struct {
	Queue    string
	Agent    string // who speaks, or whom it was transferred or offered to
	Tier     string
	Channel  string
	Waiting  bool // only those that wait
	Speaking bool // only those with an agent
	Limit    int  // 0 = 200
}

// Row is a ticket in a list.
type Row struct {
	Ticket
	Head  float64 `json:"head_start_s"` // seconds, see Priority
	Place *Place  `json:"place,omitempty"`
}

const defaultLimit = 200

func (f *Filter) chooses(t *Ticket) bool {
	return (f.Queue == "" || t.Queue == f.Queue) && (f.Tier == "" || t.Tier == f.Tier) && (f.Channel == "" || t.Channel == f.Channel) &&
		(f.Agent == "" || t.Agent == f.Agent || t.Offer != nil && t.Offer.Agent == f.Agent) && !(f.Waiting && t.Speaking) && !(f.Speaking && t.Waiting())
}

// List returns tickets: those that wait in the order in which they are served, then those with agents, the oldest first.
func (s *Service) List(tenant string, f Filter) []Row {
	if f.Limit <= 0 {
		f.Limit = defaultLimit
	}
	now := s.o.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.viewOf(tenant)
	var speaking []*Ticket
	for _, e := range v.board.tickets {
		if e.Speaking && f.chooses(e.Ticket) {
			speaking = append(speaking, e.Ticket)
		}
	}
	slices.SortFunc(speaking, func(x, y *Ticket) int { return x.Since.Compare(y.Since) })
	var out []Row
	for _, t := range append(v.board.Waiting(), speaking...) {
		if len(out) == f.Limit {
			break
		}
		if !f.chooses(t) {
			continue
		}
		row := Row{Ticket: *t, Head: s.cfg.Head(t).Seconds()}
		if p, ok := v.board.Place(t.Conversation, now); ok {
			row.Place = &p
		}
		out = append(out, row)
	}
	return out
}

// Place tells a waiting customer's place and expected wait; see [Board.Place]. Errors: ErrUnknown when the conversation does not wait.
func (s *Service) Place(k dialogue.Key) (Place, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.viewOf(k.Tenant).board.Place(k.Conversation, s.o.Now())
	if !ok {
		return Place{}, fmt.Errorf("conversation %s does not wait in a queue: %w", k.Conversation, dialogue.ErrUnknown)
	}
	return p, nil
}

// Ticket returns a conversation's ticket. Errors: ErrUnknown when it neither waits nor is with an agent.
func (s *Service) Ticket(k dialogue.Key) (Ticket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.viewOf(k.Tenant).board.Ticket(k.Conversation); t != nil {
		return *t, nil
	}
	return Ticket{}, fmt.Errorf("conversation %s neither waits nor is with an agent: %w", k.Conversation, dialogue.ErrUnknown)
}

// Agents returns the agents of a tenant by id.
func (s *Service) Agents(tenant string) []Agent {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Agent
	for _, a := range s.viewOf(tenant).board.Agents() {
		out = append(out, *a)
	}
	return out
}

// Agent returns an agent. Errors: ErrUnknown.
func (s *Service) Agent(tenant, id string) (Agent, error) {
	if a := s.agentInView(tenant, id); a != nil {
		return *a, nil
	}
	return Agent{}, fmt.Errorf("agent %q of tenant %q: %w", id, tenant, dialogue.ErrUnknown)
}
