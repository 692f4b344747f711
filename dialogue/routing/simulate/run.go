package simulate

import (
	"container/heap"
	"fmt"
	"slices"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/routing"
)

// Options of a run.
type Options struct {
	// Mismatch is by how much a conversation takes longer for each level that the agent lacks of an asked-for skill below 3. Default 0.15;
	// negative = not at all.
	Mismatch float64
	// Limit is how long after the last arrival the run ends at the latest; who still waits then counts as unserved. Default 24 h.
	Limit time.Duration
}

// Case is what became of an arrival.
type Case struct {
	*Arrival
	Wait    float64 // seconds until an agent, or until they gave up
	End     End
	Agent   string
	Started time.Time
	Guess   float64 // seconds: the expected wait they were told on arriving; −1 = none was known
	Matched bool    // the agent had the skills asked for, at level 3 or better
	target  time.Duration
}

// End is how a case ended.
type End int

// The ends. The zero value is Unserved.
const (
	Unserved End = iota // the run ended first
	Served
	Abandoned
)

// Run replays the arrivals, in order, with the agents. Case i is what became of arrival i.
func Run(cfg *routing.Config, staff []routing.Member, arrivals []Arrival, o Options) []Case {
	if o.Mismatch == 0 {
		o.Mismatch = 0.15
	}
	if o.Limit == 0 {
		o.Limit = 24 * time.Hour
	}
	s := &run{cfg: atOnce(cfg), o: o, cases: make([]Case, len(arrivals))}
	s.board = routing.NewBoard(s.cfg)
	if len(arrivals) == 0 {
		return s.cases
	}
	s.now = arrivals[0].At
	for i := range arrivals {
		s.cases[i] = Case{Arrival: &arrivals[i], Guess: -1, target: s.cfg.Queue(arrivals[i].Queue).Target.Within}
		s.at(arrivals[i].At, arrive, i)
	}
	for _, m := range staff {
		s.board.PutAgent(&routing.Agent{Member: m, Until: s.now.Add(100 * 365 * 24 * time.Hour)})
	}
	s.at(s.now, shift, 0)
	end := arrivals[len(arrivals)-1].At.Add(o.Limit)
	for s.events.Len() > 0 && s.left < len(arrivals) {
		ev := heap.Pop(&s.events).(event)
		if ev.at.After(end) {
			break
		}
		s.now = ev.at
		s.happen(ev)
		s.match()
		s.plan()
	}
	for i := range s.cases {
		if c := &s.cases[i]; c.End == Unserved {
			c.Wait = max(0, s.now.Sub(c.At).Seconds())
		}
	}
	return s.cases
}

// atOnce returns the config with every queue pushing without asking.
func atOnce(cfg *routing.Config) *routing.Config {
	c := *cfg
	c.Queues = map[string]*routing.Queue{}
	for name, q := range cfg.Queues {
		p := *q
		p.Pull, p.Offer = false, 0
		c.Queues[name] = &p
	}
	return &c
}

// run is a simulation under way.
type run struct {
	cfg    *routing.Config
	o      Options
	board  *routing.Board
	now    time.Time
	wake   time.Time // planned
	events queue
	cases  []Case
	order  int
	left   int // arrivals whose case is over
}

type kind int

const (
	arrive kind = iota
	leave       // patience ends
	finish
	shift // a queue opens or closes
	look  // time changed what holds
)

type event struct {
	at    time.Time
	order int // of two at one time, the one planned first
	kind  kind
	i     int
}

func (s *run) at(t time.Time, k kind, i int) {
	s.order++
	heap.Push(&s.events, event{t, s.order, k, i})
}

func (s *run) happen(ev event) {
	switch ev.kind {
	case arrive:
		s.arrive(ev.i)
	case leave:
		if c := &s.cases[ev.i]; c.End == Unserved {
			c.End, c.Wait = Abandoned, s.now.Sub(c.At).Seconds()
			s.board.Drop(name(ev.i))
			s.left++
		}
	case finish:
		s.finish(ev.i)
	case shift:
		s.shift()
	}
}

