package routing

import (
	"math"
	"time"
)

// Stats is how a tenant's queues stand now, and how they did in the hour before.
type Stats struct {
	Since     time.Time        `json:"since"` // what is counted over time goes back to here, an hour at most
	Waiting   int              `json:"waiting"`
	Speaking  int              `json:"speaking"`
	Longest   float64          `json:"longest_wait_s"` // of those who wait now, seconds
	Queues    map[string]Group `json:"queues"`
	Tiers     map[string]Group `json:"tiers"` // "standard" for customers without a tier
	Available int              `json:"agents_available"`
	Busy      int              `json:"agents_busy"` // of those available: without capacity left
	Away      int              `json:"agents_away"`
	Used      int              `json:"units_used"`
	Capacity  int              `json:"units"` // of the agents who are there
}

// Group is the part of a queue or a tier.
type Group struct {
	Waiting   int     `json:"waiting"`
	Longest   float64 `json:"longest_wait_s"`
	Open      bool    `json:"open"`      // queues only
	Served    int     `json:"served"`    // got their first agent
	Abandoned int     `json:"abandoned"` // stopped waiting without one
	Mean      float64 `json:"mean_wait_s"`
	Max       float64 `json:"max_wait_s"`
	// Level is the share of those served or abandoned who had an agent within the target of their queue, 1 when there were none.
	Level float64 `json:"service_level"`
}

// recorder counts by minute over the last hour.
type recorder struct {
	since   time.Time
	minutes [60]minute
}

type minute struct {
	at    int64 // Unix minute
	queue map[string]tally
	tier  map[string]tally
}

type tally struct {
	served, abandoned, within int
	sum, max                  float64 // seconds
}

func newRecorder(now time.Time) *recorder { return &recorder{since: now} }

// add counts a wait that ended at that moment.
func (r *recorder) add(at time.Time, queue, tier string, wait time.Duration, served, within bool) {
	n := at.Unix() / 60
	m := &r.minutes[n%60]
	if m.at != n {
		*m = minute{at: n, queue: map[string]tally{}, tier: map[string]tally{}}
	}
	one := tally{}
	if served {
		one = tally{served: 1, sum: wait.Seconds(), max: wait.Seconds()}
	} else {
		one.abandoned = 1
	}
	if within {
		one.within = 1
	}
	m.queue[queue], m.tier[tier] = m.queue[queue].plus(one), m.tier[tier].plus(one)
}

func (t tally) plus(o tally) tally {
	return tally{t.served + o.served, t.abandoned + o.abandoned, t.within + o.within, t.sum + o.sum, math.Max(t.max, o.max)}
}

func (t tally) fill(g *Group) {
	g.Served, g.Abandoned, g.Max, g.Level = t.served, t.abandoned, t.max, 1
	if t.served > 0 {
		g.Mean = t.sum / float64(t.served)
	}
	if n := t.served + t.abandoned; n > 0 {
		g.Level = float64(t.within) / float64(n)
	}
}

// measure learns from a ticket's change what statistics and expected waits need.
func (v *view) measure(old, next *Ticket, at time.Time) {
	if old == nil {
		return
	}
	q := v.board.cfg.Queue(old.Queue)
	if old.Speaking && (next == nil || next.Token != old.Token) {
		v.board.Handled(q.Name, max(0, at.Sub(old.Since)))
	}
	if !old.Waiting() || !old.Taken.IsZero() {
		return
	}
	switch {
	case next == nil:
		v.stats.add(at, q.Name, tierName(old.Tier), old.Waited(at), false, false)
	case next.Speaking:
		wait := next.Waited(next.Since)
		v.stats.add(next.Since, q.Name, tierName(old.Tier), wait, true, wait <= q.Target.Within)
	}
}

func tierName(tier string) string {
	if tier == "" {
		return "standard"
	}
	return tier
}

// Stats returns how the queues stand.
func (s *Service) Stats(tenant string) Stats {
	now := s.o.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.viewOf(tenant)
	out := Stats{Since: now.Add(-time.Hour), Queues: map[string]Group{}, Tiers: map[string]Group{}}
	if v.stats.since.After(out.Since) {
		out.Since = v.stats.since
	}
	queues, tiers := v.stats.last(now)
	for _, name := range s.cfg.Order {
		g := Group{Open: s.cfg.Queues[name].Open(now)}
		queues[name].fill(&g)
		out.Queues[name] = g
	}
	for name, t := range tiers {
		var g Group
		t.fill(&g)
		out.Tiers[name] = g
	}
	out.count(v.board, now)
	return out
}

// last sums the hour up.
func (r *recorder) last(now time.Time) (queues, tiers map[string]tally) {
	queues, tiers = map[string]tally{}, map[string]tally{}
	for i := range r.minutes {
		m := &r.minutes[i]
		if m.at <= now.Unix()/60-60 {
			continue
		}
		for k, t := range m.queue {
			queues[k] = queues[k].plus(t)
		}
		for k, t := range m.tier {
			tiers[k] = tiers[k].plus(t)
		}
	}
	return queues, tiers
}

// count adds what is on the board.
func (st *Stats) count(b *Board, now time.Time) {
	for _, e := range b.waiting {
		w := e.Waited(now).Seconds()
		st.Waiting, st.Longest = st.Waiting+1, math.Max(st.Longest, w)
		wait(st.Queues, e.q.Name, w)
		wait(st.Tiers, tierName(e.Tier), w)
	}
	st.Speaking = len(b.tickets) - len(b.waiting)
	for _, a := range b.agents {
		switch {
		case a.Status == Away && now.Before(a.Until):
			st.Away++
		case a.There(now):
			st.Available, st.Used, st.Capacity = st.Available+1, st.Used+a.Used(), st.Capacity+a.Capacity
			if a.Used() >= a.Capacity {
				st.Busy++
			}
		}
	}
}

func wait(groups map[string]Group, name string, w float64) {
	g, ok := groups[name]
	if !ok {
		g.Level = 1
	}
	g.Waiting, g.Longest = g.Waiting+1, math.Max(g.Longest, w)
	groups[name] = g
}
