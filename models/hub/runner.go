package hub

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/knights-analytics/hugot"
	"github.com/knights-analytics/hugot/backends"
)

// Model says which model a pipeline runs. All pipelines are safe for concurrent use and must be closed.
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

// ErrTooLong is returned when a text has more tokens than the model has positions. hugot's Go tokenizer does not truncate,
// and its backend reads past the table of positions.
var ErrTooLong = errors.New("the text is too long for the model")

// runner is what the pipelines share.
type runner struct {
	session *hugot.Session
	model   *backends.Model
	batch   int
}

// open builds a pipeline of type T in a session of its own: pipelines of one session share a tokenizer and change its options.
func open[T backends.Pipeline](m Model, opts ...backends.PipelineOption[T]) (r *runner, pipeline T, err error) {
	dir, err := filepath.Abs(m.Dir)
	if err != nil {
		return nil, pipeline, err
	}
	session, err := hugot.NewGoSession(context.Background()) // it lives until Close
	if err != nil {
		return nil, pipeline, fmt.Errorf("start hugot: %w", err)
	}
	err = guard(func() error {
		pipeline, err = hugot.NewPipeline(session, backends.PipelineConfig[T]{ModelPath: dir, OnnxFilename: m.OnnxFile, Name: "pipeline", Options: opts})
		if err != nil {
			return err
		}
		if pipeline.GetModel().Tokenizer == nil {
			return errors.New("the folder has no tokenizer.json")
		}
		return nil
	})
	if err != nil {
		return nil, pipeline, errors.Join(fmt.Errorf("open model %s: %w", m.Dir, err), session.Destroy())
	}
	if m.Batch <= 0 {
		m.Batch = 8
	}
	return &runner{session: session, model: pipeline.GetModel(), batch: m.Batch}, pipeline, nil
}

// Close frees the model. No call may be running.
func (r *runner) Close() error { return r.session.Destroy() }

// each calls run for one batch of texts after the other, of which the first is texts[lo].
func (r *runner) each(ctx context.Context, texts []string, run func(ctx context.Context, batch []string, lo int) error) error {
	if err := r.checkLengths(texts); err != nil {
		return err
	}
	return r.batches(ctx, len(texts), func(ctx context.Context, lo, hi int) error { return run(ctx, texts[lo:hi], lo) })
}

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

// maxTokens is the number of positions; models with 514 keep two for themselves (RoBERTa).
func (r *runner) maxTokens() int {
	if n := r.model.MaxPositionEmbeddings; n != 514 {
		return n
	}
	return 512
}

func (r *runner) checkLengths(texts []string) error {
	limit := r.maxTokens()
	for i, text := range texts {
		if limit <= 0 || len(text)+4 <= limit { // no tokenizer makes more tokens than bytes, but for the special ones
			continue
		}
		if n := len(r.model.Tokenizer.GoTokenizer.Tokenizer.Encode(text)); n > limit {
			return fmt.Errorf("text %d has %d tokens, the model takes %d: %w", i, n, limit, ErrTooLong)
		}
	}
	return nil
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
