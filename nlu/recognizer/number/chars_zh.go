package number

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

//go:embed data/zh_chars.txt
var zhCharsFile string

// class is the part a character plays in a number.
type class uint8

const (
	noClass class = iota
	classDigit
	classCount
	classSpoken
	classLone
	classTen
	classUnit
	classTens
	classBig
	classSome
	classUntold
	classPoint
	classMinus
	classHalf
	classDozen
	classRank
	classPlus
	classPart
	classOf
	classCue
)

var classNames = [...]string{"", "digit", "count", "spoken", "lone", "ten", "unit", "tens", "big", "some", "untold", "point", "minus",
	"half", "dozen", "rank", "plus", "part", "of", "cue"}

// char is a character of numbers.
type char struct {
	class class
	value int64
}

// zhChars finds characters by a table of their block: numbers are looked for at every character of every message.
type zhChars struct {
	index [0xa000 - 0x4e00]uint8 // into chars
	other map[rune]uint8         // outside of the block of Han characters
	chars []char
	leads [256]bool // first bytes of their UTF-8
}

var zh = mustReadChars(zhCharsFile)

func mustReadChars(file string) *zhChars {
	t := &zhChars{chars: make([]char, 1), other: map[rune]uint8{}}
	for line := range strings.Lines(file) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		if err := t.read(f); err != nil {
			panic(fmt.Sprintf("number: zh_chars.txt: %q: %v", line, err)) // the file is part of the program
		}
	}
	return t
}

func (t *zhChars) read(f []string) error {
	c := noClass
	for i, name := range classNames {
		if name == f[0] {
			c = class(i)
		}
	}
	if c == noClass || len(f) < 3 {
		return fmt.Errorf("want class, value, characters")
	}
	v, err := strconv.ParseInt(f[1], 10, 64)
	if err != nil {
		return err
	}
	t.chars = append(t.chars, char{c, v})
	for _, s := range f[2:] {
		r, n := utf8.DecodeRuneInString(s)
		if n != len(s) {
			return fmt.Errorf("%s is more than one character", s)
		}
		t.leads[s[0]] = true
		if i := int(r) - 0x4e00; i >= 0 && i < len(t.index) {
			t.index[i] = uint8(len(t.chars) - 1)
		} else {
			t.other[r] = uint8(len(t.chars) - 1)
		}
	}
	return nil
}

// at returns the character of numbers that begins at a place, and where it ends.
func (t *zhChars) at(text string, at int) (char, int) {
	if at >= len(text) || !t.leads[text[at]] {
		return char{}, at
	}
	r, n := utf8.DecodeRuneInString(text[at:])
	if i := int(r) - 0x4e00; i >= 0 && i < len(t.index) {
		return t.chars[t.index[i]], at + n
	}
	return t.chars[t.other[r]], at + n
}

// mentions tells whether the text has a figure or a character without which there is no number.
func (t *zhChars) mentions(text string) bool {
	for at := 0; at < len(text); at++ {
		b := text[at]
		if isDigit(b) {
			return true
		}
		if b < utf8.RuneSelf || !t.leads[b] {
			continue
		}
		switch c, _ := t.at(text, at); c.class {
		case classDigit, classCount, classLone, classTen, classUnit, classTens, classHalf, classCue:
			return true
		}
	}
	return false
}

// before returns the character of numbers that ends at a place, and where it begins.
func (t *zhChars) before(text string, at int) (char, int) {
	if at <= 0 || text[at-1] < utf8.RuneSelf {
		return char{}, at
	}
	_, n := utf8.DecodeLastRuneInString(text[:at])
	c, _ := t.at(text, at-n)
	return c, at - n
}
