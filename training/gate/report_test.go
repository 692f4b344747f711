package gate_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"yingda/training/eval"
	"yingda/training/gate"
)

var update = flag.Bool("update", false, "write the golden files anew")

// refused is a decision with a bit of everything.
func refused(tb testing.TB) gate.Decision {
	r := set(figure("intent_accuracy", 0.74, 0.76, 0.012, 300), figure("intent_ece", 0.1, 0.12, 0.3, 300))
	r.Data = "a|b.jsonl"
	r.Against.Slices = []eval.SliceDifference{slice("language", "zh", figure("intent_accuracy", 0.75, 0.76, 0.4, 200)), slice("tag", "asr", figure("intent_accuracy", 0.7, 0.7, 1, 20))}
	in := input(r)
	in.Challenger.Labels["intent"] = []string{"order.cancel", "refund.request", "order.gift"}
	return gate.Decide(in, only(tb, rule+sliceRule))
}

func TestRenderings(t *testing.T) {
	d := refused(t)
	var text, page, data bytes.Buffer
	if err := errors.Join(d.Text(&text), d.Markdown(&page), d.JSON(&data)); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]byte{"decision.txt": text.Bytes(), "decision.md": page.Bytes(), "decision.json": data.Bytes()} {
		path := "testdata/" + name
		if *update {
			if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(path, got, 0o644)); err != nil {
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
		if bytes.Contains(got, []byte("NaN")) || bytes.Contains(got, []byte("%!")) {
			t.Errorf("%s shows what is not a number:\n%s", name, got)
		}
	}
	var again gate.Decision
	var b bytes.Buffer
	if err := errors.Join(json.Unmarshal(data.Bytes(), &again), again.JSON(&b)); err != nil || b.String() != data.String() {
		t.Errorf("a decision that was read and written again is another: %v", err)
	}
}

func TestPolicy(t *testing.T) {
	p := gate.DefaultPolicy()
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	if p.Size.MaxMB != 25 || p.Latency.MedianRatio != 1.1 || p.Metrics["intent_accuracy"].Minimum == nil || p.Slices.MinSize != 50 {
		t.Errorf("defaults %+v", p)
	}
	p, err := gate.ParsePolicy([]byte("metrics:\n  intent_accuracy: {max_loss: 0}\n  multi_exact: {off: true}\nsize: {max_mb: 0}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if r := p.Metrics["intent_accuracy"]; r.Minimum != nil || *r.MaxLoss != 0 || !p.Metrics["multi_exact"].Off || p.Metrics["entity_f1"].MaxLoss == nil || p.Size.MaxMB != 0 || p.Size.Ratio != 1.1 {
		t.Errorf("%+v", p)
	}
	if p, err := gate.ParsePolicy(nil); err != nil || p.Size.MaxMB != 25 {
		t.Errorf("an empty policy is the default: %v, %+v", err, p)
	}
	for name, tt := range map[string]struct{ yaml, want string }{
		"ErrUnknownField":  {"metric: {}", "field metric not found"},
		"ErrUnknownMetric": {"metrics: {accuracy: {minimum: 0.5}}", `"accuracy" is no figure of a report; there are`},
		"ErrMinimum":       {"metrics: {intent_ece: {minimum: 0.5}}", "less is better, so give maximum"},
		"ErrMaximum":       {"metrics: {intent_accuracy: {maximum: 0.5}}", "more is better, so give minimum"},
		"ErrPercent":       {"metrics: {intent_accuracy: {minimum: 65}}", "0.02 is two points"},
		"ErrSignificance":  {"metrics: {intent_accuracy: {significance: 5}}", "significance 5"},
		"ErrSliceKind":     {"slices: {by: [colour]}", `by "colour": known are language, length, group, tag`},
		"ErrSliceSize":     {"slices: {min_size: 0}", "min_size 0"},
		"ErrSliceMinimum":  {"slices: {metrics: {intent_accuracy: {minimum: 0.5}}}", "only max_loss"},
		"ErrRatio":         {"latency: {median_ratio: -1}", "median_ratio -1"},
		"ErrTwo":           {"size: {max_mb: 1}\n---\nsize: {max_mb: 2}\n", "more than one"},
		"ErrAllAtOnce":     {"slices: {min_size: 0}\nsize: {ratio: -2}\n", "size: ratio -2"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := gate.ParsePolicy([]byte(tt.yaml)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
	if _, err := gate.LoadPolicy("testdata/none.yaml"); err == nil || !strings.Contains(err.Error(), "testdata/none.yaml") {
		t.Error(err)
	}
}
