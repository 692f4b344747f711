package routing

import (
	"fmt"
	"strings"
	"time"
)

// Match is a ticket that should go to an agent now.
type Match struct {
	Ticket *Ticket
	Agent  string
	Offer  time.Duration // > 0: the agent is asked first
	Why    string        // e.g. "spoke before", "step 2: returns ≥ 3"
}

// matching is the work of one call of Match.
type matching struct {
	b      *Board
	now    time.Time
	free   []*Agent      // with capacity left after what this call has assigned
	there  []*Agent      // available, busy or not
	barren map[kind]bool // for which there is nobody
}

// kind is what the search for an agent depends on; tickets of the same kind find, or do not find, the same agents.
type kind struct {
	of      string        // entry.kind
	step    time.Duration // its end
	helpers int           // queues that help
}

// Match says who should be served by whom now, in the order of the standings. Nothing on the board is changed: the caller does what it
// can and puts tickets and agents back on the board.
func (b *Board) Match(now time.Time) []Match {
	if len(b.waiting) == 0 || !b.idle(now) {
		return nil
	}
	m := &matching{b: b, now: now, barren: map[kind]bool{}}
	for _, a := range b.sorted {
		if !a.There(now) {
			continue
		}
		if m.there = append(m.there, a); a.Used() < a.Capacity {
			m.free = append(m.free, a)
		}
	}
	var out []Match
	for _, e := range b.waiting {
		if len(m.free) == 0 {
			break
		}
		if found, ok := m.place(e); ok {
			out = append(out, found)
			m.take(e, found.Agent)
		}
	}
	return out
}

// place finds the agent for a ticket.
func (m *matching) place(e *entry) (Match, bool) {
	q := e.q
	if q.Pull || e.Offer != nil { // an offer that is over is taken off first: see Service.lapse
		return Match{}, false
	}
	found := Match{Ticket: e.Ticket, Offer: q.Offer}
	if e.Agent != "" && m.held(e) {
		a := find(m.free, e.Agent)
		if found.Agent, found.Why = e.Agent, "transferred to them"; a == nil || !m.fits(e, a) {
			return Match{}, false
		}
		return found, true
	}
	if known, wait := m.known(q, e); known != nil {
		found.Agent, found.Why = known.ID, "spoke before"
		return found, true
	} else if wait {
		return Match{}, false
	}
	a, why := m.search(q, e)
	if a == nil {
		return Match{}, false
	}
	found.Agent, found.Why = a.ID, why
	return found, true
}

// held tells whether the ticket still waits for the agent it was transferred to.
func (m *matching) held(e *entry) bool {
	a := m.b.agents[e.Agent]
	return a != nil && a.Status != Offline && m.now.Before(a.Until) && m.now.Sub(e.Since) < m.b.cfg.Presence.Hold
}

// known returns the agent who spoke with the customer before, when they can take the ticket; wait says that they soon may.
func (m *matching) known(q *Queue, e *entry) (a *Agent, wait bool) {
	if q.LastAgent <= 0 || e.LastAgent == "" {
		return nil, false
	}
	a = find(m.there, e.LastAgent)
	if a == nil || !a.Serves(q) || !q.Always.Holds(e.Ticket, &a.Member) || e.missed(a.ID, m.now) {
		return nil, false
	}
	if find(m.free, a.ID) != nil && m.fits(e, a) {
		return a, false
	}
	return nil, m.now.Sub(e.Since) < q.LastAgent
}

// search finds the best agent for the demands of the present step.
func (m *matching) search(q *Queue, e *entry) (*Agent, string) {
	demand, end := q.Step(m.now.Sub(e.Since))
	queues := m.b.helpers(e, m.now)
	same := kind{e.kind, end, len(queues)}
	if m.barren[same] {
		return nil, ""
	}
	suits := func(a *Agent) bool {
		if e.missed(a.ID, m.now) || !q.Always.Holds(e.Ticket, &a.Member) || !demand.Holds(e.Ticket, &a.Member) {
			return false
		}
		for _, h := range queues {
			if a.Serves(h) {
				return true
			}
		}
		return false
	}
	var best *Agent
	for _, a := range m.free {
		if m.fits(e, a) && suits(a) && (best == nil || better(q.Pick, e.Ticket, a, best)) {
			best = a
		}
	}
	if best != nil {
		return best, explain(q, demand, end)
	}
	if !demand.personal() && !q.Always.personal() && len(e.Missed) == 0 {
		m.barren[same] = true
	}
	m.reserve(e, suits)
	return nil, ""
}

