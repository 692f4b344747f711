package grammar

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxSequences bounds what one line may stand for.
const maxSequences = 2048

var errTooMany = fmt.Errorf("the pattern stands for more than %d sequences: name a part of it as a category", maxSequences)

// patternParser reads a pattern and multiplies its alternatives and options out.
type patternParser struct {
	text string
	at   int
}

func (p *patternParser) parse() ([][]element, error) {
	seqs, err := p.alternatives()
	if err != nil {
		return nil, err
	}
	if p.skip(); p.at < len(p.text) {
		return nil, fmt.Errorf("unexpected %q", p.text[p.at:])
	}
	return seqs, nil
}

func (p *patternParser) skip() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
}

func (p *patternParser) peek() byte {
	if p.skip(); p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *patternParser) alternatives() ([][]element, error) {
	var all [][]element
	for {
		seqs, err := p.sequence()
		if err != nil {
			return nil, err
		}
		if all = append(all, seqs...); len(all) > maxSequences {
			return nil, errTooMany
		}
		if p.peek() != '|' {
			return all, nil
		}
		p.at++
	}
}

func (p *patternParser) sequence() ([][]element, error) {
	seqs := [][]element{nil}
	for n := 0; ; n++ {
		switch p.peek() {
		case 0, '|', ')':
			if n == 0 {
				return nil, errors.New("empty pattern")
			}
			return seqs, nil
		}
		next, err := p.factor()
		if err != nil {
			return nil, err
		}
		if len(seqs)*len(next) > maxSequences {
			return nil, errTooMany
		}
		var product [][]element
		for _, s := range seqs {
			for _, f := range next {
				product = append(product, append(slices.Clip(s), f...))
			}
		}
		seqs = product
	}
}

// factor reads an element or group with its marks before and after.
func (p *patternParser) factor() ([][]element, error) {
	g := spaceOrNot
	switch p.peek() {
	case '~':
		g, p.at = adjacent, p.at+1
	case '_':
		g, p.at = space, p.at+1
	}
	var seqs [][]element
	if p.peek() == '(' {
		p.at++
		var err error
		if seqs, err = p.alternatives(); err != nil {
			return nil, err
		}
		if p.peek() != ')' {
			return nil, errors.New("missing )")
		}
		p.at++
	} else {
		e, err := p.element()
		if err != nil {
			return nil, err
		}
		seqs = [][]element{{e}}
	}
	if g != spaceOrNot {
		for i := range seqs {
			if len(seqs[i]) > 0 {
				seqs[i] = slices.Clone(seqs[i])
				seqs[i][0].glue = g
			}
		}
	}
	if p.at < len(p.text) && p.text[p.at] == '?' {
		p.at++
		seqs = append(seqs, nil)
	}
	return seqs, nil
}

func (p *patternParser) element() (e element, err error) {
	if e.name = p.name(); e.name != "" && p.at < len(p.text) && p.text[p.at] == ':' {
		p.at++
		e.label, e.name = e.name, p.name()
	}
	if e.name == "" {
		if e.name, err = p.quoted(); err != nil {
			return e, err
		}
	}
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case '{':
			if e.low, e.high, err = p.span('{', "}"); err != nil {
				return e, err
			}
			e.ranged = true
		case '#':
			if e.min, e.max, err = p.span('#', ""); err != nil {
				return e, err
			}
		default:
			return e, nil
		}
	}
	return e, nil
}

func (p *patternParser) name() string {
	from := p.at
	for p.at < len(p.text) && isName(p.text[from:p.at+1]) {
		p.at++
	}
	return p.text[from:p.at]
}

// quoted reads a word in double quotes and returns it with its quotes, the form in which it names its category.
func (p *patternParser) quoted() (string, error) {
	if p.at >= len(p.text) || p.text[p.at] != '"' {
		return "", fmt.Errorf("want a category or a word in quotes at %q", p.text[p.at:])
	}
	end := strings.IndexByte(p.text[p.at+1:], '"')
	if end <= 0 {
		return "", fmt.Errorf("no closing quote, or nothing in between, at %q", p.text[p.at:])
	}
	word := p.text[p.at : p.at+end+2]
	p.at += end + 2
	return word, nil
}

// span reads "{low-high}" or "#low-high"; one number stands for both.
func (p *patternParser) span(open byte, closing string) (low, high int, err error) {
	from := p.at + 1
	p.at = from
	for p.at < len(p.text) && (p.text[p.at] == '-' || p.text[p.at] >= '0' && p.text[p.at] <= '9') {
		p.at++
	}
	lo, hi, two := strings.Cut(p.text[from:p.at], "-")
	if !two {
		hi = lo
	}
	low, err = strconv.Atoi(lo)
	if err == nil {
		high, err = strconv.Atoi(hi)
	}
	if err != nil || high < low || !strings.HasPrefix(p.text[p.at:], closing) {
		return 0, 0, fmt.Errorf("want %clow-high%s at %q", open, closing, p.text[from-1:])
	}
	p.at += len(closing)
	return low, high, nil
}
