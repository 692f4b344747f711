package hub

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/knights-analytics/hugot/backends"
	"github.com/knights-analytics/hugot/pipelines"
)

// ZeroShot labels texts with labels that the model was not trained on, by a natural-language-inference head.
type ZeroShot struct {
	*runner
	labels                 []string
	template               string
	multi                  bool
	entails, contradiction int // columns of the logits
}

// OpenZeroShot opens a model that tells entailment from contradiction. template has "{}" where the label goes; "" means
// "This example is {}." With multi, each label is judged alone; without, the labels compete.
func OpenZeroShot(m Model, labels []string, template string, multi bool) (*ZeroShot, error) {
	if template == "" {
		template = "This example is {}."
	}
	if len(labels) == 0 || !strings.Contains(template, "{}") {
		return nil, errors.New("open zero-shot model: there must be labels, and {} in the template")
	}
	r, p, err := open(m, func(p *pipelines.ZeroShotClassificationPipeline) *backends.BasePipeline { return p.BasePipeline }, pipelines.WithLabels(labels))
	if err != nil {
		return nil, err
	}
	z := &ZeroShot{runner: r, labels: labels, template: template, multi: multi || len(labels) == 1, entails: -1, contradiction: -1}
	for i, label := range p.Model.IDLabelMap {
		switch label = strings.ToLower(label); {
		case strings.HasPrefix(label, "entail"):
			z.entails = i
		case strings.HasPrefix(label, "contra"), strings.HasPrefix(label, "not_entail"):
			z.contradiction = i
		}
	}
	if z.entails < 0 || z.multi && z.contradiction < 0 {
		return nil, errors.Join(fmt.Errorf("open model %s: its labels do not tell entailment from contradiction", m.Dir), r.Close())
	}
	return z, nil
}

// Classify returns all labels for each text, the likeliest first.
func (z *ZeroShot) Classify(ctx context.Context, texts []string) ([][]Score, error) {
	var pairs [][2]string
	for _, text := range texts {
		for _, label := range z.labels {
			pairs = append(pairs, [2]string{text, strings.Replace(z.template, "{}", label, 1)})
		}
	}
	logits, err := z.logits(ctx, pairs)
	if err != nil {
		return nil, err
	}
	all := make([][]Score, len(texts))
	for i := range texts {
		all[i] = z.scores(logits[i*len(z.labels) : (i+1)*len(z.labels)])
	}
	return all, nil
}

func (z *ZeroShot) scores(logits [][]float32) []Score {
	entails := make([]float32, len(logits))
	for i, row := range logits {
		entails[i] = row[z.entails]
	}
	scores := make([]Score, len(logits))
	for i, p := range softmax(entails...) {
		if z.multi {
			p = softmax(logits[i][z.contradiction], entails[i])[1]
		}
		scores[i] = Score{z.labels[i], p}
	}
	sortScores(scores)
	return scores
}

// logits runs a model over pairs of texts.
func (r *runner) logits(ctx context.Context, pairs [][2]string) ([][]float32, error) {
	rows, err := r.encodePairs(pairs)
	if err != nil {
		return nil, err
	}
	all := make([][]float32, len(rows))
	return all, r.forward(ctx, rows, func(lo, n int, outputs []any) error {
		logits, err := rowsOf(outputs[0], n)
		copy(all[lo:], logits)
		return err
	})
}

// Reranker scores how well documents answer a query, by a cross-encoder with one output.
type Reranker struct{ *runner }

// OpenReranker opens a cross-encoder.
func OpenReranker(m Model) (*Reranker, error) {
	r, _, err := open(m, func(p *pipelines.CrossEncoderPipeline) *backends.BasePipeline { return p.BasePipeline })
	if err != nil {
		return nil, err
	}
	return &Reranker{r}, nil
}

// Rank returns a score in (0, 1) for each document, in their order.
func (r *Reranker) Rank(ctx context.Context, query string, documents []string) ([]float64, error) {
	pairs := make([][2]string, len(documents))
	for i, d := range documents {
		pairs[i] = [2]string{query, d}
	}
	logits, err := r.logits(ctx, pairs)
	if err != nil {
		return nil, err
	}
	scores := make([]float64, len(documents))
	for i, row := range logits {
		scores[i] = 1 / (1 + math.Exp(-float64(row[0])))
	}
	return scores, nil
}
