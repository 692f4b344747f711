package profile

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"yingda/dialogue"
)

// Memory is what was learnt of one channel id.
type Memory struct {
	Conversations []Conversation                `json:"conversations,omitempty"` // by time of the latest message, newest last
	Evidence      map[string]map[string]*Weight `json:"evidence,omitempty"`      // preference → value
	Seen          []Sighting                    `json:"seen,omitempty"`          // newest last
	Forgotten     map[string]time.Time          `json:"forgotten,omitempty"`     // preference, preference=value, or "" for all → evidence up to then does not count
	Applied       []uint64                      `json:"applied,omitempty"`       // sequences of the latest events, rising
	Floor         uint64                        `json:"floor,omitempty"`         // events up to here are applied too
}

// Conversation is one conversation in a customer's history.
type Conversation struct {
	ID           string    `json:"id"`
	Channel      string    `json:"channel,omitempty"`
	Started      time.Time `json:"started"`
	Updated      time.Time `json:"updated"`
	Turns        int       `json:"turns"`
	Topics       []string  `json:"topics,omitempty"` // intents, in the order in which they first came; at most 8
	Emotion      string    `json:"emotion,omitempty"`
	Task         string    `json:"task,omitempty"` // unfinished
	Answered     bool      `json:"answered,omitempty"`
	HandedOver   bool      `json:"handed_over,omitempty"`
	Closed       bool      `json:"closed,omitempty"`
	Satisfaction int       `json:"satisfaction,omitempty"` // 1–5, as rated last; a thumb counts as 5 or 1
	Resolved     *bool     `json:"resolved,omitempty"`     // as the customer says
}

// Outcome of a conversation.
type Outcome string

// The outcomes.
const (
	Open       Outcome = "open"        // something is under way
	Resolved   Outcome = "resolved"    // the customer said so
	Unresolved Outcome = "unresolved"  // the customer said so
	HandedOver Outcome = "handed_over" // to people
	Answered   Outcome = "answered"    // by the robot, as far as it knows
	Abandoned  Outcome = "abandoned"   // left with an open task
	Talk       Outcome = "talk"        // nothing was asked for
)

// Outcome tells what became of the conversation, as of now.
func (c *Conversation) Outcome(now time.Time, quiet time.Duration) Outcome {
	switch {
	case c.Resolved != nil && *c.Resolved:
		return Resolved
	case c.Resolved != nil:
		return Unresolved
	case c.HandedOver:
		return HandedOver
	case c.Task != "" && (c.Closed || now.Sub(c.Updated) > quiet):
		return Abandoned
	case c.Task != "":
		return Open
	case c.Answered:
		return Answered
	case len(c.Topics) > 0 && !c.Closed && now.Sub(c.Updated) <= quiet:
		return Open
	case len(c.Topics) > 0:
		return Abandoned
	}
	return Talk
}

// Weight is the evidence for one value of a preference.
type Weight struct {
	For     float64    `json:"for"`               // as of Last
	Against float64    `json:"against,omitempty"` // as of Last
	Count   int        `json:"count"`             // mentions of either kind
	First   time.Time  `json:"first"`
	Last    time.Time  `json:"last"`
	Where   []Evidence `json:"where,omitempty"` // the latest, newest last
}

// Evidence is where a mention was: the words are in the conversation.
type Evidence struct {
	Conversation string    `json:"conversation"`
	Event        string    `json:"event"`
	Time         time.Time `json:"time"`
	Weight       float64   `json:"weight"` // negative = against
}

// Sighting is something that the customer looked at or asked about.
type Sighting struct {
	Text string    `json:"text"`
	Time time.Time `json:"time"`
}

// Bounds of a memory; a preference with more values is none.
const (
	maxTopics  = 8
	maxWhere   = 5
	maxValues  = 20 // of one preference
	maxSeen    = 20
	maxApplied = 256
)

// decay returns how much of a weight is left after d.
func decay(d, halfLife time.Duration) float64 {
	if d <= 0 || halfLife <= 0 {
		return 1
	}
	return math.Exp2(-float64(d) / float64(halfLife))
}

