package tokenizer

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// Tokenizer encodes texts. It is safe for concurrent use and does not change after Parse.
type Tokenizer struct {
	plain, normalized *addedSet // added tokens looked for before and after normalising
	normalizers       []normalizer
	preTokenizers     []preTokenizer
	model             model
	post              postProcessor

	cutLeft   bool // truncate at the start
	maxLength int
	padID     int64
	size      int
	ids       map[string]int64 // added tokens
	dense     []string         // token of each small id
	sparse    map[int64]string // the others
	pool      sync.Pool        // of *scratch
}

var (
	// ErrTextTooLong is returned by Encode for a text of more than MaxTextBytes bytes.
	ErrTextTooLong = errors.New("tokenizer: text is too long")
	// ErrExpansion is returned by Encode when normalising makes a text more than 16 times as long (and longer than 1 MiB),
	// which only a hostile or broken tokenizer file does.
	ErrExpansion = errors.New("tokenizer: normalising expands the text beyond reason")
	// ErrMaxTokens is returned by Encode when the limit leaves no room for the special tokens.
	ErrMaxTokens = errors.New("tokenizer: token limit is below the number of special tokens")
)

// MaxTextBytes is the length of the longest text that Encode takes.
const MaxTextBytes = 16 << 20

// A FormatError says which part of a tokenizer.json cannot be used, and why.
type FormatError struct {
	Field string // path inside the file, "normalizer.normalizers[1].pattern"
	Err   error
}

func (e *FormatError) Error() string { return fmt.Sprintf("tokenizer.json: %s: %v", e.Field, e.Err) }

// Unwrap returns the cause.
func (e *FormatError) Unwrap() error { return e.Err }

// Load reads a tokenizer.json file.
func Load(path string) (*Tokenizer, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load tokenizer: %w", err)
	}
	t, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("load tokenizer %s: %w", path, err)
	}
	return t, nil
}

// New reads a tokenizer.json from r until its end.
func New(r io.Reader) (*Tokenizer, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read tokenizer: %w", err)
	}
	return Parse(data)
}

// VocabSize returns the number of tokens, added tokens included.
func (t *Tokenizer) VocabSize() int { return t.size }

// MaxLength returns the limit that the file's truncation block asks for, special tokens included; 0 if it has none.
// Encode does not apply it by itself.
func (t *Tokenizer) MaxLength() int { return t.maxLength }

// PadID returns the id to fill rows of a batch with: that of the file's padding block, else that of the token <pad> or
// [PAD], else 0.
func (t *Tokenizer) PadID() int64 { return t.padID }

// SpecialCount returns how many special tokens Encode puts around a text.
func (t *Tokenizer) SpecialCount() int { return len(t.post.before) + len(t.post.after) }

// TokenID returns the id of a token.
func (t *Tokenizer) TokenID(token string) (int, bool) {
	if id, ok := t.ids[token]; ok {
		return int(id), true
	}
	id := t.model.find(token)
	return int(max(id, 0)), id >= 0
}

// Token returns the token with an id as the vocabulary writes it ("▁hello", "##ing"), or "" if there is none.
func (t *Tokenizer) Token(id int64) string {
	if id >= 0 && id < int64(len(t.dense)) {
		return t.dense[id]
	}
	return t.sparse[id]
}

// nameTokens fills the tables behind Token and VocabSize.
func (t *Tokenizer) nameTokens(added []addedToken) {
	tokens, ids := t.model.vocab()
	t.dense = make([]string, len(tokens)+len(added))
	t.sparse = map[int64]string{}
	name := func(id int64, token string) {
		if id < int64(len(t.dense)) {
			t.dense[id] = token
		} else {
			t.sparse[id] = token
		}
	}
	for i, token := range tokens {
		name(ids[i], token)
	}
	t.size = len(tokens)
	for _, a := range added {
		name(a.id, a.content)
		if t.model.find(a.content) < 0 {
			t.size++
		}
	}
}

// findPad returns the id to pad with when the file does not say.
func (t *Tokenizer) findPad() int64 {
	for _, name := range []string{"<pad>", "[PAD]"} {
		if id, ok := t.TokenID(name); ok {
			return int64(id)
		}
	}
	return 0
}
