package tokenizer

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// ErrNoUnknownToken is returned by Encode when the text has a part that no token covers, and the file names no token for
// such parts.
var ErrNoUnknownToken = errors.New("tokenizer: text is not covered by the vocabulary, which has no unknown token")

// token is a token found by the model: an id and a range of scratch.arena.
type token struct {
	id     int64
	lo, hi int32
	word   int32
}

// model cuts pieces into tokens.
type model interface {
	// tokenize appends the tokens of the text [lo, hi) of s.arena to s.tokens, as parts of the given word.
	tokenize(s *scratch, lo, hi, word int32) error
	// find returns the id of a token, or -1.
	find(token string) int64
	// vocab returns all tokens with their ids.
	vocab() (tokens []string, ids []int64)
}

// wordPiece takes the longest token a word starts with, then the longest that continues it, and so on; a word that cannot
// be covered so is unknown as a whole.
type wordPiece struct {
	tokens   []string
	ids      []int64
	trie     *trie // token to its place in tokens
	rest     uint32
	restOK   bool
	unknown  int64
	maxChars int
}

// newWordPiece builds the model. prefix marks the tokens that continue a word ("##").
func newWordPiece(tokens []string, ids []int64, prefix, unknown string, maxChars int) *wordPiece {
	m := &wordPiece{tokens: tokens, ids: ids, maxChars: maxChars}
	entries := make([]entry, len(tokens))
	for i, t := range tokens {
		entries[i] = entry{t, int32(i)}
	}
	m.trie = newTrie(entries)
	m.rest, m.restOK = m.trie.walk(0, prefix)
	m.unknown = m.find(unknown)
	return m
}

func (m *wordPiece) find(token string) int64 {
	if i := m.trie.find(token); i >= 0 {
		return m.ids[i]
	}
	return -1
}

func (m *wordPiece) vocab() ([]string, []int64) { return m.tokens, m.ids }

func (m *wordPiece) tokenize(s *scratch, lo, hi, word int32) error {
	before := len(s.tokens)
	text := s.arena.text[lo:hi]
	bad := utf8.RuneCount(text) > m.maxChars
	for at := 0; at < len(text) && !bad; {
		var v int32 = -1
		var size int
		if at == 0 {
			v, size = m.trie.longest(0, text)
		} else if m.restOK {
			v, size = m.trie.longest(m.rest, text[at:])
		}
		if v < 0 {
			bad = true
			break
		}
		s.tokens = append(s.tokens, token{m.ids[v], lo + int32(at), lo + int32(at+size), word})
		at += size
	}
	if !bad {
		return nil
	}
	if m.unknown < 0 {
		return fmt.Errorf("%w (a word of %d bytes)", ErrNoUnknownToken, len(text))
	}
	s.tokens = append(s.tokens[:before], token{m.unknown, lo, hi, word})
	return nil
}
