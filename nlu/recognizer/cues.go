package recognizer

import (
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// Distances in bytes: a Han character has three, so a window of ten Han is one of thirty Latin letters, which carry about as much.
const (
	reachBefore = 30 // how far before an id a word still speaks for or against it
	reachAfter  = 18
)

// cueIndex finds all words of all groups in one pass.
type cueIndex struct {
	words   *automaton
	groups  []uint64 // by key: the groups that have the word
	neutral uint64
}

// cue is one such word in a text.
type cue struct {
	start, end int
	groups     uint64
	single     bool // one Han character: speaks only directly before an id
	announces  bool // a number follows it, so it says nothing about the one before
}

func newCueIndex(r *Rules) cueIndex {
	byWord := map[string]uint64{}
	x := cueIndex{}
	for i, g := range r.groups() {
		if r.neutral[g] {
			x.neutral |= 1 << i
		}
		for _, w := range r.cues[g] {
			byWord[w] |= 1 << i
		}
	}
	keys := make([]string, 0, len(byWord))
	for w := range byWord {
		keys = append(keys, w)
	}
	slices.Sort(keys)
	x.words = newAutomaton(keys)
	for _, k := range keys {
		x.groups = append(x.groups, byWord[k])
	}
	return x
}

// find appends the cues of a text, longest first where they overlap: 快递单号 hides 单号.
func (x *cueIndex) find(dst []cue, text string, fillers []string) (cues []cue, groups uint64) {
	var buf [24]hit
	hits := x.words.find(buf[:0], text)
	leftmostLongest(hits)
	last := 0
	for _, h := range hits {
		if h.start < last || !cueBounded(text, h.start, h.end) {
			continue
		}
		last = h.end
		rest := skipFillers(text[h.end:], fillers)
		dst = append(dst, cue{h.start, h.end, x.groups[h.key], h.end-h.start == 3 && text[h.start] >= utf8.RuneSelf, rest != "" && isDigit(rest[0])})
		groups |= x.groups[h.key]
	}
	return dst, groups
}

// cueBounded is bounded for words of letters, but a number may follow directly: order88012456703.
func cueBounded(text string, start, end int) bool {
	if end < len(text) && isDigit(text[end]) && !isDigit(text[end-1]) {
		return bounded(text[:end], start, end)
	}
	return bounded(text, start, end)
}

// skipFillers cuts what may stand between a cue and its id: spaces, colons, 是, is, number.
func skipFillers(s string, fillers []string) string {
	for again := true; again && s != ""; {
		again = false
		for _, f := range fillers {
			rest, ok := strings.CutPrefix(s, f)
			if ok && (!isLower(f[len(f)-1]) || rest == "" || !isLower(rest[0])) {
				s, again = rest, true
				break
			}
		}
	}
	return s
}

// evidence is what the words around a find say.
type evidence struct {
	support, against float64 // 0 to about 2
	linked           bool    // a needed word stands beside it
}

// weigh sums the cues around [start, end) for a rule.
func (r *Regex) weigh(rule *compiled, text string, cues []cue, start, end int) evidence {
	var ev evidence
	var bestFor [64]float64
	for _, c := range cues {
		var w float64
		var gap int
		switch {
		case c.end <= start:
			gap, w = r.before(text[c.end:start])
		case c.start >= end && !c.announces:
			gap, w = r.after(text[end:c.start])
		case c.start == start && c.end < end && c.groups&(rule.support|r.cues.neutral) == 0:
			ev.against = 1 // the find begins with it: QQ12345678
		}
		if w <= 0 || c.single && (c.start >= end || gap > 0) {
			continue
		}
		if c.groups&rule.needs != 0 && (gap == 0 || c.end <= start && gap <= rule.Near) {
			ev.linked = true
		}
		if c.groups&rule.support == 0 {
			if c.groups&^r.cues.neutral != 0 {
				ev.against = max(ev.against, w)
			}
			continue
		}
		for g := c.groups & rule.support; g != 0; g &= g - 1 {
			i := bits.TrailingZeros64(g)
			bestFor[i] = max(bestFor[i], w)
		}
	}
	for _, w := range bestFor {
		ev.support += w
	}
	return ev
}

// before weighs a cue by the text between it and the id: 1 when it is adjacent, less with distance, half across a sentence
// end or another number.
func (r *Regex) before(gap string) (distance int, weight float64) {
	if len(gap) > reachBefore {
		return len(gap), 0
	}
	distance = len(skipFillers(gap, r.rules.fillers))
	weight = 1
	if distance > 0 {
		weight = 0.9 - 0.5*float64(distance)/reachBefore
	}
	return distance, weight * interruptions(gap)
}

func (r *Regex) after(gap string) (distance int, weight float64) {
	if len(gap) > reachAfter {
		return len(gap), 0
	}
	distance = len(strings.TrimLeft(gap, " 的这那一,"))
	return distance, (0.8 - 0.5*float64(distance)/reachAfter) * interruptions(gap)
}

// interruptions returns a factor below 1 for a gap with a sentence end or a number in it.
func interruptions(gap string) float64 {
	f, digits := 1.0, 0
	for _, c := range gap {
		switch {
		case '0' <= c && c <= '9':
			if digits++; digits == 3 {
				f /= 2
			}
		case c == '。' || c == '!' || c == '?' || c == ';':
			f /= 2
		}
	}
	return f
}

// score combines a rule's scores with the evidence.
func (c *compiled) score(ev evidence) float64 {
	switch {
	case c.needs != 0 && !ev.linked:
		return 0
	case ev.support > 0:
		share := ev.support / (ev.support + ev.against)
		return max(c.Cued*(0.55+0.45*share)*(0.9+0.1*min(1, ev.support)), c.alone(ev.against))
	}
	return c.alone(ev.against)
}

// alone is the score of the form by itself, with the words against it.
func (c *compiled) alone(against float64) float64 {
	if c.Firm {
		return c.Score * (1 - 0.05*min(1, against))
	}
	return c.Score * (1 - 0.6*min(1, against))
}
