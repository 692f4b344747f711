package measure

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"yingda/dialogue"
	"yingda/nlu"
)

// Trial is a knowledge base and questions to it.
type Trial struct {
	Name    string
	Lang    nlu.Lang
	Entries []dialogue.Entry
	Asked   []Question
}

// Question is asked in a trial. Right lists the entries that answer it, none when the base holds no answer.
type Question struct {
	Text  string
	Right []string
}

// groups puts questions together that ask the same, directly or by way of others.
type groups struct {
	parent map[string]string
}

func groupsOf(pairs []Pair) *groups {
	g := &groups{parent: map[string]string{}}
	for _, p := range pairs {
		a, b := g.root(p.A), g.root(p.B)
		if p.Same {
			g.parent[b] = a
		}
	}
	return g
}

func (g *groups) root(s string) string {
	up, ok := g.parent[s]
	if !ok {
		g.parent[s] = s
		return s
	}
	if up == s {
		return s
	}
	top := g.root(up)
	g.parent[s] = top
	return top
}

// searchTrial asks the second sentence of each pair that asks the same, in a base of all first sentences, an entry each. Right are all first
// sentences that ask the same by what the pairs say. Sentences that stand in the base word for word are not asked.
func searchTrial(name string, lang nlu.Lang, pairs []Pair) Trial {
	g := groupsOf(pairs)
	t := Trial{Name: name, Lang: lang}
	ids, members := map[string]string{}, map[string][]string{}
	for _, p := range pairs {
		if ids[p.A] != "" || strings.TrimSpace(p.A) == "" {
			continue
		}
		ids[p.A] = fmt.Sprintf("s%d", len(t.Entries))
		t.Entries = append(t.Entries, dialogue.Entry{ID: ids[p.A], Lang: lang, Questions: []string{p.A}, Answer: p.A})
		members[g.root(p.A)] = append(members[g.root(p.A)], ids[p.A])
	}
	seen := map[string]bool{}
	for _, p := range pairs {
		if p.Same && ids[p.B] == "" && !seen[p.B] && ids[p.A] != "" {
			seen[p.B] = true
			t.Asked = append(t.Asked, Question{p.B, members[g.root(p.B)]})
		}
	}
	return t
}

// unanswerable is how many questions without an answer there are in a trial of answers for each that has one.
const unanswerable = 0.5

// answerTrials makes bases of about size entries from pairs, as service people would have written them: an entry for each group of questions
// that ask the same, near ones among them (groups that the pairs call different from one another). Half as many questions again come from
// groups that are left out. Each group is used once.
func answerTrials(name string, lang nlu.Lang, pairs []Pair, size int, seed uint64) []Trial {
	m := newMaker(lang, pairs, rand.New(rand.NewPCG(seed, uint64(size))))
	var out []Trial
	for len(m.roots) > 0 {
		t := m.trial(size)
		t.Name = fmt.Sprintf("%s/%d", name, size)
		if len(t.Entries) >= size/2 {
			out = append(out, t)
		}
	}
	return out
}

// maker hands out groups of questions.
type maker struct {
	lang    nlu.Lang
	rng     *rand.Rand
	firsts  map[string][]string // by group: its first sentences, which make the entry
	seconds map[string][]string // the others, which are asked
	rivals  map[string][]string // groups that pairs call different
	roots   []string            // groups left
	used    map[string]bool
}

func newMaker(lang nlu.Lang, pairs []Pair, rng *rand.Rand) *maker {
	g := groupsOf(pairs)
	m := &maker{lang: lang, rng: rng, firsts: map[string][]string{}, seconds: map[string][]string{}, rivals: map[string][]string{}, used: map[string]bool{}}
	add := func(to map[string][]string, k, v string) {
		if !slices.Contains(to[k], v) {
			to[k] = append(to[k], v)
		}
	}
	for _, p := range pairs {
		a, b := g.root(p.A), g.root(p.B)
		if p.Same {
			if m.firsts[a] == nil {
				m.roots = append(m.roots, a)
			}
			add(m.firsts, a, p.A)
		}
		if a != b {
			add(m.rivals, a, b)
			add(m.rivals, b, a)
		}
	}
	for _, p := range pairs {
		if r := g.root(p.B); p.Same && !slices.Contains(m.firsts[r], p.B) {
			add(m.seconds, r, p.B)
		}
	}
	m.roots = slices.DeleteFunc(m.roots, func(r string) bool { return len(m.seconds[r]) == 0 })
	rng.Shuffle(len(m.roots), func(i, j int) { m.roots[i], m.roots[j] = m.roots[j], m.roots[i] })
	return m
}

func (m *maker) trial(size int) Trial {
	t := Trial{Lang: m.lang}
	var without []string
	for len(m.roots) > 0 && len(t.Entries) < size {
		r := m.roots[0]
		m.roots = m.roots[1:]
		if m.used[r] {
			continue
		}
		m.used[r] = true
		if float64(len(without)) < unanswerable*float64(len(t.Asked)) {
			without = append(without, r)
			continue
		}
		t.Entries = append(t.Entries, entryOf(r, m.lang, m.firsts[r]))
		t.Asked = append(t.Asked, Question{m.ask(r), []string{r}})
		for _, o := range m.rivals[r] {
			if !m.used[o] && len(m.firsts[o]) > 0 {
				m.used[o] = true
				t.Entries = append(t.Entries, entryOf(o, m.lang, m.firsts[o]))
			}
		}
	}
	for _, r := range without {
		t.Asked = append(t.Asked, Question{Text: m.ask(r)})
	}
	return t
}

// ask draws one of a group's second sentences.
func (m *maker) ask(r string) string { return m.seconds[r][m.rng.IntN(len(m.seconds[r]))] }

func entryOf(id string, lang nlu.Lang, questions []string) dialogue.Entry {
	return dialogue.Entry{ID: id, Lang: lang, Questions: questions[:min(len(questions), wordingsAnEntry)], Answer: id}
}

// faqTrial asks the questions of a labelled set.
func faqTrial(name string, lang nlu.Lang, p Part) Trial {
	t := Trial{Name: name, Lang: lang, Entries: p.Entries}
	for _, q := range p.Asked {
		var right []string
		if q.Entry != "" {
			right = []string{q.Entry}
		}
		t.Asked = append(t.Asked, Question{q.Text, right})
	}
	return t
}

// trialsOfAnswers are all of a part in which the score matters.
func trialsOfAnswers(s *Set, p Part, seed uint64) []Trial {
	if len(p.Asked) > 0 {
		return []Trial{faqTrial(s.Name, s.Lang, p)}
	}
	var out []Trial
	for _, size := range []int{100, 300, 1000} {
		out = append(out, answerTrials(s.Name, s.Lang, p.Pairs, size, seed)...)
	}
	return out
}

// texts lists all questions of trials.
func texts(trials []Trial) []string {
	var out []string
	for i := range trials {
		for _, e := range trials[i].Entries {
			out = append(out, e.Questions...)
		}
		for _, q := range trials[i].Asked {
			out = append(out, q.Text)
		}
	}
	return out
}

// sample keeps at most n of a list, drawn evenly with a seed; all where n is 0.
func sample[T any](list []T, n int, seed uint64) []T {
	if n <= 0 || len(list) <= n {
		return list
	}
	list = slices.Clone(list)
	rng := rand.New(rand.NewPCG(seed, 1))
	rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list[:n]
}
