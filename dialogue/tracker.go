package dialogue

import (
	"hash/fnv"
	"strings"
	"time"

	"yingda/nlu"
)

// Bounds of what a tracker keeps; older things are in the log.
const (
	MaxLines    = 40   // of the transcript
	MaxEmotions = 20   // points of the emotion trend
	MaxSeen     = 1024 // message ids that are recognised when they come again
)

// OwnerKind says who speaks to the customer. The zero value is the robot.
type OwnerKind string

// Who may speak. While a conversation waits in a queue the robot still answers; while an agent speaks it is silent.
const (
	OwnerRobot OwnerKind = ""
	OwnerQueue OwnerKind = "queue"
	OwnerAgent OwnerKind = "agent"
)

// Owner is who speaks, and since when. Token is the sequence of the event that made it so: an agent's call that carries an older token
// is refused, so two can never speak at once.
type Owner struct {
	Kind   OwnerKind `json:"kind,omitempty"`
	Queue  string    `json:"queue,omitempty"`
	Agent  string    `json:"agent,omitempty"`
	Why    Reason    `json:"why,omitempty"`
	Skills []string  `json:"skills,omitempty"`
	Urgent bool      `json:"urgent,omitempty"`
	Token  uint64    `json:"token,omitempty"`
	Since  time.Time `json:"since,omitzero"`
	// Asked is when the customer was first to be handed over; waiting times count from it. Transfers and releases keep it.
	Asked time.Time `json:"asked,omitzero"`
	// Front says that the customer had an agent already and waits again through no wish of theirs: they go first.
	Front bool `json:"front,omitempty"`
}

// Line is a line of the transcript.
type Line struct {
	Who     string           `json:"who"` // customer, robot, agent
	Text    string           `json:"text"`
	Time    time.Time        `json:"time"`
	Intents []string         `json:"intents,omitempty"`
	Action  Action           `json:"action,omitempty"`
	Kinds   []AttachmentType `json:"attachments,omitempty"`
	Seq     uint64           `json:"seq"`
}

// SeenID remembers a message by a 64-bit hash of its id.
type SeenID struct {
	Hash uint64 `json:"h"`
	Seq  uint64 `json:"s"`
}

// Tracker is all that is known of a conversation: a pure fold of its events. The zero value with a Key is a conversation without events.
// Once handed out a tracker is not changed; Apply returns a new one.
type Tracker struct {
	Key
	Seq      uint64 `json:"seq"`  // of the latest event
	Hash     string `json:"hash"` // of the latest event, hex
	Events   int    `json:"events"`
	Turns    int    `json:"turns"`    // of the customer
	Customer string `json:"customer"` // as the channel knows them
	Alias    string `json:"alias"`    // pseudonym

	Channel string    `json:"channel"`
	Lang    nlu.Lang  `json:"lang,omitempty"`
	Tier    string    `json:"tier,omitempty"`
	Started time.Time `json:"started"`
	Updated time.Time `json:"updated"`
	Closed  bool      `json:"closed,omitempty"`
	// Done tells that a task was finished and nothing was begun since.
	Done     bool      `json:"done,omitempty"`
	State    State     `json:"state"`
	Profile  *Profile  `json:"profile,omitempty"` // the latest that a caller gave
	Owner    Owner     `json:"owner,omitzero"`
	LastSaid time.Time `json:"last_said,omitzero"` // by the customer
	// LastAgent is who spoke latest, also after the robot took over again.
	LastAgent string `json:"last_agent,omitempty"`

	Lines    []Line    `json:"lines,omitempty"`
	Emotions []Emotion `json:"emotions,omitempty"`
	Seen     []SeenID  `json:"seen,omitempty"`
	Ratings  int       `json:"ratings,omitempty"`
}

// Saw returns the sequence of the event of a message that came before, 0 if it did not or is too long ago.
func (t *Tracker) Saw(id string) uint64 {
	h := hashID(id)
	for i := len(t.Seen) - 1; i >= 0; i-- {
		if t.Seen[i].Hash == h {
			return t.Seen[i].Seq
		}
	}
	return 0
}

// Apply returns the tracker after ev, which must be the conversation's next event. It accepts an event whose private part is gone.
func (t *Tracker) Apply(ev *Event, hash string) *Tracker {
	n := *t
	n.Key, n.Seq, n.Hash, n.Events = ev.Key, ev.Seq, hash, t.Events+1
	n.Alias, n.Updated = ev.Customer, ev.Time
	if t.Events == 0 {
		n.Started = ev.Time
	}
	if ev.Channel != "" {
		n.Channel = ev.Channel
	}
	if p := ev.Private; p != nil && p.Customer != "" {
		n.Customer = p.Customer
	}
	switch ev.Kind {
	case TurnTaken:
		if ev.Turn.Another {
			t = t.Another()
			n.forget()
		}
		n.applyTurn(t, ev)
	case AgentSaid:
		n.say(t, ev, "agent", "")
	case SentOut:
		n.applyOut(t, ev)
	case Closed: // whoever spoke: when the customer writes again, the robot answers
		n.Closed, n.Owner = true, Owner{Token: ev.Seq, Since: ev.Time}
		n.State.Misses, n.State.Angry, n.Done = 0, 0, false
		if h := ev.Hand; h != nil && (h.Why == ByIdle || h.Why == ByDone) {
			n.State = State{} // too old to go on with
		}
		n.say(t, ev, "robot", "")
	case Rated:
		n.Ratings++
	case Queued, Claimed, Transferred, Released, Returned:
		n.applyHand(ev)
		n.say(t, ev, "robot", "") // what the customer is told about it
	}
	n.Seen = appendBounded(t.Seen, SeenID{hashID(ev.ID), ev.Seq}, MaxSeen)
	return &n
}

