package nlu

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"yingda/models"
	"yingda/models/batch"
	"yingda/models/tokenizer"
	"yingda/nlu/norm"
)

// Runner computes logits for token sequences; [batch.Queue] is one.
type Runner interface {
	Do(ctx context.Context, texts ...[]int64) ([]batch.Result, error)
}

// Tokeniser turns raw text into ids and tokens with spans in the raw text, as a bundle's model wants to read it.
// Safe for concurrent use.
type Tokeniser struct {
	tok    *tokenizer.Tokenizer
	prefix string
	fold   *norm.Options // nil = the text goes in as it is
	pad    int64
	limit  int
	pool   sync.Pool
}

// NewTokeniser reads the bundle's tokenizer.
func NewTokeniser(b *models.Bundle) (*Tokeniser, error) {
	tok, err := tokenizer.Parse(b.Tokenizer)
	if err != nil {
		return nil, err
	}
	spec := b.Manifest.Tokenizer
	t := &Tokeniser{tok: tok, prefix: spec.Prefix, pad: spec.Pad, limit: b.Manifest.Model.MaxTokens}
	if len(spec.Fold) > 0 {
		t.fold = &norm.Options{}
		for _, f := range spec.Fold {
			switch f {
			case "simplify":
				t.fold.Simplify = true
			case "lower":
				t.fold.Lower = true
			case "squeeze":
				t.fold.Squeeze = true
			default:
				return nil, fmt.Errorf("tokenizer: unknown fold %q; known are simplify, lower, squeeze", f)
			}
		}
	}
	t.pool.New = func() any { return new(tokenizer.Encoding) }
	return t, nil
}

// Encode returns the ids and tokens of a text. ids and tokens belong to the caller.
func (t *Tokeniser) Encode(text string) (ids []int64, enc Encoding, err error) {
	input, folded := text, norm.Text{}
	if t.fold != nil {
		folded = norm.Fold(text, *t.fold)
		input = folded.Text
	}
	e := t.pool.Get().(*tokenizer.Encoding)
	defer t.pool.Put(e)
	if err := t.tok.EncodeInto(e, t.prefix+input, 0); err != nil {
		return nil, enc, err
	}
	if len(e.IDs) == 0 { // nothing is left of the text and the tokenizer adds no special tokens: a mean over nothing would not be a number
		return []int64{t.pad}, Encoding{Tokens: []Token{{Special: true}}}, nil
	}
	ids = slices.Clone(e.IDs)
	enc.Tokens = make([]Token, len(ids))
	for i, s := range e.Spans {
		start, end := max(s.Start-len(t.prefix), 0), s.End-len(t.prefix)
		if e.Special[i] || end <= 0 {
			enc.Tokens[i].Special = true
			continue
		}
		if t.fold != nil {
			start, end = folded.Raw(start, end)
		}
		enc.Tokens[i].Span = Span{start, end}
	}
	return ids, enc, nil
}

// Encoder is the component that runs the model: it tokenises, waits for its turn in the queue and keeps the logits of all heads.
type Encoder struct {
	id     models.BundleID
	heads  []models.Head
	tok    *Tokeniser
	runner Runner

	embedding int // index of the head that embeds, −1 = none
}

var _ Component = (*Encoder)(nil)

// NewEncoder makes the component for a bundle whose backend is behind runner.
func NewEncoder(b *models.Bundle, runner Runner) (*Encoder, error) {
	tok, err := NewTokeniser(b)
	if err != nil {
		return nil, err
	}
	e := &Encoder{id: b.Manifest.ID, heads: b.Manifest.Heads, tok: tok, runner: runner, embedding: b.Manifest.HeadIndex(models.HeadEmbedding)}
	if e.embedding >= 0 && b.Manifest.Heads[e.embedding].Kind != models.Vector {
		e.embedding = -1
	}
	return e, nil
}

// Embed returns the embeddings of texts, as [Analysis].Embedding would be, without the rest of an analysis. A text that is too long for
// the model is read up to where it ends. The result is nil when the bundle does not embed.
func (e *Encoder) Embed(ctx context.Context, texts ...string) ([][]float32, error) {
	if e.embedding < 0 || len(texts) == 0 {
		return nil, nil
	}
	ids, err := e.tok.all(texts)
	if err != nil {
		return nil, err
	}
	order := make([]int, len(ids)) // texts of like length are computed together without padding
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(ids[a]) - len(ids[b]) })
	out := make([][]float32, len(texts))
	return out, e.embed(ctx, ids, order, out)
}

// How many texts, and tokens if there is more than one text, are queued at a time; while some of them are computed, the next are queued, so that no
// worker waits for another. A queue has room for a few times that.
const (
	embedTexts  = 64
	embedTokens = 2048
)

