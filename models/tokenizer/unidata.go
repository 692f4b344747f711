package tokenizer

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode"
)

// Bits of a character's properties. All but hasLower and inert* are stored in the file; those are worked out when it is
// read.
const (
	isSpace       = 1 << iota // White_Space
	isPunct                   // general category P, or ASCII punctuation
	isOther                   // dropped by BertNormalizer's clean_text (Cc, Cf, Co, U+FFFD)
	isAccent                  // Mn: dropped by BertNormalizer's strip_accents
	isMark                    // M: dropped by StripAccents
	isNumeric                 // Nd, Nl, No
	isWord                    // \w of the Whitespace pre-tokenizer and of single_word
	isPatternWord             // \w in a Regex of the file (another library, another Unicode version)

	classShift     = 8 // canonical combining class, 8 bits
	breakShift     = 16
	isPictograph   = 1 << 20
	conjunct       = 3 << 21 // Indic_Conjunct_Break: linker, consonant, extend
	isPatternDigit = 1 << 28 // \d in a Regex
	hasLower       = 1 << 23
	// inert* : neither changes under the form nor takes part in a change when the next character is inert too.
	inertNFD  = 1 << 24
	inertNFKD = 1 << 25
	inertNFC  = 1 << 26
	inertNFKC = 1 << 27
)

// Hangul syllables are decomposed and composed by formula (Unicode Standard, section 3.12).
const (
	hangulS, hangulL, hangulV, hangulT = 0xAC00, 0x1100, 0x1161, 0x11A7
	countL, countV, countT             = 19, 21, 28
	countN                             = countV * countT
	countS                             = countL * countN
)

//go:embed unicode.bin.gz
var unicodeFile []byte

// charTable holds the properties of all characters, in two stages: a block number for each 256 code points, and blocks.
type charTable struct {
	block     [0x1100]uint16
	props     []uint32
	lower     map[rune][]rune
	canonical map[rune][]rune // full canonical decomposition
	compat    map[rune][]rune // full compatibility decomposition, where it differs
	composed  map[[2]rune]rune
}

// chars returns the table, read from the embedded file on first use. Parse calls it, so that Encode finds it ready.
var chars = sync.OnceValue(readCharTable)

func (c *charTable) of(r rune) uint32 {
	return c.props[uint32(c.block[uint32(r)>>8])<<8|uint32(r)&0xFF]
}

func (c *charTable) class(r rune) uint8 { return uint8(c.of(r) >> classShift) }

// decompose appends the full decomposition of r, which is r itself if it has none.
func (c *charTable) decompose(dst []rune, r rune, compat bool) []rune {
	if s := r - hangulS; s >= 0 && s < countS {
		dst = append(dst, hangulL+s/countN, hangulV+s%countN/countT)
		if s%countT > 0 {
			dst = append(dst, hangulT+s%countT)
		}
		return dst
	}
	if compat {
		if d, ok := c.compat[r]; ok {
			return append(dst, d...)
		}
	}
	if d, ok := c.canonical[r]; ok {
		return append(dst, d...)
	}
	return append(dst, r)
}

// compose returns the character that a and b make together.
func (c *charTable) compose(a, b rune) (rune, bool) {
	if l, v := a-hangulL, b-hangulV; l >= 0 && l < countL && v >= 0 && v < countV {
		return hangulS + (l*countV+v)*countT, true
	}
	if s, t := a-hangulS, b-hangulT; s >= 0 && s < countS && s%countT == 0 && t > 0 && t < countT {
		return a + t, true
	}
	r, ok := c.composed[[2]rune{a, b}]
	return r, ok
}

// readCharTable reads the embedded file. It is part of the binary, so a fault in it is a fault of the build.
func readCharTable() *charTable {
	zr, err := gzip.NewReader(bytes.NewReader(unicodeFile))
	if err != nil {
		panic("tokenizer: unicode.bin.gz: " + err.Error())
	}
	data, err := io.ReadAll(zr)
	if err != nil {
		panic("tokenizer: unicode.bin.gz: " + err.Error())
	}
	d := tableReader{data}
	c := &charTable{}
	flat := d.runs()
	c.lower, c.canonical, c.compat = d.mapping(), d.mapping(), d.mapping()
	c.composed = d.pairs()
	for r := range c.lower {
		flat[r] |= hasLower
	}
	c.markInert(flat)
	c.pack(flat)
	return c
}

