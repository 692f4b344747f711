package hub

import (
	"context"
	"math"

	"github.com/knights-analytics/hugot/backends"
	"github.com/knights-analytics/hugot/pipelines"
)

// Embedder turns texts into vectors.
type Embedder struct {
	*runner
	output    int
	normalize bool
}

// OpenEmbedder opens a model whose output is a vector a text, or a vector a token: these are averaged. output names one of
// several; "" takes the first. normalize scales the vectors to length 1.
func OpenEmbedder(m Model, output string, normalize bool) (*Embedder, error) {
	var opts []backends.PipelineOption[*pipelines.FeatureExtractionPipeline]
	if output != "" {
		opts = append(opts, pipelines.WithOutputName(output))
	}
	r, p, err := open(m, func(p *pipelines.FeatureExtractionPipeline) *backends.BasePipeline { return p.BasePipeline }, opts...)
	if err != nil {
		return nil, err
	}
	return &Embedder{r, p.OutputIndex, normalize}, nil
}

// Embed returns a vector for each text.
func (e *Embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	rows, err := e.encode(texts)
	if err != nil {
		return nil, err
	}
	vectors := make([][]float32, len(texts))
	return vectors, e.forward(ctx, rows, func(lo, n int, outputs []any) error {
		if tokens, ok := outputs[e.output].([][][]float32); ok && len(tokens) == n {
			for i := range tokens {
				vectors[lo+i] = mean(tokens[i])
			}
		} else {
			whole, err := rowsOf(outputs[e.output], n)
			if err != nil {
				return err
			}
			copy(vectors[lo:], whole)
		}
		for _, v := range vectors[lo : lo+n] {
			e.finish(v)
		}
		return nil
	})
}

func (e *Embedder) finish(v []float32) {
	if !e.normalize {
		return
	}
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	for i := range v {
		v[i] = float32(float64(v[i]) / math.Sqrt(max(sum, 1e-24)))
	}
}

// mean averages the vectors of a text's tokens; hugot has left the padding out.
func mean(tokens [][]float32) []float32 {
	if len(tokens) == 0 {
		return nil
	}
	v := make([]float32, len(tokens[0]))
	for i := range v {
		sum := 0.0
		for _, t := range tokens {
			sum += float64(t[i])
		}
		v[i] = float32(sum / float64(len(tokens)))
	}
	return v
}
