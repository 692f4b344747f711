package corpus

import "regexp"

// cluList is the list component of an entity.
type cluList struct {
	Sublists []struct {
		Key      string `json:"listKey"`
		Synonyms []struct {
			Language string   `json:"language"`
			Values   []string `json:"values"`
		} `json:"synonyms"`
	} `json:"sublists"`
}

// cluRegex is the regular-expression component of an entity.
type cluRegex struct {
	Expressions []struct {
		Key      string `json:"regexKey"`
		Language string `json:"language"`
		Pattern  string `json:"regexPattern"`
	} `json:"expressions"`
}

// entity reads the definition of an entity and keeps its list as a lookup with synonyms, and its expressions as a regex.
func (p *cluProject) entity(line int) {
	var l cluList
	var r cluRegex
	prebuilt := 0
	name := p.category("an entity", line, func(key string, at int) {
		switch key {
		case "list":
			p.value("list", &l)
		case "regex":
			p.value("regex", &r)
		case "prebuilts":
			p.array(key, func(int) { p.skip(); prebuilt++ })
		default: // compositionSetting, requiredComponents and tags say how the service puts components together
			p.skip()
		}
	})
	p.entities = append(p.entities, name)
	if prebuilt > 0 {
		p.note(line, "entity %s: prebuilt components are left out", name)
	}
	p.keepList(name, line, l)
	p.keepPatterns(name, line, r)
}

func (p *cluProject) keepList(name string, line int, l cluList) {
	at := origin(p.file, line)
	lookup := List{Name: name, Origin: at}
	for _, sub := range l.Sublists {
		syn := Synonym{Value: sub.Key, Origin: at}
		for _, s := range sub.Synonyms {
			syn.Forms = append(syn.Forms, s.Values...)
		}
		lookup.Elements = append(lookup.Elements, syn.Forms...)
		if len(syn.Forms) > 0 {
			p.corpus.Synonyms = append(p.corpus.Synonyms, syn)
		}
	}
	if len(lookup.Elements) > 0 {
		p.corpus.Lookups = append(p.corpus.Lookups, lookup)
	}
}

func (p *cluProject) keepPatterns(name string, line int, r cluRegex) {
	patterns := List{Name: name, Origin: origin(p.file, line)}
	for _, e := range r.Expressions {
		patterns.Elements = append(patterns.Elements, e.Pattern)
		if _, err := regexp.Compile(e.Pattern); err != nil {
			p.note(line, "regex %s does not work here: %v", name, err)
		}
	}
	if len(patterns.Elements) > 0 {
		p.corpus.Regexes = append(p.corpus.Regexes, patterns)
	}
}