// reserve keeps the agent who has the most room free of smaller conversations, for a ticket that needs more room than anybody has.
// Without it a call that takes a whole agent would wait for ever while chats take each place that becomes free.
func (m *matching) reserve(e *entry, suits func(*Agent) bool) {
	units := m.b.cfg.Units(e.Channel)
	if units <= 1 {
		return
	}
	var best *Agent
	for _, a := range m.there {
		if a.Capacity < units || a.limited(e.Channel) || !suits(a) {
			continue
		}
		if best == nil || a.Capacity-a.Used() > best.Capacity-best.Used() {
			best = a
		}
	}
	if best != nil {
		m.remove(best.ID)
	}
}

func (m *matching) fits(e *entry, a *Agent) bool { return a.Fits(e.Channel, m.b.cfg.Units(e.Channel)) }

// take uses up the agent's capacity, in copies: those on the board are not changed.
func (m *matching) take(e *entry, id string) {
	a := find(m.free, id).with(Slot{Conversation: e.Conversation, Channel: e.Channel, Units: m.b.cfg.Units(e.Channel)})
	a.Free = m.now
	for _, list := range [2][]*Agent{m.free, m.there} {
		for i := range list {
			if list[i].ID == id {
				list[i] = &a
			}
		}
	}
	if a.Used() >= a.Capacity {
		m.remove(id)
	}
}

func (m *matching) remove(id string) {
	for i, a := range m.free {
		if a.ID == id {
			m.free = append(m.free[:i], m.free[i+1:]...)
			return
		}
	}
}

func find(agents []*Agent, id string) *Agent {
	for _, a := range agents {
		if a.ID == id {
			return a
		}
	}
	return nil
}

// better tells whether x should be taken rather than y.
func better(p Pick, t *Ticket, x, y *Agent) bool {
	switch p {
	case Lightly:
		if l, r := x.Used()*y.Capacity, y.Used()*x.Capacity; l != r {
			return l < r
		}
	case Ablest:
		if l, r := ability(x, t), ability(y, t); l != r {
			return l > r
		}
	}
	if c := x.Free.Compare(y.Free); c != 0 {
		return c < 0
	}
	return strings.Compare(x.ID, y.ID) < 0
}

func ability(a *Agent, t *Ticket) int {
	n := 0
	for _, s := range t.Skills {
		n += a.Skills[s]
	}
	return n
}

func explain(q *Queue, demand Expr, end time.Duration) string {
	if end == 0 {
		return "anybody of the queue"
	}
	var d time.Duration
	for i, s := range q.Steps {
		if d += s.For; d == end {
			return fmt.Sprintf("step %d: %s", i+1, demand)
		}
	}
	return demand.String()
}

// nextFor returns the ticket that stands first among those wanted that the agent may serve now, pulled or not; full says that there is one
// but no capacity for it.
func (b *Board) nextFor(a *Agent, now time.Time, wanted func(*Ticket) bool) (t *Ticket, full bool) {
	m := &matching{b: b, now: now}
	for _, e := range b.waiting {
		if !wanted(e.Ticket) || e.offered(a.ID, now) || e.Agent != "" && e.Agent != a.ID && m.held(e) {
			continue
		}
		demand, _ := e.q.Step(now.Sub(e.Since))
		if e.Agent != a.ID && !(servesAny(a, b.helpers(e, now)) && e.q.Always.Holds(e.Ticket, &a.Member) && demand.Holds(e.Ticket, &a.Member)) {
			continue
		}
		if rest := a.without(e.Conversation); rest.Fits(e.Channel, b.cfg.Units(e.Channel)) {
			return e.Ticket, false
		}
		full = true
	}
	return nil, full
}
