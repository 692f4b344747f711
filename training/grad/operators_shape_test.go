package grad_test

import (
	"math"
	"slices"

	"yingda/models/onnx"
)

func addShapes(operators map[string]reference) {
	for _, name := range []string{"NonZero", "TopK"} { // their values are not asked for
		operators[name] = func(*onnx.Node, []*tensor) []*tensor { return nil }
	}
	for name, f := range map[string]func(n *onnx.Node, in []*tensor) *tensor{
		"MatMul": func(_ *onnx.Node, in []*tensor) *tensor { return product(in[0], in[1]) }, "Gemm": gemm,
		"Transpose": transpose, "Reshape": reshape, "Squeeze": squeeze, "Unsqueeze": unsqueeze, "Flatten": flatten, "Expand": expand,
		"Tile": tile, "Concat": concat, "Slice": slice, "Pad": pad, "Gather": gather, "GatherElements": gatherElements, "Trilu": trilu, "CumSum": cumSum,
		"LayerNormalization": func(n *onnx.Node, in []*tensor) *tensor { return layerNorm(n, in[0], in[1], third(in)) },
		"BiasGelu":           biasGelu,
		"Clip":               clip,
		"FastGelu":           biasGelu,
		"Constant": func(n *onnx.Node, _ []*tensor) *tensor {
			if a := n.Attr("value_ints"); a != nil {
				return list(a.Ints...)
			}
			return constant(n.Attr("value").T)
		},
		"Shape": func(_ *onnx.Node, in []*tensor) *tensor { return list(in[0].dims...) },
		"ConstantOfShape": func(_ *onnx.Node, in []*tensor) *tensor {
			return build(in[0].ints(), func([]int64) float64 { return 0 })
		},
	} {
		operators[name] = func(n *onnx.Node, in []*tensor) []*tensor { return []*tensor{f(n, in)} }
	}
}

func clip(_ *onnx.Node, in []*tensor) *tensor {
	lo, hi := math.Inf(-1), math.Inf(1)
	if len(in) > 1 && in[1] != nil {
		lo = in[1].data[0]
	}
	if t := third(in); t != nil {
		hi = t.data[0]
	}
	return elementwise(func(v []float64) float64 { return min(max(v[0], lo), hi) }, in[0])
}

func third(in []*tensor) *tensor {
	if len(in) > 2 {
		return in[2]
	}
	return nil
}

func add(x, y *tensor) *tensor {
	return elementwise(func(v []float64) float64 { return v[0] + v[1] }, x, y)
}

// product is numpy.matmul of values with two axes or more.
func product(x, y *tensor) *tensor {
	rx, ry := len(x.dims), len(y.dims)
	dims := append(broadcast(x.dims[:rx-2], y.dims[:ry-2]), x.dims[rx-2], y.dims[ry-1])
	last := len(dims) - 1
	return build(dims, func(at []int64) float64 {
		s := 0.0
		for k := range x.dims[rx-1] {
			ax, ay := slices.Clone(at), slices.Clone(at)
			ax[last], ay[last-1] = k, k
			s += x.at(ax) * y.at(ay)
		}
		return s
	})
}

func swapped(x *tensor, swap bool) *tensor {
	if !swap {
		return x
	}
	return build([]int64{x.dims[1], x.dims[0]}, func(at []int64) float64 { return x.at([]int64{at[1], at[0]}) })
}

func gemm(n *onnx.Node, in []*tensor) *tensor {
	y := product(swapped(in[0], integer(n, "transA", 0) == 1), swapped(in[1], integer(n, "transB", 0) == 1))
	alpha, beta := real(n, "alpha", 1), real(n, "beta", 1)
	if c := third(in); c != nil {
		return elementwise(func(v []float64) float64 { return alpha*v[0] + beta*v[1] }, y, c)
	}
	return elementwise(func(v []float64) float64 { return alpha * v[0] }, y)
}

func transpose(n *onnx.Node, in []*tensor) *tensor {
	x := in[0]
	perm := make([]int64, len(x.dims))
	for i := range perm {
		perm[i] = int64(len(perm) - 1 - i)
	}
	if a := n.Attr("perm"); a != nil {
		perm = a.Ints
	}
	dims := make([]int64, len(perm))
	for i, p := range perm {
		dims[i] = x.dims[p]
	}
	return build(dims, func(at []int64) float64 {
		from := make([]int64, len(at))
		for i, p := range perm {
			from[p] = at[i]
		}
		return x.at(from)
	})
}

