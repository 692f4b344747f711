package decode

import (
	"math"
	"unicode"
	"unicode/utf8"

	"yingda/models"
	"yingda/nlu"
)

// cut divides a text without punctuation or connectives in two, where its halves say most clearly different things: the sum of the
// logarithms of their best probabilities is largest. Halves have at least minTokens tokens, and no word is cut. nil = there is no such place.
func (d *Intent) cut(text string, tokens []nlu.Token, logits models.Logits, minTokens int) []nlu.Span {
	var real []int
	for i, t := range tokens {
		if !t.Special {
			real = append(real, i)
		}
	}
	if len(real) < 2*minTokens {
		return nil
	}
	k := logits.Cols
	sums := make([]float64, (len(real)+1)*k) // of the first n tokens
	for n, t := range real {
		for c, v := range logits.Row(t) {
			sums[(n+1)*k+c] = sums[n*k+c] + float64(v)
		}
	}
	best, at := 0.0, -1
	mean := make([]float32, k)
	half := func(from, to int) (float64, int) {
		for c := range mean {
			mean[c] = float32((sums[to*k+c] - sums[from*k+c]) / float64(to-from))
		}
		return d.top(mean)
	}
	for n := minTokens; n <= len(real)-minTokens; n++ {
		if insideWord(text, tokens[real[n]].Start) {
			continue
		}
		p, label := half(0, n)
		q, other := half(n, len(real))
		if score := p * q; label != other && score > best {
			best, at = score, tokens[real[n]].Start
		}
	}
	if at < 0 {
		return nil
	}
	return []nlu.Span{{Start: 0, End: at}, {Start: at, End: len(text)}}
}

// top returns the largest calibrated probability among the intents, and its place.
func (d *Intent) top(logits []float32) (float64, int) {
	best := -1
	for i, v := range logits {
		if i != d.reject && (best < 0 || v > logits[best]) {
			best = i
		}
	}
	sum := 0.0
	for i, v := range logits {
		if i != d.reject {
			sum += math.Exp(float64(v-logits[best]) / d.spec.Temperature)
		}
	}
	return 1 / sum, best
}

// insideWord tells whether a byte position stands between two letters or digits of a script that writes spaces.
func insideWord(text string, at int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	after, _ := utf8.DecodeRuneInString(text[at:])
	word := func(r rune) bool { return (unicode.IsLetter(r) || unicode.IsDigit(r)) && !unicode.Is(unicode.Han, r) }
	return word(before) && word(after)
}
