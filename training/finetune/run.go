package finetune

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"yingda/models/onnx"
)

// Result is what a run leaves behind.
type Result struct {
	Model      *Model
	Scores     []float64 // validation after each epoch
	Best       int       // epoch whose weights are returned, from 0; the last one unless Patience or a falling score chose another
	Steps      int
	Elapsed    time.Duration // of this process; a resumed run counts from the checkpoint
	Resumed    int           // step the run was resumed at; 0 = begun here
	FinalLoss  float64
	Parameters int
}

// Close frees the weights. Model must not be used after it.
func (r *Result) Close() error { return r.Model.m.close() }

// Weights returns a copy of a trained parameter, or nil.
func (r *Result) Weights(name string) []float32 {
	for _, p := range r.Model.m.params {
		if p.Name == name {
			return append([]float32(nil), p.Value...)
		}
	}
	return nil
}

// Apply returns a copy of an encoder graph with the trained weights in place of the old.
func (r *Result) Apply(m *onnx.Model) *onnx.Model {
	trained := map[string]*Param{}
	for _, p := range r.Model.m.params {
		trained[p.Name] = p
	}
	words := r.Model.m.wordName
	c, g := *m, *m.Graph
	g.Initializers = append([]*onnx.Tensor(nil), g.Initializers...)
	for i, t := range g.Initializers {
		if p := trained[t.Name]; p != nil {
			g.Initializers[i] = onnx.NewFloats(t.Name, p.Value, t.Dims...)
		}
		if t.Name == words && r.Model.m.table != nil {
			g.Initializers[i] = onnx.NewFloats(t.Name, r.Model.m.words, t.Dims...)
		}
	}
	c.Graph = &g
	return &c
}

// run is the state of one training.
type run struct {
	o       Options
	m       *model
	rows    []Row
	steps   int // updates of the whole run
	step    int // updates made
	epoch   int // the one in progress
	within  int // batches of the epoch that have been learnt from
	loss    float64
	weight  float64 // of the smoothed loss
	scores  []float64
	best    []float32 // all weights at the best epoch; nil = not kept
	average []float64 // sums of weights over the last epochs; nil = not kept
	summed  int       // epochs in average
	print   string    // fingerprint
	start   time.Time
	done    int // rows since start
	resumed int
}

// Run trains. validate is called after each epoch; higher is better. It may be nil. The result must be closed.
func Run(ctx context.Context, spec Spec, rows []Row, o Options, validate func(context.Context, *Model) (float64, error)) (*Result, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("fine-tune: %w", err)
	}
	if len(rows) == 0 {
		return nil, errors.New("fine-tune: no rows")
	}
	if o.Threads == 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	matching := o.Hidden > 0 && rows[0].Hidden != nil
	m, err := newModel(spec, o, matching)
	if err != nil {
		return nil, fmt.Errorf("fine-tune: %w", err)
	}
	if err := checkRows(rows, spec); err != nil {
		return nil, fmt.Errorf("fine-tune: %w", errors.Join(err, m.close()))
	}
	t := &run{o: o, m: m, rows: rows, start: time.Now()}
	for e := range o.Epochs {
		t.steps += (len(plan(rows, o, e)) + o.Accumulate - 1) / o.Accumulate
	}
	res, err := t.run(ctx, validate)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("fine-tune: %w", err), m.close())
	}
	return res, nil
}

