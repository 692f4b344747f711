package mine

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Naming is what a class of texts is called by.
type Naming struct {
	Terms []string // phrases that stand out, best first; none shares a word, or two characters, with another
	// Covered is the share of the texts that one of the first three is in. Where it is small a text says better what the class is about.
	Covered float64
}

// What a phrase of a name must be, and weighs.
const (
	namedBy  = 0.12 // least share of a class's texts that have it: a name should say what they have in common
	nameHas  = 3    // terms of a name
	typical  = 1.3  // weight of being in one of the most typical texts
	tellsOf  = 1.15 // weight of two words over one, and of three over two: a verb with its object says more than either
	mostTold = 3
)

// typicalTexts is how many texts at the beginning of a class are its most typical ones.
const typicalTexts = 5

// Names finds phrases that name classes of texts, by c-TF-IDF against each other: longer ones where they are nearly as frequent, that words stand
// free around (nobody is called by half a word), and first those that are in the most typical texts. Each class lists its most typical texts
// first; at most most phrases of each are returned.
func Names(classes [][]string, most int) []Naming {
	w := &wording{all: map[string]float64{}, before: map[string]map[string]int{}, after: map[string]map[string]int{}}
	found := make([]map[string][]int, len(classes))
	for i, texts := range classes {
		found[i] = w.read(texts)
	}
	w.mean = w.total / float64(max(len(classes), 1))
	out := make([]Naming, len(classes))
	for i, in := range found {
		out[i] = w.name(in, len(classes[i]), most)
	}
	return out
}

// wording is what is known of the phrases of all classes.
type wording struct {
	all           map[string]float64        // texts with a phrase
	total, mean   float64                   // phrases of texts: of all, of a class
	before, after map[string]map[string]int // what stands beside a Chinese phrase, how often
}

// read finds the phrases of a class, and the texts that each is in. A phrase counts once a text: who repeats a word does not name the group.
func (w *wording) read(texts []string) map[string][]int {
	in := map[string][]int{}
	for k, text := range texts {
		for _, p := range pieces(text) {
			p.each(func(from, to int) {
				t := p.phrase(from, to)
				if p.han {
					w.beside(t, p, from, to)
				}
				if at := in[t]; len(at) == 0 || at[len(at)-1] != k {
					in[t] = append(at, k)
					w.all[t]++
					w.total++
				}
			})
		}
	}
	return in
}

func (w *wording) beside(t string, p piece, from, to int) {
	if w.before[t] == nil {
		w.before[t], w.after[t] = map[string]int{}, map[string]int{}
	}
	left, right := "", ""
	if from > 0 {
		left = p.units[from-1]
	}
	if to < len(p.units) {
		right = p.units[to]
	}
	w.before[t][left]++
	w.after[t][right]++
}

// freedom is how free a Chinese phrase stands, 0–1: the smaller entropy of what comes before and after it (Huang & Powers 2003), as a share. A part of a word always
// has the same neighbour. Where a sentence begins or ends anything may stand.
func (w *wording) freedom(t string) float64 {
	h := min(entropyOf(w.before[t]), entropyOf(w.after[t]))
	return h / (1 + h)
}

// entropyOf is in bits. What stands at the edge of a sentence counts as many different ones.
func entropyOf(counts map[string]int) float64 {
	n, sum := 0, 0.0
	for unit, c := range counts {
		n += c
		if unit != "" {
			sum += float64(c * c) // as an integer: its order does not matter
		} else {
			sum += float64(c)
		}
	}
	return -math.Log2(sum / float64(n) / float64(n))
}

// name picks the phrases of a class, each time the one that tells most of the texts that have none so far.
func (w *wording) name(in map[string][]int, texts, most int) Naming {
	type scored struct {
		term  string
		score float64
	}
	sum := 0.0 // of integers: its order does not matter
	for _, at := range in {
		sum += float64(len(at))
	}
	var list []scored
	for t, at := range in {
		if k := float64(len(at)); texts == 1 || k >= max(2, math.Ceil(namedBy*float64(texts))) {
			list = append(list, scored{t, weigh(k/sum, w.all[t], w.mean, true) * w.shape(t) * nearTop(at)})
		}
	}
	slices.SortFunc(list, func(a, b scored) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.term, b.term)) })
	var out Naming
	told, count := make([]bool, texts), 0
	for len(out.Terms) < most {
		best, gain := -1, 0.0
		for i, s := range list {
			if s.score <= gain || slices.ContainsFunc(out.Terms, func(o string) bool { return overlaps(o, s.term) }) {
				continue
			}
			fresh := 0
			for _, k := range in[s.term] {
				if !told[k] {
					fresh++
				}
			}
			if g := s.score * float64(1+fresh) / float64(1+len(in[s.term])); g > gain {
				best, gain = i, g
			}
		}
		if best < 0 {
			break
		}
		out.Terms = append(out.Terms, list[best].term)
		for _, k := range in[list[best].term] {
			if !told[k] && len(out.Terms) <= nameHas {
				told[k] = true
				count++
			}
		}
	}
	out.Covered = float64(count) / float64(max(texts, 1))
	return out
}

// shape weighs a phrase by its length and by how free it stands.
func (w *wording) shape(t string) float64 {
	n, free := strings.Count(t, " ")+1, 1.0
	if isHan([]rune(t)[0]) {
		n, free = (len([]rune(t))+1)/2, w.freedom(t)
	}
	return math.Sqrt(float64(n)) * math.Pow(tellsOf, float64(min(n, mostTold)-1)) * free
}

// nearTop weighs a phrase by whether the most typical texts have it. at is ascending.
func nearTop(at []int) float64 {
	if at[0] < typicalTexts {
		return typical
	}
	return 1
}

// overlaps tells whether two terms share a word, or two characters.
func overlaps(a, b string) bool {
	if isHan([]rune(a)[0]) != isHan([]rune(b)[0]) {
		return false
	}
	if !isHan([]rune(a)[0]) {
		for w := range strings.FieldsSeq(a) {
			if !empty(w) && slices.Contains(strings.Fields(b), w) {
				return true
			}
		}
		return false
	}
	rs := []rune(a)
	for i := range len(rs) - 1 {
		if strings.Contains(b, string(rs[i:i+2])) {
			return true
		}
	}
	return false
}
