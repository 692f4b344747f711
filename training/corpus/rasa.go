package corpus

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// ReadRasa reads Rasa NLU YAML. file names it in faults and origins and may carry the language (…/zh/…).
//
// Intents "a+b" are several intents; out_of_scope and nlu_fallback are none; a retrieval intent's "faq/hours" is kept as it is.
// The metadata keys emotion, tags and lang become fields of the example; example metadata overrides that of its block.
// Stories, rules and other top-level keys are left out with a note; unknown keys within an nlu item are faults.
// A value marked inline does not become a synonym: only synonym items do.
func ReadRasa(file string, data []byte) (*Corpus, error) {
	s := newSource(file)
	if data, ok := s.clean(data); ok {
		if root := s.document(data); root != nil {
			s.rasa(root)
		}
	}
	return s.result()
}

// field is a key of a YAML mapping.
type field struct {
	key   string
	line  int
	value *yaml.Node
}

// item is one entry under nlu.
type item struct {
	kind, name string // kind: intent, synonym, lookup, regex
	line       int
	metadata   map[string]any
	examples   *yaml.Node
}

// line is one example of an item.
type line struct {
	text     string
	at       int
	metadata map[string]any
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// document parses the one YAML document of a file; nil when there is none.
func (s *source) document(data []byte) *yaml.Node {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		s.fault(0, "the file is empty")
		return nil
	} else if err != nil {
		m := yamlLine.FindStringSubmatch(err.Error())
		at := 0
		if m != nil {
			at, _ = strconv.Atoi(m[1])
		}
		s.fault(at, "not YAML: %s", yamlLine.ReplaceAllString(err.Error(), ""))
		return nil
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		s.fault(more.Line, "a second YAML document (after ---) in the same file; put it into a file of its own")
	}
	return resolve(doc.Content[0])
}

func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// fields lists a mapping's keys in order; anything else, and a key that is there twice, is a fault.
func (s *source) fields(n *yaml.Node, what string) []field {
	if n.Kind != yaml.MappingNode {
		s.fault(n.Line, "%s must be a mapping of keys to values", what)
		return nil
	}
	seen := map[string]bool{}
	var out []field
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode || seen[k.Value] {
			s.fault(k.Line, "%s: key %q is there twice or is not a word", what, k.Value)
			continue
		}
		seen[k.Value] = true
		out = append(out, field{k.Value, k.Line, resolve(n.Content[i+1])})
	}
	return out
}

func (s *source) rasa(root *yaml.Node) {
	for _, f := range s.fields(root, "the file") {
		switch f.key {
		case "version":
			if !strings.HasPrefix(f.value.Value, "2.") && !strings.HasPrefix(f.value.Value, "3.") {
				s.fault(f.line, "version %q is not read; known are 2.x and 3.x", f.value.Value)
			}
		case "nlu":
			if f.value.Kind != yaml.SequenceNode {
				s.fault(f.line, "nlu must be a list of items")
				continue
			}
			for _, n := range f.value.Content {
				s.item(resolve(n))
			}
		default:
			s.note(f.line, "top-level key %q is not about understanding text and is left out", f.key)
		}
	}
}

func (s *source) item(n *yaml.Node) {
	it := item{line: n.Line}
	before := len(s.faults)
	for _, f := range s.fields(n, "an nlu item") {
		switch f.key {
		case "intent", "synonym", "lookup", "regex":
			if it.kind != "" {
				s.fault(f.line, "an nlu item is either %s or %s, not both", it.kind, f.key)
			}
			it.kind, it.name = f.key, strings.TrimSpace(f.value.Value)
			if f.value.Kind != yaml.ScalarNode || it.name == "" {
				s.fault(f.line, "%s needs a name", f.key)
			}
		case "metadata":
			it.metadata = s.metadata(f)
		case "examples":
			it.examples = f.value
		default:
			s.fault(f.line, "unknown key %q in an nlu item; known are intent, synonym, lookup, regex, examples, metadata", f.key)
		}
	}
	if len(s.faults) > before {
		return
	}
	if it.kind == "" || it.examples == nil {
		s.fault(it.line, "an nlu item needs intent, synonym, lookup or regex, and examples")
		return
	}
	s.take(it, s.lines(it.examples))
}

