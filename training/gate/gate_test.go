package gate_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"yingda/models"
	"yingda/training/eval"
	"yingda/training/gate"
)

var nan = eval.Float(math.NaN())

// figure is one figure of both bundles; p is that of the difference.
func figure(name string, challenger, champion, p float64, n int) eval.Difference {
	better := "higher"
	for _, m := range eval.Definitions() {
		if m.Name == name {
			better = m.Better
		}
	}
	d := eval.Difference{Name: name, Better: better, Value: eval.Float(challenger), Against: eval.Float(champion), P: eval.Float(p), N: n, Test: eval.TestMcNemar}
	d.Difference = d.Value - d.Against
	d.Low, d.High = d.Difference-0.02, d.Difference+0.02
	return d
}

// set is a report whose headline holds the challenger's figures.
func set(figures ...eval.Difference) *eval.Report {
	r := &eval.Report{Data: "frozen.jsonl", Fingerprint: "ab", Cases: 400, Bundle: "zh-new", Against: &eval.Comparison{Bundle: "zh-old", Figures: figures}}
	for _, d := range figures {
		r.Headline = append(r.Headline, eval.Metric{Name: d.Name, Better: d.Better, Value: d.Value, N: d.N})
	}
	return r
}

func slice(by, name string, d eval.Difference) eval.SliceDifference {
	return eval.SliceDifference{By: by, Name: name, N: d.N, Figures: []eval.Difference{d}}
}

func bundle(id models.BundleID) gate.Bundle {
	return gate.Bundle{ID: id, Bytes: 20e6, Latency: gate.Latency{MedianMS: 8, P95MS: 20, Texts: 100, Rounds: 5}, Embedding: 256,
		Labels: map[string][]string{"intent": {"order.cancel", "refund.request"}, "emotion": {"neutral", "angry"}}}
}

func input(sets ...*eval.Report) gate.Input {
	champion := bundle("zh-old")
	return gate.Input{Challenger: bundle("zh-new"), Champion: &champion, Sets: sets}
}

// only is a policy about one figure.
func only(tb testing.TB, rules string) gate.Policy {
	tb.Helper()
	p, err := gate.ParsePolicy([]byte(rules))
	if err != nil {
		tb.Fatal(err)
	}
	kept := p
	kept.Metrics, kept.Slices.Metrics = map[string]gate.Rule{}, map[string]gate.Rule{}
	for name, r := range p.Metrics {
		if strings.Contains(rules, "  "+name+":") {
			kept.Metrics[name] = r
		}
	}
	for name, r := range p.Slices.Metrics {
		if strings.Contains(rules, "    "+name+":") {
			kept.Slices.Metrics[name] = r
		}
	}
	return kept
}

const rule = "metrics:\n  intent_accuracy: {minimum: 0.65, max_loss: 0.02, significance: 0.05}\n  intent_ece: {maximum: 0.2, max_loss: 0.03, optional: true}\n"

