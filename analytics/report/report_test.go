package report_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"yingda/analytics"
	"yingda/analytics/query"
	"yingda/analytics/report"
)

func mustZone(tb testing.TB, name string) *time.Location {
	tb.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	return z
}

// randomFilter makes a filter that some traffic passes.
func randomFilter(tb testing.TB, r *rand.Rand) analytics.Filter {
	zone := mustZone(tb, pick(r, "UTC", "Asia/Shanghai", "America/New_York", "Asia/Kolkata"))
	f := analytics.Filter{Tenant: "t1", Zone: zone, From: time.Date(2026, 3, 2+r.IntN(24), 0, 0, 0, 0, zone), Limit: 50}
	f.To = f.From.AddDate(0, 0, 1+r.IntN(14))
	if r.IntN(4) == 0 {
		f.From, f.To = f.From.Add(time.Duration(r.Int64N(int64(time.Hour)))), f.To.Add(17*time.Minute)
	}
	if r.IntN(3) == 0 {
		f.Channels = []string{"web", "app"}
	}
	if r.IntN(4) == 0 {
		f.Langs = []string{"zh"}
	}
	if r.IntN(4) == 0 {
		f.Tiers = []string{"", "vip"}
	}
	if r.IntN(4) == 0 {
		f.Intents = []string{"order.status", "refund.request"}
	}
	return f
}

var openHours = query.Hours{{Day: time.Monday, From: 9 * hour, To: 12 * hour}, {Day: time.Monday, From: 13 * hour, To: 18 * hour}, {Day: time.Wednesday, To: 24 * hour}, {Day: time.Sunday, From: 90 * time.Minute, To: 5 * hour},
	{Date: "2026-03-09", Day: time.Monday},                                                                                                            // a holiday
	{Date: "2026-03-14", Day: time.Saturday, From: 9 * hour, To: 12 * hour}, {Date: "2026-03-14", Day: time.Saturday, From: 13 * hour, To: 18 * hour}, // worked in exchange
	{Date: "2026-03-18", Day: time.Wednesday, From: 20 * hour, To: 24 * hour}}

// TestAgainstOracle: every report equals an independent recomputation, for random traffic, periods, zones and restrictions.
func TestAgainstOracle(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 3))
		events := traffic(seed, 40+200*int(seed))
		now := begin.AddDate(0, 0, 10+3*int(seed))
		if seed == 0 {
			now = begin.AddDate(1, 0, 0)
		}
		w := mustWarehouse(t, events, now)
		known := factsOf(events, "t1", now)
		for range 3 {
			f := randomFilter(t, r)
			t.Run(fmt.Sprintf("%d %s %s–%s %v %v %v %v", seed, f.Zone, f.From.Format(time.RFC3339), f.To.Format(time.RFC3339), f.Channels, f.Langs, f.Tiers, f.Intents), func(t *testing.T) {
				checkAll(t, w, asked{known, f, openHours})
			})
		}
	}
}

func checkAll(t *testing.T, q report.Querier, a asked) {
	for _, c := range []struct {
		name   string
		labels int
		want   map[string][]any
	}{
		{"containment", 1, a.containment()}, {"volume", 1, a.volume()}, {"busy-hours", 2, a.busyHours()}, {"response-time", 1, a.responseTime()}, {"resolution", 1, a.resolution()},
		{"fcr", 1, a.fcr()}, {"csat", 1, a.csat()}, {"nps", 1, a.nps()}, {"nps-parts", 2, a.npsParts()}, {"handoff", 1, a.handoff()}, {"first-response", 2, a.firstResponse()}, {"aht", 1, a.aht()}, {"intents", 1, a.intents()},
		{"emotion", 2, a.emotion()}, {"emotion-change", 2, a.emotionChange()}, {"scripts", 2, a.scripts()}, {"top-questions", 1, a.topQuestions()}, {"complaints", 1, a.complaints()},
		{"demand", 2, a.demand()}, {"agents", 1, a.agents()}, {"channels", 1, a.breakdown(func(s *session) string { return s.channel })}, {"tiers", 1, a.breakdown(func(s *session) string { return s.tier })},
		{"langs", 1, a.breakdown(func(s *session) string { return s.lang })}, {"transfers", 1, a.transfers()}, {"follow-ups", 1, a.followUps()}, {"overview", 1, a.overview()}, {"drift", 1, a.drift(t)},
	} {
		for _, exact := range []bool{true, false} {
			if c.want == nil || !exact && !slices.Contains([]string{"volume", "busy-hours", "emotion", "overview"}, c.name) {
				continue // the others have no roll-up, but response-time: see TestBuckets
			}
			f, _ := report.Applicable(c.name, a.f)
			r, err := report.Answer(t.Context(), q, report.Question{Name: c.name, Filter: f, Hours: a.hours, Exact: exact})
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			compareReport(t, r, c.labels, c.want)
			checkSane(t, r)
		}
	}
}

// checkSane: rates lie between 0 and 1 with their interval around them, and the totals are those of the rows.
func checkSane(t *testing.T, r *analytics.Report) {
	t.Helper()
	for _, row := range append(append([][]any(nil), r.Rows...), r.Totals...) {
		for i, v := range row {
			if x, ok := v.(*analytics.Rate); ok && (x.Num < 0 || x.Num > x.N || x.Value < x.Low || x.Value > x.High || x.Low < 0 || x.High > 1) {
				t.Errorf("%s %s: %+v", r.Name, r.Columns[i].Name, *x)
			}
		}
	}
}
