package quantize_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"yingda/models/onnx"
	"yingda/training/quantize"
)

// rows is a model that multiplies rows of a table by a matrix: token ids choose the rows, so a test says what goes in.
func rows(table []float32, k int, w []float32, n int, bias []float32) *onnx.Model {
	g := newGraph(1)
	x := g.node("Gather", "x", g.floats("table", table, int64(len(table)/k), int64(k)), spec.IDs)
	y := g.node("MatMul", "y", x, g.floats("w", w, int64(k), int64(n)))
	if bias != nil {
		y = g.node("Add", "z", g.floats("b", bias, int64(n)), y)
	}
	return g.model(y, n)
}

func upTo(n int) []int64 {
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = int64(i)
	}
	return ids
}

// integers computes in double precision what the int8 node of a rewritten graph stands for.
func integers(m *onnx.Model, row []float32) []float64 {
	g := m.Graph
	var node *onnx.Node
	for _, n := range g.Nodes {
		if n.Op == "MatMulIntegerToFloat" {
			node = n
		}
	}
	w, ws := g.Initializer(node.Inputs[1]), g.Initializer(node.Inputs[3]).Floats()
	scale, zero, bias := g.Initializer(node.Inputs[2]).Floats()[0], float64(g.Initializer(node.Inputs[4]).Raw[0]), g.Initializer(node.Inputs[6]).Floats()
	out := make([]float64, len(ws))
	for k, v := range row {
		if inv := g.Initializer("x.inverse"); inv != nil {
			v *= inv.Floats()[k]
		}
		q := max(0, min(255, math.RoundToEven(float64(v/scale))+zero)) - zero
		for n := range out {
			out[n] += q * float64(int8(w.Raw[k*len(ws)+n]))
		}
	}
	for n := range out {
		out[n] = out[n]*float64(scale)*float64(ws[n]) + float64(bias[n])
	}
	return out
}

// exact is the product in double precision.
func exact(row, w, bias []float32) []float64 {
	out := make([]float64, len(w)/len(row))
	for k, v := range row {
		for n := range out {
			out[n] += float64(v) * float64(w[k*len(out)+n])
		}
	}
	for n := range bias {
		out[n] += float64(bias[n])
	}
	return out
}

// TestStaticArithmetic: the runtime computes exactly the integer sums, also where all weights of a column pull the same way and the
// activations are as large as they get, which is where 16-bit sums saturate; and they are close to the float product.
func TestStaticArithmetic(t *testing.T) {
	const k, n, count = 130, 144, 40 // neither is a multiple of what kernels take at once
	g := newGraph(3)
	for _, tt := range []struct {
		name    string
		worst   float64 // error relative to the size of the result
		weights func(i int) float32
		table   func(i int) float32
		bias    []float32
	}{
		{"OKRandom", 0.04, nil, nil, g.random(n, 1)},
		{"OKNoBias", 0.04, nil, nil, nil},
		{"OKSaturating", 0.02, func(i int) float32 { return 1 }, func(i int) float32 { return 5 }, nil},
		{"OKSaturatingBelow", 0.02, func(i int) float32 { return -1 }, func(i int) float32 { return 5 }, nil},
		{"OKAlternating", 0.02, func(i int) float32 { return float32(1 - 2*(i/n%2)) }, func(i int) float32 { return float32(4 - 8*(i%k%2)) }, nil},
		{"OKNegative", 0.02, nil, func(i int) float32 { return -1 - float32(i%7) }, nil},
		{"OKNothing", 0, func(i int) float32 { return 0 }, func(i int) float32 { return 0 }, g.random(n, 1)},
		{"OKOutlier", 0.04, nil, func(i int) float32 { return float32(math.Sin(float64(i))) + float32(i%k/(k-1)*50) }, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, table := g.random(k*n, 0.1), g.random(k*count, 1)
			for i := range w {
				if tt.weights != nil {
					w[i] = tt.weights(i)
				}
			}
			for i := range table {
				if tt.table != nil {
					table[i] = tt.table(i)
				}
			}
			m := rows(table, k, w, n, tt.bias)
			r := MustCalibrate(t, m, [][]int64{upTo(count)})
			if _, err := quantize.Static(m, r, quantize.StaticOptions{}); err != nil {
				t.Fatal(err)
			}
			got := MustRun(t, MustSession(t, m), 0, upTo(count))[0]
			for i := range count {
				row := table[i*k : (i+1)*k]
				sums, want := integers(m, row), exact(row, w, tt.bias)
				size := 0.0
				for _, v := range want {
					size = max(size, math.Abs(v))
				}
				for j, v := range got.Row(i) {
					if d := math.Abs(float64(v) - sums[j]); d > 1e-5*max(size, 1) {
						t.Fatalf("row %d, column %d: %g, the integer sum is %g", i, j, v, sums[j])
					}
					if d := math.Abs(float64(v) - want[j]); d > tt.worst*size+1e-6 {
						t.Fatalf("row %d, column %d: %g, the float product is %g, off by %.3f of %g", i, j, v, want[j], d/size, size)
					}
				}
			}
		})
	}
}

