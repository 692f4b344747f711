package choice

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

//go:embed data/answers.yaml
var answersYAML []byte

// shipped compiles the embedded data once.
var shipped = sync.OnceValues(func() (*words, error) { return parseWords(answersYAML) })

// file is data/answers.yaml; what its parts mean is said there.
type file struct {
	Answers    sides      `yaml:"answers"`
	Remarks    sides      `yaml:"remarks"`
	Negations  []string   `yaml:"negations"`
	Negatable  []string   `yaml:"negatable"`
	Neither    [][]string `yaml:"neither"`
	Openers    []string   `yaml:"openers"`
	Particles  []string   `yaml:"particles"`
	Courtesies []string   `yaml:"courtesies"`
	Questions  []string   `yaml:"questions"`
	Emoji      struct {
		Yes string `yaml:"yes"`
		No  string `yaml:"no"`
	} `yaml:"emoji"`
}

// sides are lists of words, one list a language.
type sides struct {
	Yes [][]string `yaml:"yes"`
	No  [][]string `yaml:"no"`
}

// class is what a word says.
type class uint8

const (
	classNone class = iota
	classNeither
	classYes // a remark
	classNo
	classNegated   // a no like a remark, but also within a clause
	classStrongYes // an answer
	classStrongNo
)

func (c class) yes() bool    { return c == classYes || c == classStrongYes }
func (c class) answer() bool { return c >= classYes }
func (c class) strong() bool { return c >= classStrongYes }
func (c class) remark() bool { return c == classYes || c == classNo }

// words is the compiled data.
type words struct {
	phrases *node            // of words with spaces between them
	han     map[string]class // answers in Chinese
	around  map[string]bool  // openers, particles and courtesies
	openers map[string]bool
	longest int // bytes of the longest key of the three
	ask     []string
	emoji   map[rune]class
}

// node is a place in the tree of phrases.
type node struct {
	next  map[string]*node
	class class
}

func parseWords(data []byte) (*words, error) {
	var f file
	if err := yaml.UnmarshalWithOptions(data, &f, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("choice: answers.yaml: %w", err)
	}
	w := &words{phrases: &node{}, han: map[string]class{}, around: map[string]bool{}, openers: map[string]bool{}, emoji: map[rune]class{}, ask: f.Questions}
	var errs []error
	add := func(lists [][]string, c class) {
		for _, list := range lists {
			for _, word := range list {
				errs = append(errs, w.add(word, c))
			}
		}
	}
	add(f.Answers.Yes, classStrongYes)
	add(f.Answers.No, classStrongNo)
	add(f.Remarks.Yes, classYes)
	add(f.Remarks.No, classNo)
	add(f.Neither, classNeither)
	for _, negation := range f.Negations {
		for _, word := range f.Negatable {
			errs = append(errs, w.add(negation+" "+word, classNegated))
		}
	}
	for _, word := range f.Openers {
		w.openers[word] = true
		w.longest = max(w.longest, len(word))
	}
	for _, list := range [][]string{f.Particles, f.Courtesies} {
		for _, word := range list {
			w.around[word] = true
			w.longest = max(w.longest, len(word))
		}
	}
	for _, r := range f.Emoji.Yes {
		w.emoji[r] = classStrongYes
	}
	for _, r := range f.Emoji.No {
		w.emoji[r] = classStrongNo
	}
	return w, errors.Join(errs...)
}

// add enters a word or phrase; it may not be of two classes.
func (w *words) add(word string, c class) error {
	twice := func(was class) error {
		if was != classNone && was != c {
			return fmt.Errorf("choice: answers.yaml: %q says two things", word)
		}
		return nil
	}
	if r, _ := utf8.DecodeRuneInString(word); isHan(r) {
		err := twice(w.han[word])
		w.han[word], w.longest = c, max(w.longest, len(word))
		return err
	}
	n := w.phrases
	for part := range strings.FieldsSeq(word) {
		if n.next == nil {
			n.next = map[string]*node{}
		}
		if n.next[part] == nil {
			n.next[part] = &node{}
		}
		n = n.next[part]
	}
	err := twice(n.class)
	n.class = c
	return err
}
