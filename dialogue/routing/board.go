package routing

import (
	"slices"
	"sort"
	"strings"
	"time"
)

// Board holds the tickets and agents of a tenant and says who should be served by whom. It is pure: it knows no clock and no store. It is
// not safe for concurrent use.
type Board struct {
	cfg     *Config
	tickets map[string]*entry // by conversation
	waiting []*entry          // by standing
	agents  map[string]*Agent // by id
	sorted  []*Agent          // by id
	handled map[string]*mean  // by queue: how long agents speak with a customer, in seconds
	calls   map[string]int    // tickets that wait, by queue
}

// entry is a ticket and what is computed from it once.
type entry struct {
	*Ticket
	q        *Queue
	standing time.Time
	kind     string // tickets of the same kind ask for the same agents in the same step
}

// mean is a moving average over about its last hundred values.
type mean struct {
	value float64
	n     int
}

// window is long enough that a queue, which is long when conversations of late were, does not make the estimate too long as well.
const window = 100

func (m *mean) add(v float64) {
	m.n++
	m.value += (v - m.value) / float64(min(m.n, window))
}

// NewBoard returns an empty board.
func NewBoard(cfg *Config) *Board {
	return &Board{cfg: cfg, tickets: map[string]*entry{}, agents: map[string]*Agent{}, handled: map[string]*mean{}, calls: map[string]int{}}
}

// SetConfig changes the rules; standings are computed anew.
func (b *Board) SetConfig(cfg *Config) {
	b.cfg = cfg
	clear(b.calls)
	for _, e := range b.tickets {
		if *e = b.entry(e.Ticket); e.Waiting() {
			b.calls[e.q.Name]++
		}
	}
	slices.SortFunc(b.waiting, compareEntries)
}

// Put puts a ticket on the board, in the place of the conversation's old one. t is not changed afterwards.
func (b *Board) Put(t *Ticket) {
	b.Drop(t.Conversation)
	e := b.entry(t)
	b.tickets[t.Conversation] = &e
	if t.Waiting() {
		i, _ := slices.BinarySearchFunc(b.waiting, &e, compareEntries)
		b.waiting = slices.Insert(b.waiting, i, &e)
		b.calls[e.q.Name]++
	}
}

// Drop takes a conversation's ticket off the board.
func (b *Board) Drop(conversation string) {
	old := b.tickets[conversation]
	if old == nil {
		return
	}
	delete(b.tickets, conversation)
	if old.Waiting() {
		if i, ok := slices.BinarySearchFunc(b.waiting, old, compareEntries); ok {
			b.waiting = slices.Delete(b.waiting, i, i+1)
		}
		b.calls[old.q.Name]--
	}
}

// PutAgent puts an agent on the board, in the place of the old one of that id. a is not changed afterwards.
func (b *Board) PutAgent(a *Agent) {
	i, known := slices.BinarySearchFunc(b.sorted, a, compareAgents)
	if b.agents[a.ID] = a; known {
		b.sorted[i] = a
	} else {
		b.sorted = slices.Insert(b.sorted, i, a)
	}
}

// DropAgent takes an agent off the board.
func (b *Board) DropAgent(id string) {
	if a := b.agents[id]; a != nil {
		i, _ := slices.BinarySearchFunc(b.sorted, a, compareAgents)
		b.sorted = slices.Delete(b.sorted, i, i+1)
		delete(b.agents, id)
	}
}

func compareAgents(x, y *Agent) int { return strings.Compare(x.ID, y.ID) }

// Ticket returns a conversation's ticket, nil when there is none.
func (b *Board) Ticket(conversation string) *Ticket {
	if e := b.tickets[conversation]; e != nil {
		return e.Ticket
	}
	return nil
}

// Agent returns an agent, nil when there is none.
func (b *Board) Agent(id string) *Agent { return b.agents[id] }

// Agents returns the agents by id.
func (b *Board) Agents() []*Agent { return slices.Clone(b.sorted) }

// Waiting returns the tickets that wait, those to be served first at the front.
func (b *Board) Waiting() []*Ticket {
	out := make([]*Ticket, len(b.waiting))
	for i, e := range b.waiting {
		out[i] = e.Ticket
	}
	return out
}

