package grammar

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Source is a file of words and rules.
type Source struct {
	Name string
	Data []byte
}

// element is a part of a pattern after groups and options are multiplied out.
type element struct {
	name     string // category; quoted for a word by itself
	label    string
	low      int // range of the value
	high     int
	ranged   bool
	min, max int // characters, 0 = any
	glue     glue
}

// glue says what may stand between an element and the one before.
type glue uint8

const (
	spaceOrNot glue = iota
	adjacent
	space
)

// Rule is a line of a grammar.
type Rule struct {
	Category string
	Action   string
	Origin   string // file and line
	Score    int

	cat    int
	keep   int      // element whose value is kept where there is no action
	labels []string // one an element
	args   []string
	fn     Action
}

// String returns the rule's category and origin, e.g. "date at zh.grammar:12".
func (r *Rule) String() string { return r.Category + " at " + r.Origin }

// lexeme is a word with its value.
type lexeme struct {
	category, word string
	value          any
}

// production is a rule with one of the sequences that its pattern stands for.
type production struct {
	rule Rule
	seq  []element
}

// reader reads one source.
type reader struct {
	name   string
	line   int
	faults *[]error
	words  []lexeme
	rules  []production
	block  string // lexicon block, empty = none
	head   string // category of the last rule, for lines that begin with |
}

func (r *reader) fault(format string, args ...any) {
	*r.faults = append(*r.faults, fmt.Errorf("%s:%d: %s", r.name, r.line, fmt.Sprintf(format, args...)))
}

func (r *reader) read(data []byte) {
	for line := range strings.Lines(string(data)) {
		r.line++
		line = strings.TrimRight(stripComment(line), " \t\r\n")
		body := strings.TrimSpace(line)
		switch {
		case body == "":
		case strings.HasPrefix(body, "lex "):
			r.block, r.head = strings.TrimSpace(body[4:]), ""
		case r.block != "" && (line[0] == ' ' || line[0] == '\t'):
			r.readWords(body)
		default:
			r.block = ""
			r.readRule(body)
		}
	}
}

// stripComment removes a # comment; within quotes or right after an element # is not one: it must follow white space or begin the line.
func stripComment(line string) string {
	quoted := byte(0)
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quoted != 0:
			if c == quoted {
				quoted = 0
			}
		case c == '"':
			quoted = c
		case c == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t'):
			return line[:i]
		}
	}
	return line
}

// readWords reads "value = word | word". Words may be quoted; they are folded text.
func (r *reader) readWords(body string) {
	value, words, ok := strings.Cut(body, "=")
	if !ok {
		r.fault("want value = word | word, got %q", body)
		return
	}
	var v any = strings.TrimSpace(value)
	if n, err := strconv.Atoi(v.(string)); err == nil {
		v = n
	}
	for _, w := range strings.Split(words, "|") {
		w = strings.TrimSpace(w)
		if u, err := strconv.Unquote(w); err == nil {
			w = u
		}
		if w == "" {
			r.fault("empty word of %s", r.block)
			continue
		}
		r.words = append(r.words, lexeme{r.block, w, v})
	}
}

// readRule reads "category = pattern -> action args @score", or "| pattern …" for one more of the same category.
func (r *reader) readRule(body string) {
	rest := body
	if !strings.HasPrefix(body, "|") {
		head, tail, ok := strings.Cut(body, "=")
		if r.head = strings.TrimSpace(head); !ok || !isName(r.head) {
			r.fault("want category = pattern -> action, got %q", body)
			return
		}
		rest = tail
	} else if rest = body[1:]; r.head == "" {
		r.fault("a line that begins with | continues a rule, and there is none before")
		return
	}
	pattern, action, hasAction := cutUnquoted(rest, "->")
	rule := Rule{Category: r.head, Origin: fmt.Sprintf("%s:%d", r.name, r.line)}
	tail := &pattern
	if hasAction {
		tail = &action
	}
	if i := strings.LastIndexByte(*tail, '@'); i >= 0 {
		if n, err := strconv.Atoi(strings.TrimSpace((*tail)[i+1:])); err == nil {
			rule.Score, *tail = n, (*tail)[:i]
		}
	}
	if fields := strings.Fields(action); len(fields) > 0 {
		rule.Action, rule.args = fields[0], fields[1:]
	} else if hasAction {
		r.fault("no action after ->")
		return
	}
	p := patternParser{text: pattern}
	seqs, err := p.parse()
	if err != nil {
		r.fault("%s: %v", r.head, err)
		return
	}
	for _, seq := range seqs {
		if len(seq) == 0 {
			r.fault("%s: all of the pattern is optional", r.head)
			return
		}
		var ok bool
		if rule.keep, ok = kept(seq); !ok && rule.Action == "" && r.head != Not {
			r.fault("%s: a pattern of several categories needs an action", r.head)
			return
		}
		r.rules = append(r.rules, production{rule, seq})
	}
}

// kept returns which element's value a rule without an action keeps: the only category, or else the first word.
func kept(seq []element) (index int, ok bool) {
	n := 0
	for i, e := range seq {
		if e.name[0] != '"' {
			n, index = n+1, i
		}
	}
	return index, n <= 1
}

func cutUnquoted(s, sep string) (before, after string, found bool) {
	quoted := false
	for i := 0; i < len(s); i++ {
		if s[i] == '"' {
			quoted = !quoted
		}
		if !quoted && strings.HasPrefix(s[i:], sep) {
			return s[:i], s[i+len(sep):], true
		}
	}
	return s, "", false
}

// isName tells whether s may name a category: letters, figures, '-', '_' and '.', beginning with a letter.
func isName(s string) bool {
	for i, c := range s {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.')) {
			return false
		}
	}
	return s != ""
}

func runes(s string) int { return utf8.RuneCountInString(s) }
