package recognizer

import (
	"math/big"
	"strings"
	"unicode/utf8"

	"yingda/nlu"
	"yingda/nlu/recognizer/value"
)

// amountCues are the words that make a bare number an amount of money.
type amountCues struct {
	Version int                   `yaml:"version"`
	Before  map[nlu.Lang][]string `yaml:"before"`
	Fillers map[nlu.Lang][]string `yaml:"fillers"`
	After   map[nlu.Lang][]string `yaml:"after"`
}

func parseAmountCues(file string, data []byte) (*amountCues, error) {
	f, c := faults{file: file}, &amountCues{}
	f.decode(data, c)
	return c, f.err()
}

// Amounts of less are rarely told without their unit, and numbers of more digits are ids.
var (
	leastAmount = big.NewRat(5, 1)
	mostAmount  = big.NewRat(1_000_000, 1)
)

// implied tells whether a number is an amount of money though no unit says so.
func (c *amountCues) implied(text string, f value.Find, lang nlu.Lang) (value.Money, bool) {
	n, ok := amountIn(f)
	if !ok || !c.announced(text, f.Start, lang) {
		return value.Money{}, false
	}
	rest := strings.TrimPrefix(text[f.End:], " ")
	if next, _ := utf8.DecodeRuneInString(text[f.End:]); isWord(next) || next == '-' || next == '/' {
		return value.Money{}, false
	}
	for _, w := range c.After[lang] {
		if strings.HasPrefix(rest, w) {
			return value.Money{}, false
		}
	}
	return value.Money{Amount: n, Currency: currencyOf[lang]}, true
}

// amountIn returns the number that people may mean to pay: of "three thousand and more" the three thousand.
func amountIn(f value.Find) (n value.Number, ok bool) {
	switch v := f.Value.(type) {
	case value.Number:
		n, ok = v, f.Kind == value.KindNumber && v.Form != value.Fraction
	case value.Range:
		if ok = v.Low != nil; ok {
			n = *v.Low
		}
	}
	return n, ok && n.Cmp(leastAmount) >= 0 && n.Cmp(mostAmount) < 0
}

// announced tells whether a word before a place says that an amount follows.
func (c *amountCues) announced(text string, at int, lang nlu.Lang) bool {
	before := strings.TrimSuffix(text[:at], " ")
	for _, filler := range c.Fillers[lang] {
		cut, ok := strings.CutSuffix(before, filler)
		if !ok {
			continue
		}
		cut = strings.TrimSuffix(cut, " ")
		for _, w := range c.Before[lang] {
			if strings.HasSuffix(cut, w) && bounded(cut, len(cut)-len(w), len(cut)) {
				return true
			}
		}
	}
	return false
}

// currencyOf is what people count in who speak a language and name no currency.
var currencyOf = map[nlu.Lang]string{nlu.Chinese: "CNY"}
