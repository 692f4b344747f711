package quantize

import (
	"math"
	"slices"

	"yingda/models/onnx"
)

// rounded is the uint8 form of an activation: value ≈ (q − zero) · scale · divisor of its channel.
type rounded struct {
	name    string // of the float value
	scale   float32
	zero    uint8
	divisor []float32 // nil when every channel is 1
}

// newRounded chooses the form for values of a range. The whole range is kept: values at its ends come with the first and the last
// token of every text, and cutting them off costs more than the finer steps bring.
func newRounded(name string, r *Range, outliers float64) *rounded {
	x := &rounded{name: name, divisor: divisors(r, outliers)}
	var low, high float64 // 0 must be on the grid
	for k := range r.Low {
		d := float64(x.at(k))
		low, high = min(low, float64(r.Low[k])/d), max(high, float64(r.High[k])/d)
	}
	if x.scale = float32((high - low) / 255); x.scale < math.SmallestNonzeroFloat32*(1<<24) { // nothing was seen but 0
		x.scale = 1
	}
	x.zero = uint8(max(0, min(255, math.RoundToEven(-low/float64(x.scale)))))
	return x
}

// divisors brings channels that stand out down to a multiple of the median one, or returns nil when none stands out twice as far.
func divisors(r *Range, outliers float64) []float32 {
	peak := make([]float64, len(r.Low))
	for k := range peak {
		peak[k] = max(-float64(r.Low[k]), float64(r.High[k]))
	}
	sorted := slices.Sorted(slices.Values(peak))
	limit := outliers * sorted[len(sorted)/2]
	if limit == 0 || sorted[len(sorted)-1] <= 2*limit {
		return nil
	}
	d := make([]float32, len(peak))
	for k := range d {
		d[k] = float32(max(1, peak[k]/limit))
	}
	return d
}

// at is the divisor of channel k.
func (x *rounded) at(k int) float32 {
	if x.divisor == nil {
		return 1
	}
	return x.divisor[k]
}

// step rounds a value of channel k as the runtime does, and returns what the rounding stands for, the divisor left aside.
func (x *rounded) step(v float32, k int) float64 {
	if x.divisor != nil {
		v *= 1 / x.divisor[k]
	}
	q := math.RoundToEven(float64(v/x.scale)) + float64(x.zero)
	return (max(0, min(255, q)) - float64(x.zero)) * float64(x.scale)
}

// shift returns how much too small the product of sampled rows comes out on average, a column: what a bias must add. w are the
// weights with the divisors in them, c their rounded form.
func (x *rounded) shift(rows, w []float32, c *columns) []float32 {
	bias := make([]float32, c.cols)
	n := len(rows) / c.rows
	if n == 0 {
		return bias
	}
	exact, got := make([]float64, c.rows), make([]float64, c.rows)
	for i, v := range rows {
		k := i % c.rows
		exact[k] += float64(v) / float64(x.at(k)) / float64(n)
		got[k] += x.step(v, k) / float64(n)
	}
	sum := make([]float64, c.cols)
	for k := range c.rows {
		for col := range sum {
			sum[col] += exact[k]*float64(w[k*c.cols+col]) - got[k]*c.float(k, col)
		}
	}
	for col, v := range sum {
		bias[col] = float32(v)
	}
	return bias
}

// u8 is the name of the rounded value.
func (x *rounded) u8() string { return x.name + ".u8" }

func (x *rounded) tensors() []*onnx.Tensor {
	ts := []*onnx.Tensor{onnx.NewFloats(x.name+".scale", []float32{x.scale}), {Name: x.name + ".zero", Type: onnx.Uint8, Raw: []byte{x.zero}}}
	if x.divisor != nil {
		inverse := make([]float32, len(x.divisor))
		for k, d := range x.divisor {
			inverse[k] = 1 / d
		}
		ts = append(ts, onnx.NewFloats(x.name+".inverse", inverse, int64(len(inverse))))
	}
	return ts
}

// nodes round the value.
func (x *rounded) nodes() []*onnx.Node {
	from := x.name
	var nodes []*onnx.Node
	if x.divisor != nil {
		from = x.name + ".even"
		nodes = append(nodes, &onnx.Node{Op: "Mul", Name: from, Inputs: []string{x.name, x.name + ".inverse"}, Outputs: []string{from}})
	}
	return append(nodes, &onnx.Node{Op: "QuantizeLinear", Name: x.u8(), Inputs: []string{from, x.name + ".scale", x.name + ".zero"}, Outputs: []string{x.u8()}})
}
