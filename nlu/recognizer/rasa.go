package recognizer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// rasaFile is the part of Rasa's training data that recognisers read. Other keys and blocks belong to other readers.
type rasaFile struct {
	NLU []struct {
		Lookup   string `yaml:"lookup"`
		Synonym  string `yaml:"synonym"`
		Examples any    `yaml:"examples"`
	} `yaml:"nlu"`
}

// ParseRasa reads the lookup tables and synonyms of a Rasa NLU file. The name of a table is the entity type. As in Rasa a synonym holds
// for every type; beyond Rasa, when its canonical value is in a table then its examples are looked for there too.
func ParseRasa(file string, data []byte) ([]List, *Synonyms, error) {
	f, raw := &faults{file: file}, rasaFile{}
	if err := yaml.Unmarshal(data, &raw); err != nil {
		f.add("", yamlError(err))
		return nil, nil, f.err()
	}
	var lists []List
	syn := map[string]string{}
	also := map[string][]string{} // by folded canonical value
	for i, b := range raw.NLU {
		if b.Lookup == "" && b.Synonym == "" {
			continue
		}
		at := fmt.Sprintf("nlu[%d] %s", i, b.Lookup+b.Synonym)
		examples := f.rasaExamples(at, b.Examples)
		if b.Synonym != "" {
			for _, ex := range examples {
				syn[ex] = b.Synonym
			}
			also[fold(b.Synonym)] = append(also[fold(b.Synonym)], examples...)
			continue
		}
		l := List{Name: b.Lookup, Type: b.Lookup}
		for _, ex := range examples {
			l.Names = append(l.Names, Name{Value: ex})
		}
		lists = append(lists, l)
	}
	for i := range lists {
		for j := range lists[i].Names {
			n := &lists[i].Names[j]
			n.Also = slices.Clone(also[fold(n.Value)])
		}
	}
	if err := f.err(); err != nil {
		return nil, nil, err
	}
	return lists, NewSynonyms(map[string]map[string]string{AnyType: syn}), nil
}

// rasaExamples reads both forms: a block of lines "- x", or a list of strings or of maps with the field text.
func (f *faults) rasaExamples(at string, v any) (out []string) {
	add := func(s string) {
		if s = strings.TrimSpace(s); fold(s) != "" {
			out = append(out, s)
		}
	}
	switch v := v.(type) {
	case string:
		for line := range strings.Lines(v) {
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			s, ok := strings.CutPrefix(line, "-")
			if !ok {
				f.addf(at, "example %q does not begin with -", line)
				continue
			}
			add(s)
		}
	case []any:
		for _, item := range v {
			switch item := item.(type) {
			case string:
				add(item)
			case map[string]any:
				s, _ := item["text"].(string)
				add(s)
			default:
				add(fmt.Sprint(item))
			}
		}
	default:
		f.addf(at, "has no examples")
	}
	return out
}
