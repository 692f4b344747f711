package number

import (
	"embed"
	"fmt"
	"math/big"
	"slices"
	"sync"

	"yingda/nlu"
	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

//go:embed data/*.grammar
var grammars embed.FS

const (
	zhRulesFile = "data/zh.grammar"
	zhWordsFile = "data/zh_words.grammar"
)

// categories of finds, by kind.
var categories = map[value.Kind]string{
	value.KindNumber:      "find-number",
	value.KindOrdinal:     "find-ordinal",
	value.KindPercentage:  "find-percentage",
	value.KindNumberRange: "find-range",
}

// zhGrammar compiles the Chinese grammar once.
var zhGrammar = sync.OnceValues(func() (*grammar.Grammar, error) {
	o := grammar.Options{Actions: zhActions, Scanners: Scanners(nlu.Chinese)}
	for _, name := range []string{zhRulesFile, zhWordsFile} {
		data, err := grammars.ReadFile(name)
		if err != nil {
			return nil, err
		}
		o.Sources = append(o.Sources, grammar.Source{Name: name, Data: data})
	}
	return grammar.Compile(o)
})

// chinese finds numbers in Chinese text.
type chinese struct {
	g    *grammar.Grammar
	view *grammar.View
	o    Options
}

func newChinese(o Options) (value.Finder, error) {
	g, err := zhGrammar()
	if err != nil {
		return nil, fmt.Errorf("number: %w", err)
	}
	var names []string
	for _, k := range o.Kinds {
		names = append(names, categories[k])
	}
	v, err := g.View(names...)
	if err != nil {
		return nil, err
	}
	return &chinese{g, v, o}, nil
}

// FindValues implements [value.Finder].
func (z *chinese) FindValues(dst []value.Find, text string, _ value.Context) []value.Find {
	if !zh.mentions(text) {
		return dst
	}
	z.g.Find(text, z.view, z, func(n *grammar.Node) {
		k := slices.IndexFunc(kinds, func(k value.Kind) bool { return categories[k] == n.Category })
		if k < 0 {
			return
		}
		if o, ok := n.Value.(value.Ordinal); ok && z.o.PlainOrdinals && o.RelativeTo != "start" {
			return
		}
		dst = append(dst, value.Find{Start: n.Start, End: n.End, Kind: kinds[k], Value: n.Value, Rule: n.Rule.String(), Score: 1})
	})
	return dst
}

func ordinal(offset int, from string) value.Ordinal {
	return value.Ordinal{Offset: big.NewInt(int64(offset)), RelativeTo: from}
}
