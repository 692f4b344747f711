package tokenizer

import "unicode/utf8"

// Grapheme_Cluster_Break classes, in the order of testdata/unidata.py.
const (
	breakOther = iota
	breakCR
	breakLF
	breakControl
	breakExtend
	breakZWJ
	breakRegional
	breakPrepend
	breakSpacing
	breakL
	breakV
	breakT
	breakLV
	breakLVT
)

// Indic_Conjunct_Break classes, as stored.
const (
	conjunctLinker    = 1 << 21
	conjunctConsonant = 2 << 21
	conjunctExtend    = 3 << 21
)

// cluster follows a grapheme cluster from its first character (Unicode Standard Annex 29).
type cluster struct {
	class   uint32 // break class of the last character
	emoji   bool   // a pictograph and then only Extend
	joined  bool   // the same, and then ZWJ
	indic   bool   // a consonant and then only conjunct extenders and linkers
	linked  bool   // the same, with a linker among them
	regions int
}

// graphemeLen returns the length of the grapheme cluster at the start of text.
func graphemeLen(text []byte) int {
	if len(text) == 0 {
		return 0
	}
	if len(text) > 1 && text[0] < utf8.RuneSelf && text[1] < utf8.RuneSelf && text[0] != '\r' {
		return 1
	}
	tab := chars()
	var c cluster
	r, n := utf8.DecodeRune(text)
	c.add(tab.of(r))
	for n < len(text) {
		r, size := utf8.DecodeRune(text[n:])
		props := tab.of(r)
		if !c.goesOn(props) {
			break
		}
		c.add(props)
		n += size
	}
	return n
}

// add takes the next character in.
func (c *cluster) add(props uint32) {
	c.class = props >> breakShift & 15
	c.joined = c.emoji && c.class == breakZWJ
	c.emoji = props&isPictograph != 0 || c.emoji && c.class == breakExtend
	switch props & conjunct {
	case conjunctConsonant:
		c.indic, c.linked = true, false
	case conjunctLinker:
		c.linked = c.indic
	case conjunctExtend:
	default:
		c.indic, c.linked = false, false
	}
	if c.class == breakRegional {
		c.regions++
	}
}

// goesOn reports whether the cluster goes on with a character of these properties (rules GB3 to GB13).
func (c *cluster) goesOn(props uint32) bool {
	next := props >> breakShift & 15
	switch {
	case c.class == breakCR:
		return next == breakLF
	case c.class == breakLF || c.class == breakControl || next >= breakCR && next <= breakControl:
		return false
	case next == breakExtend || next == breakZWJ || next == breakSpacing || c.class == breakPrepend:
		return true
	case c.class == breakL:
		return next == breakL || next == breakV || next == breakLV || next == breakLVT
	case c.class == breakLV || c.class == breakV:
		return next == breakV || next == breakT
	case c.class == breakLVT || c.class == breakT:
		return next == breakT
	case c.joined && props&isPictograph != 0:
		return true
	case c.linked && props&conjunct == conjunctConsonant:
		return true
	}
	return c.class == breakRegional && next == breakRegional && c.regions%2 == 1
}
