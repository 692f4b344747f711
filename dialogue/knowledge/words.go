package knowledge

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"yingda/nlu/norm"
)

//go:embed words.yaml
var wordsFile []byte

// wordList is the form of words.yaml.
type wordList struct {
	Version      int                 `yaml:"version"`
	Fillers      []string            `yaml:"fillers"`
	Synonyms     [][]string          `yaml:"synonyms"`
	Asks         map[string][]string `yaml:"asks"`
	Negations    []string            `yaml:"negations"`
	NotNegations []string            `yaml:"not_negations"`
}

// lexicon is words.yaml ready to use.
type lexicon struct {
	rewrite phrases // fillers → " ", synonyms → the first of their line
	asks    phrases // → a bit of ask
	negate  phrases // → 1 turns round, 0 does not
}

// words is the built-in lexicon. That it can be read is tested.
var words = sync.OnceValue(func() *lexicon {
	x, err := parseWords(wordsFile)
	if err != nil {
		return &lexicon{}
	}
	return x
})

func parseWords(data []byte) (*lexicon, error) {
	var l wordList
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&l); err != nil {
		return nil, fmt.Errorf("words.yaml: %w", err)
	}
	if l.Version != 1 {
		return nil, fmt.Errorf("words.yaml: version is %d, this program reads 1", l.Version)
	}
	x := &lexicon{}
	for _, f := range l.Fillers {
		x.rewrite.add(f, " ", 0)
	}
	for _, line := range l.Synonyms {
		for _, w := range line {
			x.rewrite.add(w, line[0], 0)
		}
	}
	kinds := make([]string, 0, len(l.Asks))
	for k := range l.Asks {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	for i, k := range kinds {
		for _, w := range l.Asks[k] {
			x.asks.add(w, "", 1<<i)
		}
	}
	for _, w := range l.Negations {
		x.negate.add(w, "", 1)
	}
	for _, w := range l.NotNegations {
		x.negate.add(w, "", 0)
	}
	return x, nil
}

// phrases finds words of a list in folded text, at each place the longest.
type phrases struct {
	byFirst map[rune][]phrase // longest first
}

type phrase struct {
	text, to string
	bits     uint32
}

func (p *phrases) add(text, to string, bits uint32) {
	if p.byFirst == nil {
		p.byFirst = map[rune][]phrase{}
	}
	text = norm.Fold(text, norm.Matching).Text
	first, _ := utf8.DecodeRuneInString(text)
	list := append(p.byFirst[first], phrase{text, to, bits})
	slices.SortStableFunc(list, func(a, b phrase) int { return len(b.text) - len(a.text) })
	p.byFirst[first] = list
}

// at returns the longest phrase at byte i of s, or nil. English words count only whole.
func (p *phrases) at(s string, i int) *phrase {
	first, _ := utf8.DecodeRuneInString(s[i:])
	list := p.byFirst[first]
	for k := range list {
		w := list[k].text
		if strings.HasPrefix(s[i:], w) && bounded(s, i, i+len(w)) {
			return &list[k]
		}
	}
	return nil
}

// bounded tells whether [from, to) of s does not cut a Latin word.
func bounded(s string, from, to int) bool {
	inner, _ := utf8.DecodeRuneInString(s[from:])
	before, _ := utf8.DecodeLastRuneInString(s[:from])
	last, _ := utf8.DecodeLastRuneInString(s[:to])
	after, _ := utf8.DecodeRuneInString(s[to:])
	return !(isLatin(inner) && isLatin(before)) && !(isLatin(last) && isLatin(after))
}

func isLatin(r rune) bool { return r < 0x2e80 && unicode.IsLetter(r) }

// replace rewrites all phrases found.
func (p *phrases) replace(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		if f := p.at(s, i); f != nil {
			b.WriteString(f.to)
			i += len(f.text)
			continue
		}
		_, n := utf8.DecodeRuneInString(s[i:])
		b.WriteString(s[i : i+n])
		i += n
	}
	return b.String()
}

// collect returns the union of the bits of all phrases found.
func (p *phrases) collect(s string) (union uint32) {
	p.scan(s, func(f *phrase, _ int) { union |= f.bits })
	return union
}

// negations returns where words end that turn round what follows, in order. In 支持不支持 nothing is turned round.
func (x *lexicon) negations(s string) []int {
	var out []int
	x.negate.scan(s, func(f *phrase, end int) {
		if f.bits != 0 && !echoes(s[:end-len(f.text)], s[end:]) {
			out = append(out, end)
		}
	})
	return out
}

// echoes tells whether after begins with the last one or two characters of before, Chinese ones.
func echoes(before, after string) bool {
	from := len(before)
	for range 2 {
		r, n := utf8.DecodeLastRuneInString(before[:from])
		if from -= n; n <= 1 || !unicode.Is(unicode.Han, r) {
			return false
		}
		if strings.HasPrefix(after, before[from:]) {
			return true
		}
	}
	return false
}

func (p *phrases) scan(s string, fn func(f *phrase, end int)) {
	for i := 0; i < len(s); {
		if f := p.at(s, i); f != nil {
			i += len(f.text)
			fn(f, i)
			continue
		}
		_, n := utf8.DecodeRuneInString(s[i:])
		i += n
	}
}

// stem takes the endings off an English word that change with grammar only: enough to match orders with order and shipping with ship.
// It errs on the side of leaving a word as it is.
func stem(w string) string {
	if len(w) < 4 || w[0] >= utf8.RuneSelf {
		return w
	}
	w = strings.TrimSuffix(w, "'s")
	for _, e := range []struct{ from, to string }{{"ies", "y"}, {"sses", "ss"}, {"ches", "ch"}, {"shes", "sh"}, {"xes", "x"}, {"ss", "ss"}, {"us", "us"}, {"s", ""}} {
		if strings.HasSuffix(w, e.from) && len(w)-len(e.from) >= 2 {
			w = w[:len(w)-len(e.from)] + e.to
			break
		}
	}
	for _, e := range []string{"ing", "ed"} {
		root, cut := strings.CutSuffix(w, e)
		if !cut || len(root) < 3 || !strings.ContainsAny(root, "aeiouy") {
			continue
		}
		if n := len(root); root[n-1] == root[n-2] && !strings.ContainsRune("lsz", rune(root[n-1])) {
			root = root[:n-1] // shipping → ship
		}
		w = root
		break
	}
	if len(w) > 4 {
		w = strings.TrimSuffix(w, "e") // changing → chang ← change
	}
	return w
}
