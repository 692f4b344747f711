package readout_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"yingda/analytics"
	"yingda/analytics/readout"
	"yingda/dialogue/experiment"
)

// sequentialPlan has four looks at 3,000 customers.
func sequentialPlan() readout.Plan {
	p := plan()
	p.Secondary, p.Cuts = nil, nil
	p.Units, p.Looks, p.Running = 3000, []float64{.25, .5, .75, 1}, true
	return p
}

func says(tb testing.TB, texts []analytics.Text, en string) {
	tb.Helper()
	for _, x := range texts {
		if strings.Contains(x.EN, "%!") || strings.Contains(x.ZH, "%!") || x.ZH == "" {
			tb.Errorf("text %+v", x)
		}
		if strings.Contains(x.EN, en) {
			return
		}
	}
	tb.Errorf("nothing says %q: %+v", en, texts)
}

// TestLooks: results are those of the latest planned look whenever they are asked for, each look says what may be concluded at it, and a bound that was
// crossed stays so.
func TestLooks(t *testing.T) {
	s := &shop{customers: 3000, effect: -0.12}
	s.play(3)
	w := MustLoad(t, s)
	at := func(days float64, spending string) *readout.Result {
		p := sequentialPlan()
		p.Spending, p.To = spending, start.Add(time.Duration(days*24*float64(time.Hour)))
		return MustRun(t, w, p)
	}
	first := at(1, "")
	if d := first.Decision; d.Verdict != readout.Early || len(first.Metrics) != 0 || len(first.Looks) != 4 || first.Looks[0].Taken {
		t.Errorf("before the first look: %+v, %d metrics", d, len(first.Metrics))
	}
	says(t, []analytics.Text{first.Decision.Text}, "the first at 750 customers")

	// Customers come evenly over ten days: 750 in two and a half.
	early := at(3, "")
	if l := early.Looks; !l[0].Taken || l[1].Taken || l[0].Customers < 750 || l[0].Customers > 790 || early.Decision.Verdict == readout.Better {
		t.Errorf("the first look: %+v, %+v", l, early.Decision)
	}
	says(t, early.Decision.Reasons, "This is look 1 of the 4 planned")

	middle := at(6, "")
	if n := middle.Metrics[0].Arms[0].Units + middle.Metrics[0].Arms[1].Units; n != middle.Looks[1].Customers {
		t.Errorf("%d customers judged, %d had come at the look", n, middle.Looks[1].Customers)
	}
	for _, days := range []float64{5.3, 6.7, 7.2} { // between the second look and the third
		again := at(days, "")
		a, _ := json.Marshal([]any{middle.Metrics, middle.Looks, middle.Decision.Verdict})
		b, _ := json.Marshal([]any{again.Metrics, again.Looks, again.Decision.Verdict})
		if string(a) != string(b) {
			t.Errorf("after %v days another answer than after 6:\n%s\n%s", days, b, a)
		}
	}

	last := at(14, "")
	c := metric(t, last, "handoff").Comparisons[0]
	if last.Decision.Verdict != readout.Better || !last.Looks[3].Taken || last.Looks[3].Share != 1 || !last.Looks[3].Crossed || c.Difference.Method != "group-sequential" {
		t.Errorf("the last look: %+v, %+v", last.Decision, last.Looks)
	}
	says(t, last.Decision.Reasons, "the experiment may be stopped")
	says(t, last.Report("en", start).Notes, "Look 4 (3000 customers")
	fixed := sequentialPlan()
	fixed.Looks, fixed.Units, fixed.Running = nil, 0, false
	f := metric(t, MustRun(t, w, fixed), "handoff").Comparisons[0]
	if wide, narrow := *c.Difference.High-*c.Difference.Low, *f.Difference.High-*f.Difference.Low; wide < narrow || wide > 1.1*narrow {
		t.Errorf("O'Brien–Fleming's last interval is %v wide, one look's %v", wide, narrow)
	}
	if p := at(14, experiment.Pocock); p.Looks[0].Level < 10*last.Looks[0].Level || p.Looks[3].Level > last.Looks[3].Level {
		t.Errorf("Pocock spends early: %+v, O'Brien–Fleming late: %+v", p.Looks, last.Looks)
	}
}

// TestLooksEnd: without an effect the last look ends it; an experiment that was stopped earlier has a look at its end.
func TestLooksEnd(t *testing.T) {
	s := &shop{customers: 2000}
	s.play(4)
	w := MustLoad(t, s)
	p := sequentialPlan()
	p.Units = 2000
	r := MustRun(t, w, p)
	if v := r.Decision.Verdict; v == readout.Better || v == readout.Worse || r.Looks[3].Crossed {
		t.Errorf("found where nothing was planted: %+v", r.Decision)
	}
	says(t, r.Decision.Reasons, "this was the last look")
	p.Units, p.Running = 2600, false
	r = MustRun(t, w, p)
	if l := r.Looks[3]; !l.Taken || l.Customers != 2000 || l.Share < .76 || l.Share > .78 {
		t.Errorf("the look at the end: %+v", r.Looks)
	}
	// Looks so close that they fall into one hour are one.
	p.Units, p.Looks = 2000, []float64{.5, .5001, 1}
	if r = MustRun(t, w, p); !r.Looks[0].Skipped || !r.Looks[1].Taken {
		t.Errorf("two looks in one hour: %+v", r.Looks)
	}
	for name, change := range map[string]func(*readout.Plan){
		"units": func(p *readout.Plan) { p.Units = 0 }, "sequential": func(p *readout.Plan) { p.Sequential = true },
		"spending": func(p *readout.Plan) { p.Spending = "all" }, "order": func(p *readout.Plan) { p.Looks = []float64{.5, .4} },
	} {
		p := sequentialPlan()
		change(&p)
		if _, err := readout.Run(t.Context(), w, p); !errors.Is(err, readout.ErrPlan) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
