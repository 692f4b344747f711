package quantity

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// reader is the state of one search. It is the context of the grammar's actions.
type reader struct {
	*Finder
	text  string
	dst   []value.Find
	yield func(*grammar.Node)
	known uint64 // cues that have been looked for, by bit
	holds uint64 // those that are in the text
}

func newReader(f *Finder) *reader {
	r := &reader{Finder: f}
	r.yield = r.take
	return r
}

func of(c *grammar.Call) *reader { return c.Context.(*reader) }

// has tells whether one of the words of a cue is in the text. It is looked for once a text.
func (r *reader) has(c cue) bool {
	if c <= 0 {
		return false
	}
	bit := uint64(1) << c
	if r.known&bit == 0 {
		r.known |= bit
		for _, w := range r.lang.words.cues[c] {
			if containsWord(r.text, w) {
				r.holds |= bit
				break
			}
		}
	}
	return r.holds&bit != 0
}

func (r *reader) hasNamed(name string) bool { return r.has(r.lang.words.cue(name)) }

// containsWord tells whether a word stands in a text; one of letters only where no letter is before it.
func containsWord(text, word string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		at := from + i
		if at == 0 || !isLetter(word[0]) || !isLetter(text[at-1]) {
			return true
		}
		from = at + len(word)
	}
}

// startsWell tells whether an amount may begin at a place: not inside of a code such as scp2-173m, a12, or of a longer number.
func (r *reader) startsWell(at int) bool {
	if at == 0 {
		return true
	}
	b := r.text[at-1]
	if b < utf8.RuneSelf {
		figure := isDigit(r.text[at]) || r.text[at] == '.'
		switch {
		case figure && (isLetter(b) || isDigit(b) || b == '_' || b == '.'):
			return false
		case b == '-' && figure:
			return !r.codeBefore(at - 1)
		case b == '/' && figure && at > 1:
			return !isDigit(r.text[at-2])
		}
		return true
	}
	return r.text[at] >= utf8.RuneSelf || !strings.HasSuffix(r.text[:at], "第")
}

// dash tells whether the minus sign of a number is a dash: 100元-200元, "weight - 20 kg". Only temperatures are often negative.
func (r *reader) dash(n value.Number, at int) bool {
	return n.Sign() < 0 && r.text[at] == '-' && (at > 0 && r.text[at-1] != ' ' || strings.HasPrefix(r.text[at+1:], " "))
}

// codeBefore tells whether letters and figures end at a place, as in scp2.
func (r *reader) codeBefore(at int) bool {
	letters := false
	for ; at > 0 && (isLetter(r.text[at-1]) || isDigit(r.text[at-1])); at-- {
		letters = letters || isLetter(r.text[at-1])
	}
	return letters
}

// endsWell tells whether a unit may end at a place: one that is not written in Han characters does not run into figures: m212, "1 $10".
func (r *reader) endsWell(at int) bool {
	if at >= len(r.text) || at == 0 {
		return true
	}
	if next := r.text[at]; !isDigit(next) && next != '_' {
		return !strings.HasPrefix(r.text[at:], "'t") || !isLetter(r.text[at-1]) // won't
	}
	last, _ := utf8.DecodeLastRuneInString(r.text[:at])
	return unicode.Is(unicode.Han, last)
}

// next returns the word that follows a place, and the character where there is no word.
func (r *reader) next(at int) (word string, char rune) {
	if at < len(r.text) && r.text[at] == ' ' {
		at++
	}
	end := at
	for end < len(r.text) && isLetter(r.text[end]) {
		end++
	}
	if end > at {
		return r.text[at:end], 0
	}
	if at < len(r.text) {
		char, _ = utf8.DecodeRuneInString(r.text[at:])
	}
	return "", char
}

// endsLoosely tells whether what follows a place is nothing that the number before it may count: the end, a mark, a word as "and".
func (r *reader) endsLoosely(at int) bool {
	if at < len(r.text) && (isLetter(r.text[at]) || r.text[at] == '-') {
		return false
	}
	word, char := r.next(at)
	return (word == "" || r.lang.words.cents[word]) && char < utf8.RuneSelf && (char < '0' || char > '9') && char != '%' && char != '$'
}

// take is called with every phrase that the grammar has chosen.
func (r *reader) take(n *grammar.Node) {
	switch v := n.Value.(type) {
	case *found:
		r.add(v, n.Rule)
	case [2]*found:
		r.add(v[0], n.Rule)
		if v[1].number != nil || r.bare {
			r.add(v[1], n.Rule)
		}
	default: // a row of items
		for _, k := range n.Kids {
			for k.Category == "item" {
				k = k.Kids[0]
			}
			r.take(k)
		}
	}
}

func (r *reader) add(v *found, rule *grammar.Rule) {
	f := value.Find{Start: v.start, End: v.end, Rule: rule.Origin, Score: 1}
	if v.vague {
		f.Score = 0.5
	}
	n := value.Number{Rat: v.number}
	if v.number != nil {
		n.Form = v.form
	}
	switch {
	case v.cur != nil || v.sub != nil:
		if !r.money {
			return
		}
		f.Kind, f.Value = value.KindMoney, r.toMoney(v, n)
	case r.dims[v.dimension]:
		f.Kind, f.Value = value.KindQuantity, value.Quantity{Number: n, Unit: v.unit, Word: v.word, Dimension: v.dimension}
	default:
		return
	}
	r.dst = append(r.dst, f)
}

// toMoney makes money of an amount in a currency, or in a part of one.
func (r *reader) toMoney(v *found, n value.Number) value.Money {
	if v.cur != nil {
		return value.Money{Amount: n, Currency: v.cur.Code, Unit: v.cur.Unit}
	}
	if r.parts || v.sub.of == nil || n.Rat == nil {
		return value.Money{Amount: n, Unit: v.sub.Unit}
	}
	n.Rat = quo(n.Rat, v.sub.Per)
	if n.Form == value.Integer && !n.IsInt() {
		n.Form = value.Decimal
	}
	return value.Money{Amount: n, Currency: v.sub.of.Code, Unit: v.sub.of.Unit}
}
