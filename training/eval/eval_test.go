package eval_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"yingda/models"
	"yingda/nlu"
	"yingda/training/corpus"
	"yingda/training/eval"
)

var update = flag.Bool("update", false, "write the golden files anew")

// said builds an analysis: intents answered, the ranking as "label score" pairs, what is left being out of scope.
type said struct {
	intents  []string
	ranking  []nlu.Prediction
	emotion  string
	entities []nlu.Entity
}

func p(label string, score float64) nlu.Prediction { return nlu.Prediction{Label: label, Score: score} }

func (s said) analysis(text string) *nlu.Analysis {
	a := &nlu.Analysis{Utterance: nlu.Utterance{Text: text}, Bundle: "test-0123456789ab", Language: nlu.Chinese, Ranking: s.ranking, OOS: 1}
	for _, r := range s.ranking {
		a.OOS -= r.Score
	}
	for i, l := range s.intents {
		a.Intents = append(a.Intents, nlu.Intent{Prediction: p(l, 0.9-0.1*float64(i))})
	}
	if s.emotion != "" {
		a.Emotion.Prediction = p(s.emotion, 0.8)
		a.Emotion.Ranking = []nlu.Prediction{p(s.emotion, 0.8)}
		for _, other := range []string{"neutral", "angry", "anxious"} {
			if other != s.emotion && len(a.Emotion.Ranking) < 3 {
				a.Emotion.Ranking = append(a.Emotion.Ranking, p(other, 0.1))
			}
		}
	}
	for _, ent := range s.entities {
		ent.Start = strings.Index(text, ent.Text)
		ent.End = ent.Start + len(ent.Text)
		a.Entities = append(a.Entities, ent)
	}
	return a
}

const examples = `{"text":"取消订单","intents":["order.cancel"],"entities":[],"emotion":"neutral","tags":["short"]}
{"text":"把6620193847这单撤了，蓝色保温杯","intents":["order.cancel"],"entities":[{"type":"order_id","text":"6620193847","value":6620193847,"role":"old"},{"type":"product","text":"保温杯"},{"type":"attribute","text":"蓝色"}],"emotion":"angry"}
{"text":"怎么还没到账，急","intents":["refund.not_received"],"entities":[],"emotion":"anxious","tags":["fragment","trap"]}
{"text":"退款批了没？顺便给我开发票","intents":["refund.status","invoice.request"],"entities":[],"emotion":"neutral","tags":["two"]}
{"text":"发票和退款都要，昨天买的","intents":["invoice.request","refund.request"],"entities":[{"type":"datetime","text":"昨天","value":{"date":"2026-01-01"}}],"emotion":"neutral","tags":["two"]}
{"text":"明天适合钓鱼吗","intents":[],"entities":[],"emotion":"neutral","tags":["oos"]}
{"text":"<b>写首诗</b> & more","intents":[],"entities":[],"emotion":"neutral","tags":["oos"]}
{"text":"where is my parcel, the Nike shoes?","intents":["delivery.track"],"entities":[{"type":"brand","text":"Nike"},{"type":"product","text":"shoes"}],"emotion":"neutral","lang":"en","tags":["short"]}
{"text":"it never came and I paid twice!!","intents":["delivery.lost"],"entities":[],"emotion":"disappointed","lang":"en"}
{"text":"帮我check一下那个parcel到哪了谢谢","intents":["delivery.track"],"entities":[],"emotion":"positive","tags":["mixed"]}
`

