package corpus

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
)

// columns are the places of what a table holds; −1 = not there.
type columns struct{ text, label, emotion, lang, tags int }

// Names of columns in a header, in lower case.
var (
	textNames  = []string{"text", "utterance", "query", "sentence", "question", "message", "文本", "句子"}
	labelNames = []string{"label", "intent", "intents", "category", "class", "标签", "意图"}
)

// ReadCSV reads a table of text and label, comma-separated and quoted as RFC 4180 says. A header is recognised by its names
// (text or utterance, query, …; label or intent, category, …) and may add emotion, lang and tags (separated by '|').
// A label that is empty, OOS, out_of_scope, nlu_fallback, none or null means no intent; "a+b" are two.
func ReadCSV(file string, data []byte) (*Corpus, error) {
	s := newSource(file)
	data, ok := s.clean(data)
	if !ok {
		return s.result()
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = -1
	t := table{source: s}
	for {
		row, err := r.Read()
		var pe *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return s.result()
		case errors.As(err, &pe):
			s.fault(pe.StartLine, "not CSV: %v (a quote within a quoted text is written twice)", pe.Err)
		case err != nil:
			s.fault(0, "not CSV: %v", err)
			return s.result()
		default:
			at, _ := r.FieldPos(0)
			t.row(row, at)
		}
	}
}

// ReadTSV reads a table with tabs; see [ReadCSV]. One row a line: a quote counts only around a whole field.
func ReadTSV(file string, data []byte) (*Corpus, error) {
	s := newSource(file)
	data, ok := s.clean(data)
	if !ok {
		return s.result()
	}
	t, at := table{source: s}, 0
	for l := range strings.Lines(string(data)) {
		at++
		if l = strings.TrimRight(l, "\r\n"); l == "" {
			continue
		}
		row := strings.Split(l, "\t")
		for i, f := range row {
			if len(f) >= 2 && f[0] == '"' && f[len(f)-1] == '"' {
				row[i] = strings.ReplaceAll(f[1:len(f)-1], `""`, `"`)
			}
		}
		t.row(row, at)
	}
	return s.result()
}

// table reads rows once the first has said what the columns are.
type table struct {
	*source
	begun bool
	cols  columns
	width int
}

func (t *table) row(row []string, at int) {
	if !t.begun {
		t.begun = true
		if t.header(row, at) {
			return
		}
		t.cols, t.width = columns{text: 0, label: 1, emotion: -1, lang: -1, tags: -1}, 2
	}
	if len(row) != t.width {
		t.fault(at, "%d columns where %d are expected; a text with the separator in it must be quoted", len(row), t.width)
		return
	}
	get := func(i int) string {
		if i < 0 {
			return ""
		}
		return strings.TrimSpace(row[i])
	}
	labels, cause := intents(splitLabel(get(t.cols.label)))
	text := get(t.cols.text)
	switch {
	case cause != "":
		t.fault(at, "%s", cause)
	case text == "":
		t.fault(at, "an example without text")
	default:
		eg := Example{Text: text, Intents: labels, HasIntents: true, Emotion: get(t.cols.emotion), Lang: get(t.cols.lang)}
		if tags := get(t.cols.tags); tags != "" {
			eg.Tags = strings.Split(tags, "|")
		}
		t.add(eg, at)
	}
}

// header reads the names of the columns, if the row holds a name for the text and one for the label.
func (t *table) header(row []string, at int) bool {
	t.cols, t.width = columns{-1, -1, -1, -1, -1}, len(row)
	var others []string
	for i, f := range row {
		name := strings.ToLower(strings.TrimSpace(f))
		switch {
		case t.cols.text < 0 && slices.Contains(textNames, name):
			t.cols.text = i
		case t.cols.label < 0 && slices.Contains(labelNames, name):
			t.cols.label = i
		case name == "emotion":
			t.cols.emotion = i
		case name == "lang" || name == "language":
			t.cols.lang = i
		case name == "tags":
			t.cols.tags = i
		default:
			others = append(others, f)
		}
	}
	if t.cols.text < 0 || t.cols.label < 0 {
		return false
	}
	for _, name := range others {
		t.note(at, "column %q is left out", name)
	}
	return true
}
