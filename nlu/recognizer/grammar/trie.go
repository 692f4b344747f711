package grammar

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// word is an entry of the lexicon.
type word struct {
	cat   int
	value any
}

// trie holds the lexicon byte by byte.
type trie struct {
	nodes []trieNode
	first [256]int32 // child of the root, −1 = none
}

type trieNode struct {
	keys  []byte
	kids  []int32
	words []word
}

func (t *trie) add(s string, w word) {
	if t.nodes == nil {
		t.nodes = make([]trieNode, 1)
	}
	at := int32(0)
	for i := 0; i < len(s); i++ {
		n := &t.nodes[at]
		j := slices.Index(n.keys, s[i])
		if j < 0 {
			kid := int32(len(t.nodes))
			n.keys, n.kids = append(n.keys, s[i]), append(n.kids, kid)
			t.nodes = append(t.nodes, trieNode{})
			at = kid
			continue
		}
		at = n.kids[j]
	}
	if !slices.Contains(t.nodes[at].words, w) {
		t.nodes[at].words = append(t.nodes[at].words, w)
	}
}

func (t *trie) finish() {
	for i := range t.first {
		t.first[i] = -1
	}
	if t.nodes == nil {
		return
	}
	for i, key := range t.nodes[0].keys {
		t.first[key] = t.nodes[0].kids[i]
	}
}

// find calls yield for every word that begins at a place, if it is a whole word.
func (t *trie) find(text string, at int, yield func(end int, w word)) {
	node := t.first[text[at]]
	if node < 0 || joins(text, at) {
		return
	}
	for i := at + 1; ; i++ {
		n := &t.nodes[node]
		if len(n.words) > 0 && !joins(text, i) {
			for _, w := range n.words {
				yield(i, w)
			}
		}
		if i == len(text) {
			return
		}
		j := slices.Index(n.keys, text[i])
		if j < 0 {
			return
		}
		node = n.kids[j]
	}
}

// joins tells whether the place lies inside a word of letters. Han does not make such words.
func joins(text string, at int) bool {
	if at == 0 || at == len(text) {
		return false
	}
	a, b := text[at-1], text[at]
	if a < utf8.RuneSelf && b < utf8.RuneSelf {
		return isLetter(a) && isLetter(b)
	}
	if !utf8.RuneStart(b) {
		return true
	}
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	after, _ := utf8.DecodeRuneInString(text[at:])
	return spaced(before) && spaced(after)
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// spaced tells whether r is a letter of a script that puts spaces between words.
func spaced(r rune) bool {
	if r < utf8.RuneSelf {
		return isLetter(byte(r))
	}
	return r < 0x0e00 && unicode.IsLetter(r)
}
