package routing

import (
	"slices"
	"time"

	"yingda/nlu"
)

// Member is what an agent can do: kept in routing.yaml, or given through the API.
type Member struct {
	ID        string         `json:"id"`   // 1–64 of a–z, A–Z, 0–9, '.', '_', '-'
	Name      string         `json:"name"` // as customers see it
	Queues    []string       `json:"queues,omitempty"`
	Skills    map[string]int `json:"skills,omitempty"`    // 1 (knows a little) – 5 (expert)
	Languages []nlu.Lang     `json:"languages,omitempty"` // none = all
	Capacity  int            `json:"capacity"`            // units over all channels; default 3
	Limits    map[string]int `json:"limits,omitempty"`    // conversations at a time by channel; a channel that is not listed is limited by Capacity only
}

// Serves tells whether the agent belongs to the queue: it is among their queues, or they name none, and they have its skills.
func (m *Member) Serves(q *Queue) bool {
	if len(m.Queues) > 0 && !slices.Contains(m.Queues, q.Name) {
		return false
	}
	for s, level := range q.Skills {
		if m.Skills[s] < level {
			return false
		}
	}
	return true
}

func (m *Member) speaks(lang nlu.Lang) bool {
	return len(m.Languages) == 0 || slices.Contains(m.Languages, lang)
}

// Status is whether an agent takes conversations.
type Status string

// The states of an agent. The zero value is Offline.
const (
	Offline   Status = ""          // not there; their conversations go back to the queue
	Available Status = "available" // takes conversations
	Away      Status = "away"      // keeps their conversations, takes no new ones
)

// Agent is a member, whether they are there, and what they are busy with. It is a value: maps and slices in it are never changed.
type Agent struct {
	Member
	Tenant string    `json:"tenant"`
	Status Status    `json:"status,omitempty"`
	Until  time.Time `json:"until,omitzero"`  // end of the lease: without a sign of life the agent is offline from then on
	Since  time.Time `json:"since,omitzero"`  // of the status
	Free   time.Time `json:"free,omitzero"`   // when they last took or ended a conversation: who has the earliest has rested longest
	Slots  []Slot    `json:"slots,omitempty"` // conversations that use capacity
	Note   string    `json:"note,omitempty"`  // why the status changed, e.g. "missed an offer"
}

// Slot is a conversation that uses an agent's capacity. It is reserved before the log says that the agent speaks, so that capacity is
// never exceeded, and kept until the log says that they no longer do.
type Slot struct {
	Conversation string    `json:"conversation"`
	Channel      string    `json:"channel"`
	Units        int       `json:"units"`
	Token        uint64    `json:"token,omitempty"` // of the ownership; 0 = reserved
	Until        time.Time `json:"until,omitzero"`  // end of a reservation
}

// There tells whether the agent is available and their lease runs.
func (a *Agent) There(now time.Time) bool { return a.Status == Available && now.Before(a.Until) }

// Used returns the units in use, reservations included.
func (a *Agent) Used() int {
	n := 0
	for _, s := range a.Slots {
		n += s.Units
	}
	return n
}

// Fits tells whether a conversation on the channel fits into what is left of the agent's capacity.
func (a *Agent) Fits(channel string, units int) bool {
	return a.Used()+units <= a.Capacity && !a.limited(channel)
}

// limited tells whether the agent has as many conversations of the channel as they may.
func (a *Agent) limited(channel string) bool {
	limit, ok := a.Limits[channel]
	if !ok {
		return false
	}
	n := 0
	for _, s := range a.Slots {
		if s.Channel == channel {
			n++
		}
	}
	return n >= limit
}

// slot returns the place of a conversation among the agent's, -1 when there is none.
func (a *Agent) slot(conversation string) int {
	return slices.IndexFunc(a.Slots, func(s Slot) bool { return s.Conversation == conversation })
}

// with returns the agent with the slot, in the place of that conversation's old one.
func (a Agent) with(s Slot) Agent {
	slots := slices.Clone(a.Slots)
	if i := a.slot(s.Conversation); i >= 0 {
		slots[i] = s
	} else {
		slots = append(slots, s)
	}
	a.Slots = slots
	return a
}

// without returns the agent without the conversation's slot.
func (a Agent) without(conversation string) Agent {
	if i := a.slot(conversation); i >= 0 {
		a.Slots = slices.Delete(slices.Clone(a.Slots), i, i+1)
	}
	return a
}

// display is the name customers see.
func (m *Member) display() string {
	if m.Name != "" {
		return m.Name
	}
	return m.ID
}

// Bounds of an agent's capacity, in units.
const (
	defaultCapacity = 3
	maxCapacity     = 100
)
