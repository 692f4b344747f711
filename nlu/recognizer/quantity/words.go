package quantity

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// block collects the words of the lexicon's categories in the language of grammars: every word has the index of its entry as value.
type block map[string][]string

func (b block) add(category string, index int, words ...string) {
	for _, w := range words {
		b[category] = append(b[category], strconv.Itoa(index)+" = "+strconv.Quote(w))
	}
}

// source writes the words as a grammar source; shared.grammar tells the categories.
func (l *lexicon) source() []byte {
	b := block{}
	for i := range l.currencies {
		l.addCurrency(b, i)
	}
	for i := range l.subunits {
		s := &l.subunits[i]
		b.add("sub", i, english(s.En)...)
		b.add("sub", i, s.Zh...)
		b.add("sub", i, s.Sign...)
		b.add("sub", i, s.Also...)
		b.add("sub.after", i, s.After...)
		b.add("sub.pre", i, s.Lead...)
	}
	for i := range l.units {
		l.addUnit(b, i)
	}
	var out strings.Builder
	for _, category := range slices.Sorted(maps.Keys(b)) {
		out.WriteString("lex " + category + "\n")
		for _, line := range b[category] {
			out.WriteString("  " + line + "\n")
		}
	}
	return []byte(out.String())
}

func (l *lexicon) addCurrency(b block, i int) {
	c := &l.currencies[i]
	names := english(c.En)
	for _, w := range names {
		b.add("cur", i, w)
		if !slices.Contains(l.money.Together, w) {
			b.add("alone.money", i, w)
		}
	}
	for _, w := range expand(c.En) {
		if !slices.Contains(l.money.Together, w) {
			b.add("pre.word", i, w)
		}
	}
	for _, w := range c.Zh {
		switch {
		case slices.Contains(l.money.Figures, w):
			b.add("cur.figures", i, w)
		default:
			b.add("cur", i, w)
			if utf8.RuneCountInString(w) > 1 && !slices.Contains(l.money.Together, w) {
				b.add("pre.word", i, w)
				b.add("alone.money", i, w)
			}
		}
	}
	for _, w := range c.Sign {
		b.add("pre", i, w)
		if !strings.HasSuffix(w, "/") { // s/50, not 50s/
			b.add("cur", i, w)
		}
		for _, sign := range []string{"$", "£"} {
			if letters, ok := strings.CutSuffix(w, sign); ok && len(letters) > 1 && !strings.Contains(w, " ") {
				b.add("pre", i, letters+" "+sign)
				b.add("cur", i, letters+" "+sign)
			}
		}
	}
	for _, w := range append([]string{strings.ToLower(c.Code)}, c.Also...) {
		l.addCode(b, i, w)
	}
}

// addCode adds a code, and what people write for a thousand and a million of it: keur, musd.
func (l *lexicon) addCode(b block, i int, code string) {
	switch {
	case code == "", slices.Contains(l.money.Never, code):
	case slices.Contains(l.money.Glued, code):
		b.add("cur.glued", i, code)
	default:
		b.add("cur", i, code)
		b.add("pre", i, code)
		b.add("alone.money", i, code)
		if len(code) == 3 {
			b.add("code", i<<1, "k"+code)
			b.add("code", i<<1|1, "m"+code)
		}
	}
}

func (l *lexicon) addUnit(b block, i int) {
	u := &l.units[i]
	names := append(english(u.En), u.Plural...)
	words := slices.Concat(names, u.Zh, u.Symbol)
	for _, w := range words {
		category := "unit"
		switch {
		case slices.Contains(l.measures.Figures, w):
			category = "unit.figures"
		case slices.Contains(l.measures.Glued, w):
			category = "unit.glued"
		}
		b.add(category, i, w)
		if u.Rate {
			b.add("rate", i, w)
		}
	}
	for _, w := range words {
		symbol := slices.Contains(u.Symbol, w) && !slices.Contains(names, w)
		switch {
		case slices.Contains(l.measures.Together, w), utf8.RuneCountInString(w) == 1, symbol && !slices.Contains(l.measures.Alone, w):
		case strings.HasPrefix(u.Unit, "Square ") || strings.HasPrefix(u.Unit, "Cubic "):
		default:
			b.add("alone.unit", i, w)
		}
	}
}

// english returns English words with their plurals.
func english(words []string) []string {
	var out []string
	for _, w := range expand(words) {
		out = append(out, w)
		switch {
		case strings.HasSuffix(w, "y") && !strings.HasSuffix(w, "ey") && !strings.HasSuffix(w, "ay"):
			out = append(out, w[:len(w)-1]+"ies")
		case strings.HasSuffix(w, "s"):
		case strings.HasSuffix(w, "x"), strings.HasSuffix(w, "z"), strings.HasSuffix(w, "ch"):
			out = append(out, w+"es")
		default:
			out = append(out, w+"s")
		}
	}
	return out
}

// expand multiplies out "(a|b) c".
func expand(words []string) []string {
	var out []string
	for _, w := range words {
		open, end := strings.IndexByte(w, '('), strings.IndexByte(w, ')')
		if open < 0 || end < open {
			out = append(out, strings.TrimSpace(w))
			continue
		}
		for _, a := range strings.Split(w[open+1:end], "|") {
			out = append(out, expand([]string{w[:open] + a + w[end+1:]})...)
		}
	}
	return out
}
