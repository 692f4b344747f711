package tokenizer

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// match is a stretch of a text, and whether a pattern matched it.
type match struct {
	lo, hi int32
	hit    bool
}

// matcher finds what a pattern matches.
type matcher interface {
	// match appends the stretches of text, in order and without gaps. A matcher never matches the empty string.
	match(dst []match, text []byte) []match
}

// tile appends a hit [lo, hi), after what lies between it and the stretch before.
func tile(dst []match, lo, hi int) []match {
	return append(gap(dst, lo), match{int32(lo), int32(hi), true})
}

// gap appends what lies between the last stretch and lo, as no hit.
func gap(dst []match, lo int) []match {
	end := int32(0)
	if len(dst) > 0 {
		end = dst[len(dst)-1].hi
	}
	if end < int32(lo) {
		dst = append(dst, match{end, int32(lo), false})
	}
	return dst
}

// literal matches a fixed text.
type literal struct{ text []byte }

func (m literal) match(dst []match, text []byte) []match {
	for at := 0; ; {
		i := bytes.Index(text[at:], m.text)
		if i < 0 {
			return gap(dst, len(text))
		}
		dst = tile(dst, at+i, at+i+len(m.text))
		at += i + len(m.text)
	}
}

// property matches each single character that has one of the properties.
type property struct{ props uint32 }

func (m property) match(dst []match, text []byte) []match {
	tab := chars()
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(text[i:])
		}
		if tab.of(r)&m.props != 0 {
			dst = tile(dst, i, i+size)
		}
		i += size
	}
	return gap(dst, len(text))
}

// words matches \w+ and runs of what is neither \w nor white space.
type words struct{}

func (words) match(dst []match, text []byte) []match {
	tab := chars()
	kind := func(r rune) uint32 {
		p := tab.of(r) & (isWord | isSpace)
		if p&isWord != 0 {
			return isWord
		}
		return p
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		k, start := kind(r), i
		i += size
		if k == isSpace {
			continue
		}
		for i < len(text) {
			r, size = utf8.DecodeRune(text[i:])
			if kind(r) != k {
				break
			}
			i += size
		}
		dst = tile(dst, start, i)
	}
	return gap(dst, len(text))
}

// class matches runs of low to high characters out of a set, taking as many as it can. It covers the patterns that
// tokenizer files use most, without the cost of a regular expression.
type class struct {
	ascii     [utf8.RuneSelf]bool
	ranges    []rune // pairs, both ends included
	low, high int    // high < 0: no limit
}

func (m *class) has(r rune) bool {
	if r < utf8.RuneSelf {
		return m.ascii[r]
	}
	for i := 0; i < len(m.ranges); i += 2 {
		if r <= m.ranges[i+1] {
			return r >= m.ranges[i]
		}
	}
	return false
}

func (m *class) match(dst []match, text []byte) []match {
	start, count := 0, 0
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(text[i:])
		}
		in := m.has(r)
		if in {
			if count == 0 {
				start = i
			}
			count++
		}
		i += size
		if count > 0 && (!in || count == m.high || i == len(text)) {
			end := i
			if !in {
				end -= size
			}
			if count >= m.low {
				dst = tile(dst, start, end)
			}
			count = 0
		}
	}
	return gap(dst, len(text))
}

// expression matches a regular expression.
type expression struct{ re *regexp.Regexp }

func (m expression) match(dst []match, text []byte) []match {
	for _, at := range m.re.FindAllIndex(text, -1) {
		if at[0] < at[1] {
			dst = tile(dst, at[0], at[1])
		}
	}
	return gap(dst, len(text))
}

// inverted swaps hits and misses.
type inverted struct{ of matcher }

func (m inverted) match(dst []match, text []byte) []match {
	n := len(dst)
	dst = m.of.match(dst, text)
	for i := range dst[n:] {
		dst[n+i].hit = !dst[n+i].hit
	}
	return dst
}

var errMatchesEmpty = errors.New("pattern can match the empty string")

func newLiteral(text string) (matcher, error) {
	if text == "" {
		return nil, errMatchesEmpty
	}
	return literal{[]byte(text)}, nil
}

// newExpression compiles a pattern written for Oniguruma, as far as Go's regexp can give it the same meaning.
func newExpression(pattern string) (matcher, error) {
	pattern, err := fromOniguruma(pattern)
	if err != nil {
		return nil, err
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("pattern is not supported: %w", err)
	}
	if minLen(tree) == 0 {
		return nil, errMatchesEmpty
	}
	if m := newClass(tree); m != nil {
		return m, nil
	}
	if tree.Op == syntax.OpLiteral && tree.Flags&syntax.FoldCase == 0 {
		return newLiteral(string(tree.Rune))
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("pattern is not supported: %w", err)
	}
	return expression{re}, nil
}

