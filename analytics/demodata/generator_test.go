package demodata_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"yingda/analytics"
	"yingda/analytics/demodata"
	"yingda/dialogue"
	"yingda/dialogue/redact"
	"yingda/nlu"
)

// mustRun writes a year and hands its events over one by one.
func mustRun(tb testing.TB, o demodata.Options, fn func(ev *dialogue.Event)) *demodata.Truth {
	tb.Helper()
	g, err := demodata.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	if err := g.Run(context.Background(), func(_ int, evs []dialogue.Event) error {
		for i := range evs {
			fn(&evs[i])
		}
		return nil
	}); err != nil {
		tb.Fatal(err)
	}
	return g.Truth()
}

func digest(tb testing.TB, o demodata.Options) string {
	tb.Helper()
	h := sha256.New()
	enc := json.NewEncoder(h)
	o.Label = func(l demodata.Label) error { return enc.Encode(l) }
	truth := mustRun(tb, o, func(ev *dialogue.Event) {
		if err := demodata.WriteEvents(enc, []dialogue.Event{*ev}); err != nil {
			tb.Fatal(err)
		}
	})
	if err := enc.Encode(truth); err != nil {
		tb.Fatal(err)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

func TestRun_Reproducible(t *testing.T) {
	o := demodata.Options{Days: 30, TurnsPerDay: 300}
	first := digest(t, o)
	if again := digest(t, o); again != first {
		t.Errorf("the same options gave %s, then %s", first, again)
	}
	o.Seed = 2
	if other := digest(t, o); other == first {
		t.Error("another seed gave the same events")
	}
}

// TestRun_Order holds what a log holds: numbers without gaps, times that do not go back, ids that are unique in their conversation.
func TestRun_Order(t *testing.T) {
	var seq uint64
	var last time.Time
	seen := map[string]bool{}
	mustRun(t, demodata.Options{Days: 30, TurnsPerDay: 500}, func(ev *dialogue.Event) {
		seq++
		if ev.Seq != seq {
			t.Fatalf("event %d has the number %d", seq, ev.Seq)
		}
		if ev.Time.Before(last) {
			t.Fatalf("event %d is of %v, after one of %v", seq, ev.Time, last)
		}
		last = ev.Time
		if id := ev.Conversation + " " + ev.ID; seen[id] {
			t.Fatalf("%s came before", id)
		} else {
			seen[id] = true
		}
		if err := ev.Key.Validate(); err != nil {
			t.Fatal(err)
		}
		if ev.Private != nil || ev.Customer == "" || ev.Channel == "" {
			t.Fatalf("event %d has a private part, no customer or no channel", seq)
		}
	})
}

// TestRun_Bodies checks that each kind has its body, and that a turn's parts agree with each other.
func TestRun_Bodies(t *testing.T) {
	var plain redact.Rules
	agents := map[string]string{} // by conversation, who speaks
	mustRun(t, demodata.Options{Days: 40, TurnsPerDay: 400}, func(ev *dialogue.Event) {
		switch ev.Kind {
		case dialogue.TurnTaken:
			b := ev.Turn
			if b.Redacted == "" || strings.TrimSpace(b.Redacted) != b.Redacted || plain.Text(b.Redacted, nil) != b.Redacted {
				t.Errorf("%s/%s: text %q", ev.Conversation, ev.ID, b.Redacted)
			}
			if len(b.Ranking) > 0 && !slices.IsSortedFunc(b.Ranking, func(x, y nlu.Prediction) int { return int(math.Copysign(1, y.Score-x.Score)) }) {
				t.Errorf("%s/%s: the ranking %v is not in order", ev.Conversation, ev.ID, b.Ranking)
			}
			if b.OOS < 0 || b.OOS > 1 || b.Emotion.Intensity < 0 || b.Emotion.Intensity > 1 || b.Millis["total"] <= b.Millis["calls"] {
				t.Errorf("%s/%s: oos %v, intensity %v, times %v", ev.Conversation, ev.ID, b.OOS, b.Emotion.Intensity, b.Millis)
			}
			if (b.Decision.Action == dialogue.HandOff) != (b.Decision.HandOff != nil) {
				t.Errorf("%s/%s: action %s, handoff %v", ev.Conversation, ev.ID, b.Decision.Action, b.Decision.HandOff)
			}
			if (b.Owner == dialogue.OwnerAgent) != (agents[ev.Conversation] != "") {
				t.Errorf("%s/%s: owner %q while %q speaks", ev.Conversation, ev.ID, b.Owner, agents[ev.Conversation])
			}
		case dialogue.Claimed:
			agents[ev.Conversation] = ev.Hand.Agent
		case dialogue.Transferred, dialogue.Returned, dialogue.Closed:
			delete(agents, ev.Conversation)
		case dialogue.AgentSaid:
			if agents[ev.Conversation] != ev.Agent.Agent {
				t.Errorf("%s/%s: %s says something while %q speaks", ev.Conversation, ev.ID, ev.Agent.Agent, agents[ev.Conversation])
			}
		}
		if ev.Kind == dialogue.TurnTaken && ev.Turn.Owner != dialogue.OwnerAgent {
			delete(agents, ev.Conversation)
		}
	})
}

// TestTruth_Counts counts the rows that the events become, and holds them against the truth.
func TestTruth_Counts(t *testing.T) {
	var rows analytics.Rows
	truth := mustRun(t, demodata.Options{Days: 60, TurnsPerDay: 1000}, func(ev *dialogue.Event) { rows.Add(ev) })
	days := map[string]*demodata.Counts{}
	day := func(f analytics.Fact) *demodata.Counts {
		name := f.Time.Format(time.DateOnly)
		if days[name] == nil {
			days[name] = &demodata.Counts{Day: name}
		}
		days[name].Events++
		return days[name]
	}
	for _, r := range rows.Turns {
		c := day(r.Fact)
		c.Turns++
		if r.Fallback {
			c.Fallbacks++
		}
		if r.Handoff != "" {
			c.Handoffs++
		}
		c.CallsFailed += int64(r.CallsFailed)
		c.Millis += int64(*r.Total)
	}
	for _, r := range rows.Hands {
		day(r.Fact).Hands++
	}
	for _, r := range rows.AgentMessages {
		day(r.Fact).AgentMessages++
	}
	for _, r := range rows.Outbound {
		day(r.Fact).Outbound++
	}
	for _, r := range rows.Ratings {
		day(r.Fact).Ratings++
	}
	for _, r := range rows.Surveys {
		c := day(r.Fact)
		c.Events-- // a rating's, counted
		switch {
		case r.NPS > 8:
			c.Promoters++
		case r.NPS > 6:
			c.Passives++
		default:
			c.Detractors++
		}
	}
	for _, r := range rows.Exposures {
		c := day(r.Fact)
		c.Exposures++
		c.Events-- // a turn's, counted
	}
	if len(days) != len(truth.Days) {
		t.Errorf("%d days, the truth has %d", len(days), len(truth.Days))
	}
	for _, want := range truth.Days {
		want.New, want.Sessions, want.Handed = 0, 0, 0
		if got := days[want.Day]; got == nil || *got != want {
			t.Errorf("%s: %+v, the truth is %+v", want.Day, got, want)
		}
	}
	if per := float64(truth.Total.Turns) / 60; per < 900 || per > 1300 {
		t.Errorf("%.0f turns a day, asked for 1000", per)
	}
}

// TestTruth_Sessions cuts sessions as the warehouse does, by itself, and finds those of the truth.
func TestTruth_Sessions(t *testing.T) {
	type state struct {
		last           time.Time
		people, closed bool
	}
	open := map[string]*state{}
	sessions, handed := int64(0), int64(0)
	truth := mustRun(t, demodata.Options{Days: 30, TurnsPerDay: 800}, func(ev *dialogue.Event) {
		s := open[ev.Conversation]
		if ev.Kind == dialogue.TurnTaken && (s == nil || s.closed || !s.people && ev.Time.Sub(s.last) > 30*time.Minute) {
			s = &state{}
			open[ev.Conversation] = s
			sessions++
		}
		if s == nil {
			return // a message of the robot's own, before any session
		}
		switch ev.Kind {
		case dialogue.TurnTaken:
			s.last = ev.Time
			if ev.Turn.Decision.HandOff != nil {
				s.people = true
				handed++
			}
		case dialogue.Returned:
			s.people, s.last = false, ev.Time
		case dialogue.Closed:
			s.closed = true
		}
	})
	if sessions != truth.Total.Sessions {
		t.Errorf("%d sessions, the truth has %d", sessions, truth.Total.Sessions)
	}
	if handed != truth.Total.Handed {
		t.Errorf("%d handed over, the truth has %d", handed, truth.Total.Handed)
	}
}

// TestTruth_Effects recovers the planted effects from the events alone: the arms' shares differ by the effect, within four standard errors, and
// the fault of the sample ratio shows.
func TestTruth_Effects(t *testing.T) {
	if testing.Short() {
		t.Skip("writes a year")
	}
	type arm struct{ sessions, handed, rated, satisfied, units float64 }
	sum := map[string]*arm{}
	units := map[string]bool{}
	in := map[string][]string{} // by conversation: the experiments and arms of its session
	ended := map[string]bool{}
	truth := mustRun(t, demodata.Options{TurnsPerDay: 1000}, func(ev *dialogue.Event) {
		c := ev.Conversation
		switch ev.Kind {
		case dialogue.TurnTaken:
			if len(ev.Turn.Exposures) > 0 {
				in[c], ended[c] = nil, false
				for name, a := range ev.Turn.Exposures {
					key := name + "=" + a
					in[c] = append(in[c], key)
					if sum[key] == nil {
						sum[key] = &arm{}
					}
					sum[key].sessions++
					if u := key + " " + ev.Customer; !units[u] {
						units[u] = true
						sum[key].units++
					}
				}
			}
			if ev.Turn.Decision.HandOff != nil {
				for _, key := range in[c] {
					sum[key].handed++
				}
			}
		case dialogue.Rated:
			if ev.Rating.Score > 0 {
				for _, key := range in[c] {
					sum[key].rated++
					if ev.Rating.Score >= 4 {
						sum[key].satisfied++
					}
				}
			}
		}
	})
	for _, e := range truth.Experiments {
		a, b := sum[e.Name+"=control"], sum[e.Name+"=treatment"]
		for metric, of := range map[string][4]float64{"handed": {a.handed, a.sessions, b.handed, b.sessions}, "satisfied": {a.satisfied, a.rated, b.satisfied, b.rated}} {
			p, q := of[0]/of[1], of[2]/of[3]
			se := math.Sqrt(p*(1-p)/of[1] + q*(1-q)/of[3])
			if want := e.Effects[metric].Difference; math.Abs(q-p-want) > 4*se {
				t.Errorf("%s: %s differs by %.4f ± %.4f, planted %.4f", e.Name, metric, q-p, se, want)
			} else {
				t.Logf("%s: %s differs by %.4f ± %.4f, planted %.4f", e.Name, metric, q-p, se, want)
			}
		}
		if int(a.units) != e.Observed["control"].Units || int(b.units) != e.Observed["treatment"].Units {
			t.Errorf("%s: %v and %v units, the truth has %+v", e.Name, a.units, b.units, e.Observed)
		}
		if z := (a.units - b.units) / math.Sqrt(a.units+b.units); math.Abs(z) > 5 != e.Mismatch {
			t.Errorf("%s: %v and %v units (z = %.1f), mismatch planted: %v", e.Name, a.units, b.units, z, e.Mismatch)
		}
	}
}

// TestTruth_Planted: nothing new before the launch; after it every planted intent comes, from the pool of its time, most often not understood.
func TestTruth_Planted(t *testing.T) {
	planted, err := demodata.PlantedIntents()
	if err != nil {
		t.Fatal(err)
	}
	pool := map[string]int{} // of wordings as written: 1 = mine, 2 = measure
	for _, p := range planted {
		for i, lines := range [][]string{p.Mine.ZH, p.Mine.EN, p.Measure.ZH, p.Measure.EN} {
			for _, line := range lines {
				if pool[line] != 0 {
					t.Errorf("%s: %q is there twice", p.Intent, line)
				}
				pool[line] = 1 + i/2
			}
		}
		if all := len(p.Mine.ZH) + len(p.Mine.EN) + len(p.Measure.ZH) + len(p.Measure.EN); !p.Known && all < 50 {
			t.Errorf("%s has %d wordings, want 50 or more", p.Intent, all)
		}
	}
	labels := map[string]demodata.Label{}
	var truth *demodata.Truth
	o := demodata.Options{TurnsPerDay: 300, Label: func(l demodata.Label) error {
		labels[l.Conversation+" "+l.ID] = l
		return nil
	}}
	found, fell, before := 0, 0, 0
	recorded := map[string]*dialogue.Event{}
	truth = mustRun(t, o, func(ev *dialogue.Event) {
		if _, ok := labels[ev.Conversation+" "+ev.ID]; ok {
			recorded[ev.Conversation+" "+ev.ID] = ev
		}
	})
	for key, l := range labels {
		ev := recorded[key]
		if ev == nil || ev.Turn == nil || ev.Turn.Redacted != l.Text {
			t.Fatalf("label %s %q is of no turn", key, l.Text)
		}
		if l.Pool != "planted" {
			continue
		}
		found++
		if ev.Time.Before(truth.Product.Launch) {
			before++
		}
		if ev.Turn.Decision.Reason == dialogue.NotUnderstood || ev.Turn.Decision.HandOff != nil {
			fell++
		}
		if want := 1 + int(oneOf(!l.Time.Before(truth.MeasureFrom))); pool[l.Text] != 0 && pool[l.Text] != want {
			t.Errorf("%v: %q is of the other pool", l.Time, l.Text)
		}
	}
	sum := int64(0)
	for _, in := range truth.Intents {
		if sum += in.Turns; in.Turns < 20 {
			t.Errorf("%s comes %d times", in.Intent, in.Turns)
		}
	}
	if before > 0 || found < 1000 || sum != truth.Total.New {
		t.Errorf("%d planted turns, %d of them before the launch; the truth has %d, its days %d", found, before, sum, truth.Total.New)
	}
	if share := float64(fell) / float64(found); share < 0.75 || share > 0.97 {
		t.Errorf("%.2f of planted turns are not understood", share)
	}
	if names := slices.Sorted(maps.Keys(intentsOf(labels))); len(names) < 13 {
		t.Errorf("labels of %v only", names)
	}
}

func intentsOf(labels map[string]demodata.Label) map[string]bool {
	out := map[string]bool{}
	for _, l := range labels {
		out[l.Intent] = true
	}
	return out
}

func oneOf(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func TestNew_ErrOptions(t *testing.T) {
	for _, o := range []demodata.Options{{Days: 3}, {Days: 5000}, {TurnsPerDay: 1}, {Tenant: "Two Words"}} {
		if _, err := demodata.New(o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}

func TestRun_ErrStop(t *testing.T) {
	g, err := demodata.New(demodata.Options{Days: 14, TurnsPerDay: 50})
	if err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	if err := g.Run(context.Background(), func(int, []dialogue.Event) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}
