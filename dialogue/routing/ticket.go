package routing

import (
	"slices"
	"time"

	"yingda/dialogue"
	"yingda/nlu"
)

// Ticket is a conversation that waits for a person or is with one. It holds nothing that a customer wrote and nothing that says who they
// are. It is a value: maps and slices in it are never changed.
type Ticket struct {
	dialogue.Key
	Queue     string             `json:"queue"`
	Agent     string             `json:"agent,omitempty"`    // who speaks, or, while it waits, whom it was transferred to
	Speaking  bool               `json:"speaking,omitempty"` // an agent speaks; otherwise it waits
	Token     uint64             `json:"token"`              // for the next action; see dialogue.Owner
	Asked     time.Time          `json:"asked"`              // when the customer first was to be handed over
	Since     time.Time          `json:"since"`              // of the latest change of who speaks
	Front     bool               `json:"front,omitempty"`
	Urgent    bool               `json:"urgent,omitempty"`
	Why       dialogue.Reason    `json:"why,omitempty"`
	Skills    []string           `json:"skills,omitempty"`
	Channel   string             `json:"channel"`
	Lang      nlu.Lang           `json:"lang,omitempty"`
	Tier      string             `json:"tier,omitempty"`
	Alias     string             `json:"alias,omitempty"` // pseudonym of the customer
	LastAgent string             `json:"last_agent,omitempty"`
	Emotions  []dialogue.Emotion `json:"emotions,omitempty"` // the latest of the trend
	Tried     int                `json:"tried,omitempty"`    // steps and answers given
	Tasks     int                `json:"tasks,omitempty"`    // unfinished
	LastSaid  time.Time          `json:"last_said,omitzero"`
	Seq       uint64             `json:"seq"` // of the conversation, that the ticket is up to

	Offer   *Offer    `json:"offer,omitempty"`
	Missed  []Offer   `json:"missed,omitempty"`     // agents that declined, and until when they are not asked again
	Noticed time.Time `json:"noticed,omitzero"`     // when the customer was last told their place
	Taken   time.Time `json:"first_taken,omitzero"` // by the first agent, for the statistics
}

// Offer is a conversation held out to an agent.
type Offer struct {
	Agent string    `json:"agent"`
	Until time.Time `json:"until"`
}

// trendKept is how much of the trend of emotions a ticket carries: enough for the moving average to forget the rest.
const trendKept = 6

// TicketOf returns the ticket of a conversation, nil when it neither waits nor is with an agent. It depends on the tracker only.
func TicketOf(tr *dialogue.Tracker) *Ticket {
	o := tr.Owner
	if o.Kind != dialogue.OwnerQueue && o.Kind != dialogue.OwnerAgent || tr.Closed {
		return nil
	}
	emotions := tr.Emotions
	if len(emotions) > trendKept {
		emotions = emotions[len(emotions)-trendKept:]
	}
	return &Ticket{
		Key: tr.Key, Queue: o.Queue, Agent: o.Agent, Speaking: o.Kind == dialogue.OwnerAgent, Token: o.Token, Asked: o.Asked, Since: o.Since,
		Front: o.Front, Urgent: o.Urgent, Why: o.Why, Skills: o.Skills, Channel: tr.Channel, Lang: tr.Lang, Tier: tierOf(tr), Alias: tr.Alias,
		LastAgent: tr.LastAgent, Emotions: slices.Clone(emotions), Tried: len(tr.State.Tried), Tasks: len(tr.State.Tasks), LastSaid: tr.LastSaid,
		Seq: tr.Seq,
	}
}

func tierOf(tr *dialogue.Tracker) string {
	if tr.Tier == "" && tr.Profile != nil {
		return tr.Profile.Tier
	}
	return tr.Tier
}

// Waiting tells whether no agent speaks yet.
func (t *Ticket) Waiting() bool { return !t.Speaking }

// Waited returns how long the customer has waited, by the moment they first asked.
func (t *Ticket) Waited(now time.Time) time.Duration { return max(0, now.Sub(t.Asked)) }

// missed tells whether the agent declined the ticket a short while ago.
func (t *Ticket) missed(agent string, now time.Time) bool {
	return slices.ContainsFunc(t.Missed, func(o Offer) bool { return o.Agent == agent && now.Before(o.Until) })
}

// offered tells whether the ticket is held out to somebody else at that moment.
func (t *Ticket) offered(agent string, now time.Time) bool {
	return t.Offer != nil && t.Offer.Agent != agent && now.Before(t.Offer.Until)
}

// carry keeps what the log does not know: the open offer of the same wait, and when the customer was told.
func (t *Ticket) carry(old *Ticket) {
	if old == nil || !old.Asked.Equal(t.Asked) {
		return
	}
	t.Taken, t.Noticed = old.Taken, old.Noticed
	if t.LastAgent == "" {
		t.LastAgent = old.LastAgent
	}
	if old.Token == t.Token {
		t.Offer, t.Missed = old.Offer, old.Missed
	}
}