// TestMetrics: what one figure of one data set leads to.
func TestMetrics(t *testing.T) {
	accuracy := func(challenger, champion, p float64) *eval.Report {
		return set(figure("intent_accuracy", challenger, champion, p, 300))
	}
	for _, tt := range []struct {
		name string
		set  *eval.Report
		want string // in a refusal, "" = promoted
	}{
		{"OKBetter", accuracy(0.80, 0.75, 0.01), ""},
		{"OKTie", accuracy(0.75, 0.75, 1), ""},
		{"OKTieSure", accuracy(0.75, 0.75, 0.001), ""}, // no loss, however small the p
		{"OKSmallLoss", accuracy(0.74, 0.75, 0.4), ""},
		{"OKLossAtLimit", accuracy(0.73, 0.75, 0.4), ""}, // 0.02 in floating point is a little more
		{"OKAtMinimum", accuracy(0.65, 0.65, 1), ""},
		{"OKNoChampionFigure", accuracy(0.70, math.NaN(), math.NaN()), ""},
		{"OKLowerIsBetter", set(figure("intent_accuracy", 0.8, 0.8, 1, 300), figure("intent_ece", 0.05, 0.15, 0.01, 300)), ""},
		{"ErrLargeLoss", accuracy(0.72, 0.75, 0.4), "worse by 3.0, more than the 2.0 allowed"},
		{"ErrSignificantLoss", accuracy(0.74, 0.75, 0.049), "not by chance: p 0.049 is below 0.05"},
		{"ErrUntestedLoss", accuracy(0.74, 0.75, math.NaN()), "compare with resamples"},
		{"ErrBelowMinimum", accuracy(0.649, 0.60, 0.01), "64.9 % is below the minimum of 65.0 %"},
		{"ErrNotANumber", accuracy(math.NaN(), 0.75, math.NaN()), "not a number"},
		{"ErrInfinite", accuracy(math.Inf(1), 0.75, 1), "not a number"},
		{"ErrMissing", set(), "no data set measures it"},
		{"ErrLowerIsBetter", set(figure("intent_accuracy", 0.8, 0.8, 1, 300), figure("intent_ece", 0.19, 0.15, 0.3, 300)), "intent_ece (frozen.jsonl): 0.190 against 0.150; worse by 0.040, more than the 0.030 allowed"},
		{"ErrAboveMaximum", set(figure("intent_accuracy", 0.8, 0.8, 1, 300), figure("intent_ece", 0.21, 0.21, 1, 300)), "0.210 is above the maximum of 0.200"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := gate.Decide(input(tt.set), only(t, rule))
			want(t, &d, tt.want)
		})
	}
}

// want checks the decision: "" is promoted, else one refusal that says so.
func want(t *testing.T, d *gate.Decision, refusal string) {
	t.Helper()
	var b strings.Builder
	if err := d.Text(&b); err != nil {
		t.Fatal(err)
	}
	if d.Promote != (refusal == "") || refusal != "" && (len(d.Refusals()) != 1 || !strings.Contains(b.String(), refusal)) {
		t.Errorf("want %q, got\n%s", refusal, &b)
	}
}

// TestMissingOnOneSide: a figure that the challenger has lost is refused, also where the data of another set has it.
func TestMissingOnOneSide(t *testing.T) {
	lost := set(figure("intent_accuracy", 0.8, 0.8, 1, 300))
	lost.Headline = nil
	lost.Against.Figures[0].Value, lost.Against.Figures[0].Difference = nan, nan
	other := set(figure("intent_accuracy", 0.8, 0.8, 1, 300))
	other.Data, other.Fingerprint = "other.jsonl", "cd"
	d := gate.Decide(input(other, lost), only(t, rule))
	want(t, &d, "intent_accuracy (frozen.jsonl): the challenger has no such figure")
	empty := set()
	empty.Fingerprint = "ef"
	d = gate.Decide(input(other, empty), only(t, rule))
	want(t, &d, "") // one set that measures it is enough
}

const sliceRule = "slices:\n  min_size: 50\n  metrics:\n    intent_accuracy: {max_loss: 0.1, significance: 0.05}\n"