// newClass returns a class for a tree that is one character set, repeated or not, else nil.
func newClass(tree *syntax.Regexp) matcher {
	m := &class{low: 1, high: 1}
	switch tree.Op {
	case syntax.OpPlus:
		m.high = -1
	case syntax.OpRepeat:
		m.low, m.high = tree.Min, tree.Max
	}
	if tree.Op == syntax.OpPlus || tree.Op == syntax.OpRepeat {
		if tree.Flags&syntax.NonGreedy != 0 {
			return nil
		}
		tree = tree.Sub[0]
	}
	switch {
	case tree.Op == syntax.OpCharClass:
		m.ranges = tree.Rune
	case tree.Op == syntax.OpLiteral && len(tree.Rune) == 1 && tree.Flags&syntax.FoldCase == 0:
		m.ranges = []rune{tree.Rune[0], tree.Rune[0]}
	default:
		return nil
	}
	for i := 0; i < len(m.ranges); i += 2 {
		for r := m.ranges[i]; r <= m.ranges[i+1] && r < utf8.RuneSelf; r++ {
			m.ascii[r] = true
		}
	}
	return m
}

// minLen returns the fewest characters a tree can match (1 stands for more).
func minLen(tree *syntax.Regexp) int {
	switch tree.Op {
	case syntax.OpLiteral, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return minLen(tree.Sub[0])
	case syntax.OpRepeat:
		return min(tree.Min, minLen(tree.Sub[0]))
	case syntax.OpConcat:
		for _, s := range tree.Sub {
			if minLen(s) > 0 {
				return 1
			}
		}
	case syntax.OpAlternate:
		for _, s := range tree.Sub {
			if minLen(s) == 0 {
				return 0
			}
		}
		return 1
	}
	return 0
}

// fromOniguruma rewrites the parts of a pattern that Go reads otherwise, and refuses those it cannot express.
func fromOniguruma(p string) (string, error) {
	var out strings.Builder
	out.WriteString("(?m)")
	inSet := false
	for i := 0; i < len(p); i++ {
		switch rest := p[i:]; {
		case p[i] == '\\' && i+1 < len(p):
			s, err := escape(p[i+1], inSet)
			if err != nil {
				return "", err
			}
			out.WriteString(s)
			i++
			continue
		case inSet && (p[i] == '[' || strings.HasPrefix(rest, "&&")):
			return "", errors.New("nested or intersected character sets are not supported")
		case inSet && p[i] == ']':
			inSet = false
		case !inSet && p[i] == '[':
			inSet = true
		case !inSet && strings.HasPrefix(rest, "(?") && !strings.HasPrefix(rest, "(?:") && !strings.HasPrefix(rest, "(?i:"):
			return "", errors.New("look-around and groups other than (?:…) and (?i:…) are not supported")
		case !inSet && strings.HasPrefix(rest, "{,"):
			return "", errors.New("{,n} is not supported")
		}
		out.WriteByte(p[i])
	}
	return out.String(), nil
}

// escape rewrites the escape \c. The sets \s, \d and \w are not limited to ASCII in Oniguruma.
func escape(c byte, inSet bool) (string, error) {
	prop, negated := uint32(0), false
	switch c {
	case 's', 'S':
		prop, negated = isSpace, c == 'S'
	case 'd', 'D':
		prop, negated = isPatternDigit, c == 'D'
	case 'w', 'W':
		prop, negated = isPatternWord, c == 'W'
	case 'b', 'B', 'h', 'H', 'R', 'X', 'K', 'G', 'Z', 'k', 'g', 'y', 'Y', 'N', 'O':
		return "", fmt.Errorf(`\%c is not supported`, c)
	default:
		if c >= utf8.RuneSelf {
			return string([]byte{c}), nil // the rest of the character follows as it is
		}
		return `\` + string(rune(c)), nil
	}
	set := chars().set(prop)
	if prop == isPatternWord && !inSet {
		set += `\xB2\xB3\xB9\xBC-\xBE` // Oniguruma takes ²³¹¼½¾ for \w, but not for [\w]
	}
	switch {
	case inSet && negated:
		return "", fmt.Errorf(`\%c inside a character set is not supported`, c)
	case inSet:
		return set, nil
	case negated:
		return "[^" + set + "]", nil
	}
	return "[" + set + "]", nil
}
