package report_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"yingda/analytics"
	"yingda/analytics/drift"
)

func (a asked) scripts() map[string][]any {
	g := group[string](fresh("crrrrr"))
	talks := map[string][]*analytics.Turn{}
	for i := range a.Turns {
		t := &a.Turns[i]
		talks[t.Conversation] = append(talks[t.Conversation], t)
	}
	for _, turns := range talks {
		slices.SortFunc(turns, func(x, y *analytics.Turn) int { return cmp.Compare(x.Seq, y.Seq) })
		turns = slices.DeleteFunc(turns, func(t *analytics.Turn) bool { return t.Time.Before(a.f.From) || !t.Time.Before(a.through) })
		for i, t := range turns {
			if !a.within(t.Time) || !a.meantTurn(t) {
				continue
			}
			for _, script := range t.Scripts {
				key, _, _ := strings.Cut(script, "@")
				key, variant, _ := strings.Cut(key, "#")
				for _, row := range [][]any{g.at(key + "|" + variant), g.at("")} {
					a.scriptUse(row, t, turns[i+1:])
				}
			}
		}
	}
	return g.rows
}

func (a asked) scriptUse(row []any, t *analytics.Turn, after []*analytics.Turn) {
	addCount(row, 0, 1)
	answered := len(after) > 0 && after[0].Time.Sub(t.Time) < 30*time.Minute
	addRate(row, 1, answered)
	if answered {
		addRate(row, 2, after[0].Fallback)
		addRate(row, 3, after[0].Handoff != "")
		addRate(row, 4, after[0].Emotion == "angry")
	}
	for _, r := range a.Ratings {
		if r.Conversation == t.Conversation && r.About == t.ID && r.Thumb != nil && !r.Time.Before(a.f.From) && r.Time.Before(a.through) {
			addRate(row, 5, *r.Thumb > 0)
		}
	}
}

func (a asked) topQuestions() map[string][]any {
	g := group[string](func() []any { return append([]any{new(string)}, fresh("crrr")()...) })
	n := int64(0)
	for i := range a.Turns {
		t := &a.Turns[i]
		if !a.within(t.Time) || !a.meantTurn(t) || t.Text == "" || strings.HasPrefix(t.Intent, "chat.") {
			continue
		}
		n++
		row := g.at(strings.ToLower(strings.TrimSpace(t.Text)))
		intent := row[0].(*string)
		*intent = max(*intent, t.Intent)
		addCount(row, 1, 1)
		addRate(row, 3, t.Fallback)
		addRate(row, 4, t.Handoff != "")
	}
	out := map[string][]any{}
	for key, row := range g.rows {
		*row[2].(*rate) = rate{*row[1].(*int64), n}
		out[key] = append([]any{skip{}}, row[1:]...)
	}
	return out
}

// skip is a cell that the oracle does not look at.
type skip struct{}

func (a asked) complaints() map[string][]any {
	g := group[string](fresh("crrrrrr"))
	all := int64(0)
	for _, s := range a.sessions {
		now := a.within(s.started)
		if !a.meant(s) || !now && !a.before(s.started) {
			continue
		}
		low := s.score > 0 && s.score <= 2 || s.down > 0
		bad := s.angry || low || s.resolved != nil && !*s.resolved || strings.HasPrefix(s.intent, "complaint.")
		row := g.at(cmp.Or(s.intent, "unrecognised"))
		if !now {
			addRate(row, 3, bad)
			continue
		}
		addRate(row, 1, bad)
		if bad {
			all++
			addCount(row, 0, 1)
			addRate(row, 4, s.angry)
			addRate(row, 5, low)
			addRate(row, 6, s.handed)
		}
	}
	for key, row := range g.rows {
		*row[2].(*rate) = rate{*row[0].(*int64), all}
		if row[1].(*rate).num+row[3].(*rate).num == 0 {
			delete(g.rows, key)
		}
	}
	return g.rows
}

func (a asked) demand() map[string][]any {
	minutes, n := 0.0, 0.0
	for _, s := range a.list() {
		if !s.claimedAt.IsZero() {
			n++
			if s.agentLast.After(s.claimedAt) {
				minutes += s.agentLast.Sub(s.claimedAt).Minutes()
			}
		}
	}
	minutes /= max(n, 1)
	g := group[string](fresh("cccr"))
	people := map[string]map[string]bool{}
	for i := range a.Turns {
		t := &a.Turns[i]
		if !a.meantTurn(t) || !a.within(t.Time) && !a.before(t.Time) {
			continue
		}
		for _, key := range demanded(t) {
			row := g.at(key)
			if !a.within(t.Time) {
				addCount(row, 2, 1)
				continue
			}
			addCount(row, 0, 1)
			addRate(row, 3, t.Handoff != "")
			if people[key] == nil {
				people[key] = map[string]bool{}
			}
			people[key][t.Customer] = true
		}
	}
	out := map[string][]any{}
	for key, row := range g.rows {
		if *row[0].(*int64) > 0 {
			*row[1].(*int64) = int64(len(people[key]))
			out[key] = append(row, float64(row[3].(*rate).num)*minutes)
		}
	}
	return out
}

