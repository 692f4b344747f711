package corpus

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// clueLine is a record of CLUENER: by type and surface, where the entity stands. Its test part has no label.
type clueLine struct {
	ID    any                            `json:"id"`
	Text  string                         `json:"text"`
	Label *map[string]map[string][][]int `json:"label"`
}

// ReadCLUENER reads CLUENER's JSON Lines, {"text": …, "label": {type: {surface: [[start, end], …]}}}. Positions count code points,
// and the end is inclusive. There are no intents; a record without label has no entities marked.
func ReadCLUENER(file string, data []byte) (*Corpus, error) {
	s := newSource(file)
	data, ok := s.clean(data)
	if !ok {
		return s.result()
	}
	s.jsonLines(data, func(l []byte, at int) {
		var c clueLine
		if !s.decode(l, at, &c) {
			return
		}
		if strings.TrimSpace(c.Text) == "" {
			s.fault(at, "an example without text")
			return
		}
		eg := Example{Text: c.Text}
		if c.Label != nil {
			before := len(s.faults)
			eg.HasEntities, eg.Entities = true, s.clueEntities(&c, at)
			if len(s.faults) > before {
				return
			}
		}
		s.add(eg, at)
	})
	return s.result()
}

func (s *source) clueEntities(c *clueLine, at int) []EntitySpan {
	var out []EntitySpan
	n := utf8.RuneCountInString(c.Text)
	for _, kind := range slices.Sorted(maps.Keys(*c.Label)) {
		for _, surface := range slices.Sorted(maps.Keys((*c.Label)[kind])) {
			for _, place := range (*c.Label)[kind][surface] {
				if kind == "" || len(place) != 2 || place[0] < 0 || place[1] < place[0] || place[1] >= n {
					s.fault(at, "entity %q of type %q: %v is no first and last character of a text of %d", surface, kind, place, n)
					continue
				}
				start, end := byteOffset(c.Text, place[0]), byteOffset(c.Text, place[1]+1)
				if got := c.Text[start:end]; got != surface {
					s.fault(at, "entity %q of type %s: %v of the text is %q; positions count code points, the last one included", surface, kind, place, got)
					continue
				}
				out = append(out, EntitySpan{Type: kind, Text: surface, Start: start, End: end})
			}
		}
	}
	return out
}

// ewectLine is a record of SMP2020-EWECT, and of others who took its shape.
type ewectLine struct {
	ID      any     `json:"id"`
	Content string  `json:"content"`
	Label   *string `json:"label"`
}

// ReadEWECT reads JSON Lines of {"id", "content", "label"}, where the label is the emotion, as in SMP2020-EWECT and CLUEEmotion2020.
// There are neither intents nor entities; a record without label is not labelled.
func ReadEWECT(file string, data []byte) (*Corpus, error) {
	s := newSource(file)
	data, ok := s.clean(data)
	if !ok {
		return s.result()
	}
	s.jsonLines(data, func(l []byte, at int) {
		var e ewectLine
		switch {
		case !s.decode(l, at, &e):
		case strings.TrimSpace(e.Content) == "":
			s.fault(at, "an example without text")
		case e.Label != nil && strings.TrimSpace(*e.Label) == "":
			s.fault(at, "an empty label; leave the key out where there is none")
		default:
			eg := Example{Text: e.Content}
			if e.Label != nil {
				eg.Emotion = strings.TrimSpace(*e.Label)
			}
			s.add(eg, at)
		}
	})
	return s.result()
}