var answers = []said{
	{[]string{"order.cancel"}, []nlu.Prediction{p("order.cancel", 0.9), p("refund.request", 0.05)}, "neutral", nil},
	{[]string{"order.cancel"}, []nlu.Prediction{p("order.cancel", 0.7), p("return.request", 0.2)}, "angry", []nlu.Entity{
		{Type: "order_id", Text: "6620193847", Value: "6620193847", Role: "new"}, {Type: "product", Text: "蓝色保温杯"}, {Type: "plan", Text: "这单"}}},
	{nil, []nlu.Prediction{p("refund.status", 0.3), p("refund.not_received", 0.25)}, "angry", nil},
	{[]string{"invoice.request", "refund.status"}, []nlu.Prediction{p("refund.status", 0.5), p("invoice.request", 0.4)}, "neutral", nil},
	{[]string{"invoice.request"}, []nlu.Prediction{p("invoice.request", 0.8), p("refund.request", 0.1)}, "neutral", nil},
	{nil, []nlu.Prediction{p("chat.greet", 0.1), p("order.cancel", 0.1)}, "neutral", nil},
	{[]string{"praise.give"}, []nlu.Prediction{p("praise.give", 0.5), p("chat.greet", 0.1)}, "", nil},
	{[]string{"delivery.track"}, []nlu.Prediction{p("delivery.track", 0.95)}, "neutral", []nlu.Entity{{Type: "brand", Text: "Nike"}, {Type: "product", Text: "shoes"}}},
	{[]string{"delivery.track"}, []nlu.Prediction{p("delivery.track", 0.6), p("x", 0.1), p("y", 0.1), p("delivery.lost", 0.05)}, "angry", nil},
	{[]string{"delivery.track", "chat.thank"}, []nlu.Prediction{p("delivery.track", 0.6), p("chat.thank", 0.3)}, "neutral", nil},
}

func mustCases(tb testing.TB) []eval.Case {
	tb.Helper()
	c, err := corpus.ReadJSONL("zh.jsonl", []byte(examples))
	if err != nil {
		tb.Fatal(err)
	}
	out := make([]eval.Case, len(c.Examples))
	for i, eg := range c.Examples {
		out[i] = eval.Case{Example: eg, Analysis: answers[i].analysis(eg.Text)}
	}
	return out
}

var options = eval.Options{
	Data: "zh.jsonl", Taxonomy: corpus.DefaultTaxonomy(), Resamples: 200, Seed: 1,
	EntityTypes: []string{"product", "brand", "attribute", "plan", "order_id"},
}

func mustReport(tb testing.TB, cases []eval.Case, o eval.Options) *eval.Report {
	tb.Helper()
	r, err := eval.Evaluate(cases, o)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// TestHeadline checks every figure against a count by hand.
func TestHeadline(t *testing.T) {
	r := mustReport(t, mustCases(t), options)
	for name, want := range map[string]float64{
		"intent_accuracy":        3.0 / 6, // lines 1, 2, 8 of 1, 2, 3, 8, 9, 10
		"intent_accuracy_argmax": 4.0 / 6, // and 10
		"intent_top3":            5.0 / 6, // and 3
		"intent_macro_f1":        (1 + 0 + 2*2.0/5 + 0) / 4,
		"multi_exact":            1.0 / 2,
		"oos_auroc":              (8 + 7.0) / 16, // scores 0.8 and 0.4; with an intent: .05 .1 .45 .1 .1 .05 .15 .1
		"oos_recall":             1.0 / 2,
		"oos_false_alarm":        1.0 / 8,
		"coverage":               8.0 / 10,
		"emotion_accuracy":       6.0 / 10,
		"valence_accuracy":       7.0 / 10, // and disappointed for angry
		"entity_precision":       3.0 / 5,
		"entity_recall":          3.0 / 5,
		"entity_f1":              3.0 / 5,
	} {
		m := r.Metric(name)
		if m == nil || math.Abs(float64(m.Value)-want) > 1e-12 || !(m.Low <= m.Value && m.Value <= m.High) {
			t.Errorf("%s is %+v, want %.6f within its interval", name, m, want)
		}
	}
	e := r.Entities
	if e.Partial.Right != 4 || len(e.Excluded) != 1 || e.Excluded[0].Name != "datetime" || e.Value != (eval.Figure{Value: 1, N: 1}) || e.Role != (eval.Figure{Value: 0, N: 1}) {
		t.Errorf("entities %+v", e)
	}
	if in := r.Intents; in.BestAccuracy != 4.0/6 || in.SuperfluousRate != 1.0/6 || in.Multiple.Right != 3 || in.Multiple.Predicted != 3 {
		t.Errorf("intents %+v", in)
	}
	want := []string{"delivery.lost→delivery.track", "delivery.track→delivery.track+chat.thank", "none→praise.give", "refund.not_received→none", "refund.request→none"}
	var got []string
	for _, c := range r.Confusions {
		got = append(got, c.Gold+"→"+c.Predicted)
	}
	if !slices.Equal(got, want) {
		t.Errorf("confusions %q", got)
	}
}

func TestRenderings(t *testing.T) {
	r := mustReport(t, mustCases(t), options)
	for name, write := range map[string]func(io.Writer) error{"report.txt": r.Text, "report.json": r.JSON} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/"+name, b.Bytes())
		})
	}
	t.Run("RoundTrip", func(t *testing.T) {
		var a, b bytes.Buffer
		var again eval.Report
		if err := errors.Join(r.JSON(&a), json.Unmarshal(a.Bytes(), &again), again.JSON(&b)); err != nil || a.String() != b.String() {
			t.Errorf("a report that was read and written again is another: %v", err)
		}
	})
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (run with -update and look at the change):\n%s", path, got)
	}
}