// Handled tells the board how long an agent spoke with a customer of the queue; expected waits follow from it.
func (b *Board) Handled(queue string, d time.Duration) {
	m := b.handled[queue]
	if m == nil {
		m = &mean{}
		b.handled[queue] = m
	}
	m.add(d.Seconds())
}

func (b *Board) entry(t *Ticket) entry {
	skills := slices.Sorted(slices.Values(t.Skills))
	return entry{Ticket: t, q: b.cfg.Queue(t.Queue), standing: b.cfg.Standing(t), kind: strings.Join(append([]string{t.Queue, string(t.Lang), t.Channel}, skills...), "\x00")}
}

// compareEntries orders by standing; of two that stand alike, who asked first goes first.
func compareEntries(x, y *entry) int {
	if c := x.standing.Compare(y.standing); c != 0 {
		return c
	}
	if c := x.Asked.Compare(y.Asked); c != 0 {
		return c
	}
	return strings.Compare(x.Conversation, y.Conversation)
}

// helpers returns the queues whose agents may serve the ticket at that moment: its own, and those that help out.
func (b *Board) helpers(t *entry, now time.Time) []*Queue {
	q := t.q
	queues := []*Queue{q}
	for q.Overflow != nil && b.overflows(q, t, now) {
		if q = b.cfg.Queue(q.Overflow.To); slices.Contains(queues, q) {
			break
		}
		queues = append(queues, q)
	}
	return queues
}

func (b *Board) overflows(q *Queue, t *entry, now time.Time) bool {
	o := q.Overflow
	return o.After > 0 && now.Sub(t.Since) >= o.After || o.Closed && !q.Open(now) || o.Longer > 0 && b.calls[q.Name] > o.Longer ||
		o.Unmanned && !b.manned(q, now)
}

// manned tells whether an agent of the queue is available, busy or not.
func (b *Board) manned(q *Queue, now time.Time) bool {
	for _, a := range b.sorted {
		if a.There(now) && a.Serves(q) {
			return true
		}
	}
	return false
}

// Next returns the next moment at which Match may find something only because time passed: a step or an offer ends, a queue opens, a lease
// is over. It is false when there is none.
func (b *Board) Next(now time.Time) (time.Time, bool) {
	var next time.Time
	see := func(at time.Time) {
		if at.After(now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	for _, a := range b.sorted {
		if a.Status != Offline {
			see(a.Until)
		}
		for _, s := range a.Slots {
			if s.Token == 0 {
				see(s.Until)
			}
		}
	}
	idle := b.idle(now)
	for _, e := range b.waiting {
		if e.Offer != nil {
			see(e.Offer.Until)
		}
		if idle { // while all are busy a step that ends changes nothing
			b.ends(e, see)
		}
	}
	for _, q := range b.cfg.Queues {
		if q.Hours != nil && b.calls[q.Name] > 0 {
			if at, ok := q.Hours.Changes(now); ok {
				see(at)
			}
		}
	}
	return next, !next.IsZero()
}

// ends reports when the demands of a waiting ticket change.
func (b *Board) ends(e *entry, see func(time.Time)) {
	q := e.q
	var d time.Duration
	for _, s := range q.Steps {
		d += s.For
		see(e.Since.Add(d))
	}
	if q.Overflow != nil && q.Overflow.After > 0 {
		see(e.Since.Add(q.Overflow.After))
	}
	if q.LastAgent > 0 && e.LastAgent != "" {
		see(e.Since.Add(q.LastAgent))
	}
	if e.Agent != "" {
		see(e.Since.Add(b.cfg.Presence.Hold))
	}
	for _, m := range e.Missed {
		see(m.Until)
	}
}

// idle tells whether an agent who is there has capacity left.
func (b *Board) idle(now time.Time) bool {
	for _, a := range b.sorted {
		if a.There(now) && a.Used() < a.Capacity {
			return true
		}
	}
	return false
}

// ahead returns how many tickets stand before that one.
func (b *Board) ahead(e *entry) int {
	return sort.Search(len(b.waiting), func(i int) bool { return compareEntries(b.waiting[i], e) >= 0 })
}
