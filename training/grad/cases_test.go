package grad_test

import (
	"maps"
	"slices"

	"yingda/models/onnx"
)

// cases makes a random problem for each operator of the table of rules.
var cases = func() map[string]func(p *problem) {
	all := maps.Clone(plainCases)
	maps.Copy(all, shapeCases)
	return all
}()

var plainCases = map[string]func(p *problem){
	"Add": pair("Add", -1, 1), "Sub": pair("Sub", -1, 1), "Mul": pair("Mul", -1, 1), "Div": pair("Div", 0.5, 2),
	"Sum": variadic("Sum"), "Mean": variadic("Mean"), "Max": variadic("Max"), "Min": variadic("Min"),
	"Identity": unary("Identity", -1, 1), "Neg": unary("Neg", -1, 1), "Exp": unary("Exp", -2, 1), "Log": unary("Log", 0.3, 2),
	"Sin": unary("Sin", -3, 3), "Cos": unary("Cos", -3, 3), "Sqrt": unary("Sqrt", 0.1, 2), "Reciprocal": unary("Reciprocal", 0.4, 2),
	"Abs": unary("Abs", -1, 1), "Tanh": unary("Tanh", -2, 2), "Sigmoid": unary("Sigmoid", -3, 3), "Softplus": unary("Softplus", -3, 3),
	"Relu": unary("Relu", -1, 1), "Erf": unary("Erf", -2, 2), "com.microsoft.QuickGelu": unary("QuickGelu", -3, 3),
	"LeakyRelu": alpha("LeakyRelu"), "Elu": alpha("Elu"),

	"Pow": func(p *problem) {
		shape := p.sizes(p.rank(3))
		switch p.s.IntN(3) {
		case 0: // a whole exponent, as a float or an integer
			e := p.float(float32(p.s.IntN(4)))
			if p.s.IntN(2) == 0 {
				e = p.ints(int64(2 + p.s.IntN(2)))
			}
			p.end(p.node("Pow", []string{p.param(shape, -1, 1), e}))
		case 1:
			p.end(p.node("Pow", []string{p.param(p.shrunk(shape), 0.2, 2), p.float(-1.5)}))
		default:
			p.end(p.node("Pow", []string{p.param(p.shrunk(shape), 0.2, 2), p.param(shape, -2, 2)}))
		}
	},
	"Where": func(p *problem) {
		shape := make([]size, p.rank(3))
		for i := range shape {
			shape[i] = p.fixed() // the condition is a constant
		}
		condition := p.bools(p.shrunk(shape))
		inputs := []string{condition, p.param(shape, -1, 1), p.param(p.shrunk(shape), -1, 1)}
		if p.s.IntN(2) == 0 {
			inputs[1], inputs[2] = inputs[2], inputs[1]
		}
		p.end(p.node("Where", inputs))
	},
	"Clip": func(p *problem) {
		inputs := []string{p.param(p.sizes(p.rank(3)), -1, 1), p.node("Squeeze", []string{p.float(-0.5)}), p.node("Squeeze", []string{p.float(0.4)})}
		switch p.s.IntN(3) {
		case 0:
			inputs[1] = ""
		case 1:
			inputs = inputs[:2]
		}
		p.end(p.node("Clip", inputs))
	},
	"Cast": func(p *problem) {
		x := p.param(p.sizes(p.rank(3)), -1, 1)
		p.end(p.node("Mul", []string{p.node("Cast", []string{x}, onnx.IntAttr("to", int64(onnx.Float))), x}))
	},
	"Dropout": func(p *problem) {
		inputs := []string{p.param(p.sizes(p.rank(3)), -1, 1)}
		if p.s.IntN(2) == 0 {
			mode := p.bools(nil)
			p.g.Initializers[len(p.g.Initializers)-1].Raw[0] = 0
			inputs = append(inputs, "", mode)
		}
		p.end(p.nodes("Dropout", 1+p.s.IntN(2), inputs)[0])
	},
	"Gelu": func(p *problem) {
		p.opset = 20
		var attrs []*onnx.Attr
		if p.s.IntN(2) == 0 {
			attrs = append(attrs, onnx.StringAttr("approximate", "tanh"))
		}
		x := p.param(p.sizes(p.rank(3)), -3, 3)
		p.end(p.node("Gelu", []string{x}, attrs...))
		if p.s.IntN(2) == 0 {
			p.end(x)
		}
	},
	"com.microsoft.Gelu": func(p *problem) {
		y := p.node("Gelu", []string{p.param(p.sizes(p.rank(3)), -3, 3)})
		p.g.Nodes[len(p.g.Nodes)-1].Domain = "com.microsoft"
		p.end(y)
	},
	"com.microsoft.BiasGelu": func(p *problem) {
		shape := append(p.sizes(p.rank(2)), p.fixed())
		p.end(p.node("BiasGelu", []string{p.param(shape, -2, 2), p.param(shape[len(shape)-1:], -1, 1)}))
	},
	"com.microsoft.FastGelu": func(p *problem) {
		shape := append(p.sizes(p.rank(2)), p.fixed())
		inputs := []string{p.param(shape, -2, 2)}
		if p.s.IntN(2) == 0 {
			inputs = append(inputs, p.param(shape[len(shape)-1:], -1, 1))
		}
		p.end(p.node("FastGelu", inputs))
	},

	"MatMul": matMul,
	"Gemm": func(p *problem) {
		m, k, n := p.free(), p.fixed(), p.fixed()
		if p.s.IntN(2) == 0 {
			n = p.free()
		}
		a, b := []size{m, k}, []size{k, n}
		transA, transB := p.s.Int64N(2), p.s.Int64N(2)
		if transA == 1 {
			slices.Reverse(a)
		}
		if transB == 1 {
			slices.Reverse(b)
		}
		inputs := []string{p.param(a, -1, 1), p.param(b, -1, 1)}
		if p.s.IntN(4) > 0 {
			inputs = append(inputs, p.param(p.shrunk([]size{m, n}), -1, 1))
		}
		attrs := []*onnx.Attr{onnx.IntAttr("transA", transA), onnx.IntAttr("transB", transB)}
		if p.s.IntN(2) == 0 {
			attrs = append(attrs, onnx.FloatAttr("alpha", 0.7), onnx.FloatAttr("beta", -1.3))
		}
		p.end(p.node("Gemm", inputs, attrs...))
	},
}

