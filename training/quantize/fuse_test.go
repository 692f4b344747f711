package quantize_test

import (
	"math"
	"slices"
	"testing"

	"yingda/models"
	"yingda/models/onnx"
	"yingda/training/quantize"
)

// TestFuse: the fused graph says what the graph that is written out says, padding left out of both.
func TestFuse(t *testing.T) {
	plain := MustWritten(t)
	m := MustClone(t, plain)
	if f := quantize.Fuse(m, spec.Mask); f != (quantize.Fused{Attentions: 2, Gelus: 2}) {
		t.Errorf("fused %+v", f)
	}
	for _, n := range m.Graph.Nodes {
		if n.Op == "Softmax" || n.Op == "Transpose" || n.Op == "Unsqueeze" {
			t.Errorf("%s is still there", n.Name)
		}
	}
	texts := randomTexts(4, 12)
	want, got := MustRun(t, MustSession(t, plain), 24, texts...), MustRun(t, MustSession(t, m), 24, texts...)
	for i := range texts {
		if d := distance(got[i].Data, want[i].Data); d > 0.02 || d == 0 { // a channel reaches 10 and more; tanh is not exact
			t.Errorf("text %d is off by %g", i, d)
		}
	}
	if again := quantize.Fuse(m, spec.Mask); again != (quantize.Fused{}) {
		t.Errorf("fused %+v a second time", again)
	}
}

// TestFuseLeaves what it does not know, and what others read.
func TestFuseLeaves(t *testing.T) {
	find := func(g *onnx.Graph, name string) *onnx.Node {
		return g.Nodes[slices.IndexFunc(g.Nodes, func(n *onnx.Node) bool { return n.Name == name })]
	}
	for _, tt := range []struct {
		name   string
		change func(g *onnx.Graph)
		want   int // attentions fused, of 2
	}{
		{"OK", func(*onnx.Graph) {}, 2},
		{"OKDiv", func(g *onnx.Graph) {
			g.Initializers = append(g.Initializers, onnx.NewFloats("root", []float32{float32(math.Sqrt(32))}))
			n := find(g, "layer0.scaled")
			n.Op, n.Inputs[1] = "Div", "root"
		}, 2},
		{"ErrAxis", func(g *onnx.Graph) { find(g, "layer0.softmax").Attrs[0].I = 2 }, 1},
		{"ErrPerm", func(g *onnx.Graph) { find(g, "layer0.back").Attrs[0].Ints = []int64{0, 1, 2, 3} }, 1},
		{"ErrHeads", func(g *onnx.Graph) {
			g.Initializers = append(g.Initializers, onnx.NewInts("other", []int64{0, 0, 8, 16}, 4))
			find(g, "layer1.q.split").Inputs[1] = "other"
		}, 1},
		{"ErrMask", func(g *onnx.Graph) { find(g, "mask").Inputs[0] = spec.IDs }, 0},
		{"ErrWeakMask", func(g *onnx.Graph) { *g.Initializer("far") = *onnx.NewFloats("far", []float32{-1}, 1) }, 0},
		{"ErrNoScale", func(g *onnx.Graph) { find(g, "layer1.scaled").Inputs[1] = "layer1.qk" }, 1},
		{"ErrRead", func(g *onnx.Graph) {
			g.Outputs = append(g.Outputs, &onnx.Value{Name: "layer0.softmax", Type: onnx.Float})
		}, 1},
	} {
		m := MustWritten(t)
		tt.change(m.Graph)
		if f := quantize.Fuse(m, spec.Mask); f.Attentions != tt.want || f.Gelus != 2 {
			t.Errorf("%s: fused %+v, want %d attentions", tt.name, f, tt.want)
		}
	}
}

// TestInvariant: a text gets the same numbers alone, among others, and padded, in integers too.
func TestInvariant(t *testing.T) {
	plain := MustWritten(t)
	texts := randomTexts(5, 30)
	for _, fused := range []bool{false, true} {
		m := MustClone(t, plain)
		if fused {
			quantize.Fuse(m, spec.Mask)
		}
		r := MustCalibrate(t, m, randomTexts(6, 60))
		if _, err := quantize.Static(m, r, quantize.StaticOptions{}); err != nil {
			t.Fatal(err)
		}
		b := MustSession(t, m)
		invariant(t, b, texts)
		got, want := MustRun(t, b, 0, texts[:8]...), MustRun(t, MustSession(t, plain), 0, texts[:8]...)
		for i := range got {
			if d := noise(got[i].Data, want[i].Data); d > 0.08 || d == 0 {
				t.Errorf("fused %v: text %d comes with %.3f noise", fused, i, d)
			}
		}
	}
}

// invariant compares every text alone with itself padded and in batches of eight.
func invariant(t *testing.T, b models.Backend, texts [][]int64) {
	t.Helper()
	const tolerance = 1e-6
	alone := make([]models.Logits, len(texts))
	for i, ids := range texts {
		alone[i] = MustRun(t, b, 0, ids)[0]
		if d := distance(MustRun(t, b, len(ids)+1+i%9, ids)[0].Data, alone[i].Data); !(d <= tolerance) {
			t.Errorf("text %d of %d tokens moves by %g when padded by %d", i, len(ids), d, 1+i%9)
		}
	}
	for at := 0; at < len(texts); at += 8 {
		part := texts[at:min(at+8, len(texts))]
		for i, got := range MustRun(t, b, 0, part...) {
			if d := distance(got.Data, alone[at+i].Data); !(d <= tolerance) {
				t.Errorf("text %d moves by %g in a batch of %d", at+i, d, len(part))
			}
		}
	}
}
