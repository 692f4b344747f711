package knowledge

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"yingda/nlu/norm"
)

// item is one question as searches compare it. It does not depend on other questions and is not changed once made.
type item struct {
	text    string   // as written
	runes   []rune   // folded and rewritten, without spaces and punctuation; bounded by maxCompared
	terms   []term   // by hash, each once
	count   int      // terms with repetitions
	negated []uint64 // terms right after a word that turns their meaning round, sorted
	asks    uint32   // what is asked for, a bit a kind
	numbers []uint64
}

// term is a character, a pair of characters, a word stem or a pair of stems.
type term struct {
	hash uint64
	freq uint16
}

// maxCompared is how many characters of a question are compared in order.
const maxCompared = 64

// analyse makes an item of a question or of a query.
func analyse(text string) item {
	w := words()
	folded := w.rewrite.replace(norm.Fold(text, norm.Matching).Text)
	it := item{text: text}
	it.asks = w.asks.collect(folded)
	t := termer{it: &it}
	turns := w.negations(folded)
	for i, r := range folded {
		if len(turns) > 0 && turns[0] == i {
			t.flush()
			t.turned, turns = true, turns[1:]
		}
		t.rune(r)
	}
	t.flush()
	slices.Sort(it.negated)
	it.count = len(t.hashes)
	it.terms = tally(t.hashes)
	slices.Sort(it.numbers)
	it.numbers = slices.Compact(it.numbers)
	return it
}

// tally sorts hashes and counts them.
func tally(hashes []uint64) []term {
	slices.Sort(hashes)
	var out []term
	for _, h := range hashes {
		if n := len(out); n > 0 && out[n-1].hash == h {
			out[n-1].freq++
		} else {
			out = append(out, term{h, 1})
		}
	}
	return slices.Clip(out)
}

// termer cuts folded text into terms.
type termer struct {
	it     *item
	hashes []uint64
	han    rune   // the character before, 0 after anything else
	word   []rune // letters or digits so far
	digits bool   // of word
	before uint64 // the word before, 0 after a Han character
	turned bool   // a negation has just ended
}

// The kinds of terms, so that a pair of characters is never taken for a word.
const (
	kindChar uint64 = iota + 1
	kindPair
	kindWord
	kindWords
)

func (t *termer) rune(r rune) {
	letter, digit := unicode.IsLetter(r), unicode.IsDigit(r)
	if (letter || digit) && len(t.it.runes) < maxCompared {
		t.it.runes = append(t.it.runes, r)
	}
	if letter && !isLatin(r) {
		t.flush()
		t.negate(mix(kindChar, uint64(r)))
		if t.han != 0 {
			t.add(mix(mix(kindPair, uint64(t.han)), uint64(r)))
		}
		t.han, t.before = r, 0
		return
	}
	switch {
	case letter && !t.digits, digit && (t.digits || len(t.word) == 0), r == '\'' && len(t.word) > 0 && !t.digits, r == '.' && t.digits:
		t.word = append(t.word, r)
		t.digits = digit || r == '.' && t.digits
	case letter || digit:
		t.flush()
		t.word, t.digits = append(t.word, r), digit
	default:
		t.flush()
	}
	t.han = 0
}

// flush ends the word.
func (t *termer) flush() {
	if len(t.word) == 0 {
		return
	}
	w := strings.TrimRight(string(t.word), ".'")
	if !t.digits {
		w = stem(w)
	}
	h := kindWord
	for _, r := range w {
		h = mix(h, uint64(r))
	}
	t.negate(h)
	if t.before != 0 {
		t.add(mix(mix(kindWords, t.before), h))
	}
	if t.digits {
		t.it.numbers = append(t.it.numbers, h)
	}
	t.word, t.digits, t.before = t.word[:0], false, h
}

// negate adds a character or a word, and notes it when it follows a negation.
func (t *termer) negate(h uint64) {
	t.add(h)
	if t.turned {
		t.it.negated = append(t.it.negated, h)
	}
	t.turned = false
}

func (t *termer) add(h uint64) { t.hashes = append(t.hashes, h) }

// mix adds v to a hash (the finaliser of SplitMix64; equal inputs give equal hashes on every machine).
func mix(h, v uint64) uint64 {
	h = h*0x9e3779b97f4a7c15 + v + 0x632be59bd9b4e019
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// has tells whether the text has a term.
func (it *item) has(hash uint64) bool {
	_, ok := slices.BinarySearchFunc(it.terms, hash, func(t term, h uint64) int { return cmp.Compare(t.hash, h) })
	return ok
}
