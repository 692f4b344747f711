package heads

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
)

// Sentence is a text for the tagger.
type Sentence struct {
	States []float32 // tokens × dim hidden states
	Tags   []int     // one a token; −1 = not counted (special tokens)
}

// Tagger scores tags from a token and its two neighbours:
// logits(t) = h(t−1)·W0 + h(t)·W1 + h(t+1)·W2 + B, a convolution of width 3. Outside the text h is zero.
type Tagger struct {
	Dim, Tags int
	W         [3][]float32 // each Dim × Tags
	B         []float32
	// Transitions score neighbouring tags, Tags × Tags row-major, from × to; nil unless the tagger was fitted with Legal. Those that are not legal are 0.
	Transitions []float32
}

// TaggerOptions tune the fit. Zero values mean the defaults.
type TaggerOptions struct {
	Epochs  int     // default 12
	Rate    float64 // step of Adam, default 2e-3, falling linearly to zero
	L2      float64 // decoupled weight decay, default 1e-2 (Loshchilov & Hutter 2019)
	Batch   int     // sentences a step, default 32
	Outside float64 // weight of tag 0 (O), default 1: lower it to find more
	Seed    uint64
	// Legal tells which tag may follow which, [from][to]; what may follow tag 0 may begin a text. When given, a conditional random field is fitted:
	// weights and transitions maximise the probability of whole tag sequences. Outside then does not count. nil = each token by itself.
	Legal    [][]bool
	Progress func(epoch int, loss float64)
	Mul      Mul // default Pure
}

func (o *TaggerOptions) defaults() {
	set := func(p *float64, v float64) {
		if *p <= 0 {
			*p = v
		}
	}
	set(&o.Rate, 2e-3)
	set(&o.L2, 1e-2)
	set(&o.Outside, 1)
	if o.Mul == nil {
		o.Mul = Pure
	}
	if o.Epochs <= 0 {
		o.Epochs = 12
	}
	if o.Batch <= 0 {
		o.Batch = 32
	}
}

// FitTagger trains by AdamW on shuffled batches. The same data, options and seed give the same weights.
func FitTagger(ctx context.Context, data []Sentence, dim, tags int, o TaggerOptions) (*Tagger, error) {
	o.defaults()
	f := newTaggerFit(data, dim, tags, o)
	rng := rand.New(rand.NewPCG(o.Seed, 0x7a99e5))
	steps := o.Epochs * ((len(data) + o.Batch - 1) / o.Batch)
	order := rng.Perm(len(data))
	for epoch := range o.Epochs {
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		loss, tokens := 0.0, 0
		for i := 0; i < len(order); i += o.Batch {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			l, n, err := f.step(order[i:min(i+o.Batch, len(order))], 1-float64(f.t)/float64(steps))
			if err != nil {
				return nil, fmt.Errorf("fit tagger: %w", err)
			}
			loss, tokens = loss+l, tokens+n
		}
		if math.IsNaN(loss) {
			return nil, fmt.Errorf("fit tagger: the loss is not a number in epoch %d: check the features", epoch+1)
		}
		if o.Progress != nil {
			o.Progress(epoch+1, loss/float64(max(tokens, 1)))
		}
	}
	return f.tagger(), nil
}

// taggerFit is the state of a fit. Parameters lie in one vector: W0, W1, W2 (columns of one dim × 3·tags matrix), then B, then transitions if there are any.
type taggerFit struct {
	data      []Sentence
	dim, tags int
	o         TaggerOptions
	scale     []float32 // features are divided by their standard deviation
	w, m, v   []float32
	grad      []float32
	t         int

	x, z, dz []float32 // scratch: stacked states, their products with the matrix, gradients of those
	logits   []float32 // scratch: of one text
	chain    *chain    // nil = each token by itself
}

func newTaggerFit(data []Sentence, dim, tags int, o TaggerOptions) *taggerFit {
	n := dim*3*tags + tags
	var c *chain
	if o.Legal != nil {
		n += tags * tags
		c = &chain{tags: tags, legal: o.Legal}
	}
	f := &taggerFit{chain: c, data: data, dim: dim, tags: tags, o: o, w: make([]float32, n), m: make([]float32, n), v: make([]float32, n), grad: make([]float32, n)}
	sum, square, count := make([]float64, dim), make([]float64, dim), 0.0
	for _, s := range data {
		for i, h := range s.States {
			sum[i%dim] += float64(h)
			square[i%dim] += float64(h) * float64(h)
		}
		count += float64(len(s.Tags))
	}
	f.scale = make([]float32, dim)
	for i := range f.scale {
		mean := sum[i] / max(count, 1)
		f.scale[i] = float32(1 / math.Sqrt(max(square[i]/max(count, 1)-mean*mean, 1e-8)))
	}
	return f
}

