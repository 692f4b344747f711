package report_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"yingda/analytics"
	"yingda/analytics/query"
)

// What the oracle expects in cells.
type (
	rate struct{ num, n int64 }
	mean struct {
		n   int64
		sum float64
	}
	sample []float64 // of which quantiles are
)

func (r *rate) add(yes bool) {
	r.n++
	if yes {
		r.num++
	}
}

func (m *mean) add(v float64) { m.n, m.sum = m.n+1, m.sum+v }

// asked is a question to the oracle.
type asked struct {
	*facts
	f     analytics.Filter
	hours query.Hours
}

func in(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }

func (a asked) within(t time.Time) bool { return !t.Before(a.f.From) && t.Before(a.f.To) }
func (a asked) before(t time.Time) bool {
	return !t.Before(a.f.From.Add(a.f.From.Sub(a.f.To))) && t.Before(a.f.From)
}

func (a asked) day(t time.Time) time.Time {
	y, m, d := t.In(a.f.Zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func (a asked) meant(s *session) bool {
	return s.over && in(a.f.Channels, s.channel) && in(a.f.Langs, s.lang) && in(a.f.Tiers, s.tier) && in(a.f.Intents, s.intent)
}

func (a asked) meantTurn(t *analytics.Turn) bool {
	return in(a.f.Channels, t.Channel) && in(a.f.Langs, t.Lang) && in(a.f.Tiers, t.Tier) && in(a.f.Intents, t.Intent) && in(a.f.Bundles, t.Bundle)
}

// list are the sessions of the period.
func (a asked) list() (out []*session) {
	for _, s := range a.sessions {
		if a.within(s.started) && a.meant(s) {
			out = append(out, s)
		}
	}
	return out
}

// passed tells whether a window after a session has passed, and whether the customer stayed away in it.
func (a asked) passed(s *session, d time.Duration) (seen, away bool) {
	until := s.ended.Add(d)
	return !until.After(a.through), s.backAt.IsZero() || !s.backAt.Before(until)
}

const hour = time.Hour

// grouped collects the cells of rows by their labels.
type grouped[K cmp.Ordered] struct {
	rows map[K][]any
	make func() []any
}

func group[K cmp.Ordered](fresh func() []any) *grouped[K] { return &grouped[K]{map[K][]any{}, fresh} }

func (g *grouped[K]) at(k K) []any {
	if g.rows[k] == nil {
		g.rows[k] = g.make()
	}
	return g.rows[k]
}

// addRate and the others add an observation to a cell of a row.
func addRate(row []any, i int, yes bool)    { row[i].(*rate).add(yes) }
func addMean(row []any, i int, v float64)   { row[i].(*mean).add(v) }
func addCount(row []any, i int, n int64)    { *row[i].(*int64) += n }
func addSample(row []any, i int, v float64) { *row[i].(*sample) = append(*row[i].(*sample), v) }

// fresh makes a row: r = rate, m = mean, c = count, q = sample.
func fresh(shape string) func() []any {
	return func() []any {
		row := make([]any, len(shape))
		for i, c := range shape {
			switch c {
			case 'r':
				row[i] = &rate{}
			case 'm':
				row[i] = &mean{}
			case 'c':
				row[i] = new(int64)
			case 'q':
				row[i] = &sample{}
			}
		}
		return row
	}
}

const dayKey = "2006-01-02"

// containment and the others expect the rows of the report of their name, by labels joined with a bar. Rows under "" are totals.
func (a asked) containment() map[string][]any {
	g := group[string](fresh("crrrrr"))
	for _, s := range a.list() {
		for _, row := range [][]any{g.at(a.day(s.started).Format(dayKey)), g.at("")} {
			addCount(row, 0, 1)
			addRate(row, 1, !s.handed)
			for i, d := range []time.Duration{24 * hour, 72 * hour, 168 * hour} {
				if seen, away := a.passed(s, d); seen {
					addRate(row, 2+i, !s.handed && away)
				}
			}
			addRate(row, 5, s.asked && !s.handed)
		}
	}
	return g.rows
}

func (a asked) volume() map[string][]any {
	g := group[string](fresh("ccrcr"))
	for _, s := range a.list() {
		for _, row := range [][]any{g.at(a.day(s.started).Format(dayKey)), g.at("")} {
			addCount(row, 0, 1)
			addRate(row, 4, s.handed)
		}
	}
	for i := range a.Turns {
		if t := &a.Turns[i]; a.within(t.Time) && a.meantTurn(t) {
			for _, row := range [][]any{g.at(a.day(t.Time).Format(dayKey)), g.at("")} {
				addCount(row, 1, 1)
				addRate(row, 2, t.Fallback)
				if t.Handoff != "" {
					addCount(row, 3, 1)
				}
			}
		}
	}
	return g.rows
}

func (a asked) busyHours() map[string][]any {
	g := group[string](fresh("ccc"))
	key := func(t time.Time) string {
		l := t.In(a.f.Zone)
		return fmt.Sprintf("%d|%d", (int(l.Weekday())+6)%7+1, l.Hour())
	}
	for _, s := range a.list() {
		for _, row := range [][]any{g.at(key(s.started)), g.at("")} {
			addCount(row, 1, 1)
			if s.handed {
				addCount(row, 2, 1)
			}
		}
	}
	for i := range a.Turns {
		if t := &a.Turns[i]; a.within(t.Time) && a.meantTurn(t) {
			addCount(g.at(key(t.Time)), 0, 1)
			addCount(g.at(""), 0, 1)
		}
	}
	return g.rows
}

func (a asked) responseTime() map[string][]any {
	g := group[string](fresh("q"))
	for i := range a.Turns {
		if t := &a.Turns[i]; a.within(t.Time) && a.meantTurn(t) && t.Total != nil {
			addSample(g.at(a.day(t.Time).Format(dayKey)), 0, *t.Total)
			addSample(g.at(""), 0, *t.Total)
		}
	}
	return g.rows
}

func (a asked) resolution() map[string][]any {
	g := group[string](fresh("crrrrrr"))
	for _, s := range a.list() {
		seen, away := a.passed(s, 72*hour)
		yes := s.resolved != nil && *s.resolved
		sound := s.intent != "" && s.fallbacks == 0 && !s.asked && s.down == 0 && (s.score == 0 || s.score >= 3) && away
		for _, row := range [][]any{g.at(a.day(s.started).Format(dayKey)), g.at("")} {
			addCount(row, 0, 1)
			if seen {
				addRate(row, 1, !s.handed && (yes || s.resolved == nil && sound))
				addRate(row, 2, !s.handed && yes)
			}
			if s.resolved != nil {
				addRate(row, 3, yes)
				addRate(row, map[bool]int{false: 4, true: 5}[s.handed], yes)
			}
			addRate(row, 6, s.resolved != nil)
		}
	}
	return g.rows
}

func (a asked) fcr() map[string][]any {
	g := group[string](fresh("crrr"))
	last, next := map[*session]*session{}, map[*session]*session{}
	latest := map[string]*session{}
	for _, s := range a.sessions { // by time
		if s.intent == "" {
			continue
		}
		key := s.customer + "|" + s.intent
		if p := latest[key]; p != nil {
			last[s], next[p] = p, s
		}
		latest[key] = s
	}
	for _, s := range a.list() {
		if p := last[s]; s.intent == "" || p != nil && !p.ended.Before(s.started.Add(-168*hour)) {
			continue
		}
		ok := s.resolved == nil || *s.resolved
		for _, row := range [][]any{g.at(s.intent), g.at("")} {
			addCount(row, 0, 1)
			for i, d := range []time.Duration{72 * hour, 168 * hour} {
				until := s.ended.Add(d)
				once := ok && (next[s] == nil || !next[s].started.Before(until))
				if !until.After(a.through) {
					addRate(row, 1+i, once)
					if i == 1 && s.handoff != "complexity" && s.handoff != "tier" {
						addRate(row, 3, once)
					}
				}
			}
		}
	}
	return g.rows
}

func (a asked) csat() map[string][]any {
	g := group[string](fresh("crrmrccccc"))
	for _, s := range a.list() {
		for _, row := range [][]any{g.at(a.day(s.started).Format(dayKey)), g.at("")} {
			addCount(row, 0, 1)
			addRate(row, 2, s.score > 0)
			if s.score > 0 {
				addRate(row, 1, s.score >= 4)
				addMean(row, 3, float64(s.score))
				addCount(row, 4+int(s.score), 1)
			}
			for range s.up {
				addRate(row, 4, true)
			}
			for range s.down {
				addRate(row, 4, false)
			}
		}
	}
	return g.rows
}

func (a asked) intents() map[string][]any {
	g := group[string](fresh("crrrrrm"))
	for _, s := range a.sessions {
		if !a.within(s.started) || !s.over || !in(a.f.Channels, s.channel) || !in(a.f.Langs, s.lang) || !in(a.f.Tiers, s.tier) {
			continue
		}
		last, n := map[string]int{}, map[string]int{}
		for i, t := range s.robot {
			if t.Intent != "" && in(a.f.Intents, t.Intent) {
				last[t.Intent] = i
				n[t.Intent]++
			}
		}
		for intent, i := range last {
			outcome := outcomeOf(s.robot, i)
			for _, row := range [][]any{g.at(intent), g.at("")} {
				addCount(row, 0, 1)
				for j, o := range []string{"success", "failed", "switched", "dropped"} {
					addRate(row, 1+j, o == outcome)
				}
				addRate(row, 5, s.robot[i].Handoff != "")
				addMean(row, 6, float64(n[intent]))
			}
		}
	}
	return g.rows
}

func outcomeOf(turns []analytics.Turn, i int) string {
	t := turns[i]
	switch {
	case t.Handoff != "" || t.Fallback || t.CallsFailed > 0:
		return "failed"
	case t.Action == "answer" || t.Action == "recommend":
		return "success"
	case i == len(turns)-1:
		return "dropped"
	case turns[i+1].Intent == "" && (turns[i+1].Fallback || turns[i+1].Handoff != ""):
		return "failed"
	}
	return "switched"
}

func (a asked) emotion() map[string][]any {
	g := group[string](fresh("cr"))
	n := map[string]int64{}
	for i := range a.Turns {
		if t := &a.Turns[i]; a.within(t.Time) && a.meantTurn(t) && t.Emotion != "" {
			day := a.day(t.Time).Format(dayKey)
			addCount(g.at(day+"|"+t.Emotion), 0, 1)
			n[day]++
		}
	}
	for key, row := range g.rows {
		day, _, _ := strings.Cut(key, "|")
		*row[1].(*rate) = rate{*row[0].(*int64), n[day]}
	}
	return g.rows
}

func (a asked) emotionChange() map[string][]any {
	g := group[string](fresh("cr"))
	n := map[string]int64{}
	for _, s := range a.list() {
		if s.first != "" && s.last != "" {
			addCount(g.at(s.first+"|"+s.last), 0, 1)
			n[s.first]++
		}
	}
	for key, row := range g.rows {
		first, _, _ := strings.Cut(key, "|")
		*row[1].(*rate) = rate{*row[0].(*int64), n[first]}
	}
	return g.rows
}
