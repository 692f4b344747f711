package routing

import (
	"time"

	"yingda/dialogue"
)

// Priority says what makes a customer stand further ahead. Everything in it is a head start: time that the customer counts as having
// waited already. For a ticket that asked at time a,
//
//	standing = a − min(Cap, Tier + Head of its queue + Reason + Urgent + feeling + complexity)
//	feeling  = f + Rising · max(0, e − f′)
//	complexity = Step · (steps tried + 2 · further open tasks), at most Steps
//
// where e is the head start of the emotion of the latest message times its intensity (0–1), f the moving average ½·f′ + ½·e, and f′ that
// before the latest message: somebody who gets angry counts at once, somebody who calms down counts half as much with every message. A
// ticket that comes back from an agent has all of Cap. The smallest standing is served first.
//
// Standings do not change while time passes, so the order needs no clock; and nobody is overtaken by anybody who asked more than Cap later.
type Priority struct {
	Tiers    map[string]time.Duration
	Emotions map[string]time.Duration // at intensity 1, by label; a label that is not listed counts by its valence
	Valences map[string]time.Duration
	Reasons  map[dialogue.Reason]time.Duration
	Urgent   time.Duration
	Rising   float64       // 0–1, default 0.5
	Step     time.Duration // of complexity
	Steps    time.Duration // the most that complexity gives
	Cap      time.Duration // the most of all together; default 20 min
}

// feeling returns the head start for a trend of emotions, oldest first.
func (p *Priority) feeling(trend []dialogue.Emotion) time.Duration {
	var f, rise float64
	for i, em := range trend {
		e := float64(p.emotion(em)) * min(max(em.Intensity, 0), 1)
		if i == 0 {
			f, rise = e/2, e
			continue
		}
		rise = max(0, e-f)
		f = f/2 + e/2
	}
	return time.Duration(f + p.Rising*rise)
}

func (p *Priority) emotion(em dialogue.Emotion) time.Duration {
	if d, ok := p.Emotions[em.Label]; ok {
		return d
	}
	return p.Valences[em.Valence]
}

// complexity returns the head start for what was tried in vain.
func (p *Priority) complexity(tried, tasks int) time.Duration {
	return min(p.Steps, p.Step*time.Duration(tried+2*max(0, tasks-1)))
}

// Head returns the head start of a ticket in its queue.
func (c *Config) Head(t *Ticket) time.Duration {
	p := &c.Priority
	if t.Front {
		return p.Cap
	}
	d := p.Tiers[t.Tier] + c.Queue(t.Queue).Head + p.Reasons[t.Why] + p.feeling(t.Emotions) + p.complexity(t.Tried, t.Tasks)
	if t.Urgent {
		d += p.Urgent
	}
	return max(0, min(p.Cap, d))
}

// Standing returns the moment from which the ticket counts as waiting: the smallest is served first.
func (c *Config) Standing(t *Ticket) time.Time { return t.Asked.Add(-c.Head(t)) }
