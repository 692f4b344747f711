package routing

import (
	"math"
	"time"
)

// Place is where a waiting customer stands, and what they may expect.
type Place struct {
	Position int           `json:"position"`       // 1 = next
	Expect   time.Duration `json:"expect"`         // until an agent speaks; meaningless unless Known
	Known    bool          `json:"known"`          // false when none of the agents who may serve is there
	Waited   time.Duration `json:"waited"`         // so far
	Open     bool          `json:"open"`           // people work in the queue now
	Opens    time.Time     `json:"opens,omitzero"` // when they next do, if they do not
}

// Place tells where a conversation stands; false when it does not wait.
//
// Before a customer count the waiting tickets that stand before them, each by the share of the places that may serve it which may serve
// the customer's queue too: a ticket of the same queue counts whole, one of a queue whose agents are mostly others counts little. The
// position is that sum, rounded, and one. The expected wait is
//
//	(load + 1 − free places) · handling time / places
//
// with the same sum, weighted by the units that each ticket takes in terms of the customer's own, the places of the agents of the queue who are there, busy or not, and the mean handling time of the queue's last hundred or so
// conversations ([Queue.Handle] until the first has ended). This is the exact mean for a queue of its own in which the rest of a
// conversation does not depend on how long it has lasted (M/M/c). Customers who give up make it too long; customers with a head start
// who come later make it too short.
func (b *Board) Place(conversation string, now time.Time) (Place, bool) {
	e := b.tickets[conversation]
	if e == nil || !e.Waiting() {
		return Place{}, false
	}
	p := Place{Waited: e.Waited(now), Open: e.q.Open(now)}
	if !p.Open {
		p.Opens, _ = e.q.Opens(now)
	}
	r := b.rivals(e, now)
	before, load := 0.0, 0.0
	for _, w := range b.waiting[:b.ahead(e)] {
		units := b.cfg.Units(w.Channel)
		if most := r.most[w.q]; most > 0 && units > most {
			continue // none of those who are there can take it
		}
		before += r.share[w.q]
		load += r.share[w.q] * float64(units) / float64(b.cfg.Units(e.Channel))
	}
	p.Position = 1 + int(math.Round(before))
	if r.places > 0 {
		p.Known = true
		p.Expect = time.Duration(max(0, load+1-float64(r.free)) * float64(b.handling(e.q)) / float64(r.places))
	}
	return p, true
}

// rivals is who competes for the agents that may serve a ticket.
type rivals struct {
	share        map[*Queue]float64 // 0–1: of the places that serve the queue, those that serve the ticket too
	most         map[*Queue]int     // capacity of the agent of the queue who has the most
	places, free int                // of the agents who may serve the ticket, for tickets like it
}

func (b *Board) rivals(e *entry, now time.Time) rivals {
	r := rivals{share: map[*Queue]float64{}, most: map[*Queue]int{}}
	all := map[*Queue]float64{}
	units, helpers := b.cfg.Units(e.Channel), b.helpers(e, now)
	for _, a := range b.sorted {
		if !a.There(now) {
			continue
		}
		may := servesAny(a, helpers) && e.q.Always.Holds(e.Ticket, &a.Member)
		if may {
			r.places += a.Capacity / units
			r.free += max(0, a.Capacity-a.Used()) / units
		}
		for _, q := range b.cfg.Queues {
			if a.Serves(q) {
				r.most[q] = max(r.most[q], a.Capacity)
				if all[q] += float64(a.Capacity); may {
					r.share[q] += float64(a.Capacity)
				}
			}
		}
	}
	for q := range r.share {
		r.share[q] /= all[q]
	}
	r.share[e.q] = 1
	return r
}

func servesAny(a *Agent, queues []*Queue) bool {
	for _, q := range queues {
		if a.Serves(q) {
			return true
		}
	}
	return false
}

func (b *Board) handling(q *Queue) time.Duration {
	if m := b.handled[q.Name]; m != nil {
		return time.Duration(m.value * float64(time.Second))
	}
	return q.Handle
}
