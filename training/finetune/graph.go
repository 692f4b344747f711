package finetune

import (
	"fmt"
	"slices"

	"yingda/models/onnx"
)

// graph adds heads, losses and dropout to an encoder graph.
type graph struct {
	g *onnx.Graph
	m *model
}

func (b graph) node(op, out string, inputs []string, attrs ...*onnx.Attr) string {
	b.g.Nodes = append(b.g.Nodes, &onnx.Node{Op: op, Name: out, Inputs: inputs, Outputs: []string{out}, Attrs: attrs})
	return out
}

func (b graph) input(name string, dims ...onnx.Dim) string {
	b.g.Inputs = append(b.g.Inputs, &onnx.Value{Name: name, Type: onnx.Float, Dims: dims})
	return name
}

func (b graph) param(name string, dims ...int64) string {
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	b.g.Initializers = append(b.g.Initializers, onnx.NewFloats(name, make([]float32, n), dims...))
	return name
}

func (b graph) constant(name string, v float32) string {
	if b.g.Initializer(name) == nil {
		b.g.Initializers = append(b.g.Initializers, onnx.NewFloats(name, []float32{v}))
	}
	return name
}

func (b graph) ints(name string, v ...int64) string {
	if b.g.Initializer(name) == nil {
		b.g.Initializers = append(b.g.Initializers, onnx.NewInts(name, v, int64(len(v))))
	}
	return name
}

var batchDim, seqDim, segmentDim = onnx.Dim{Param: "batch"}, onnx.Dim{Param: "seq"}, onnx.Dim{Param: "segments"}

func dropName(i int) string { return fmt.Sprintf("%s%d", inDrop, i) }

// dropouts multiplies the output of each sublayer, before it is added to the residual stream, and the states that the heads read by
// masks. It returns the new name of the states.
func (b graph) dropouts(hidden string) string {
	producer := map[string]*onnx.Node{}
	for _, n := range b.g.Nodes {
		producer[n.Outputs[0]] = n
	}
	isNorm := func(v string) bool { n := producer[v]; return n != nil && n.Op == "LayerNormalization" }
	var nodes []*onnx.Node
	for _, n := range b.g.Nodes {
		if n.Op == "Add" && isResidual(b.g, n) {
			side := slices.IndexFunc(n.Inputs, func(v string) bool { return !isNorm(v) })
			if side >= 0 && isNorm(n.Inputs[1-side]) {
				c := *n
				c.Inputs = slices.Clone(n.Inputs)
				drop := b.drop(n.Inputs[side], b.m.width)
				nodes = append(nodes, drop)
				c.Inputs[side] = drop.Outputs[0]
				n = &c
			}
		}
		nodes = append(nodes, n)
	}
	last := b.drop(hidden, b.m.spec.Width)
	b.g.Nodes = append(nodes, last)
	return last.Outputs[0]
}

// isResidual tells whether a norm reads the sum.
func isResidual(g *onnx.Graph, add *onnx.Node) bool {
	for _, n := range g.Nodes {
		if n.Op == "LayerNormalization" && n.Inputs[0] == add.Outputs[0] {
			return true
		}
	}
	return false
}

func (b graph) drop(value string, width int) *onnx.Node {
	name := dropName(len(b.m.drops))
	b.m.drops = append(b.m.drops, width)
	b.input(name, batchDim, seqDim, onnx.Dim{Size: int64(width)})
	return &onnx.Node{Op: "Mul", Name: name + "/dropped", Inputs: []string{value, name}, Outputs: []string{name + "/dropped"}}
}