func TestSlices(t *testing.T) {
	acc := func(challenger, champion, p float64, n int) eval.Difference {
		return figure("intent_accuracy", challenger, champion, p, n)
	}
	for _, tt := range []struct {
		name   string
		slices []eval.SliceDifference
		want   string
		notes  int
	}{
		{"OKNone", nil, "", 0},
		{"OKSame", []eval.SliceDifference{slice("language", "zh", acc(0.7, 0.7, 1, 200))}, "", 0},
		{"OKTiny", []eval.SliceDifference{slice("tag", "emoji", acc(0.2, 0.9, 0.001, 49)), slice("tag", "asr", acc(0.7, 0.7, 1, 60))}, "", 1},
		{"OKWholeSet", []eval.SliceDifference{slice("language", "zh", acc(0.2, 0.9, 0.001, 400))}, "", 0},
		{"OKOtherKind", []eval.SliceDifference{slice("moon", "full", acc(0.2, 0.9, 0.001, 200))}, "", 0},
		{"OKBoughtByNumbers", []eval.SliceDifference{slice("tag", "a", acc(0.69, 0.7, 0.03, 90)), slice("tag", "b", acc(0.7, 0.7, 1, 90))}, "", 0}, // 2 × 0.03
		{"OKChampionHasNone", []eval.SliceDifference{slice("tag", "a", acc(0.7, math.NaN(), math.NaN(), 90))}, "", 0},
		{"ErrSignificant", []eval.SliceDifference{slice("tag", "a", acc(0.65, 0.7, 0.02, 90)), slice("tag", "b", acc(0.7, 0.7, 1, 90))}, "tag a (frozen.jsonl): 65.0 % against 70.0 %; worse by 5.0, not by chance: p 0.040", 0},
		{"ErrLarge", []eval.SliceDifference{slice("language", "en", acc(0.6, 0.71, 0.2, 50))}, "worse by 11.0, more than the 10.0 allowed", 0},
		{"ErrNotANumber", []eval.SliceDifference{slice("language", "en", acc(math.NaN(), 0.71, math.NaN(), 50))}, "for this slice", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := set(acc(0.8, 0.8, 1, 300))
			r.Against.Slices = tt.slices
			d := gate.Decide(input(r), only(t, sliceRule))
			want(t, &d, tt.want)
			if notes := slices.IndexFunc(d.Reasons, func(r gate.Reason) bool { return r.Verdict == gate.Note && strings.Contains(r.Why, "fewer than 50") }); (notes >= 0) != (tt.notes > 0) {
				t.Errorf("reasons %+v", d.Reasons)
			}
		})
	}
}

// TestHolm compares with the example by hand: 0.01, 0.04, 0.03, 0.005 of four become 0.03, 0.06, 0.06, 0.02.
func TestHolm(t *testing.T) {
	r := set(figure("intent_accuracy", 0.8, 0.8, 1, 300))
	for i, p := range []float64{0.01, 0.04, 0.03, 0.005, math.NaN()} {
		r.Against.Slices = append(r.Against.Slices, slice("tag", string(rune('a'+i)), figure("intent_accuracy", 0.7, 0.7, p, 99)))
	}
	d := gate.Decide(input(r), only(t, sliceRule))
	for _, reason := range d.Reasons {
		want, ok := map[string]float64{"tag a": 0.03, "tag b": 0.06, "tag c": 0.06, "tag d": 0.02}[reason.Slice]
		if ok && math.Abs(float64(reason.P)-want) > 1e-12 || reason.Slice == "tag e" && reason.P.Valid() {
			t.Errorf("%s: p %v, want %g", reason.Slice, reason.P, want)
		}
	}
}