// TestStaticPairs: no two neighbouring weights of one sign sum to more than what 255 times them fits into 16 bits.
func TestStaticPairs(t *testing.T) {
	const k, n = 200, 100
	g := newGraph(5)
	w := g.random(k*n, 1)
	for i := 0; i < len(w); i += 3 {
		w[i] = 7 // often two of the largest side by side
	}
	m := rows(g.random(4*k, 1), k, w, n, nil)
	r := MustCalibrate(t, m, [][]int64{upTo(4)})
	if _, err := quantize.Static(m, r, quantize.StaticOptions{Outliers: math.Inf(1)}); err != nil {
		t.Fatal(err)
	}
	q := m.Graph.Initializer("w.i8").Raw
	for i := 0; i < k; i += 2 {
		for c := range n {
			a, b := int(int8(q[i*n+c])), int(int8(q[(i+1)*n+c]))
			if up, down := max(a, 0)+max(b, 0), max(-a, 0)+max(-b, 0); up > 128 || down > 128 {
				t.Fatalf("rows %d and %d of column %d are %d and %d", i, i+1, c, a, b)
			}
		}
	}
}

// TestStaticOutliers: dividing a huge channel gives the others their bits back.
func TestStaticOutliers(t *testing.T) {
	const k, n, count = 128, 128, 60
	g := newGraph(6)
	w, table := g.random(k*n, 0.1), g.random(k*count, 1)
	for i := range count {
		table[i*k+9] *= 100
	}
	for i := range n {
		w[9*n+i] /= 100 // so that the channel is worth no more than others
	}
	plain := rows(table, k, w, n, nil)
	want := MustRun(t, MustSession(t, plain), 0, upTo(count))[0].Data
	errs := map[float64]float64{}
	for _, outliers := range []float64{2, math.Inf(1)} {
		m := MustClone(t, plain)
		report, err := quantize.Static(m, MustCalibrate(t, plain, [][]int64{upTo(count)}), quantize.StaticOptions{Outliers: outliers})
		if err != nil {
			t.Fatal(err)
		}
		if divided := m.Graph.Initializer("x.inverse") != nil; divided != (outliers == 2) || divided != (report.Divided == 1) {
			t.Errorf("outliers %g: divided is %v, report %+v", outliers, divided, report)
		}
		errs[outliers] = noise(MustRun(t, MustSession(t, m), 0, upTo(count))[0].Data, want)
	}
	if errs[2] > 0.02 || errs[math.Inf(1)] < 10*errs[2] {
		t.Errorf("noise %v", errs)
	}
}

// TestStaticMeans: sampled rows take out of the bias what rounding adds to a mean.
func TestStaticMeans(t *testing.T) {
	const k, n, count = 128, 128, 200
	g := newGraph(8)
	table := g.random(k*count, 0.01)
	for i := range table {
		table[i] += 0.3 // values lie close together: they all round the same way
	}
	table[5] = 40
	plain := rows(table, k, g.random(k*n, 0.1), n, nil)
	want := MustRun(t, MustSession(t, plain), 0, upTo(count))[0].Data
	r := MustCalibrate(t, plain, [][]int64{upTo(count)})
	var errs []float64
	for range 2 {
		m := MustClone(t, plain)
		if _, err := quantize.Static(m, r, quantize.StaticOptions{Outliers: math.Inf(1)}); err != nil {
			t.Fatal(err)
		}
		means := make([]float64, n)
		for i, v := range MustRun(t, MustSession(t, m), 0, upTo(count))[0].Data {
			means[i%n] += float64(v-want[i]) / count
		}
		worst := 0.0
		for _, d := range means {
			worst = max(worst, math.Abs(d))
		}
		errs = append(errs, worst)
		r["x"].Rows = nil
	}
	if errs[0] > 1e-4 || errs[1] < 100*errs[0] {
		t.Errorf("a mean is off by %g when corrected, %g when not", errs[0], errs[1])
	}
}