// add counts a mention, which may be older than what was counted before. Evidence against has a negative weight.
func (w *Weight) add(e Evidence, halfLife time.Duration) {
	left := 1.0
	if e.Time.After(w.Last) {
		d := decay(e.Time.Sub(w.Last), halfLife)
		w.For, w.Against, w.Last = w.For*d, w.Against*d, e.Time
	} else {
		left = decay(w.Last.Sub(e.Time), halfLife)
	}
	if w.First.IsZero() || e.Time.Before(w.First) {
		w.First = e.Time
	}
	if e.Weight >= 0 {
		w.For += left * e.Weight
	} else {
		w.Against -= left * e.Weight
	}
	w.Count++
	w.Where = append(w.Where, e)
	if n := len(w.Where); n > maxWhere {
		w.Where = slices.Clone(w.Where[n-maxWhere:])
	}
}

// applied tells whether the event was applied before, and remembers it.
func (m *Memory) applied(seq uint64) bool {
	if seq == 0 {
		return false
	}
	i, found := slices.BinarySearch(m.Applied, seq)
	if found || seq <= m.Floor {
		return true
	}
	m.Applied = slices.Insert(m.Applied, i, seq)
	if n := len(m.Applied) - maxApplied; n > 0 {
		m.Floor = m.Applied[n-1]
		m.Applied = slices.Clone(m.Applied[n:])
	}
	return false
}

// apply folds one event in. mine is false where the customer does not agree to have preferences learnt. It returns whether anything
// changed. Events may come twice and out of order.
func (m *Memory) apply(ev *dialogue.Event, r *Rules, mine bool) bool {
	switch ev.Kind {
	case dialogue.TurnTaken, dialogue.AgentSaid, dialogue.Rated, dialogue.Closed, dialogue.Queued, dialogue.Claimed:
	default:
		return false
	}
	if m.applied(ev.Seq) {
		return false
	}
	c := m.conversation(ev, r)
	if c == nil {
		return true // older than all that are remembered
	}
	switch ev.Kind {
	case dialogue.TurnTaken:
		c.turn(ev, r)
		if mine {
			m.learn(ev, r)
		}
	case dialogue.Rated:
		c.rated(ev.Rating)
	case dialogue.Closed:
		c.Closed = true
	default:
		c.HandedOver = true
	}
	slices.SortStableFunc(m.Conversations, func(a, b Conversation) int { return a.Updated.Compare(b.Updated) })
	return true
}

// conversation returns the entry that the event belongs to, making room for a new one.
func (m *Memory) conversation(ev *dialogue.Event, r *Rules) *Conversation {
	i := slices.IndexFunc(m.Conversations, func(c Conversation) bool { return c.ID == ev.Conversation })
	if i < 0 {
		limit := max(r.Conversations, 1)
		if len(m.Conversations) >= limit {
			if ev.Time.Before(m.Conversations[0].Updated) {
				return nil
			}
			m.Conversations = slices.Clone(m.Conversations[len(m.Conversations)-limit+1:])
		}
		m.Conversations = append(m.Conversations, Conversation{ID: ev.Conversation, Channel: ev.Channel, Started: ev.Time, Updated: ev.Time})
		i = len(m.Conversations) - 1
	}
	c := &m.Conversations[i]
	if ev.Time.Before(c.Started) {
		c.Started = ev.Time
	}
	return c
}

func (c *Conversation) turn(ev *dialogue.Event, r *Rules) {
	b := ev.Turn
	c.Turns++
	for _, in := range b.Decision.Intents {
		if !r.small(in) && !slices.Contains(c.Topics, in) && len(c.Topics) < maxTopics {
			c.Topics = append(c.Topics, in)
		}
	}
	if b.Decision.HandOff != nil {
		c.HandedOver = true
	}
	if b.Decision.Action == dialogue.Answer && slices.ContainsFunc(b.Decision.Intents, func(in string) bool { return !r.small(in) }) {
		c.Answered = true
	}
	if ev.Time.Before(c.Updated) {
		return // what the later message left behind stays
	}
	c.Updated, c.Closed, c.Channel = ev.Time, false, ev.Channel
	if b.Emotion.Label != "" {
		c.Emotion = b.Emotion.Label
	}
	c.Task = ""
	if p := ev.Private; p != nil {
		if n := len(p.State.Tasks); n > 0 {
			c.Task = p.State.Tasks[n-1].Task
		}
	}
}

