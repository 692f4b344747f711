package finetune

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"yingda/models/onnx"
	"yingda/models/ort"
	"yingda/training/grad"
)

// Classes are the sizes of the heads; 0 leaves a head out. Several is 2: one wish, several.
type Classes struct{ Intents, Emotion, Several, Tags int }

// Spec says what is trained.
type Spec struct {
	// Model is a tapped encoder graph without heads, whose output Hidden holds the states that the heads read, [batch, seq, Width].
	Model  *onnx.Model
	Hidden string
	Width  int
	// Top is the value with the states of the last layer, which a teacher's states are matched with.
	Top string
	// IDs and Mask are the graph's inputs.
	IDs, Mask string
	Pad       int64
	// Layer tells the layer a parameter belongs to: 0 for the embeddings, then 1 and up.
	Layer  func(parameter string) int
	Layers int
	Classes
	// Start holds the heads' start weights by name (see HeadParams); missing ones start at zero.
	Start map[string][]float32
}

// Names of the heads' parameters. Weights are Width × classes, row-major; entities read the token before, the token and the token after.
const (
	IntentWeight  = "head.intents.weight"
	IntentBias    = "head.intents.bias"
	EmotionWeight = "head.emotion.weight"
	EmotionBias   = "head.emotion.bias"
	SeveralWeight = "head.several.weight"
	SeveralBias   = "head.several.bias"
	TagWeight     = "head.entities.weight" // + "0", "1", "2"
	TagBias       = "head.entities.bias"
)

// Names of the graph's inputs and outputs beside the parameters.
const (
	inWords, inPool, inIntents, inEmotion, inTags = "train.words", "train.pool", "train.intents", "train.emotion", "train.tags"
	inHidden, inHiddenWeight, inDrop, inSeveral   = "train.hidden", "train.hidden_weight", "train.drop", "train.several"
	outLoss, outIntents, outEmotion, outTags      = "train.loss", "out.intents", "out.emotion", "out.tags"
	outSeveral                                    = "out.several"
)

// model is the compiled pair of graphs, for training and for prediction, over one set of weights.
type model struct {
	spec     Spec
	classes  Classes
	width    int       // of a word's row
	words    []float32 // the word-embedding table
	pad      int64
	matching bool  // a teacher's states are matched
	drops    []int // width of each dropout mask
	params   []*Param
	memory   []*arena
	train    *ort.Program
	predict  *ort.Program
	loss     []float32
	table    *wordTable // nil = the table is left as it is
	wordName string     // of the table in the encoder's graph
	sum      []float32  // gradients of an update's earlier batches

	trainInputs []*onnx.Value
}

// newModel assembles and compiles both graphs.
func newModel(spec Spec, o Options, matching bool) (*model, error) {
	m := &model{spec: spec, classes: spec.Classes, pad: spec.Pad, matching: matching, loss: make([]float32, 1)}
	if err := m.build(o); err != nil {
		return nil, errors.Join(err, m.close())
	}
	return m, nil
}

func (m *model) build(o Options) error {
	eval, err := m.assemble(Options{}, false)
	if err != nil {
		return err
	}
	train, err := m.assemble(o, true)
	if err != nil {
		return err
	}
	if err = m.makeParams(train.Graph, o); err != nil {
		return err
	}
	m.parametrise(eval.Graph)
	m.parametrise(train.Graph)
	if m.predict, err = m.compile(eval, m.evalOutputs(), o, false); err != nil {
		return err
	}
	grads, err := m.differentiate(train, o)
	if err != nil {
		return err
	}
	outputs := []string{outLoss}
	for _, p := range m.params {
		outputs = append(outputs, grads[p.Name])
	}
	if o.Words {
		m.table = newWordTable(grads[inWords], len(m.words))
		outputs = append(outputs, grads[inWords])
	}
	if m.train, err = m.compile(train, outputs, o, false); err != nil {
		return err
	}
	m.trainInputs = train.Graph.Inputs
	return m.bindGradients(grads)
}

// assemble copies the encoder, moves its word table out, and adds heads and, for training, dropout and loss.
func (m *model) assemble(o Options, training bool) (*onnx.Model, error) {
	c := *m.spec.Model
	g := *m.spec.Model.Graph
	g.Nodes, g.Initializers, g.Inputs = slices.Clone(g.Nodes), slices.Clone(g.Initializers), slices.Clone(g.Inputs)
	g.Outputs, g.Values = nil, nil
	c.Graph, c.Opsets = &g, slices.Clone(c.Opsets)
	if err := m.detachWords(&g); err != nil {
		return nil, err
	}
	b := graph{g: &g, m: m}
	hidden := m.spec.Hidden
	if training {
		m.drops = nil
		if o.Dropout > 0 {
			hidden = b.dropouts(hidden)
		}
	}
	b.heads(hidden, o, training)
	if training {
		g.Outputs = []*onnx.Value{{Name: outLoss}}
		g.Prune()
	}
	return &c, nil
}

