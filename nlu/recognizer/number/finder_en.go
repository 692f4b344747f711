package number

import (
	"fmt"
	"math/big"
	"slices"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// englishFinder finds numbers in English text.
type englishFinder struct {
	g    *grammar.Grammar
	view *grammar.View
	o    Options
}

// newEnglish compiles the grammar that the options ask for.
func newEnglish(o Options) (value.Finder, error) {
	files := []string{"data/en.grammar", "data/en_proportions.grammar"}
	if o.Proportions {
		files[1] = "data/en_percentages.grammar"
	}
	if o.PlainOrdinals {
		files = append(files, "data/en_plain_ordinals.grammar")
	}
	f := &englishFinder{o: o}
	c := grammar.Options{Actions: englishActions, Scanners: []grammar.Scanner{{
		Categories: []string{"number", "proportion", "rank"}, First: startsEnglish, Scan: f.scan,
	}}}
	for _, name := range files {
		data, err := grammars.ReadFile(name)
		if err != nil {
			return nil, err
		}
		c.Sources = append(c.Sources, grammar.Source{Name: name, Data: data})
	}
	var err error
	if f.g, err = grammar.Compile(c); err != nil {
		return nil, fmt.Errorf("number: %w", err)
	}
	var names []string
	for _, k := range o.Kinds {
		names = append(names, categories[k])
	}
	f.view, err = f.g.View(names...)
	return f, err
}

// FindValues implements [value.Finder].
func (f *englishFinder) FindValues(dst []value.Find, text string, _ value.Context) []value.Find {
	f.g.Find(text, f.view, f, func(n *grammar.Node) {
		k := slices.IndexFunc(kinds, func(k value.Kind) bool { return categories[k] == n.Category })
		if k >= 0 {
			dst = append(dst, value.Find{Start: n.Start, End: n.End, Kind: kinds[k], Value: n.Value, Rule: n.Rule.String(), Score: 1})
		}
	})
	return dst
}

// Categories of the finder's own scanner.
const (
	findNumber = iota
	findProportion
	findRank
)

// scan emits the longest number, the longest proportion and the rank that begin at a place, if no letter or figure touches them.
func (f *englishFinder) scan(text string, at int, emit func(category, end int, v any)) {
	if isLetter(text[at]) && !beginsNumber(text, at) || at > 0 && (text[at-1] == '%' || text[at-1] == '_') || endsWord(text, at) {
		return
	}
	var s candidates
	p := numeral{l: english()}
	s.read(text, at, &p)
	if v, end := rankAt(text, at, &p); end > 0 {
		emit(findRank, end, value.Ordinal{Offset: v, RelativeTo: "start"})
	}
	var best [2]*candidate // number, proportion
	for i := range s.n {
		c := &s.all[i]
		k := bit(c.link == outWord || c.link == inWord)
		if c.link == inWord && f.o.Experimental || joinsAfter(text, c.end) || beforeRank(text, c.end) {
			continue
		}
		if best[k] == nil || best[k].end <= c.end {
			best[k] = c
		}
	}
	for k, c := range best {
		if c == nil || k == 1 && best[0] != nil && c.end <= best[0].end {
			continue
		}
		emit(findNumber+k, c.end, c.number())
	}
}

// beforeRank tells whether a hyphen and a word of ranks follow: "twenty" in "twenty-first".
func beforeRank(text string, at int) bool {
	if at >= len(text) || text[at] != '-' {
		return false
	}
	w, _ := english().at(text, at+1)
	return w.role.isRank()
}

// rankAt reads a rank in figures, or takes that of p in words. A "second" behind a number or "per" is one of a minute.
func rankAt(text string, at int, p *numeral) (v *big.Int, end int) {
	if n, end := figureRank(text, at); end > 0 {
		return big.NewInt(int64(n)), end
	}
	r := p.rank
	if r.end == 0 || r.plural {
		return nil, 0
	}
	w, end := p.l.at(text, at)
	if end == r.end && w.role == unitTh && w.value == 2 {
		before, _ := wordBefore(text, at)
		if before.role == perWord || afterNumber(text, at) {
			return nil, 0
		}
	}
	return r.v.rat().Num(), r.end
}