func unary(op string, lo, hi float64) func(p *problem) {
	return func(p *problem) { p.end(p.node(op, []string{p.param(p.sizes(p.s.IntN(4)), lo, hi)})) }
}

func alpha(op string) func(p *problem) {
	return func(p *problem) {
		var attrs []*onnx.Attr
		if p.s.IntN(2) == 0 {
			attrs = append(attrs, onnx.FloatAttr("alpha", 0.3))
		}
		p.end(p.node(op, []string{p.param(p.sizes(p.rank(3)), -2, 2)}, attrs...))
	}
}

// pair broadcasts one argument, or each the other, or takes a value twice.
func pair(op string, lo, hi float64) func(p *problem) {
	return func(p *problem) {
		shape := p.sizes(p.rank(4))
		other := p.shrunk(shape)
		if p.s.IntN(3) == 0 {
			other = slices.Clone(shape)
			other[0], shape[len(shape)-1] = size{n: 1}, size{n: 1}
		}
		x := p.param(shape, lo, hi)
		y := x
		if p.s.IntN(5) > 0 {
			y = p.param(other, lo, hi)
		}
		if p.s.IntN(2) == 0 {
			x, y = y, x
		}
		p.end(p.node(op, []string{x, y}))
	}
}

func variadic(op string) func(p *problem) {
	return func(p *problem) {
		shape := p.sizes(p.rank(3))
		inputs := []string{p.param(shape, -1, 1)}
		for range p.s.IntN(4) {
			inputs = append(inputs, p.param(p.shrunk(shape), -1, 1))
		}
		p.end(p.node(op, inputs))
	}
}

// matMul: a weight, a weight of free size, a batch, or batches of which one broadcasts.
func matMul(p *problem) {
	m, k, n := p.free(), p.fixed(), p.fixed()
	if p.s.IntN(2) == 0 {
		k, n = p.free(), p.free()
	}
	batch := p.sizes(1 + p.s.IntN(2))
	x, y := append(slices.Clone(batch), m, k), []size{k, n}
	switch p.s.IntN(4) {
	case 0:
		y = append(slices.Clone(batch), k, n)
	case 1:
		y = append(p.shrunk(batch), k, n)
	case 2:
		x, y = append(p.shrunk(batch), m, k), append(slices.Clone(batch), k, n)
	}
	p.end(p.node("MatMul", []string{p.param(x, -1, 1), p.param(y, -1, 1)}))
}
