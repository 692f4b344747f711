package training

import (
	"math/rand/v2"
	"strings"
	"unicode"

	"yingda/training/corpus"
)

// noisy copies a share of the examples with the accidents of typing and speech recognition: punctuation left out, case changed,
// letters swapped, dropped or doubled, spaces lost. Entities keep their text; examples whose wording nothing can be done to are left out.
func noisy(examples []corpus.Example, share float64, seed uint64) []corpus.Example {
	rng := rand.New(rand.NewPCG(seed, 0x7015e))
	var out []corpus.Example
	for i := range examples {
		if rng.Float64() >= share {
			continue
		}
		eg := examples[i]
		if spoil(&eg, rng) {
			out = append(out, eg)
		}
	}
	return out
}

// spoil changes the text between the entities and moves the entities along. It reports whether anything changed.
func spoil(eg *corpus.Example, rng *rand.Rand) bool {
	change := accidents[rng.IntN(len(accidents))]
	var b strings.Builder
	at := 0
	entities := make([]corpus.EntitySpan, len(eg.Entities))
	for i, e := range eg.Entities {
		if e.Start < at { // nested or out of order
			return false
		}
		b.WriteString(change(eg.Text[at:e.Start], rng))
		e.Start, e.End, at = b.Len(), b.Len()+e.End-e.Start, e.End
		b.WriteString(e.Text)
		entities[i] = e
	}
	b.WriteString(change(eg.Text[at:], rng))
	if b.String() == eg.Text || strings.TrimSpace(b.String()) == "" {
		return false
	}
	eg.Text, eg.Entities = b.String(), entities
	return true
}

var accidents = []func(string, *rand.Rand) string{dropPunctuation, dropPunctuation, lowerCase, upperCase, slipKeys, slipKeys}

// dropPunctuation makes speech of writing.
func dropPunctuation(s string, _ *rand.Rand) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPunct(r) && r != '\'' {
			return -1
		}
		return r
	}, s)
}

func lowerCase(s string, _ *rand.Rand) string { return strings.ToLower(s) }

func upperCase(s string, _ *rand.Rand) string { return strings.ToUpper(s) }

// slipKeys swaps, drops or doubles a letter in about one Latin word in six, and drops one Chinese character in about thirty.
func slipKeys(s string, rng *rand.Rand) string {
	var out []rune
	rs := []rune(s)
	for i := 0; i < len(rs); i++ {
		r := rs[i]
		latin := r < 0x80 && unicode.IsLetter(r)
		switch {
		case latin && i+1 < len(rs) && unicode.IsLetter(rs[i+1]) && rng.IntN(30) == 0:
			switch rng.IntN(3) {
			case 0:
				out = append(out, rs[i+1], r)
				i++
			case 1:
				out = append(out, r, r)
			}
		case unicode.Is(unicode.Han, r) && rng.IntN(30) == 0:
		default:
			out = append(out, r)
		}
	}
	return string(out)
}
