package grad_test

import (
	"math"
	"slices"

	"yingda/models/onnx"
)

var shapeCases = map[string]func(p *problem){
	"Transpose": func(p *problem) {
		rank := p.rank(4)
		var attrs []*onnx.Attr
		if p.s.IntN(3) > 0 {
			var perm []int64
			for _, i := range p.s.Perm(rank) {
				perm = append(perm, int64(i))
			}
			attrs = append(attrs, onnx.IntsAttr("perm", perm...))
		}
		p.end(p.node("Transpose", []string{p.param(p.sizes(rank), -1, 1)}, attrs...))
	},
	"Reshape": func(p *problem) {
		a, b := p.fixed(), p.fixed()
		x := p.param([]size{p.free(), a, b}, -1, 1)
		p.end(p.node("Reshape", []string{x, p.ints([][]int64{{-1}, {0, -1}, {0, 0, b.n, a.n / a.n}, {-1, a.n * b.n}, {b.n, -1, a.n}}[p.s.IntN(5)]...)}))
	},
	"Squeeze": func(p *problem) {
		one, rest := size{n: 1}, p.sizes(2)
		axes := [][]int64{{0}, {-2}, {0, 2}, {-2, 0}}[p.s.IntN(4)]
		p.end(p.node("Squeeze", []string{p.param([]size{one, rest[0], one, rest[1]}, -1, 1), p.ints(axes...)}))
	},
	"Unsqueeze": func(p *problem) {
		axes := [][]int64{{0}, {-1}, {1, 2}, {-1, 0}, {3, 0}}[p.s.IntN(5)]
		p.end(p.node("Unsqueeze", []string{p.param(p.sizes(2), -1, 1), p.ints(axes...)}))
	},
	"Flatten": func(p *problem) {
		p.end(p.node("Flatten", []string{p.param(p.sizes(3), -1, 1)}, onnx.IntAttr("axis", p.s.Int64N(6)-3)))
	},
	"Expand": func(p *problem) {
		shape := p.sizes(p.rank(3))
		var to []int64
		for i := range shape {
			shape[i].free = false
			shape[i].n = 2 + p.s.Int64N(3)
			to = append(to, shape[i].n)
		}
		p.end(p.node("Expand", []string{p.param(p.shrunk(shape), -1, 1), p.ints(to...)}))
	},
	"Tile": func(p *problem) {
		rank := p.rank(3)
		var repeats []int64
		for range rank {
			repeats = append(repeats, 1+p.s.Int64N(3))
		}
		p.end(p.node("Tile", []string{p.param(p.sizes(rank), -1, 1), p.ints(repeats...)}))
	},
	"Concat": func(p *problem) {
		shape := p.sizes(p.rank(3))
		axis := p.s.IntN(len(shape))
		var inputs []string
		for range 1 + p.s.IntN(3) {
			part := slices.Clone(shape)
			part[axis] = p.sizes(1)[0]
			if p.s.IntN(4) == 0 && len(inputs) > 0 {
				inputs = append(inputs, inputs[0])
			} else if p.s.IntN(4) == 0 && len(inputs) > 0 {
				inputs = append(inputs, p.data(part, func() float64 { return 1 })) // no gradient wanted
			} else {
				inputs = append(inputs, p.param(part, -1, 1))
			}
		}
		p.end(p.node("Concat", inputs, onnx.IntAttr("axis", int64(axis-p.s.IntN(2)*len(shape)))))
	},
	"Split": func(p *problem) {
		shape := p.sizes(p.rank(3))
		axis := p.s.IntN(len(shape))
		at := onnx.IntAttr("axis", int64(axis-p.s.IntN(2)*len(shape)))
		var parts []string
		if p.opset < 18 && p.s.IntN(3) == 0 { // equal parts
			shape[axis] = size{n: 4}
			parts = p.nodes("Split", 2, []string{p.param(shape, -1, 1)}, at)
		} else {
			sizes := []int64{1 + p.s.Int64N(3), 1 + p.s.Int64N(3), 1}
			shape[axis] = size{n: sizes[0] + sizes[1] + 1}
			parts = p.nodes("Split", 3, []string{p.param(shape, -1, 1), p.ints(sizes...)}, at)
		}
		p.end(parts[0])
		if p.s.IntN(2) == 0 {
			p.end(p.node("Neg", parts[1:2]))
		}
	},
	"Slice":  sliceCase,
	"Pad":    padCase,
	"Gather": gatherCase,
	"GatherElements": func(p *problem) {
		shape := p.sizes(p.rank(3))
		axis := p.s.IntN(len(shape))
		shape[axis] = p.fixed()
		index := slices.Clone(shape)
		index[axis] = p.free()
		x := p.param(shape, -1, 1)
		p.end(p.node("GatherElements", []string{x, p.index(index, shape[axis].n)}, onnx.IntAttr("axis", int64(axis-p.s.IntN(2)*len(shape)))))
	},
	"Trilu": func(p *problem) {
		inputs := []string{p.param(append(p.sizes(p.s.IntN(2)), p.free(), p.free()), -1, 1)}
		if p.s.IntN(2) == 0 {
			inputs = append(inputs, p.node("Squeeze", []string{p.ints(p.s.Int64N(3) - 1)}))
		}
		p.end(p.node("Trilu", inputs, onnx.IntAttr("upper", p.s.Int64N(2))))
	},
	"CumSum": func(p *problem) {
		rank := p.rank(3)
		axis := p.node("Squeeze", []string{p.ints(p.s.Int64N(int64(2*rank)) - int64(rank))})
		p.end(p.node("CumSum", []string{p.param(p.sizes(rank), -1, 1), axis}, onnx.IntAttr("exclusive", p.s.Int64N(2)), onnx.IntAttr("reverse", p.s.Int64N(2))))
	},

	"ReduceSum": reduction("ReduceSum"), "ReduceMean": reduction("ReduceMean"), "ReduceSumSquare": reduction("ReduceSumSquare"),
	"ReduceL1": reduction("ReduceL1"), "ReduceL2": reduction("ReduceL2"), "ReduceLogSumExp": reduction("ReduceLogSumExp"),
	"Softmax": axial("Softmax"), "LogSoftmax": axial("LogSoftmax"), "LpNormalization": axial("LpNormalization"),
	"LayerNormalization": layerNormCase,
	"com.microsoft.SkipLayerNormalization": func(p *problem) {
		shape := []size{p.free(), p.free(), {n: 5}}
		skip := shape
		if p.s.IntN(3) == 0 {
			skip = shape[1:]
		}
		row := shape[2:]
		inputs := []string{p.param(shape, -1, 1), p.param(skip, -1, 1), p.param(row, 0.5, 2)}
		if p.s.IntN(3) > 0 {
			inputs = append(inputs, p.param(row, -1, 1))
			if p.s.IntN(2) == 0 {
				inputs = append(inputs, p.param(row, -1, 1))
			}
		}
		outputs := 1 + 3*p.s.IntN(2)
		y := p.nodes("SkipLayerNormalization", outputs, inputs, onnx.FloatAttr("epsilon", 1e-5))
		p.end(y[0])
		if outputs == 4 {
			n := p.g.Nodes[len(p.g.Nodes)-1]
			n.Outputs[1], n.Outputs[2] = "", ""
			p.end(p.node("Tanh", []string{y[3]}))
		}
	},
}

