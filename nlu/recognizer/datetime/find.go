package datetime

import (
	"sync"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// Alternative ends the rule of a find that is one of several that share words: "monday or tuesday at 8".
const Alternative = "+alternative"

// search is the state of one call of FindValues; it is pooled so that a text without a time costs no allocation.
type search struct {
	f     *Finder
	dst   []value.Find
	text  string
	c     value.Context
	yield func(*grammar.Node) // bound to take
}

var searches = sync.Pool{New: func() any {
	s := &search{}
	s.yield = s.take
	return s
}}

// FindValues implements [value.Finder].
func (f *Finder) FindValues(dst []value.Find, text string, c value.Context) []value.Find {
	s := searches.Get().(*search)
	s.f, s.dst, s.text, s.c = f, dst, text, c
	f.grammar.Find(text, f.view, f.scope(c.DayFirst), s.yield)
	dst = s.dst
	s.f, s.dst, s.text, s.c = nil, nil, "", value.Context{}
	searches.Put(s)
	return dst
}

func (f *Finder) scope(dayFirst bool) *scope {
	if dayFirst {
		return f.scopes[1]
	}
	return f.scopes[0]
}

// take adds what a phrase means.
func (s *search) take(n *grammar.Node) {
	if s.f.modes&Tasks != 0 && !isTask(n, s.text) {
		return
	}
	switch v := n.Value.(type) {
	case *Expr:
		s.add(n, Member{Start: n.Start, End: n.End, Expr: v})
	case Group:
		for _, m := range v {
			s.add(n, m)
		}
	}
}

func (s *search) add(n *grammar.Node, m Member) {
	resolve := m.Expr.Resolve
	if s.f.modes&Tasks != 0 {
		resolve = m.Expr.resolveTask
	}
	v, ok := resolve(s.c.Reference)
	if !ok {
		return
	}
	rule := s.f.name + ruleOf(n)
	if m.Alternative {
		rule += Alternative
	}
	s.dst = append(s.dst, value.Find{Start: m.Start, End: m.End, Kind: value.KindDateTime, Value: v, Rule: rule, Score: 1})
}

// ruleOf is where the rule stands that tells most about the phrase: rules that only say that a month is a range of dates are passed over.
func ruleOf(n *grammar.Node) string {
	for len(n.Kids) == 1 && n.Kids[0].Rule != nil && n.Rule.Action == "" {
		n = n.Kids[0]
	}
	if n.Rule == nil {
		return n.Category
	}
	return n.Rule.Origin
}
