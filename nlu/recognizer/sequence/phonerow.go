package sequence

// splitRow takes dates, times and numbers that only stand side by side in a row apart and judges each number.
func (s *scan) splitRow(r *row) {
	gs := r.space[:r.n]
	if at(s.text, r.start-1) == ':' && digitAt(s.text, r.start-2) {
		gs = gs[1:] // the minutes of 12:30
	}
	if n := len(gs); n > 0 && at(s.text, gs[n-1].end) == ':' && digitAt(s.text, gs[n-1].end+1) {
		gs = gs[:n-1] // its hours
	}
	from := 0
	for i := 0; i < len(gs); i++ {
		if s.dateAt(gs, i) {
			s.segment(gs[from:i])
			from, i = i+3, i+2
			continue
		}
		if i > from && s.parted(gs[from:], i-from) {
			s.segment(gs[from:i])
			from = i
		}
	}
	if from < len(gs) {
		s.segment(gs[from:])
	}
}

// between returns what stands between group i and the next one.
func (s *scan) between(gs []group, i int) string { return s.text[gs[i].end:gs[i+1].start] }

// dateAt tells whether groups i to i+2 are a date by themselves: 2009-10-01, 16/04/2010, 4.21.2020.
func (s *scan) dateAt(gs []group, i int) bool {
	if i+3 > len(gs) || s.between(gs, i) != s.between(gs, i+1) || len(s.between(gs, i)) != 1 || s.between(gs, i) == " " {
		return false
	}
	if i > 0 && s.between(gs, i-1) != " " || i+3 < len(gs) && s.between(gs, i+2) != " " {
		return false
	}
	return isDate(s.figures(gs[i]), s.figures(gs[i+1]), s.figures(gs[i+2]))
}

func (s *scan) figures(g group) string { return s.text[g.start:g.end] }

// isDate tells whether the three numbers are year, month, day or day, month, year, in any order people use.
func isDate(a, b, c string) bool {
	if len(a) == 4 {
		return isYear(a) && len(b) <= 2 && len(c) <= 2 && isMonthDay(small(b), small(c))
	}
	if len(a) > 2 || len(b) > 2 || len(c) != 4 || !isYear(c) {
		return false
	}
	return isMonthDay(small(a), small(b)) || isMonthDay(small(b), small(a))
}

func isYear(s string) bool { return len(s) == 4 && (s[:2] == "19" || s[:2] == "20") }

func isMonthDay(month, day int) bool { return month >= 1 && month <= 12 && day >= 1 && day <= 31 }

// small is the value of one or two figures.
func small(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// parted tells whether another number starts at group i: one space or slash after a complete number, and at least seven figures ahead
// before the next space. "0049176 12345678" is one number: the figures on the left are only a prefix.
func (s *scan) parted(gs []group, i int) bool {
	sign := s.between(gs, i-1)
	if sign != " " && sign != "/" && sign != " / " {
		return false
	}
	left := 0
	for _, g := range gs[:i] {
		left += g.end - g.start
	}
	first := gs[0]
	if abroad := at(s.text, first.start-1) == '+' || s.text[first.start] == '0' && at(s.text, first.start+1) == '0'; left < usualFigures || abroad && left < 10 {
		return false
	}
	right := 0
	for j := i; j < len(gs); j++ {
		if j > i {
			if b := s.between(gs, j-1); b[0] == ' ' || b[0] == '/' {
				break
			}
		}
		right += gs[j].end - gs[j].start
	}
	return right >= usualFigures
}

// mostArea is how many figures stand in brackets at most: a country and an area.
const mostArea = 6

// segment sorts out the brackets of groups that make one number and judges it.
func (s *scan) segment(gs []group) {
	opened := -1 // the group after the open bracket
	figures, inside := 0, 0
	for i := range gs {
		g := &gs[i]
		if g.open && opened >= 0 {
			return // "(456 (4)) 345" is a formula
		}
		if g.open && figures >= usualFigures { // "1234567 (24 hours)"
			s.bracketless(gs[:i], opened)
			s.segment(gs[i:])
			return
		}
		if g.open {
			opened, inside = i, 0
		}
		figures += g.end - g.start
		inside += g.end - g.start
		last := i == len(gs)-1
		switch {
		case g.shut > 1:
			return
		case g.shut == 1 && opened >= 0 && !last && inside > mostArea: // "(1872-1970)20"
			s.bracketless(gs[:i+1], opened)
			s.segment(gs[i+1:])
			return
		case g.shut == 1 && opened >= 0 && !last:
			opened = -1
		case g.shut == 1 && opened < 0 && !last && s.between(gs, i) != ")": // "19) 35831647": the figures on the left belong elsewhere
			s.phone(gs[:i+1], s.startOf(gs[0]), g.end)
			s.segment(gs[i+1:])
			return
		}
	}
	s.bracketless(gs, opened)
}

// bracketless judges a number of which the bracket before group opened is never closed, or closed only after it: it is not part of the number.
func (s *scan) bracketless(gs []group, opened int) {
	if len(gs) == 0 {
		return
	}
	start, end := s.startOf(gs[0]), gs[len(gs)-1].end
	if opened > 0 {
		s.phone(gs[:opened], start, gs[opened-1].end)
		gs, start = gs[opened:], gs[opened].start
	} else if opened == 0 {
		if start = gs[0].start; at(s.text, start-1) == '+' {
			start--
		}
	}
	s.phone(gs, start, end)
}

// startOf returns where a number begins whose first group is g, with its + and its bracket.
func (s *scan) startOf(g group) int {
	start, _ := s.lead(g.start)
	return start
}
