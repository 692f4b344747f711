package corpus

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
)

// Whether two texts are the same or nearly the same is told by their letters alone:
//
//   - A text is folded (package norm), and all but letters, digits and emoji is taken out. Texts that then are equal are the same.
//   - Of what is left, runs of digits become one 0, since an order number makes no new sentence, and the set of its 3-grams of
//     characters is taken. The similarity of two texts is the Jaccard index of their sets, |A ∩ B| / |A ∪ B|.
//   - A text has a length of 1/8 for a Han character and 1/5 for another word. Nearly the same are only texts of length 1 (8 Han
//     characters, 5 words) or more: below, different wishes differ in few letters (退货 and 不退货). For the same reason short texts
//     such as 你好, 退货 or "cancel order", which everybody says, leak nothing: see [Check].

const (
	hanLength  = 1.0 / 8
	wordLength = 1.0 / 5
	// nearLength is how long texts must be to be compared by 3-grams.
	nearLength = 1
	// sameLength is how long a text must be for its repetition in a held-out set to be a leak: 5 Han characters or 4 words.
	sameLength = 0.625
)

// DefaultNear is the similarity from which texts count as nearly the same.
const DefaultNear = 0.75

// Similarity returns the Jaccard index of the 3-grams of two texts as [Check] compares them, 0 to 1.
func Similarity(a, b string) float64 {
	v := vocabulary{}
	x, y := v.grams(bare(normalised(a))), v.grams(bare(normalised(b)))
	return jaccard(x, y)
}

// Comparable tells whether a text is long enough for [Check] to compare it with others by similarity: 8 Han characters or 5 words.
func Comparable(text string) bool { return length(normalised(text)) >= nearLength-1e-9 }

// bare takes spaces and punctuation out of a folded text; what consists of these only is left as it is.
func bare(folded string) string {
	out := strings.Map(func(r rune) rune {
		mark := unicode.IsMark(r) && (r < 0xFE00 || r > 0xFE0F) // without those that only choose an emoji's look
		if unicode.IsLetter(r) || unicode.IsDigit(r) || mark || r > 0x1F000 {
			return r
		}
		return -1
	}, folded)
	if out == "" {
		return folded
	}
	return out
}

// length counts the Han characters and other words of a folded text.
func length(folded string) float64 {
	n, word := 0.0, false
	for _, r := range folded {
		switch {
		case unicode.Is(unicode.Han, r):
			n, word = n+hanLength, false
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '\'' || r == '’':
			if !word {
				n += wordLength
			}
			word = true
		default:
			word = false
		}
	}
	return n
}

// vocabulary numbers 3-grams.
type vocabulary map[[3]rune]int32

// grams returns the set of 3-grams of a bare text, sorted.
func (v vocabulary) grams(text string) []int32 {
	var runes []rune
	for _, r := range text {
		if unicode.IsDigit(r) {
			if r = '0'; len(runes) > 0 && runes[len(runes)-1] == '0' {
				continue
			}
		}
		runes = append(runes, r)
	}
	var out []int32
	for i := 0; i+3 <= len(runes); i++ {
		g := [3]rune(runes[i : i+3])
		id, ok := v[g]
		if !ok {
			id = int32(len(v))
			v[g] = id
		}
		out = append(out, id)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// jaccard compares two sorted sets.
func jaccard(a, b []int32) float64 {
	both, i, j := 0, 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			both, i, j = both+1, i+1, j+1
		}
	}
	if both == 0 {
		return 0
	}
	return float64(both) / float64(len(a)+len(b)-both)
}

// neighbour is a pair of texts a < b that are nearly the same.
type neighbour struct {
	a, b       int
	similarity float64
}

// neighbours finds all pairs of bare texts with a similarity of near or more. It is exact: two sets with a Jaccard index of t share
// an element among the first n − ⌈t·n⌉ + 1 of each when both are put in the same order (prefix filtering, Chaudhuri 2006; Bayardo
// 2007), so that only texts that share one of their rarest 3-grams are compared. Texts without 3-grams have no neighbours.
func neighbours(texts []string, near float64) []neighbour {
	sets := rarestFirst(texts)
	order := make([]int, 0, len(texts))
	for i, s := range sets {
		if len(s) > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(len(sets[a]), len(sets[b])) })
	var out []neighbour
	index := map[int32][]int{} // 3-gram → texts that have it in their prefix, the shorter ones first
	met := map[int]bool{}
	for _, i := range order {
		s := sets[i]
		least := int(math.Ceil(near*float64(len(s)) - 1e-9))
		clear(met)
		for _, g := range s[:len(s)-max(least, 1)+1] {
			for _, j := range index[g] {
				if len(sets[j]) < least || met[j] {
					continue
				}
				met[j] = true
				if sim := jaccard(s, sets[j]); sim >= near-1e-9 {
					out = append(out, neighbour{min(i, j), max(i, j), sim})
				}
			}
			index[g] = append(index[g], i)
		}
	}
	slices.SortFunc(out, func(x, y neighbour) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) })
	return out
}

// rarestFirst returns the texts' sets of 3-grams, numbered such that rarer ones have lower numbers.
func rarestFirst(texts []string) [][]int32 {
	v := vocabulary{}
	sets := make([][]int32, len(texts))
	for i, t := range texts {
		sets[i] = v.grams(t)
	}
	count := make([]int, len(v))
	for _, s := range sets {
		for _, g := range s {
			count[g]++
		}
	}
	ids := make([]int32, len(v))
	for i := range ids {
		ids[i] = int32(i)
	}
	slices.SortFunc(ids, func(a, b int32) int { return cmp.Or(cmp.Compare(count[a], count[b]), cmp.Compare(a, b)) })
	rank := make([]int32, len(v))
	for r, id := range ids {
		rank[id] = int32(r)
	}
	for _, s := range sets {
		for k, g := range s {
			s[k] = rank[g]
		}
		slices.Sort(s)
	}
	return sets
}