// parts are starts and ends that leave something of four elements and more.
var parts = [][2]int64{{0, 3}, {2, 4}, {1, 1 << 31}, {-3, math.MaxInt64}, {-2, 1 << 31}, {-100, 3}, {1, -1}, {-3, -1}, {0, math.MaxInt64}}

// sliceCase: starts and ends from the front, from the end, open or beyond it, on several axes.
func sliceCase(p *problem) {
	rank := p.rank(3)
	var shape []size
	for range rank {
		shape = append(shape, []size{{n: 4}, {n: 4 + p.d.Int64N(3), free: true}}[p.s.IntN(2)])
	}
	axes := p.s.Perm(rank)[:1+p.s.IntN(rank)]
	var starts, ends, names, steps []int64
	for _, a := range axes {
		part := parts[p.s.IntN(len(parts))]
		starts, ends = append(starts, part[0]), append(ends, part[1])
		names = append(names, int64(a-p.s.IntN(2)*rank))
		steps = append(steps, 1)
	}
	constant := p.ints
	if p.s.IntN(4) == 0 {
		constant = p.int32s
	}
	inputs := []string{p.param(shape, -1, 1), constant(starts...), constant(ends...), constant(names...), constant(steps...)}
	switch p.s.IntN(4) {
	case 0:
		inputs = inputs[:4]
	case 1:
		inputs = inputs[:3]
	}
	if p.s.IntN(4) == 0 { // asked for while the graph runs, as exporters do with lengths
		inputs[1] = p.node("Add", []string{inputs[1], p.node("Sub", []string{inputs[1], inputs[1]})})
	}
	p.end(p.node("Slice", inputs))
}

