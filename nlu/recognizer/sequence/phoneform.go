package sequence

import "strings"

// number is a candidate with what its judges ask for.
type number struct {
	text       string
	groups     []group
	start, end int
	buf        [mostPrefixed + 1]byte
	kept       int    // bytes of buf
	count      int    // of all figures
	digits     string // the figures, one more than there may be at most
}

// candidate collects the figures of the groups. What it returns does not outlive the call that made it, so that digits costs no allocation.
func (s *scan) candidate(gs []group, start, end int) (n number) {
	n = number{text: s.text, groups: gs, start: start, end: end}
	for _, g := range gs {
		n.count += g.end - g.start
		n.kept += copy(n.buf[n.kept:], s.text[g.start:g.end])
	}
	return n
}

func (n *number) surface() string { return n.text[n.start:n.end] }

func (n *number) plain() bool { return len(n.groups) == 1 && n.start == n.groups[0].start }

func (n *number) plus() bool { return strings.HasPrefix(strings.TrimLeft(n.surface(), "( "), "+") }

func (n *number) bracketed() bool { return strings.Contains(n.surface(), "(") }

// dialsOut tells whether the number begins with the prefix of a call abroad.
func (n *number) dialsOut() bool {
	return strings.HasPrefix(n.digits, "00") || strings.HasPrefix(n.digits, "011")
}

// mobile tells whether the number is a Chinese mobile number, with or without its country. A 1 by itself is the country code of America.
func (n *number) mobile() bool {
	d := national(n.digits)
	if len(d) == len(n.digits) && (n.plus() || n.size(0) == 1 && !n.spelt()) {
		return false
	}
	return isMobile(d)
}

// spelt tells whether all figures stand alone: 1 3 8 0 0 1 3 8 0 0 0.
func (n *number) spelt() bool { return len(n.groups) > 1 && n.largest() == 1 }

// size is how many figures group i has.
func (n *number) size(i int) int { return n.groups[i].end - n.groups[i].start }

// national strips the country code of China.
func national(d string) string {
	if rest, ok := strings.CutPrefix(strings.TrimPrefix(d, "00"), "86"); ok && len(rest) >= 10 {
		return rest
	}
	return d
}

// isMobile tells whether d is a Chinese mobile number.
func isMobile(d string) bool { return len(d) == 11 && d[0] == '1' && d[1] >= '3' }

// isLandline tells whether d is a Chinese number with its area code: two figures of it for big cities, three for others.
func isLandline(d string) bool {
	if len(d) < 10 || len(d) > 12 || d[0] != '0' {
		return false
	}
	local := d[4:]
	if d[1] == '1' && d[2] == '0' || d[1] == '2' {
		local = d[3:]
	} else if d[1] < '3' {
		return false
	}
	return (len(local) == 7 || len(local) == 8) && local[0] >= '2'
}

// isService tells whether d is a Chinese number that companies answer: 400 and 800.
func isService(d string) bool {
	return len(d) == 10 && (strings.HasPrefix(d, "400") || strings.HasPrefix(d, "800"))
}

// rule names the form. In English text eleven figures with a zero before are rather a British number than a Chinese one.
func (n *number) rule(english bool) string {
	d := national(n.digits)
	switch {
	case n.mobile():
		return "phone:cn-mobile"
	case isService(d):
		return "phone:cn-service"
	case isLandline(d) && (!english || d != n.digits):
		return "phone:cn-landline"
	case n.plus() || strings.HasPrefix(n.digits, "00"):
		return "phone:international"
	case n.bracketed():
		return "phone:bracketed"
	case len(n.groups) > 1:
		return "phone:grouped"
	}
	return "phone:figures"
}

// sign returns what stands between group i and the next one.
func (n *number) sign(i int) string { return n.text[n.groups[i].end:n.groups[i+1].start] }

