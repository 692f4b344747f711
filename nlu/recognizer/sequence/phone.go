package sequence

import (
	"strings"
	"unicode/utf8"

	"yingda/nlu/recognizer/value"
)

// Lengths of telephone numbers in figures.
const (
	fewestFigures = 6  // Italian ones with a leading zero, after a word that announces a number
	usualFigures  = 7  // all others
	mostFigures   = 15 // ITU-T E.164
	mostPrefixed  = 17 // with +, 00 or 011 before, and figures of an extension behind
	mostPlain     = 12 // without any sign within; longer ones are ids
	mostGroups    = 24 // that are read at once; longer rows of figures are read piece by piece
)

// group is a run of figures within a number.
type group struct {
	start, end int
	open       bool // "(" stands before
	shut       int  // so many ")" stand after
}

// row is groups of figures with signs between them that may stand in a telephone number.
type row struct {
	space [mostGroups]group
	n     int
	start int // with the + and the bracket before the first group
	next  int // where to go on
}

// phones finds telephone numbers written in figures.
func (s *scan) phones() {
	for i := 0; i < len(s.text); {
		if !isDigit(s.text[i]) {
			i++
			continue
		}
		if e := s.taken(i); e > 0 {
			i = e
			continue
		}
		var r row
		s.readRow(&r, i)
		found := len(s.hits)
		s.splitRow(&r)
		i = r.next
		if len(s.hits) > found {
			i = max(i, s.hits[len(s.hits)-1].end) // the extension
		}
	}
}

// readRow reads the row that starts with the digit at i.
func (s *scan) readRow(r *row, i int) {
	start, open := s.lead(i)
	r.start = start
	for {
		end := i
		for digitAt(s.text, end) {
			end++
		}
		r.space[r.n] = group{start: i, end: end, open: open}
		r.n, r.next = r.n+1, end
		var g gap
		if g = s.gap(end); g.shut > 0 {
			r.space[r.n-1].shut = g.shut
		}
		if g.next == 0 || r.n == mostGroups || s.reaches(end, g.next+1) {
			return
		}
		i, open = g.next, g.open
	}
}

// lead returns where a number begins whose first digit is at i: with its + and its opening bracket, as in "(+45", "+(86", "( 19".
func (s *scan) lead(i int) (start int, open bool) {
	start = i
	if at(s.text, start-1) == '+' {
		start--
	}
	switch {
	case at(s.text, start-1) == '(':
		start, open = start-1, true
	case at(s.text, start-1) == ' ' && at(s.text, start-2) == '(':
		start, open = start-2, true
	}
	if open && at(s.text, start-1) == '+' {
		start--
	}
	return start, open
}

// gap is what stands between two groups.
type gap struct {
	next int // where the next group starts; 0 = none follows
	shut int // closing brackets
	open bool
}

// gap reads from the end of a group: a closing bracket, a hyphen, slash or dot, an opening bracket, single spaces between them.
func (s *scan) gap(end int) gap {
	var g gap
	i := end
	if at(s.text, i) == ' ' {
		i++
	}
	for at(s.text, i) == ')' && g.shut < 2 {
		g.shut++
		i++
	}
	if g.shut > 0 && at(s.text, i) == ' ' {
		i++
	}
	if n := hyphen(s.text, i); n > 0 {
		i += n
	} else if c := at(s.text, i); c == '/' || c == '.' && at(s.text, i-1) != ' ' && at(s.text, i+1) != ' ' {
		i++
	}
	if at(s.text, i) == ' ' {
		i++
	}
	if at(s.text, i) == '(' {
		g.open = true
		i++
		if at(s.text, i) == ' ' {
			i++
		}
	}
	if i > end && digitAt(s.text, i) {
		g.next = i
	}
	return g
}

// hyphen returns the length of the hyphen or dash at i, 0 if there is none.
func hyphen(text string, i int) int {
	switch c := at(text, i); {
	case c == '-':
		return 1
	case c < utf8.RuneSelf:
		return 0
	}
	r, size := utf8.DecodeRuneInString(text[i:])
	if r >= '‐' && r <= '―' || r == '−' {
		return size
	}
	return 0
}

// dialled returns the figures of a number as they are dialled: "+1 (541) 754-3010 ext. 12" becomes "+15417543010x12".
func dialled(surface string) string {
	b := make([]byte, 0, len(surface))
	seen, extension := false, false
	for i := 0; i < len(surface); i++ {
		switch c := surface[i]; {
		case isDigit(c):
			if extension {
				b, extension = append(b, 'x'), false
			}
			b, seen = append(b, c), true
		case c == '+' && !seen:
			b = append(b, c)
		case seen && strings.IndexByte(" -/.():\xe2\x80\x88\x90\x91\x92\x93\x94\x95", c) < 0:
			extension = true
		}
	}
	return string(b)
}

// phone judges a number of the groups gs, whose surface is [start, end), and adds it if it is one.
func (s *scan) phone(gs []group, start, end int) {
	n := s.candidate(gs, start, end)
	n.digits = string(n.buf[:n.kept])
	if n.count < fewestFigures || n.count > mostFigures && (n.count > mostPrefixed || !n.dialsOut() && !n.plus()) {
		return
	}
	stop := s.extension(end)
	if !s.mayStart(&n) || stop == end && !s.mayEnd(&n) {
		return
	}
	announced := s.announced(start)
	if announced == roleNever && !n.bracketed() && !n.plus() || announced == roleAccount && !n.mobile() {
		return
	}
	if n.impossible() || announced != roleCue && n.doubtful() {
		return
	}
	if n.count < usualFigures && !(n.plain() && n.digits[0] == '0' && s.cueNear(start)) {
		return
	}
	s.add(hit{start: start, end: stop, kind: value.KindPhone, rule: n.rule(s.english), score: scorePhone(s.text[start:stop])})
}
