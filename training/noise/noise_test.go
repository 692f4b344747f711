package noise_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"yingda/training/noise"
)

var classes = []string{"order.cancel", "refund.request", "none"}

// byHand has thresholds (0.9+0.8+0.1)/3 = 0.6, (0.7+0.5)/2 = 0.6 and, without examples, none.
var byHand = []noise.Example{
	{Origin: "a.yml:1", Text: "取消订单", Lang: "zh", Label: 0, Probabilities: []float64{0.9, 0.05, 0.05}},
	{Origin: "a.yml:2", Text: "不要了", Label: 0, Probabilities: []float64{0.8, 0.1, 0.1}},
	{Origin: "a.yml:3", Text: "把钱\t退我", Label: 0, Probabilities: []float64{0.1, 0.7, 0.2}}, // suspicious
	{Origin: "b.yml:1", Text: "退款", Label: 1, Probabilities: []float64{0.2, 0.7, 0.1}},
	{Origin: "b.yml:2", Text: "<b>退", Label: 1, Probabilities: []float64{0.3, 0.5, 0.2}}, // confidently nothing
}

func mustFind(tb testing.TB, classes []string, examples []noise.Example) *noise.Result {
	tb.Helper()
	r, err := noise.Find(classes, examples)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func TestFind(t *testing.T) {
	r := mustFind(t, classes, byHand)
	if len(r.Suspects) != 1 || r.Examples != 5 {
		t.Fatalf("%+v", r)
	}
	s := r.Suspects[0]
	if s.Rank != 1 || s.Origin != "a.yml:3" || s.Label != "order.cancel" || s.Other != "refund.request" || math.Abs(float64(s.Margin)-0.6) > 1e-12 || math.Abs(float64(s.Threshold)-0.6) > 1e-12 {
		t.Errorf("%+v", s)
	}
	// All three order.cancel are confident, one of them elsewhere: a third is wrong, one of five in all.
	if c := r.Classes[0]; c.N != 3 || c.Suspects != 1 || math.Abs(float64(c.Noise)-1.0/3) > 1e-12 || math.Abs(float64(r.Noise)-0.2) > 1e-12 {
		t.Errorf("%+v, noise %g", c, r.Noise)
	}
	if c := r.Classes[1]; c.Wanted != 1 || c.Noise != 0 || r.Classes[2].Threshold.Valid() {
		t.Errorf("%+v", r.Classes)
	}
	if len(r.Pairs) != 1 || r.Pairs[0].Suspects != 1 || math.Abs(float64(r.Pairs[0].Estimated)-1) > 1e-12 {
		t.Errorf("%+v", r.Pairs)
	}
}

// TestOrder: the order of the examples changes nothing, equal margins go by origin.
func TestOrder(t *testing.T) {
	examples := append(slices.Clone(byHand), byHand[2])
	examples[5].Origin = "a.yml:2b"
	a := mustFind(t, classes, examples)
	slices.Reverse(examples)
	b := mustFind(t, classes, examples)
	var x, y bytes.Buffer
	if err := errors.Join(a.JSON(&x), b.JSON(&y)); err != nil || x.String() != y.String() || len(a.Suspects) != 2 || a.Suspects[0].Origin != "a.yml:2b" {
		t.Errorf("%v\n%s\n%s", err, &x, &y)
	}
}

// TestOracle compares with cleanlab.
func TestOracle(t *testing.T) {
	data, err := os.ReadFile("testdata/oracle.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Labels     []int
		P          [][]float64
		Thresholds []float64
		Joint      [][]int
		Calibrated [][]int
		Issues     []int
		Margins    []float64
	}
	if err := json.Unmarshal(data, &vectors); err != nil || len(vectors) == 0 {
		t.Fatal(err)
	}
	for _, v := range vectors {
		names := make([]string, len(v.Thresholds))
		for i := range names {
			names[i] = fmt.Sprint("c", i)
		}
		var examples []noise.Example
		for i, l := range v.Labels {
			examples = append(examples, noise.Example{Origin: fmt.Sprint(i), Label: l, Probabilities: v.P[i]})
		}
		for i, th := range noise.Thresholds(len(names), examples) {
			if math.Abs(th-v.Thresholds[i]) > 1e-9 {
				t.Errorf("threshold %d is %g, want %g", i, th, v.Thresholds[i])
			}
		}
		r := mustFind(t, names, examples)
		want := map[string]float64{}
		for i, at := range v.Issues {
			want[fmt.Sprint(at)] = v.Margins[i]
		}
		for _, s := range r.Suspects {
			if m, ok := want[s.Origin]; !ok || math.Abs(m-float64(s.Margin)) > 1e-9 {
				t.Errorf("suspect %+v, cleanlab says %v %g", s, ok, m)
			}
		}
		if len(r.Suspects) != len(v.Issues) || !slices.IsSortedFunc(r.Suspects, func(a, b noise.Suspect) int { return int(math.Copysign(1, float64(b.Margin-a.Margin))) }) {
			t.Errorf("%d suspects, cleanlab has %d", len(r.Suspects), len(v.Issues))
		}
		for _, p := range r.Pairs {
			l, o := slices.Index(names, p.Label), slices.Index(names, p.Other)
			if p.Suspects != v.Joint[l][o] || v.Joint[l][l] > 0 && math.Abs(float64(p.Estimated)-float64(v.Calibrated[l][o])) > 1 { // cleanlab rounds to whole messages
				t.Errorf("%+v, cleanlab counts %d and estimates %d", p, v.Joint[l][o], v.Calibrated[l][o])
			}
		}
	}
}

func TestErrors(t *testing.T) {
	good := noise.Example{Origin: "f:7", Label: 1, Probabilities: []float64{0.5, 0.25, 0.25}}
	for name, tt := range map[string]struct {
		classes []string
		change  func(*noise.Example)
		want    string
	}{
		"ErrLabel":    {classes, func(eg *noise.Example) { eg.Label = 3 }, "f:7: label 3 of 3"},
		"ErrWidth":    {classes, func(eg *noise.Example) { eg.Probabilities = eg.Probabilities[:2] }, "f:7: 2 probabilities for 3"},
		"ErrLogits":   {classes, func(eg *noise.Example) { eg.Probabilities = []float64{-1, 3, 0.2} }, "not logits"},
		"ErrNaN":      {classes, func(eg *noise.Example) { eg.Probabilities = []float64{math.NaN(), 0.5, 0.5} }, "no probability"},
		"ErrSum":      {classes, func(eg *noise.Example) { eg.Probabilities = []float64{0.5, 0.5, 0.5} }, "sum to 1.5"},
		"ErrClassTwo": {[]string{"a", "b", "a"}, func(*noise.Example) {}, "no name of its own"},
	} {
		t.Run(name, func(t *testing.T) {
			eg := good
			eg.Probabilities = slices.Clone(good.Probabilities)
			tt.change(&eg)
			if _, err := noise.Find(tt.classes, []noise.Example{eg}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
	if r, err := noise.Find(nil, nil); err != nil || len(r.Suspects) != 0 || r.Noise != 0 {
		t.Errorf("nothing: %+v, %v", r, err)
	}
}

func TestRenderings(t *testing.T) {
	r := mustFind(t, classes, byHand)
	var tsv, page bytes.Buffer
	if err := errors.Join(r.TSV(&tsv), r.HTML(&page)); err != nil {
		t.Fatal(err)
	}
	want := "rank\torigin\tlabel\tprobably\tp_label\tp_probably\tmargin\tlang\ttext\n1\ta.yml:3\torder.cancel\trefund.request\t0.1000\t0.7000\t0.6000\t\t把钱 退我\n"
	if tsv.String() != want {
		t.Errorf("got  %q\nwant %q", &tsv, want)
	}
	swapped := slices.Clone(byHand)
	swapped[2].Text = "<b>退</b>"
	var escaped bytes.Buffer
	if err := mustFind(t, classes, swapped).HTML(&escaped); err != nil || strings.Contains(escaped.String(), "<b>") {
		t.Errorf("a text is not escaped: %v", err)
	}
	for _, write := range []func(io.Writer) error{r.HTML, r.JSON, mustFind(t, nil, nil).HTML} {
		var b bytes.Buffer
		if err := write(&b); err != nil || strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "http") {
			t.Errorf("%v\n%s", err, &b)
		}
	}
	if !strings.Contains(page.String(), "a.yml:3") || !strings.Contains(page.String(), "33.3 %") {
		t.Errorf("the page lacks the suspect or its class:\n%s", &page)
	}
}
