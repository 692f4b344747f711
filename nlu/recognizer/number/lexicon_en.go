package number

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

//go:embed data/en_words.txt
var englishWords string

// role is the part that a word plays in English numbers; data/en_words.txt tells what each is.
type role uint8

const (
	noWord role = iota
	zeroWord
	ohWord
	unitWord
	teenWord
	tensWord
	hundredWord
	scaleWord  // value: power of ten
	briefWord  // the same, abbreviated
	letterWord // the same, a single letter
	moneyWord  // the same, behind an amount of money
	dozenWord
	unitTh
	teenTh
	tensTh
	hundredTh
	scaleTh // value: power of ten
	partWord
	partsWord
	suffixWord
	articleWord
	andWord
	ofWord
	outWord
	inWord
	overWord
	pointWord
	minusWord
	pronounWord
	sideWord
	rankedWord
	perWord
	centWord
	percentWord
	thanWord
	toWord
)

var roleNames = map[string]role{
	"zero": zeroWord, "oh": ohWord, "unit": unitWord, "teen": teenWord, "tens": tensWord,
	"hundred": hundredWord, "scale": scaleWord, "brief": briefWord, "letter": letterWord, "money": moneyWord, "dozen": dozenWord,
	"unit-th": unitTh, "teen-th": teenTh, "tens-th": tensTh, "hundred-th": hundredTh, "scale-th": scaleTh,
	"part": partWord, "parts": partsWord, "suffix": suffixWord,
	"article": articleWord, "and": andWord, "of": ofWord, "out": outWord, "in": inWord, "over": overWord, "point": pointWord,
	"minus": minusWord, "pronoun": pronounWord, "side": sideWord, "ranked": rankedWord, "per": perWord, "cent": centWord,
	"percent": percentWord, "than": thanWord, "to": toWord,
}

// isRank tells whether the word ends a rank, and may thus name a denominator.
func (r role) isRank() bool { return unitTh <= r && r <= scaleTh }

// word is an entry of the English table.
type word struct {
	role   role
	plural bool
	value  int64
}

// lexicon is the table of English words.
type lexicon struct {
	words map[string]word
	first [256]bool // letters with which words begin
	long  int       // length of the longest word
}

// english returns the table. A fault in the embedded file is a fault of the program, which every test shows.
var english = sync.OnceValue(func() *lexicon {
	l, err := readLexicon(englishWords)
	if err != nil {
		panic(err)
	}
	return l
})

func readLexicon(data string) (*lexicon, error) {
	l := &lexicon{words: map[string]word{}}
	line := 0
	for text := range strings.Lines(data) {
		line++
		text, _, _ = strings.Cut(text, "#")
		f := strings.Fields(text)
		if len(f) == 0 {
			continue
		}
		c, known := roleNames[f[0]]
		if !known || len(f) < 3 {
			return nil, fmt.Errorf("en_words.txt:%d: want class, value and words", line)
		}
		v, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("en_words.txt:%d: %w", line, err)
		}
		for _, w := range f[2:] {
			singular, hasPlural := strings.CutSuffix(w, "+s")
			ok := l.add(singular, word{role: c, value: v, plural: c == partsWord})
			if hasPlural {
				ok = l.add(singular+"s", word{role: c, value: v, plural: true}) && ok
			}
			if !ok {
				return nil, fmt.Errorf("en_words.txt:%d: %q stands there twice", line, w)
			}
		}
	}
	return l, nil
}

// add adds a word, unless it is there.
func (l *lexicon) add(s string, w word) bool {
	if _, is := l.words[s]; is {
		return false
	}
	l.words[s] = w
	l.first[s[0]] = true
	l.long = max(l.long, len(s))
	return true
}

// at returns the word that begins at a place and where it ends. The role is noWord if the letters there are no word of numbers, or
// only a part of one ("one's", "m2").
func (l *lexicon) at(text string, at int) (w word, end int) {
	if at >= len(text) || !l.first[text[at]] {
		return word{}, at
	}
	for end = at; end < len(text) && isLetter(text[end]); end++ {
		if end-at > l.long {
			return word{}, at
		}
	}
	if joinsAfter(text, end) {
		return word{}, at
	}
	return l.words[text[at:end]], end
}

// joinsAfter tells whether a letter or figure touches the place from behind.
func joinsAfter(text string, at int) bool {
	return at < len(text) && (isDigit(text[at]) || joinsWord(text, at))
}

// joinsWord tells whether what follows a place belongs to the word before: "one's", "naïve".
func joinsWord(text string, at int) bool {
	if at >= len(text) {
		return false
	}
	if text[at] == '\'' {
		return at+1 < len(text) && isLetter(text[at+1])
	}
	return isLatin(text[at:])
}

// isLatin tells whether a text begins with a letter of a script that puts spaces between words.
func isLatin(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return r < 0x0e00 && (r == '_' || unicode.IsLetter(r))
}

// separator is what stands between two words of a number.
type separator uint8

const (
	touching separator = iota
	spaced
	hyphen     // twenty-five
	wideHyphen // twenty - five
)

// next returns where the next word of a number may begin, and what stands between.
func next(text string, at int) (int, separator) {
	if at >= len(text) {
		return at, touching
	}
	switch text[at] {
	case '-':
		return at + 1, hyphen
	case ' ':
		if at+2 < len(text) && text[at+1] == '-' && text[at+2] == ' ' {
			return at + 3, wideHyphen
		}
		return at + 1, spaced
	}
	return at, touching
}