// heads adds the heads; in training their losses, otherwise their logits.
func (b graph) heads(hidden string, o Options, training bool) {
	n, d := b.m.classes, int64(b.m.spec.Width)
	var losses []string
	states := hidden
	if training && (n.Intents > 0 || n.Emotion > 0 || n.Several > 0) {
		states = b.node("MatMul", "train.pooled", []string{b.input(inPool, batchDim, segmentDim, seqDim), hidden})
	}
	linear := func(weight, bias, out string, k int) string {
		scores := b.node("MatMul", out+"/product", []string{states, b.param(weight, d, int64(k))})
		return b.node("Add", out, []string{scores, b.param(bias, int64(k))})
	}
	for _, h := range []struct {
		weight, bias, out, in, name string
		classes                     int
		loss                        float64
	}{
		{IntentWeight, IntentBias, outIntents, inIntents, "intents", n.Intents, o.Intents},
		{EmotionWeight, EmotionBias, outEmotion, inEmotion, "emotion", n.Emotion, o.Emotion},
		{SeveralWeight, SeveralBias, outSeveral, inSeveral, "several", n.Several, o.Several},
	} {
		if h.classes == 0 {
			continue
		}
		y := linear(h.weight, h.bias, h.out, h.classes)
		if training {
			target := b.input(h.in, batchDim, segmentDim, onnx.Dim{Size: int64(h.classes)})
			losses = append(losses, b.crossEntropy(y, target, h.name, h.loss))
		}
	}
	if n.Tags > 0 {
		y := b.tagger(hidden, d, int64(n.Tags))
		if training {
			target := b.input(inTags, batchDim, seqDim, onnx.Dim{Size: int64(n.Tags)})
			losses = append(losses, b.crossEntropy(y, target, "entities", o.Entities))
		}
	}
	if training {
		b.total(losses, o)
	}
}

// crossEntropy is −Σ target·log softmax(logits), times weight.
func (b graph) crossEntropy(logits, target, name string, weight float64) string {
	p := b.node("LogSoftmax", "train."+name+".log", []string{logits}, onnx.IntAttr("axis", -1))
	sum := b.node("ReduceSum", "train."+name+".sum", []string{b.node("Mul", "train."+name+".terms", []string{p, target})}, onnx.IntAttr("keepdims", 1)) // [1, 1, 1]: the Go binding has no scalars
	return b.node("Mul", "train."+name+".loss", []string{sum, b.constant("train."+name+".weight", -float32(weight))})
}

// tagger reads each token between its neighbours: a convolution of width 3 as three products, two of them shifted by one token.
func (b graph) tagger(hidden string, d, k int64) string {
	mask := b.node("Cast", "train.mask", []string{b.m.spec.Mask}, onnx.IntAttr("to", int64(onnx.Float)))
	mask = b.node("Unsqueeze", "train.mask3", []string{mask, b.ints("train.axis2", 2)})
	shifts := [3][]int64{{0, 1, 0, 0, -1, 0}, nil, {0, -1, 0, 0, 1, 0}}
	sum := ""
	for i, pads := range shifts {
		name := fmt.Sprintf("train.entities%d", i)
		x := b.node("MatMul", name, []string{hidden, b.param(fmt.Sprintf("%s%d", TagWeight, i), d, k)})
		x = b.node("Mul", name+"/masked", []string{x, mask})
		if pads != nil {
			x = b.node("Pad", name+"/shifted", []string{x, b.ints(name+"/pads", pads...)})
		}
		if sum != "" {
			x = b.node("Add", name+"/sum", []string{sum, x})
		}
		sum = x
	}
	return b.node("Add", outTags, []string{sum, b.param(TagBias, k)})
}

// total adds the losses up, the distance from a teacher's states included.
func (b graph) total(losses []string, o Options) {
	if b.m.matching {
		d := b.node("Sub", "train.hidden.difference", []string{b.m.spec.Top, b.input(inHidden, batchDim, seqDim, onnx.Dim{Size: int64(b.m.width)})})
		w := b.node("Mul", "train.hidden.weighted", []string{b.node("Mul", "train.hidden.square", []string{d, d}), b.input(inHiddenWeight, batchDim, seqDim, onnx.Dim{Size: 1})})
		sum := b.node("ReduceSum", "train.hidden.sum", []string{w}, onnx.IntAttr("keepdims", 1))
		losses = append(losses, b.node("Mul", "train.hidden.loss", []string{sum, b.constant("train.hidden.scale", float32(o.Hidden))}))
	}
	b.node("Sum", outLoss, losses)
}

// evalOutputs are the logits of every token, for each head.
func (m *model) evalOutputs() []string {
	var out []string
	if m.classes.Intents > 0 {
		out = append(out, outIntents)
	}
	if m.classes.Emotion > 0 {
		out = append(out, outEmotion)
	}
	if m.classes.Several > 0 {
		out = append(out, outSeveral)
	}
	if m.classes.Tags > 0 {
		out = append(out, outTags)
	}
	return out
}
