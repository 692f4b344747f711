package decode

import (
	"slices"
	"strings"
	"unicode/utf8"

	"yingda/nlu"
)

// connectives open a new wish in running speech. They are cut before, so that they belong to the clause they open.
var connectives = []string{
	"另外", "还有", "顺便", "对了", "再就是", "以及", "同时", "然后", "还想", "再帮", "再给", "再问", "还要", "并且", "而且", "順便", "對了", "還有", "然後", "還想", "再幫",
	" also ", " and ", " btw ", " by the way", " plus ", " then ", " oh and ", " another thing", " one more", " additionally", " as well as ",
}

// openers are the connectives as a clause may begin with them: without the space before, which the clause before has.
var openers = func() []string {
	all := slices.Clone(connectives)
	for _, c := range connectives {
		all = append(all, strings.TrimSpace(c)+" ")
	}
	return all
}()

// Clauses splits a text at punctuation and connectives into half-open byte ranges that cover it. Clauses of fewer than minTokens
// tokens join the one before them (or after, at the start).
func Clauses(text string, tokens []nlu.Token, minTokens int) []nlu.Span {
	cuts := cutPoints(text)
	var spans []nlu.Span
	start := 0
	for _, c := range append(cuts, len(text)) {
		if c > start {
			spans = append(spans, nlu.Span{Start: start, End: c})
			start = c
		}
	}
	return joinShort(spans, tokens, minTokens)
}

func cutPoints(text string) []int {
	lower := asciiLower(text)
	var cuts []int
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case strings.ContainsRune("，,。！!？?；;\n…~～、", r) && !insideNumber(text, i, n):
			cuts = append(cuts, i+n)
		case r == '.' && (i+1 == len(text) || text[i+1] == ' '):
			cuts = append(cuts, i+n)
		default:
			for _, c := range connectives {
				if i > 0 && strings.HasPrefix(lower[i:], c) {
					cuts = append(cuts, i)
					break
				}
			}
		}
		i += n
	}
	return cuts
}

// insideNumber tells whether the mark at i stands between digits (1,000).
func insideNumber(text string, i, n int) bool {
	digit := func(j int) bool { return j >= 0 && j < len(text) && text[j] >= '0' && text[j] <= '9' }
	return digit(i-1) && digit(i+n)
}

// asciiLower lowers A–Z only: byte positions stay.
func asciiLower(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r >= 'A' && r <= 'Z' }) < 0 {
		return s
	}
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

func joinShort(spans []nlu.Span, tokens []nlu.Token, minTokens int) []nlu.Span {
	var out []nlu.Span
	carry := -1 // start of short clauses at the beginning
	for _, s := range spans {
		if carry >= 0 {
			s.Start, carry = carry, -1
		}
		switch n := len(tokensIn(tokens, s)); {
		case n >= minTokens:
			out = append(out, s)
		case len(out) > 0:
			out[len(out)-1].End = s.End
		default:
			carry = s.Start
		}
	}
	if carry >= 0 {
		out = append(out, nlu.Span{Start: carry, End: spans[len(spans)-1].End})
	}
	return out
}

// tokensIn returns the positions of the tokens that begin within a span.
func tokensIn(tokens []nlu.Token, s nlu.Span) []int {
	var in []int
	for i, t := range tokens {
		if !t.Special && t.Start >= s.Start && t.Start < s.End {
			in = append(in, i)
		}
	}
	return in
}

// opens tells whether a clause that begins at a byte position does so with a connective.
func opens(text string, at int) bool {
	if at == 0 {
		return false
	}
	lower := asciiLower(text[at:])
	return slices.ContainsFunc(openers, func(o string) bool { return strings.HasPrefix(lower, o) })
}
