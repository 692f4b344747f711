package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// field is a part of the file, with its path for messages.
type field struct {
	path  string
	data  json.RawMessage
	depth int
}

// maxDepth is how deep sequences may stand in sequences.
const maxDepth = 16

// fault wraps an error with the path.
func (f field) fault(err error) error {
	var known *FormatError
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &FormatError{f.path, err}
}

func (f field) child(name string, data json.RawMessage) field {
	return field{strings.TrimPrefix(f.path+"."+name, "."), data, f.depth + 1}
}

// absent reports whether the part is missing or null.
func (f field) absent() bool {
	return len(f.data) == 0 || bytes.Equal(bytes.TrimSpace(f.data), []byte("null"))
}

// decode reads the part into v; a fault inside v is named by its own path.
func (f field) decode(v any) error {
	if f.absent() {
		return f.fault(errors.New("missing"))
	}
	err := json.Unmarshal(f.data, v)
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) && kind.Field != "" {
		return f.child(kind.Field, nil).fault(fmt.Errorf("want %s, not %s", kind.Type, kind.Value))
	}
	return f.fault(err)
}

// list reads the part's member of that name, an array.
func (f field) list(name string) ([]field, error) {
	var members map[string]json.RawMessage
	if err := f.decode(&members); err != nil {
		return nil, err
	}
	at := f.child(name, members[name])
	if at.depth > 2*maxDepth {
		return nil, at.fault(fmt.Errorf("sequences are nested more than %d deep", maxDepth))
	}
	var items []json.RawMessage
	if err := at.decode(&items); err != nil {
		return nil, err
	}
	out := make([]field, len(items))
	for i, item := range items {
		out[i] = field{fmt.Sprintf("%s[%d]", at.path, i), item, at.depth + 1}
	}
	return out, nil
}

// pick returns the builder for the part's type. Both results are nil if the part is absent.
func pick[B any](f field, builders map[string]B) (b B, err error) {
	if f.absent() {
		return b, nil
	}
	var v struct {
		Type string `json:"type"`
	}
	if err := f.decode(&v); err != nil {
		return b, err
	}
	b, ok := builders[v.Type]
	if !ok {
		return b, f.fault(fmt.Errorf("type %q is not supported", v.Type))
	}
	return b, nil
}

// file is the outline of a tokenizer.json.
type file struct {
	Version       string
	Truncation    *truncationJSON
	Padding       *paddingJSON
	AddedTokens   []addedJSON     `json:"added_tokens"`
	Normalizer    json.RawMessage `json:"normalizer"`
	PreTokenizer  json.RawMessage `json:"pre_tokenizer"`
	PostProcessor json.RawMessage `json:"post_processor"`
	Model         json.RawMessage `json:"model"`
}

type truncationJSON struct {
	Direction string
	MaxLength int `json:"max_length"`
}

type paddingJSON struct {
	PadID uint32 `json:"pad_id"`
}

type addedJSON struct {
	Content    string
	SingleWord bool `json:"single_word"`
	LStrip     bool
	RStrip     bool
	Normalized *bool
	Special    bool
}

// Parse reads the content of a tokenizer.json. Its errors are *FormatError.
func Parse(data []byte) (*Tokenizer, error) {
	chars()
	root := field{data: data}
	var v file
	if err := root.decode(&v); err != nil {
		return nil, err
	}
	if v.Version != "" && v.Version != "1.0" {
		return nil, root.child("version", nil).fault(fmt.Errorf("%q is not known", v.Version))
	}
	t := &Tokenizer{}
	var err error
	if t.model, err = parseModel(root.child("model", v.Model)); err != nil {
		return nil, err
	}
	if t.normalizers, err = parseNormalizer(nil, root.child("normalizer", v.Normalizer)); err != nil {
		return nil, err
	}
	if t.preTokenizers, err = parsePreTokenizer(nil, root.child("pre_tokenizer", v.PreTokenizer)); err != nil {
		return nil, err
	}
	if err = t.post.add(root.child("post_processor", v.PostProcessor)); err != nil {
		return nil, err
	}
	if err = t.addTokens(root, v.AddedTokens); err != nil {
		return nil, err
	}
	return t, t.limits(root, &v)
}

// limits takes over truncation and padding.
func (t *Tokenizer) limits(root field, v *file) error {
	if v.Truncation != nil {
		t.maxLength = v.Truncation.MaxLength
		t.cutLeft = strings.EqualFold(v.Truncation.Direction, "left")
		if t.maxLength < 0 {
			return root.child("truncation.max_length", nil).fault(fmt.Errorf("%d is negative", t.maxLength))
		}
	}
	t.padID = t.findPad()
	if v.Padding != nil {
		t.padID = int64(v.Padding.PadID)
	}
	return nil
}

// addTokens takes over the added tokens. Their ids are those of the model's tokens of the same name, else the next free
// ones, whatever the file says; Hugging Face does the same.
func (t *Tokenizer) addTokens(root field, list []addedJSON) error {
	tokens, _ := t.model.vocab()
	next := int64(len(tokens))
	t.ids = make(map[string]int64, len(list))
	var sets [2][]addedToken
	var patterns [2][]string
	s := newScratch()
	for i, a := range list {
		if _, known := t.ids[a.Content]; known || a.Content == "" {
			continue
		}
		id := t.model.find(a.Content)
		if id < 0 {
			id = next
			next++
		}
		t.ids[a.Content] = id
		tok := addedToken{id, a.Content, a.SingleWord, a.LStrip, a.RStrip, a.Special}
		kind, pattern := 0, a.Content
		if a.Normalized == nil || *a.Normalized {
			kind = 1
			var ok bool
			if pattern, ok = t.normalForm(s, a.Content); !ok {
				return root.child(fmt.Sprintf("added_tokens[%d].content", i), nil).fault(ErrExpansion)
			}
		}
		sets[kind] = append(sets[kind], tok)
		patterns[kind] = append(patterns[kind], pattern)
	}
	t.plain = newAddedSet(sets[0], patterns[0])
	t.normalized = newAddedSet(sets[1], patterns[1])
	t.nameTokens(append(sets[0], sets[1]...))
	return nil
}

// normalForm returns what normalising makes of a text.
func (t *Tokenizer) normalForm(s *scratch, text string) (string, bool) {
	s.edit.src, s.edit.dst, s.edit.over, s.edit.limit = &s.a, &s.b, false, max(1<<12, 16*len(text))
	s.edit.src.load(text)
	ok := t.normalize(&s.edit)
	return string(s.edit.src.text), ok
}
