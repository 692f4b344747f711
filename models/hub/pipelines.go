package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/knights-analytics/hugot/backends"
	"github.com/knights-analytics/hugot/pipelines"
)

// Score is a label and its probability.
type Score struct {
	Label string
	P     float64
}

// Embedder turns texts into vectors.
type Embedder struct {
	*runner
	p *pipelines.FeatureExtractionPipeline
}

// OpenEmbedder opens a model whose output is a vector a text, or a vector a token: these are averaged. output names one of
// several; "" takes the first. normalize scales the vectors to length 1.
func OpenEmbedder(m Model, output string, normalize bool) (*Embedder, error) {
	var opts []backends.PipelineOption[*pipelines.FeatureExtractionPipeline]
	if output != "" {
		opts = append(opts, pipelines.WithOutputName(output))
	}
	if normalize {
		opts = append(opts, pipelines.WithNormalization())
	}
	r, p, err := open(m, opts...)
	if err != nil {
		return nil, err
	}
	return &Embedder{r, p}, nil
}

// Embed returns a vector for each text.
func (e *Embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	return vectors, e.each(ctx, texts, func(ctx context.Context, batch []string, lo int) error {
		out, err := e.p.RunPipeline(ctx, batch)
		if err != nil {
			return err
		}
		if len(out.Embeddings) != len(batch) {
			return fmt.Errorf("hugot gave %d vectors for %d texts", len(out.Embeddings), len(batch))
		}
		copy(vectors[lo:], out.Embeddings)
		return nil
	})
}

// Classifier labels texts by a sequence-classification head.
type Classifier struct {
	*runner
	p *pipelines.TextClassificationPipeline
}

// OpenClassifier opens a model with a sequence-classification head. The scores are a softmax over all labels: hugot's own
// multi-label mode, which is the one that gives all labels, would take a sigmoid of each.
func OpenClassifier(m Model) (*Classifier, error) {
	r, p, err := open(m, pipelines.WithMultiLabel(), pipelines.WithSoftmax())
	if err != nil {
		return nil, err
	}
	return &Classifier{r, p}, nil
}

// Classify returns all labels for each text, the likeliest first.
func (c *Classifier) Classify(ctx context.Context, texts []string) ([][]Score, error) {
	all := make([][]Score, len(texts))
	return all, c.each(ctx, texts, func(ctx context.Context, batch []string, lo int) error {
		out, err := c.p.RunPipeline(ctx, batch)
		if err != nil {
			return err
		}
		for i, row := range out.ClassificationOutputs {
			for _, s := range row {
				all[lo+i] = append(all[lo+i], Score{s.Label, float64(s.Score)})
			}
			sortScores(all[lo+i])
		}
		return nil
	})
}

func sortScores(s []Score) {
	slices.SortStableFunc(s, func(a, b Score) int { return cmp.Compare(b.P, a.P) })
}

// ZeroShot labels texts with labels that the model was not trained on, by a natural-language-inference head.
type ZeroShot struct {
	*runner
	p *pipelines.ZeroShotClassificationPipeline
}

// OpenZeroShot opens a model that tells entailment from contradiction. template has "{}" where the label goes; "" means
// "This example is {}." With multi, each label is judged alone; without, the labels compete.
func OpenZeroShot(m Model, labels []string, template string, multi bool) (*ZeroShot, error) {
	if len(labels) == 0 {
		return nil, errors.New("open zero-shot model: no labels given")
	}
	r, p, err := open(m, pipelines.WithLabels(labels), pipelines.WithMultilabel(multi))
	if err != nil {
		return nil, err
	}
	if err := p.Validate(); err != nil { // hugot does not call it
		return nil, errors.Join(fmt.Errorf("open model %s: %w", m.Dir, err), r.Close())
	}
	if template != "" {
		p.HypothesisTemplate = template // hugot's option for it has no effect
	}
	r.batch = 1 // hugot runs pairs one by one in a batch as large as the number of texts
	return &ZeroShot{r, p}, nil
}

// Classify returns all labels for each text, the likeliest first.
func (z *ZeroShot) Classify(ctx context.Context, texts []string) ([][]Score, error) {
	all := make([][]Score, len(texts))
	return all, z.each(ctx, texts, func(ctx context.Context, batch []string, lo int) error {
		out, err := z.p.RunPipeline(ctx, batch)
		if err != nil {
			return err
		}
		for _, s := range out.ClassificationOutputs[0].SortedValues {
			all[lo] = append(all[lo], Score{s.Key, s.Value})
		}
		sortScores(all[lo])
		return nil
	})
}

// Reranker scores how well documents answer a query, by a cross-encoder with one output.
type Reranker struct {
	*runner
	mu sync.Mutex // hugot counts without one
	p  *pipelines.CrossEncoderPipeline
}

// OpenReranker opens a cross-encoder.
func OpenReranker(m Model) (*Reranker, error) {
	r, p, err := open(m, pipelines.WithBatchSize(max(m.Batch, 8)))
	if err != nil {
		return nil, err
	}
	return &Reranker{runner: r, p: p}, nil
}

// Rank returns a score in (0, 1) for each document, in their order.
func (r *Reranker) Rank(ctx context.Context, query string, documents []string) ([]float64, error) {
	scores := make([]float64, len(documents))
	pairs := make([]string, len(documents))
	for i, d := range documents {
		pairs[i] = query + r.model.SeparatorToken + d // as hugot joins them
	}
	if err := r.checkLengths(pairs); err != nil {
		return nil, err
	}
	return scores, r.each(ctx, documents, func(ctx context.Context, batch []string, lo int) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		out, err := r.p.RunPipeline(ctx, query, batch)
		if err != nil {
			return err
		}
		for _, s := range out.Results {
			scores[lo+s.Index] = float64(s.Score)
		}
		return nil
	})
}