// TestLimits is about size, time, labels and vectors.
func TestLimits(t *testing.T) {
	good := set(figure("intent_accuracy", 0.8, 0.8, 1, 300))
	for _, tt := range []struct {
		name   string
		change func(*gate.Input, *gate.Policy)
		want   string
		notes  string // in a note
	}{
		{"OK", func(*gate.Input, *gate.Policy) {}, "", ""},
		{"OKSizeAtRatio", func(in *gate.Input, _ *gate.Policy) { in.Challenger.Bytes = 22e6 }, "", ""},
		{"ErrSizeRatio", func(in *gate.Input, _ *gate.Policy) { in.Challenger.Bytes = 22.1e6 }, "1.105 times the champion's", ""},
		{"ErrSize", func(in *gate.Input, p *gate.Policy) { in.Challenger.Bytes, p.Size.Ratio = 25.1e6, 0 }, "25.1 MB are more than the 25 MB allowed", ""},
		{"ErrSizeUnknown", func(in *gate.Input, _ *gate.Policy) { in.Challenger.Bytes = 0 }, "size of the challenger is not known", ""},
		{"ErrChampionSizeUnknown", func(in *gate.Input, _ *gate.Policy) { in.Champion.Bytes = 0 }, "size of the champion is not known", ""},
		{"OKNoSizeLimit", func(in *gate.Input, p *gate.Policy) { in.Challenger.Bytes, p.Size = 9e9, gate.SizePolicy{} }, "", ""},
		{"OKFaster", func(in *gate.Input, _ *gate.Policy) { in.Challenger.Latency.MedianMS = 1 }, "", ""},
		{"ErrMedian", func(in *gate.Input, _ *gate.Policy) { in.Challenger.Latency.MedianMS = 8.9 }, "latency_median: 8.90 ms against 8.00 ms; 1.11", ""},
		{"ErrP95", func(in *gate.Input, _ *gate.Policy) { in.Challenger.Latency.P95MS = 25.1 }, "latency_p95", ""},
		{"ErrMedianNaN", func(in *gate.Input, _ *gate.Policy) { in.Challenger.Latency.MedianMS = math.NaN() }, "was not measured", ""},
		{"ErrMedianLimit", func(in *gate.Input, p *gate.Policy) { p.Latency.MaxMedianMS = 7 }, "8.00 ms are more than the 7 ms allowed", ""},
		{"OKNewLabel", func(in *gate.Input, _ *gate.Policy) {
			in.Challenger.Labels = map[string][]string{"intent": {"order.cancel", "refund.request", "order.gift"}, "emotion": {"neutral", "angry"}, "entity": {"brand"}}
		}, "", "new: entity brand, intent order.gift"},
		{"ErrLabelGone", func(in *gate.Input, _ *gate.Policy) {
			in.Challenger.Labels = map[string][]string{"intent": {"order.cancel"}, "emotion": {"neutral", "angry"}}
		}, "cannot say intent refund.request any more", ""},
		{"ErrHeadGone", func(in *gate.Input, _ *gate.Policy) {
			in.Challenger.Labels = map[string][]string{"intent": {"order.cancel", "refund.request"}}
		}, "emotion angry, emotion neutral", ""},
		{"OKLabelGivenUp", func(in *gate.Input, p *gate.Policy) {
			in.Challenger.Labels = map[string][]string{"intent": {"order.cancel"}, "emotion": {"neutral", "angry"}}
			p.Labels.MayVanish = []string{"refund.request"}
		}, "", "given up, as the policy allows: intent refund.request"},
		{"ErrEmbedding", func(in *gate.Input, _ *gate.Policy) { in.Challenger.Embedding = 128 }, "from 256 to 128", ""},
		{"ErrEmbeddingGone", func(in *gate.Input, _ *gate.Policy) { in.Challenger.Embedding = 0 }, "from 256 to 0", ""},
		{"OKEmbedding", func(in *gate.Input, p *gate.Policy) { in.Challenger.Embedding, p.Embedding.MayChange = 128, true }, "", "computed again"},
		{"OKFirstEmbedding", func(in *gate.Input, _ *gate.Policy) { in.Champion.Embedding = 0 }, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in, p := input(good), only(t, rule)
			tt.change(&in, &p)
			d := gate.Decide(in, p)
			want(t, &d, tt.want)
			if tt.notes != "" && !slices.ContainsFunc(d.Reasons, func(r gate.Reason) bool { return r.Verdict == gate.Note && strings.Contains(r.Why, tt.notes) }) {
				t.Errorf("no note %q in %+v", tt.notes, d.Reasons)
			}
		})
	}
}

