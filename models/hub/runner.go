package hub

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/knights-analytics/hugot"
	"github.com/knights-analytics/hugot/backends"

	"yingda/models/tokenizer"
)

// Model says which model a pipeline runs. All pipelines are safe for concurrent use and must be closed.
//
// hugot loads the graph and runs it; this package tokenises and reads the outputs. hugot's Go tokenizer gives other ids than
// Hugging Face's for every eighth to fourth ordinary text when the model has a Unigram tokenizer (XLM-R, E5), wrong offsets for
// Chinese, and does not truncate.
//
// A run in hugot cannot be cancelled without pulling its tensors from under it, so a context is looked at between batches
// only. hugot keeps a compiled graph for every pair of batch size and length it has seen; a job over very different lengths
// takes memory for each.
type Model struct {
	// Dir is a folder in the Hugging Face layout, such as Pull and Export make.
	Dir string
	// OnnxFile is the base name of the model when Dir has several.
	OnnxFile string
	// Batch is how many texts are run together; default 8. More gains little on a processor and pads more.
	Batch int
}

// ErrTooLong is returned when a text has more tokens than the model has positions. hugot would read past the table.
var ErrTooLong = errors.New("the text is too long for the model")

// runner is what the pipelines share.
type runner struct {
	session *hugot.Session
	base    *backends.BasePipeline
	tok     *tokenizer.Tokenizer
	batch   int
}

// open builds a hugot pipeline of type T, in a session of its own: pipelines of one session share a tokenizer and change its
// options. base tells the part that T embeds.
func open[T backends.Pipeline](m Model, base func(T) *backends.BasePipeline, opts ...backends.PipelineOption[T]) (*runner, T, error) {
	var pipeline T
	dir, err := filepath.Abs(m.Dir)
	if err != nil {
		return nil, pipeline, err
	}
	tok, err := tokenizer.Load(filepath.Join(dir, "tokenizer.json"))
	if err != nil {
		return nil, pipeline, fmt.Errorf("open model %s: %w", m.Dir, err)
	}
	defer manyWorkers()()
	session, err := hugot.NewGoSession(context.Background()) // it lives until Close
	if err != nil {
		return nil, pipeline, fmt.Errorf("start hugot: %w", err)
	}
	err = guard(func() error {
		pipeline, err = hugot.NewPipeline(session, backends.PipelineConfig[T]{ModelPath: dir, OnnxFilename: m.OnnxFile, Name: "pipeline", Options: opts})
		if err != nil {
			return err
		}
		return pipeline.Validate() // hugot calls it for some pipelines only
	})
	if err != nil {
		return nil, pipeline, errors.Join(fmt.Errorf("open model %s: %w", m.Dir, err), session.Destroy())
	}
	if m.Batch <= 0 {
		m.Batch = 8
	}
	return &runner{session: session, base: base(pipeline), tok: tok, batch: m.Batch}, pipeline, nil
}

var opening sync.Mutex

// manyWorkers makes hugot's Go backend take a large pool of workers while a model is opened. The pool has 2 × GOMAXPROCS of them, an operator
// holds one while it waits for more inside, and with the few of a small machine all of them can wait for ever. The result restores the setting.
func manyWorkers() (restore func()) {
	opening.Lock()
	before := runtime.GOMAXPROCS(max(64, runtime.GOMAXPROCS(0)))
	return func() {
		runtime.GOMAXPROCS(before)
		opening.Unlock()
	}
}

// Close frees the model. No call may be running.
func (r *runner) Close() error { return r.session.Destroy() }

// input is a row for the model.
type input struct {
	ids   []int64
	types []uint32            // of pairs: 1 for the second text
	enc   *tokenizer.Encoding // of single texts
}

func (r *runner) encode(texts []string) ([]input, error) {
	rows := make([]input, len(texts))
	for i, text := range texts {
		enc, err := r.tok.Encode(text, 0)
		if err != nil {
			return nil, fmt.Errorf("tokenise text %d: %w", i, err)
		}
		rows[i] = input{ids: enc.IDs, enc: &enc}
	}
	return rows, r.checkLengths(rows)
}