// tableReader reads the unsigned varints of the file.
type tableReader struct{ data []byte }

func (d *tableReader) next() int {
	v, n := binary.Uvarint(d.data)
	d.data = d.data[max(n, 0):]
	return int(v)
}

func (d *tableReader) runs() []uint32 {
	flat := make([]uint32, 0x110000)
	for i := 0; i < len(flat); {
		n, v := d.next(), uint32(d.next())
		for ; n > 0; n-- {
			flat[i] = v
			i++
		}
	}
	return flat
}

func (d *tableReader) mapping() map[rune][]rune {
	n := d.next()
	m := make(map[rune][]rune, n)
	var all []rune
	for r := rune(0); n > 0; n-- {
		r += rune(d.next())
		start := len(all)
		for k := d.next(); k > 0; k-- {
			all = append(all, rune(d.next()))
		}
		m[r] = all[start:len(all):len(all)]
	}
	return m
}

func (d *tableReader) pairs() map[[2]rune]rune {
	n := d.next()
	m := make(map[[2]rune]rune, n)
	for r := rune(0); n > 0; n-- {
		r += rune(d.next())
		d.next() // always two
		m[[2]rune{rune(d.next()), rune(d.next())}] = r
	}
	return m
}

// markInert sets the inert bits of all characters: those of class 0 that have no decomposition and join nothing, and,
// for the composed forms, those that would only be taken apart and put together again.
func (c *charTable) markInert(flat []uint32) {
	const all = inertNFD | inertNFKD | inertNFC | inertNFKC
	for i, v := range flat {
		if uint8(v>>classShift) == 0 {
			flat[i] |= all
		}
	}
	made := map[rune]bool{}
	joins := map[rune]bool{}
	for pair, r := range c.composed {
		made[r], joins[pair[1]] = true, true
	}
	for r, d := range c.canonical {
		stays := made[r] && uint8(flat[d[0]]>>classShift) == 0 && !joins[d[0]] && !hangulPart(d[0])
		flat[r] &^= inertNFD | inertNFKD
		if !stays {
			flat[r] &^= all
		}
	}
	for r := range c.compat {
		flat[r] &^= inertNFKD | inertNFKC
	}
	for r := range joins {
		flat[r] &^= inertNFC | inertNFKC
	}
	for r := rune(hangulS); r < hangulS+countS; r++ {
		flat[r] &^= inertNFD | inertNFKD
	}
	for r := rune(hangulV); r < hangulT+countT; r++ {
		if hangulPart(r) {
			flat[r] &^= inertNFC | inertNFKC
		}
	}
}

// set writes the characters that have a property as ranges for a regular expression's character set.
func (c *charTable) set(prop uint32) string {
	var out strings.Builder
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if c.of(r)&prop == 0 {
			continue
		}
		lo := r
		for r < unicode.MaxRune && c.of(r+1)&prop != 0 {
			r++
		}
		fmt.Fprintf(&out, `\x{%X}-\x{%X}`, lo, r)
	}
	return out.String()
}

// hangulPart reports whether r is a vowel or final that composes with what stands before it.
func hangulPart(r rune) bool {
	return r >= hangulV && r < hangulV+countV || r > hangulT && r < hangulT+countT
}

// pack stores equal blocks of 256 code points once.
func (c *charTable) pack(flat []uint32) {
	seen := map[[256]uint32]uint16{}
	for i := range c.block {
		b := [256]uint32(flat[i<<8:])
		n, ok := seen[b]
		if !ok {
			n = uint16(len(seen))
			seen[b] = n
			c.props = append(c.props, b[:]...)
		}
		c.block[i] = n
	}
}
