package tokenizer

import (
	"fmt"
	"unicode/utf8"
)

// piece is a stretch of the normalised text: a pre-token, or an added token if id is not negative.
type piece struct {
	lo, hi int32
	id     int64
}

// preTokenizer is one step of cutting pieces. It works on s.pieces and s.arena and keeps no state.
type preTokenizer interface {
	split(s *scratch)
}

// behavior says what becomes of the matches of a split.
type behavior uint8

const (
	removed behavior = iota
	isolated
	mergedWithPrevious
	mergedWithNext
	contiguous
)

var behaviors = map[string]behavior{
	"Removed": removed, "Isolated": isolated, "MergedWithPrevious": mergedWithPrevious,
	"MergedWithNext": mergedWithNext, "Contiguous": contiguous,
}

func parseBehavior(name string) (behavior, error) {
	b, ok := behaviors[name]
	if !ok {
		return 0, fmt.Errorf("unknown behavior %q", name)
	}
	return b, nil
}

// joins reports whether two neighbouring stretches make one piece.
func (b behavior) joins(prev, next bool) bool {
	switch b {
	case mergedWithPrevious:
		return next && !prev
	case mergedWithNext:
		return prev && !next
	case contiguous:
		return prev == next
	}
	return false
}

// splitter cuts at the matches of a pattern.
type splitter struct {
	pattern  matcher
	behavior behavior
}

func (p splitter) split(s *scratch) {
	s.spare = s.spare[:0]
	for _, pc := range s.pieces {
		if pc.id >= 0 {
			s.spare = append(s.spare, pc)
			continue
		}
		s.spare = p.cut(s, s.spare, pc)
	}
	s.pieces, s.spare = s.spare, s.pieces
}

// cut appends the parts of one piece.
func (p splitter) cut(s *scratch, dst []piece, pc piece) []piece {
	s.edit.matches = p.pattern.match(s.edit.matches[:0], s.arena.text[pc.lo:pc.hi])
	start := len(dst)
	for i, m := range s.edit.matches {
		switch {
		case p.behavior == removed && m.hit:
		case i > 0 && len(dst) > start && p.behavior.joins(s.edit.matches[i-1].hit, m.hit):
			dst[len(dst)-1].hi = pc.lo + m.hi
		default:
			dst = append(dst, piece{pc.lo + m.lo, pc.lo + m.hi, -1})
		}
	}
	return dst
}

// prependScheme says before which pieces Metaspace puts its mark.
type prependScheme uint8

const (
	prependAlways prependScheme = iota
	prependFirst                // only where the raw text begins
	prependNever
)

// metaspace replaces spaces by a mark, puts the mark in front, and starts a piece at each mark.
type metaspace struct {
	mark   rune
	scheme prependScheme
	cuts   bool
}

func (p metaspace) split(s *scratch) {
	s.edit.dst.reset()
	s.spare = s.spare[:0]
	for _, pc := range s.pieces {
		out := piece{lo: int32(len(s.edit.dst.text)), id: pc.id}
		if pc.id >= 0 {
			s.edit.dst.appendRange(&s.arena, int(pc.lo), int(pc.hi))
		} else {
			p.rewrite(s, pc)
		}
		out.hi = int32(len(s.edit.dst.text))
		if pc.id < 0 && p.cuts {
			s.spare = p.cut(s.spare, s.edit.dst.text, out)
		} else {
			s.spare = append(s.spare, out)
		}
	}
	s.pieces, s.spare = s.spare, s.pieces
	s.arena, *s.edit.dst = *s.edit.dst, s.arena
}

// rewrite appends a piece with marks for spaces.
func (p metaspace) rewrite(s *scratch, pc piece) {
	text, from, dst := s.arena.text[pc.lo:pc.hi], s.arena.from[pc.lo:pc.hi], s.edit.dst
	first, _ := utf8.DecodeRune(text)
	marked := first == p.mark || first == ' '
	if !marked && (p.scheme == prependAlways || p.scheme == prependFirst && from[0].lo == 0) {
		dst.appendRune(p.mark, from[0])
	}
	start := 0
	for i, b := range text {
		if b == ' ' {
			dst.text = append(dst.text, text[start:i]...)
			dst.from = append(dst.from, from[start:i]...)
			dst.appendRune(p.mark, from[i])
			start = i + 1
		}
	}
	dst.text = append(dst.text, text[start:]...)
	dst.from = append(dst.from, from[start:]...)
}

// cut starts a new piece at each mark.
func (p metaspace) cut(dst []piece, text []byte, pc piece) []piece {
	start := pc.lo
	for i := pc.lo; i < pc.hi; {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(text[i:])
		}
		if r == p.mark && i > start {
			dst = append(dst, piece{start, i, -1})
			start = i
		}
		i += int32(size)
	}
	return append(dst, piece{start, pc.hi, -1})
}
