package quantity_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"yingda/nlu"
	"yingda/nlu/recognizer/quantity"
	"yingda/nlu/recognizer/value"
)

// TestMoneyThereAndBack writes amounts in the ways people write them and reads them back.
func TestMoneyThereAndBack(t *testing.T) {
	zh := mustNew(t, quantity.Options{Lang: nlu.Chinese, Kinds: []value.Kind{value.KindMoney}})
	en := mustNew(t, quantity.Options{Lang: nlu.English, Kinds: []value.Kind{value.KindMoney}})
	random := rand.New(rand.NewPCG(7, 11))
	for range 600 {
		whole := 1 + random.Int64N(pow10(1+random.IntN(12)))
		hundredths := []int64{0, 0, 5, 50, 10 * random.Int64N(10), random.Int64N(100)}[random.IntN(6)]
		for _, text := range chineseMoney(whole, hundredths) {
			checkMoney(t, zh, text, whole, hundredths, "CNY")
		}
		figures := group(whole) + decimals(hundredths)
		for code, texts := range map[string][]string{
			"USD": {"us$" + figures, "usd " + figures, figures + " us dollars"},
			"EUR": {"€" + figures, figures + " €", figures + " euros", englishMoney(whole, hundredths, "euro")},
			"GBP": {figures + " gbp", "gbp" + figures},
		} {
			for _, text := range texts {
				checkMoney(t, en, text, whole, hundredths, code)
			}
		}
	}
}

func checkMoney(t *testing.T, f *quantity.Finder, text string, whole, hundredths int64, code string) {
	t.Helper()
	finds := f.FindValues(nil, text, value.Context{})
	if len(finds) != 1 || finds[0].Start != 0 || finds[0].End != len(text) {
		t.Fatalf("%q: got %s, want all of it", text, show(f, text))
	}
	m, ok := finds[0].Value.(value.Money)
	want := fmt.Sprintf("%d.%02d", whole, hundredths)
	if !ok || m.Currency != code || m.Amount.FloatString(2) != want {
		t.Fatalf("%q: got %s %s, want %s %s", text, m.Amount.FloatString(4), m.Currency, want, code)
	}
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// group writes thousands apart.
func group(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func decimals(hundredths int64) string {
	if hundredths == 0 {
		return ""
	}
	return fmt.Sprintf(".%02d", hundredths)
}

// chineseMoney writes an amount in figures, in the words of a cheque, and as it is said.
func chineseMoney(whole, hundredths int64) []string {
	jiao, fen := hundredths/10, hundredths%10
	figures := fmt.Sprint(whole) + decimals(hundredths)
	words := han(whole)
	if strings.HasPrefix(words, "一十") {
		words = words[len("一"):]
	}
	formal, said := words+"元", words+"块"
	switch {
	case jiao > 0 && fen > 0:
		formal += han(jiao) + "角" + han(fen) + "分"
		said += han(jiao) + "毛" + han(fen)
	case jiao > 0:
		formal += han(jiao) + "角"
		said += han(jiao)
	case fen > 0:
		formal += "零" + han(fen) + "分"
		said += "零" + han(fen) + "分"
	default:
		formal += "整"
		said += "钱"
	}
	return []string{figures + "元", "¥" + figures, figures + " rmb", "rmb" + figures, "人民币" + figures + "元", figures + "块钱", formal, said}
}

// han writes a number in Chinese words.
func han(n int64) string {
	const digits, units = "零一二三四五六七八九", "  十百千"
	digit := func(d int64) string { return string([]rune(digits)[d]) }
	if n < 10 {
		return digit(n)
	}
	for _, big := range []struct {
		size int64
		name string
	}{{1e12, "万亿"}, {1e8, "亿"}, {1e4, "万"}, {1e3, "千"}, {1e2, "百"}, {10, "十"}} {
		if n < big.size {
			continue
		}
		s := han(n/big.size) + big.name
		rest := n % big.size
		if rest == 0 {
			return s
		}
		if rest < big.size/10 {
			s += "零"
		}
		return s + han(rest)
	}
	return ""
}

// englishMoney writes an amount in English words.
func englishMoney(whole, hundredths int64, unit string) string {
	plural := func(n int64, s string) string {
		if n == 1 {
			return "one " + s
		}
		return english(n) + " " + s + "s"
	}
	if hundredths == 0 {
		return plural(whole, unit)
	}
	return plural(whole, unit) + " and " + plural(hundredths, "cent")
}

func english(n int64) string {
	ones := strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
	tens := strings.Fields("- - twenty thirty forty fifty sixty seventy eighty ninety")
	if n < 20 {
		return ones[n]
	}
	if n < 100 {
		if n%10 == 0 {
			return tens[n/10]
		}
		return tens[n/10] + "-" + ones[n%10]
	}
	for _, big := range []struct {
		size int64
		name string
	}{{1e12, "trillion"}, {1e9, "billion"}, {1e6, "million"}, {1e3, "thousand"}, {100, "hundred"}} {
		if n >= big.size {
			s := english(n/big.size) + " " + big.name
			if n%big.size > 0 {
				s += " " + english(n%big.size)
			}
			return s
		}
	}
	return ""
}
