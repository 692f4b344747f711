package hub

import (
	"cmp"
	"context"
	"slices"

	"github.com/knights-analytics/hugot/backends"
	"github.com/knights-analytics/hugot/pipelines"
)

// Score is a label and its probability.
type Score struct {
	Label string
	P     float64
}

// Classifier labels texts by a sequence-classification head.
type Classifier struct {
	*runner
	p *pipelines.TextClassificationPipeline
}

// OpenClassifier opens a model with a sequence-classification head.
func OpenClassifier(m Model) (*Classifier, error) {
	r, p, err := open(m, func(p *pipelines.TextClassificationPipeline) *backends.BasePipeline { return p.BasePipeline },
		pipelines.WithMultiLabel(), pipelines.WithSoftmax()) // all labels, a softmax over them
	if err != nil {
		return nil, err
	}
	return &Classifier{r, p}, nil
}

// Classify returns all labels for each text, the likeliest first. Their probabilities sum to 1.
func (c *Classifier) Classify(ctx context.Context, texts []string) ([][]Score, error) {
	rows, err := c.encode(texts)
	if err != nil {
		return nil, err
	}
	all := make([][]Score, len(texts))
	return all, c.forward(ctx, rows, func(lo, n int, outputs []any) error {
		logits, err := rowsOf(outputs[0], n)
		if err != nil {
			return err
		}
		for i, row := range logits {
			for j, p := range softmax(row...) {
				all[lo+i] = append(all[lo+i], Score{c.p.Model.IDLabelMap[j], p})
			}
			sortScores(all[lo+i])
		}
		return nil
	})
}

// ClassifyAsHugot is Classify by hugot's pipeline alone, its tokenizer included. The benchmark runs it as a peer; its labels can
// be others.
func (c *Classifier) ClassifyAsHugot(ctx context.Context, texts []string) ([][]Score, error) {
	all := make([][]Score, len(texts))
	return all, c.batches(ctx, len(texts), func(ctx context.Context, lo, hi int) error {
		out, err := c.p.RunPipeline(ctx, texts[lo:hi])
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