var drawing = regexp.MustCompile(`(?s)<svg.*?</svg>`)

func TestHTML(t *testing.T) {
	for name, r := range map[string]*eval.Report{"full": mustReport(t, mustCases(t), options), "empty": mustReport(t, nil, eval.Options{})} {
		var b bytes.Buffer
		if err := r.HTML(&b); err != nil {
			t.Fatal(err)
		}
		page := b.String()
		for _, bad := range []string{"http:", "https:", "<script", "<link", "url(", "ZgotmplZ", "<b>写", "NaN", "%!"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s: the page contains %q", name, bad)
			}
		}
		drawings := drawing.FindAllString(page, -1)
		if want := map[string]int{"full": 7, "empty": 0}[name]; len(drawings) != want {
			t.Errorf("%s: %d drawings, want %d", name, len(drawings), want)
		}
		for _, d := range drawings {
			dec := xml.NewDecoder(strings.NewReader(d))
			for {
				if _, err := dec.Token(); err == io.EOF {
					break
				} else if err != nil {
					t.Fatalf("%s: not well-formed: %v\n%s", name, err, d)
				}
			}
		}
		if name == "full" && !strings.Contains(page, "&lt;b&gt;写首诗&lt;/b&gt; &amp; more") {
			t.Error("the page lacks an escaped message")
		}
	}
}

