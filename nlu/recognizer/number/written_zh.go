package number

import (
	"strings"
	"unicode/utf8"

	"yingda/nlu"
	"yingda/nlu/recognizer/grammar"
)

// Figures writes a number in Chinese words, folded, as figures and the way it was said: 一千零一 is 1001, 一点五零 1.50, 零零七 007,
// 三分之一 1/3. A unit of ten thousand or more that ends the number stays a word, 一百一十万 is "110" and "万". With grouped, thousands are
// set off by commas where they are counted: 1,001, but not in 一九九八 or in a fraction. ok is false if the words are not one number.
func Figures(words string, grouped bool) (figures, unit string, ok bool) {
	if words == "" {
		return "", "", false
	}
	at, negative := readSign(words, 0)
	sign := ""
	if negative {
		sign = "-"
	}
	p := readPlain(words, at)
	if p.end == at {
		return "", "", false
	}
	if p.end == len(words) {
		figures, unit = plainFigures(words, at, p, grouped)
		return sign + figures, unit, true
	}
	if figures, ok = fractionFigures(words, at, p); ok {
		return sign + figures, "", true
	}
	return "", "", false
}

// Mentions tells whether a folded Chinese text has figures or characters of numbers. It is much faster than to look for the numbers.
func Mentions(text string) bool { return zh.mentions(text) }

// ApproxFigures writes two numbers of which one is meant: 三四十万 is "30", "40" and "万".
func ApproxFigures(words string, grouped bool) (low, high, unit string, ok bool) {
	a, ok := readApprox(words, 0)
	if !ok || a.end != len(words) {
		return "", "", "", false
	}
	low, lowUnit, ok1 := Figures(words[:a.second]+words[a.rest:], grouped)
	high, highUnit, ok2 := Figures(words[:a.first]+words[a.second:], grouped)
	return low, high, lowUnit, ok1 && ok2 && lowUnit == highUnit
}

// plainFigures writes what readPlain read at a place, up to the end of words.
func plainFigures(words string, at int, p plain, grouped bool) (figures, unit string) {
	if p.w.kind == spelled && p.point == 0 {
		return digitByDigit(words[at:]), ""
	}
	whole := p.w.value()
	if p.w.n == 1 && p.w.sec.sign() == 0 && p.w.kind == nothing && p.units > 0 {
		whole = p.w.terms[0].v.over(whole64(p.w.terms[0].unit))
		unit = words[len(words)-p.units:]
	} else if p.point > 0 && p.units > 0 {
		unit = words[len(words)-p.units:]
	}
	figures = whole.rat().FloatString(0)
	if !whole.rat().IsInt() {
		figures = strings.TrimRight(whole.rat().FloatString(12), "0")
	}
	if grouped {
		figures = group(figures)
	}
	if p.point > 0 {
		figures += "." + digitByDigit(words[p.point:len(words)-p.units])
	}
	return figures, unit
}

// fractionFigures writes 三分之一 and 一又三分之一; p is the number that begins at a place.
func fractionFigures(words string, at int, p plain) (string, bool) {
	before := ""
	if c, next := zh.at(words, p.end); c.class == classPlus {
		before, _ = plainFigures(words[:p.end], at, p, false)
		before += words[p.end:next]
		at = next
		p = readPlain(words, at)
	}
	end, _, ok := numerator(words, p.end)
	if !ok || end < len(words) || p.decimal {
		return "", false
	}
	den, _ := plainFigures(words[:p.end], at, p.without(), false)
	_, from := zh.at(words, p.end)
	_, from = zh.at(words, from)
	num, unit, ok := Figures(words[from:], false)
	return before + num + "/" + den, ok && unit == ""
}

// without returns the number with its last unit made figures.
func (p plain) without() plain {
	p.units = 0
	return p
}

// digitByDigit writes digits in words one by one.
func digitByDigit(words string) string {
	b := make([]byte, 0, utf8.RuneCountInString(words))
	for at := 0; at < len(words); {
		c, next := zh.at(words, at)
		switch {
		case c.class == classDigit || c.class == classCount || c.class == classSpoken:
			b = append(b, byte('0'+c.value))
		case isDigit(words[at]):
			b = append(b, words[at])
		}
		at = max(next, at+1)
	}
	return string(b)
}

// group puts a comma before each three figures of the whole part.
func group(figures string) string {
	whole, fraction, _ := strings.Cut(figures, ".")
	if len(whole) <= 3 {
		return figures
	}
	var b strings.Builder
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(whole[i])
	}
	if fraction != "" {
		b.WriteString("." + fraction)
	}
	return b.String()
}

// Words returns a grammar of words that hold the characters of numbers and are none, such as 四川 and 十分: phrases of the category
// [grammar.Not]. Grammars that use [Scanners] add it to their own, with the actions it names.
func Words(lang nlu.Lang) (grammar.Source, map[string]grammar.Action, error) {
	if lang != nlu.Chinese {
		return grammar.Source{}, nil, nil
	}
	data, err := grammars.ReadFile(zhWordsFile)
	return grammar.Source{Name: "number/" + zhWordsFile, Data: data},
		map[string]grammar.Action{"word": zhActions["word"], "wordUnless": wordUnless, "wordUnlessAfter": wordUnlessAfter}, err
}
