package hub

import (
	"context"
	"fmt"
	"strings"

	"github.com/knights-analytics/hugot/backends"
	"github.com/knights-analytics/hugot/pipelines"

	"yingda/models/tokenizer"
)

// Entity is a span of a text that a token-classification head found. Start and End are byte offsets, half open.
type Entity struct {
	Type       string
	Start, End int
	P          float64 // mean over the tokens
}

// Tagger finds entities by a token-classification head.
type Tagger struct {
	*runner
	labels map[int]string
}

// OpenTagger opens a model with a token-classification head whose labels are O, B-type and I-type, or bare types.
func OpenTagger(m Model) (*Tagger, error) {
	r, p, err := open(m, func(p *pipelines.TokenClassificationPipeline) *backends.BasePipeline { return p.BasePipeline })
	if err != nil {
		return nil, err
	}
	return &Tagger{r, p.IDLabelMap}, nil
}

// Tag returns the entities of each text in order. Neighbouring tokens of one type are joined unless the later one begins a new
// entity (B-), which transformers calls simple aggregation.
func (t *Tagger) Tag(ctx context.Context, texts []string) ([][]Entity, error) {
	rows, err := t.encode(texts)
	if err != nil {
		return nil, err
	}
	all := make([][]Entity, len(texts))
	return all, t.forward(ctx, rows, func(lo, n int, outputs []any) error {
		logits, ok := outputs[0].([][][]float32)
		if !ok || len(logits) != n {
			return fmt.Errorf("the output is %T, not a row for each token", outputs[0])
		}
		for i := range logits {
			enc := rows[lo+i].enc
			if len(logits[i]) != enc.Len() {
				return fmt.Errorf("the model gave %d rows for %d tokens", len(logits[i]), enc.Len())
			}
			all[lo+i] = t.join(enc, logits[i])
		}
		return nil
	})
}

func (t *Tagger) join(enc *tokenizer.Encoding, logits [][]float32) []Entity {
	var found []Entity
	count, last := 0.0, ""
	for i, row := range logits {
		if enc.Special[i] {
			continue
		}
		label, p := t.likeliest(row)
		kind := strings.TrimPrefix(strings.TrimPrefix(label, "B-"), "I-")
		span := enc.Spans[i]
		switch {
		case kind == "O":
		case kind == last && !strings.HasPrefix(label, "B-"):
			e := &found[len(found)-1]
			e.End, e.P = span.End, (e.P*count+p)/(count+1)
			count++
		default:
			found = append(found, Entity{Type: kind, Start: span.Start, End: span.End, P: p})
			count = 1
		}
		last = kind
	}
	return found
}

func (t *Tagger) likeliest(logits []float32) (label string, p float64) {
	for i, q := range softmax(logits...) {
		if q > p {
			label, p = t.labels[i], q
		}
	}
	return label, p
}
