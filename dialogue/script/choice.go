package script

import (
	"maps"
	"slices"

	"yingda/nlu"
)

// Choice is what a script leaves to an experiment in one language.
type Choice struct {
	Lang     nlu.Lang
	Variants []string // ids, in order of the file
	Others   []string // those of Variants that are also said by weight to who takes no part
}

// Choices tells which experiment chooses among the texts of a key, "" if none does, and what it chooses from, by language. false = there is no script
// of exactly that key.
func (l *Library) Choices(tenant, key string) (experiment string, choices []Choice, ok bool) {
	return l.view.Load().choices(tenant, key)
}

// Choices is [Library.Choices] of the book's own scripts.
func (b *Book) Choices(key string) (experiment string, choices []Choice, ok bool) {
	return b.alone.choices("", key)
}

func (v *view) choices(tenant, key string) (string, []Choice, bool) {
	s := v.script(tenant, []byte(key))
	if s == nil {
		return "", nil, false
	}
	var out []Choice
	for _, lang := range slices.Sorted(maps.Keys(s.texts)) {
		c := Choice{Lang: lang}
		for _, b := range s.texts[lang] {
			for _, one := range b.variants {
				if !slices.Contains(c.Variants, one.id) {
					c.Variants = append(c.Variants, one.id)
				}
				if one.weight > 0 && !slices.Contains(c.Others, one.id) {
					c.Others = append(c.Others, one.id)
				}
			}
		}
		out = append(out, c)
	}
	return s.Experiment, out, true
}
