package grad_test

import (
	"math"
	"slices"

	"yingda/models/onnx"
)

// operators is the table of the forward operators.
var operators = func() map[string]reference {
	all := map[string]reference{"Split": split, "SkipLayerNormalization": skipLayerNorm}
	addElementwise(all)
	addUnary(all)
	addReductions(all)
	addShapes(all)
	return all
}()

func addElementwise(operators map[string]reference) {
	for name, f := range map[string]func(v []float64) float64{
		"Add": func(v []float64) float64 { return v[0] + v[1] },
		"Sub": func(v []float64) float64 { return v[0] - v[1] },
		"Mul": func(v []float64) float64 { return v[0] * v[1] },
		"Div": func(v []float64) float64 { return v[0] / v[1] },
		"Pow": func(v []float64) float64 { return math.Pow(v[0], v[1]) },
		"Where": func(v []float64) float64 {
			if v[0] != 0 {
				return v[1]
			}
			return v[2]
		},
		"Sum":  sum,
		"Mean": mean,
		"Max":  func(v []float64) float64 { return slices.Max(v) },
		"Min":  func(v []float64) float64 { return slices.Min(v) },
		"Greater": func(v []float64) float64 {
			if v[0] > v[1] {
				return 1
			}
			return 0
		},
	} {
		operators[name] = func(_ *onnx.Node, in []*tensor) []*tensor { return []*tensor{elementwise(f, in...)} }
	}
}

func addUnary(operators map[string]reference) {
	for name, f := range map[string]func(n *onnx.Node, x float64) float64{
		"Identity":   func(_ *onnx.Node, x float64) float64 { return x },
		"Neg":        func(_ *onnx.Node, x float64) float64 { return -x },
		"Exp":        func(_ *onnx.Node, x float64) float64 { return math.Exp(x) },
		"Log":        func(_ *onnx.Node, x float64) float64 { return math.Log(x) },
		"Sin":        func(_ *onnx.Node, x float64) float64 { return math.Sin(x) },
		"Cos":        func(_ *onnx.Node, x float64) float64 { return math.Cos(x) },
		"Sqrt":       func(_ *onnx.Node, x float64) float64 { return math.Sqrt(x) },
		"Reciprocal": func(_ *onnx.Node, x float64) float64 { return 1 / x },
		"Abs":        func(_ *onnx.Node, x float64) float64 { return math.Abs(x) },
		"Tanh":       func(_ *onnx.Node, x float64) float64 { return math.Tanh(x) },
		"Sigmoid":    func(_ *onnx.Node, x float64) float64 { return sigmoid(x) },
		"Softplus":   func(_ *onnx.Node, x float64) float64 { return math.Log1p(math.Exp(x)) },
		"Relu":       func(_ *onnx.Node, x float64) float64 { return max(x, 0) },
		"Erf":        func(_ *onnx.Node, x float64) float64 { return math.Erf(x) },
		"Floor":      func(_ *onnx.Node, x float64) float64 { return math.Floor(x) },
		"LeakyRelu":  func(n *onnx.Node, x float64) float64 { return max(x, 0) + min(x, 0)*real(n, "alpha", 0.01) },
		"Elu":        func(n *onnx.Node, x float64) float64 { return max(x, 0) + real(n, "alpha", 1)*math.Expm1(min(x, 0)) },
		"Gelu":       gelu,
		"QuickGelu":  func(n *onnx.Node, x float64) float64 { return x * sigmoid(x*real(n, "alpha", 1.702)) },
		"Cast": func(n *onnx.Node, x float64) float64 {
			if n.Attr("to").I == int64(onnx.Int64) {
				return math.Trunc(x)
			}
			return x
		},
		"Dropout": func(_ *onnx.Node, x float64) float64 { return x },
	} {
		operators[name] = func(n *onnx.Node, in []*tensor) []*tensor {
			return []*tensor{elementwise(func(v []float64) float64 { return f(n, v[0]) }, in[0])}
		}
	}
}

// addReductions adds those of whole axes, and those along one.
func addReductions(operators map[string]reference) {
	for name, f := range map[string]func(v []float64) float64{
		"ReduceSum": sum, "ReduceMean": mean,
		"ReduceSumSquare": func(v []float64) float64 { return norm(v, 2) * norm(v, 2) },
		"ReduceL1":        func(v []float64) float64 { return norm(v, 1) },
		"ReduceL2":        func(v []float64) float64 { return norm(v, 2) },
		"ReduceLogSumExp": func(v []float64) float64 { return math.Log(sum(exps(v))) },
	} {
		operators[name] = func(n *onnx.Node, in []*tensor) []*tensor {
			axes := axesOf(n, in)
			if len(axes) == 0 && integer(n, "noop_with_empty_axes", 0) == 1 {
				return in[:1]
			}
			return []*tensor{reduce(in[0], axes, integer(n, "keepdims", 1) == 1, f)}
		}
	}
	for name, f := range map[string]func(n *onnx.Node, v []float64) []float64{
		"Softmax":         func(_ *onnx.Node, v []float64) []float64 { return scaled(exps(v), 1/sum(exps(v))) },
		"LogSoftmax":      func(_ *onnx.Node, v []float64) []float64 { return shifted(v, -math.Log(sum(exps(v)))) },
		"LpNormalization": func(n *onnx.Node, v []float64) []float64 { return scaled(v, 1/norm(v, integer(n, "p", 2))) },
	} {
		operators[name] = func(n *onnx.Node, in []*tensor) []*tensor {
			return []*tensor{along(in[0], integer(n, "axis", -1), func(v []float64) []float64 { return f(n, v) })}
		}
	}
}

func sum(v []float64) float64 {
	s := 0.0
	for _, x := range v {
		s += x
	}
	return s
}

func mean(v []float64) float64 { return sum(v) / float64(len(v)) }

func norm(v []float64, p int64) float64 {
	s := 0.0
	for _, x := range v {
		s += math.Pow(math.Abs(x), float64(p))
	}
	return math.Pow(s, 1/float64(p))
}

func mapped(v []float64, f func(float64) float64) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = f(x)
	}
	return out
}

func exps(v []float64) []float64 { return mapped(v, math.Exp) }

func scaled(v []float64, by float64) []float64 {
	return mapped(v, func(x float64) float64 { return x * by })
}

func shifted(v []float64, by float64) []float64 {
	return mapped(v, func(x float64) float64 { return x + by })
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func gelu(n *onnx.Node, x float64) float64 {
	if a := n.Attr("approximate"); n.Op == "FastGelu" || a != nil && string(a.S) == "tanh" {
		return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
	}
	return x / 2 * (1 + math.Erf(x/math.Sqrt2))
}

func integer(n *onnx.Node, name string, missing int64) int64 {
	if a := n.Attr(name); a != nil {
		return a.I
	}
	return missing
}

func real(n *onnx.Node, name string, missing float64) float64 {
	if a := n.Attr(name); a != nil {
		return float64(a.F)
	}
	return missing
}

// axesOf reads the axes of a reduction from the attribute or the second input.
func axesOf(n *onnx.Node, in []*tensor) []int64 {
	if a := n.Attr("axes"); a != nil {
		return a.Ints
	}
	if len(in) > 1 && in[1] != nil {
		return in[1].ints()
	}
	return nil
}