func reshape(n *onnx.Node, in []*tensor) *tensor {
	dims, rest := in[1].ints(), int64(len(in[0].data))
	for i, d := range dims {
		if d == 0 {
			dims[i] = in[0].dims[i]
		}
		if d != -1 {
			rest /= dims[i]
		}
	}
	if i := slices.Index(dims, -1); i >= 0 {
		dims[i] = rest
	}
	return &tensor{dims: dims, data: in[0].data}
}

func squeeze(n *onnx.Node, in []*tensor) *tensor {
	axes := axesOf(n, in)
	var dims []int64
	for i, d := range in[0].dims {
		named := slices.ContainsFunc(axes, func(a int64) bool { return front(a, len(in[0].dims)) == int64(i) })
		if !named && (len(axes) > 0 || d != 1) {
			dims = append(dims, d)
		}
	}
	return &tensor{dims: dims, data: in[0].data}
}

func unsqueeze(n *onnx.Node, in []*tensor) *tensor {
	axes := axesOf(n, in)
	dims := make([]int64, len(in[0].dims)+len(axes))
	for _, a := range axes {
		dims[front(a, len(dims))] = 1
	}
	rest := in[0].dims
	for i := range dims {
		if dims[i] == 0 {
			dims[i], rest = rest[0], rest[1:]
		}
	}
	return &tensor{dims: dims, data: in[0].data}
}

func flatten(n *onnx.Node, in []*tensor) *tensor {
	axis := front(integer(n, "axis", 1), len(in[0].dims))
	return &tensor{dims: []int64{count(in[0].dims[:axis]), count(in[0].dims[axis:])}, data: in[0].data}
}

func expand(_ *onnx.Node, in []*tensor) *tensor {
	return build(broadcast(in[0].dims, in[1].ints()), in[0].at)
}

func tile(_ *onnx.Node, in []*tensor) *tensor {
	dims := slices.Clone(in[0].dims)
	for i, r := range in[1].ints() {
		dims[i] *= r
	}
	return build(dims, func(at []int64) float64 {
		from := slices.Clone(at)
		for i := range from {
			from[i] %= in[0].dims[i]
		}
		return in[0].at(from)
	})
}

func concat(n *onnx.Node, in []*tensor) *tensor {
	axis := front(integer(n, "axis", 0), len(in[0].dims))
	dims := slices.Clone(in[0].dims)
	for _, t := range in[1:] {
		dims[axis] += t.dims[axis]
	}
	return build(dims, func(at []int64) float64 {
		from := slices.Clone(at)
		for _, t := range in {
			if from[axis] < t.dims[axis] {
				return t.at(from)
			}
			from[axis] -= t.dims[axis]
		}
		panic("beyond the end")
	})
}

func split(n *onnx.Node, in []*tensor) []*tensor {
	x := in[0]
	axis := front(integer(n, "axis", 0), len(x.dims))
	sizes := slices.Repeat([]int64{x.dims[axis] / int64(len(n.Outputs))}, len(n.Outputs))
	if a := n.Attr("split"); a != nil {
		sizes = a.Ints
	} else if len(in) > 1 {
		sizes = in[1].ints()
	}
	var out []*tensor
	start := int64(0)
	for _, size := range sizes {
		dims := slices.Clone(x.dims)
		dims[axis] = size
		out = append(out, build(dims, func(at []int64) float64 {
			from := slices.Clone(at)
			from[axis] += start
			return x.at(from)
		}))
		start += size
	}
	return out
}

func slice(_ *onnx.Node, in []*tensor) *tensor {
	x := in[0]
	dims, begin := slices.Clone(x.dims), make([]int64, len(x.dims))
	for i, s := range in[1].ints() {
		a := int64(i)
		if len(in) > 3 && in[3] != nil {
			a = front(in[3].ints()[i], len(dims))
		}
		clamp := func(v int64) int64 {
			if v < 0 {
				v += x.dims[a]
			}
			return min(max(v, 0), x.dims[a])
		}
		begin[a] = clamp(s)
		dims[a] = max(clamp(in[2].ints()[i])-begin[a], 0)
	}
	return build(dims, func(at []int64) float64 {
		from := slices.Clone(at)
		for i := range from {
			from[i] += begin[i]
		}
		return x.at(from)
	})
}