// step runs forward and backward over some sentences and updates the weights. It returns the summed loss and the tokens counted.
func (f *taggerFit) step(batch []int, rate float64) (loss float64, tokens int, err error) {
	rows := 0
	for _, i := range batch {
		rows += len(f.data[i].Tags)
	}
	width := 3 * f.tags
	f.x, f.z, f.dz = resize(f.x, rows*f.dim), resize(f.z, rows*width), resize(f.dz, rows*width)
	at := 0
	for _, i := range batch {
		for j, h := range f.data[i].States {
			f.x[at+j] = h * f.scale[j%f.dim]
		}
		at += len(f.data[i].States)
	}
	if err := f.o.Mul(false, rows, f.dim, width, f.x, f.w[:f.dim*width], f.z); err != nil {
		return 0, 0, err
	}
	clear(f.dz)
	clear(f.grad)
	if f.chain != nil {
		f.chain.refresh(f.transitions(f.w))
	}
	row := 0
	for _, i := range batch {
		l, n := f.sentence(f.data[i].Tags, row)
		loss, tokens, row = loss+l, tokens+n, row+len(f.data[i].Tags)
	}
	if err := f.o.Mul(true, rows, f.dim, width, f.x, f.dz, f.grad[:f.dim*width]); err != nil {
		return 0, 0, err
	}
	f.adam(1/float32(max(tokens, 1)), rate)
	return loss, tokens, nil
}

func (f *taggerFit) bias(of []float32) []float32 { return of[f.dim*3*f.tags:][:f.tags] }

func (f *taggerFit) transitions(of []float32) []float32 { return of[f.dim*3*f.tags+f.tags:] }

// sentence adds the loss of one text whose products begin at row, and its gradients.
func (f *taggerFit) sentence(tags []int, row int) (loss float64, tokens int) {
	f.logits = f.logits[:0]
	var counted, gold []int
	for t, tag := range tags {
		if tag < 0 {
			continue
		}
		counted, gold = append(counted, t), append(gold, tag)
		f.logits = append(f.logits, f.bias(f.w)...)
		logits := f.logits[len(f.logits)-f.tags:]
		for k := range 3 {
			if n := t + k - 1; n >= 0 && n < len(tags) {
				for c, v := range f.z[(row+n)*3*f.tags+k*f.tags:][:f.tags] {
					logits[c] += v
				}
			}
		}
	}
	loss = f.lossOf(gold)
	dBias := f.bias(f.grad)
	for i, t := range counted {
		d := f.logits[i*f.tags : (i+1)*f.tags]
		for k := range 3 {
			if n := t + k - 1; n >= 0 && n < len(tags) {
				for c, v := range d {
					f.dz[(row+n)*3*f.tags+k*f.tags+c] += v
				}
			}
		}
		for c, v := range d {
			dBias[c] += v
		}
	}
	return loss, len(counted)
}

// lossOf turns the logits of one text into their gradient and returns the loss.
func (f *taggerFit) lossOf(gold []int) (loss float64) {
	if f.chain != nil {
		l, ok := f.chain.loss(f.logits, gold, f.transitions(f.w), f.transitions(f.grad))
		if !ok {
			clear(f.logits)
		}
		return l
	}
	for i, tag := range gold {
		weight := float32(1)
		if tag == 0 {
			weight = float32(f.o.Outside)
		}
		d := f.logits[i*f.tags : (i+1)*f.tags]
		loss += float64(weight) * softmaxLoss(d, tag)
		for c := range d {
			d[c] *= weight
		}
	}
	return loss
}

func (f *taggerFit) adam(scale float32, rate float64) {
	const b1, b2, eps = 0.9, 0.99, 1e-8
	f.t++
	c1, c2 := 1-math.Pow(b1, float64(f.t)), 1-math.Pow(b2, float64(f.t))
	lr := f.o.Rate * rate
	decay := float32(1 - lr*f.o.L2)
	for i, g := range f.grad {
		g *= scale
		f.m[i] = b1*f.m[i] + (1-b1)*g
		f.v[i] = b2*f.v[i] + (1-b2)*g*g
		step := lr * float64(f.m[i]) / c1 / (math.Sqrt(float64(f.v[i])/c2) + eps)
		f.w[i] = f.w[i]*decay - float32(step)
	}
}

func (f *taggerFit) tagger() *Tagger {
	t := &Tagger{Dim: f.dim, Tags: f.tags, B: append([]float32(nil), f.bias(f.w)...)}
	if f.chain != nil {
		t.Transitions = append([]float32(nil), f.transitions(f.w)...)
	}
	for k := range t.W {
		t.W[k] = make([]float32, f.dim*f.tags)
		for i := range f.dim {
			for c := range f.tags {
				t.W[k][i*f.tags+c] = f.w[i*3*f.tags+k*f.tags+c] * f.scale[i]
			}
		}
	}
	return t
}

// Logits returns the tag scores of a text, tokens × Tags.
func (t *Tagger) Logits(states []float32) []float32 {
	n := len(states) / t.Dim
	out := make([]float32, n*t.Tags)
	for i := range n {
		row := out[i*t.Tags : (i+1)*t.Tags]
		copy(row, t.B)
		for k := range 3 {
			if j := i + k - 1; j >= 0 && j < n {
				l := Linear{Dim: t.Dim, Classes: t.Tags, W: t.W[k], B: append([]float32(nil), row...)}
				l.Logits(states[j*t.Dim:(j+1)*t.Dim], row)
			}
		}
	}
	return out
}

func resize(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}