// TestEdges evaluates data that lacks this or that.
func TestEdges(t *testing.T) {
	plain := corpus.Example{Text: "hi", Intents: []string{"chat.greet"}, HasIntents: true}
	for name, cases := range map[string][]eval.Case{
		"Nothing":      nil,
		"Refused":      {{Example: plain}},
		"NoLabels":     {{Example: corpus.Example{Text: "hi"}, Analysis: answers[0].analysis("hi")}},
		"NoPrediction": {{Example: plain, Analysis: &nlu.Analysis{}}},
		"OnlyScope":    {{Example: plain, Analysis: answers[0].analysis("hi")}},
	} {
		t.Run(name, func(t *testing.T) {
			r := mustReport(t, cases, eval.Options{Resamples: 10})
			for _, write := range []func(io.Writer) error{r.Text, r.JSON, r.HTML} {
				var b bytes.Buffer
				if err := write(&b); err != nil || strings.Contains(b.String(), "NaN") {
					t.Errorf("%v\n%s", err, &b)
				}
			}
			if r.Entities != nil || name == "NoLabels" && r.Intents != nil || name == "Refused" && (len(r.Notes) != 1 || r.Metric("intent_accuracy").Value != 0) {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestOrder shuffles the cases: nothing but the list of wrong ones may depend on their order.
func TestOrder(t *testing.T) {
	cases := mustCases(t)
	o := options
	o.Resamples = -1
	a := mustReport(t, cases, o)
	slices.Reverse(cases)
	b := mustReport(t, cases, o)
	a.Wrong, b.Wrong, a.Confusions, b.Confusions = nil, nil, nil, nil
	var x, y bytes.Buffer
	if err := errors.Join(a.JSON(&x), b.JSON(&y)); err != nil || x.String() != y.String() {
		t.Errorf("the report depends on the order: %v", err)
	}
	if a.Metric("intent_accuracy").Low.Valid() {
		t.Error("an interval without resamples")
	}
}

func TestRun(t *testing.T) {
	var egs []corpus.Example
	for i := range 70 {
		egs = append(egs, corpus.Example{Text: fmt.Sprint("t", i), Origin: fmt.Sprint("f:", i+1)})
	}
	egs[3].Text, egs[40].Text = "long", "long"
	egs[5].Metadata = map[string]any{"reference": "2026-01-02T03:04:05+08:00"}
	parse := func(_ context.Context, us []nlu.Utterance) ([]*nlu.Analysis, error) {
		if len(us) > 32 {
			t.Errorf("a batch of %d", len(us))
		}
		var as []*nlu.Analysis
		for i, u := range us {
			if u.Text == "long" {
				return nil, fmt.Errorf("encode: %w", &nlu.TooLongError{Index: i})
			}
			as = append(as, &nlu.Analysis{Utterance: u})
		}
		return as, nil
	}
	var steps []int
	cases, err := eval.Run(t.Context(), parse, egs, func(done, total int) { steps = append(steps, done, total) })
	if err != nil || !slices.Equal(steps, []int{32, 70, 64, 70, 70, 70}) {
		t.Fatal(err, steps)
	}
	for i, c := range cases {
		if long := c.Example.Text == "long"; long != (c.Analysis == nil) || !long && c.Analysis.Text != egs[i].Text {
			t.Errorf("case %d is %+v", i, c)
		}
	}
	if cases[5].Analysis.Reference.Year() != 2026 {
		t.Error("the reference time was not handed on")
	}
	boom := errors.New("boom")
	fail := func(context.Context, []nlu.Utterance) ([]*nlu.Analysis, error) { return nil, boom }
	if _, err := eval.Run(t.Context(), fail, egs, nil); !errors.Is(err, boom) || !strings.Contains(err.Error(), "f:1") {
		t.Error(err)
	}
	short := func(context.Context, []nlu.Utterance) ([]*nlu.Analysis, error) { return nil, nil }
	if _, err := eval.Run(t.Context(), short, egs, nil); err == nil {
		t.Error("a parser that loses utterances was believed")
	}
	egs[0].Metadata = map[string]any{"reference": "tomorrow"}
	if _, err := eval.Run(t.Context(), parse, egs, nil); err == nil {
		t.Error("a reference time that is none was taken")
	}
}

func TestModelTypes(t *testing.T) {
	m := &models.Manifest{Heads: []models.Head{{Name: models.HeadEntities, Labels: []string{"O", "B-product", "I-product", "B-brand", "I-brand"}}}}
	if got := eval.ModelTypes(m); !slices.Equal(got, []string{"brand", "product"}) {
		t.Error(got)
	}
	if got := eval.ModelTypes(&models.Manifest{}); got != nil {
		t.Error(got)
	}
}

func BenchmarkEvaluate(b *testing.B) {
	cases := mustCases(b)
	for len(cases) < 1000 {
		cases = append(cases, cases...)
	}
	o := options
	o.Resamples = 0
	for b.Loop() {
		mustReport(b, cases[:1000], o)
	}
}