// detachWords turns the table that the token ids select from into an input with the rows of a batch.
func (m *model) detachWords(g *onnx.Graph) error {
	for _, n := range g.Nodes {
		if n.Op != "Gather" || len(n.Inputs) < 2 || n.Inputs[1] != m.spec.IDs {
			continue
		}
		t := g.Initializer(n.Inputs[0])
		if t == nil || len(t.Dims) != 2 || t.Type != onnx.Float {
			return fmt.Errorf("the word table %q is not a constant float matrix", n.Inputs[0])
		}
		m.width, m.wordName = int(t.Dims[1]), t.Name
		if m.words == nil {
			m.words = t.Floats()
		}
		i := slices.Index(g.Nodes, n)
		c := *n
		c.Inputs = []string{inWords, n.Inputs[1]}
		g.Nodes[i] = &c
		g.Inputs = append(g.Inputs, &onnx.Value{Name: inWords, Type: onnx.Float, Dims: []onnx.Dim{{Param: "words"}, {Size: t.Dims[1]}}})
		return nil
	}
	return fmt.Errorf("no Gather reads the token ids %q: this is not an encoder graph that can be trained", m.spec.IDs)
}

// makeParams allocates weights, gradients and moments for everything that is trained.
func (m *model) makeParams(g *onnx.Graph, o Options) error {
	var trained []*onnx.Tensor
	total := 0
	for _, t := range g.Initializers {
		n, err := t.Elems()
		if err != nil {
			return err
		}
		if t.Type != onnx.Float || n < 2 || !m.trains(t.Name, o) {
			continue
		}
		trained = append(trained, t)
		total += n
	}
	if total == 0 {
		return errors.New("nothing to train: every layer is frozen and there is no head")
	}
	a, err := newArena(4 * total)
	if err != nil {
		return err
	}
	m.memory = append(m.memory, a)
	for _, t := range trained {
		n, _ := t.Elems()
		p := &Param{Name: t.Name, Dims: t.Dims, Value: a.take(n), Grad: a.take(n), M: a.take(n), V: a.take(n), Rate: 1, Decay: len(t.Dims) > 1}
		if isHead(t.Name) {
			copy(p.Value, m.spec.Start[t.Name])
			if o.Rate > 0 {
				p.Rate = o.HeadRate / o.Rate
			}
		} else {
			copy(p.Value, t.Floats())
			p.Rate = math.Pow(o.LayerDecay, float64(m.spec.Layers-m.spec.Layer(t.Name)))
		}
		m.params = append(m.params, p)
	}
	return nil
}

func (m *model) trains(name string, o Options) bool {
	return isHead(name) || o.Freeze == 0 || m.spec.Layer(name) > o.Freeze
}

func isHead(name string) bool { return len(name) > 5 && name[:5] == "head." }

// parametrise turns the trained constants of a graph into inputs.
func (m *model) parametrise(g *onnx.Graph) {
	trained := map[string]*Param{}
	for _, p := range m.params {
		trained[p.Name] = p
	}
	g.Initializers = slices.DeleteFunc(slices.Clone(g.Initializers), func(t *onnx.Tensor) bool { return trained[t.Name] != nil })
	for _, p := range m.params {
		v := &onnx.Value{Name: p.Name, Type: onnx.Float}
		for _, d := range p.Dims {
			v.Dims = append(v.Dims, onnx.Dim{Size: d})
		}
		g.Inputs = append(g.Inputs, v)
	}
}

// compile builds a session and binds the weights.
func (m *model) compile(c *onnx.Model, outputs []string, o Options, plain bool) (*ort.Program, error) {
	c.Graph.Outputs = nil
	for _, name := range outputs {
		c.Graph.Outputs = append(c.Graph.Outputs, &onnx.Value{Name: name}) // the runtime infers the type
	}
	c.Graph.Prune()
	used := map[string]bool{}
	for _, n := range c.Graph.Nodes {
		for _, in := range n.Inputs {
			used[in] = true
		}
	}
	c.Graph.Inputs = slices.DeleteFunc(slices.Clone(c.Graph.Inputs), func(v *onnx.Value) bool { return !used[v.Name] })
	var inputs []string
	for _, v := range c.Graph.Inputs {
		inputs = append(inputs, v.Name)
	}
	p, err := ort.Compile(c, inputs, outputs, ort.ProgramOptions{Threads: o.Threads, Plain: plain})
	if err != nil {
		return nil, err
	}
	for _, w := range m.params {
		if used[w.Name] {
			if err := ort.BindInput(p, w.Name, w.Value, w.Dims...); err != nil {
				return nil, errors.Join(err, p.Close())
			}
		}
	}
	return p, nil
}