// TestStaticGraph: what is shared stays shared, what is kept stays, weights lie in the file once, in a byte each.
func TestStaticGraph(t *testing.T) {
	plain := MustWritten(t)
	m := MustClone(t, plain)
	r := MustCalibrate(t, m, randomTexts(1, 40))
	report, err := quantize.Static(m, r, quantize.StaticOptions{Keep: []string{"layer1.up.weight"}})
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, n := range m.Graph.Nodes {
		count[n.Op]++
	}
	// A layer has 6 matrices and reads 4 inputs; 4 products of attention are left. The means of Gelu are not huge.
	if count["MatMulIntegerToFloat"] != 11 || count["QuantizeLinear"] != 7 || count["MatMul"] != 5 || count["Mul"] != 2+1+report.Divided {
		t.Errorf("nodes %v, report %+v", count, report)
	}
	weights := 2 * (4*width*width + 4*width*width)
	kept := 2 * width * width
	if report.Matrices != 11 || report.Before != 4*(weights-kept) || report.After > report.Before/4+4*11*2*width || report.MaxError > 0.5/63 || report.MeanError <= 0 {
		t.Errorf("report %+v", report)
	}
	others := 4*(vocab*width) + 4*kept + 4*64*width
	if size := len(onnx.Marshal(m)); size > weights-kept+others {
		t.Errorf("%d bytes for %d weights and %d bytes of other things", size, weights-kept, others)
	}
	for _, name := range []string{"layer0.up.weight", "layer0.up.bias"} {
		if m.Graph.Initializer(name) != nil {
			t.Errorf("%s is still stored", name)
		}
	}
	if m.Graph.Initializer("layer1.up.weight") == nil || plain.Graph.Initializer("layer0.up.weight") == nil {
		t.Error("what is kept, or the original, is gone")
	}
}

// TestStaticShared: a matrix that two products read is stored for each of them.
func TestStaticShared(t *testing.T) {
	g := newGraph(9)
	g.floats("w", g.random(width*width, 0.1), width, width)
	x := g.node("Gather", "x", g.floats("table", g.random(8*width, 1), 8, width), spec.IDs)
	y := g.node("MatMul", "y", g.node("Tanh", "t", g.node("MatMul", "a", x, "w")), "w")
	plain := g.model(y, width)
	m := MustClone(t, plain)
	if _, err := quantize.Static(m, MustCalibrate(t, m, [][]int64{upTo(8)}), quantize.StaticOptions{}); err != nil {
		t.Fatal(err)
	}
	want, got := MustRun(t, MustSession(t, plain), 0, upTo(8))[0].Data, MustRun(t, MustSession(t, m), 0, upTo(8))[0].Data
	if d := noise(got, want); d > 0.03 {
		t.Errorf("noise %.3f", d)
	}
}

