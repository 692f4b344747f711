package eval_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"yingda/nlu"
	"yingda/training/corpus"
	"yingda/training/eval"
)

// mustOther are the same messages, answered by another bundle: it gets lines 1 and 8 wrong, 3 right, and feels as the data says.
func mustOther(tb testing.TB) []eval.Case {
	tb.Helper()
	cases := mustCases(tb)
	for i := range cases {
		a := *cases[i].Analysis
		a.Bundle = "other-0123456789ab"
		a.Emotion.Label = cases[i].Example.Emotion
		switch i {
		case 0, 7:
			a.Intents, a.Entities = nil, nil
		case 2:
			a.Intents = []nlu.Intent{{Prediction: p("refund.not_received", 0.6)}}
			a.Ranking = []nlu.Prediction{p("refund.not_received", 0.6), p("refund.status", 0.3)}
			a.OOS = 0.1
		}
		cases[i].Analysis = &a
	}
	return cases
}

func mustCompare(tb testing.TB, here, there []eval.Case, o eval.Options) *eval.Comparison {
	tb.Helper()
	c, err := eval.Compare(here, there, o)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// TestCompare checks differences and p against counts by hand.
func TestCompare(t *testing.T) {
	c := mustCompare(t, mustCases(t), mustOther(t), options)
	if c.Bundle != "other-0123456789ab" || c.Resamples != 200 {
		t.Errorf("against %q, %d resamples", c.Bundle, c.Resamples)
	}
	for _, want := range []struct {
		name           string
		value, against float64
		won, lost      int
		p              float64
	}{
		{"intent_accuracy", 3.0 / 6, 2.0 / 6, 2, 1, 1},        // lines 1 and 8 against 3; P(X ≤ 1) of 3 is a half
		{"intent_accuracy_argmax", 4.0 / 6, 5.0 / 6, 0, 1, 1}, // line 3
		{"oos_recall", 1.0 / 2, 1.0 / 2, 0, 0, 1},             // the same
		{"oos_false_alarm", 1.0 / 8, 2.0 / 8, 2, 1, 1},        // lower is better: won where only the other refuses
		{"emotion_accuracy", 6.0 / 10, 1, 0, 4, 2.0 / 16},     // lines 3, 7, 9, 10
		{"valence_accuracy", 7.0 / 10, 1, 0, 3, 2.0 / 8},      // lines 3, 7, 10
	} {
		d := c.Figure(want.name)
		if d == nil {
			t.Errorf("no %s", want.name)
			continue
		}
		if math.Abs(float64(d.Value)-want.value) > 1e-9 || math.Abs(float64(d.Against)-want.against) > 1e-9 || d.Won != want.won || d.Lost != want.lost ||
			math.Abs(float64(d.P)-want.p) > 1e-9 || d.Test != eval.TestMcNemar || !(d.Low <= d.Difference && d.Difference <= d.High) {
			t.Errorf("%+v, want %+v", *d, want)
		}
		if loss := d.Loss(); (loss > 0) != (want.lost > want.won) {
			t.Errorf("%s: loss %g with %d won and %d lost", want.name, loss, want.won, want.lost)
		}
	}
	if d := c.Figure("entity_f1"); d == nil || d.Test != eval.TestBootstrap || d.Won != 0 || !(d.P > 0 && d.P <= 1) || !(d.Difference > 0) {
		t.Errorf("entity F1 %+v", d)
	}
	var won, lost []string
	for _, ch := range c.Changed {
		if ch.Won {
			won = append(won, ch.Origin)
		} else {
			lost = append(lost, ch.Origin)
		}
	}
	if !slices.Equal(won, []string{"zh.jsonl:1", "zh.jsonl:8"}) || !slices.Equal(lost, []string{"zh.jsonl:3"}) {
		t.Errorf("won %v, lost %v", won, lost)
	}
	i := slices.IndexFunc(c.Slices, func(s eval.SliceDifference) bool { return s.By == "tag" && s.Name == "short" })
	if d := c.Slices[i].Figure("intent_accuracy"); c.Slices[i].N != 2 || d == nil || d.Difference != 1 || d.Won != 2 || d.P != 0.5 {
		t.Errorf("tag short: %+v", d)
	}
}

// TestCompareInvariants: nothing differs from itself, and what one wins the other loses.
func TestCompareInvariants(t *testing.T) {
	here, there := mustCases(t), mustOther(t)
	same := mustCompare(t, here, here, options)
	for _, s := range append([]eval.SliceDifference{{Figures: same.Figures}}, same.Slices...) {
		for _, d := range s.Figures {
			if d.Difference != 0 || d.Low != 0 || d.High != 0 || d.P != 1 || d.Won+d.Lost != 0 {
				t.Errorf("%s %s against itself: %+v", s.By, s.Name, d)
			}
		}
	}
	if len(same.Changed) != 0 {
		t.Errorf("changed against itself: %+v", same.Changed)
	}
	a, b := mustCompare(t, here, there, options), mustCompare(t, there, here, options)
	for i, d := range a.Figures {
		e := b.Figures[i]
		if d.Name != e.Name || d.Difference != -e.Difference || d.Won != e.Lost || d.Lost != e.Won || d.P != e.P || math.Abs(float64(d.Low+e.High)) > 1e-12 {
			t.Errorf("%+v\nthe other way round %+v", d, e)
		}
	}
	o := options
	o.Resamples = -1
	for _, d := range mustCompare(t, here, there, o).Figures {
		if d.Low.Valid() || d.P.Valid() != (d.Test == eval.TestMcNemar) {
			t.Errorf("without resamples: %+v", d)
		}
	}
}

// TestCompareEntities: a type that only one bundle can find counts for both.
func TestCompareEntities(t *testing.T) {
	here, there := mustCases(t), mustCases(t)
	a := *here[4].Analysis
	a.Entities = []nlu.Entity{{Type: "datetime", Text: "昨天", Span: nlu.Span{Start: 24, End: 30}}}
	here[4].Analysis = &a
	if text := here[4].Example.Text; text[24:30] != "昨天" {
		t.Fatalf("%q", text[24:30])
	}
	d := mustCompare(t, here, there, options).Figure("entity_recall")
	if d.Value != 4.0/6 || d.Against != 3.0/6 || d.N != 6 {
		t.Errorf("%+v", d)
	}
}

func TestCompareErrors(t *testing.T) {
	here, there := mustCases(t), mustCases(t)
	if _, err := eval.Compare(here, there[:9], options); err == nil || !strings.Contains(err.Error(), "10 messages against 9") {
		t.Error(err)
	}
	there[3].Example.Text = "x"
	if _, err := eval.Compare(here, there, options); err == nil || !strings.Contains(err.Error(), "message 4 is zh.jsonl:4") || strings.Contains(err.Error(), "发票") {
		t.Error(err)
	}
	if c, err := eval.Compare(nil, nil, eval.Options{}); err != nil || len(c.Figures) != 0 {
		t.Errorf("nothing against nothing: %+v, %v", c, err)
	}
}

func TestCompareRenderings(t *testing.T) {
	r := mustReport(t, mustCases(t), options)
	r.Against = mustCompare(t, mustCases(t), mustOther(t), options)
	var text, page, again bytes.Buffer
	if err := errors.Join(r.Text(&text), r.HTML(&page)); err != nil {
		t.Fatal(err)
	}
	from := strings.Index(text.String(), "\nAgainst other-")
	to := strings.Index(text.String(), "\nOne wish:")
	if from < 0 || to < from {
		t.Fatalf("no comparison in\n%s", &text)
	}
	golden(t, "testdata/compare.txt", []byte(text.String()[from:to]))
	if got := len(drawing.FindAllString(page.String(), -1)); got != 8 {
		t.Errorf("%d drawings, want 7 and that of the gains", got)
	}
	for _, bad := range []string{"NaN", "ZgotmplZ", "%!", "<script"} {
		if strings.Contains(page.String(), bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
	var first bytes.Buffer
	var back eval.Report
	if err := errors.Join(r.JSON(&first), json.Unmarshal(first.Bytes(), &back), back.JSON(&again)); err != nil || first.String() != again.String() {
		t.Errorf("a comparison that was read and written again is another: %v", err)
	}
}

// TestScope tells near and far out of scope apart.
func TestScope(t *testing.T) {
	var cases []eval.Case
	add := func(tag string, oos float64, refused bool, intents ...string) {
		eg := corpus.Example{Text: "x", Intents: intents, HasIntents: true, Tags: []string{tag}}
		a := &nlu.Analysis{OOS: oos, Ranking: []nlu.Prediction{p("a", 1-oos)}}
		if !refused {
			a.Intents = []nlu.Intent{{Prediction: p("a", 1-oos)}}
		}
		cases = append(cases, eval.Case{Example: eg, Analysis: a})
	}
	add("plain", 0.1, false, "a")
	add("plain", 0.5, true, "a")
	add("oos_near", 0.4, false)
	add("oos_near", 0.6, true)
	add("oos_far", 0.9, true)
	add("odd", 0.05, false)
	r := mustReport(t, cases, eval.Options{Resamples: -1})
	for name, want := range map[string]float64{
		"oos_near_auroc": 3.0 / 4, "oos_near_recall": 1.0 / 2, "oos_far_auroc": 1, "oos_far_recall": 1,
		"oos_recall": 2.0 / 4, "oos_auroc": 5.0 / 8, "oos_false_alarm": 1.0 / 2, "coverage": 3.0 / 6,
	} {
		if m := r.Metric(name); m == nil || math.Abs(float64(m.Value)-want) > 1e-12 {
			t.Errorf("%s is %+v, want %g", name, m, want)
		}
	}
	k := r.OutOfScope.Kinds
	if len(k) != 2 || k[0].Name != "near" || k[0].N != 2 || k[0].FPR95 != 0.5 || k[1].Name != "far" || k[1].FPR95 != 0 {
		t.Errorf("kinds %+v", k)
	}
	if r := mustReport(t, mustCases(t), options); r.Metric("oos_near_recall") != nil || r.OutOfScope.Kinds != nil {
		t.Error("near out of scope without messages of that kind")
	}
}