func (c *Conversation) rated(b *dialogue.RatingBody) {
	if b == nil {
		return
	}
	switch {
	case b.Score > 0:
		c.Satisfaction = b.Score
	case b.Thumb > 0 && b.About == "":
		c.Satisfaction = 5
	case b.Thumb < 0 && b.About == "":
		c.Satisfaction = 1
	}
	if b.Resolved != nil {
		c.Resolved = b.Resolved
	}
}

// learn collects the evidence of a message.
func (m *Memory) learn(ev *dialogue.Event, r *Rules) {
	p := ev.Private
	if p == nil {
		return
	}
	stated := 1.0
	if folded := fold(p.Text); slices.ContainsFunc(r.Explicit, func(re *regexp.Regexp) bool { return re.MatchString(folded) }) {
		stated = r.Stated
	}
	for name, rule := range r.Preferences {
		weights := map[string]float64{}
		rule.mentions(ev, stated, weights)
		for value, w := range weights {
			m.count(name, value, Evidence{ev.Conversation, ev.ID, ev.Time, w}, r.HalfLife)
		}
	}
	for _, ent := range p.Entities {
		if slices.Contains(r.Seen, ent.Type) {
			m.saw(ent.Text, ev.Time)
		}
	}
}

// mentions weighs the values that a message names. A message counts once a value.
func (p *Preferred) mentions(ev *dialogue.Event, stated float64, weights map[string]float64) {
	sign := 1.0
	for _, in := range ev.Turn.Decision.Intents {
		if matches(p.Against, in) {
			sign = -1
		}
	}
	for _, ent := range ev.Private.Entities {
		if v := p.value(ent.Text); v != "" && slices.Contains(p.Entities, ent.Type) {
			weights[v] = sign * stated
		}
	}
	for _, c := range ev.Private.Calls {
		if c.Result.Status != dialogue.CallOK {
			continue
		}
		for _, arg := range p.Arguments[c.Call.Name] {
			if v := p.value(c.Call.Args[arg]); v != "" {
				weights[v] = max(2, stated) // it was really chosen
			}
		}
	}
	v := ""
	switch p.From {
	case FromLanguage:
		v = string(ev.Turn.Lang)
	case FromChannel:
		v = ev.Channel
	case FromHour:
		v = p.at(ev.Time.Hour())
	}
	if v != "" {
		weights[v] = 0.5 // shown rather than said
	}
}

// count adds evidence, unless the customer had what it speaks for deleted since.
func (m *Memory) count(name, value string, e Evidence, halfLife time.Duration) {
	if until := later(m.Forgotten[""], later(m.Forgotten[name], m.Forgotten[name+"="+value])); !e.Time.After(until) {
		return
	}
	if m.Evidence == nil {
		m.Evidence = map[string]map[string]*Weight{}
	}
	values := m.Evidence[name]
	if values == nil {
		values = map[string]*Weight{}
		m.Evidence[name] = values
	}
	w := values[value]
	if w == nil {
		if len(values) >= maxValues {
			dropWeakest(values, e.Time, halfLife)
		}
		w = &Weight{Last: e.Time}
		values[value] = w
	}
	w.add(e, halfLife)
}

func dropWeakest(values map[string]*Weight, now time.Time, halfLife time.Duration) {
	worst, least := "", math.Inf(1)
	for v, w := range values {
		if left := (w.For + w.Against) * decay(now.Sub(w.Last), halfLife); left < least || left == least && v < worst {
			worst, least = v, left
		}
	}
	delete(values, worst)
}

func (m *Memory) saw(text string, at time.Time) {
	text = strings.TrimSpace(text)
	if text == "" || !at.After(m.Forgotten[""]) {
		return
	}
	m.Seen = slices.DeleteFunc(m.Seen, func(s Sighting) bool { return s.Text == text && !s.Time.After(at) })
	m.Seen = append(m.Seen, Sighting{text, at})
	slices.SortStableFunc(m.Seen, func(a, b Sighting) int { return a.Time.Compare(b.Time) })
	if n := len(m.Seen); n > maxSeen {
		m.Seen = slices.Clone(m.Seen[n-maxSeen:])
	}
}

// forget deletes the evidence of a preference, or of one value of it, up to now.
func (m *Memory) forget(name, value string, now time.Time) {
	if m.Forgotten == nil {
		m.Forgotten = map[string]time.Time{}
	}
	if value == "" {
		delete(m.Evidence, name)
		m.Forgotten[name] = now
		return
	}
	delete(m.Evidence[name], value)
	m.Forgotten[name+"="+value] = now
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
