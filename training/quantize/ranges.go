package quantize

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"

	"yingda/models"
	"yingda/models/onnx"
	"yingda/models/ort"
)

// Range is what one quantised product was seen to read. All slices have an entry a channel, but Rows, which has one for each
// channel of each row.
type Range struct {
	Low, High []float32 // least and greatest value
	Rows      []float32 // some of the rows, one after another; without any, means are not corrected
	seen      int       // rows seen, kept or not
}

// Ranges are ranges by the name of the graph's value, e.g. "LayerNormalization_6".
type Ranges map[string]*Range

// sampled is how many rows a Range keeps. The means of 512 rows tell a shift of a tenth of a rounding step.
const sampled = 512

// Calibrate runs texts (token ids, special ones included) through a float graph, each alone, and returns what every product
// that [Static] would quantise reads. A few hundred texts like those to be served are enough; the greatest values appear at the
// first and last token of every text. The graph stays as it is. ort.Init must have been called.
func Calibrate(ctx context.Context, m *onnx.Model, spec models.ModelSpec, texts [][]int64) (Ranges, error) {
	ps, err := products(m.Graph)
	if err != nil {
		return nil, fmt.Errorf("calibrate: %w", err)
	}
	if len(texts) == 0 {
		return nil, errors.New("calibrate: no texts given: a few hundred like those to be served are needed")
	}
	b := observed(m, spec, ps)
	backend, err := ort.Open(b, ort.Options{Threads: runtime.GOMAXPROCS(0)})
	if err != nil {
		return nil, fmt.Errorf("calibrate: %w", err)
	}
	r := Ranges{}
	rng := rand.New(rand.NewPCG(1, uint64(len(texts))))
	for i, ids := range texts {
		if err = r.text(ctx, backend, b.Manifest.Heads, ids, rng); err != nil {
			err = fmt.Errorf("calibrate: text %d: %w", i, err)
			break
		}
	}
	if err = errors.Join(err, backend.Close()); err != nil {
		return nil, err
	}
	return r, nil
}

// observed wraps a copy of the graph that gives out what the products read.
func observed(m *onnx.Model, spec models.ModelSpec, ps []*product) *models.Bundle {
	g := *m.Graph
	g.Outputs = nil
	man := &models.Manifest{Format: models.FormatVersion, ID: "calibration", Name: "calibration", Model: spec}
	done := map[string]bool{}
	for _, p := range ps {
		if x := p.input(); !done[x] {
			done[x] = true
			k := int(p.weight.Dims[0])
			g.Outputs = append(g.Outputs, &onnx.Value{Name: x, Type: onnx.Float, Dims: []onnx.Dim{{Param: "batch"}, {Param: "seq"}, {Size: int64(k)}}})
			man.Heads = append(man.Heads, models.Head{Name: x, Kind: models.Tokens, Output: x, Dim: k})
		}
	}
	g.Prune()
	c := *m
	c.Graph = &g
	return &models.Bundle{Manifest: man, Model: onnx.Marshal(&c)}
}

// text runs one text and notes what was read.
func (r Ranges) text(ctx context.Context, backend models.Backend, heads []models.Head, ids []int64, rng *rand.Rand) error {
	if len(ids) == 0 {
		return errors.New("has no tokens")
	}
	mask := make([]int64, len(ids))
	for i := range mask {
		mask[i] = 1
	}
	out, err := backend.Forward(ctx, &models.Batch{Rows: 1, Cols: len(ids), IDs: ids, Mask: mask, Lens: []int{len(ids)}})
	if err != nil {
		return err
	}
	for i, h := range heads {
		if r[h.Name] == nil {
			r[h.Name] = newRange(h.Dim)
		}
		for t := range out[0][i].Rows {
			if err := r[h.Name].note(out[0][i].Row(t), rng); err != nil {
				return fmt.Errorf("%s: %w", h.Name, err)
			}
		}
	}
	return nil
}

func newRange(channels int) *Range {
	return &Range{Low: make([]float32, channels), High: make([]float32, channels)}
}

// note widens the range by a row, and keeps it with the chance that every row has (reservoir sampling).
func (r *Range) note(row []float32, rng *rand.Rand) error {
	for k, v := range row {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return fmt.Errorf("channel %d is %g", k, v)
		}
		r.Low[k], r.High[k] = min(r.Low[k], v), max(r.High[k], v)
	}
	r.seen++
	if r.seen <= sampled {
		r.Rows = append(r.Rows, row...)
	} else if at := rng.IntN(r.seen); at < sampled {
		copy(r.Rows[at*len(row):], row)
	}
	return nil
}

// check reports what makes a range unusable for a product over k channels.
func (r *Range) check(k int) error {
	if len(r.Low) != k || len(r.High) != k || len(r.Rows)%k != 0 {
		return fmt.Errorf("range of %d and %d channels with %d values in rows, the matrix has %d", len(r.Low), len(r.High), len(r.Rows), k)
	}
	for i := range r.Low {
		if !(r.Low[i] <= r.High[i]) || math.IsInf(float64(r.Low[i]), 0) || math.IsInf(float64(r.High[i]), 0) {
			return fmt.Errorf("channel %d ranges from %g to %g", i, r.Low[i], r.High[i])
		}
	}
	return nil
}
