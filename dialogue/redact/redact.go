// Package redact writes messages for those who read reports: what the customer wanted stays, who they are goes.
//
// Entities of types that are not declared harmless become their type in angle brackets, and so do long digit runs, mail addresses and
// links that no recogniser claimed. What is unknown is hidden: a new entity type is personal until someone says otherwise.
package redact

import (
	"slices"
	"strings"
	"unicode/utf8"

	"yingda/nlu"
)

// digitsKept is the longest digit run that is left alone outside entities: prices, sizes, years and counts, but no number that names
// a person, an account or an order.
const digitsKept = 4

// groupedKept is the same for a number in groups: a date, a range or two counts stay, a card or a telephone number does not.
const groupedKept = 8

// Rules say what may be read by anyone who may read reports.
type Rules struct {
	// Visible are the entity types that say nothing about a person, e.g. product, money, datetime.
	Visible []string `yaml:"visible"`
}

// Text returns the text with its personal parts replaced. ents are the merged entities of the text: by position, without overlap.
func (r Rules) Text(text string, ents []nlu.Entity) string {
	if text == "" {
		return ""
	}
	var b strings.Builder
	b.Grow(len(text))
	at := 0
	for i := range ents {
		ent := &ents[i]
		if ent.Start < at || ent.End > len(text) {
			continue
		}
		if slices.Contains(r.Visible, ent.Type) && !long(text[ent.Start:ent.End]) {
			continue
		}
		writePlain(&b, text[at:ent.Start])
		b.WriteByte('<')
		b.WriteString(ent.Type)
		b.WriteByte('>')
		at = ent.End
	}
	writePlain(&b, text[at:])
	return b.String()
}

// long tells whether text holds a digit run that must not be shown even inside a harmless entity, e.g. a phone number in a product's name.
func long(text string) bool {
	run := 0
	for _, c := range text {
		if digit(c) {
			if run++; run > digitsKept {
				return true
			}
		} else {
			run = 0
		}
	}
	return false
}

func digit(c rune) bool { return '0' <= c && c <= '9' || '０' <= c && c <= '９' }

// writePlain copies text that no entity covers, without words that hold an @ or a link, and without long digit runs.
func writePlain(b *strings.Builder, text string) {
	from, at := 0, 0 // text[from:at] has neither
	for at < len(text) {
		n := wordLen(text[at:])
		mark := ""
		switch word := text[at : at+n]; {
		case strings.Contains(word, "://") || strings.HasPrefix(word, "www."):
			mark = "<url>"
		case strings.IndexByte(word, '@') > 0:
			mark = "<email>"
		}
		if mark != "" {
			writeDigits(b, text[from:at])
			b.WriteString(mark)
			from = at + n
		}
		at += n
	}
	writeDigits(b, text[from:])
}

// wordLen returns the length of the run of characters that addresses and links are made of, or of the first character that is not one.
func wordLen(text string) int {
	for i, c := range text {
		if c >= 0x80 || c <= ' ' || c == '"' || c == '<' || c == '>' {
			if i > 0 {
				return i
			}
			_, size := utf8.DecodeRuneInString(text)
			return size
		}
	}
	return len(text)
}

// writeDigits copies text without numbers of more than digitsKept digits, and without those of groupedKept digits in groups: 6222 0212 3456.
func writeDigits(b *strings.Builder, text string) {
	for text != "" {
		size, digits, run := number(text)
		switch {
		case digits == 0:
			b.WriteString(text[:size])
		case run > digitsKept || digits > groupedKept:
			b.WriteString("<number>")
		default:
			b.WriteString(text[:size])
		}
		text = text[size:]
	}
}

// gapKept is how many separators may stand between the digits of one number: 138 - 0013 - 8000.
const gapKept = 3

// separator tells whether c may stand between the digits of one number.
func separator(c rune) bool { return strings.ContainsRune(" \u00a0\u3000-‐–—－./·()（）", c) }

// number measures what text begins with: a character that is no digit, or a number with a few separators between its digits.
// size is in bytes, run is the longest run without a separator.
func number(text string) (size, digits, run int) {
	current, gap := 0, 0
	for i, c := range text {
		switch {
		case digit(c):
			digits, current, gap = digits+1, current+1, 0
			run, size = max(run, current), i+utf8.RuneLen(c)
		case digits > 0 && gap < gapKept && separator(c):
			current, gap = 0, gap+1
		case digits == 0:
			_, size := utf8.DecodeRuneInString(text)
			return size, 0, 0
		default:
			return size, digits, run
		}
	}
	return size, digits, run
}