func padCase(p *problem) {
	rank := p.rank(3)
	var shape []size
	var pads []int64
	for range rank {
		shape = append(shape, size{n: 3 + p.d.Int64N(2), free: true})
	}
	axes := rank
	inputs := []string{p.param(shape, -1, 1), "", p.node("Squeeze", []string{p.float(0.5)})}
	if p.opset >= 18 && p.s.IntN(2) == 0 {
		axes = 1
		inputs = append(inputs, p.ints(p.s.Int64N(int64(2*rank))-int64(rank)))
	} else if p.s.IntN(2) == 0 {
		inputs = inputs[:2]
	}
	for range 2 * axes {
		pads = append(pads, p.s.Int64N(4)-1) // -1 cuts off
	}
	inputs[1] = p.ints(pads...)
	p.end(p.node("Pad", inputs))
}

// gatherCase: tables small and large, of free and fixed size, and any axis.
func gatherCase(p *problem) {
	shape := p.sizes(p.rank(3))
	axis := p.s.IntN(len(shape))
	switch p.s.IntN(3) {
	case 0:
		shape, axis = []size{{n: 300}, p.fixed()}, 0
	case 1:
		shape, axis = []size{p.fixed(), p.free()}, 0
	}
	index := p.index(p.sizes(p.s.IntN(3)), shape[axis].n)
	if p.s.IntN(3) == 0 {
		index = p.node("Cast", []string{index}, onnx.IntAttr("to", int64(onnx.Int32)))
	}
	p.end(p.node("Gather", []string{p.param(shape, -1, 1), index}, onnx.IntAttr("axis", int64(axis-p.s.IntN(2)*len(shape)))))
}

// reduction: axes by attribute before operator set 18 (ReduceSum: 13), then by input; all when none is named.
func reduction(op string) func(p *problem) {
	return func(p *problem) {
		rank := p.rank(4)
		lo := -1.0
		if op == "ReduceL2" {
			lo = 0.3
		}
		inputs := []string{p.param(p.sizes(rank), lo, 1)}
		attrs := []*onnx.Attr{onnx.IntAttr("keepdims", p.s.Int64N(2))}
		var axes []int64
		for _, a := range p.s.Perm(rank)[:p.s.IntN(rank+1)] {
			axes = append(axes, int64(a-p.s.IntN(2)*rank))
		}
		switch {
		case len(axes) == 0 && p.s.IntN(2) == 0 && (op == "ReduceSum" || op == "ReduceMean" && p.opset >= 18):
			attrs = append(attrs, onnx.IntAttr("noop_with_empty_axes", 1))
		case len(axes) == 0:
		case op == "ReduceSum" || p.opset >= 18:
			inputs = append(inputs, p.ints(axes...))
		default:
			attrs = append(attrs, onnx.IntsAttr("axes", axes...))
		}
		p.end(p.node(op, inputs, attrs...))
	}
}

// axial is an operator along an axis.
func axial(op string) func(p *problem) {
	return func(p *problem) {
		rank := p.rank(4)
		var attrs []*onnx.Attr
		if p.s.IntN(4) > 0 {
			attrs = append(attrs, onnx.IntAttr("axis", p.s.Int64N(int64(2*rank))-int64(rank)))
		}
		if op == "LpNormalization" && p.s.IntN(2) == 0 {
			attrs = append(attrs, onnx.IntAttr("p", 1))
		}
		shape := p.sizes(rank)
		for i := range shape {
			shape[i].n = max(shape[i].n, 2)
		}
		p.end(p.node(op, []string{p.param(shape, 0.2, 2)}, attrs...))
	}
}

func layerNormCase(p *problem) {
	shape := []size{p.free(), p.free(), {n: 3}, {n: 4}}[p.s.IntN(2):]
	axis := len(shape) - 1 - p.s.IntN(2)
	if p.s.IntN(4) == 0 { // of free size: the scale is computed
		shape[len(shape)-1] = size{n: 4 + p.d.Int64N(3), free: true}
	}
	inputs := []string{p.param(shape, -2, 2), p.param(shape[axis:], 0.5, 2)}
	if p.s.IntN(3) > 0 {
		inputs = append(inputs, p.param(shape[axis:], -1, 1))
	}
	p.end(p.nodes("LayerNormalization", 1+2*p.s.IntN(2), inputs, onnx.IntAttr("axis", int64(axis-p.s.IntN(2)*len(shape))), onnx.FloatAttr("epsilon", 1e-5))[0])
}
