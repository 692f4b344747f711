package mine

import (
	"cmp"
	_ "embed"
	"math"
	"slices"
	"strings"
	"sync"
)

// stopWords are words that say nothing about what a group is about, one a line, in both languages.
//
//go:embed stopwords.txt
var stopWordsFile string

var stopWords = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for w := range strings.Lines(stopWordsFile) {
		out[strings.TrimSpace(w)] = true
	}
	return out
})

// Terms splits a text into what names are made of: English words and pairs of them; of Chinese, runs of two to four characters.
func Terms(text string) []string {
	var out []string
	run, word, last := []rune(nil), strings.Builder{}, ""
	endWord := func() {
		if w := word.String(); w != "" {
			word.Reset()
			if w == "0" || stopWords()[w] {
				last = ""
				return
			}
			if len(w) > 1 {
				out = append(out, w)
			}
			if last != "" {
				out = append(out, last+" "+w)
			}
			last = w
		}
	}
	endRun := func() {
		out = append(out, grams(run)...)
		run = run[:0]
	}
	for _, r := range Normal(text) + " " {
		switch {
		case isHan(r):
			endWord()
			last = ""
			run = append(run, r)
		case isWord(r):
			endRun()
			word.WriteRune(r)
		default:
			endRun()
			endWord()
		}
	}
	return out
}

// grams are the runs of two to four characters, of those that neither begin nor end with a character that says nothing.
func grams(run []rune) []string {
	var out []string
	for n := 2; n <= 4; n++ {
		for i := 0; i+n <= len(run); i++ {
			g := string(run[i : i+n])
			if stopWords()[string(run[i])] || stopWords()[string(run[i+n-1])] || stopWords()[g] {
				continue
			}
			out = append(out, g)
		}
	}
	return out
}

// CTFIDF weighs terms by class (Grootendorst 2022, BERTopic): W = tf · ln(1 + A/f), where tf is the term's share of its class, f its count in all
// classes and A the mean number of terms of a class. With evened, tf is its square root, which weakens terms that are merely frequent. Rows are
// classes, columns terms.
func CTFIDF(counts [][]float64, evened bool) [][]float64 {
	if len(counts) == 0 {
		return nil
	}
	all, total := make([]float64, len(counts[0])), 0.0
	for _, row := range counts {
		for j, c := range row {
			all[j] += c
			total += c
		}
	}
	mean := total / float64(len(counts))
	out := make([][]float64, len(counts))
	for i, row := range counts {
		out[i] = make([]float64, len(row))
		sum := 0.0
		for _, c := range row {
			sum += c
		}
		for j, c := range row {
			if c > 0 {
				out[i][j] = weigh(c/sum, all[j], mean, evened)
			}
		}
	}
	return out
}

func weigh(tf, f, mean float64, evened bool) float64 {
	if evened {
		tf = math.Sqrt(tf)
	}
	return tf * math.Log(1+mean/f)
}

// topTerms returns for each class its best terms by c-TF-IDF, best first, of which none is part of another. texts are those of each class; the
// last class may be what is in no group.
func topTerms(classes [][]string, n int) [][]string {
	counts, all, total := make([]map[string]float64, len(classes)), map[string]float64{}, 0.0
	sums := make([]float64, len(classes))
	for i, texts := range classes {
		counts[i] = map[string]float64{}
		for _, t := range texts {
			seen := map[string]bool{}
			for _, term := range Terms(t) {
				if !seen[term] { // a term counts once a text: who repeats a word does not name the group
					seen[term] = true
					counts[i][term]++
					all[term]++
					sums[i]++
					total++
				}
			}
		}
	}
	mean := total / float64(max(len(classes), 1))
	out := make([][]string, len(classes))
	for i, c := range counts {
		out[i] = bestTerms(c, all, sums[i], mean, n, len(classes[i]))
	}
	return out
}

// namedBy is the least share of a group's texts that a term of its name is in: a name should say what they have in common.
const namedBy = 0.12

// bestTerms picks terms of a class that a fair part of its texts have; longer ones win where they are nearly as frequent.
func bestTerms(c, all map[string]float64, sum, mean float64, n, texts int) []string {
	type scored struct {
		term  string
		score float64
	}
	var list []scored
	for term, k := range c {
		if texts > 3 && k < max(2, math.Ceil(namedBy*float64(texts))) {
			continue
		}
		length := math.Sqrt(float64(max(1, len([]rune(term)))))
		if !isHan([]rune(term)[0]) {
			length = math.Sqrt(float64(2 + 2*strings.Count(term, " ")))
		}
		list = append(list, scored{term, weigh(k/sum, all[term], mean, true) * length})
	}
	slices.SortFunc(list, func(a, b scored) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.term, b.term)) })
	var out []string
	for _, s := range list {
		if len(out) == n {
			break
		}
		if !slices.ContainsFunc(out, func(o string) bool { return overlaps(o, s.term) }) {
			out = append(out, s.term)
		}
	}
	return out
}

// overlaps tells whether two terms share a word, or two characters.
func overlaps(a, b string) bool {
	if isHan([]rune(a)[0]) != isHan([]rune(b)[0]) {
		return false
	}
	if !isHan([]rune(a)[0]) {
		for w := range strings.FieldsSeq(a) {
			if slices.Contains(strings.Fields(b), w) {
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
