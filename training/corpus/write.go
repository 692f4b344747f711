package corpus

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// WriteJSONL writes the examples as this project's JSON Lines, which can say all that an [Example] holds but its origin. Synonyms,
// lookups and regexes have no place there.
func WriteJSONL(w io.Writer, c *Corpus) error {
	var out []byte
	var err error
	for i := range c.Examples {
		if out, err = c.Examples[i].AppendJSONL(out); err != nil {
			return err
		}
	}
	_, err = w.Write(out)
	return err
}

// WriteRasa writes Rasa NLU YAML that [ReadRasa] reads back as the same corpus from file, whose path may tell the language.
// Neighbours with the same labels share a block.
//
// What the notation cannot say is a [Fault] with the example's origin, all of them together: an example without intent labels, a name
// with '+', entities that overlap or hold brackets, text that itself looks like markup or has white space at its ends. An example
// whose entities are not labelled is written as one without entities.
func WriteRasa(w io.Writer, file string, c *Corpus) error {
	b := rasaWriter{lang: pathLang(file)}
	b.out.WriteString("version: \"3.1\"\nnlu:\n")
	for i := range c.Examples {
		b.example(&c.Examples[i])
	}
	b.flush()
	for _, s := range c.Synonyms {
		b.list("synonym", s.Value, s.Forms, s.Origin)
	}
	for _, l := range c.Lookups {
		b.list("lookup", l.Name, l.Elements, l.Origin)
	}
	for _, l := range c.Regexes {
		b.list("regex", l.Name, l.Elements, l.Origin)
	}
	if len(b.faults) > 0 {
		return errors.Join(b.faults...)
	}
	if c.empty() {
		return &Fault{File: file, Cause: "there is nothing to write"}
	}
	_, err := w.Write(b.out.Bytes())
	return err
}

func (c *Corpus) empty() bool {
	return len(c.Examples)+len(c.Synonyms)+len(c.Lookups)+len(c.Regexes) == 0
}

// rasaWriter gathers neighbours with the same head into one block.
type rasaWriter struct {
	lang   string
	out    bytes.Buffer
	faults []error
	head   string   // of the open block: intent and metadata
	lines  []string // its examples, with markup
}

func (b *rasaWriter) fault(at, format string, args ...any) {
	b.faults = append(b.faults, &Fault{File: at, Cause: fmt.Sprintf(format, args...)})
}

func (b *rasaWriter) example(eg *Example) {
	marked, cause := markup(eg)
	head := ""
	if cause == "" {
		head, cause = b.heading(eg)
	}
	if cause != "" {
		b.fault(eg.Origin, "Rasa YAML cannot say this: %s; write JSON Lines", cause)
		return
	}
	if head != b.head || long(marked) != (len(b.lines) > 0 && long(b.lines[0])) {
		b.flush()
	}
	b.head, b.lines = head, append(b.lines, marked)
}

// heading writes the intent and metadata lines of an example's block.
func (b *rasaWriter) heading(eg *Example) (head, cause string) {
	if !eg.HasIntents {
		return "", "it has no intent labels"
	}
	name := "out_of_scope"
	if len(eg.Intents) > 0 {
		name = strings.Join(eg.Intents, "+")
		if back, cause := intents(strings.Split(name, "+")); cause != "" || !slices.Equal(back, eg.Intents) {
			return "", fmt.Sprintf("intent %q would be read as %q", eg.Intents, back)
		}
	}
	meta := map[string]any{}
	for key, value := range eg.Metadata {
		if slices.Contains([]string{"emotion", "tags", "lang"}, key) {
			return "", "metadata " + key + " would be read as the example's"
		}
		meta[key] = value
	}
	if eg.Emotion != "" {
		meta["emotion"] = eg.Emotion
	}
	if len(eg.Tags) > 0 {
		meta["tags"] = eg.Tags
	}
	if eg.Lang != "" && eg.Lang != b.lang {
		meta["lang"] = eg.Lang
	}
	head = "- intent: " + scalar(name) + "\n"
	if len(meta) == 0 {
		return head, ""
	}
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(meta)) {
		value, err := flow(meta[key])
		if err != nil {
			return "", fmt.Sprintf("metadata %s: %v", key, err)
		}
		parts = append(parts, scalar(key)+": "+value)
	}
	return head + "  metadata: {" + strings.Join(parts, ", ") + "}\n", ""
}

