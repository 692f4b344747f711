package routing

import (
	"time"

	"yingda/nlu"
)

// Config is a checked routing.yaml. It is read-only once loaded, so it may be shared. Make one with [Load] or [Parse].
type Config struct {
	Zone     *time.Location
	Presence Presence
	Channels map[string]Channel // by name; a channel that is not listed is Channel{Units: 1}
	Priority Priority
	Queues   map[string]*Queue
	Order    []string // names of the queues as written
	Agents   []Member // known from the start; others are added through the API
}

// Presence says how long an agent counts as there without a sign of life.
type Presence struct {
	// Lease is how long an agent's sign of life is good for; then they are offline and their conversations go back. Default 90 s. A
	// sign of life is written durably only when half of it is used up.
	Lease time.Duration
	// Hold is how long a conversation that was transferred to one agent waits for them before anyone of the queue may take it. Default 2 min.
	Hold time.Duration
}

// Channel says what a conversation on it costs an agent.
type Channel struct {
	Units int // of an agent's capacity; default 1. A call that takes a whole agent has as many units as agents have.
}

// Queue is a line of customers and the rules by which it is served.
type Queue struct {
	Name      string              // e.g. "vip"
	Titles    map[nlu.Lang]string // for people, e.g. zh: 贵宾专席
	Skills    map[string]int      // an agent of the queue has each at this level or better; see Member.Serves
	Languages []nlu.Lang          // it is served in; for people, matching is by Always and Steps
	Hours     *Hours              // nil = round the clock
	Head      time.Duration       // head start of everybody in the queue, see Priority
	Pick      Pick
	Offer     time.Duration // > 0: an agent is asked and has this long to accept; 0: the conversation is theirs at once
	Pull      bool          // agents take conversations themselves; nothing is assigned
	Always    Expr          // holds in every step and afterwards
	Steps     []Step
	Overflow  *Overflow
	Target    Target
	Handle    time.Duration // expected time with an agent, until enough was measured; default 6 min
	Announce  time.Duration // > 0: who waits is told their place and the expected wait at these intervals
	// LastAgent is how long a customer waits for the agent who spoke with them before; 0 = no preference. It counts only while that
	// agent is there and may serve.
	LastAgent time.Duration
	// Remember is how long ago that may have been; default 72 h.
	Remember time.Duration
}

// Step is a demand on agents that holds for a while; then the next one does, and after the last anybody of the queue may serve.
type Step struct {
	For   time.Duration
	Where Expr
}

// Overflow lets the agents of another queue help. The ticket keeps its place in its own.
type Overflow struct {
	To       string
	After    time.Duration // of waiting; 0 = not by time
	Closed   bool          // at once while the queue is closed
	Unmanned bool          // at once while none of its agents is available
	Longer   int           // at once while more than so many wait in the queue; 0 = not by length
}

// Target is the promised service: a share of the customers has an agent within a time.
type Target struct {
	Within time.Duration // default 60 s
	Share  float64       // 0–1, default 0.8
}

// Pick says which of the agents that fit takes a conversation.
type Pick string

// The ways to pick. The zero value is Idlest.
const (
	Idlest  Pick = "idlest"  // who has been free, or without a new conversation, for longest
	Lightly Pick = "lightly" // who has the smallest share of their capacity in use
	Ablest  Pick = "ablest"  // who is best at the skills asked for
)

// Queue returns the queue of that name, or the first one: a name that a policy made up must not lose a customer.
func (c *Config) Queue(name string) *Queue {
	if q := c.Queues[name]; q != nil {
		return q
	}
	return c.Queues[c.Order[0]]
}

// Units returns what a conversation on the channel costs.
func (c *Config) Units(channel string) int {
	if ch, ok := c.Channels[channel]; ok {
		return ch.Units
	}
	return 1
}

// Steady returns how long it takes until anybody of the queue may serve: the sum of its steps.
func (q *Queue) Steady() time.Duration {
	var d time.Duration
	for _, s := range q.Steps {
		d += s.For
	}
	return d
}

// Step returns what is asked of agents after a wait, and until which wait that holds (0 = for ever). The zero Expr asks for nothing.
func (q *Queue) Step(waited time.Duration) (Expr, time.Duration) {
	var end time.Duration
	for _, s := range q.Steps {
		if end += s.For; waited < end {
			return s.Where, end
		}
	}
	return Expr{}, 0
}

// Open tells whether people work at that moment.
func (q *Queue) Open(at time.Time) bool { return q.Hours == nil || q.Hours.Open(at) }

// Opens returns when people work again: at itself when they do now, false when never within two years.
func (q *Queue) Opens(at time.Time) (time.Time, bool) {
	if q.Hours == nil {
		return at, true
	}
	return q.Hours.Opens(at)
}
