package corpus

import (
	_ "embed"
	"errors"
	"strconv"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"
)

// Taxonomy is a label space: which intents, emotions and entity types exist.
type Taxonomy struct {
	Version   int
	Languages []string // BCP 47, the main one first
	Intents   []IntentDef
	Emotions  []EmotionDef
	Entities  []EntityDef
}

// IntentDef defines an intent.
type IntentDef struct {
	Name       string            // e.g. "order.cancel"
	Group      string            // e.g. "business"
	Definition map[string]string // by language
}

// EmotionDef defines an emotion.
type EmotionDef struct {
	Name       string
	Valence    string // neutral, positive, anxious or negative
	Definition map[string]string
}

// EntityDef defines an entity type.
type EntityDef struct {
	Name       string
	By         string // which kind of component is expected to find it: "model" or "rule"
	Value      string // what its value holds; empty = its surface
	Definition map[string]string
}

//go:embed taxonomy.yaml
var defaultTaxonomy []byte

// DefaultTaxonomy returns the label space of the default bundle. The result is shared: do not change it.
var DefaultTaxonomy = sync.OnceValue(func() *Taxonomy {
	t, err := ParseTaxonomy("taxonomy.yaml", defaultTaxonomy)
	if err != nil {
		panic(err) // the file is part of the program, and a test reads it
	}
	return t
})

// ParseTaxonomy reads a taxonomy; file names it in faults.
func ParseTaxonomy(file string, data []byte) (*Taxonomy, error) {
	s := newSource(file)
	t := &Taxonomy{}
	if data, ok := s.clean(data); ok {
		if root := s.document(data); root != nil {
			s.taxonomy(root, t)
		}
	}
	if len(s.faults) > 0 {
		return nil, errors.Join(s.faults...)
	}
	return t, nil
}

// Intent returns the definition of an intent, nil if there is none.
func (t *Taxonomy) Intent(name string) *IntentDef {
	for i := range t.Intents {
		if t.Intents[i].Name == name {
			return &t.Intents[i]
		}
	}
	return nil
}

// Emotion returns the definition of an emotion, nil if there is none.
func (t *Taxonomy) Emotion(name string) *EmotionDef {
	for i := range t.Emotions {
		if t.Emotions[i].Name == name {
			return &t.Emotions[i]
		}
	}
	return nil
}

// Entity returns the definition of an entity type, nil if there is none.
func (t *Taxonomy) Entity(name string) *EntityDef {
	for i := range t.Entities {
		if t.Entities[i].Name == name {
			return &t.Entities[i]
		}
	}
	return nil
}

// Valence returns the valence of an emotion, empty if it is not known.
func (t *Taxonomy) Valence(emotion string) string {
	if d := t.Emotion(emotion); d != nil {
		return d.Valence
	}
	return ""
}

func (s *source) taxonomy(root *yaml.Node, t *Taxonomy) {
	for _, f := range s.fields(root, "the taxonomy") {
		switch f.key {
		case "version":
			var err error
			if t.Version, err = strconv.Atoi(f.value.Value); err != nil {
				s.fault(f.line, "version must be a number")
			}
		case "languages":
			if f.value.Decode(&t.Languages) != nil {
				s.fault(f.line, "languages must be a list of words")
			}
		case "intents":
			for _, group := range s.fields(f.value, "intents") {
				for _, d := range s.fields(group.value, "group "+group.key) {
					if t.Intent(d.key) != nil || strings.Contains(d.key, "+") || isNone(d.key) {
						s.fault(d.line, "intent %q is there twice, has a '+' or means out of scope", d.key)
					}
					def, _ := s.definition(d)
					t.Intents = append(t.Intents, IntentDef{d.key, group.key, def})
				}
			}
		case "emotions":
			for _, d := range s.fields(f.value, "emotions") {
				def, props := s.definition(d, "valence")
				t.Emotions = append(t.Emotions, EmotionDef{d.key, props["valence"], def})
			}
		case "entities":
			for _, d := range s.fields(f.value, "entities") {
				def, props := s.definition(d, "by", "value")
				if by := props["by"]; by != "model" && by != "rule" {
					s.fault(d.line, "entity %s: by must be model or rule", d.key)
				}
				t.Entities = append(t.Entities, EntityDef{d.key, props["by"], props["value"], def})
			}
		default:
			s.fault(f.line, "unknown key %q; known are version, languages, intents, emotions, entities", f.key)
		}
	}
}

// definition reads {zh: …, en: …} and the named properties of a label.
func (s *source) definition(d field, properties ...string) (def, props map[string]string) {
	def, props = map[string]string{}, map[string]string{}
	for _, f := range s.fields(d.value, d.key) {
		known := f.key == "zh" || f.key == "en"
		for _, p := range properties {
			if p == f.key {
				props[p], known = f.value.Value, true
			}
		}
		switch {
		case !known:
			s.fault(f.line, "%s: unknown key %q", d.key, f.key)
		case f.key == "zh" || f.key == "en":
			def[f.key] = f.value.Value
		}
	}
	return def, props
}