// checkRows finds targets that no head has, tokens that no text has, and numbers that are none: in a batch they would be a panic or a NaN.
func checkRows(rows []Row, spec Spec) error {
	targets := func(ts []Target, classes int) error {
		for _, t := range ts {
			if t.Class < 0 || int(t.Class) >= classes {
				return fmt.Errorf("class %d of a head with %d", t.Class, classes)
			}
			if w := float64(t.Weight); w < 0 || math.IsNaN(w) || math.IsInf(w, 0) {
				return fmt.Errorf("weight %g of class %d", w, t.Class)
			}
		}
		return nil
	}
	check := func(r *Row) error {
		if len(r.IDs) == 0 {
			return errors.New("no tokens")
		}
		if len(r.Tags) > 0 && len(r.Tags) != len(r.IDs) {
			return fmt.Errorf("%d tags for %d tokens", len(r.Tags), len(r.IDs))
		}
		errs := []error{targets(r.Emotion, spec.Emotion), targets(r.Several, spec.Several)}
		for _, s := range r.Segments {
			errs = append(errs, targets(s.Target, spec.Intents))
			for _, k := range s.Tokens {
				if k < 0 || k >= len(r.IDs) {
					errs = append(errs, fmt.Errorf("token %d of %d", k, len(r.IDs)))
				}
			}
		}
		for _, ts := range r.Tags {
			errs = append(errs, targets(ts, spec.Tags))
		}
		return errors.Join(errs...)
	}
	for i := range rows {
		if err := check(&rows[i]); err != nil {
			return fmt.Errorf("row %d: %w", i, err)
		}
	}
	return nil
}

func (t *run) run(ctx context.Context, validate func(context.Context, *Model) (float64, error)) (*Result, error) {
	if err := t.resume(); err != nil {
		return nil, err
	}
	for t.epoch < t.o.Epochs {
		if err := t.oneEpoch(ctx); err != nil {
			return nil, err
		}
		stop, err := t.endEpoch(ctx, validate)
		if err != nil {
			return nil, err
		}
		if stop {
			break
		}
	}
	res := &Result{Model: &Model{t.m}, Scores: t.scores, Best: max(t.epoch-1, 0), Steps: t.step, Elapsed: time.Since(t.start), Resumed: t.resumed, FinalLoss: t.smoothed()}
	for _, p := range t.m.params {
		res.Parameters += len(p.Value)
	}
	t.restore(res)
	return res, t.removeCheckpoint()
}

