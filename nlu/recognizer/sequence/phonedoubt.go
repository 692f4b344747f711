package sequence

import "strings"

// doubtful tells whether the form is more often that of something else, so that the number counts only after a word that announces it.
func (n *number) doubtful() bool {
	if n.plain() {
		return n.plainDoubt()
	}
	if n.plus() || n.bracketed() || n.spelt() {
		return false
	}
	return n.amount() || n.span() || n.pairs() || n.dated() || n.uneven()
}

// plainDoubt is doubt about figures without signs.
func (n *number) plainDoubt() bool {
	d := n.digits
	switch {
	case len(d) == 8 && isYear(d[:4]) && isMonthDay(small(d[4:6]), small(d[6:])):
		return true // 20261103
	case len(d) == 12 && isYear(d[:4]) && isMonthDay(small(d[4:6]), small(d[6:8])) && small(d[8:10]) < 24 && small(d[10:]) < 60:
		return true // 202611031430
	case strings.HasPrefix(d, "000") || strings.HasPrefix(d, "00") && len(d) < 11:
		return true // an id filled up with zeros
	}
	return counted(d) && len(d) != 10 || strings.Trim(d[1:], d[len(d)-1:]) == "" // 12345678, 2333333; ten figures in a row stand for the number of someone in America
}

// amount tells whether the groups part a number into thousands: 10 000 000, 12.345.678.
func (n *number) amount() bool {
	first := n.size(0)
	if len(n.groups) < 3 || first > 3 {
		return false
	}
	for i := 1; i < len(n.groups); i++ {
		if n.size(i) != 3 {
			return false
		}
	}
	return strings.Trim(n.digits[first:], "0") == "" || first < 3 && n.allSigns(".")
}

// span tells whether two numbers are the ends of a range: 900-1000, 5000-7000, 1872-1970, or all are round: "2000-100 1000-50".
func (n *number) span() bool {
	round := true
	for i := range n.groups {
		round = round && strings.HasSuffix(n.figures(i), "0") && n.figures(i)[0] != '0'
	}
	if round && hyphen(n.text, n.groups[0].end) > 0 {
		return true
	}
	return len(n.groups) == 2 && n.sizes(4, 4) && hyphen(n.text, n.groups[0].end) > 0 && n.figures(0) >= "1000" && n.figures(0) < n.figures(1) && n.figures(1) < "2100"
}

// pairs tells whether small groups stand in a row as in a list: "20 01 12 43". A zero before ten figures is that of France.
func (n *number) pairs() bool {
	return n.largest() <= 2 && n.allSigns(" ") && (n.count != 10 || n.digits[0] != '0')
}

// dated tells whether the number begins with a date or a day and goes on: 2015.11.17.00.30, 11.18-11.23.
func (n *number) dated() bool {
	if len(n.groups) > 3 && n.size(0) == 4 && isDate(n.figures(0), n.figures(1), n.figures(2)) {
		return true
	}
	return len(n.groups) == 4 && n.largest() <= 2 && n.sign(0) == "." && n.sign(2) == "." && hyphen(n.text, n.groups[1].end) > 0 &&
		isMonthDay(small(n.figures(0)), small(n.figures(1))) && isMonthDay(small(n.figures(2)), small(n.figures(3)))
}

// uneven tells whether dots part the figures as no telephone number: 3.493.092.04.
func (n *number) uneven() bool {
	last := len(n.groups) - 1
	return n.allSigns(".") && n.size(last) <= 2 && n.largest() > 2
}
