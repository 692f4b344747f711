package hub

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
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

// Tagger finds entities by a token-classification head. hugot runs the model, but this package tokenises and joins the tokens:
// the offsets of hugot's Go tokenizer are wrong as soon as a text has Chinese characters or ligatures (it then panics, or
// returns spans of other words).
type Tagger struct {
	*runner
	p   *pipelines.TokenClassificationPipeline
	tok *tokenizer.Tokenizer
}

// OpenTagger opens a model with a token-classification head whose labels are O, B-type and I-type, or bare types.
func OpenTagger(m Model) (*Tagger, error) {
	tok, err := tokenizer.Load(filepath.Join(m.Dir, "tokenizer.json"))
	if err != nil {
		return nil, fmt.Errorf("open model %s: %w", m.Dir, err)
	}
	r, p, err := open[*pipelines.TokenClassificationPipeline](m)
	if err != nil {
		return nil, err
	}
	return &Tagger{r, p, tok}, nil
}

// Tag returns the entities of each text in order. Neighbouring tokens of one type are joined unless the later one begins a new
// entity (B-), which transformers calls simple aggregation.
func (t *Tagger) Tag(ctx context.Context, texts []string) ([][]Entity, error) {
	encodings := make([]tokenizer.Encoding, len(texts))
	for i, text := range texts {
		var err error
		if encodings[i], err = t.tok.Encode(text, 0); err != nil {
			return nil, fmt.Errorf("tokenise text %d: %w", i, err)
		}
		if limit := t.maxTokens(); limit > 0 && encodings[i].Len() > limit {
			return nil, fmt.Errorf("text %d has %d tokens, the model takes %d: %w", i, encodings[i].Len(), limit, ErrTooLong)
		}
	}
	all := make([][]Entity, len(texts))
	return all, t.batches(ctx, len(texts), func(ctx context.Context, lo, hi int) error {
		logits, err := t.run(ctx, encodings[lo:hi])
		if err != nil {
			return err
		}
		for i := range logits {
			all[lo+i] = t.join(&encodings[lo+i], logits[i])
		}
		return nil
	})
}

// run returns a row of logits for each token.
func (t *Tagger) run(ctx context.Context, encodings []tokenizer.Encoding) (logits [][][]float32, err error) {
	batch := backends.NewBatch(len(encodings))
	defer func() { err = errors.Join(err, batch.Destroy()) }()
	for i := range encodings {
		n := encodings[i].Len()
		in := backends.TokenizedInput{TokenIDs: make([]uint32, n), TypeIDs: make([]uint32, n), AttentionMask: make([]uint32, n), MaxAttentionIndex: n - 1}
		for j, id := range encodings[i].IDs {
			in.TokenIDs[j], in.AttentionMask[j] = uint32(id), 1
		}
		batch.Input = append(batch.Input, in)
		batch.MaxSequenceLength = max(batch.MaxSequenceLength, n)
	}
	if err := backends.CreateInputTensors(batch, t.p.Model, t.p.Runtime); err != nil {
		return nil, err
	}
	if err := backends.RunSessionOnBatch(ctx, batch, t.p.BasePipeline); err != nil {
		return nil, err
	}
	logits, ok := batch.OutputValues[0].([][][]float32)
	if !ok || len(logits) != len(encodings) {
		return nil, fmt.Errorf("the output is %T, not a row for each token", batch.OutputValues[0])
	}
	for i := range logits {
		if len(logits[i]) != encodings[i].Len() {
			return nil, fmt.Errorf("the model gave %d rows for %d tokens", len(logits[i]), encodings[i].Len())
		}
	}
	return logits, nil
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

// likeliest returns the best label and its probability.
func (t *Tagger) likeliest(logits []float32) (string, float64) {
	best, sum := 0, 0.0
	for i, x := range logits {
		if x > logits[best] {
			best = i
		}
	}
	for _, x := range logits {
		sum += math.Exp(float64(x - logits[best]))
	}
	return t.p.IDLabelMap[best], 1 / sum
}