// take stores the lines of an item.
func (s *source) take(it item, lines []line) {
	if it.kind == "intent" {
		parts := strings.Split(it.name, "+")
		for _, p := range parts {
			if strings.TrimSpace(p) == "" {
				s.fault(it.line, "intent %q has an empty part", it.name)
				return
			}
		}
		labels, cause := intents(parts)
		if cause != "" {
			s.fault(it.line, "%s", cause)
			return
		}
		for _, l := range lines {
			s.example(it, labels, l)
		}
		return
	}
	elements := make([]string, len(lines))
	for i, l := range lines {
		elements[i] = l.text
	}
	at := origin(s.file, it.line)
	switch it.kind {
	case "synonym":
		s.corpus.Synonyms = append(s.corpus.Synonyms, Synonym{it.name, elements, at})
	case "lookup":
		s.corpus.Lookups = append(s.corpus.Lookups, List{it.name, elements, at})
	case "regex":
		s.corpus.Regexes = append(s.corpus.Regexes, List{it.name, elements, at})
		for _, l := range lines {
			if _, err := regexp.Compile(l.text); err != nil {
				s.note(l.at, "regex %s does not work here: %v", it.name, err)
			}
		}
	}
}

func (s *source) example(it item, labels []string, l line) {
	text, ents, err := annotated(l.text)
	if err != nil {
		s.fault(l.at, "%v", err)
		return
	}
	eg := Example{Text: text, Intents: labels, HasIntents: true, Entities: ents, HasEntities: true}
	meta := maps.Clone(it.metadata)
	if meta == nil {
		meta = map[string]any{}
	}
	maps.Copy(meta, l.metadata)
	if cause := describe(&eg, meta); cause != "" {
		s.fault(l.at, "%s", cause)
		return
	}
	s.add(eg, l.at)
}

// describe moves the metadata that the corpus knows into the example's fields, and the rest into its Metadata.
func describe(eg *Example, meta map[string]any) (cause string) {
	for _, key := range slices.Sorted(maps.Keys(meta)) {
		value := meta[key]
		text, isText := value.(string)
		switch key {
		case "emotion":
			eg.Emotion = text
		case "lang":
			eg.Lang = text
		case "tags":
			eg.Tags, isText = texts(value)
		default:
			isText = true
			if eg.Metadata == nil {
				eg.Metadata = map[string]any{}
			}
			eg.Metadata[key] = value
		}
		if !isText {
			return "metadata " + key + " must be text"
		}
	}
	return ""
}

// texts reads a text, or a list of texts.
func texts(value any) (out []string, ok bool) {
	list, isList := value.([]any)
	if !isList {
		list = []any{value}
	}
	for _, v := range list {
		t, ok := v.(string)
		if !ok {
			return nil, false
		}
		out = append(out, t)
	}
	return out, true
}

// metadata reads a mapping as JSON values: that is what fingerprints and exports can hold.
func (s *source) metadata(f field) map[string]any {
	var raw, out map[string]any
	err := f.value.Decode(&raw)
	if err == nil {
		var data []byte
		if data, err = json.Marshal(raw); err == nil {
			err = json.Unmarshal(data, &out)
		}
	}
	if err != nil || f.value.Kind != yaml.MappingNode {
		s.fault(f.line, "metadata must be a mapping of words to plain values")
	}
	return out
}

// lines reads the examples of an item in their short form (a literal block, one a line) or long form (a list).
func (s *source) lines(n *yaml.Node) []line {
	var out []line
	switch {
	case n.Kind == yaml.SequenceNode:
		for _, e := range n.Content {
			if l := s.long(resolve(e)); l != nil {
				out = append(out, *l)
			}
		}
		return out
	case n.Kind != yaml.ScalarNode || n.Style&yaml.FoldedStyle != 0:
		s.fault(n.Line, "examples must be a literal block (|) with one example a line, or a list")
		return nil
	}
	first := n.Line
	if n.Style&yaml.LiteralStyle != 0 {
		first++ // the block starts below its '|'
	}
	for i, l := range strings.Split(n.Value, "\n") {
		l = strings.TrimSpace(l)
		text, ok := strings.CutPrefix(l, "-")
		switch text = strings.TrimSpace(text); {
		case l == "":
		case !ok:
			s.fault(first+i, "an example starts with '- ', this line does not: %q", l)
		case text == "":
			s.fault(first+i, "an example without text")
		default:
			out = append(out, line{text: text, at: first + i})
		}
	}
	if out == nil {
		s.fault(n.Line, "no examples")
	}
	return out
}

// long reads an example of the form {text: …, metadata: …}, or a plain text in a list.
func (s *source) long(n *yaml.Node) *line {
	l := line{at: n.Line}
	if n.Kind == yaml.ScalarNode {
		l.text = strings.TrimSpace(n.Value)
	} else {
		for _, f := range s.fields(n, "an example") {
			switch f.key {
			case "text":
				l.text = strings.TrimSpace(f.value.Value)
			case "metadata":
				l.metadata = s.metadata(f)
			default:
				s.fault(f.line, "unknown key %q in an example; known are text, metadata", f.key)
			}
		}
	}
	if l.text == "" {
		s.fault(n.Line, "an example without text")
		return nil
	}
	return &l
}
