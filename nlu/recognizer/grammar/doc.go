// Package grammar finds phrases of a context-free grammar in running text. It knows no language and no kind of value: words and rules are
// text files, what a phrase means is told by Go functions that the rules name.
//
// A source file has lexicon blocks and rules:
//
//	# months by name
//	lex month
//	  1 = january | jan | jan.
//	  2 = february | feb
//
//	date = month day                      -> monthDay
//	     | "the"? ord:ordinal "of" month  -> monthDay @1
//	day  = digits#1-2{1-31}
//
// A lexicon line gives one value to several words. A rule says that its pattern makes a phrase of its category, and which action computes
// the value. The elements of a pattern:
//
//	month           a word or phrase of that category
//	"of"            the word itself
//	digits{1-31}    only if the value is a whole number in that range
//	digits#1-2      only if the surface has so many characters
//	from:date       a label, by which the action asks for it
//	( a b | c )     alternatives      x?  optional
//	~x              nothing between it and the element before; otherwise one space may be there
//	_x              a space must be there
//
// "-> name arg …" names the action and hands it constant words; a pattern with one category needs none and keeps its value. "@2" adds to the
// score, by which one of two phrases of the same length is chosen. A word made of letters is only found as a whole word, unless Han or
// digits stand beside it.
//
// Phrases are found bottom-up by a chart: all of them, wherever they start, in time linear in the text, because a phrase has at most
// [MaxPhrase] bytes and a place of the text holds a bounded number of phrases. [Grammar.Find] then takes the longest of the
// categories asked for, without overlap. A phrase of the category "not" takes part and is never returned: that is how a grammar
// says that something only looks like a value.
package grammar

// MaxPhrase is the length of the longest phrase in bytes: a number of 21 figures spelled out in English fits.
const MaxPhrase = 320

// Bounds of what a place of the text may hold. Real sentences use a tenth; text made to be ambiguous is cut off.
const (
	maxNodes = 200
	maxItems = 1000
)

// Not is the category that blocks: a phrase of it hides shorter phrases that overlap with it.
const Not = "not"

// Node is a word or phrase found in the text. It is valid only until Find returns.
type Node struct {
	Category   string
	Start, End int // bytes
	Score      int
	Value      any   // of a word: a string or an int; of a phrase: what the action returned
	Rule       *Rule // nil for words
	Kids       []*Node

	cat int
}

// Int returns the value if it is a whole number.
func (n *Node) Int() (int, bool) {
	if n == nil {
		return 0, false
	}
	switch v := n.Value.(type) {
	case int:
		return v, true
	case interface{ Int() (int, bool) }:
		return v.Int()
	}
	return 0, false
}

// Call is what an action sees.
type Call struct {
	Kids    []*Node
	Args    []string // the words after the action's name
	Text    string   // the whole text
	Context any      // as given to Find

	rule *Rule
}

// Get returns the first kid with that label or, failing that, category; nil if there is none.
func (c *Call) Get(name string) *Node {
	for i, l := range c.rule.labels {
		if l == name {
			return c.Kids[i]
		}
	}
	return c.Nth(name, 0)
}

// Nth returns the i-th kid of a category, nil if there is none.
func (c *Call) Nth(category string, i int) *Node {
	for _, k := range c.Kids {
		if k.Category == category {
			if i == 0 {
				return k
			}
			i--
		}
	}
	return nil
}

// Int returns the number of the kid that Get finds, or otherwise.
func (c *Call) Int(name string, otherwise int) int {
	if v, ok := c.Get(name).Int(); ok {
		return v
	}
	return otherwise
}

// Surface returns the text of a node.
func (c *Call) Surface(n *Node) string { return c.Text[n.Start:n.End] }

// Action computes the value of a phrase from its parts. nil refuses: the words are no such phrase after all. It must not keep Call or nodes,
// but may keep their values.
type Action func(c *Call) any

// Scanner finds words that no list can hold, such as figures. Scan is called at every place where First allows the byte; it calls emit
// for each word that begins there, with the index of one of Categories.
type Scanner struct {
	Categories []string
	First      func(b byte) bool
	Scan       func(text string, at int, emit func(category, end int, value any))
}
