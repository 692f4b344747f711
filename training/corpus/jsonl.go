package corpus

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// jsonExample is a line of this project's JSONL.
type jsonExample struct {
	Text     string         `json:"text"`
	Intents  *[]string      `json:"intents,omitempty"`
	Entities *[]jsonEntity  `json:"entities,omitempty"`
	Emotion  string         `json:"emotion,omitempty"`
	Tags     []string       `json:"tags,omitempty"`
	Lang     string         `json:"lang,omitempty"`
	Metadata map[string]any `json:"metadata,omitempty"`
}

type jsonEntity struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	Value any    `json:"value,omitempty"`
	Role  string `json:"role,omitempty"`
	Group string `json:"group,omitempty"`
	Start *int   `json:"start,omitempty"` // in code points
	End   *int   `json:"end,omitempty"`
}

// ReadJSONL reads one JSON object a line:
//
//	{"text": …, "intents": […], "entities": [{"type", "text", "value"?, "role"?, "group"?, "start"?, "end"?}], "emotion", "tags", "lang", "metadata"}
//
// intents [] is out of scope, no intents (or null) is not labelled; the same holds for entities. Positions count code points.
// An entity without start is the first occurrence of its text that no other entity has taken; longer texts choose first.
func ReadJSONL(file string, data []byte) (*Corpus, error) {
	s := newSource(file)
	data, ok := s.clean(data)
	if !ok {
		return s.result()
	}
	s.jsonLines(data, s.jsonLine)
	return s.result()
}

// jsonLines calls each with every line that is not empty, and its number.
func (s *source) jsonLines(data []byte, each func(line []byte, at int)) {
	at := 0
	for l := range bytes.Lines(data) {
		at++
		if l = bytes.TrimSpace(l); len(l) > 0 {
			each(l, at)
		}
	}
}

// decode reads one JSON object, strictly: an unknown key or text behind it is a fault.
func (s *source) decode(data []byte, at int, into any) bool {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		s.fault(at, "not an example: %s", strings.TrimPrefix(err.Error(), "json: "))
		return false
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		s.fault(at, "text after the JSON object: one object a line")
		return false
	}
	return true
}

func (s *source) jsonLine(data []byte, at int) {
	var j jsonExample
	if !s.decode(data, at, &j) {
		return
	}
	if strings.TrimSpace(j.Text) == "" {
		s.fault(at, "an example without text")
		return
	}
	eg := Example{Text: j.Text, Emotion: j.Emotion, Lang: j.Lang, Tags: j.Tags, Metadata: j.Metadata}
	if j.Intents != nil {
		var cause string
		if eg.Intents, cause = intents(*j.Intents); cause != "" {
			s.fault(at, "%s", cause)
			return
		}
		eg.HasIntents = true
	}
	if j.Entities != nil {
		before := len(s.faults)
		eg.HasEntities = true
		eg.Entities = s.jsonEntities(j.Text, *j.Entities, at)
		if len(s.faults) > before {
			return
		}
	}
	s.add(eg, at)
}

// jsonEntities gives every entity its place: those with a position first, then the others, longest text first.
func (s *source) jsonEntities(text string, js []jsonEntity, at int) []EntitySpan {
	order := make([]int, len(js))
	for i := range js {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := js[a], js[b]
		if (x.Start == nil) != (y.Start == nil) {
			return map[bool]int{true: 1, false: -1}[x.Start == nil]
		}
		return cmp.Compare(len(y.Text), len(x.Text))
	})
	var out []EntitySpan
	for _, i := range order {
		j := js[i]
		ent := EntitySpan{Type: j.Type, Value: j.Value, Role: j.Role, Group: j.Group}
		var err error
		if j.Start != nil {
			ent.Start, ent.End, err = byPosition(text, j)
		} else {
			ent.Start, ent.End, err = bySurface(text, j, out)
		}
		if j.Type == "" {
			err = fmt.Errorf("entity %q has no type", j.Text)
		}
		if err != nil {
			s.fault(at, "%v", err)
			continue
		}
		ent.Text = text[ent.Start:ent.End]
		out = append(out, ent)
	}
	return out
}

// byPosition turns code points into bytes and checks them against the text of the entity, where it gives one.
func byPosition(text string, j jsonEntity) (start, end int, err error) {
	n := utf8.RuneCountInString(text)
	last := *j.Start + utf8.RuneCountInString(j.Text)
	if j.End != nil {
		last = *j.End
	}
	if *j.Start < 0 || *j.Start >= last || last > n {
		return 0, 0, fmt.Errorf("entity %q: [%d, %d) is no range of a text of %d code points", j.Text, *j.Start, last, n)
	}
	start, end = byteOffset(text, *j.Start), byteOffset(text, last)
	if j.Text != "" && text[start:end] != j.Text {
		return 0, 0, fmt.Errorf("entity %q: [%d, %d) of the text is %q; positions count code points", j.Text, *j.Start, last, text[start:end])
	}
	return start, end, nil
}

// bySurface finds the first occurrence that overlaps no span taken before or, failing that, is not the same as one.
func bySurface(text string, j jsonEntity, taken []EntitySpan) (start, end int, err error) {
	if j.Text == "" {
		return 0, 0, fmt.Errorf("an entity of type %q has neither text nor start", j.Type)
	}
	second := -1
	for from := 0; from+len(j.Text) <= len(text); {
		i := strings.Index(text[from:], j.Text)
		if i < 0 {
			break
		}
		start, end = from+i, from+i+len(j.Text)
		if !slices.ContainsFunc(taken, func(t EntitySpan) bool { return t.Start < end && start < t.End }) {
			return start, end, nil
		}
		if second < 0 && !slices.ContainsFunc(taken, func(t EntitySpan) bool { return t.Start == start && t.End == end }) {
			second = start
		}
		_, n := utf8.DecodeRuneInString(text[start:])
		from = start + n
	}
	if second >= 0 {
		return second, second + len(j.Text), nil
	}
	return 0, 0, fmt.Errorf("entity %q does not occur in the text (or not as often as it is listed)", j.Text)
}

func byteOffset(text string, points int) int {
	at := 0
	for range points {
		_, n := utf8.DecodeRuneInString(text[at:])
		at += n
	}
	return at
}

// AppendJSONL appends the example as a line of JSONL, canonical: the same labels give the same bytes. Origin is left out.
func (eg *Example) AppendJSONL(dst []byte) ([]byte, error) {
	j := jsonExample{Text: eg.Text, Emotion: eg.Emotion, Tags: eg.Tags, Lang: eg.Lang, Metadata: eg.Metadata}
	if eg.HasIntents {
		j.Intents = &[]string{}
		*j.Intents = append(*j.Intents, eg.Intents...)
	}
	if eg.HasEntities {
		list := make([]jsonEntity, len(eg.Entities))
		for i, ent := range eg.Entities {
			start := utf8.RuneCountInString(eg.Text[:ent.Start])
			end := start + utf8.RuneCountInString(ent.Text)
			list[i] = jsonEntity{Type: ent.Type, Text: ent.Text, Value: ent.Value, Role: ent.Role, Group: ent.Group, Start: &start, End: &end}
		}
		j.Entities = &list
	}
	buf := bytes.NewBuffer(dst)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(&j); err != nil {
		return dst, fmt.Errorf("write example %s: %w", eg.Origin, err)
	}
	return buf.Bytes(), nil
}