// TestFirst: without a champion only minimums and absolute limits apply.
func TestFirst(t *testing.T) {
	first := func(accuracy float64) gate.Input {
		r := set(figure("intent_accuracy", accuracy, 0.9, 0.001, 300))
		r.Against = nil
		return gate.Input{Challenger: bundle("zh-new"), Sets: []*eval.Report{r}}
	}
	p := only(t, rule)
	d := gate.Decide(first(0.66), p)
	want(t, &d, "")
	if !strings.Contains(d.Summary(), "without a champion") {
		t.Error(d.Summary())
	}
	d = gate.Decide(first(0.64), p)
	want(t, &d, "below the minimum")
	d = gate.Decide(first(math.NaN()), p)
	want(t, &d, "not a number")
	in := first(0.66)
	in.Challenger.Bytes = 26e6
	d = gate.Decide(in, p)
	want(t, &d, "26.0 MB")
	in = first(0.66)
	in.Challenger.Latency = gate.Latency{}
	d = gate.Decide(in, p)
	want(t, &d, "") // there is nothing to hold it against
	p.Latency.MaxMedianMS = 10
	d = gate.Decide(in, p)
	want(t, &d, "was not measured")
}

// TestData refuses reports that are about something else.
func TestData(t *testing.T) {
	good := func() *eval.Report { return set(figure("intent_accuracy", 0.8, 0.8, 1, 300)) }
	for _, tt := range []struct {
		name   string
		change func(*gate.Input)
		want   string
	}{
		{"ErrNone", func(in *gate.Input) { in.Sets = nil }, "nothing was measured"},
		{"ErrEmpty", func(in *gate.Input) { in.Sets[0].Cases = 0 }, "no messages"},
		{"ErrOther", func(in *gate.Input) { in.Sets[0].Bundle = "zh-third" }, "about zh-third, not about the challenger"},
		{"ErrNotCompared", func(in *gate.Input) { in.Sets[0].Against = nil }, "the champion was not measured on it"},
		{"ErrComparedWithOther", func(in *gate.Input) { in.Sets[0].Against.Bundle = "zh-third" }, "compared with zh-third"},
		{"ErrTwice", func(in *gate.Input) { in.Sets = append(in.Sets, good()) }, "the same messages as frozen.jsonl"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := input(good())
			tt.change(&in)
			d := gate.Decide(in, only(t, rule))
			want(t, &d, tt.want)
		})
	}
}

// TestOrder: refusals come first, then notes.
func TestOrder(t *testing.T) {
	in := input(set(figure("intent_accuracy", 0.5, 0.8, 0.001, 300)))
	in.Challenger.Labels = map[string][]string{"intent": {"order.cancel", "refund.request", "x"}, "emotion": {"neutral", "angry"}}
	in.Challenger.Latency.P95MS = 99
	d := gate.Decide(in, only(t, rule))
	var got []string
	for _, r := range d.Reasons {
		got = append(got, string(r.Verdict)+" "+r.Metric)
	}
	if want := []string{"refuse intent_accuracy", "refuse latency_p95", "note labels", "note labels_new", "pass data", "pass size", "pass latency_median", "pass labels", "pass embedding"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if r := d.Reasons[0]; !strings.Contains(r.Why, "below the minimum") || !strings.Contains(r.Why, "more than the 2.0 allowed") || !strings.Contains(r.Why, "p 0.001") && !strings.Contains(r.Why, "p <0.001") {
		t.Errorf("not all faults are told: %s", r.Why)
	}
}

func TestDescribe(t *testing.T) {
	m := &models.Manifest{ID: "a-1", Files: map[string]models.File{"model.onnx": {Size: 100}, "tokenizer.json": {Size: 11}}, Intents: &models.IntentSpec{Reject: "none"},
		Heads: []models.Head{{Name: models.HeadIntents, Labels: []string{"a", "none"}}, {Name: models.HeadEmotion, Labels: []string{"neutral"}},
			{Name: models.HeadEntities, Labels: []string{"O", "B-x", "I-x"}}, {Name: models.HeadEmbedding, Dim: 8}}}
	b := gate.Describe(m)
	if b.ID != "a-1" || b.Bytes != 111 || b.Embedding != 8 || !slices.Equal(b.Labels["intent"], []string{"a"}) || !slices.Equal(b.Labels["entity"], []string{"x"}) || len(m.Heads[0].Labels) != 2 {
		t.Errorf("%+v", b)
	}
}
