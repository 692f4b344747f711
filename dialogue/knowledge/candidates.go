package knowledge

import "slices"

// scratch is the memory of one search.
type scratch struct {
	sums    []float32 // by item, zero between searches
	touched []int32
	seen    []bool // by item, false between searches
}

// common is the share of questions from which on a term is not looked up in a large index: it says little and costs most. Comparing the
// candidates counts it again.
const (
	common      = 0.2
	largeEnough = 5000
)

// candidates returns the items worth a closer look: up to limit by words and as many by meaning.
func (s *shard) candidates(q *query, limit int) []int32 {
	w := s.scratch.Get().(*scratch)
	defer s.scratch.Put(w)
	out := s.byWords(q, limit, w)
	if q.probe == nil || s.vectors == nil {
		return out
	}
	for _, i := range out {
		w.seen[i] = true
	}
	words := len(out)
	for _, i := range s.vectors.nearest(q.probe, limit) {
		if !w.seen[i] {
			out = append(out, i)
		}
	}
	for _, i := range out[:words] {
		w.seen[i] = false
	}
	return out
}

// byWords returns the items with the highest BM25 scores, best first, ties by position.
func (s *shard) byWords(q *query, limit int, w *scratch) []int32 {
	skip := len(s.items)
	if skip > largeEnough {
		skip = int(common * float64(skip))
	}
	w.touched = w.touched[:0]
	for _, t := range q.terms {
		p := s.postings[t.hash]
		if p == nil || len(p.items) > skip {
			continue
		}
		for k, i := range p.items {
			if w.sums[i] == 0 {
				w.touched = append(w.touched, i)
			}
			w.sums[i] += p.gain[k]
		}
	}
	top := newTop(limit)
	for _, i := range w.touched {
		top.offer(i, w.sums[i])
		w.sums[i] = 0
	}
	return top.sorted()
}

// top keeps the best of a stream, in whatever order it comes; of equals those with the lower number.
type top struct {
	limit int
	heap  []scored // the worst on top
}

type scored struct {
	i     int32
	score float32
}

func newTop(limit int) *top { return &top{limit: limit, heap: make([]scored, 0, limit)} }

// worse tells whether a is to go before b.
func worse(a, b scored) bool { return a.score < b.score || a.score == b.score && a.i > b.i }

func (t *top) offer(i int32, score float32) {
	v := scored{i, score}
	if len(t.heap) < t.limit {
		t.heap = append(t.heap, v)
		for k := len(t.heap) - 1; k > 0; {
			up := (k - 1) / 2
			if !worse(t.heap[k], t.heap[up]) {
				break
			}
			t.heap[k], t.heap[up] = t.heap[up], t.heap[k]
			k = up
		}
		return
	}
	if t.limit == 0 || !worse(t.heap[0], v) {
		return
	}
	t.heap[0] = v
	for k := 0; ; {
		down := 2*k + 1
		if down >= len(t.heap) {
			return
		}
		if down+1 < len(t.heap) && worse(t.heap[down+1], t.heap[down]) {
			down++
		}
		if !worse(t.heap[down], t.heap[k]) {
			return
		}
		t.heap[k], t.heap[down] = t.heap[down], t.heap[k]
		k = down
	}
}

// sorted empties t, best first.
func (t *top) sorted() []int32 {
	slices.SortFunc(t.heap, func(a, b scored) int {
		if worse(b, a) {
			return -1
		}
		return 1
	})
	out := make([]int32, len(t.heap))
	for k, v := range t.heap {
		out[k] = v.i
	}
	return out
}
