package corpus

import (
	"bytes"
	"fmt"

	"gopkg.in/yaml.v3"
)

// YAML writes the taxonomy in the notation that [ParseTaxonomy] reads. Groups and labels keep their order.
func (t *Taxonomy) YAML() ([]byte, error) {
	groups := &yaml.Node{Kind: yaml.MappingNode}
	at := map[string]*yaml.Node{}
	for _, d := range t.Intents {
		if at[d.Group] == nil {
			at[d.Group] = &yaml.Node{Kind: yaml.MappingNode}
			put(groups, d.Group, at[d.Group])
		}
		put(at[d.Group], d.Name, properties(d.Definition))
	}
	emotions, entities := &yaml.Node{Kind: yaml.MappingNode}, &yaml.Node{Kind: yaml.MappingNode}
	for _, d := range t.Emotions {
		put(emotions, d.Name, properties(d.Definition, "valence", d.Valence))
	}
	for _, d := range t.Entities {
		put(entities, d.Name, properties(d.Definition, "by", d.By, "value", d.Value))
	}
	languages := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, l := range t.Languages {
		languages.Content = append(languages.Content, text(l))
	}
	root := &yaml.Node{Kind: yaml.MappingNode}
	put(root, "version", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: fmt.Sprint(t.Version)})
	put(root, "languages", languages)
	put(root, "intents", groups)
	put(root, "emotions", emotions)
	put(root, "entities", entities)
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(root); err != nil {
		return nil, fmt.Errorf("write taxonomy: %w", err)
	}
	return b.Bytes(), nil
}

func put(to *yaml.Node, key string, value *yaml.Node) {
	to.Content = append(to.Content, text(key), value)
}

// text is a string, quoted where YAML would read it as something else.
func text(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}

// properties writes pairs of key and value, without those that are empty, and a definition behind them.
func properties(def map[string]string, pairs ...string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			put(n, pairs[i], text(pairs[i+1]))
		}
	}
	for _, lang := range []string{"zh", "en"} {
		if def[lang] != "" {
			put(n, lang, text(def[lang]))
		}
	}
	return n
}
