package retrain

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"yingda/training/corpus"
)

// own marks the origin of a label while it is compared with the corpus.
const own = "\x00label:"

// check compares the labels with each other, with the corpus and with the frozen sets.
func (m *merger) check() {
	m.sum.Read = len(m.labels)
	all := &corpus.Corpus{Examples: slices.Clone(m.base.Examples)}
	at := map[string]int{} // origin → row of the corpus
	for i := range all.Examples {
		at[all.Examples[i].Origin] = i
	}
	for i, l := range m.labels {
		if l.why == nil {
			eg := l.eg
			eg.Origin = own + strconv.Itoa(i)
			all.Examples = append(all.Examples, eg)
		}
	}
	for _, f := range corpus.Check(all, corpus.CheckOptions{Near: m.rules.Near}, m.frozen...).List {
		if l := m.labelAt(f.Origin); l != nil {
			m.found(l, f, at)
		}
	}
}

// labelAt returns the label that an origin of the comparison stands for, nil for others.
func (m *merger) labelAt(origin string) *label {
	n, err := strconv.Atoi(strings.TrimPrefix(origin, own))
	if !strings.HasPrefix(origin, own) || err != nil {
		return nil
	}
	return m.labels[n]
}

// found takes a finding about a label to heart. The other of a pair may be a row of the corpus, of a frozen set, or a label.
func (m *merger) found(l *label, f corpus.Finding, at map[string]int) {
	other := m.labelAt(f.Other)
	name := f.Other
	if other != nil {
		name = other.origin
	}
	row, inCorpus := at[f.Other]
	switch f.Kind {
	case corpus.Leak, corpus.NearLeak:
		l.refuse(Leak, "%s has it, or nearly the same (%.2f)", name, f.Similarity)
	case corpus.Contradiction:
		if inCorpus && m.base.Examples[row].OutOfScope() && m.isNew(&l.eg) {
			m.supersede(row, l)
			return
		}
		l.refuse(Contradiction, "%s says otherwise: %s", name, f.Message)
		if other != nil { // nobody can tell which of the two is right
			other.refuse(Contradiction, "%s says otherwise: %s", l.origin, f.Message)
		}
	case corpus.Duplicate:
		l.refuse(Duplicate, "%s says the same", name)
	case corpus.NearContradiction:
		m.sum.Near = append(m.sum.Near, fmt.Sprintf("%s and %s: %s", l.origin, name, f.Message))
	}
}

// isNew tells whether an example has an intent that the taxonomy does not have.
func (m *merger) isNew(eg *corpus.Example) bool {
	return slices.ContainsFunc(eg.Intents, func(name string) bool { return m.tax.Intent(name) == nil })
}

// supersede takes a row out of the corpus that calls out of scope what now has a name: its label is older than the intent.
func (m *merger) supersede(row int, l *label) {
	if m.gone[row] {
		return
	}
	m.gone[row] = true
	eg := &m.base.Examples[row]
	m.sum.Superseded = append(m.sum.Superseded, Refusal{Origin: eg.Origin, Text: eg.Text, Reason: "superseded", Why: l.origin + " gives it the new intent " + strings.Join(l.eg.Intents, "+")})
}

// split holds a part of the accepted wordings out, the same ones in every run, and lets new intents with too few wordings wait.
func (m *merger) split() {
	taken := m.taken()
	for _, group := range m.alike(taken) {
		first := slices.MinFunc(group, func(a, b *label) int {
			return cmp.Or(a.p.AcceptedAt.Compare(b.p.AcceptedAt), cmp.Compare(a.eg.Text, b.eg.Text))
		})
		held := corpus.FoldOf(first.eg.Text, m.rules.HoldOut) == 0
		for _, l := range group {
			l.held = held
		}
	}
	for thin := m.thin(taken); len(thin) > 0; thin = m.thin(taken) { // a row of two new intents may leave with one of them
		for _, l := range taken {
			for _, name := range l.eg.Intents {
				if n, ok := thin[name]; ok {
					l.refuse(TooFew, "%s has %d of the %d wordings to train on that a new intent needs", name, n, m.rules.MinExamples)
				}
			}
		}
		taken = m.taken()
	}
}