func demanded(t *analytics.Turn) (keys []string) {
	if question := strings.ToLower(strings.TrimSpace(t.Text)); t.Fallback && question != "" {
		keys = append(keys, "words|"+question)
	}
	if t.Fallback && t.Top1 != "" {
		keys = append(keys, "nearest|"+t.Top1)
	}
	if t.Intent != "" && (t.Handoff == "complexity" || t.Handoff == "tier") {
		keys = append(keys, "people|"+t.Intent)
	}
	if t.Intent != "" && (t.CallsFailed > 0 || t.Handoff == "failure") {
		keys = append(keys, "systems|"+t.Intent)
	}
	return keys
}

func (a asked) breakdown(by func(*session) string) map[string][]any {
	g := group[string](fresh("ccrrrrrrr"))
	for _, s := range a.list() {
		for _, row := range [][]any{g.at("=" + by(s)), g.at("")} {
			addCount(row, 0, 1)
			addCount(row, 1, s.turns)
			addRate(row, 2, !s.handed)
			addRate(row, 3, s.handed)
			addRate(row, 4, s.asked && !s.handed)
			*row[5].(*rate) = rate{row[5].(*rate).num + s.fallbacks, *row[1].(*int64)}
			addRate(row, 6, s.angry)
			addRate(row, 8, s.score > 0)
			if s.score > 0 {
				addRate(row, 7, s.score >= 4)
			}
		}
	}
	return g.rows
}

func (a asked) overview() map[string][]any {
	g := group[string](func() []any { return append(fresh("ccrrrrrrrr")(), nil, nil) })
	g.at("now")
	g.at("before")
	waits, times := map[string]sample{}, map[string]*mean{"now": {}, "before": {}}
	which := func(t time.Time) string {
		switch {
		case a.within(t):
			return "now"
		case a.before(t):
			return "before"
		}
		return ""
	}
	for _, s := range a.sessions {
		p := which(s.started)
		if p == "" || !a.meant(s) {
			continue
		}
		row := g.at(p)
		addCount(row, 0, 1)
		addRate(row, 2, !s.handed)
		if seen, away := a.passed(s, 72*hour); seen {
			addRate(row, 3, !s.handed && away)
		}
		addRate(row, 4, s.handed)
		if s.resolved != nil {
			addRate(row, 6, *s.resolved)
		}
		if s.score > 0 {
			addRate(row, 7, s.score >= 4)
		}
		addRate(row, 8, s.score > 0)
		addRate(row, 9, s.angry)
		if s.handed && !s.agentFirst.IsZero() && !s.agentFirst.Before(s.handedAt) {
			waits[p] = append(waits[p], s.agentFirst.Sub(s.handedAt).Seconds())
		}
	}
	for i := range a.Turns {
		t := &a.Turns[i]
		if p := which(t.Time); p != "" && a.meantTurn(t) {
			addCount(g.at(p), 1, 1)
			addRate(g.at(p), 5, t.Fallback)
			if t.Total != nil {
				times[p].add(*t.Total)
			}
		}
	}
	for p, row := range g.rows {
		if times[p].n > 0 {
			row[10] = times[p].sum / float64(times[p].n)
		}
		if len(waits[p]) > 0 {
			row[11] = quantile(waits[p], 0.5)
		}
	}
	return g.rows
}

// drift counts again; how far the counts are apart is measured by package drift, which has tests of its own. nil where drift is refused.
func (a asked) drift(t *testing.T) map[string][]any {
	if a.f.From.Minute()+a.f.From.Second()+a.f.From.Nanosecond() != 0 || len(a.f.Intents) > 0 || a.f.Zone.String() == "Asia/Kolkata" {
		return nil
	}
	counts := map[string]map[string][2]float64{}
	add := func(measure, item string, side int) {
		if counts[measure] == nil {
			counts[measure] = map[string][2]float64{}
		}
		c := counts[measure][item]
		c[side]++
		counts[measure][item] = c
	}
	base := a.f.From.Add(-28 * 24 * hour)
	for i := range a.Turns {
		m := &a.Turns[i]
		side := 0
		if a.within(m.Time) {
			side = 1
		} else if m.Time.Before(base) || !m.Time.Before(a.f.From) {
			continue
		}
		if !a.meantTurn(m) {
			continue
		}
		add("intent", cmp.Or(m.Intent, "unrecognised"), side)
		add("emotion", m.Emotion, side)
		add("lang", m.Lang, side)
		add("channel", m.Channel, side)
		add("tier", m.Tier, side)
		add("recognition", map[bool]string{true: "fallback", false: "understood"}[m.Fallback], side)
		for name, v := range map[string]*float64{"confidence": m.P1, "out_of_scope": m.OOS} {
			if v != nil {
				add(name, fmt.Sprintf("%02d", min(19, int(math.Floor(*v*20)))), side)
			}
		}
	}
	out := map[string][]any{}
	for measure, items := range counts {
		var b, n []float64
		for _, c := range items {
			b, n = append(b, c[0]), append(n, c[1])
		}
		nb, nn := int64(0), int64(0)
		for i := range b {
			nb, nn = nb+int64(b[i]), nn+int64(n[i])
		}
		out[measure] = []any{&nb, &nn, nil, nil}
		if nb > 0 && nn > 0 {
			psi, err := drift.PSI(b, n)
			js, err2 := drift.JensenShannon(b, n)
			if err != nil || err2 != nil {
				t.Fatal(err, err2)
			}
			out[measure] = []any{&nb, &nn, psi, js}
		}
	}
	return out
}
