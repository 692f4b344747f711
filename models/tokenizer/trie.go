package tokenizer

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// trie maps byte strings to small non-negative numbers. Nodes are numbered breadth first, so the children of node n are
// the nodes first[n] up to first[n+1], and it takes nine bytes a node. Node 0 is the root; it is no node's child, so 0
// also says "no such node".
type trie struct {
	first []uint32
	label []byte // the byte that leads to the node
	value []int32
}

// entry is one key of a trie with its value.
type entry struct {
	key   string
	value int32
}

// newTrie builds a trie. Of equal keys the one with the highest value wins. It reorders entries.
func newTrie(entries []entry) *trie {
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(strings.Compare(a.key, b.key), cmp.Compare(a.value, b.value))
	})
	type work struct{ lo, hi, depth int }
	t := &trie{label: []byte{0}}
	queue := []work{{0, len(entries), 0}}
	for i := 0; i < len(queue); i++ {
		w := queue[i]
		t.first = append(t.first, uint32(len(queue)))
		t.value = append(t.value, -1)
		for w.lo < w.hi && len(entries[w.lo].key) == w.depth {
			t.value[i] = entries[w.lo].value
			w.lo++
		}
		for w.lo < w.hi {
			b := entries[w.lo].key[w.depth]
			end := w.lo + 1
			for end < w.hi && entries[end].key[w.depth] == b {
				end++
			}
			queue = append(queue, work{w.lo, end, w.depth + 1})
			t.label = append(t.label, b)
			w.lo = end
		}
	}
	t.first = append(t.first, uint32(len(queue)))
	return t
}

// step returns the child of node n under byte b, or 0.
func (t *trie) step(n uint32, b byte) uint32 {
	lo := t.first[n]
	if i := bytes.IndexByte(t.label[lo:t.first[n+1]], b); i >= 0 {
		return lo + uint32(i)
	}
	return 0
}

// walk follows key from node n and returns the node it ends at, or 0. An empty key stays at n.
func (t *trie) walk(n uint32, key string) (uint32, bool) {
	for i := range len(key) {
		if n = t.step(n, key[i]); n == 0 {
			return 0, false
		}
	}
	return n, true
}

// get returns the value of key, or -1.
func (t *trie) get(key []byte) int32 {
	n := uint32(0)
	for _, b := range key {
		if n = t.step(n, b); n == 0 {
			return -1
		}
	}
	return t.value[n]
}

// find returns the value of key, or -1.
func (t *trie) find(key string) int32 {
	n, ok := t.walk(0, key)
	if !ok {
		return -1
	}
	return t.value[n]
}

// longest returns the value and length of the longest non-empty key that text starts with, searching from node n;
// -1 and 0 if there is none.
func (t *trie) longest(n uint32, text []byte) (value int32, size int) {
	value = -1
	for i, b := range text {
		if n = t.step(n, b); n == 0 {
			break
		}
		if v := t.value[n]; v >= 0 {
			value, size = v, i+1
		}
	}
	return value, size
}