// markup writes an example's text with its entities, and makes sure that it is read back so.
func markup(eg *Example) (marked, cause string) {
	var b strings.Builder
	at := 0
	for i := 0; i < len(eg.Entities); {
		ent := eg.Entities[i]
		n := 1 // entities of the same place
		for i+n < len(eg.Entities) && eg.Entities[i+n].Start == ent.Start && eg.Entities[i+n].End == ent.End {
			n++
		}
		if ent.Start < at {
			return "", fmt.Sprintf("entity %q shares text with another", ent.Text)
		}
		mark, err := marks(eg.Entities[i : i+n])
		if err != nil {
			return "", err.Error()
		}
		b.WriteString(eg.Text[at:ent.Start] + "[" + ent.Text + "]" + mark)
		at, i = ent.End, i+n
	}
	b.WriteString(eg.Text[at:])
	marked = b.String()
	text, ents, err := annotated(marked)
	switch {
	case err != nil:
		return "", err.Error()
	case text != eg.Text || !slices.EqualFunc(ents, eg.Entities, func(a, b EntitySpan) bool { return reflect.DeepEqual(a, b) }):
		return "", fmt.Sprintf("%q would be read as markup", marked)
	case strings.TrimSpace(marked) != marked:
		return "", "white space at the ends of the text"
	}
	return marked, ""
}

// marks says what a surface is: (type) if that is all, JSON if not.
func marks(ents []EntitySpan) (string, error) {
	if ent := ents[0]; len(ents) == 1 && ent.Value == nil && ent.Role == "" && ent.Group == "" && !strings.ContainsAny(ent.Type, ":)") {
		return "(" + ent.Type + ")", nil
	}
	list := make([]map[string]any, len(ents))
	for i, ent := range ents {
		m := map[string]any{"entity": ent.Type}
		for key, value := range map[string]string{"role": ent.Role, "group": ent.Group} {
			if value != "" {
				m[key] = value
			}
		}
		if ent.Value != nil {
			m["value"] = ent.Value
		}
		list[i] = m
	}
	if len(list) == 1 {
		return flow(list[0])
	}
	return flow(list)
}

// flush writes the open block.
func (b *rasaWriter) flush() {
	if len(b.lines) > 0 {
		b.out.WriteString(b.head)
		b.examples(b.lines)
	}
	b.head, b.lines = "", nil
}

// list writes a synonym, lookup or regex.
func (b *rasaWriter) list(kind, name string, elements []string, at string) {
	for _, e := range append([]string{name}, elements...) {
		if strings.TrimSpace(e) != e || e == "" {
			b.fault(at, "Rasa YAML cannot say this: %s %q is empty or has white space at its ends", kind, e)
			return
		}
	}
	if len(elements) == 0 {
		b.fault(at, "Rasa YAML cannot say this: %s %s has no elements", kind, name)
		return
	}
	fmt.Fprintf(&b.out, "- %s: %s\n", kind, scalar(name))
	b.examples(elements)
}

// examples writes lines in the short form; if one does not fit there, all in the long form.
func (b *rasaWriter) examples(lines []string) {
	if !slices.ContainsFunc(lines, long) {
		b.out.WriteString("  examples: |\n")
		for _, l := range lines {
			b.out.WriteString("    - " + l + "\n")
		}
		return
	}
	b.out.WriteString("  examples:\n")
	for _, l := range lines {
		b.out.WriteString("  - text: " + quoted(l) + "\n")
	}
}

// long tells whether a text does not fit into one line of a literal block: YAML breaks lines at more characters than '\n' and allows
// no control characters.
func long(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return r < ' ' && r != '\t' || r >= 0x7F && r < 0xA0 || r == 0x2028 || r == 0x2029 || r == 0xFEFF || r == 0xFFFE || r == 0xFFFF
	})
}

// word is what YAML reads as text without quotes, save for the words that mean something else.
var word = regexp.MustCompile(`^\p{L}[\p{L}\p{N}_./+]*$`)

var yamlWords = []string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}

// scalar writes a name, quoted where YAML needs it.
func scalar(name string) string {
	if word.MatchString(name) && !slices.Contains(yamlWords, strings.ToLower(name)) {
		return name
	}
	return quoted(name)
}

// quoted writes a text in double quotes, as both JSON and YAML read it.
func quoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		if r == '"' || r == '\\' {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
	return escaped(b.String())
}

// escaped writes what YAML does not allow as JSON does; within quotes only.
func escaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r == '\t' || long(string(r)) {
			fmt.Fprintf(&b, "\\u%04x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// flow writes a value as JSON, which YAML reads too.
func flow(value any) (string, error) {
	if text, ok := value.(string); ok {
		return scalar(text), nil
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return "", err
	}
	return escaped(strings.TrimRight(buf.String(), "\n")), nil
}
