package tokenizer

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"
)

// precompiled is the normalizer that SentencePiece stores in a model: a double-array trie (Darts) from character sequences
// to offsets in a blob of zero-terminated replacements.
type precompiled struct {
	units []uint32
	blob  string
}

// maxCluster is the longest grapheme cluster, in bytes, that is looked up as a whole.
const maxCluster = 5

// newPrecompiled decodes a charsmap: the size of the trie, the trie, the replacements.
func newPrecompiled(encoded string) (normalizer, error) {
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, err
	}
	if len(data) < 4 {
		return nil, errors.New("shorter than its header")
	}
	size := int(binary.LittleEndian.Uint32(data)) / 4 * 4
	data = data[4:]
	if size == 0 || size > len(data) {
		return nil, fmt.Errorf("trie of %d bytes in %d bytes of data", size, len(data))
	}
	n := &precompiled{units: make([]uint32, size/4), blob: string(data[size:])}
	for i := range n.units {
		n.units[i] = binary.LittleEndian.Uint32(data[4*i:])
	}
	if !utf8.ValidString(n.blob) {
		return nil, errors.New("replacements are not valid UTF-8")
	}
	return n, nil
}

// lookup returns the replacement of the shortest key that part starts with.
func (n *precompiled) lookup(part []byte) (string, bool) {
	at := unitOffset(n.units[0])
	for _, b := range part {
		at ^= uint32(b)
		if b == 0 || int(at) >= len(n.units) {
			return "", false
		}
		unit := n.units[at]
		if unit&(1<<31|0xFF) != uint32(b) {
			return "", false
		}
		at ^= unitOffset(unit)
		if unit>>8&1 == 1 {
			return n.replacement(at)
		}
	}
	return "", false
}

// replacement reads the offset in the leaf unit and returns what is stored there.
func (n *precompiled) replacement(leaf uint32) (string, bool) {
	if int(leaf) >= len(n.units) {
		return "", false
	}
	lo := int(n.units[leaf] & (1<<31 - 1))
	if lo > len(n.blob) {
		return "", false
	}
	hi := lo
	for hi < len(n.blob) && n.blob[hi] != 0 {
		hi++
	}
	return n.blob[lo:hi], true
}

// unitOffset returns the distance to a unit's children.
func unitOffset(unit uint32) uint32 { return unit >> 10 << (unit >> 9 & 1 * 8) }

// rewriting holds back the last character, because a removal that follows is counted there.
type rewriting struct {
	last mark
	held bool
}

func (w *rewriting) put(e *editor, r rune, change int) {
	w.flush(e)
	w.last, w.held = mark{r: r, change: change}, true
}

func (w *rewriting) flush(e *editor) {
	if w.held {
		e.put(w.last.r, w.last.change)
	}
	w.held = false
}

// substitute writes the replacement of part.
func (w *rewriting) substitute(e *editor, part []byte, with string) {
	old := utf8.RuneCount(part)
	k := 0
	for _, r := range with {
		w.put(e, r, 0)
		if k++; k > old {
			w.last.change = 1
		}
	}
	if k < old && w.held {
		w.last.change -= old - k
	}
}

func (n *precompiled) normalize(e *editor) bool {
	if !n.changes(e.src.text) {
		return false
	}
	var w rewriting
	text := e.src.text
	for i := 0; i < len(text); {
		g := text[i : i+graphemeLen(text[i:])]
		i += len(g)
		if len(g) <= maxCluster {
			if with, ok := n.lookup(g); ok {
				w.substitute(e, g, with)
				continue
			}
		}
		for k := 0; k < len(g); {
			r, size := utf8.DecodeRune(g[k:])
			if with, ok := n.lookup(g[k : k+size]); ok {
				w.substitute(e, g[k:k+size], with)
			} else {
				w.put(e, r, 0)
			}
			k += size
		}
	}
	w.flush(e)
	return true
}

// changes reports whether any part of the text may have a replacement. A cluster has one only if a key starts with its
// first character, which is found without looking for clusters.
func (n *precompiled) changes(text []byte) bool {
	for i := 0; i < len(text); {
		end := min(i+maxCluster, len(text))
		if _, ok := n.lookup(text[i:end]); ok {
			return true
		}
		_, size := utf8.DecodeRune(text[i:])
		i += size
	}
	return false
}
