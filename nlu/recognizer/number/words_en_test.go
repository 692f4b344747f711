package number_test

import (
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"yingda/nlu"
	"yingda/nlu/recognizer/number"
	"yingda/nlu/recognizer/value"
)

var (
	enSmall = strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
	enTens  = strings.Fields("zero ten twenty thirty forty fifty sixty seventy eighty ninety")
	enScale = []string{"", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion"}
	enRanks = strings.NewReplacer("one!", "first", "two!", "second", "three!", "third", "five!", "fifth", "eight!", "eighth", "nine!", "ninth",
		"twelve!", "twelfth", "ty!", "tieth", "!", "th")
)

// enStyle is how a number is put into English words.
type enStyle struct {
	and    bool   // "one hundred and two"
	hyphen string // between tens and units
}

// words puts a whole number into words.
func (s enStyle) words(n uint64) string {
	if n == 0 {
		return enSmall[0]
	}
	var parts []string
	for i := 0; n > 0; i, n = i+1, n/1000 {
		if n%1000 == 0 {
			continue
		}
		w := s.below1000(n % 1000)
		if i > 0 {
			w += " " + enScale[i]
		} else if s.and && n%1000 < 100 && n >= 1000 {
			w = "and " + w
		}
		parts = append([]string{w}, parts...)
	}
	return strings.Join(parts, " ")
}

func (s enStyle) below1000(n uint64) string {
	w := ""
	if n >= 100 {
		w = enSmall[n/100] + " hundred"
		if n %= 100; n == 0 {
			return w
		}
		if w += " "; s.and {
			w += "and "
		}
	}
	switch {
	case n < 20:
		return w + enSmall[n]
	case n%10 == 0:
		return w + enTens[n/10]
	}
	return w + enTens[n/10] + s.hyphen + enSmall[n%10]
}

// rank puts a rank into words.
func (s enStyle) rank(n uint64) string { return enRanks.Replace(s.words(n) + "!") }

var enStyles = []enStyle{{false, " "}, {true, "-"}, {true, " "}, {false, "-"}}

// randomNumber returns a number of up to 16 figures, all lengths as likely.
func randomNumber(r *rand.Rand) uint64 {
	n := r.Uint64N(10_000_000_000_000_000)
	for range r.IntN(16) {
		n /= 10
	}
	return n
}

// TestEnglishWords puts numbers up to 10^16 into words and reads them back.
func TestEnglishWords(t *testing.T) {
	numbers := mustNew(t, number.Options{Lang: nlu.English, Kinds: []value.Kind{value.KindNumber}})
	ranks := mustNew(t, number.Options{Lang: nlu.English, Kinds: []value.Kind{value.KindOrdinal}})
	r := rand.New(rand.NewPCG(1, 2))
	for range 1500 {
		n := randomNumber(r)
		want := new(big.Rat).SetInt(new(big.Int).SetUint64(n))
		for _, s := range enStyles {
			check(t, numbers, s.words(n), func(v any) bool { return v.(value.Number).Cmp(want) == 0 })
			check(t, numbers, "minus "+s.words(n)+" point zero five", func(v any) bool {
				return v.(value.Number).Cmp(new(big.Rat).Neg(new(big.Rat).Add(want, big.NewRat(5, 100)))) == 0
			})
			if n > 0 {
				check(t, ranks, s.rank(n), func(v any) bool { return v.(value.Ordinal).Offset.Cmp(want.Num()) == 0 })
			}
		}
	}
}

// TestEnglishFractions puts fractions into words and reads them back.
func TestEnglishFractions(t *testing.T) {
	f := mustNew(t, number.Options{Lang: nlu.English, Kinds: []value.Kind{value.KindNumber}})
	r := rand.New(rand.NewPCG(3, 4))
	s := enStyle{true, "-"}
	for range 1000 {
		d := 3 + r.Uint64N(90)
		n := 1 + r.Uint64N(d-1)
		if d%10 == 1 || d%10 == 2 { // "first" and "second" are rarely parts
			continue
		}
		den := s.rank(d)
		if n > 1 {
			den += "s"
		}
		whole := 1 + r.Uint64N(99999)
		want := big.NewRat(int64(n), int64(d))
		check(t, f, s.words(n)+" "+den, func(v any) bool { return v.(value.Number).Cmp(want) == 0 })
		check(t, f, s.words(whole)+" and "+s.words(n)+" "+den, func(v any) bool {
			return v.(value.Number).Cmp(new(big.Rat).Add(want, new(big.Rat).SetInt64(int64(whole)))) == 0
		})
	}
}

// check wants one find that is all of the text.
func check(t *testing.T, f value.Finder, text string, ok func(any) bool) {
	t.Helper()
	finds := f.FindValues(nil, text, value.Context{})
	if len(finds) != 1 || finds[0].End-finds[0].Start != len(text) || !ok(finds[0].Value) {
		t.Fatalf("%q: got %v", text, finds)
	}
}
