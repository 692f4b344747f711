// Package heads fits classifiers on the hidden states of a frozen encoder: multinomial logistic regression for a whole text,
// and a linear tagger with neighbouring tokens for entities. Both are convex or nearly so, take seconds to minutes on a CPU, and give
// the same weights for the same data.
package heads

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/optimize"
)

// Linear is a fitted classifier: logits = x·W + B.
type Linear struct {
	Dim, Classes int
	W            []float32 // Dim × Classes, row-major
	B            []float32 // Classes
}

// Logits writes x·W + B to out.
func (l *Linear) Logits(x, out []float32) {
	copy(out, l.B)
	for i, v := range x {
		if v == 0 {
			continue
		}
		row := l.W[i*l.Classes : (i+1)*l.Classes]
		for k, w := range row {
			out[k] += v * w
		}
	}
}

// Mul writes the product of row-major float matrices to c: A·B, or Aᵀ·B when transA. a is aRows×aCols, b has n columns.
// ONNX Runtime's is several times as fast as [Pure].
type Mul func(transA bool, aRows, aCols, n int, a, b, c []float32) error

// Pure is a Mul in Go.
func Pure(transA bool, aRows, aCols, n int, a, b, c []float32) error {
	x := blas32.General{Rows: aRows, Cols: aCols, Stride: aCols, Data: a}
	op, m, k := blas.NoTrans, aRows, aCols
	if transA {
		op, m, k = blas.Trans, aCols, aRows
	}
	blas32.Gemm(op, blas.NoTrans, 1, x, blas32.General{Rows: k, Cols: n, Stride: n, Data: b[:k*n]}, 0, blas32.General{Rows: m, Cols: n, Stride: n, Data: c[:m*n]})
	return nil
}

// SoftmaxOptions tune a fit. Zero values mean the defaults.
type SoftmaxOptions struct {
	L2      float64   // weight of ‖W‖²/2 against the mean loss, on standardised features; default 1e-2
	MaxIter int       // default 200
	Weights []float32 // weight of each row; nil = all 1
	// Offset is added to the logits, rows × classes, row-major; nil = nothing. With the logits of a classifier that is there already, what is fitted is
	// a correction of it, and L2 holds the correction small.
	Offset []float32
	// Targets are what the rows' probabilities are to be, rows × classes, row-major; nil = one for the class in y and zero for the others. A row whose
	// targets are the answers of an older classifier keeps that one's answer (Li and Hoiem 2016, "Learning without Forgetting").
	Targets  []float32
	Progress func(iteration int, loss float64)
	Mul      Mul // default Pure
}

// Softmax fits multinomial logistic regression by L-BFGS on standardised features, and folds the standardisation into the weights.
// x is rows×dim, row-major; y holds classes 0…classes−1, of which each must occur. With Targets y is not read and may be nil.
func Softmax(ctx context.Context, x []float32, dim int, y []int, classes int, o SoftmaxOptions) (*Linear, error) {
	if o.L2 <= 0 {
		o.L2 = 1e-2
	}
	if o.MaxIter <= 0 {
		o.MaxIter = 200
	}
	if o.Mul == nil {
		o.Mul = Pure
	}
	n := len(x) / dim
	if o.Targets == nil {
		if err := checkClasses(y, classes); err != nil {
			return nil, err
		}
	}
	if o.Offset != nil && len(o.Offset) != n*classes {
		return nil, fmt.Errorf("fit logistic regression: %d offsets for %d rows of %d classes", len(o.Offset), n, classes)
	}
	if o.Targets != nil && (n == 0 || len(o.Targets) != n*classes) {
		return nil, fmt.Errorf("fit logistic regression: %d targets for %d rows of %d classes", len(o.Targets), n, classes)
	}
	p := &problem{ctx: ctx, n: n, dim: dim, k: classes, y: y, o: o}
	mean, std := p.standardise(x)
	for i, v := range std {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("fit logistic regression: feature %d is not a finite number in every row: check the features", i)
		}
	}
	params := make([]float64, (dim+1)*classes)
	settings := &optimize.Settings{MajorIterations: o.MaxIter, GradientThreshold: 1e-5,
		Converger: &optimize.FunctionConverge{Absolute: 1e-6, Iterations: 10}}
	if o.Progress != nil {
		settings.Recorder = &recorder{progress: o.Progress}
	}
	result, err := optimize.Minimize(optimize.Problem{Func: p.loss, Grad: p.gradient, Status: p.status}, params, settings, &optimize.LBFGS{Store: 12})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if p.err != nil {
		return nil, fmt.Errorf("fit logistic regression: %w", p.err)
	}
	if err != nil && (result == nil || result.F > p.start) {
		return nil, fmt.Errorf("fit logistic regression: %w", err)
	}
	if math.IsNaN(result.F) || math.IsInf(result.F, 0) {
		return nil, errors.New("fit logistic regression: the loss is not a number: check the features")
	}
	return p.unstandardise(result.X, mean, std), nil
}

func checkClasses(y []int, classes int) error {
	if classes < 1 {
		return errors.New("fit logistic regression: no labelled example")
	}
	count := make([]int, classes)
	for _, c := range y {
		if c < 0 || c >= classes {
			return fmt.Errorf("fit logistic regression: class %d of %d", c, classes)
		}
		count[c]++
	}
	for c, n := range count {
		if n == 0 {
			return fmt.Errorf("fit logistic regression: class %d has no example", c)
		}
	}
	return nil
}

// problem is the regularised mean negative log-likelihood. L-BFGS asks for value and gradient at the same point one after the
// other; they are computed together and remembered.
type problem struct {
	ctx       context.Context
	n, dim, k int
	x         []float32 // standardised
	y         []int
	o         SoftmaxOptions
	start     float64
	err       error

	last  []float64 // point of the remembered values
	value float64
	grad  []float64
	w, g  []float32 // scratch
	probs []float32
}

