package grad

import (
	"math"

	"yingda/models/onnx"
)

// rules is the one table of operators a gradient can pass. Each rule states the derivative it writes. It is a function because rules that
// take an operator apart look others up.
func rules() map[string]rule {
	return map[string]rule{
		"Add": addRule, "Sub": subRule, "Mul": mulRule, "Div": divRule, "Pow": powRule, "Where": whereRule,
		"Sum": addRule, "Mean": meanRule, "Max": extremeRule, "Min": extremeRule, "Clip": clipRule,
		"Identity": unary(func(b *backward, x, y, dy string) string { return dy }),
		"Neg":      unary(func(b *backward, x, y, dy string) string { return b.neg(dy) }),
		"Exp":      unary(func(b *backward, x, y, dy string) string { return b.mul(dy, y) }),
		"Log":      unary(func(b *backward, x, y, dy string) string { return b.div(dy, x) }),
		"Sin":      unary(func(b *backward, x, y, dy string) string { return b.mul(dy, b.node("Cos", []string{x})) }),
		"Cos":      unary(func(b *backward, x, y, dy string) string { return b.neg(b.mul(dy, b.node("Sin", []string{x}))) }),
		// d√x = 1 / 2√x
		"Sqrt": unary(func(b *backward, x, y, dy string) string { return b.div(b.mul(dy, b.float(0.5)), y) }),
		// d(1/x) = −(1/x)²
		"Reciprocal": unary(func(b *backward, x, y, dy string) string { return b.neg(b.mul(dy, b.mul(y, y))) }),
		// d|x| = sign x, 0 at 0
		"Abs": unary(func(b *backward, x, y, dy string) string { return b.mul(dy, b.node("Sign", []string{x})) }),

		// dtanh = 1 − tanh²
		"Tanh": unary(func(b *backward, x, y, dy string) string { return b.mul(dy, b.sub(b.float(1), b.mul(y, y))) }),
		// dσ = σ(1 − σ)
		"Sigmoid":  unary(func(b *backward, x, y, dy string) string { return b.mul(dy, b.mul(y, b.sub(b.float(1), y))) }),
		"Softplus": unary(func(b *backward, x, y, dy string) string { return b.mul(dy, b.node("Sigmoid", []string{x})) }),
		// 0 at 0
		"Relu": unary(func(b *backward, x, y, dy string) string {
			return b.node("Where", []string{b.node("Greater", []string{x, b.float(0)}), dy, b.float(0)})
		}),
		"LeakyRelu": leakyReluRule, "Elu": eluRule,
		// derf = 2/√π · exp(−x²)
		"Erf": unary(func(b *backward, x, y, dy string) string {
			return b.mul(dy, b.mul(b.float(2/math.Sqrt(math.Pi)), b.exp(b.neg(b.mul(x, x)))))
		}),
		"Gelu": geluRule, "com.microsoft.Gelu": geluRule, "com.microsoft.BiasGelu": biasGeluRule,
		"com.microsoft.FastGelu": fastGeluRule, "com.microsoft.QuickGelu": quickGeluRule,
		"Cast": castRule, "Dropout": dropoutRule,

		"MatMul": matMulRule, "Gemm": gemmRule,

		"Transpose": transposeRule, "Reshape": reshapeRule, "Squeeze": reshapeRule, "Unsqueeze": reshapeRule, "Flatten": reshapeRule,
		"Expand": expandRule, "Tile": tileRule, "Concat": concatRule, "Split": splitRule, "Slice": sliceRule, "Pad": padRule,
		"Gather": gatherRule, "GatherElements": gatherElementsRule, "Trilu": triluRule, "CumSum": cumSumRule,

		"ReduceSum": reduceSumRule, "ReduceMean": reduceMeanRule, "ReduceSumSquare": reduceSumSquareRule,
		"ReduceL1": reduceL1Rule, "ReduceL2": reduceL2Rule, "ReduceLogSumExp": reduceLogSumExpRule,
		"Softmax": softmaxRule, "LogSoftmax": logSoftmaxRule,
		"LayerNormalization": layerNormRule, "com.microsoft.SkipLayerNormalization": skipLayerNormRule, "LpNormalization": lpNormRule,
	}
}

// unary makes a rule of an operator with one input.
func unary(dx func(b *backward, x, y, dy string) string) rule {
	return func(b *backward, n *onnx.Node, dy []string) error {
		b.give(n.Inputs[0], dx(b, n.Inputs[0], n.Outputs[0], dy[0]))
		return nil
	}
}
