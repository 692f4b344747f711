package tokenizer

import (
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// unknownPenalty is how much less likely than the least likely token an unknown character is.
const unknownPenalty = 10

// unigram finds the sequence of tokens with the highest sum of scores (log probabilities).
type unigram struct {
	tokens   []string
	scores   []float64
	trie     *trie
	unknown  int32 // -1 if there is none
	unkScore float64
	bytes    *[256]int64 // ids of the tokens <0x00> to <0xFF>, -1 where missing; nil without byte fallback
}

// newUnigram builds the model.
func newUnigram(tokens []string, scores []float64, unknown int32, byteFallback bool) *unigram {
	m := &unigram{tokens: tokens, scores: scores, unknown: unknown}
	entries := make([]entry, len(tokens))
	least := math.Inf(1)
	for i, t := range tokens {
		entries[i] = entry{t, int32(i)}
		least = min(least, scores[i])
	}
	m.unkScore = least - unknownPenalty
	m.trie = newTrie(entries)
	if byteFallback {
		m.bytes = new([256]int64)
		for b := range m.bytes {
			m.bytes[b] = m.find(fmt.Sprintf("<0x%02X>", b))
		}
	}
	return m
}

func (m *unigram) find(token string) int64 { return int64(m.trie.find(token)) }

func (m *unigram) vocab() ([]string, []int64) {
	ids := make([]int64, len(m.tokens))
	for i := range ids {
		ids[i] = int64(i)
	}
	return m.tokens, ids
}

// best is the best way to reach a place in the text: the token that ends there, where it starts, the score so far.
type best struct {
	score float64
	from  int32 // -1: not reached yet
	id    int32
}

func (m *unigram) tokenize(s *scratch, lo, hi, word int32) error {
	text := s.arena.text[lo:hi]
	if err := m.search(s, text); err != nil {
		return err
	}
	before := len(s.tokens)
	for end := int32(len(text)); end > 0; {
		b := s.best[end]
		start := b.from
		for b.id == m.unknown && start > 0 && s.best[start].id == m.unknown {
			start = s.best[start].from
		}
		m.emit(s, token{int64(b.id), lo + start, lo + end, word})
		end = start
	}
	slices.Reverse(s.tokens[before:])
	return nil
}

// search fills s.best for all places between characters.
func (m *unigram) search(s *scratch, text []byte) error {
	s.best = slices.Grow(s.best[:0], len(text)+1)[:len(text)+1]
	for i := range s.best {
		s.best[i].from = -1
	}
	s.best[0].score = 0
	for at := 0; at < len(text); {
		size := 1
		if text[at] >= utf8.RuneSelf {
			_, size = utf8.DecodeRune(text[at:])
		}
		base := s.best[at].score
		single := false
		n := uint32(0)
		for i := at; i < len(text); i++ {
			if n = m.trie.step(n, text[i]); n == 0 {
				break
			}
			if v := m.trie.value[n]; v >= 0 {
				s.reach(i+1, at, v, base+m.scores[v])
				single = single || i+1-at == size
			}
		}
		if !single && s.reach(at+size, at, m.unknown, base+m.unkScore) && m.unknown < 0 {
			return fmt.Errorf("%w (at byte %d of %d)", ErrNoUnknownToken, at, len(text))
		}
		at += size
	}
	return nil
}

// reach notes a way to place end if it is the first or better than the one known.
func (s *scratch) reach(end, from int, id int32, score float64) bool {
	b := &s.best[end]
	if b.from >= 0 && !(score > b.score) {
		return false
	}
	*b = best{score, int32(from), id}
	return true
}

// emit appends a token; tokens arrive last first. A stretch of unknown characters may be a token after all, or become
// tokens of its bytes.
func (m *unigram) emit(s *scratch, t token) {
	if t.id != int64(m.unknown) {
		s.tokens = append(s.tokens, t)
		return
	}
	text := s.arena.text[t.lo:t.hi]
	if v := m.trie.get(text); v >= 0 {
		t.id = int64(v)
	} else if m.hasBytes(text) {
		for _, b := range slices.Backward(text) {
			s.tokens = append(s.tokens, token{m.bytes[b], t.lo, t.hi, t.word})
		}
		return
	}
	s.tokens = append(s.tokens, t)
}

// hasBytes reports whether there is a token for each byte of text.
func (m *unigram) hasBytes(text []byte) bool {
	if m.bytes == nil {
		return false
	}
	for _, b := range text {
		if m.bytes[b] < 0 {
			return false
		}
	}
	return true
}
