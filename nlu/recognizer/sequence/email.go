package sequence

import (
	"strings"

	"yingda/nlu/recognizer/value"
)

// Limits of RFC 5321 and RFC 1035.
const (
	maxLocal = 64  // bytes before the @
	maxHost  = 253 // bytes of a host
	maxLabel = 63  // bytes of a part of it
)

// emails finds addresses of mail around each @.
func (s *scan) emails() {
	from := 0 // where the last address ended
	for i := strings.IndexByte(s.text, '@'); i >= 0; {
		if start, end, score := s.email(i, from); end > 0 {
			s.add(hit{start: start, end: end, kind: value.KindEmail, rule: "email", score: score})
			from = end
		}
		next := strings.IndexByte(s.text[i+1:], '@')
		if next < 0 {
			return
		}
		i += 1 + next
	}
}

// email reads the address around the @ at byte i; end 0 = there is none.
func (s *scan) email(i, from int) (start, end int, score float64) {
	start = i
	for start > from && i-start <= maxLocal && isLocal(s.text[start-1]) {
		if start--; s.text[start] == '.' && at(s.text, start+1) == '.' {
			return 0, 0, 0
		}
	}
	for start < i && !isAlnum(s.text[start]) && s.text[start] != '_' {
		start++
	}
	if start == i || i-start > maxLocal || !isAlnum(s.text[i-1]) && strings.IndexByte("_-+", s.text[i-1]) < 0 || isWordLetter(before(s.text, start)) {
		return 0, 0, 0
	}
	if s.inURL(start) {
		return 0, 0, 0
	}
	if at(s.text, i+1) == '[' {
		if e := ipv4End(s.text, i+2); e > 0 && at(s.text, e) == ']' {
			return start, e + 1, 1
		}
		return 0, 0, 0
	}
	h := readHost(s.text, i+1)
	if h.labels < 2 {
		if h = readHostOf(s.text, i+1, true); !s.words.tlds[h.last(s.text)] {
			return 0, 0, 0
		}
	}
	if !h.mailable() || at(s.text, h.end) == '@' || at(s.text, h.end) == '_' {
		return 0, 0, 0
	}
	if score = 0.8; s.words.tlds[h.last(s.text)] {
		score = 1
	}
	return start, h.end, score
}

// inURL tells whether what ends at i began as a URL: in "ftp://user:word@host" the @ is that of the URL.
func (s *scan) inURL(i int) bool {
	for low := max(3, i-maxLocal); i >= low; i-- {
		if c := s.text[i-1]; c == '/' {
			return strings.HasSuffix(s.text[:i], "://")
		} else if c == ' ' || c >= 0x80 {
			return false
		}
	}
	return false
}

// isLocal tells whether c may stand before the @; quoted local parts are not supported.
func isLocal(c byte) bool { return isAlnum(c) || strings.IndexByte("._%+-!$&'*/=?^`{|}~", c) >= 0 }

// host is a name of labels with dots between them, as it stands in a text.
type host struct {
	start, end int
	tail       int  // where the last label starts
	labels     int  // 0 = no host
	letters    bool // some label has a letter
	foreign    bool // some label has a letter beyond ASCII
	loose      bool // some label ends in a hyphen, which no registry permits
}

// readHost reads a host in ASCII from start on. A dot at its end belongs to the sentence.
func readHost(text string, start int) host { return readHostOf(text, start, false) }

// readHostOf reads a host, with foreign letters if those may be part of it.
func readHostOf(text string, start int, foreign bool) host {
	h := host{start: start, end: start}
	label := start
	for i := start; ; {
		size := hostRune(text, i, foreign)
		if size > 0 && i-label < maxLabel && i-start < maxHost {
			h.foreign = h.foreign || size > 1
			h.letters = h.letters || isAlpha(text[i]) || size > 1
			i += size
			continue
		}
		if i == label || text[label] == '-' || size > 0 {
			return h
		}
		h.labels, h.tail, h.end = h.labels+1, label, i
		if at(text, i) != '.' {
			for text[h.end-1] == '-' { // "abc.com- and": the hyphen is the sentence's
				h.end--
			}
			return h
		}
		h.loose = h.loose || text[i-1] == '-'
		i++
		label = i
	}
}

// hostRune returns the length of the character at i if it may be in a label.
func hostRune(text string, i int, foreign bool) int {
	c := at(text, i)
	if isAlnum(c) || c == '-' {
		return 1
	}
	if c < 0x80 || !foreign {
		return 0
	}
	return foreignLetter(text, i)
}

// last is the top-level domain.
func (h host) last(text string) string { return text[h.tail:h.end] }

// mailable tells whether mail can go there: two labels, the last one of letters.
func (h host) mailable() bool { return h.labels >= 2 && !h.loose && h.letters && h.end-h.tail >= 2 }
