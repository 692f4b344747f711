package finetune

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
)

// batch is what one step reads, padded to a rectangle.
type batch struct {
	rows, cols, segments int
	texts                []int     // which rows
	ids, mask            []int64   // rows × cols; ids number the words of this batch
	words                []int64   // vocabulary ids of the batch's words
	table                []float32 // words × width
	pool                 []float32 // rows × segments × cols: means over tokens
	intents              []float32 // rows × segments × classes
	emotion              []float32 // rows × segments × classes, 0 but for the first segment
	several              []float32 // the same
	tags                 []float32 // rows × cols × classes
	hidden, hiddenWeight []float32 // rows × cols × width, rows × cols × 1
	noise                [][]float32
}

// plan puts the rows into batches of alike length: order within a length and of the batches is random, and follows from seed and epoch.
func plan(rows []Row, o Options, epoch int) [][]int {
	rng := rand.New(rand.NewPCG(o.Seed, uint64(epoch)<<32|0xba7c4))
	order := rng.Perm(len(rows))
	sort.SliceStable(order, func(a, b int) bool { return len(rows[order[a]].IDs) < len(rows[order[b]].IDs) })
	var batches [][]int
	start := 0
	for i := range order {
		n := i - start
		if n > 0 && (n == o.Batch || (n+1)*len(rows[order[i]].IDs) > o.Tokens) {
			batches = append(batches, order[start:i])
			start = i
		}
	}
	if start < len(order) {
		batches = append(batches, order[start:])
	}
	rng.Shuffle(len(batches), func(i, j int) { batches[i], batches[j] = batches[j], batches[i] })
	return batches
}

// collate builds a batch. scale divides all targets: the loss is then a mean.
func (m *model) collate(rows []Row, texts []int, o Options, step int) *batch {
	b := &batch{rows: len(texts), texts: texts, segments: 1}
	for _, i := range texts {
		b.cols = max(b.cols, len(rows[i].IDs))
		b.segments = max(b.segments, len(rows[i].Segments))
	}
	b.ids, b.mask = make([]int64, b.rows*b.cols), make([]int64, b.rows*b.cols)
	b.pool = make([]float32, b.rows*b.segments*b.cols)
	b.intents = make([]float32, b.rows*b.segments*m.classes.Intents)
	b.emotion = make([]float32, b.rows*b.segments*m.classes.Emotion)
	b.several = make([]float32, b.rows*b.segments*m.classes.Several)
	b.tags = make([]float32, b.rows*b.cols*m.classes.Tags)
	b.collectWords(rows, m.pad)
	scale := 1 / float32(b.rows*max(o.Accumulate, 1))
	for r, i := range texts {
		row := &rows[i]
		for t := range row.IDs {
			b.mask[r*b.cols+t] = 1
		}
		b.fillSegments(r, row, m.classes, scale, float32(o.Smoothing))
		for t, targets := range row.Tags {
			put(b.tags[(r*b.cols+t)*m.classes.Tags:][:m.classes.Tags], targets, scale/float32(len(row.Tags))*tagScale, 0)
		}
	}
	b.table = make([]float32, len(b.words)*m.width)
	for i, w := range b.words {
		copy(b.table[i*m.width:(i+1)*m.width], m.words[int(w)*m.width:])
	}
	m.hiddenTargets(b, rows, scale)
	b.noise = m.dropoutMasks(b, o, step)
	return b
}

// tagScale makes the loss of the tokens of a text about as large as that of its intent: most tokens are outside entities and easily learnt.
const tagScale = 8

// put adds targets to a row of classes, with smoothing.
func put(dst []float32, targets []Target, scale, smoothing float32) {
	for _, t := range targets {
		w := t.Weight * scale
		dst[t.Class] += w * (1 - smoothing)
		if smoothing > 0 {
			for k := range dst {
				dst[k] += w * smoothing / float32(len(dst))
			}
		}
	}
}

// collectWords numbers the distinct words of the batch in the order of their ids.
func (b *batch) collectWords(rows []Row, pad int64) {
	words := []int64{pad}
	for _, i := range b.texts {
		words = append(words, rows[i].IDs...)
	}
	slices.Sort(words)
	b.words = slices.Compact(words)
	place := make(map[int64]int64, len(b.words))
	for i, w := range b.words {
		place[w] = int64(i)
	}
	for r, i := range b.texts {
		for c := range b.cols {
			w := pad
			if c < len(rows[i].IDs) {
				w = rows[i].IDs[c]
			}
			b.ids[r*b.cols+c] = place[w]
		}
	}
}

func (b *batch) fillSegments(r int, row *Row, n Classes, scale, smoothing float32) {
	segments := row.Segments
	if len(segments) == 0 {
		segments = []Segment{{}}
	}
	for g, s := range segments {
		at := (r*b.segments + g) * b.cols
		if s.Tokens == nil {
			for t := range row.IDs {
				b.pool[at+t] = 1 / float32(len(row.IDs))
			}
		}
		for _, t := range s.Tokens {
			b.pool[at+t] = 1 / float32(len(s.Tokens))
		}
		if n.Intents > 0 {
			put(b.intents[(r*b.segments+g)*n.Intents:][:n.Intents], s.Target, scale, smoothing)
		}
		if g == 0 && n.Emotion > 0 {
			put(b.emotion[r*b.segments*n.Emotion:][:n.Emotion], row.Emotion, scale, smoothing)
		}
		if g == 0 && n.Several > 0 {
			put(b.several[r*b.segments*n.Several:][:n.Several], row.Several, scale, smoothing)
		}
	}
}

// hiddenTargets lays out the teacher's states, and the weight of each token.
func (m *model) hiddenTargets(b *batch, rows []Row, scale float32) {
	if !m.matching {
		return
	}
	b.hidden = make([]float32, b.rows*b.cols*m.width)
	b.hiddenWeight = make([]float32, b.rows*b.cols)
	for r, i := range b.texts {
		h := rows[i].Hidden
		copy(b.hidden[r*b.cols*m.width:], h)
		n := len(h) / m.width
		for t := range n {
			b.hiddenWeight[r*b.cols+t] = scale / float32(n*m.width)
		}
	}
}

// dropoutMasks are 0 with the probability of dropping, else what keeps the mean. They follow from seed and step.
func (m *model) dropoutMasks(b *batch, o Options, step int) [][]float32 {
	if o.Dropout <= 0 {
		return nil
	}
	rng := rand.NewPCG(o.Seed^0xd509, uint64(step))
	var bits uint64
	var value [256]float32 // eight elements are drawn from one random number
	drop := int(math.Round(o.Dropout * 256))
	for i := drop; i < 256; i++ {
		value[i] = 256 / float32(256-drop)
	}
	masks := make([][]float32, len(m.drops))
	for k, width := range m.drops {
		mask := make([]float32, b.rows*b.cols*width)
		for i := range mask {
			if i%8 == 0 {
				bits = rng.Uint64()
			}
			mask[i] = value[byte(bits)]
			bits >>= 8
		}
		masks[k] = mask
	}
	return masks
}
