package sequence

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// How far around a number its judges look.
const (
	announceBytes = 96
	cueBytes      = 64
)

// mayStart tells whether what stands before the number lets it be one.
func (s *scan) mayStart(n *number) bool {
	r := before(s.text, n.start)
	figure := isDigit(s.text[n.start])
	switch {
	case r == ' ' && strings.IndexByte("+*", at(s.text, n.start-2)) >= 0:
		return false
	case r == 0 || r == ' ':
		return s.account(n)
	case isWordLetter(r) || unicode.IsDigit(r):
		return !figure && !unicode.IsDigit(r)
	case r == ')' && s.text[n.start] == '+', strings.ContainsRune("+=*^_&\\$€£¥<", r):
		return false
	case r == '.':
		return !digitAt(s.text, n.start-2)
	case r == ',':
		return !s.thousands(n)
	case r == '#':
		return !n.plain()
	case r == '/':
		return !n.plain() || !alnumAt(s.text, n.start-2) || s.figuresBefore(n.start-1) >= usualFigures
	case hyphen(s.text, n.start-utf8.RuneLen(r)) > 0:
		return s.afterHyphen(n, n.start-utf8.RuneLen(r))
	}
	return true
}

// afterHyphen judges a number behind a hyphen: "office-1(516)733-3989" is one, "e-151673398", "-2208960000", "thread-1368750-1-2" and "91a-677-0060" are not.
func (s *scan) afterHyphen(n *number, i int) bool {
	if n.plain() {
		return s.announced(i) == roleCue
	}
	if isAlpha(at(s.text, i-1)) && !n.bracketed() && !n.plus() && s.announced(i) != roleCue {
		return false
	}
	for ; i > 0 && alnumAt(s.text, i-1); i-- {
		if digitAt(s.text, i-1) {
			return false
		}
	}
	return true
}

// thousands tells whether the comma before the number parts thousands: 1,032 923.
func (s *scan) thousands(n *number) bool {
	size := s.figuresBefore(n.start - 1)
	return size >= 1 && size <= 3 && n.size(0) == 3
}

// figuresBefore counts the figures that end at i, up to seven.
func (s *scan) figuresBefore(i int) int {
	size := 0
	for size < usualFigures && digitAt(s.text, i-size-1) {
		size++
	}
	return size
}

// account looks for the start of an IBAN before the number: "de89 3704 ...", "gb29 nwbk 6016 ...".
func (s *scan) account(n *number) bool {
	left := strings.TrimRight(s.text[max(0, n.start-12):n.start], " ")
	word := left[strings.LastIndexByte(left, ' ')+1:]
	if len(word) == 4 && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") == "" && len(left) > 5 {
		left = strings.TrimRight(left[:len(left)-5], " ")
		word = left[strings.LastIndexByte(left, ' ')+1:]
	}
	return len(word) != 4 || !isAlpha(word[0]) || !isAlpha(word[1]) || !isDigit(word[2]) || !isDigit(word[3]) || n.plus()
}

// mayEnd tells whether what stands after the number lets it be one.
func (s *scan) mayEnd(n *number) bool {
	r := after(s.text, n.end)
	next := at(s.text, n.end+utf8.RuneLen(max(r, 0)))
	if isWordLetter(r) || unicode.IsDigit(r) || r != 0 && strings.ContainsRune("%‰*^_=°@&\\", r) {
		return false
	}
	switch {
	case r == '+' || r == ':':
		return !isDigit(next)
	case r == ',' && isDigit(next):
		return !(digitAt(s.text, n.end+2) && digitAt(s.text, n.end+3) && !digitAt(s.text, n.end+4)) || !n.plain()
	case r == '-':
		return !isAlpha(next) || n.bracketed() || n.plus()
	case r == '/' && n.plain():
		return !isAlpha(next)
	case r == ' ' && next != 0 && strings.IndexByte("=*^%+", next) >= 0:
		return next == '+' && !(at(s.text, n.end+2) == ' ')
	}
	return len(n.groups) > 2 || n.bracketed() || n.plus() || n.mobile() || !s.unit(n.end)
}

// unit tells whether a unit begins at i, perhaps after a space.
func (s *scan) unit(i int) bool {
	if at(s.text, i) == ' ' {
		i++
	}
	word := i
	for word < len(s.text) && word-i < s.words.unitSize && isAlpha(s.text[word]) {
		word++
	}
	if word > i {
		return s.words.units[s.text[i:word]]
	}
	for end := i; end < len(s.text) && end-i < s.words.unitSize; {
		_, size := utf8.DecodeRuneInString(s.text[end:])
		end += size
		if s.words.units[s.text[i:end]] {
			return true
		}
	}
	return false
}

// announced reads the words before byte i from right to left and returns what the first one that says anything says.
func (s *scan) announced(i int) role {
	for low := max(0, i-announceBytes); i > low; {
		found, size := s.roleBefore(low, i)
		switch {
		case found != roleNone && found != roleBetween:
			return found
		case found == roleBetween:
			i -= size
			continue
		}
		r, n := utf8.DecodeLastRuneInString(s.text[low:i])
		if !strings.ContainsRune(s.words.marks, r) {
			return roleNone
		}
		i -= n
	}
	return roleNone
}

// roleBefore returns the role of the longest word that ends at i.
func (s *scan) roleBefore(low, i int) (role, int) {
	longest, size := roleNone, 0
	for start := max(low, i-s.words.longest); start < i; start++ {
		if !utf8.RuneStart(s.text[start]) {
			continue
		}
		found := s.words.before[s.text[start:i]]
		if found != roleNone && (!alnumAt(s.text, start) || !alnumAt(s.text, start-1)) {
			longest, size = found, i-start
			break
		}
	}
	return longest, size
}

// cueNear tells whether a word that announces a telephone number stands somewhere before byte i.
func (s *scan) cueNear(i int) bool {
	left := s.text[max(0, i-cueBytes):i]
	for _, cue := range s.words.cues {
		if at := strings.LastIndex(left, cue); at >= 0 && lastWord(left[:at+len(cue)], cue) {
			return true
		}
	}
	return false
}

// extension returns the end of the extension after a number that ends at byte end: "x123", " ext. 123", 转8001. Without one it returns end.
func (s *scan) extension(end int) int {
	i := end
	if at(s.text, i) == ' ' {
		i++
	}
	size := 0
	for _, word := range s.words.extensions {
		if strings.HasPrefix(s.text[i:], word) {
			size = max(size, len(word))
		}
	}
	if size == 0 {
		return end
	}
	i += size
	for i < len(s.text) && strings.IndexByte(".: ", s.text[i]) >= 0 {
		i++
	}
	stop := i
	for stop-i <= 6 && digitAt(s.text, stop) {
		stop++
	}
	if stop == i || stop-i > 6 || isWordLetter(after(s.text, stop)) {
		return end
	}
	return stop
}
