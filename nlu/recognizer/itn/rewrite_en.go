package itn

import (
	"embed"
	"fmt"
	"sync"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/number"
)

//go:embed data/en*.grammar
var enFiles embed.FS

// english writes English.
type english struct {
	g    *grammar.Grammar
	view *grammar.View
}

// spoken is a text at work, and what the actions see: what stays of it keeps its capitals.
type spoken struct {
	t       *norm.Text
	raw     string
	replace func(start, end int, written string)
	yield   func(*grammar.Node) // rewrites a phrase
}

var spokenPool = sync.Pool{New: func() any {
	s := &spoken{}
	s.yield = s.rewrite
	return s
}}

func (s *spoken) rewrite(n *grammar.Node) {
	switch v := n.Value.(type) {
	case string:
		s.replace(n.Start, n.End, v)
	case spelled:
		s.replace(n.Start, n.End, v.written(s))
	}
}

// surface returns the words of a node as they stand in the raw text.
func (s *spoken) surface(n *grammar.Node) string {
	from, to := s.t.Raw(n.Start, n.End)
	return s.raw[from:to]
}

var enGrammar = sync.OnceValues(func() (*grammar.Grammar, error) {
	sp, err := readSpelling(enSpelling, enLayouts)
	if err != nil {
		return nil, err
	}
	o := grammar.Options{Actions: enActions, Scanners: append(number.Scanners(nlu.English), sp.scanner())}
	files, err := read(enFiles, "data/en.grammar", "data/en_units.grammar", "data/en_money.grammar", "data/en_abbreviations.grammar")
	if err != nil {
		return nil, err
	}
	o.Sources = files
	return grammar.Compile(o)
})

func newEnglish(o Options) (language, error) {
	g, err := enGrammar()
	if err != nil {
		return nil, fmt.Errorf("itn: %w", err)
	}
	v, err := viewOf(g, o)
	if err != nil {
		return nil, err
	}
	return &english{g, v}, nil
}

func (e *english) rewrite(t *norm.Text, raw string, replace func(start, end int, written string)) {
	s := spokenPool.Get().(*spoken)
	s.t, s.raw, s.replace = t, raw, replace
	e.g.Find(t.Text, e.view, s, s.yield)
	s.t, s.raw, s.replace = nil, "", nil
	spokenPool.Put(s)
}
