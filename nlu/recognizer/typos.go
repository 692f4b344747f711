package recognizer

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// typoPrefix is how many bytes of a name deletions are made in. More would find nothing new but take more memory (Garbe's SymSpell).
const typoPrefix = 7

// typoIndex finds Latin names with typing errors: two strings within distance d share a string that d deletions make of each.
type typoIndex struct {
	entries  []typoEntry // sorted by hash
	filter   []uint64    // a bit for each hash modulo its size, to say no quickly
	spell    []spelling
	maxWords int // of a name
	maxLen   int
}

type typoEntry struct {
	hash     uint64
	spelling int32
}

// allowedTypos is how many edits a name of n bytes may have.
func allowedTypos(n int) int {
	switch {
	case n < 4:
		return 0
	case n <= 7:
		return 1
	}
	return 2
}

// newTypoIndex takes the Latin spellings of the fuzzy lists. It is nil when there are none.
func newTypoIndex(x *Index) *typoIndex {
	t := &typoIndex{spell: x.spell}
	for i, s := range x.spell {
		if !x.lists[s.list].Fuzzy || !latinName(s.key) || allowedTypos(len(s.key)) == 0 {
			continue
		}
		t.maxWords = max(t.maxWords, 1+strings.Count(s.key, " "))
		t.maxLen = max(t.maxLen, len(s.key))
		deletions(s.key, allowedTypos(len(s.key)), func(h uint64) {
			t.entries = append(t.entries, typoEntry{h, int32(i)})
		})
	}
	if t.entries == nil {
		return nil
	}
	slices.SortFunc(t.entries, func(a, b typoEntry) int {
		if a.hash != b.hash {
			if a.hash < b.hash {
				return -1
			}
			return 1
		}
		return int(a.spelling - b.spelling)
	})
	t.entries = slices.Compact(t.entries)
	size := 1 << 10
	for size < len(t.entries)/4 {
		size *= 2
	}
	t.filter = make([]uint64, size)
	for _, e := range t.entries {
		bit := e.hash % uint64(64*size)
		t.filter[bit/64] |= 1 << (bit % 64)
	}
	return t
}

// latinName tells whether a name is words of ASCII letters. Names with digits are models or codes: a changed digit is another one.
func latinName(key string) bool {
	for i := range len(key) {
		if c := key[i]; !isLower(c) && c != ' ' && c != '\'' && c != '&' && c != '-' {
			return false
		}
	}
	return true
}

// deletions calls yield with the hash of the prefix of s and of all that up to depth deletions make of it.
func deletions(s string, depth int, yield func(uint64)) {
	if len(s) > typoPrefix {
		s = s[:typoPrefix]
	}
	yield(hashWithout(s, -1, -1))
	for i := range len(s) {
		if depth >= 1 {
			yield(hashWithout(s, i, -1))
		}
		for j := i + 1; depth >= 2 && j < len(s); j++ {
			yield(hashWithout(s, i, j))
		}
	}
}

// hashWithout is FNV-1a of s without the bytes at i and j.
func hashWithout(s string, i, j int) uint64 {
	h := uint64(14695981039346656037)
	for k := range len(s) {
		if k != i && k != j {
			h = (h ^ uint64(s[k])) * 1099511628211
		}
	}
	return h
}

// find calls yield with the spellings within the allowed distance of word, which is none of them itself.
func (t *typoIndex) find(word string, yield func(spelling int32, distance int)) {
	depth := 1
	if len(word) >= 6 {
		depth = 2 // the name may have 8
	}
	var seenBuf [8]int32
	seen := seenBuf[:0]
	deletions(word, depth, func(h uint64) {
		bit := h % uint64(64*len(t.filter))
		if t.filter[bit/64]&(1<<(bit%64)) == 0 {
			return
		}
		at, _ := slices.BinarySearchFunc(t.entries, h, func(e typoEntry, h uint64) int {
			switch {
			case e.hash < h:
				return -1
			case e.hash > h:
				return 1
			}
			return 0
		})
		for ; at < len(t.entries) && t.entries[at].hash == h; at++ {
			s := t.entries[at].spelling
			if slices.Contains(seen, s) {
				continue
			}
			seen = append(seen, s)
			key := t.spell[s].key
			if d, ok := distance(word, key); ok {
				yield(s, d)
			}
		}
	})
}

// distance returns the edits between text and a name, word by word: both have as many words, each word has no more edits than its own
// length allows, all together no more than the name's. In short names the first letter is nearly always right, so it must be.
func distance(text, name string) (sum int, ok bool) {
	limit := allowedTypos(len(name))
	if len(name) <= 5 && name[0] != text[0] || strings.Count(text, " ") != strings.Count(name, " ") {
		return 0, false
	}
	for more := true; more; {
		var a, b string
		a, text, _ = strings.Cut(text, " ")
		b, name, more = strings.Cut(name, " ")
		own := allowedTypos(len(b))
		d := editDistance(a, b, own)
		if sum += d; d > own || sum > limit {
			return sum, false
		}
	}
	return sum, true
}

// editDistance is the number of insertions, deletions, substitutions and swaps of neighbours between a and b (optimal string
// alignment), or limit+1 when it is more than limit. Both are short.
func editDistance(a, b string, limit int) int {
	const most = 64
	if d := len(a) - len(b); d > limit || -d > limit || len(b) >= most {
		return limit + 1
	}
	var rows [3][most]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		row, above, two := &rows[i%3], &rows[(i+2)%3], &rows[(i+1)%3]
		row[0] = i
		best := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], two[j-2]+1)
			}
			best = min(best, row[j])
		}
		if best > limit {
			return limit + 1
		}
	}
	return rows[len(a)%3][len(b)]
}

// wordsFrom returns the ends of the first, second, … word from start on, at most n: words of ASCII letters, one space or dash apart.
func wordsFrom(dst []int, text string, start, n int) []int {
	for i := start; len(dst) < n; i++ {
		for i < len(text) && (isLower(text[i]) || text[i] == '\'' || text[i] == '&') {
			i++
		}
		if i < len(text) && isDigit(text[i]) {
			return dst
		}
		dst = append(dst, i)
		if i+1 >= len(text) || text[i] != ' ' && text[i] != '-' || !isLower(text[i+1]) {
			return dst
		}
	}
	return dst
}

// wordStarts tells whether an ASCII word begins at i.
func wordStarts(text string, i int) bool {
	if !isLower(text[i]) {
		return false
	}
	before, n := utf8.DecodeLastRuneInString(text[:i])
	return n == 0 || !isWord(before) && before != '\''
}