// Another returns the conversation as somebody finds it who speaks in it after another customer, on a shared device for example: what that one said
// and wanted, who they are and their place in a queue are theirs alone. An agent who speaks goes on speaking. What the log itself goes by stays:
// sequence, hash, number of turns, ids of messages.
func (t *Tracker) Another() *Tracker {
	n := *t
	n.forget()
	return &n
}

func (t *Tracker) forget() {
	t.State, t.Profile, t.Tier, t.Lang = State{}, nil, "", ""
	t.Lines, t.Emotions, t.LastAgent, t.LastSaid, t.Done = nil, nil, "", time.Time{}, false
	if t.Owner.Kind == OwnerQueue {
		t.Owner = Owner{}
	}
}

func (n *Tracker) applyTurn(t *Tracker, ev *Event) {
	b := ev.Turn
	n.Turns, n.Closed, n.LastSaid = t.Turns+1, false, ev.Time
	n.State = State{} // unless the event says otherwise: what was erased is forgotten
	line := Line{Who: "customer", Time: ev.Time, Kinds: b.Attachments, Seq: ev.Seq, Intents: b.Decision.Intents, Text: b.Redacted}
	if b.Lang != "" {
		n.Lang = b.Lang
	}
	if b.Tier != "" {
		n.Tier = b.Tier
	}
	if p := ev.Private; p != nil {
		n.State, line.Text = p.State, p.Text
		if p.Profile != nil {
			n.Profile = p.Profile
		}
	}
	n.Lines = appendBounded(t.Lines, line, MaxLines)
	switch d := &b.Decision; {
	case d.Action == Answer && d.Task != "":
		n.Done = true
	case d.Action != Answer && d.Action != Silent: // thanks and small talk leave it as it is
		n.Done = false
	}
	if b.Emotion.Label != "" {
		n.Emotions = appendBounded(t.Emotions, b.Emotion, MaxEmotions)
	}
	if h := b.Decision.HandOff; h != nil && n.Owner.Kind == OwnerRobot {
		n.Owner = Owner{Kind: OwnerQueue, Queue: h.Queue, Why: h.Why, Skills: h.Skills, Urgent: h.Urgent, Token: ev.Seq, Since: ev.Time, Asked: ev.Time}
	}
	n.say(n, ev, "robot", b.Decision.Action)
}

// applyOut takes a message that the robot sent by itself. Without its private part what was known before it stays.
func (n *Tracker) applyOut(t *Tracker, ev *Event) {
	if ev.Out != nil && ev.Out.Context && ev.Private != nil {
		n.State = ev.Private.State
	}
	n.say(t, ev, "robot", "")
}

// say adds the replies of ev to the lines of from.
func (n *Tracker) say(from *Tracker, ev *Event, who string, action Action) {
	if ev.Private == nil || len(ev.Private.Replies) == 0 {
		return
	}
	texts := make([]string, len(ev.Private.Replies))
	for i, r := range ev.Private.Replies {
		texts[i] = r.Text
	}
	n.Lines = appendBounded(from.Lines, Line{Who: who, Text: strings.Join(texts, "\n"), Time: ev.Time, Action: action, Seq: ev.Seq}, MaxLines)
}

func (n *Tracker) applyHand(ev *Event) {
	h := ev.Hand
	switch ev.Kind {
	case Claimed:
		n.Owner.Kind, n.Owner.Agent, n.LastAgent = OwnerAgent, h.Agent, h.Agent
		if n.Owner.Asked.IsZero() { // taken from the robot, not from a queue
			n.Owner.Asked = ev.Time
		}
	case Queued:
		n.Owner = Owner{Kind: OwnerQueue, Queue: h.Queue, Why: h.Why, Skills: h.Skills, Urgent: h.Urgent, Asked: ev.Time}
	case Transferred, Released: // a transfer may be meant for one agent, who still has to take it
		n.Owner.Kind, n.Owner.Agent, n.Owner.Front = OwnerQueue, h.Agent, true
		n.Owner.Urgent = n.Owner.Urgent || h.Urgent
		if h.Queue != "" {
			n.Owner.Queue = h.Queue
		}
		if h.Skills != nil {
			n.Owner.Skills = h.Skills
		}
	case Returned: // what was open was for the agent: the robot does not take it up again by itself
		n.Owner = Owner{}
		n.State.Tasks, n.State.Later, n.State.Asked, n.State.Notes = nil, nil, nil, nil
		n.State.Misses, n.State.Angry = 0, 0
	}
	n.Owner.Token, n.Owner.Since = ev.Seq, ev.Time
}

// appendBounded returns s with v at the end, without the oldest beyond max. It never writes into s's array where another tracker may read.
func appendBounded[T any](s []T, v T, limit int) []T {
	if len(s) >= limit {
		s = s[len(s)-limit+1:]
	}
	out := make([]T, len(s)+1)
	copy(out, s)
	out[len(s)] = v
	return out
}

func hashID(id string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(id))
	return h.Sum64()
}
