package sequence

import (
	"strings"
	"unicode/utf8"

	"yingda/nlu/recognizer/value"
)

// addressBytes is how far before a doubtful address the word that announces it may stand.
const addressBytes = 40

// ips finds addresses of the Internet protocol, version 4 and 6.
func (s *scan) ips(colon bool) {
	for i := 0; i < len(s.text); {
		if e := s.taken(i); e > 0 {
			i = e
			continue
		}
		c := s.text[i]
		switch {
		case isHex(c) || c == ':' && colon:
			i = s.ip(i)
		case isAlpha(c):
			i = s.skipWord(i)
		default:
			i++
		}
	}
}

// skipWord passes over letters and digits: an address does not start within a word.
func (s *scan) skipWord(i int) int {
	for i < len(s.text) && (isAlnum(s.text[i]) || s.text[i] == '_') {
		i++
	}
	return i
}

// ip reads the run of hexadecimal figures, colons and dots at i and returns where to go on.
func (s *scan) ip(i int) int {
	end, colons, dots := i, 0, 0
	for ; end < len(s.text) && (isHex(s.text[end]) || s.text[end] == ':' || s.text[end] == '.'); end++ {
		switch s.text[end] {
		case ':':
			colons++
		case '.':
			dots++
		}
	}
	within := isWordLetter(before(s.text, i)) || at(s.text, i-1) == '_'
	if s.reaches(i, end) || within && (s.text[i] != ':' || at(s.text, i+1) == ':') { // "ip:10.0.0.1" is one, "x::1" none
		return max(s.skipWord(end), end)
	}
	if next := at(s.text, end); isAlpha(next) || next == '_' {
		return s.skipWord(end)
	}
	start, stop := trimAddress(s.text, i, end)
	switch {
	case colons >= 2 && s.ipv6(start, stop):
		s.add(hit{start: start, end: stop, kind: value.KindIP, rule: "ip:v6", score: 1})
	case dots >= 3:
		s.ipv4(i, end)
	}
	return end
}

// trimAddress takes off marks of the sentence: "address:fe80::1.", "地址:::1".
func trimAddress(text string, start, end int) (int, int) {
	for end > start && (text[end-1] == '.' || text[end-1] == ':' && at(text, end-2) != ':') {
		end--
	}
	if start < end && text[start] == ':' && (at(text, start+1) != ':' || at(text, start+2) == ':') {
		start++
	}
	return start, end
}

// ipv4 finds the address in the run [i, end), which may have a port: 10.0.0.1:80, or follow a word: "ip:1.1.1.1".
func (s *scan) ipv4(i, end int) {
	start := i
	for start < end && !isDigit(s.text[start]) {
		start++
	}
	if start > i && s.text[start-1] != ':' {
		return
	}
	stop := ipv4End(s.text, start)
	if stop == 0 || at(s.text, start-1) == '.' {
		return
	}
	if next := at(s.text, stop); isAlnum(next) || next == '.' && alnumAt(s.text, stop+1) {
		return
	}
	s.add(hit{start: start, end: stop, kind: value.KindIP, rule: "ip:v4", score: 1})
}

// ipv4End returns the end of the four numbers with dots between them at i, 0 if there are none.
func ipv4End(text string, i int) int {
	for part := range 4 {
		n, from := 0, i
		for digitAt(text, i) && i-from < 3 {
			n = n*10 + int(text[i]-'0')
			i++
		}
		if i == from || n > 255 || digitAt(text, i) {
			return 0
		}
		if part < 3 {
			if at(text, i) != '.' {
				return 0
			}
			i++
		}
	}
	return i
}

// ipv6 tells whether [start, end) is an address. What could be a mark or a time as well needs a word before it that announces one.
func (s *scan) ipv6(start, end int) bool {
	a := s.text[start:end]
	if !isIPv6(a) {
		return false
	}
	if groups := strings.Count(a, ":") - strings.Count(a, "::"); groups >= 2 && strings.ContainsAny(a, "0123456789") {
		return true
	}
	if a == "::" && (alnumAt(s.text, end) || at(s.text, end) >= utf8.RuneSelf) {
		return false
	}
	left := s.text[max(0, start-addressBytes):start]
	for _, word := range s.words.ipv6 {
		if strings.Contains(left, word) {
			return true
		}
	}
	return false
}

// isIPv6 checks the form of RFC 4291: eight groups, of which "::" may stand for some, and the last two may be written as version 4.
func isIPv6(a string) bool {
	groups, short := 0, strings.Count(a, "::")
	if short > 1 || strings.Contains(a, ":::") || looseColon(a) {
		return false
	}
	for i := 0; i < len(a); {
		if a[i] == ':' {
			i++
			continue
		}
		end := i
		for end < len(a) && isHex(a[end]) {
			end++
		}
		if at(a, end) == '.' {
			if ipv4End(a, i) != len(a) {
				return false
			}
			groups += 2
			break
		}
		if end == i || end-i > 4 {
			return false
		}
		groups++
		i = end
	}
	return groups == 8 && short == 0 || groups < 8 && short == 1
}

// looseColon tells whether one colon stands alone at an end.
func looseColon(a string) bool {
	return strings.HasPrefix(a, ":") && !strings.HasPrefix(a, "::") || strings.HasSuffix(a, ":") && !strings.HasSuffix(a, "::")
}

// ipOf makes the value, with zeros before a number left out: 08.008.08.08 is 8.8.8.8, 0000 is 0.
func ipOf(surface string) value.IP {
	ip := value.IP{Version: "ipv4"}
	if strings.IndexByte(surface, ':') >= 0 {
		ip.Version = "ipv6"
	}
	b := make([]byte, 0, len(surface))
	fresh := true // no figure of this number is written yet
	for i := 0; i < len(surface); i++ {
		c := surface[i]
		if c == '0' && fresh && i+1 < len(surface) && isHex(surface[i+1]) {
			continue
		}
		fresh = !isHex(c)
		b = append(b, c)
	}
	ip.Address = string(b)
	return ip
}