// allSigns tells whether the same sign parts all groups.
func (n *number) allSigns(sign string) bool {
	for i := range len(n.groups) - 1 {
		if n.sign(i) != sign {
			return false
		}
	}
	return true
}

// sizes tells whether the groups have these sizes.
func (n *number) sizes(sizes ...int) bool {
	if len(sizes) != len(n.groups) {
		return false
	}
	for i, size := range sizes {
		if n.size(i) != size {
			return false
		}
	}
	return true
}

func (n *number) figures(i int) string { return n.text[n.groups[i].start:n.groups[i].end] }

// impossible tells whether the form is that of something else, whatever is around.
func (n *number) impossible() bool {
	if n.plain() {
		return n.plainId()
	}
	if len(n.groups) == 2 && n.sign(0) == "." && !n.plus() {
		return true // a decimal
	}
	if n.spelt() {
		return !n.mobile()
	}
	if len(n.groups) > 6 && !n.dialsOut() && !n.plus() || n.rattled() {
		return true
	}
	if n.sizes(3, 4) && n.sign(0) == "-" && n.digits[0] == '1' {
		return true // no local number begins with 1
	}
	if n.sizes(3, 2, 4) && (n.allSigns("-") || n.allSigns(" ")) || n.allSigns("-") && (n.plus() && n.largest() <= 2 && len(n.groups) > 2) {
		return true // a number of social security; a sum
	}
	if !n.plus() && !n.dialsOut() && (n.sizes(4, 4, 4, 4) || n.sizes(4, 4, 4, 3) || n.sizes(4, 6, 5) || n.sizes(4, 6, 4) || n.sizes(4, 4, 4, 1) || n.sizes(4, 4, 4, 2)) {
		return true // a bank card
	}
	if n.count == 13 && len(n.groups) >= 4 && (strings.HasPrefix(n.digits, "978") || strings.HasPrefix(n.digits, "979")) {
		return true // a book
	}
	return n.ranged() || n.hexadecimal()
}

// plainId tells whether figures without signs are an id: too many of them, or all the same.
func (n *number) plainId() bool {
	if n.plus() {
		return false
	}
	if n.count > mostPlain && !strings.HasPrefix(n.digits, "00") && !n.mobile() && !n.longAbroad() {
		return true
	}
	return strings.Trim(n.digits, n.digits[:1]) == ""
}

// longAbroad tells whether thirteen figures are a mobile number of Brazil or Germany without the +.
func (n *number) longAbroad() bool {
	return n.count == 13 && (strings.HasPrefix(n.digits, "55") && n.digits[4] == '9' || strings.HasPrefix(n.digits, "491"))
}

// rattled tells whether figures stand one by one, as in a list.
func (n *number) rattled() bool {
	single := 0
	for i := range n.groups {
		if n.size(i) == 1 {
			single++
		}
	}
	return single >= 3
}

func (n *number) largest() int {
	most := 0
	for i := range n.groups {
		most = max(most, n.size(i))
	}
	return most
}

// ranged tells whether the number is a range: two years, or two numbers of seven figures and more with a hyphen between.
func (n *number) ranged() bool {
	if len(n.groups) != 2 || n.sign(0) == " " || n.bracketed() || n.plus() || n.dialsOut() {
		return false
	}
	if isYear(n.figures(0)) && isYear(n.figures(1)) {
		return true
	}
	return len(n.figures(0)) >= usualFigures && len(n.figures(1)) >= usualFigures && len(n.figures(0)) == len(n.figures(1))
}

// hexadecimal tells whether pairs of figures go on with a pair that has a letter: 31 46 d9.
func (n *number) hexadecimal() bool {
	if n.largest() > 2 || at(n.text, n.end) != ' ' {
		return false
	}
	a, b := at(n.text, n.end+1), at(n.text, n.end+2)
	return isHex(a) && isHex(b) && (isAlpha(a) || isAlpha(b)) && !alnumAt(n.text, n.end+3)
}
