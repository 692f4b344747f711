package grammar

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Options are what a grammar is made from.
type Options struct {
	Sources  []Source
	Actions  map[string]Action
	Scanners []Scanner
}

// Grammar is compiled words and rules. Safe for concurrent use.
type Grammar struct {
	names    []string // of categories
	ids      map[string]int
	trie     *trie
	scanners []scanner
	starts   [256]bool      // bytes at which a word may begin
	root     [][]transition // by category
	states   []state
	pool     sync.Pool
}

type scanner struct {
	Scanner
	cats []int
}

// state is a prefix that several rules may share.
type state struct {
	next []transition
	cats uint64  // the categories of next, each by its number modulo 64: most nodes fit nowhere, and this shows it at once
	ends []*Rule // rules whose pattern ends here
}

type transition struct {
	element
	cat int
	to  int32
}

// Compile reads the sources. All faults are reported together: syntax, categories and actions that do not exist, rules that go in circles.
func Compile(o Options) (*Grammar, error) {
	var faults []error
	g := &Grammar{ids: map[string]int{}, trie: &trie{}, states: make([]state, 1)}
	var rules []production
	defined := map[string]bool{}
	for _, src := range o.Sources {
		r := reader{name: src.Name, faults: &faults}
		r.read(src.Data)
		for _, w := range r.words {
			defined[w.category] = true
			g.trie.add(w.word, word{g.id(w.category), w.value})
		}
		rules = append(rules, r.rules...)
	}
	for _, s := range o.Scanners {
		cats := make([]int, len(s.Categories))
		for i, name := range s.Categories {
			defined[name] = true
			cats[i] = g.id(name)
		}
		g.scanners = append(g.scanners, scanner{s, cats})
	}
	for _, p := range rules {
		defined[p.rule.Category] = true
	}
	for _, p := range rules {
		if err := g.addRule(p, o.Actions, defined); err != nil {
			faults = append(faults, err)
		}
	}
	faults = append(faults, circles(rules)...)
	if len(faults) > 0 {
		return nil, fmt.Errorf("compile grammar: %w", errors.Join(faults...))
	}
	g.finish()
	return g, nil
}

func (g *Grammar) id(name string) int {
	id, ok := g.ids[name]
	if !ok {
		id = len(g.names)
		g.ids[name], g.names = id, append(g.names, name)
	}
	return id
}

// addRule puts a sequence into the tree of prefixes.
func (g *Grammar) addRule(p production, actions map[string]Action, defined map[string]bool) error {
	rule := p.rule
	rule.cat = g.id(rule.Category)
	if rule.Action != "" {
		if rule.fn = actions[rule.Action]; rule.fn == nil {
			return fmt.Errorf("%s: there is no action %q", rule.Origin, rule.Action)
		}
	}
	rule.labels = make([]string, len(p.seq))
	at := int32(0)
	for i, e := range p.seq {
		if strings.HasPrefix(e.name, `"`) {
			if _, known := g.ids[e.name]; !known {
				w := strings.Trim(e.name, `"`)
				g.trie.add(w, word{g.id(e.name), w})
			}
		} else if !defined[e.name] {
			return fmt.Errorf("%s: nothing makes a %q", rule.Origin, e.name)
		}
		rule.labels[i], e.label = e.label, ""
		at = g.step(at, transition{element: e, cat: g.id(e.name)})
	}
	g.states[at].ends = append(g.states[at].ends, &rule)
	return nil
}

func (g *Grammar) step(from int32, t transition) int32 {
	for _, have := range g.states[from].next {
		if have.element == t.element {
			return have.to
		}
	}
	t.to = int32(len(g.states))
	g.states[from].next = append(g.states[from].next, t)
	g.states = append(g.states, state{})
	return t.to
}

func (g *Grammar) finish() {
	g.root = make([][]transition, len(g.names))
	for _, t := range g.states[0].next {
		g.root[t.cat] = append(g.root[t.cat], t)
	}
	for i := range g.states {
		for _, t := range g.states[i].next {
			g.states[i].cats |= 1 << (t.cat % 64)
		}
	}
	g.trie.finish()
	for b := range 256 {
		g.starts[b] = g.trie.first[b] >= 0
		for _, s := range g.scanners {
			g.starts[b] = g.starts[b] || s.First(byte(b))
		}
	}
	g.pool.New = func() any { return newChart(g) }
}

// circles finds rules of a single category that lead back to where they began: they would only copy a phrase for ever.
func circles(rules []production) (faults []error) {
	next := map[string][]production{}
	for _, p := range rules {
		if len(p.seq) == 1 {
			next[p.rule.Category] = append(next[p.rule.Category], p)
		}
	}
	state := map[string]int{} // 1 = on the way, 2 = done
	var visit func(name string)
	visit = func(name string) {
		state[name] = 1
		for _, p := range next[name] {
			switch state[p.seq[0].name] {
			case 0:
				visit(p.seq[0].name)
			case 1:
				faults = append(faults, fmt.Errorf("%s: %s and %s are each made of the other alone", p.rule.Origin, name, p.seq[0].name))
			}
		}
		state[name] = 2
	}
	for _, name := range slices.Sorted(maps.Keys(next)) {
		if state[name] == 0 {
			visit(name)
		}
	}
	return faults
}

// View is a set of categories to look for.
type View struct {
	want []bool
	not  int
}

// View makes a view of the named categories.
func (g *Grammar) View(categories ...string) (*View, error) {
	v := &View{want: make([]bool, len(g.names)), not: -1}
	for _, c := range categories {
		id, ok := g.ids[c]
		if !ok {
			return nil, fmt.Errorf("grammar: there is no category %q", c)
		}
		v.want[id] = true
	}
	if id, ok := g.ids[Not]; ok {
		v.want[id], v.not = true, id
	}
	return v, nil
}

// Has tells whether there is a category of that name.
func (g *Grammar) Has(category string) bool {
	_, ok := g.ids[category]
	return ok
}
