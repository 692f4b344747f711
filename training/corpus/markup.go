package corpus

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// mark is what a line's markup says about a surface.
type mark struct {
	Entity string `json:"entity"`
	Value  any    `json:"value"`
	Role   string `json:"role"`
	Group  string `json:"group"`
}

// annotated takes the markup out of a line and returns the plain text and its entities:
//
//	[surface](type)   [surface](type:value)   [surface]{"entity": "type", "value": …, "role": …, "group": …}   [surface][{…}, {…}]
//
// A bracket pair that none of these follows is text: customers send [捂脸].
func annotated(src string) (text string, ents []EntitySpan, err error) {
	var b strings.Builder
	for {
		open := strings.IndexByte(src, '[')
		if open < 0 {
			b.WriteString(src)
			return b.String(), ents, nil
		}
		b.WriteString(src[:open])
		src = src[open:]
		surface, marks, n, err := annotation(src)
		if err != nil {
			return "", nil, err
		}
		if n == 0 {
			b.WriteByte('[')
			src = src[1:]
			continue
		}
		start := b.Len()
		b.WriteString(surface)
		for _, m := range marks {
			ents = append(ents, EntitySpan{Type: m.Entity, Text: surface, Start: start, End: b.Len(), Value: m.Value, Role: m.Role, Group: m.Group})
		}
		src = src[n:]
	}
}

// annotation reads the one that starts src, which begins with '['. n is its length, 0 when the bracket is text.
func annotation(src string) (surface string, marks []mark, n int, err error) {
	end := strings.IndexByte(src, ']')
	if end < 0 {
		return "", nil, 0, fmt.Errorf("'[' is not closed in %q", src)
	}
	surface = src[1:end]
	rest := src[end+1:]
	var used int
	switch {
	case strings.HasPrefix(rest, "("):
		marks, used, err = shortMark(rest)
	case strings.HasPrefix(rest, "{"):
		var m mark
		used, err = decodeMark(rest, &m)
		marks = []mark{m}
	case strings.HasPrefix(rest, "[{"):
		used, err = decodeMark(rest, &marks)
	default:
		return "", nil, 0, nil
	}
	if err != nil {
		return "", nil, 0, fmt.Errorf("entity [%s]: %w", surface, err)
	}
	for _, m := range marks {
		if strings.TrimSpace(m.Entity) == "" {
			return "", nil, 0, fmt.Errorf("entity [%s] has no type", surface)
		}
	}
	if strings.TrimSpace(surface) == "" || strings.Contains(surface, "[") {
		return "", nil, 0, fmt.Errorf("entity [%s] must have a surface without '['", surface)
	}
	return surface, marks, end + 1 + used, nil
}

// shortMark reads "(type)" or "(type:value)".
func shortMark(rest string) ([]mark, int, error) {
	end := strings.IndexByte(rest, ')')
	if end < 0 {
		return nil, 0, errors.New("'(' is not closed")
	}
	name, value, has := strings.Cut(rest[1:end], ":")
	m := mark{Entity: strings.TrimSpace(name)}
	if has {
		m.Value = strings.TrimSpace(value)
	}
	return []mark{m}, end + 1, nil
}

// decodeMark reads one JSON value at the start of rest and returns its length.
func decodeMark(rest string, into any) (int, error) {
	dec := json.NewDecoder(strings.NewReader(rest))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return 0, fmt.Errorf("not readable as JSON with entity, value, role and group: %w", err)
	}
	return int(dec.InputOffset()), nil
}