func (p *problem) standardise(x []float32) (mean, std []float64) {
	mean, std = make([]float64, p.dim), make([]float64, p.dim)
	for r := range p.n {
		for i, v := range x[r*p.dim : (r+1)*p.dim] {
			mean[i] += float64(v)
			std[i] += float64(v) * float64(v)
		}
	}
	for i := range mean {
		mean[i] /= float64(p.n)
		std[i] = math.Sqrt(max(std[i]/float64(p.n)-mean[i]*mean[i], 1e-10))
	}
	p.x = make([]float32, len(x))
	for r := range p.n {
		for i, v := range x[r*p.dim : (r+1)*p.dim] {
			p.x[r*p.dim+i] = float32((float64(v) - mean[i]) / std[i])
		}
	}
	return mean, std
}

func (p *problem) unstandardise(params, mean, std []float64) *Linear {
	l := &Linear{Dim: p.dim, Classes: p.k, W: make([]float32, p.dim*p.k), B: make([]float32, p.k)}
	bias := append([]float64(nil), params[p.dim*p.k:]...)
	for i := range p.dim {
		for c := range p.k {
			w := params[i*p.k+c] / std[i]
			l.W[i*p.k+c] = float32(w)
			bias[c] -= w * mean[i]
		}
	}
	for c, b := range bias {
		l.B[c] = float32(b)
	}
	return l
}

func (p *problem) status() (optimize.Status, error) {
	if err := errors.Join(p.ctx.Err(), p.err); err != nil {
		return optimize.Failure, err
	}
	return optimize.NotTerminated, nil
}

func (p *problem) loss(params []float64) float64 {
	p.compute(params)
	return p.value
}

func (p *problem) gradient(grad, params []float64) {
	p.compute(params)
	copy(grad, p.grad)
}

func (p *problem) compute(params []float64) {
	if p.last != nil && equal(p.last, params) {
		return
	}
	if p.last == nil {
		p.last, p.grad = make([]float64, len(params)), make([]float64, len(params))
		p.w, p.g, p.probs = make([]float32, len(params)), make([]float32, p.dim*p.k), make([]float32, p.n*p.k)
		defer func() { p.start = p.value }()
	}
	copy(p.last, params)
	for i, v := range params {
		p.w[i] = float32(v)
	}
	p.err = errors.Join(p.err, p.o.Mul(false, p.n, p.dim, p.k, p.x, p.w[:p.dim*p.k], p.probs))
	p.residuals(p.w[p.dim*p.k:])
	p.err = errors.Join(p.err, p.o.Mul(true, p.n, p.dim, p.k, p.x, p.probs, p.g))
	for i := range p.dim * p.k {
		p.grad[i] = float64(p.g[i]) + p.o.L2*params[i]
		p.value += p.o.L2 / 2 * params[i] * params[i]
	}
}

// residuals turns products plus bias into (probability − target)·weight/n in place, and sums the loss and the gradient of the biases.
func (p *problem) residuals(bias []float32) {
	dBias := p.grad[p.dim*p.k:]
	clear(dBias)
	p.value = 0
	for r := range p.n {
		row := p.probs[r*p.k : (r+1)*p.k]
		weight := 1 / float64(p.n)
		if p.o.Weights != nil {
			weight *= float64(p.o.Weights[r])
		}
		for c := range row {
			row[c] += bias[c]
		}
		if p.o.Offset != nil {
			for c, v := range p.o.Offset[r*p.k : (r+1)*p.k] {
				row[c] += v
			}
		}
		if p.o.Targets != nil {
			p.value += weight * softLoss(row, p.o.Targets[r*p.k:(r+1)*p.k])
		} else {
			p.value += weight * softmaxLoss(row, p.y[r])
		}
		for c := range row {
			row[c] *= float32(weight)
			dBias[c] += float64(row[c])
		}
	}
}

// softmaxLoss turns a row of logits into probability − target in place and returns −log p(target).
func softmaxLoss(row []float32, target int) float64 {
	peak := row[0]
	for _, v := range row {
		peak = max(peak, v)
	}
	sum := 0.0
	for c, v := range row {
		e := math.Exp(float64(v - peak))
		row[c] = float32(e)
		sum += e
	}
	loss := math.Log(sum) - math.Log(max(float64(row[target]), 1e-30))
	for c := range row {
		row[c] /= float32(sum)
	}
	row[target]--
	return loss
}

// softLoss turns a row of logits into probability − target in place and returns the cross entropy −Σ target·log p. Targets sum to 1.
func softLoss(row, target []float32) float64 {
	peak := row[0]
	for _, v := range row {
		peak = max(peak, v)
	}
	sum := 0.0
	for _, v := range row {
		sum += math.Exp(float64(v - peak))
	}
	log, loss := math.Log(sum), 0.0
	for c, v := range row {
		logP := float64(v-peak) - log
		loss -= float64(target[c]) * logP
		row[c] = float32(math.Exp(logP)) - target[c]
	}
	return loss
}

func equal(a, b []float64) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// recorder reports iterations.
type recorder struct {
	progress func(int, float64)
	n        int
}

func (r *recorder) Init() error { return nil }

func (r *recorder) Record(loc *optimize.Location, op optimize.Operation, _ *optimize.Stats) error {
	if op == optimize.MajorIteration {
		r.n++
		r.progress(r.n, loc.F)
		if math.IsNaN(loc.F) {
			return errors.New("the loss is not a number: check the features")
		}
	}
	return nil
}
