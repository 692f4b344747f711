package sequence

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"yingda/nlu/recognizer/value"
)

// urls finds addresses of the web, with a scheme or without.
func (s *scan) urls() {
	for i := 0; i < len(s.text); {
		c := s.text[i]
		switch {
		case c == ':' && strings.HasPrefix(s.text[i:], "://"):
			i = s.schemed(i)
		case isAlnum(c):
			i = s.bare(i)
		default:
			i++
		}
	}
}

// schemed reads the URL whose "://" is at byte i and returns where to go on.
func (s *scan) schemed(i int) int {
	start := i
	for start > 0 && i-start < 24 && (isAlnum(s.text[start-1]) || s.text[start-1] == '.' && isAlnum(at(s.text, start-2))) {
		start--
	}
	scheme := s.text[start:i]
	for !s.words.schemes[scheme] { // "5th.https": what stands before a dot may be another sentence
		_, rest, ok := strings.Cut(scheme, ".")
		if !ok {
			return s.skipHost(i + 3)
		}
		start += len(scheme) - len(rest)
		scheme = rest
	}
	if start < s.lastEnd() || isWordLetter(before(s.text, start)) {
		return s.skipHost(i + 3)
	}
	end := s.authority(i + 3)
	if end == 0 {
		return s.skipHost(i + 3)
	}
	end = s.path(end)
	s.add(hit{start: start, end: end, kind: value.KindURL, rule: "url:scheme", score: 1})
	return end
}

// skipHost passes over a host that is none, so that a part of it does not count as one.
func (s *scan) skipHost(i int) int {
	for i < len(s.text) && (isAlnum(s.text[i]) || strings.IndexByte(".-_", s.text[i]) >= 0) {
		i++
	}
	return i
}

// lastEnd is the end of the last find of this scanner.
func (s *scan) lastEnd() int {
	if len(s.hits) == s.settled {
		return 0
	}
	return s.hits[len(s.hits)-1].end
}

// authority reads [user@]host[:port] from i on and returns its end, 0 if there is none.
func (s *scan) authority(i int) int {
	if user := s.userInfo(i); user > 0 {
		i = user
	}
	if at(s.text, i) == '[' {
		close := strings.IndexByte(s.text[i:min(len(s.text), i+48)], ']')
		if close < 0 || !isIPv6(s.text[i+1:i+close]) {
			return 0
		}
		return s.port(i + close + 1)
	}
	if e := ipv4End(s.text, i); e > 0 && !alnumAt(s.text, e) {
		return s.port(e)
	}
	for _, foreign := range [...]bool{false, true} {
		h := readHostOf(s.text, i, foreign)
		if h.labels == 0 || at(s.text, h.end) == '_' || at(s.text, h.end) == '@' {
			continue
		}
		if h.labels == 1 && s.words.hosts[s.text[h.start:h.end]] || h.labels > 1 && s.words.tlds[h.last(s.text)] {
			return s.port(h.end)
		}
		if end := asciiEnd(s.text, h.tail, h.end); h.labels > 1 && s.words.tlds[s.text[h.tail:end]] {
			return s.port(end) // a foreign name, and a sentence that goes on without a space
		}
	}
	return 0
}

// asciiEnd returns where the ASCII letters that start at start end, end at most.
func asciiEnd(text string, start, end int) int {
	for start < end && isAlnum(text[start]) {
		start++
	}
	return start
}

// userInfo returns the byte after "user:password@", 0 if there is none.
func (s *scan) userInfo(i int) int {
	for n := i; n < len(s.text) && n-i < 2*maxLocal; n++ {
		switch c := s.text[n]; {
		case c == '@' && n > i:
			return n + 1
		case !isAlnum(c) && strings.IndexByte("._~-%!$&*+,;=:", c) < 0:
			return 0
		}
	}
	return 0
}

// port returns the end of ":8080" at i, or i.
func (s *scan) port(i int) int {
	if at(s.text, i) != ':' {
		return i
	}
	end := i + 1
	for end-i <= 5 && digitAt(s.text, end) {
		end++
	}
	if end == i+1 || digitAt(s.text, end) {
		return i
	}
	return end
}

