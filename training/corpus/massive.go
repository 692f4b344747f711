package corpus

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// massiveLine is a record of MASSIVE (arXiv 2204.08582). The last three fields are how it was collected, and left out.
type massiveLine struct {
	ID        string          `json:"id"`
	Locale    string          `json:"locale"`
	Partition string          `json:"partition"`
	Scenario  string          `json:"scenario"`
	Intent    string          `json:"intent"`
	Utt       string          `json:"utt"`
	Annotated *string         `json:"annot_utt"`
	Worker    json.RawMessage `json:"worker_id"`
	Methods   json.RawMessage `json:"slot_method"`
	Judgments json.RawMessage `json:"judgments"`
}

// ReadMASSIVE reads MASSIVE's JSON Lines. Entities come from annot_utt, "[date : 星期五] 早上", and are placed in utt, which may
// be spaced otherwise. The language is that of the locale; id, locale, partition and scenario go into the metadata.
func ReadMASSIVE(file string, data []byte, o ReadOptions) (*Corpus, error) {
	s := newSource(file)
	data, ok := s.clean(data)
	if !ok {
		return s.result()
	}
	parts := partitions{wanted: o.Partitions}
	s.jsonLines(data, func(l []byte, at int) {
		var m massiveLine
		if s.decode(l, at, &m) && parts.takes(m.Partition) {
			s.massive(&m, at)
		}
	})
	parts.check(s)
	return s.result()
}

func (s *source) massive(m *massiveLine, at int) {
	if strings.TrimSpace(m.Utt) == "" {
		s.fault(at, "an example without text")
		return
	}
	eg := Example{Text: m.Utt, Lang: baseLang(m.Locale), Metadata: map[string]any{}}
	for key, value := range map[string]string{"id": m.ID, "locale": m.Locale, "partition": m.Partition, "scenario": m.Scenario} {
		if value != "" {
			eg.Metadata[key] = value
		}
	}
	if m.Intent != "" {
		eg.Intents, _ = intents([]string{m.Intent}) // one label contradicts nothing
		eg.HasIntents = true
	}
	if m.Annotated != nil {
		var err error
		if eg.Entities, err = align(m.Utt, *m.Annotated); err != nil {
			s.fault(at, "%v", err)
			return
		}
		eg.HasEntities = true
	}
	s.add(eg, at)
}

// slotMark is an entity in annot_utt. Brackets that do not look so are text.
var slotMark = regexp.MustCompile(`\[\s*([\w.]+)\s+:\s+([^\[\]]+?)\s*\]`)

// align finds the entities of annotated in text. Both must hold the same characters, white space aside.
func align(text, annotated string) ([]EntitySpan, error) {
	var out []EntitySpan
	at, from := 0, 0
	for _, m := range slotMark.FindAllStringSubmatchIndex(annotated, -1) {
		_, end, ok := follow(text, at, annotated[from:m[0]])
		if !ok {
			return nil, misplaced(text, annotated)
		}
		var start int
		if start, at, ok = follow(text, end, annotated[m[4]:m[5]]); !ok {
			return nil, misplaced(text, annotated)
		}
		if start == at {
			return nil, fmt.Errorf("entity %s of %q has no text", annotated[m[2]:m[3]], annotated)
		}
		out = append(out, EntitySpan{Type: annotated[m[2]:m[3]], Text: text[start:at], Start: start, End: at})
		from = m[1]
	}
	_, end, ok := follow(text, at, annotated[from:])
	if !ok || strings.TrimSpace(text[end:]) != "" {
		return nil, misplaced(text, annotated)
	}
	return out, nil
}

func misplaced(text, annotated string) error {
	return errors.New("without its marks, " + fmt.Sprintf("%q is not %q", annotated, text))
}

// follow matches part against text from at on, white space on both sides left out of account. It returns where the first matched
// character starts and the last one ends; both are at when part is blank.
func follow(text string, at int, part string) (start, end int, ok bool) {
	start, end = at, at
	pos, first := at, true
	for _, want := range part {
		if unicode.IsSpace(want) {
			continue
		}
		r, n := utf8.DecodeRuneInString(text[pos:])
		for unicode.IsSpace(r) {
			pos += n
			r, n = utf8.DecodeRuneInString(text[pos:])
		}
		if r != want || n == 0 {
			return 0, 0, false
		}
		if first {
			start, first = pos, false
		}
		pos += n
		end = pos
	}
	return start, end, true
}
