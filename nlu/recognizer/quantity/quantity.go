// Package quantity finds money, measures, ages, temperatures and counted things in Chinese and English text: 三块五, "3 million usd",
// 三斤半, "5 feet 3 inches", 29岁, "20 degrees celsius", 两件.
//
// It is a grammar over the numbers of package number. Everything that a person may want to extend is data: currencies.yaml and units.yaml
// hold the words, cues.yaml what tells ambiguous ones apart, shared.grammar, zh.grammar and en.grammar how they are put together.
package quantity

import (
	"fmt"
	"slices"
	"sync"

	"yingda/nlu"
	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/number"
	"yingda/nlu/recognizer/value"
)

// Dimensions that are no measures.
const (
	Age         = "age"         // 29岁, "five years old"
	Temperature = "temperature" // 37.5度, "20 °C"
	Count       = "count"       // 两件, "two pairs": the unit is the measure word
)

// Measures are the dimensions of measures, in the order in which they claim words that belong to several.
var Measures = []string{
	"length", "weight", "volume", "area", "speed", "information", "angle", "power", "energy", "frequency", "voltage", "current", "charge",
	"pressure", "force", "sound", "light", "resolution",
}

// Options say what a [Finder] looks for.
type Options struct {
	// Lang is the language whose numbers and rules are read; the words of currencies and units are known in both. There is no default.
	Lang nlu.Lang
	// Kinds are KindMoney, KindQuantity or both. Default: both. A word that may be either ("pounds") is money or weight by the words
	// around it; if only one kind is asked for, it is that one.
	Kinds []value.Kind
	// Dimensions are those of quantities to return: Age, Temperature, Count and of [Measures]. Default: all. What is not asked for
	// still takes its words: "rotate 90 degrees" is no temperature even if only temperatures are wanted.
	Dimensions []string
	// Bare also returns units without a number, with a nil Number: "convert to fahrenheit". Default: off, a value has a number.
	Bare bool
	// Subunits returns parts of a currency as they are written: 五毛 is 5 Jiao. Default: off, where the currency is known it is an
	// amount of it, 0.5 Chinese yuan.
	Subunits bool
}

// Finder finds quantities. It is safe for concurrent use.
type Finder struct {
	lang    *language
	view    *grammar.View
	money   bool
	dims    map[string]bool
	parts   bool // Options.Subunits
	bare    bool
	readers sync.Pool
}

var _ value.Finder = (*Finder)(nil)

// New makes a finder. It fails for a language without rules and for kinds and dimensions that do not exist.
func New(o Options) (*Finder, error) {
	compile := languages[o.Lang]
	if compile == nil {
		return nil, fmt.Errorf("quantity: no rules for language %q", o.Lang)
	}
	lang, err := compile()
	if err != nil {
		return nil, fmt.Errorf("quantity: %w", err)
	}
	f := &Finder{lang: lang, dims: map[string]bool{}, parts: o.Subunits, bare: o.Bare}
	for _, k := range o.Kinds {
		if k != value.KindMoney && k != value.KindQuantity {
			return nil, fmt.Errorf("quantity: no finder of %q", k)
		}
	}
	f.money = o.Kinds == nil || slices.Contains(o.Kinds, value.KindMoney)
	if o.Kinds == nil || slices.Contains(o.Kinds, value.KindQuantity) {
		all := append([]string{Age, Temperature, Count}, Measures...)
		if o.Dimensions == nil {
			o.Dimensions = all
		}
		for _, d := range o.Dimensions {
			if !slices.Contains(all, d) {
				return nil, fmt.Errorf("quantity: no dimension %q", d)
			}
			f.dims[d] = true
		}
	}
	categories := []string{"money", "quantity", "pair", "list"}
	if o.Bare {
		categories = append(categories, "bare")
	}
	if f.view, err = lang.grammar.View(categories...); err != nil {
		return nil, fmt.Errorf("quantity: %w", err)
	}
	f.readers.New = func() any { return newReader(f) }
	return f, nil
}

// FindValues appends the money and the quantities of a text, as [value.Finder] has it.
func (f *Finder) FindValues(dst []value.Find, text string, _ value.Context) []value.Find {
	r := f.readers.Get().(*reader)
	r.text, r.dst, r.known, r.holds = text, dst, 0, 0
	f.lang.grammar.Find(text, f.view, r, r.yield)
	dst = r.dst
	r.text, r.dst = "", nil
	f.readers.Put(r)
	return dst
}

// language is the compiled grammar of a language with the words that its actions need.
type language struct {
	grammar *grammar.Grammar
	words   *lexicon
}

var languages = map[nlu.Lang]func() (*language, error){
	nlu.Chinese: sync.OnceValues(func() (*language, error) { return compile(nlu.Chinese, "zh.grammar") }),
	nlu.English: sync.OnceValues(func() (*language, error) { return compile(nlu.English, "en.grammar") }),
}

// readData reads the words, which both languages share.
var readData = sync.OnceValues(readLexicon)

func compile(lang nlu.Lang, file string) (*language, error) {
	words, err := readData()
	if err != nil {
		return nil, err
	}
	sources := []grammar.Source{{Name: "lexicon", Data: words.source()}}
	for _, name := range []string{"shared.grammar", file} {
		data, err := dataFiles.ReadFile("data/" + name)
		if err != nil {
			return nil, err
		}
		sources = append(sources, grammar.Source{Name: name, Data: data})
	}
	g, err := grammar.Compile(grammar.Options{Sources: sources, Actions: actions, Scanners: append(number.Scanners(lang), figures)})
	if err != nil {
		return nil, err
	}
	return &language{g, words}, nil
}