// oneEpoch goes on with the epoch where it stands. The next batch is laid out while the graph runs, but where the word table is trained: a
// batch carries rows of it, and they must be those after the update.
func (t *run) oneEpoch(ctx context.Context) error {
	batches := plan(t.rows, t.o, t.epoch)
	layOut := func(i int) *batch { return t.m.collate(t.rows, batches[i], t.o, t.epoch*1_000_000+i) } // dropout is another in each epoch and batch
	next := make(chan *batch, 1)
	ahead := false
	defer func() {
		if ahead {
			<-next // nothing may read the model's memory after it is freed
		}
	}()
	saved := time.Now()
	for t.within < len(batches) {
		var b *batch
		if ahead {
			b, ahead = <-next, false
		} else {
			b = layOut(t.within)
		}
		if i := t.within + 1; i < len(batches) && !t.o.Words {
			ahead = true
			go func() { next <- layOut(i) }()
		}
		if err := t.learn(b); err != nil {
			return err
		}
		t.within++
		if t.within%t.o.Accumulate != 0 && t.within != len(batches) {
			continue
		}
		if err := t.update(); err != nil {
			return err
		}
		if t.o.Checkpoint != "" && (ctx.Err() != nil || time.Since(saved) > t.o.Every) {
			if err := t.save(); err != nil {
				return err
			}
			saved = time.Now()
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// learn runs forward and backward on a batch; with accumulation the gradients are added up.
func (t *run) learn(b *batch) error {
	m := t.m
	first := t.within%t.o.Accumulate == 0
	if !first {
		m.stash()
	}
	if err := m.bindTrain(b); err != nil {
		return err
	}
	if err := m.bindWords(b); err != nil {
		return err
	}
	if err := m.train.Run(); err != nil {
		return err
	}
	if m.table != nil {
		m.table.collect(b, m.width)
	}
	if !first {
		m.unstash()
	}
	l := float64(m.loss[0])
	if math.IsNaN(l) || math.IsInf(l, 0) {
		return fmt.Errorf("step %d: %w", t.step+1, ErrDiverged)
	}
	t.loss, t.weight = 0.98*t.loss+0.02*l, 0.98*t.weight+0.02
	t.done += b.rows
	return nil
}

func (t *run) smoothed() float64 { return t.loss / max(t.weight, 1e-9) }

// update makes one step of the optimiser.
func (t *run) update() error {
	o := t.o
	norm := Norm(t.m.params, o.Threads)
	if t.m.table != nil {
		norm = math.Sqrt(norm*norm + t.m.table.norm2(t.m.width))
	}
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		return fmt.Errorf("gradient of step %d: %w", t.step+1, ErrDiverged)
	}
	t.step++
	rate := o.Rate
	if rate == 0 {
		rate = o.HeadRate
	}
	rate *= rateAt(t.step, t.steps, o.Warmup)
	AdamW(t.m.params, o.Threads, t.step, rate, o.Decay, norm, o.Clip)
	if t.m.table != nil {
		t.m.table.update(t.m.words, t.m.width, t.step, rate*math.Pow(o.LayerDecay, float64(t.m.spec.Layers)), norm, o.Clip)
	}
	if o.Progress != nil {
		last := math.NaN()
		if len(t.scores) > 0 {
			last = t.scores[len(t.scores)-1]
		}
		elapsed := time.Since(t.start)
		made := t.step - t.resumed
		o.Progress(Update{Epoch: t.epoch + 1, Epochs: o.Epochs, Step: t.step, Steps: t.steps, Loss: t.smoothed(), Rate: rate, Validation: last,
			Rows: float64(t.done) / elapsed.Seconds(), ETA: time.Duration(float64(elapsed) / float64(made) * float64(t.steps-t.step)).Round(time.Second)})
	}
	return nil
}

// endEpoch validates, keeps what has to be kept, and tells whether to stop.
func (t *run) endEpoch(ctx context.Context, validate func(context.Context, *Model) (float64, error)) (bool, error) {
	t.epoch++
	t.within = 0
	if t.o.Average > 1 && t.epoch > t.o.Epochs-t.o.Average {
		t.addToAverage()
	}
	if validate == nil {
		return false, nil
	}
	score, err := validate(ctx, &Model{t.m})
	if err != nil {
		return false, err
	}
	t.scores = append(t.scores, score)
	best := 0
	for i, s := range t.scores {
		if s > t.scores[best] {
			best = i
		}
	}
	if t.o.Patience > 0 && best == len(t.scores)-1 {
		t.best = t.m.snapshot(t.best)
	}
	return t.o.Patience > 0 && len(t.scores)-1-best >= t.o.Patience, nil
}

// restore puts the weights in place that the run returns.
func (t *run) restore(res *Result) {
	switch {
	case t.average != nil:
		n := float64(t.summed)
		t.m.each(func(p *Param, at int) {
			for i := range p.Value {
				p.Value[i] = float32(t.average[at+i] / n)
			}
		})
	case t.best != nil:
		t.m.each(func(p *Param, at int) { copy(p.Value, t.best[at:]) })
		for i, s := range t.scores {
			if s > t.scores[res.Best] {
				res.Best = i
			}
		}
	}
}

func (t *run) addToAverage() {
	t.summed++
	t.m.each(func(p *Param, at int) {
		if t.average == nil {
			t.average = make([]float64, t.m.size())
		}
		for i, v := range p.Value {
			t.average[at+i] += float64(v)
		}
	})
}

// each calls f for every parameter with its place in the list of all weights.
func (m *model) each(f func(p *Param, at int)) {
	at := 0
	for _, p := range m.params {
		f(p, at)
		at += len(p.Value)
	}
}

// stash puts the gradients aside before the next batch of the same update; unstash adds them to that batch's.
func (m *model) stash() {
	m.sum = m.sum[:0]
	for _, p := range m.params {
		m.sum = append(m.sum, p.Grad...)
	}
}

func (m *model) unstash() {
	m.each(func(p *Param, at int) {
		for i := range p.Grad {
			p.Grad[i] += m.sum[at+i]
		}
	})
}

func (m *model) bindTrain(b *batch) error { return m.bind(m.train, b, m.trainInputs) }

func (m *model) size() int {
	n := 0
	for _, p := range m.params {
		n += len(p.Value)
	}
	return n
}

func (m *model) snapshot(into []float32) []float32 {
	if into == nil {
		into = make([]float32, m.size())
	}
	m.each(func(p *Param, at int) { copy(into[at:], p.Value) })
	return into
}