// alike puts wordings that are nearly the same together, so that they are not trained on and tested with.
func (m *merger) alike(list []*label) [][]*label {
	c := &corpus.Corpus{}
	for i, l := range list {
		eg := l.eg
		eg.Origin, eg.Metadata = own+strconv.Itoa(i), nil
		c.Examples = append(c.Examples, eg)
	}
	root := make([]int, len(list))
	for i := range root {
		root[i] = i
	}
	find := func(i int) int {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	for _, f := range corpus.Check(c, corpus.CheckOptions{Near: m.rules.Near}).List {
		a, errA := strconv.Atoi(strings.TrimPrefix(f.Origin, own))
		b, errB := strconv.Atoi(strings.TrimPrefix(f.Other, own))
		if errA == nil && errB == nil {
			root[find(a)] = find(b)
		}
	}
	at := map[int]int{}
	var out [][]*label
	for i, l := range list {
		k, ok := at[find(i)]
		if !ok {
			k = len(out)
			at[find(i)] = k
			out = append(out, nil)
		}
		out[k] = append(out[k], l)
	}
	return out
}

// thin counts the wordings to train on of the new intents that have too few.
func (m *merger) thin(taken []*label) map[string]int {
	count := map[string]int{}
	for _, l := range taken {
		for _, name := range l.eg.Intents {
			if m.tax.Intent(name) == nil {
				if count[name] += 0; !l.held {
					count[name]++
				}
			}
		}
	}
	for name, n := range count {
		if n >= m.rules.MinExamples {
			delete(count, name)
		}
	}
	return count
}

// files are what the step writes, by name.
func (m *merger) files() (map[string][]byte, error) {
	train, held := &corpus.Corpus{}, &corpus.Corpus{}
	var rows []Row
	put := func(c *corpus.Corpus, file string, eg corpus.Example, row Row) error {
		c.Examples = append(c.Examples, eg)
		raw, err := eg.AppendJSONL(nil)
		row.File, row.Line, row.SHA256 = file, len(c.Examples), hashOf(raw)
		rows = append(rows, row)
		return err
	}
	for i, eg := range m.base.Examples {
		if m.gone[i] {
			continue
		}
		if err := put(train, TrainName, eg, Row{Origin: eg.Origin}); err != nil {
			return nil, err
		}
	}
	m.sum.Corpus = len(train.Examples)
	accepted := &corpus.Corpus{}
	for _, l := range m.taken() {
		accepted.Examples = append(accepted.Examples, l.eg)
		row := Row{Origin: l.origin, Group: l.p.Group, Turns: l.p.Turns, By: l.p.AcceptedBy}
		if !l.p.AcceptedAt.IsZero() {
			row.At = l.p.AcceptedAt.UTC().Format("2006-01-02T15:04:05Z")
		}
		to, file := train, TrainName
		if l.held {
			to, file = held, HeldName
		}
		if err := put(to, file, l.eg, row); err != nil {
			return nil, err
		}
	}
	m.sum.Trained, m.sum.Held = len(train.Examples)-m.sum.Corpus, len(held.Examples)
	return m.render(train, held, accepted, rows)
}

// render writes the files' contents.
func (m *merger) render(train, held, accepted *corpus.Corpus, rows []Row) (map[string][]byte, error) {
	files := map[string][]byte{}
	var err error
	for name, c := range map[string]*corpus.Corpus{TrainName: train, HeldName: held, AcceptedName: accepted} {
		for i := range c.Examples {
			if files[name], err = c.Examples[i].AppendJSONL(files[name]); err != nil {
				return nil, err
			}
		}
	}
	if m.sum.Fingerprint, err = train.Fingerprint(); err != nil {
		return nil, err
	}
	if m.sum.Labels, err = accepted.Fingerprint(); err != nil {
		return nil, err
	}
	tax := m.extend()
	for _, why := range m.refused() {
		m.sum.Refused[why.Reason]++
	}
	if files[TaxonomyName], err = tax.YAML(); err != nil {
		return nil, err
	}
	if files[RowsName], err = lines(rows); err != nil {
		return nil, err
	}
	if files[RefusedName], err = lines(m.refused()); err != nil {
		return nil, err
	}
	files[SummaryName], err = indented(&m.sum)
	return files, err
}

// fewExamples is how many wordings of a new intent a report shows.
const fewExamples = 5

// extend adds the new intents to the taxonomy and counts.
func (m *merger) extend() *corpus.Taxonomy {
	tax := *m.tax
	tax.Intents = slices.Clone(tax.Intents)
	at := map[string]int{}
	for _, l := range m.taken() {
		for _, name := range l.eg.Intents {
			if m.tax.Intent(name) != nil {
				m.sum.Known[name]++
				continue
			}
			k, ok := at[name]
			if !ok {
				k = len(m.sum.New)
				at[name] = k
				m.sum.New = append(m.sum.New, NewIntent{Name: name, Examples: []string{}})
			}
			m.sum.New[k].count(l)
		}
	}
	slices.SortFunc(m.sum.New, func(a, b NewIntent) int { return cmp.Compare(a.Name, b.Name) })
	for i := range m.sum.New {
		n := &m.sum.New[i]
		if n.Group == "" {
			n.Group = likelyGroup(m.tax, n.Name)
		}
		tax.Intents = append(tax.Intents, corpus.IntentDef{Name: n.Name, Group: n.Group, Definition: n.Definition})
	}
	return &tax
}

func (n *NewIntent) count(l *label) {
	if n.Group == "" {
		n.Group = l.p.Kind
	}
	if n.Definition == nil && len(l.p.Definition) > 0 {
		n.Definition = l.p.Definition
	}
	if l.held {
		n.Held++
		return
	}
	if n.Train++; len(n.Examples) < fewExamples {
		n.Examples = append(n.Examples, l.eg.Text)
	}
}

// newGroup is the group of intents that resemble no other.
const newGroup = "accepted"

// likelyGroup is the group of the first intent whose name begins with the same word.
func likelyGroup(tax *corpus.Taxonomy, name string) string {
	word, _, _ := strings.Cut(name, ".")
	for _, d := range tax.Intents {
		if w, _, _ := strings.Cut(d.Name, "."); w == word {
			return d.Group
		}
	}
	return newGroup
}