// differentiate finds the shapes of the values by one run on a small batch, and extends the graph with the gradients.
func (m *model) differentiate(train *onnx.Model, o Options) (map[string]string, error) {
	probe := *train
	g := *train.Graph
	g.Nodes, g.Initializers = slices.Clone(g.Nodes), slices.Clone(g.Initializers)
	probe.Graph = &g
	asked := grad.AskShapes(&g)
	outputs := slices.Sorted(maps.Keys(asked))
	p, err := m.compile(&probe, outputs, o, true)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	row := Row{IDs: []int64{m.pad, m.pad + 1, m.pad, m.pad + 1, m.pad}, Segments: make([]Segment, 2)}
	rows := []Row{row, row, row}
	b := m.collate(rows, []int{0, 1, 2}, o, 0)
	if err := m.bind(p, b, g.Inputs); err != nil {
		return nil, err
	}
	var inputs []string
	for _, v := range g.Inputs {
		inputs = append(inputs, v.Name)
	}
	answers, err := p.Integers(inputs, outputs)
	if err != nil {
		return nil, fmt.Errorf("run the training graph once: %w", err)
	}
	shapes := grad.Shapes{}
	for name, value := range asked {
		shapes[value] = answers[name][1:]
	}
	m.inputShapes(shapes, b, g.Initializers)
	var wrt []string
	for _, w := range m.params {
		wrt = append(wrt, w.Name)
	}
	if o.Words {
		wrt = append(wrt, inWords)
	}
	return grad.Backward(train.Graph, shapes, outLoss, wrt)
}

func (m *model) inputShapes(shapes map[string][]int64, b *batch, constants []*onnx.Tensor) {
	for _, t := range constants {
		shapes[t.Name] = t.Dims
	}
	for _, w := range m.params {
		shapes[w.Name] = w.Dims
	}
	for name, in := range m.inputs(b) {
		shapes[name] = in.dims
	}
}

func (m *model) bindGradients(grads map[string]string) error {
	errs := []error{ort.BindOutput(m.train, outLoss, m.loss, 1, 1, 1)}
	for _, p := range m.params {
		errs = append(errs, ort.BindOutput(m.train, grads[p.Name], p.Grad, p.Dims...))
	}
	return errors.Join(errs...)
}

// input is a tensor of a batch.
type input struct {
	ints   []int64
	floats []float32
	dims   []int64
}

// inputs lists everything a batch brings.
func (m *model) inputs(b *batch) map[string]input {
	r, c, s := int64(b.rows), int64(b.cols), int64(b.segments)
	in := map[string]input{
		m.spec.IDs:     {ints: b.ids, dims: []int64{r, c}},
		m.spec.Mask:    {ints: b.mask, dims: []int64{r, c}},
		inWords:        {floats: b.table, dims: []int64{int64(len(b.words)), int64(m.width)}},
		inPool:         {floats: b.pool, dims: []int64{r, s, c}},
		inIntents:      {floats: b.intents, dims: []int64{r, s, int64(m.classes.Intents)}},
		inEmotion:      {floats: b.emotion, dims: []int64{r, s, int64(m.classes.Emotion)}},
		inSeveral:      {floats: b.several, dims: []int64{r, s, int64(m.classes.Several)}},
		inTags:         {floats: b.tags, dims: []int64{r, c, int64(m.classes.Tags)}},
		inHidden:       {floats: b.hidden, dims: []int64{r, c, int64(m.width)}},
		inHiddenWeight: {floats: b.hiddenWeight, dims: []int64{r, c, 1}},
	}
	for i, mask := range b.noise {
		in[dropName(i)] = input{floats: mask, dims: []int64{r, c, int64(m.drops[i])}}
	}
	return in
}

// bind points a program's inputs at a batch; weights are bound already.
func (m *model) bind(p *ort.Program, b *batch, wanted []*onnx.Value) error {
	in := m.inputs(b)
	for _, v := range wanted {
		t, ok := in[v.Name]
		if !ok {
			continue
		}
		var err error
		if t.ints != nil {
			err = ort.BindInput(p, v.Name, t.ints, t.dims...)
		} else {
			err = ort.BindInput(p, v.Name, t.floats, t.dims...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *model) close() error {
	var errs []error
	for _, p := range []*ort.Program{m.train, m.predict} {
		if p != nil {
			errs = append(errs, p.Close())
		}
	}
	for _, a := range m.memory {
		errs = append(errs, a.close())
	}
	return errors.Join(errs...)
}