func TestStaticErrors(t *testing.T) {
	plain := MustWritten(t)
	good := MustCalibrate(t, plain, randomTexts(1, 10))
	with := func(name string, r *quantize.Range) quantize.Ranges {
		c := quantize.Ranges{}
		for k, v := range good {
			c[k] = v
		}
		c[name] = r
		return c
	}
	bad := func(change func(g *onnx.Graph)) *onnx.Model {
		m := MustClone(t, plain)
		change(m.Graph)
		return m
	}
	wide := &quantize.Range{Low: make([]float32, 7), High: make([]float32, 7)}
	flipped := &quantize.Range{Low: slices.Repeat([]float32{1}, width), High: make([]float32, width)}
	stored := MustClone(t, plain)
	if _, err := quantize.Weights(stored.Graph); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, want string
		m          *onnx.Model
		r          quantize.Ranges
		o          quantize.StaticOptions
	}{
		{"ErrKeep", `"layer0.upp.weight" is to be kept`, plain, good, quantize.StaticOptions{Keep: []string{"layer0.up.weight", "layer0.upp.weight"}}},
		{"ErrOutliers", "outliers NaN: want 1 or more", plain, good, quantize.StaticOptions{Outliers: math.NaN()}},
		{"ErrNoRange", `node "layer0.up.product": its input "layer0.attended" was not calibrated`, plain, with("layer0.attended", nil), quantize.StaticOptions{}},
		{"ErrWidth", `"layer0.attended": range of 7 and 7 channels`, plain, with("layer0.attended", wide), quantize.StaticOptions{}},
		{"ErrRange", "channel 0 ranges from 1 to 0", plain, with("layer0.attended", flipped), quantize.StaticOptions{}},
		{"ErrPattern", "Gemm and other forms are not known", bad(func(g *onnx.Graph) {
			for _, n := range g.Nodes {
				if n.Op == "MatMul" {
					n.Op = "Gemm"
				}
			}
		}), good, quantize.StaticOptions{}},
		{"ErrTwice", "stored as int8 already", stored, good, quantize.StaticOptions{}},
		{"ErrNaN", `node "layer1.dense.product": "layer1.dense.weight": weight 5 is NaN`, bad(func(g *onnx.Graph) {
			w := g.Initializer("layer1.dense.weight").Floats()
			w[5] = float32(math.NaN())
			*g.Initializer("layer1.dense.weight") = *onnx.NewFloats("layer1.dense.weight", w, width, width)
		}), good, quantize.StaticOptions{}},
		{"ErrName", `a constant "layer1.gelu.zero" already`, bad(func(g *onnx.Graph) {
			g.Initializers = append(g.Initializers, onnx.NewFloats("layer1.gelu.zero", []float32{1}))
		}), good, quantize.StaticOptions{}},
		{"ErrDamaged", "the file is damaged", bad(func(g *onnx.Graph) {
			w := g.Initializer("layer0.up.weight")
			w.Raw = w.Raw[:len(w.Raw)-8]
		}), good, quantize.StaticOptions{}},
	} {
		before := onnx.Marshal(tt.m)
		if _, err := quantize.Static(tt.m, tt.r, tt.o); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
		if string(before) != string(onnx.Marshal(tt.m)) {
			t.Errorf("%s: the model was changed", tt.name)
		}
	}
}

// TestExpandStatic: what Static made int8 becomes float again, with divided channels put right, and computes nearly what the first graph did.
func TestExpandStatic(t *testing.T) {
	m := MustWritten(t)
	want := weightsOf(m)
	texts := [][]int64{upTo(20), upTo(40)}
	before := MustRun(t, MustSession(t, m), width, texts[0])[0]
	if _, err := quantize.Static(m, MustCalibrate(t, m, texts), quantize.StaticOptions{}); err != nil {
		t.Fatal(err)
	}
	steps := map[string][]float32{}
	for name := range want {
		if s := m.Graph.Initializer(name + ".i8.scale"); s != nil {
			steps[name] = slices.Clone(s.Floats())
		}
	}
	if err := quantize.Expand(m.Graph); err != nil {
		t.Fatal(err)
	}
	for _, n := range m.Graph.Nodes {
		if n.Domain == "com.microsoft" || n.Op == "QuantizeLinear" {
			t.Errorf("node %s %s is left", n.Op, n.Name)
		}
	}
	for name, w := range want {
		got := m.Graph.Initializer(name)
		if got == nil {
			t.Errorf("no matrix %s", name)
			continue
		}
		if len(steps[name]) == 0 {
			t.Fatalf("%s was not made int8", name)
		}
		for i, v := range got.Floats() {
			if step := float64(steps[name][i%len(steps[name])]); math.Abs(float64(v-w[i])) > 0.51*step {
				t.Fatalf("%s %d: %g, was %g", name, i, v, w[i])
			}
		}
	}
	if c := cosine(before.Data, MustRun(t, MustSession(t, m), width, texts[0])[0].Data); c < 0.99 {
		t.Errorf("cosine %g to what the float graph says", c)
	}
}

// weightsOf are the matrices of a graph's products.
func weightsOf(m *onnx.Model) map[string][]float32 {
	out := map[string][]float32{}
	for _, n := range m.Graph.Nodes {
		if n.Op == "MatMul" {
			if w := m.Graph.Initializer(n.Inputs[1]); w != nil {
				out[w.Name] = slices.Clone(w.Floats())
			}
		}
	}
	return out
}
