package itn

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/number"
)

//go:embed data/zh*.grammar
var zhFiles embed.FS

// piece is a part of a written form: a literal, or bytes of the spoken text that stay.
type piece struct {
	literal    string
	start, end int
}

type pieces []piece

// chinese writes Chinese.
type chinese struct {
	g          *grammar.Grammar
	view       *grammar.View
	abbreviate bool
}

var zhGrammar = sync.OnceValues(func() (*grammar.Grammar, error) {
	words, actions, err := number.Words(nlu.Chinese)
	if err != nil {
		return nil, err
	}
	maps.Copy(actions, zhActions)
	o := grammar.Options{
		Sources:  []grammar.Source{words},
		Actions:  actions,
		Scanners: append(number.Scanners(nlu.Chinese), zh.scanner()),
	}
	files, err := read(zhFiles, "data/zh.grammar", "data/zh_abbreviations.grammar")
	if err != nil {
		return nil, err
	}
	o.Sources = append(o.Sources, files...)
	return grammar.Compile(o)
})

func newChinese(o Options) (language, error) {
	g, err := zhGrammar()
	if err != nil {
		return nil, fmt.Errorf("itn: %w", err)
	}
	v, err := viewOf(g, o)
	if err != nil {
		return nil, err
	}
	return &chinese{g, v, o.Abbreviate}, nil
}

// rewriting is a phrase and its written form.
type rewriting struct {
	start, end int
	written    string
}

// plain tells that there is no number, which all that is rewritten begins with or holds.
func (z *chinese) plain(text string) bool { return !z.abbreviate && !number.Mentions(text) }

func (z *chinese) rewrite(t *norm.Text, raw string, replace func(start, end int, written string)) {
	var all []rewriting
	z.g.Find(t.Text, z.view, nil, func(n *grammar.Node) {
		if p, ok := n.Value.(pieces); ok {
			all = append(all, rewriting{n.Start, n.End, p.written(t, raw)})
		}
	})
	slices.SortFunc(all, func(a, b rewriting) int { return a.start - b.start })
	for i, r := range all {
		fused := i > 0 && fuse(all[i-1], r) || i+1 < len(all) && fuse(r, all[i+1])
		if !fused && !zh.goesOn(t.Text, r.start) {
			replace(r.start, r.end, r.written)
		}
	}
}

// written puts the pieces together.
func (p pieces) written(t *norm.Text, raw string) string {
	var b strings.Builder
	for _, s := range p {
		if s.end > s.start {
			from, to := t.Raw(s.start, s.end)
			b.WriteString(raw[from:to])
		}
		b.WriteString(s.literal)
	}
	return b.String()
}

// fuse tells whether two numbers would read as one: 八百一千 stays, since 8001000 is neither.
func fuse(a, b rewriting) bool {
	return a.end == b.start && a.written != "" && b.written != "" && isFigure(a.written[len(a.written)-1]) && isFigure(b.written[0])
}

func isFigure(b byte) bool { return '0' <= b && b <= '9' }
