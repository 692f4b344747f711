package sequence

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

//go:embed data/phone.yaml
var phoneYAML []byte

//go:embed data/web.yaml
var webYAML []byte

//go:embed data/tlds.txt
var tldsText string

// shipped compiles the embedded data once.
var shipped = sync.OnceValues(func() (*words, error) { return parseWords(phoneYAML, webYAML, tldsText) })

// phoneFile is data/phone.yaml; what its parts mean is said there.
type phoneFile struct {
	Cues       []string `yaml:"cues"`
	Never      []string `yaml:"never"`
	Accounts   []string `yaml:"accounts"`
	Between    []string `yaml:"between"`
	Marks      string   `yaml:"marks"`
	Units      []string `yaml:"units"`
	Extensions []string `yaml:"extensions"`
	Spoken     struct {
		Figures map[string][]string `yaml:"figures"`
		Tens    map[string]string   `yaml:"tens"`
		Repeat  map[string]int      `yaml:"repeat"`
		Plus    []string            `yaml:"plus"`
		Against []string            `yaml:"against"`
	} `yaml:"spoken"`
}

// webFile is data/web.yaml.
type webFile struct {
	Schemes   []string `yaml:"schemes"`
	Hosts     []string `yaml:"hosts"`
	Words     []string `yaml:"words"`
	Seconds   []string `yaml:"seconds"`
	Hours     []string `yaml:"hours"`
	Exchanges []string `yaml:"exchanges"`
	Known     []string `yaml:"known"`
	IPv6      []string `yaml:"ipv6"`
	Quotes    []string `yaml:"quotes"`
}

// words is the compiled data.
type words struct {
	before     map[string]role // what stands before a number
	longest    int             // bytes of the longest key of before
	marks      string
	units      map[string]bool
	unitSize   int // bytes of the longest unit
	extensions []string
	cues       []string
	spoken     map[string]spokenWord
	spokenHan  map[rune]spokenWord // those of one character beyond ASCII
	initials   [256]bool           // the first bytes of the others
	spokenSize int                 // bytes of the longest spoken word

	schemes, hosts, tlds, plain, seconds, hours, exchanges, known map[string]bool
	ipv6                                                          []string
	open, shut                                                    map[rune]rune // quotation marks by their counterpart; shut[c] is the opening mark
}

// role is what a word before a number says of it. The zero role says nothing.
type role uint8

const (
	roleNone    role = iota
	roleBetween      // look further to the left
	roleCue
	roleNever
	roleAccount
)

// spokenWord is a word of a number that is read out.
type spokenWord struct {
	figures string // "7", "00", "12"
	tens    bool   // figures is the first of two: twenty
	repeat  int    // double, triple: the next word so many times
	plus    bool
	against bool // no figure, and none of the figures beside it is one of a telephone number
}

func parseWords(phone, web []byte, tlds string) (*words, error) {
	var p phoneFile
	if err := yaml.UnmarshalWithOptions(phone, &p, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("sequence: phone.yaml: %w", err)
	}
	var n webFile
	if err := yaml.UnmarshalWithOptions(web, &n, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("sequence: web.yaml: %w", err)
	}
	w := &words{before: map[string]role{}, marks: p.Marks, extensions: p.Extensions, cues: p.Cues}
	var errs []error
	for _, group := range []struct {
		words []string
		role  role
	}{{p.Between, roleBetween}, {p.Cues, roleCue}, {p.Never, roleNever}, {p.Accounts, roleAccount}} {
		for _, word := range group.words {
			if word == "" || w.before[word] != roleNone && w.before[word] != group.role {
				errs = append(errs, fmt.Errorf("sequence: phone.yaml: %q is empty or in two groups", word))
			}
			w.before[word], w.longest = group.role, max(w.longest, len(word))
		}
	}
	w.units, w.unitSize = setOf(p.Units)
	errs = append(errs, w.addSpoken(&p), w.addWeb(&n, tlds))
	return w, errors.Join(errs...)
}

func (w *words) addSpoken(p *phoneFile) error {
	w.spoken, w.spokenHan = map[string]spokenWord{}, map[rune]spokenWord{}
	for figures, list := range p.Spoken.Figures {
		for _, word := range list {
			w.spoken[word] = spokenWord{figures: figures}
		}
	}
	for word, figure := range p.Spoken.Tens {
		w.spoken[word] = spokenWord{figures: figure, tens: true}
	}
	for word, n := range p.Spoken.Repeat {
		if n < 2 || n > 4 {
			return fmt.Errorf("sequence: phone.yaml: %q repeats %d times", word, n)
		}
		w.spoken[word] = spokenWord{repeat: n}
	}
	for _, word := range p.Spoken.Plus {
		w.spoken[word] = spokenWord{plus: true}
	}
	for _, word := range p.Spoken.Against {
		sw := w.spoken[word] // "hundred" is both: after a figure two zeros, before one a quantity
		sw.against = true
		w.spoken[word] = sw
	}
	for word, sw := range w.spoken {
		if strings.Trim(sw.figures, "0123456789") != "" || len(sw.figures) > 2 {
			return fmt.Errorf("sequence: phone.yaml: %q is spoken for figures %q", word, sw.figures)
		}
		w.spokenSize = max(w.spokenSize, len(word))
		if r, size := utf8.DecodeRuneInString(word); size > 1 && size == len(word) {
			w.spokenHan[r] = sw
		} else if size > 0 {
			w.initials[word[0]] = true
		}
	}
	return nil
}

func (w *words) addWeb(n *webFile, tlds string) error {
	w.schemes, _ = setOf(n.Schemes)
	w.hosts, _ = setOf(n.Hosts)
	w.plain, _ = setOf(n.Words)
	w.seconds, _ = setOf(n.Seconds)
	w.hours, _ = setOf(n.Hours)
	w.exchanges, _ = setOf(n.Exchanges)
	w.known, _ = setOf(n.Known)
	w.ipv6 = n.IPv6
	w.tlds = map[string]bool{}
	for line := range strings.Lines(tlds) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, name := range strings.Fields(line) {
			w.tlds[name] = true
		}
	}
	w.open, w.shut = map[rune]rune{}, map[rune]rune{}
	for _, pair := range n.Quotes {
		first, size := utf8.DecodeRuneInString(pair)
		second, rest := utf8.DecodeRuneInString(pair[size:])
		if size+rest != len(pair) || rest == 0 {
			return fmt.Errorf("sequence: web.yaml: %q is not a pair of quotation marks", pair)
		}
		w.open[first] = second
		if w.shut[second] == 0 {
			w.shut[second] = first
		}
	}
	return nil
}

// setOf returns the list as a set and the length of its longest entry in bytes.
func setOf(list []string) (set map[string]bool, longest int) {
	set = make(map[string]bool, len(list))
	for _, s := range list {
		set[s] = true
		longest = max(longest, len(s))
	}
	return set, longest
}
