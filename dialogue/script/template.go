package script

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// template is a text made ready: literals, slots and optional parts in order.
type template struct {
	nodes []node
	need  []string // slots outside optional parts: without them the text cannot be said
	slots []string // all, each once
	size  int      // bytes of the literals, to size buffers
}

// node is a literal (slot and part empty), a slot, or an optional part with its alternatives.
type node struct {
	lit    string
	slot   string
	format format
	part   [][]node
}

// parseTemplate compiles a text. Errors say where in characters.
func parseTemplate(text string) (template, error) {
	p := parser{text: text}
	nodes, err := p.sequence(false)
	if err != nil {
		return template{}, err
	}
	t := template{nodes: nodes}
	t.collect(nodes, false)
	return t, nil
}

// collect fills need, slots and size.
func (t *template) collect(nodes []node, optional bool) {
	for _, n := range nodes {
		t.size += len(n.lit)
		if n.slot != "" {
			if !slices.Contains(t.slots, n.slot) {
				t.slots = append(t.slots, n.slot)
			}
			if !optional && !slices.Contains(t.need, n.slot) {
				t.need = append(t.need, n.slot)
			}
		}
		for _, alt := range n.part {
			t.collect(alt, true)
		}
	}
}

// each calls fn for every literal and every slot, also those of optional parts.
func each(nodes []node, fn func(n *node)) {
	for i := range nodes {
		fn(&nodes[i])
		for _, alt := range nodes[i].part {
			each(alt, fn)
		}
	}
}

// parser reads a text from left to right; parts are not nested.
type parser struct {
	text string
	at   int
}

func (p *parser) errorf(at int, format string, args ...any) error {
	return fmt.Errorf("character %d: %s", utf8.RuneCountInString(p.text[:at])+1, fmt.Sprintf(format, args...))
}

// sequence reads nodes until the text ends or, in a part, until | or ].
func (p *parser) sequence(inPart bool) ([]node, error) {
	var nodes []node
	var lit strings.Builder
	flush := func() {
		if lit.Len() > 0 {
			nodes = append(nodes, node{lit: lit.String()})
			lit.Reset()
		}
	}
	for p.at < len(p.text) {
		c := p.text[p.at]
		switch {
		case c == '\\':
			if p.at+1 == len(p.text) || strings.IndexByte(`{}[]|\`, p.text[p.at+1]) < 0 {
				return nil, p.errorf(p.at, `\ must stand before {, }, [, ], | or \`)
			}
			lit.WriteByte(p.text[p.at+1])
			p.at += 2
		case c == '{':
			flush()
			n, err := p.slot()
			if err != nil {
				return nil, err
			}
			nodes = append(nodes, n)
		case c == '[':
			if inPart {
				return nil, p.errorf(p.at, `[ within an optional part: parts are not nested; write \[ for the character`)
			}
			flush()
			n, err := p.part()
			if err != nil {
				return nil, err
			}
			nodes = append(nodes, n)
		case inPart && (c == ']' || c == '|'):
			flush()
			return nodes, nil
		case c == '}' || c == ']':
			return nil, p.errorf(p.at, `%c closes nothing; write \%c for the character`, c, c)
		default:
			lit.WriteByte(c)
			p.at++
		}
	}
	flush()
	return nodes, nil
}

// slot reads {name} or {name|format}.
func (p *parser) slot() (node, error) {
	open := p.at
	end := strings.IndexAny(p.text[open+1:], "{}[]")
	if end < 0 || p.text[open+1+end] != '}' {
		return node{}, p.errorf(open, `{ is not closed; write \{ for the character`)
	}
	body := p.text[open+1 : open+1+end]
	p.at = open + end + 2
	name, form, formatted := strings.Cut(body, "|")
	if !validSlot(name) {
		return node{}, p.errorf(open, "slot {%s}: names are a–z, 0–9 and _, beginning with a letter", body)
	}
	n := node{slot: name}
	if formatted {
		f, ok := formats[form]
		if !ok {
			return node{}, p.errorf(open, "slot {%s}: there is no format %q; formats are %s", body, form, strings.Join(Formats(), ", "))
		}
		n.format = f
	}
	return n, nil
}

// part reads [A|B|…].
func (p *parser) part() (node, error) {
	open := p.at
	var n node
	for {
		p.at++
		alt, err := p.sequence(true)
		if err != nil {
			return node{}, err
		}
		if p.at == len(p.text) {
			return node{}, p.errorf(open, `[ is not closed; write \[ for the character`)
		}
		hasSlot := slices.ContainsFunc(alt, func(n node) bool { return n.slot != "" })
		last := p.text[p.at] == ']'
		if !hasSlot && (!last || len(n.part) == 0) {
			return node{}, p.errorf(open, `an alternative without a slot would always be said: it must be the second or later and the last; write \[ for the character`)
		}
		n.part = append(n.part, alt)
		if last {
			p.at++
			return n, nil
		}
	}
}

// validSlot tells whether s can name a slot, e.g. "order_id".
func validSlot(s string) bool {
	if s == "" || len(s) > 64 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// escape writes s so that it is read as itself.
func escape(s string) string { return escaper.Replace(s) }

var escaper = strings.NewReplacer(`\`, `\\`, `{`, `\{`, `}`, `\}`, `[`, `\[`, `]`, `\]`, `|`, `\|`)
