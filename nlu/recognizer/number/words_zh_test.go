package number_test

import (
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/number"
	"yingda/nlu/recognizer/value"
)

// style is how a number is put into Chinese words.
type style struct {
	digits [10]string
	units  [4]string // of a group of four figures
	groups [5]string
	two    bool // 两 before 百, 千, 万, 亿
}

var (
	plainStyle = style{
		digits: [10]string{"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"},
		units:  [4]string{"", "十", "百", "千"},
		groups: [5]string{"", "万", "亿", "万亿", "亿亿"},
		two:    true,
	}
	formalStyle = style{
		digits: [10]string{"零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖"},
		units:  [4]string{"", "拾", "佰", "仟"},
		groups: [5]string{"", "万", "亿", "万亿", "亿亿"},
	}
	traditionalStyle = style{
		digits: [10]string{"零", "壹", "貳", "叁", "肆", "伍", "陸", "柒", "捌", "玖"},
		units:  [4]string{"", "拾", "佰", "仟"},
		groups: [5]string{"", "萬", "億", "萬億", "億億"},
	}
)

// words puts a whole number below 10^17 into words: 兆 is 10^12, 10^16 is 亿亿 … the groups of 万亿 are counted in 亿.
func (s style) words(n int64) string {
	if n < 0 {
		return "负" + s.words(-n)
	}
	if n < 10000 {
		return s.group(n, false)
	}
	// 亿 and what is above it are one number of 亿.
	if n >= 100000000 {
		head := s.words(n/100000000) + s.groups[2]
		return head + s.tail(n%100000000, 100000000)
	}
	return s.group(n/10000, false) + s.groups[1] + s.tail(n%10000, 10000)
}

// tail puts what follows a unit into words, after a 零 if figures are left out.
func (s style) tail(n, unit int64) string {
	switch {
	case n == 0:
		return ""
	case n < unit/10:
		return s.digits[0] + s.words10(n)
	}
	return s.words10(n)
}

// words10 is words, but 10 to 19 begin with 一: 一百一十.
func (s style) words10(n int64) string {
	if n < 10000 {
		return s.group(n, true)
	}
	return s.group(n/10000, true) + s.groups[1] + s.tail(n%10000, 10000)
}

// group puts a number below 10000 into words.
func (s style) group(n int64, inner bool) string {
	if n == 0 {
		return s.digits[0]
	}
	var b strings.Builder
	zero := false
	for i, unit := 3, int64(1000); i >= 0; i, unit = i-1, unit/10 {
		d := n / unit % 10
		switch {
		case d == 0:
			zero = b.Len() > 0
			continue
		case zero:
			b.WriteString(s.digits[0])
			zero = false
		}
		if d != 1 || i != 1 || b.Len() > 0 || inner {
			if d == 2 && i >= 2 && s.two {
				b.WriteString("两")
			} else {
				b.WriteString(s.digits[d])
			}
		}
		b.WriteString(s.units[i])
	}
	return b.String()
}

// TestChinese_RoundTrip reads back what the styles write, for numbers of all lengths up to 10^16.
func TestChinese_RoundTrip(t *testing.T) {
	f := mustNew(t, number.Options{Lang: nlu.Chinese, Kinds: []value.Kind{value.KindNumber}})
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range 6000 {
		n := rnd.Int64N(power10(1 + rnd.IntN(16)))
		if i%3 == 0 { // many zeros
			n -= n % power10(rnd.IntN(16))
		}
		if i%5 == 0 {
			n = -n
		}
		for name, s := range map[string]style{"plain": plainStyle, "formal": formalStyle, "traditional": traditionalStyle} {
			words := s.words(n)
			text := norm.Fold(words, norm.Matching).Text
			finds := f.FindValues(nil, text, value.Context{})
			if len(finds) != 1 || finds[0].Start != 0 || finds[0].End != len(text) {
				t.Fatalf("%s: %d is %s: got %v", name, n, words, finds)
			}
			if v := finds[0].Value.(value.Number); v.Cmp(new(big.Rat).SetInt64(n)) != 0 {
				t.Fatalf("%s: %d is %s, read back as %s", name, n, words, v)
			}
			if n < 0 {
				continue
			}
			if got, ok := numeral(text); !ok || got != n {
				t.Fatalf("%s: %d is %s, as a numeral %d", name, n, words, got)
			}
		}
	}
}

// numeral returns the longest numeral that the scanners find at the beginning; numerals have at most 24 characters.
func numeral(text string) (n int64, ok bool) {
	if len([]rune(text)) > 24 {
		f, u, ok := number.Figures(text, false)
		v, _ := new(big.Int).SetString(f, 10)
		for _, r := range u {
			v.Mul(v, big.NewInt(map[rune]int64{'万': 10000, '亿': 100000000}[r]))
		}
		return v.Int64(), ok
	}
	longest := 0
	for _, s := range number.Scanners(nlu.Chinese) {
		if !s.First(text[0]) {
			continue
		}
		s.Scan(text, 0, func(category, end int, v any) {
			if s.Categories[category] == "numeral" && end > longest {
				longest, n = end, int64(v.(int))
			}
		})
	}
	return n, longest == len(text)
}

func power10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// TestChinese_RoundTripDecimals reads back decimals and fractions.
func TestChinese_RoundTripDecimals(t *testing.T) {
	f := mustNew(t, number.Options{Lang: nlu.Chinese, Kinds: []value.Kind{value.KindNumber}})
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		whole, den := rnd.Int64N(1000000), 2+rnd.Int64N(9998)
		digits := 1 + rnd.IntN(8)
		fraction := rnd.Int64N(power10(digits))
		var b strings.Builder
		for p := power10(digits - 1); p > 0; p /= 10 {
			b.WriteString(plainStyle.digits[fraction/p%10])
		}
		num := 1 + rnd.Int64N(9999)
		for words, want := range map[string]*big.Rat{
			plainStyle.words(whole) + "点" + b.String():           new(big.Rat).Add(new(big.Rat).SetInt64(whole), big.NewRat(fraction, power10(digits))),
			plainStyle.words(den) + "分之" + plainStyle.words(num): big.NewRat(num, den),
		} {
			finds := f.FindValues(nil, words, value.Context{})
			if len(finds) != 1 || finds[0].End-finds[0].Start != len(words) {
				t.Fatalf("%s: got %v", words, finds)
			}
			if v := finds[0].Value.(value.Number); v.Cmp(want) != 0 {
				t.Fatalf("%s: got %s, want %s", words, v, want)
			}
		}
	}
}
