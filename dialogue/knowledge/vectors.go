package knowledge

import (
	"math"
	"math/bits"
)

// vector is a text in a space, in a quarter of the memory: components as int8 with one scale, and their signs.
type vector struct {
	parts []int8
	scale float32 // a component is parts[i]·scale
}

// pack rounds a vector of length 1. The cosine of two packed vectors is within 0.01 of what it was.
func pack(x []float32) vector {
	peak := float32(0)
	for _, v := range x {
		peak = max(peak, v, -v)
	}
	if peak == 0 {
		return vector{parts: make([]int8, len(x))}
	}
	v := vector{parts: make([]int8, len(x)), scale: peak / 127}
	for i := range x {
		v.parts[i] = int8(math.Round(float64(x[i] / v.scale)))
	}
	return v
}

// vectors are those of a shard's items, side by side in the order of the items.
type vectors struct {
	dim    int
	parts  []int8
	scales []float32
	signs  []uint64 // signWords a vector: bit j is set where component j is above zero
}

// exact is the number of vectors up to which all are compared. Above it those are compared whose signs agree with the query's in most
// components: the angle between two vectors is close to the share of signs that differ (Charikar 2002). finalists is how many; a test
// counts what is lost.
const (
	exact     = 2048
	finalists = 1024
)

func newVectors(m *Meaning, items []*item) *vectors {
	v := emptyVectors(m.space.dim, len(items))
	for i, it := range items {
		if one, ok := m.vector(it.text); ok { // otherwise a cosine of 0 with everything
			v.set(i, one)
		}
	}
	return v
}

func emptyVectors(dim, n int) *vectors {
	return &vectors{dim: dim, parts: make([]int8, n*dim), scales: make([]float32, n), signs: make([]uint64, n*((dim+63)/64))}
}

func (v *vectors) set(i int, one vector) {
	copy(v.parts[i*v.dim:], one.parts)
	v.scales[i] = one.scale
	words := (v.dim + 63) / 64
	for j, p := range one.parts {
		if p > 0 {
			v.signs[i*words+j/64] |= 1 << (j % 64)
		}
	}
}

// newTopics makes the mean of the vectors of each owner, of length 1 again. Items of one owner lie side by side.
func newTopics(items *vectors, owner []int32) (*vectors, map[int32]int) {
	local := map[int32]int{}
	for _, o := range owner {
		if _, ok := local[o]; !ok {
			local[o] = len(local)
		}
	}
	topics := emptyVectors(items.dim, len(local))
	sum := make([]float32, items.dim)
	for i, o := range owner {
		if x := items.unpack(i); x != nil {
			for j, v := range x {
				sum[j] += v
			}
		}
		if i+1 < len(owner) && owner[i+1] == o {
			continue
		}
		if n := float32(math.Sqrt(float64(dot(sum, sum)))); n > 0 {
			for j := range sum {
				sum[j] /= n
			}
			topics.set(local[o], pack(sum))
		}
		clear(sum)
	}
	return topics, local
}

// probe is a vector to compare with many packed ones: in whole numbers, which multiply faster than they convert, and its signs.
type probe struct {
	parts []int32
	scale float32
	signs []uint64
}

// fineness is the largest component of a probe. Sums stay below 2³¹ up to 4,000 components.
const fineness = 4095

// newProbe prepares a vector of length 1; nil for nil.
func newProbe(x []float32) *probe {
	if x == nil {
		return nil
	}
	p := &probe{parts: make([]int32, len(x)), signs: make([]uint64, (len(x)+63)/64)}
	peak := float32(0)
	for _, v := range x {
		peak = max(peak, v, -v)
	}
	if peak == 0 {
		return p
	}
	p.scale = peak / fineness
	for j, v := range x {
		p.parts[j] = int32(math.Round(float64(v / p.scale)))
		if v > 0 {
			p.signs[j/64] |= 1 << (j % 64)
		}
	}
	return p
}

// cosine compares a probe with item i.
func (v *vectors) cosine(p *probe, i int) float32 {
	parts := v.parts[i*v.dim : (i+1)*v.dim]
	q := p.parts[:len(parts)]
	var s0, s1 int32
	j := 0
	for ; j+4 <= len(parts); j += 4 {
		a, b := parts[j:j+4:j+4], q[j:j+4:j+4]
		s0 += int32(a[0])*b[0] + int32(a[1])*b[1]
		s1 += int32(a[2])*b[2] + int32(a[3])*b[3]
	}
	for ; j < len(parts); j++ {
		s0 += int32(parts[j]) * q[j]
	}
	return float32(int64(s0)+int64(s1)) * v.scales[i] * p.scale
}

// unpack returns the vector of item i, nil when it has none.
func (v *vectors) unpack(i int) []float32 {
	if v.scales[i] == 0 {
		return nil
	}
	out := make([]float32, v.dim)
	for j, p := range v.parts[i*v.dim : (i+1)*v.dim] {
		out[j] = float32(p) * v.scales[i]
	}
	return out
}

// nearest returns the limit items with the highest cosine, best first.
func (v *vectors) nearest(p *probe, limit int) []int32 {
	top := newTop(limit)
	n := len(v.scales)
	if n <= exact {
		for i := range n {
			top.offer(int32(i), v.cosine(p, i))
		}
		return top.sorted()
	}
	for _, i := range v.alike(p, max(finalists, limit)) {
		top.offer(i, v.cosine(p, int(i)))
	}
	return top.sorted()
}

// alike returns about limit items whose signs agree best with the probe's, by position.
func (v *vectors) alike(p *probe, limit int) []int32 {
	words := len(p.signs)
	n := len(v.scales)
	differ := make([]uint16, n)
	counts := make([]int32, 64*words+1)
	for i := range n {
		d := 0
		for k, s := range v.signs[i*words : (i+1)*words] {
			d += bits.OnesCount64(s ^ p.signs[k])
		}
		differ[i] = uint16(d)
		counts[d]++
	}
	bound, total := 0, int32(0)
	for ; bound < len(counts) && total < int32(limit); bound++ {
		total += counts[bound]
	}
	out := make([]int32, 0, total)
	for i, d := range differ {
		if int(d) < bound {
			out = append(out, int32(i))
		}
	}
	return out
}
