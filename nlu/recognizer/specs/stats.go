package specs

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// Cluster is a group of failing cases that have something in common.
type Cluster struct {
	Name   string
	Failed int
	Cases  int    // how many cases have it in common, passing ones included; 0 = only failing ones can
	Sample string // one of the failing inputs
}

// Stats says where failures cluster.
type Stats struct {
	Faults []Cluster // by fault, type and key of the value: "value timex date"
	Types  []Cluster // by "expected type → found type"
	Words  []Cluster // by words of the input: those whose cases fail more often than the rest, by the number of failures above that
	Models []Cluster // by model
}

// Stats clusters the failing cases that count. Of each kind at most top are kept, the largest.
func (r *Report) Stats(top int) Stats {
	faults, types, models := map[string]*Cluster{}, map[string]*Cluster{}, map[string]*Cluster{}
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		if o.Aside != "" || o.Passed() {
			continue
		}
		count(models, o.Case.Name.String(), o.Case.Input)
		seen := map[string]bool{}
		for _, f := range o.Faults {
			name := strings.Join(strings.Fields(string(f.Fault)+" "+f.Key+" "+typeOf(first(f.Want, f.Got))), " ")
			if !seen[name] { // a case counts once in each cluster
				count(faults, name, o.Case.Input)
				seen[name] = true
			}
			if f.Fault == FaultType {
				count(types, typeOf(f.Want)+" → "+typeOf(f.Got), o.Case.Input)
			}
		}
	}
	return Stats{largest(faults, top), largest(types, top), r.words(top), largest(models, top)}
}

func count(m map[string]*Cluster, name, sample string) {
	if m[name] == nil {
		m[name] = &Cluster{Name: name, Sample: sample}
	}
	m[name].Failed++
}

func largest(m map[string]*Cluster, top int) []Cluster {
	all := make([]Cluster, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		all = append(all, *m[name])
	}
	slices.SortStableFunc(all, func(a, b Cluster) int { return cmp.Compare(b.Failed, a.Failed) })
	return all[:min(top, len(all))]
}

// typeOf finds the type in a result as [Result.compact] renders it.
func typeOf(compact string) string {
	_, rest, ok := cutQuoted(compact)
	if !ok {
		return ""
	}
	if rest, ok := strings.CutPrefix(rest, "["); ok {
		_, rest, _ = strings.Cut(rest, ")")
		return firstWord(rest)
	}
	return firstWord(rest)
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	if strings.HasPrefix(word, "{") || strings.HasPrefix(word, "[") {
		return ""
	}
	return word
}

// cutQuoted splits a Go string literal from the front of s.
func cutQuoted(s string) (quoted, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		return "", s, false
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return s[:i+1], s[i+1:], true
		}
	}
	return "", s, false
}

// words finds the words (of Chinese: pairs of characters) that failing inputs have more often than is due to chance.
func (r *Report) words(top int) []Cluster {
	cases, all, failed := map[string]*Cluster{}, 0, 0
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		if o.Aside != "" {
			continue
		}
		all++
		if !o.Passed() {
			failed++
		}
		for w := range tokens(fold(o.Case.Input)) {
			if cases[w] == nil {
				cases[w] = &Cluster{Name: w}
			}
			cases[w].Cases++
			if !o.Passed() {
				cases[w].Failed++
				cases[w].Sample = o.Case.Input
			}
		}
	}
	excess := func(c Cluster) float64 { return float64(c.Failed) - float64(c.Cases)*float64(failed)/float64(all) }
	var found []Cluster
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		if c := cases[name]; c.Failed > 1 && excess(*c) >= 1 {
			found = append(found, *c)
		}
	}
	slices.SortStableFunc(found, func(a, b Cluster) int { return cmp.Compare(excess(b), excess(a)) })
	return found[:min(top, len(found))]
}

// tokens is the set of words of a text: runs of letters, runs of digits as their number ("0000"), pairs of Han characters, other signs.
func tokens(text string) map[string]bool {
	set := map[string]bool{}
	var run []rune
	class := 0
	flush := func() {
		if len(run) > 0 {
			set[string(run)] = true
		}
		run = run[:0]
	}
	var han rune
	for _, r := range text {
		c, before := classOf(r), han
		han = 0
		if c != class || c == classSign {
			flush()
		}
		class = c
		switch c {
		case classHan:
			if han = r; before != 0 {
				set[string([]rune{before, r})] = true
			}
		case classDigit:
			run = append(run, '0')
		case classLetter, classSign:
			run = append(run, r)
		}
	}
	flush()
	return set
}

const (
	classSpace = iota
	classHan
	classDigit
	classLetter
	classSign
)

func classOf(r rune) int {
	switch {
	case unicode.IsSpace(r):
		return classSpace
	case unicode.Is(unicode.Han, r):
		return classHan
	case unicode.IsDigit(r):
		return classDigit
	case unicode.IsLetter(r):
		return classLetter
	}
	return classSign
}
