package report_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"yingda/analytics"
	"yingda/analytics/report"
	"yingda/dialogue"
	"yingda/models"
	"yingda/nlu"
)

// TestParses: the report of plain analyses equals a recomputation, for random counts, periods and restrictions.
func TestParses(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	w := mustWarehouse(t, nil, begin.AddDate(0, 0, 40))
	var all []dialogue.ParsedCount
	rows := &analytics.ParseRows{}
	for i := range 400 {
		c := dialogue.ParsedCount{Tenant: pick(r, "t1", "t1", "t2"), Channel: pick(r, "parse", "rasa"), Lang: nlu.Lang(pick(r, "zh", "en")), Bundle: models.BundleID(pick(r, "b1", "b2")),
			Time: begin.Add(time.Duration(r.Int64N(int64(30 * 24 * time.Hour)))).Truncate(time.Microsecond), Texts: r.Int64N(50)}
		c.Understood = r.Int64N(c.Texts + 1)
		c.Unsure = r.Int64N(c.Understood + 1)
		c.Kept = r.Int64N(c.Texts - c.Understood + c.Unsure + 1)
		c.Dropped = c.Texts - c.Understood + c.Unsure - c.Kept
		all = append(all, c)
		rows.Add(uint64(i+1), &dialogue.ParsedPack{ID: fmt.Sprint("p", i), Counts: []dialogue.ParsedCount{c}})
	}
	if err := w.TakeParses(t.Context(), rows, analytics.PackMark{Position: 400, Pack: "p399"}); err != nil {
		t.Fatal(err)
	}
	for range 12 {
		f := randomFilter(t, r)
		f.Channels, f.Langs, f.Bundles = nil, nil, nil
		if r.IntN(2) == 0 {
			f.Channels = []string{"rasa"}
		}
		if r.IntN(2) == 0 {
			f.Langs, f.Bundles = []string{"zh"}, []string{"b1", "b9"}
		}
		f, left := report.Applicable("parses", f)
		for _, name := range left {
			if name != "tier" && name != "intent" {
				t.Errorf("it cannot be restricted by %s", name)
			}
		}
		g, a := group[string](fresh("crrccc")), asked{f: f}
		for _, c := range all {
			if c.Tenant != "t1" || !a.within(c.Time) || !in(f.Channels, c.Channel) || !in(f.Langs, string(c.Lang)) || !in(f.Bundles, string(c.Bundle)) {
				continue
			}
			for _, row := range [][]any{g.at(a.day(c.Time).Format(dayKey)), g.at("")} {
				addCount(row, 0, c.Texts)
				for k, n := range []*rate{row[1].(*rate), row[2].(*rate)} {
					n.num, n.n = n.num+[]int64{c.Understood, c.Unsure}[k], n.n+[]int64{c.Texts, c.Understood}[k]
				}
				addCount(row, 3, c.Texts-c.Understood+c.Unsure)
				addCount(row, 4, c.Kept)
				addCount(row, 5, c.Dropped)
			}
		}
		rep, err := report.Run(t.Context(), w, "parses", f)
		if err != nil {
			t.Fatal(err)
		}
		compareReport(t, rep, 1, g.rows)
		checkSane(t, rep)
	}
}
