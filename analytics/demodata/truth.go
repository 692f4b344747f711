package demodata

import (
	"time"

	"yingda/dialogue"
)

// Truth is what was planted, and what was written, counted apart from all that reads it.
type Truth struct {
	Seed        uint64    `json:"seed"`
	Tenant      string    `json:"tenant"`
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	Zone        string    `json:"zone"`
	TurnsPerDay int       `json:"turns_per_day"`

	Total Counts   `json:"total"`
	Days  []Counts `json:"days"` // by UTC date, as the tables' dt

	Product     Product      `json:"product"`
	Intents     []NewIntent  `json:"intents"`
	MeasureFrom time.Time    `json:"measure_from"` // from here on other wordings of the planted intents
	Drift       Drift        `json:"drift"`
	Experiments []Experiment `json:"experiments"`
	Back        Back         `json:"back"`
}

// Counts are sums of a day, or of all.
type Counts struct {
	Day           string `json:"dt,omitempty"` // UTC, e.g. 2026-03-01
	Events        int64  `json:"events"`
	Turns         int64  `json:"turns"`
	Fallbacks     int64  `json:"fallbacks"`
	Handoffs      int64  `json:"handoffs"` // turns that hand over
	Hands         int64  `json:"hands"`
	AgentMessages int64  `json:"agent_messages"`
	Outbound      int64  `json:"outbound"`
	Ratings       int64  `json:"ratings"`    // stars and thumbs
	Promoters     int64  `json:"promoters"`  // of those who said whether they would recommend the shop: 9 or 10
	Passives      int64  `json:"passives"`   // 7 or 8
	Detractors    int64  `json:"detractors"` // 0 to 6
	Exposures     int64  `json:"exposures"`
	CallsFailed   int64  `json:"calls_failed"`
	New           int64  `json:"new"`      // turns that state a planted wish or need
	Sessions      int64  `json:"sessions"` // that began
	Handed        int64  `json:"handed"`   // of them, with a person at any time
	Millis        int64  `json:"ms_total"` // sum of answer times, whole milliseconds of each
}

// Product is the one that is launched.
type Product struct {
	ZH     string    `json:"zh"`
	EN     string    `json:"en"`
	Launch time.Time `json:"launch"`
}

// NewIntent is a planted one, with what became of it.
type NewIntent struct {
	Intent  string    `json:"intent"`
	ZH      string    `json:"zh"`
	EN      string    `json:"en"`
	Verdict string    `json:"verdict"` // new_intent, missing_examples
	Near    []string  `json:"near"`
	Turns   int64     `json:"turns"`
	Missed  int64     `json:"missed"` // of them, with a fallback
	First   time.Time `json:"first,omitzero"`
	Mine    int       `json:"wordings"` // in both languages, before they are varied
	Measure int       `json:"wordings_measure"`
}

// Drift says what changes for good, and when.
type Drift struct {
	From    time.Time `json:"from"`
	Metrics []string  `json:"metrics"`
}

// Experiment is a planted one.
type Experiment struct {
	Name     string              `json:"name"`
	About    string              `json:"about"`
	From     time.Time           `json:"from"`
	To       time.Time           `json:"to"`
	Arms     []string            `json:"arms"`
	Weights  []float64           `json:"weights"`
	Mismatch bool                `json:"sample_ratio_mismatch"`
	Effects  map[string]Effect   `json:"effects"`  // handed, resolved, satisfied: shares of sessions, of those answered, of those rated; score: mean of stars
	Observed map[string]Observed `json:"observed"` // by arm
}

// Effect is the mean of what sessions of exposed units would have been, in either arm.
type Effect struct {
	Control    float64 `json:"control"`
	Treatment  float64 `json:"treatment"`
	Difference float64 `json:"difference"`
}

// Observed counts the sessions of an arm's exposed units.
type Observed struct {
	Units     int   `json:"units"`
	Sessions  int64 `json:"sessions"`
	Handed    int64 `json:"handed"`
	Rated     int64 `json:"rated"`
	Satisfied int64 `json:"satisfied"` // 4 or 5 stars
	ScoreSum  int64 `json:"score_sum"`
	Answered  int64 `json:"answered"` // said whether the question was solved
	Resolved  int64 `json:"resolved"`
}

func (o *Observed) add(r result) {
	o.Sessions++
	o.Handed += one(r.handed)
	if r.score > 0 {
		o.Rated++
		o.ScoreSum += int64(r.score)
		o.Satisfied += one(r.score >= 4)
		if r.answered {
			o.Answered++
			o.Resolved += one(r.solved)
		}
	}
}

// Back counts sessions without a person, and how many of their customers began another session within a time after the last event of theirs.
// Anonymous customers cannot come back.
type Back struct {
	Contained int64 `json:"contained"`
	Within24h int64 `json:"within_24h"`
	Within72h int64 `json:"within_72h"`
	Within7d  int64 `json:"within_7d"`
}

// result is what became of a session.
type result struct {
	handed, solved, answered bool
	score                    int // 0 = not rated
}

func one(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// count adds an event that is written.
func (g *Generator) count(ev *dialogue.Event) {
	for _, c := range []*Counts{g.dayOf(ev.Time), &g.truth.Total} {
		c.Events++
		switch ev.Kind {
		case dialogue.TurnTaken:
			c.turn(ev.Turn)
		case dialogue.AgentSaid:
			c.AgentMessages++
		case dialogue.SentOut, dialogue.Receipt:
			c.Outbound++
		case dialogue.Rated:
			c.Ratings++
			c.recommends(ev.Rating.NPS)
		default:
			c.Hands++
		}
	}
}

func (c *Counts) recommends(nps *int) {
	switch {
	case nps == nil:
	case *nps >= 9:
		c.Promoters++
	case *nps >= 7:
		c.Passives++
	default:
		c.Detractors++
	}
}

func (c *Counts) turn(b *dialogue.TurnBody) {
	c.Turns++
	d := b.Decision
	fell := d.Reason == dialogue.NotUnderstood
	if h := d.HandOff; h != nil {
		c.Handoffs++
		fell = fell || h.Why == dialogue.ByUnrecognised || h.Why == dialogue.ByConfidence
	}
	c.Fallbacks += one(fell)
	c.Exposures += int64(len(b.Exposures))
	for _, call := range b.Calls {
		c.CallsFailed += one(call.Status == dialogue.CallFailed)
	}
	c.Millis += int64(b.Millis["total"])
}

// dayOf is the counts of a moment's day. Days come in order, but sessions begin before what is written of them.
func (g *Generator) dayOf(at time.Time) *Counts {
	name := at.UTC().Format(time.DateOnly)
	for i := len(g.truth.Days) - 1; i >= 0; i-- {
		if g.truth.Days[i].Day == name {
			return &g.truth.Days[i]
		}
		if g.truth.Days[i].Day < name {
			g.truth.Days = append(g.truth.Days, Counts{})
			copy(g.truth.Days[i+2:], g.truth.Days[i+1:])
			g.truth.Days[i+1] = Counts{Day: name}
			return &g.truth.Days[i+1]
		}
	}
	g.truth.Days = append([]Counts{{Day: name}}, g.truth.Days...)
	return &g.truth.Days[0]
}
