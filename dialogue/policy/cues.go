package policy

import (
	"regexp"
	"strings"
	"unicode"
)

// matcher finds the words of a cue. Patterns with Chinese characters are tried on texts that have some, patterns with Latin letters
// likewise, others always: half of the work is saved on most messages.
type matcher struct {
	han, latin, other *regexp.Regexp // nil = none
}

// escapes are the parts of a pattern whose letters are not letters to be matched.
var escapes = regexp.MustCompile(`\\[a-zA-Z]|\(\?[a-zA-Z-]+[:)]|\(\?P?<\w+>`)

// newMatcher joins the patterns by what they need. All of them compile. anchor goes before each group.
func newMatcher(anchor string, patterns []string) *matcher {
	var han, latin, other []string
	for _, p := range patterns {
		plain := escapes.ReplaceAllString(p, "")
		switch {
		case strings.Contains(p, `\p{`): // a class that may hold either
			other = append(other, p)
		case strings.ContainsFunc(plain, isHan):
			han = append(han, p)
		case strings.ContainsFunc(plain, isLatin):
			latin = append(latin, p)
		default:
			other = append(other, p)
		}
	}
	join := func(list []string) *regexp.Regexp {
		if len(list) == 0 {
			return nil
		}
		return regexp.MustCompile(anchor + "(?:" + strings.Join(list, "|") + ")")
	}
	return &matcher{join(han), join(latin), join(other)}
}

func isHan(r rune) bool   { return unicode.Is(unicode.Han, r) }
func isLatin(r rune) bool { return r < 0x80 && unicode.IsLetter(r) }

// each calls fn with the expressions that can match the text until fn returns false.
func (m *matcher) each(text string, fn func(*regexp.Regexp) bool) {
	if m == nil {
		return
	}
	if m.han != nil && strings.ContainsFunc(text, isHan) && !fn(m.han) {
		return
	}
	if m.latin != nil && strings.ContainsFunc(text, isLatin) && !fn(m.latin) {
		return
	}
	if m.other != nil {
		fn(m.other)
	}
}

// has tells whether the text holds the cue.
func (m *matcher) has(text string) (found bool) {
	m.each(text, func(re *regexp.Regexp) bool {
		found = re.MatchString(text)
		return !found
	})
	return found
}

// groups returns what the groups of the first match that has any caught, without empty ones.
func (m *matcher) groups(text string) (out []string) {
	m.each(text, func(re *regexp.Regexp) bool {
		for i, g := range re.FindStringSubmatch(text) {
			if i > 0 && g != "" {
				out = append(out, g)
			}
		}
		return len(out) == 0
	})
	return out
}

// all returns what the groups of each match caught, without empty ones.
func (m *matcher) all(text string) (out [][]string) {
	m.each(text, func(re *regexp.Regexp) bool {
		for _, match := range re.FindAllStringSubmatch(text, -1) {
			var groups []string
			for _, g := range match[1:] {
				if g != "" {
					groups = append(groups, g)
				}
			}
			out = append(out, groups)
		}
		return true
	})
	return out
}

// first returns the bytes [start, end) of the first match.
func (m *matcher) first(text string) (start, end int, found bool) {
	m.each(text, func(re *regexp.Regexp) bool {
		if at := re.FindStringIndex(text); at != nil {
			start, end, found = at[0], at[1], true
		}
		return !found
	})
	return start, end, found
}

// without returns the text with all matches cut out.
func (m *matcher) without(text string) string {
	m.each(text, func(re *regexp.Regexp) bool {
		text = re.ReplaceAllString(text, "")
		return true
	})
	return text
}
