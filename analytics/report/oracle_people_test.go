package report_test

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"yingda/analytics"
	"yingda/analytics/query"
)

func (a asked) handoff() map[string][]any {
	g := group[string](fresh("crrrr"))
	all := a.list()
	handed := slices.DeleteFunc(slices.Clone(all), func(s *session) bool { return !s.handed })
	for _, s := range handed {
		reason := cmp.Or(s.handoff, "other")
		for _, row := range [][]any{g.at(reason), g.at("")} {
			addCount(row, 0, 1)
			addRate(row, 3, !s.claimedAt.IsZero())
			if s.score > 0 {
				addRate(row, 4, s.score >= 4)
			}
			*row[1].(*rate) = rate{*row[0].(*int64), int64(len(all))}
			*row[2].(*rate) = rate{*row[0].(*int64), int64(len(handed))}
		}
	}
	return g.rows
}

func (a asked) firstResponse() map[string][]any {
	g := group[string](fresh("crqq"))
	for _, s := range a.list() {
		day := a.day(s.started).Format(dayKey)
		if t := &s.firstTurn; t.Owner == "robot" && t.Total != nil && a.within(t.Time) {
			for _, row := range [][]any{g.at("robot|" + day), g.at("robot")} {
				addCount(row, 0, 1)
				addRate(row, 1, true)
				addSample(row, 2, *t.Total/1000)
				addSample(row, 3, *t.Total/1000)
			}
		}
		if s.handed && !s.handedAt.IsZero() {
			answered := !s.agentFirst.IsZero() && !s.agentFirst.Before(s.handedAt)
			for _, row := range [][]any{g.at("person|" + day), g.at("person")} {
				addCount(row, 0, 1)
				addRate(row, 1, answered)
				if answered {
					addSample(row, 2, s.agentFirst.Sub(s.handedAt).Seconds())
					addSample(row, 3, a.open(s.handedAt, s.agentFirst))
				}
			}
		}
	}
	return g.rows
}

// open counts opening seconds by going through the days on the wall's calendar.
func (a asked) open(from, to time.Time) float64 {
	if len(a.hours) == 0 {
		return to.Sub(from).Seconds()
	}
	wall := func(t time.Time) time.Time { // the clock on the wall, as if it were UTC
		l := t.In(a.f.Zone)
		return time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), l.Second(), l.Nanosecond(), time.UTC)
	}
	x, y := wall(from), wall(to)
	sign := 1.0
	if y.Before(x) { // the clock was put back in between
		x, y, sign = y, x, -1
	}
	sum := 0.0
	for day := x.Truncate(24 * hour); day.Before(y); day = day.Add(24 * hour) {
		dated := slices.ContainsFunc(a.hours, func(s query.Span) bool { return s.Date == day.Format(time.DateOnly) })
		for _, s := range a.hours {
			if !dated && s.Date == "" && s.Day == day.Weekday() || s.Date == day.Format(time.DateOnly) {
				begin, end := day.Add(s.From), day.Add(s.To)
				if begin.Before(x) {
					begin = x
				}
				if end.After(y) {
					end = y
				}
				sum += max(0, end.Sub(begin).Seconds())
			}
		}
	}
	return sign * sum
}

func (a asked) aht() map[string][]any {
	g := group[string](fresh("cmqm"))
	for _, s := range a.list() {
		if s.claimedAt.IsZero() || !in(a.f.Queues, s.queue) {
			continue
		}
		took := 0.0
		if s.agentLast.After(s.claimedAt) {
			took = s.agentLast.Sub(s.claimedAt).Seconds()
		}
		for _, row := range [][]any{g.at("q" + s.lastQueue), g.at("")} {
			addCount(row, 0, 1)
			addMean(row, 1, took)
			addSample(row, 2, took)
			addMean(row, 3, float64(s.agentMessages))
		}
	}
	return g.rows
}

