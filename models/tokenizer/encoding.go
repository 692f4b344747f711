package tokenizer

import (
	"fmt"
	"slices"
)

// Span is a half-open range of bytes in the raw text.
type Span struct{ Start, End int }

// Encoding is a text as tokens. The slices have one element for each token.
type Encoding struct {
	IDs       []int64
	Spans     []Span // {0, 0} for special tokens
	Special   []bool // added by the post-processor: <s>, </s>, [CLS], [SEP]
	Words     []int  // number of the pre-token, -1 for special tokens
	Truncated int    // tokens that maxTokens cut off
}

// Len returns the number of tokens.
func (e *Encoding) Len() int { return len(e.IDs) }

func (e *Encoding) reset() {
	e.IDs, e.Spans, e.Special, e.Words = e.IDs[:0], e.Spans[:0], e.Special[:0], e.Words[:0]
	e.Truncated = 0
}

func (e *Encoding) special(ids []int64) {
	for _, id := range ids {
		e.IDs = append(e.IDs, id)
		e.Spans = append(e.Spans, Span{})
		e.Special = append(e.Special, true)
		e.Words = append(e.Words, -1)
	}
}

// scratch is the memory that one Encode works in.
type scratch struct {
	raw, a, b     aligned
	arena         aligned // the normalised text that pieces and tokens point into
	edit          editor
	cuts, inner   []piece
	pieces, spare []piece
	tokens        []token
	best          []best
}

// maxKept is the size of text up to which a scratch is kept for the next call.
const maxKept = 64 << 10

func newScratch() *scratch { return new(scratch) }

// Encode returns the tokens of text. With maxTokens > 0 it cuts the text's tokens so that there are at most that many with
// the special ones, which always stay. The error is ErrTextTooLong, ErrMaxTokens, ErrExpansion or ErrNoUnknownToken.
func (t *Tokenizer) Encode(text string, maxTokens int) (Encoding, error) {
	var enc Encoding
	err := t.EncodeInto(&enc, text, maxTokens)
	return enc, err
}

// EncodeInto is Encode into the slices of enc, which it overwrites and grows when needed. After an error enc is empty.
func (t *Tokenizer) EncodeInto(enc *Encoding, text string, maxTokens int) error {
	enc.reset()
	if len(text) > MaxTextBytes {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTextTooLong, len(text), MaxTextBytes)
	}
	room := -1
	if maxTokens > 0 {
		if room = maxTokens - t.SpecialCount(); room < 0 {
			return fmt.Errorf("%w: limit %d, %d special tokens", ErrMaxTokens, maxTokens, t.SpecialCount())
		}
	}
	s, _ := t.pool.Get().(*scratch)
	if s == nil {
		s = newScratch()
	}
	err := t.run(s, text)
	if err == nil {
		t.finish(enc, s, text, room)
	}
	if cap(s.arena.text) <= maxKept && cap(s.raw.text) <= maxKept {
		t.pool.Put(s)
	}
	return err
}

// run fills s.tokens.
func (t *Tokenizer) run(s *scratch, text string) error {
	s.raw.load(text)
	s.arena.reset()
	s.pieces, s.tokens = s.pieces[:0], s.tokens[:0]
	s.edit.src, s.edit.dst, s.edit.over = &s.a, &s.b, false
	s.edit.limit = max(1<<20, 16*len(text))
	s.cuts = t.plain.find(s.cuts[:0], s.raw.text)
	for _, c := range s.cuts {
		if c.id >= 0 {
			s.keep(&s.raw, c)
			continue
		}
		s.edit.src.reset()
		s.edit.src.appendRange(&s.raw, int(c.lo), int(c.hi))
		if !t.normalize(&s.edit) || len(s.arena.text) > s.edit.limit {
			return ErrExpansion
		}
		s.inner = t.normalized.find(s.inner[:0], s.edit.src.text)
		for _, p := range s.inner {
			s.keep(s.edit.src, p)
		}
	}
	for _, p := range t.preTokenizers {
		p.split(s)
	}
	for i, p := range s.pieces {
		if p.id >= 0 {
			s.tokens = append(s.tokens, token{p.id, p.lo, p.hi, int32(i)})
		} else if err := t.model.tokenize(s, p.lo, p.hi, int32(i)); err != nil {
			return err
		}
	}
	return nil
}

// keep moves a piece of some text into the arena.
func (s *scratch) keep(from *aligned, p piece) {
	if p.lo >= p.hi {
		return
	}
	lo := int32(len(s.arena.text))
	s.arena.appendRange(from, int(p.lo), int(p.hi))
	s.pieces = append(s.pieces, piece{lo, lo + p.hi - p.lo, p.id})
}

// normalize runs all steps on e.src, where the result is; false means that it grew too long.
func (t *Tokenizer) normalize(e *editor) bool {
	for _, n := range t.normalizers {
		e.pos = 0
		e.dst.reset()
		if n.normalize(e) {
			e.src, e.dst = e.dst, e.src
		}
		if e.over {
			return false
		}
	}
	return true
}

// finish writes the tokens to enc, cut to room (if not negative) and between special tokens.
func (t *Tokenizer) finish(enc *Encoding, s *scratch, text string, room int) {
	tokens, first := s.tokens, 0
	if room >= 0 && len(tokens) > room {
		enc.Truncated = len(tokens) - room
		if t.cutLeft {
			first = enc.Truncated
		}
		tokens = tokens[first : first+room]
	}
	n := len(tokens) + t.SpecialCount()
	enc.IDs, enc.Spans = slices.Grow(enc.IDs, n), slices.Grow(enc.Spans, n)
	enc.Special, enc.Words = slices.Grow(enc.Special, n), slices.Grow(enc.Words, n)
	enc.special(t.post.before)
	for i, tok := range tokens {
		raw := s.arena.raw(tok.lo, tok.hi)
		span := Span{int(raw.lo), int(raw.hi)}
		if t.post.trim {
			span = t.post.trimmed(span, s.arena.text[tok.lo:tok.hi], text, i == 0)
		}
		enc.IDs = append(enc.IDs, tok.id)
		enc.Spans = append(enc.Spans, span)
		enc.Special = append(enc.Special, false)
		enc.Words = append(enc.Words, int(tok.word))
	}
	enc.special(t.post.after)
}
