package mine

import (
	_ "embed"
	"math"
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

// Longest phrases that names are made of.
const (
	mostWords = 4
	mostHan   = 6
)

// Terms splits a text into what names are made of: of English, one to four words that follow each other; of Chinese, runs of two to six characters.
// Neither begins nor ends with what says nothing; in between it may stand, as in "track on the map".
func Terms(text string) []string {
	var out []string
	for _, part := range pieces(text) {
		part.each(func(from, to int) { out = append(out, part.phrase(from, to)) })
	}
	return out
}

// piece is words, or Chinese characters, that follow each other in a text.
type piece struct {
	units []string
	han   bool
}

// pieces cuts a text where language changes or a sentence ends.
func pieces(text string) []piece {
	var out []piece
	word := strings.Builder{}
	add := func(unit string, han bool) {
		if n := len(out); n == 0 || out[n-1].han != han {
			out = append(out, piece{han: han})
		}
		p := &out[len(out)-1]
		p.units = append(p.units, unit)
	}
	endWord := func() {
		if word.Len() > 0 {
			add(word.String(), false)
			word.Reset()
		}
	}
	for sentence := range strings.FieldsFuncSeq(text, endsSentence) {
		out = append(out, piece{})
		for _, r := range Normal(sentence) + " " {
			switch {
			case isHan(r):
				endWord()
				add(string(r), true)
			case isWord(r):
				word.WriteRune(r)
			default:
				endWord()
				if n := len(out); out[n-1].han { // characters on both sides of a space are no phrase
					out = append(out, piece{})
				}
			}
		}
	}
	return out
}

// endsSentence tells what no phrase goes across.
func endsSentence(r rune) bool { return strings.ContainsRune(".!?;:,。！？；：，、\n", r) }

// empty tells whether a unit says nothing about a topic by itself.
func empty(unit string) bool { return unit == "0" || stopWords()[unit] }

// each calls fn for the ends of all phrases of a piece.
func (p piece) each(fn func(from, to int)) {
	least, most := 1, mostWords
	if p.han {
		least, most = 2, mostHan
	}
	for from := range p.units {
		if empty(p.units[from]) {
			continue
		}
		for n := least; n <= most && from+n <= len(p.units); n++ {
			if last := p.units[from+n-1]; empty(last) || !p.han && n == 1 && len(last) < 2 || p.han && stopWords()[p.phrase(from, from+n)] {
				continue
			}
			fn(from, from+n)
		}
	}
}

func (p piece) phrase(from, to int) string {
	if p.han {
		return strings.Join(p.units[from:to], "")
	}
	return strings.Join(p.units[from:to], " ")
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
