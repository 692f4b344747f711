package cluster

import "context"

// SmoothOptions say how far texts move towards their neighbours.
type SmoothOptions struct {
	Neighbours int     // default 20
	Rounds     int     // default 3; negative = none
	Share      float64 // of the neighbours' mean in the new place, 0–1; default 0.5
}

func (o SmoothOptions) withDefaults() SmoothOptions {
	if o.Neighbours == 0 {
		o.Neighbours = 20
	}
	if o.Rounds == 0 {
		o.Rounds = 3
	}
	if o.Share == 0 {
		o.Share = 0.5
	}
	return o
}

// Smooth moves each row towards the mean of its neighbours, some rounds long, and returns the new rows and their neighbours. Embeddings of short
// texts are noisy: what a text shares with its neighbours is its topic, what it does not is its wording (mean shift on a graph of neighbours;
// the same filter as in simple graph convolutions, Wu et al. 2019). g are the neighbours of m.
func Smooth(ctx context.Context, m *Matrix, g Graph, o SmoothOptions) (*Matrix, Graph, error) {
	o = o.withDefaults()
	for range o.Rounds {
		next := NewMatrix(m.Rows, m.Cols)
		err := parallel(ctx, m.Rows, queryBlock, func(from, to int) {
			for i := from; i < to; i++ {
				m.shift(next.Row(i), i, g[i][:min(o.Neighbours, len(g[i]))], float32(o.Share))
			}
		})
		if err != nil {
			return nil, nil, err
		}
		if m = next; m.Rows > 1 {
			if g, err = m.refine(ctx, g, o.Neighbours); err != nil {
				return nil, nil, err
			}
		}
	}
	return m, g, ctx.Err()
}

// shift writes the new place of row i.
func (m *Matrix) shift(out []float32, i int, near []Neighbour, share float32) {
	for _, n := range near {
		w := max(n.Cosine, 0)
		w *= w
		for j, v := range m.Row(int(n.Row)) {
			out[j] += w * v
		}
	}
	Unit(out)
	for j, v := range m.Row(i) {
		out[j] = share*out[j] + (1-share)*v
	}
	Unit(out)
}
