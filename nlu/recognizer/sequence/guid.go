package sequence

import (
	"strings"

	"yingda/nlu/recognizer/value"
)

const (
	guidPlain = 32 // hexadecimal figures of a GUID
	mostCut   = 4  // so many letters may be missing of a group
)

// guids finds identifiers of 32 hexadecimal figures: plain, with hyphens, in braces (also as %7B and %7D), after "urn:uuid:", as x'…'.
func (s *scan) guids() {
	for i := 0; i < len(s.text); {
		if e := s.taken(i); e > 0 {
			i = e
			continue
		}
		if !isHex(s.text[i]) {
			i++
			continue
		}
		end := i
		for end < len(s.text) && (isHex(s.text[end]) || s.text[end] == '-') {
			end++
		}
		start := i
		if at(s.text, start-1) == '%' && strings.HasPrefix(s.text[start:], "7b") {
			start += 2
		}
		if h, ok := s.guid(start, end); ok {
			s.add(h)
			end = h.end
		}
		i = end
	}
}

// guid checks the run [start, end). A plain one scores less than one with hyphens or delimiters, one without letters less again: it may be a number.
func (s *scan) guid(start, end int) (hit, bool) {
	run := s.text[start:end]
	h := hit{start: start, end: end, kind: value.KindGUID, rule: "guid"}
	percent := 80
	switch hyphens := strings.Count(run, "-"); {
	case hyphens > 0 && !dashed(run), hyphens == 0 && !folded(run, guidPlain):
		return h, false
	case hyphens > 0:
		percent = 90
	case strings.Trim(run, "0123456789") == "":
		percent = 65
	}
	for _, d := range [...][2]string{{"{", "}"}, {"%7b", "%7d"}, {"urn:uuid:", ""}, {"x'", "'"}} {
		if strings.HasSuffix(s.text[:start], d[0]) && strings.HasPrefix(s.text[end:], d[1]) {
			h.start, h.end = start-len(d[0]), end+len(d[1])
			percent += 10
			break
		}
	}
	h.score = float64(percent) / 100
	if h.start == start && alnumAt(s.text, start-1) || at(s.text, h.start-1) == '_' {
		return h, false
	}
	return h, bounded(s.text, h.start, h.end) && at(s.text, h.end) != '_' && at(s.text, h.start-1) != '-'
}

// dashed tells whether hexadecimal figures are in groups of 8, 4, 4, 4 and 12.
func dashed(run string) bool {
	for i, size := range [...]int{8, 4, 4, 4, 12} {
		group, rest, more := strings.Cut(run, "-")
		if !folded(group, size) || more != (i < 4) {
			return false
		}
		run = rest
	}
	return true
}

// folded tells whether the run has size figures, or had them before folding cut letters that are repeated more than twice.
func folded(run string, size int) bool {
	missing := size - len(run)
	if missing <= 0 {
		return missing == 0
	}
	pairs := 0
	for i := 1; i < len(run); i++ {
		if run[i] == run[i-1] && isAlpha(run[i]) {
			pairs++
		}
	}
	return pairs > 0 && missing <= mostCut
}