func name(i int) string { return fmt.Sprintf("c%08d", i) }

func (s *run) arrive(i int) {
	a := s.cases[i].Arrival
	t := &routing.Ticket{Key: dialogue.Key{Tenant: "default", Conversation: name(i)}, Queue: a.Queue, Token: uint64(i + 1), Asked: s.now, Since: s.now,
		Urgent: a.Urgent, Why: a.Why, Skills: a.Skills, Channel: a.Channel, Lang: a.Lang, Tier: a.Tier, Tried: a.Tried}
	if a.Emotion != "" {
		t.Emotions = []dialogue.Emotion{{Label: a.Emotion, Intensity: a.Intensity, Time: s.now}}
	}
	s.board.Put(t)
	if p, ok := s.board.Place(t.Conversation, s.now); ok && p.Known {
		s.cases[i].Guess = p.Expect.Seconds()
	}
	if a.Patience > 0 {
		s.at(s.now.Add(seconds(a.Patience)), leave, i)
	}
}

func (s *run) finish(i int) {
	c := &s.cases[i]
	a := *s.board.Agent(c.Agent)
	a.Slots = slices.DeleteFunc(slices.Clone(a.Slots), func(slot routing.Slot) bool { return slot.Conversation == name(i) })
	a.Free = s.now
	s.board.PutAgent(&a)
	s.board.Drop(name(i))
	s.board.Handled(s.cfg.Queue(c.Queue).Name, s.now.Sub(c.Started))
	s.left++
}

// shift sets who is at work, and plans the next change.
func (s *run) shift() {
	var next time.Time
	for _, q := range s.cfg.Queues {
		if q.Hours == nil {
			continue
		}
		if at, ok := q.Hours.Changes(s.now); ok && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	for _, a := range s.board.Agents() {
		works := *a
		works.Status = routing.Away
		for _, q := range s.cfg.Queues {
			if a.Serves(q) && q.Open(s.now) {
				works.Status = routing.Available
			}
		}
		s.board.PutAgent(&works)
	}
	if !next.IsZero() {
		s.at(next, shift, 0)
	}
}

// match starts the conversations that can start now.
func (s *run) match() {
	for _, m := range s.board.Match(s.now) {
		i := int(m.Ticket.Token - 1)
		c := &s.cases[i]
		a := *s.board.Agent(m.Agent)
		a.Slots = append(slices.Clone(a.Slots), routing.Slot{Conversation: name(i), Channel: c.Channel, Units: s.cfg.Units(c.Channel), Token: 1})
		a.Free = s.now
		s.board.PutAgent(&a)
		t := *m.Ticket
		t.Speaking, t.Agent, t.Since = true, m.Agent, s.now
		s.board.Put(&t)
		c.End, c.Agent, c.Started, c.Wait = Served, m.Agent, s.now, s.now.Sub(c.At).Seconds()
		lack := lacking(c.Skills, &a.Member)
		c.Matched = lack == 0
		s.at(s.now.Add(seconds(c.Handle*(1+max(0, s.o.Mismatch)*float64(lack)))), finish, i)
	}
}

// lacking returns how many levels below 3 the agent is in the skills asked for.
func lacking(skills []string, m *routing.Member) int {
	n := 0
	for _, s := range skills {
		n += max(0, 3-m.Skills[s])
	}
	return n
}

// plan sets the next look.
func (s *run) plan() {
	at, ok := s.board.Next(s.now)
	if ok && (s.wake.IsZero() || !s.wake.After(s.now) || at.Before(s.wake)) {
		s.wake = at
		s.at(at, look, 0)
	}
}

func seconds(x float64) time.Duration { return time.Duration(x * float64(time.Second)) }

// queue is the heap of events.
type queue []event

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if c := q[i].at.Compare(q[j].at); c != 0 {
		return c < 0
	}
	return q[i].order < q[j].order
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(event)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}
