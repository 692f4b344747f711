package tokenizer

import "unicode/utf8"

// addedToken is a token that is cut out of the text before the model sees it.
type addedToken struct {
	id             int64
	content        string
	singleWord     bool
	lstrip, rstrip bool
	special        bool
}

// addedSet finds a set of added tokens in a text: the leftmost, and of those the longest.
type addedSet struct {
	tokens  []addedToken
	trie    *trie
	starts  [256]bool
	present bool
}

// newAddedSet builds a set; patterns[i] is what token i looks like in the text.
func newAddedSet(tokens []addedToken, patterns []string) *addedSet {
	s := &addedSet{tokens: tokens}
	var entries []entry
	for i, p := range patterns {
		if p != "" {
			entries = append(entries, entry{p, int32(i)})
			s.starts[p[0]] = true
			s.present = true
		}
	}
	s.trie = newTrie(entries)
	return s
}

// find appends the stretches of text in order: added tokens with their id, and what is between them with id -1.
func (a *addedSet) find(dst []piece, text []byte) []piece {
	done := 0
	for i := 0; a.present && i < len(text); {
		if !a.starts[text[i]] {
			i++
			continue
		}
		v, size := a.trie.longest(0, text[i:])
		if v < 0 {
			i++
			continue
		}
		lo, hi, ok := a.tokens[v].widen(text, i, i+size, done)
		i += size
		if !ok {
			continue
		}
		if done < lo {
			dst = append(dst, piece{int32(done), int32(lo), -1})
		}
		dst = append(dst, piece{int32(lo), int32(hi), a.tokens[v].id})
		done = hi
	}
	if done < len(text) {
		dst = append(dst, piece{int32(done), int32(len(text)), -1})
	}
	return dst
}

// widen applies the options of a token found at [lo, hi): ok is false if it must be a word and is not, and white space
// is taken in on the sides that ask for it, though not before done.
func (t *addedToken) widen(text []byte, lo, hi, done int) (int, int, bool) {
	tab := chars()
	if t.singleWord {
		before, n := utf8.DecodeLastRune(text[:lo])
		after, m := utf8.DecodeRune(text[hi:])
		if n > 0 && tab.of(before)&isWord != 0 || m > 0 && tab.of(after)&isWord != 0 {
			return 0, 0, false
		}
	}
	for t.lstrip && lo > 0 {
		r, n := utf8.DecodeLastRune(text[:lo])
		if tab.of(r)&isSpace == 0 {
			break
		}
		lo -= n
	}
	if t.lstrip {
		lo = max(lo, done)
	}
	for t.rstrip && hi < len(text) {
		r, n := utf8.DecodeRune(text[hi:])
		if tab.of(r)&isSpace == 0 {
			break
		}
		hi += n
	}
	return lo, hi, true
}