// embed computes the embeddings of ids in an order.
func (e *Encoder) embed(ctx context.Context, ids [][]int64, order []int, out [][]float32) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	some := func(which []int) error {
		part := make([][]int64, len(which))
		for i, at := range which {
			part[i] = ids[at]
		}
		results, err := e.runner.Do(ctx, part...)
		if err != nil {
			return err
		}
		for i, at := range which {
			out[at] = results[i].Logits[e.embedding].Data
		}
		return nil
	}
	pieces := make(chan []int)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0)+1, (len(order)+embedTexts-1)/embedTexts) {
		wg.Go(func() {
			for which := range pieces {
				if err := some(which); err != nil {
					cancel(err)
				}
			}
		})
	}
	for from := 0; from < len(order) && ctx.Err() == nil; {
		to, tokens := from, 0
		for to < len(order) && to-from < embedTexts && (to == from || tokens+len(ids[order[to]]) <= embedTokens) {
			tokens += len(ids[order[to]])
			to++
		}
		pieces <- order[from:to]
		from = to
	}
	close(pieces)
	wg.Wait()
	return context.Cause(ctx)
}

// Head returns the logits of one head for texts, with the time they waited and were computed. A text that is too long for the model is read up to where it ends.
func (e *Encoder) Head(ctx context.Context, name string, texts ...string) ([]models.Logits, Timing, error) {
	h := slices.IndexFunc(e.heads, func(h models.Head) bool { return h.Name == name })
	if h < 0 {
		return nil, Timing{}, fmt.Errorf("the bundle %s has no head %q", e.id, name)
	}
	ids := make([][]int64, len(texts))
	for i, text := range texts {
		id, _, err := e.tok.Encode(text)
		if err != nil {
			return nil, Timing{}, fmt.Errorf("tokenise: %w", err)
		}
		ids[i] = id[:min(len(id), e.tok.limit)]
	}
	results, err := e.runner.Do(ctx, ids...)
	if err != nil || len(results) == 0 {
		return nil, Timing{}, err
	}
	out := make([]models.Logits, len(results))
	took := Timing{}
	for i, r := range results {
		out[i] = r.Logits[h]
		took.Queue, took.Inference = max(took.Queue, r.Queue), max(took.Inference, r.Run)
	}
	return out, took, nil
}

// all returns the ids of texts, on all processors; a text that is too long is cut.
func (t *Tokeniser) all(texts []string) ([][]int64, error) {
	ids, errs := make([][]int64, len(texts)), make([]error, len(texts))
	var wg sync.WaitGroup
	each := max(embedTexts, (len(texts)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	for from := 0; from < len(texts); from += each {
		wg.Go(func() {
			for i := from; i < min(from+each, len(texts)); i++ {
				if ids[i], _, errs[i] = t.Encode(texts[i]); errs[i] != nil {
					errs[i] = fmt.Errorf("tokenise text %d: %w", i, errs[i])
				}
				ids[i] = ids[i][:min(len(ids[i]), t.limit)]
			}
		})
	}
	wg.Wait()
	return ids, errors.Join(errs...)
}

// Name implements [Component].
func (e *Encoder) Name() string { return "encode@1" }

// Requires implements [Component].
func (e *Encoder) Requires() []Field { return []Field{FieldText} }

// Assigns implements [Component].
func (e *Encoder) Assigns() []Field { return []Field{FieldLogits} }

// Annotate implements [Component]. A text with more tokens than the model reads gives a [*TooLongError] before anything runs.
func (e *Encoder) Annotate(ctx context.Context, as []*Analysis) error {
	if len(as) == 0 {
		return nil
	}
	start := time.Now()
	texts := make([][]int64, len(as))
	for i, a := range as {
		ids, enc, err := e.tok.Encode(a.Text)
		if err != nil {
			return fmt.Errorf("tokenise: %w", err)
		}
		if len(ids) > e.tok.limit {
			return &TooLongError{Index: i, Tokens: len(ids), Limit: e.tok.limit}
		}
		texts[i], a.Encoding, a.Bundle = ids, enc, e.id
	}
	spent := time.Since(start) / time.Duration(len(as))
	results, err := e.runner.Do(ctx, texts...)
	if err != nil {
		return err
	}
	for i, a := range as {
		r := &results[i]
		a.Logits = make(map[string]models.Logits, len(e.heads))
		for h := range e.heads {
			a.Logits[e.heads[h].Name] = r.Logits[h]
		}
		if e.embedding >= 0 {
			a.Embedding = r.Logits[e.embedding].Data
		}
		a.Timing.Tokenise, a.Timing.Queue, a.Timing.Inference, a.Timing.BatchRows = spent, r.Queue, r.Run, r.Rows
	}
	return nil
}