// encodePairs joins two texts as their models were trained: [CLS] a [SEP] b [SEP], or <s> a </s></s> b </s>.
func (r *runner) encodePairs(pairs [][2]string) ([]input, error) {
	rows := make([]input, len(pairs))
	for i, pair := range pairs {
		a, errA := r.tok.Encode(pair[0], 0)
		b, errB := r.tok.Encode(pair[1], 0)
		if err := errors.Join(errA, errB); err != nil {
			return nil, fmt.Errorf("tokenise pair %d: %w", i, err)
		}
		ids := append([]int64(nil), a.IDs...)
		if sep := r.base.Model.SeparatorToken; sep == "</s>" {
			id, ok := r.tok.TokenID(sep)
			if !ok {
				return nil, fmt.Errorf("the tokenizer has no %s", sep)
			}
			ids = append(ids, int64(id))
		}
		second := len(ids)
		for lead, j := true, 0; j < b.Len(); j++ {
			if lead = lead && b.Special[j]; !lead {
				ids = append(ids, b.IDs[j])
			}
		}
		types := make([]uint32, len(ids))
		for j := second; j < len(types); j++ {
			types[j] = 1
		}
		rows[i] = input{ids: ids, types: types}
	}
	return rows, r.checkLengths(rows)
}

// checkLengths refuses rows for which the model has no positions. Models with 514 keep two for themselves (RoBERTa).
func (r *runner) checkLengths(rows []input) error {
	limit := r.base.Model.MaxPositionEmbeddings
	if limit == 514 {
		limit = 512
	}
	for i := range rows {
		n := len(rows[i].ids)
		if n == 0 {
			return fmt.Errorf("text %d has no tokens", i)
		}
		if limit > 0 && n > limit {
			return fmt.Errorf("text %d has %d tokens, the model takes %d: %w", i, n, limit, ErrTooLong)
		}
	}
	return nil
}

// forward runs the rows in batches and gives each batch's outputs to take; the first row of the batch is rows[lo].
func (r *runner) forward(ctx context.Context, rows []input, take func(lo, n int, outputs []any) error) error {
	return r.batches(ctx, len(rows), func(ctx context.Context, lo, hi int) error {
		outputs, err := r.run(ctx, rows[lo:hi])
		if err != nil {
			return err
		}
		return take(lo, hi-lo, outputs)
	})
}

// batches calls run for one range of n after the other.
func (r *runner) batches(ctx context.Context, n int, run func(ctx context.Context, lo, hi int) error) error {
	for lo := 0; lo < n; lo += r.batch {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		hi := min(lo+r.batch, n)
		if err := guard(func() error { return run(context.WithoutCancel(ctx), lo, hi) }); err != nil {
			return fmt.Errorf("run texts %d–%d: %w", lo, hi-1, err)
		}
	}
	return nil
}

func (r *runner) run(ctx context.Context, rows []input) (outputs []any, err error) {
	batch := backends.NewBatch(len(rows))
	defer func() { err = errors.Join(err, batch.Destroy()) }()
	for _, row := range rows {
		n := len(row.ids)
		in := backends.TokenizedInput{TokenIDs: make([]uint32, n), TypeIDs: make([]uint32, n), AttentionMask: make([]uint32, n), MaxAttentionIndex: n - 1}
		for i, id := range row.ids {
			in.TokenIDs[i], in.AttentionMask[i] = uint32(id), 1
		}
		copy(in.TypeIDs, row.types)
		batch.Input = append(batch.Input, in)
		batch.MaxSequenceLength = max(batch.MaxSequenceLength, n)
	}
	if err := backends.CreateInputTensors(batch, r.base.Model, r.base.Runtime); err != nil {
		return nil, err
	}
	if err := backends.RunSessionOnBatch(ctx, batch, r.base); err != nil {
		return nil, err
	}
	return batch.OutputValues, nil
}

// rowsOf reads an output with one row of numbers for each text.
func rowsOf(output any, n int) ([][]float32, error) {
	rows, ok := output.([][]float32)
	if !ok || len(rows) != n {
		return nil, fmt.Errorf("the output is %T of %d, not a row for each of %d texts", output, len(rows), n)
	}
	return rows, nil
}

// softmax returns the probabilities of some of the logits.
func softmax(logits ...float32) []float64 {
	top := math.Inf(-1)
	for _, x := range logits {
		top = max(top, float64(x))
	}
	p, sum := make([]float64, len(logits)), 0.0
	for i, x := range logits {
		p[i] = math.Exp(float64(x) - top)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// guard turns a panic into an error: hugot panics on models and texts that it does not expect.
func guard(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("hugot panicked: %v", v)
		}
	}()
	return f()
}
