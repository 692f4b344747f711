package corpus

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// cluUtterance is an utterance of a CLU export.
type cluUtterance struct {
	Text     string      `json:"text"`
	Language string      `json:"language"`
	Intent   *string     `json:"intent"`
	Dataset  string      `json:"dataset"`
	Entities []cluEntity `json:"entities"`
	line     int
}

type cluEntity struct {
	Category string `json:"category"`
	Offset   int    `json:"offset"`
	Length   int    `json:"length"`
}

// cluProject collects what an export says. Its members may come in any order, so utterances are made into examples at the end.
type cluProject struct {
	*document
	language   string
	units      func(r rune) int // how much a character counts in offset and length
	intents    []string         // nil = not listed
	entities   []string
	utterances []cluUtterance
}

// cluUnits are the values of stringIndexType. Offsets in text elements (graphemes) are not read: their bounds depend on a Unicode version.
var cluUnits = map[string]func(r rune) int{
	"":                 utf16.RuneLen,
	"Utf16CodeUnit":    utf16.RuneLen,
	"Utf32CodeUnit":    func(rune) int { return 1 },
	"UnicodeCodePoint": func(rune) int { return 1 },
	"Utf8CodeUnit":     utf8.RuneLen,
}

// ReadCLU reads a conversation project that was exported from Azure CLU (conversational language understanding), or its utterance
// file, a list of utterances. offset and length count UTF-16 code units unless stringIndexType says otherwise. Intent None is out
// of scope; list entities become lookups and synonyms, regular expressions become regexes, prebuilt components are noted. The
// language is the utterance's or else the project's, without its region; dataset (Train, Test) is the partition in the metadata.
//
// Utterances are read strictly; of the rest only what matters here, since each version of the service adds settings.
func ReadCLU(file string, data []byte, o ReadOptions) (*Corpus, error) {
	s := newSource(file)
	data, ok := s.clean(data)
	if !ok {
		return s.result()
	}
	d := s.openDocument(data)
	if d == nil {
		return s.result()
	}
	p := &cluProject{document: d, units: utf16.RuneLen}
	if first, _ := d.next(); first == '[' {
		p.readUtterances()
	} else {
		p.project()
	}
	parts := partitions{wanted: o.Partitions}
	for i := range p.utterances {
		if u := &p.utterances[i]; parts.takes(u.Dataset) {
			p.example(u)
		}
	}
	parts.check(s)
	return s.result()
}

func (p *cluProject) project() {
	p.object("the project", func(key string, line int) {
		switch key {
		case "stringIndexType":
			var name string
			if p.value(key, &name) {
				if p.units = cluUnits[name]; p.units == nil {
					p.fault(line, "stringIndexType %q is not read; known are Utf16CodeUnit, Utf32CodeUnit, UnicodeCodePoint, Utf8CodeUnit", name)
					p.units = utf16.RuneLen
				}
			}
		case "metadata":
			p.object(key, func(key string, line int) {
				switch key {
				case "language":
					p.value(key, &p.language)
				case "projectKind":
					p.kind(key, line)
				default:
					p.skip()
				}
			})
		case "assets":
			p.assets()
		case "projectFileVersion", "api-version":
			p.skip()
		default:
			p.note(line, "key %q of the project is left out", key)
			p.skip()
		}
	})
}

func (p *cluProject) kind(key string, line int) {
	var kind string
	if p.value(key, &kind) && !strings.EqualFold(kind, "Conversation") {
		p.fault(line, "a project of kind %q; only Conversation has utterances to learn from", kind)
	}
}

func (p *cluProject) assets() {
	p.object("assets", func(key string, line int) {
		switch key {
		case "projectKind":
			p.kind(key, line)
		case "intents":
			p.intents = []string{}
			p.array(key, func(line int) {
				p.intents = append(p.intents, p.category("an intent", line, nil))
			})
		case "entities":
			p.entities = []string{}
			p.array(key, func(line int) { p.entity(line) })
		case "utterances":
			p.readUtterances()
		default:
			p.note(line, "key %q of the assets is left out", key)
			p.skip()
		}
	})
}

// category reads an object for its category; other keys go to more, or are left out.
func (p *cluProject) category(what string, line int, more func(key string, line int)) (name string) {
	before := len(p.faults)
	p.object(what, func(key string, line int) {
		switch {
		case key == "category":
			p.value(key, &name)
		case more != nil:
			more(key, line)
		default:
			p.skip()
		}
	})
	if name == "" && len(p.faults) == before {
		p.fault(line, "%s without category", what)
	}
	return name
}

// readUtterances reads the list of utterances.
func (p *cluProject) readUtterances() {
	p.array("utterances", func(line int) {
		u := cluUtterance{line: line}
		if p.value("an utterance", &u) {
			p.utterances = append(p.utterances, u)
		}
	})
}

// example makes an example of an utterance.
func (p *cluProject) example(u *cluUtterance) {
	switch {
	case strings.TrimSpace(u.Text) == "":
		p.fault(u.line, "an utterance without text")
		return
	case u.Intent == nil:
		p.fault(u.line, "an utterance without intent")
		return
	case p.intents != nil && !isNone(*u.Intent) && !slices.Contains(p.intents, *u.Intent):
		p.fault(u.line, "intent %q is not among the project's intents", *u.Intent)
		return
	}
	lang := u.Language
	if lang == "" {
		lang = p.language
	}
	eg := Example{Text: u.Text, HasIntents: true, HasEntities: true, Lang: baseLang(lang)}
	eg.Intents, _ = intents([]string{*u.Intent}) // one label contradicts nothing
	if u.Dataset != "" {
		eg.Metadata = map[string]any{"partition": u.Dataset}
	}
	before := len(p.faults)
	for _, ent := range u.Entities {
		start, end, err := p.place(u.Text, ent)
		switch {
		case err == nil && p.entities != nil && !slices.Contains(p.entities, ent.Category):
			err = fmt.Errorf("entity %q is not among the project's entities", ent.Category)
		case err == nil && ent.Category == "":
			err = fmt.Errorf("entity %q has no category", u.Text[start:end])
		}
		if err != nil {
			p.fault(u.line, "%v", err)
			continue
		}
		eg.Entities = append(eg.Entities, EntitySpan{Type: ent.Category, Text: u.Text[start:end], Start: start, End: end})
	}
	if len(p.faults) == before {
		p.add(eg, u.line)
	}
}

// place turns an entity's units into bytes.
func (p *cluProject) place(text string, ent cluEntity) (start, end int, err error) {
	start, end = -1, -1
	at := 0
	for i, r := range text {
		if at == ent.Offset {
			start = i
		}
		if at == ent.Offset+ent.Length {
			end = i
		}
		at += p.units(r)
	}
	if at == ent.Offset+ent.Length {
		end = len(text)
	}
	if start < 0 || end <= start {
		return 0, 0, fmt.Errorf("entity %q: offset %d and length %d are no range of a text of %d units", ent.Category, ent.Offset, ent.Length, at)
	}
	return start, end, nil
}