func pad(_ *onnx.Node, in []*tensor) *tensor {
	x, pads := in[0], in[1].ints()
	var axes []int64
	for i := range len(pads) / 2 {
		axes = append(axes, int64(i))
	}
	if len(in) > 3 && in[3] != nil {
		axes = in[3].ints()
	}
	dims, begin := slices.Clone(x.dims), make([]int64, len(x.dims))
	for i, a := range axes {
		a = front(a, len(dims))
		begin[a] = pads[i]
		dims[a] += pads[i] + pads[len(axes)+i]
	}
	value := 0.0
	if c := third(in); c != nil {
		value = c.data[0]
	}
	return build(dims, func(at []int64) float64 {
		from := slices.Clone(at)
		for i := range from {
			if from[i] -= begin[i]; from[i] < 0 || from[i] >= x.dims[i] {
				return value
			}
		}
		return x.at(from)
	})
}

func gather(n *onnx.Node, in []*tensor) *tensor {
	x, index := in[0], in[1]
	axis := front(integer(n, "axis", 0), len(x.dims))
	ri := int64(len(index.dims))
	return build(slices.Concat(x.dims[:axis], index.dims, x.dims[axis+1:]), func(at []int64) float64 {
		i := front(int64(index.at(at[axis:axis+ri])), int(x.dims[axis]))
		return x.at(slices.Concat(at[:axis], []int64{i}, at[axis+ri:]))
	})
}

func gatherElements(n *onnx.Node, in []*tensor) *tensor {
	axis := front(integer(n, "axis", 0), len(in[0].dims))
	return build(in[1].dims, func(at []int64) float64 {
		from := slices.Clone(at)
		from[axis] = front(int64(in[1].at(at)), int(in[0].dims[axis]))
		return in[0].at(from)
	})
}

func trilu(n *onnx.Node, in []*tensor) *tensor {
	k := int64(0)
	if len(in) > 1 && in[1] != nil {
		k = in[1].ints()[0]
	}
	return build(in[0].dims, func(at []int64) float64 {
		d := at[len(at)-1] - at[len(at)-2]
		if integer(n, "upper", 1) == 1 && d < k || integer(n, "upper", 1) == 0 && d > k {
			return 0
		}
		return in[0].at(at)
	})
}

func cumSum(n *onnx.Node, in []*tensor) *tensor {
	return along(in[0], in[1].ints()[0], func(v []float64) []float64 {
		turn := func(v []float64) []float64 {
			if integer(n, "reverse", 0) == 1 {
				v = slices.Clone(v)
				slices.Reverse(v)
			}
			return v
		}
		out, s := make([]float64, len(v)), 0.0
		for i, x := range turn(v) {
			out[i], s = s, s+x
			if integer(n, "exclusive", 0) == 0 {
				out[i] = s
			}
		}
		return turn(out)
	})
}

// layerNorm is over the axes from axis on.
func layerNorm(n *onnx.Node, x, gamma, beta *tensor) *tensor {
	axis := front(integer(n, "axis", -1), len(x.dims))
	rows := &tensor{dims: []int64{count(x.dims[:axis]), count(x.dims[axis:])}, data: x.data}
	y := along(rows, 1, func(v []float64) []float64 {
		d := shifted(v, -mean(v))
		return scaled(d, 1/math.Sqrt(norm(d, 2)*norm(d, 2)/float64(len(v))+real(n, "epsilon", 1e-5)))
	})
	y = &tensor{dims: x.dims, data: y.data}
	y = elementwise(func(v []float64) float64 { return v[0] * v[1] }, y, gamma)
	if beta != nil {
		y = add(y, beta)
	}
	return y
}

// skipLayerNorm has x, skip, gamma, beta, bias as inputs and the sum as fourth output.
func skipLayerNorm(n *onnx.Node, in []*tensor) []*tensor {
	x := add(in[0], in[1])
	if len(in) > 4 && in[4] != nil {
		x = add(x, in[4])
	}
	var beta *tensor
	if len(in) > 3 {
		beta = in[3]
	}
	c := *n
	c.Attrs = append(slices.Clone(n.Attrs), onnx.IntAttr("axis", -1))
	return []*tensor{layerNorm(&c, x, in[2], beta), nil, nil, x}
}

func biasGelu(n *onnx.Node, in []*tensor) *tensor {
	x := in[0]
	if len(in) > 1 && in[1] != nil {
		x = add(x, in[1])
	}
	return elementwise(func(v []float64) float64 { return gelu(n, v[0]) }, x)
}
