package finetune

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"yingda/internal/testenv"
	"yingda/training/encoder"
)

// exportedSpec loads one of the graphs that PyTorch exported for package encoder's tests.
func exportedSpec(tb testing.TB, kind string, opset int) Spec {
	tb.Helper()
	testenv.MustORT(tb)
	from := filepath.Join("..", "encoder", "testdata")
	var x struct{ Config json.RawMessage }
	notes, err := os.ReadFile(filepath.Join(from, kind+".json"))
	if err == nil {
		err = json.Unmarshal(notes, &x)
	}
	if err != nil {
		tb.Fatal(err)
	}
	model, err := os.ReadFile(filepath.Join(from, fmt.Sprintf("%s_%d.onnx", kind, opset)))
	if err != nil {
		tb.Fatal(err)
	}
	dir := testenv.MustEncoder(tb, 1)
	for name, data := range map[string][]byte{"config.json": x.Config, "model.onnx": model} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	e, err := encoder.Load(dir)
	if err != nil {
		tb.Fatal(err)
	}
	m, width, err := e.Tap(e.Layers())
	if err != nil {
		tb.Fatal(err)
	}
	return Spec{Model: m, Hidden: encoder.Hidden, Width: width, IDs: "input_ids", Mask: "attention_mask", Pad: e.Config.Pad, Layer: e.LayerOf, Layers: e.Layers(),
		Classes: tinyClasses}
}

// TestExports trains graphs as exporters write them. A step against the gradient lowers the loss by its squared norm; dropout finds every sublayer; and
// a few epochs learn the rows by heart.
func TestExports(t *testing.T) {
	for _, tt := range []struct {
		kind  string
		opset int
	}{{"bert", 11}, {"bert", 17}, {"roberta", 11}, {"distilbert", 17}} {
		t.Run(fmt.Sprint(tt.kind, tt.opset), func(t *testing.T) {
			spec := exportedSpec(t, tt.kind, tt.opset)
			rows := tinyRows(6, 21)
			for i := range rows {
				for k := range rows[i].IDs {
					rows[i].IDs[k] = 2 + rows[i].IDs[k]%22 // the vocabulary is small
				}
			}
			options := tinyOptions()
			options.Epochs, options.Dropout, options.Words = 40, 0.1, true
			dropped := begin(t, spec, rows, options)
			if want := 2*spec.Layers + 1; len(dropped.m.drops) != want {
				t.Errorf("%d places for dropout, want %d", len(dropped.m.drops), want)
			}
			options.Dropout, options.Words = 0, false
			r := begin(t, spec, rows, options)
			r.learnOf(t, indices(len(rows))...)
			checkSlope(t, r)
			var first, last float64
			options.Progress = func(u Update) {
				if u.Step == 1 {
					first = u.Loss
				}
				last = u.Loss
			}
			mustRun(t, spec, rows, options, nil)
			if !(last < 0.9*first) {
				t.Errorf("loss %g to %g", first, last)
			}
		})
	}
}

// checkSlope compares the loss on both sides of the weights, along the gradient, with the gradient's norm. The heads start at zero, where the encoder has no
// gradient: they are moved away from it first.
func checkSlope(t *testing.T, r *run) {
	t.Helper()
	rng := newRand(5)
	for _, p := range r.m.params {
		if isHead(p.Name) {
			for i := range p.Value {
				p.Value[i] = float32(rng.NormFloat64() * 0.3)
			}
		}
	}
	loss := func() float64 {
		r.learnOf(t, indices(len(r.rows))...)
		return float64(r.m.loss[0])
	}
	loss()
	gradient, square := r.gradients(), 0.0
	for _, g := range gradient {
		square += length(g) * length(g)
	}
	move := func(by float64) {
		for _, p := range r.m.params {
			for i, g := range gradient[p.Name] {
				p.Value[i] += float32(by * float64(g))
			}
		}
	}
	step := 0.01 / math.Sqrt(square)
	move(step)
	up := loss()
	move(-2 * step)
	down := loss()
	move(step)
	if slope := (up - down) / (2 * step); math.Abs(slope-square) > 0.01*square {
		t.Errorf("the loss rises by %g along the gradient, whose squared norm is %g", slope, square)
	}
}