func (a asked) agents() map[string][]any {
	g := group[string](fresh("cmccrrrrr"))
	type span struct{ from, to time.Time }
	held := map[string][]span{}
	both := func(agent string) [][]any { return [][]any{g.at(agent), g.at("")} }
	talks := map[string][]*analytics.Hand{}
	for i := range a.Hands {
		h := &a.Hands[i]
		if !h.Time.Before(a.f.From) && h.Time.Before(a.through) {
			talks[h.Conversation] = append(talks[h.Conversation], h)
		}
	}
	for _, hands := range talks {
		slices.SortFunc(hands, func(x, y *analytics.Hand) int { return cmp.Compare(x.Seq, y.Seq) })
		for i, h := range hands {
			if h.Kind != "claimed" || !a.within(h.Time) || !in(a.f.Channels, h.Channel) {
				continue
			}
			s := span{h.Time, time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)}
			for _, row := range both(h.Agent) {
				addCount(row, 0, 1)
				if i+1 < len(hands) {
					s.to = hands[i+1].Time
					addMean(row, 1, s.to.Sub(s.from).Seconds())
					addRate(row, 5, hands[i+1].Kind == "transferred")
					addRate(row, 6, hands[i+1].Kind == "closed")
				}
			}
			held[h.Agent] = append(held[h.Agent], s)
		}
	}
	for _, m := range a.AgentMessages {
		if a.within(m.Time) && in(a.f.Channels, m.Channel) {
			for _, row := range both(m.Agent) {
				addCount(row, 3, 1)
				addRate(row, 4, m.Suggested)
			}
		}
	}
	for _, s := range a.sessions {
		if a.within(s.started) && s.over && s.agent != "" && in(a.f.Channels, s.channel) {
			for _, row := range both(s.agent) {
				addRate(row, 8, s.score > 0)
				if s.score > 0 {
					addRate(row, 7, s.score >= 4)
				}
			}
		}
	}
	for agent, spans := range held {
		most := int64(0)
		for _, at := range spans {
			n := int64(0)
			for _, s := range spans {
				if !s.from.After(at.from) && s.to.After(at.from) {
					n++
				}
			}
			most = max(most, n)
		}
		for _, row := range both(agent) {
			addCount(row, 2, most)
		}
	}
	return g.rows
}

func (a asked) transfers() map[string][]any {
	g := group[string](fresh("crrr"))
	for _, s := range a.list() {
		if !s.handed || s.queue == "" || !in(a.f.Queues, s.queue) {
			continue
		}
		for _, row := range [][]any{g.at(s.queue), g.at("")} {
			addCount(row, 0, 1)
			addRate(row, 1, s.queue == s.lastQueue)
			addRate(row, 2, !s.claimedAt.IsZero())
			addRate(row, 3, !s.agentFirst.IsZero() && !s.agentFirst.Before(s.handedAt))
		}
	}
	return g.rows
}

func (a asked) followUps() map[string][]any {
	type follow struct {
		kind                    string
		sent, answered          time.Time
		delivered, read, failed bool
	}
	all := map[string]*follow{}
	for _, o := range a.Outbound {
		if o.Time.Before(a.f.From) || !o.Time.Before(a.through) || !in(a.f.Channels, o.Channel) {
			continue
		}
		key := o.Conversation + "|" + o.FollowUp
		if all[key] == nil {
			all[key] = &follow{kind: o.Kind}
		}
		f := all[key]
		switch o.Status {
		case "sent":
			if f.sent.IsZero() || o.Time.Before(f.sent) {
				f.sent = o.Time
			}
		case "delivered":
			f.delivered = true
		case "read":
			f.delivered, f.read = true, true
		case "failed":
			f.failed = true
		}
	}
	g := group[string](fresh("crrrr"))
	for key, f := range all {
		if f.sent.IsZero() || !f.sent.Before(a.f.To) {
			continue
		}
		for _, t := range a.Turns {
			if strings.HasPrefix(key, t.Conversation+"|") && t.Time.After(f.sent) && t.Time.Before(a.through) && (f.answered.IsZero() || t.Time.Before(f.answered)) {
				f.answered = t.Time
			}
		}
		for _, row := range [][]any{g.at(f.kind), g.at("")} {
			addCount(row, 0, 1)
			addRate(row, 1, f.delivered)
			addRate(row, 2, f.read)
			addRate(row, 3, f.failed)
			if until := f.sent.Add(24 * hour); !until.After(a.through) {
				addRate(row, 4, !f.answered.IsZero() && f.answered.Before(until))
			}
		}
	}
	return g.rows
}
