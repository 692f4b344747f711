package recognizer

import (
	"context"
	"maps"

	"yingda/nlu"
)

// AnyType is the key of synonyms that hold for every entity type.
const AnyType = "*"

// Synonyms gives entities the canonical value of their surface, whoever found them, the model too. A deployment's words for colours,
// sizes or plans become one value each this way.
type Synonyms struct {
	byType map[string]map[string]string // type → folded surface → canonical value
}

var _ nlu.Component = (*Synonyms)(nil)

// NewSynonyms returns a component from type → surface → canonical value. Surfaces are compared folded. The maps are copied.
func NewSynonyms(byType map[string]map[string]string) *Synonyms {
	s := &Synonyms{byType: map[string]map[string]string{}}
	for typ, m := range byType {
		s.byType[typ] = map[string]string{}
		for surface, value := range m {
			if key := fold(surface); key != "" {
				s.byType[typ][key] = value
			}
		}
	}
	return s
}

// ListSynonyms returns the spellings of lists as synonyms: the model's 顺丰 gets the value that the list's has. The first of two
// names with the same spelling counts.
func ListSynonyms(lists ...List) *Synonyms {
	byType := map[string]map[string]string{}
	for _, l := range lists {
		m := byType[l.Type]
		if m == nil {
			m = map[string]string{}
			byType[l.Type] = m
		}
		for i := range l.Names {
			for _, s := range append(l.Names[i].spellings(), l.Names[i].Value) {
				if key := fold(s); m[key] == "" {
					m[key] = l.Names[i].Value
				}
			}
		}
	}
	return &Synonyms{byType}
}

// synonymFile is the YAML form.
type synonymFile struct {
	Version  int                            `yaml:"version"`
	Synonyms map[string]map[string][]string `yaml:"synonyms"` // type → canonical value → surfaces
}

// ParseSynonyms reads synonyms from YAML; see data/synonyms.yaml. The error joins a *Fault for everything that is wrong.
func ParseSynonyms(file string, data []byte) (*Synonyms, error) {
	f, raw := &faults{file: file}, synonymFile{}
	if !f.decode(data, &raw) {
		return nil, f.err()
	}
	if raw.Version != 1 {
		f.addf("version", "is %d, this program reads 1", raw.Version)
	}
	s := &Synonyms{byType: map[string]map[string]string{}}
	for typ, values := range raw.Synonyms {
		m := map[string]string{}
		for value, surfaces := range values {
			for _, w := range surfaces {
				key := fold(w)
				if old, ok := m[key]; ok && old != value || key == "" {
					f.addf(typ+"."+value, "surface %q is empty or stands for %q too", w, old)
				}
				m[key] = value
			}
		}
		s.byType[typ] = m
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	return s, nil
}

// With returns synonyms of both; where they differ those of more win.
func (s *Synonyms) With(more *Synonyms) *Synonyms {
	out := &Synonyms{byType: map[string]map[string]string{}}
	for _, src := range []*Synonyms{s, more} {
		for typ, m := range src.byType {
			if out.byType[typ] == nil {
				out.byType[typ] = map[string]string{}
			}
			maps.Copy(out.byType[typ], m)
		}
	}
	return out
}

// Name returns synonyms@1.
func (s *Synonyms) Name() string { return "synonyms@1" }

// Requires entities.
func (s *Synonyms) Requires() []nlu.Field { return []nlu.Field{nlu.FieldEntities} }

// Assigns entities: their values.
func (s *Synonyms) Assigns() []nlu.Field { return []nlu.Field{nlu.FieldEntities} }

// Annotate changes values that are strings or not set; typed ones stay. It never fails.
func (s *Synonyms) Annotate(_ context.Context, as []*nlu.Analysis) error {
	for _, a := range as {
		for i := range a.Entities {
			if v, ok := s.value(&a.Entities[i]); ok {
				a.Entities[i].Value = v
			}
		}
	}
	return nil
}

func (s *Synonyms) value(ent *nlu.Entity) (string, bool) {
	typed, any := s.byType[ent.Type], s.byType[AnyType]
	if len(typed) == 0 && len(any) == 0 {
		return "", false
	}
	current, isString := ent.Value.(string)
	if ent.Value != nil && !isString {
		return "", false
	}
	for _, surface := range []string{current, ent.Text} {
		if surface == "" {
			continue
		}
		key := fold(surface)
		if v, ok := typed[key]; ok {
			return v, true
		}
		if v, ok := any[key]; ok {
			return v, true
		}
	}
	return "", false
}