// bare reads a URL without scheme from the letter or digit at i and returns where to go on.
func (s *scan) bare(i int) int {
	if e := s.taken(i); e > 0 {
		return e
	}
	start := i
	h := readHost(s.text, start)
	if h.labels == 0 {
		return s.skipHost(i)
	}
	next := at(s.text, h.end)
	if !s.leads(start) || next == '@' || next == '_' || s.reaches(start, h.end) {
		return s.skipHost(i)
	}
	end := s.port(h.end)
	if !s.trusted(h, end) {
		return max(h.end, i+1)
	}
	end = s.path(end)
	s.add(hit{start: start, end: end, kind: value.KindURL, rule: "url:host", score: 0.9})
	return end
}

// leads tells whether a host may start at i.
func (s *scan) leads(i int) bool {
	r := before(s.text, i)
	return !isWordLetter(r) && r != '@' && r != '_' && r != '-' && r != '/' && r != '\\' && (r != '.' || at(s.text, i-2) == '.')
}

// trusted tells whether the host of a URL without scheme is more than words with dots between them. end is the end of its port.
func (s *scan) trusted(h host, end int) bool {
	name := s.text[h.start:h.end]
	if h.labels == 1 {
		return s.words.hosts[name] && end > h.end
	}
	last := h.last(s.text)
	if !s.words.tlds[last] || !h.letters || h.loose {
		return false
	}
	if end > h.end || s.words.known[name] || strings.HasPrefix(name, "ww.") || at(s.text, h.end) == '/' && alnumAt(s.text, h.end+1) {
		return true
	}
	if s.words.plain[last] {
		middle := strings.TrimSuffix(s.text[h.start:h.tail], ".")
		return h.labels > 2 && s.words.seconds[middle[strings.LastIndexByte(middle, '.')+1:]]
	}
	return h.labels > 2 || s.named(s.text[h.start:h.tail-1], last)
}

// named tells whether the only name before a top-level domain is none of a number in a list ("1.sony"), a time ("7.am") and a stock ("000001.sz").
func (s *scan) named(name, last string) bool {
	if strings.Trim(name, "0123456789") != "" {
		return true
	}
	if s.words.hours[last] && (len(name) == 1 || len(name) == 2 && name <= "12") || s.words.exchanges[last] {
		return false
	}
	return len(name) > 2 || len(last) <= 3
}

// path returns the end of the path, query and fragment that begin at i, or i. Brackets belong to it when they close within it; marks at the
// end belong to the sentence.
func (s *scan) path(i int) int {
	if c := at(s.text, i); c != '/' && c != '?' && c != '#' {
		return i
	}
	end, depth := i, 0
	for n := i; n < len(s.text); n++ {
		c := s.text[n]
		if c == '(' {
			depth++
		}
		if c == ')' {
			if depth == 0 {
				break
			}
			depth--
		}
		if !isAlnum(c) && strings.IndexByte("/#&=_-~%+@$*.,;:!?()", c) < 0 {
			break
		}
		if strings.IndexByte(".,;:!?(*", c) < 0 {
			end = n + 1
		}
	}
	if end == i {
		return i // a lone question mark ends the sentence
	}
	return end
}

// mendWWW gives back the letter that folding takes from "www.".
func mendWWW(surface string) string {
	host := strings.Index(surface, "://") + 3
	if host < 3 {
		host = 0
	}
	if strings.HasPrefix(surface[host:], "ww.") {
		return surface[:host] + "w" + surface[host:]
	}
	return strings.Clone(surface)
}

// foreignLetter returns the length of the letter, mark or figure at i that is not ASCII.
func foreignLetter(text string, i int) int {
	r, size := utf8.DecodeRuneInString(text[i:])
	if r == utf8.RuneError || !unicode.In(r, unicode.Letter, unicode.Mark, unicode.Digit) {
		return 0
	}
	return size
}
