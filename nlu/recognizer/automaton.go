package recognizer

import "slices"

// automaton is the matcher of Aho and Corasick (1975) over bytes, in compact arrays. UTF-8 synchronises itself, so matches of
// valid keys lie on rune boundaries.
//
// States are numbered breadth first from the root, 0. The children of a state are therefore neighbours: those of s are
// [first[s], first[s+1]), sorted by label. A state takes 17 bytes.
type automaton struct {
	root  [256]int32 // child of the root by byte; 0 = none
	label []byte     // the byte that leads into a state
	first []int32    // one longer than the others
	fail  []int32    // the state of the longest proper suffix
	key   []int32    // the key that ends here; -1 = none
	next  []int32    // nearest state along fail that ends a key; 0 = none
	size  []int32    // length of each key
}

// hit is one occurrence of a key.
type hit struct{ key, start, end int }

// newAutomaton builds the matcher. keys must be sorted and without duplicates and empty strings.
func newAutomaton(keys []string) *automaton {
	m := &automaton{size: make([]int32, len(keys))}
	most := 1 // states, when no two keys share a prefix
	for i, k := range keys {
		m.size[i] = int32(len(k))
		most += len(k)
	}
	parents := m.grow(keys, most)
	m.link(parents)
	return m
}

// grow numbers the states and returns the parent of each. A state is a range of keys that share a prefix.
func (m *automaton) grow(keys []string, most int) (parents []int32) {
	type prefix struct{ lo, hi, depth int32 }
	queue := append(make([]prefix, 0, most), prefix{0, int32(len(keys)), 0})
	parents = append(make([]int32, 0, most), 0)
	m.label = append(make([]byte, 0, most), 0)
	m.first, m.key = make([]int32, 0, most+1), make([]int32, 0, most)
	for s := 0; s < len(queue); s++ {
		p := queue[s]
		m.first = append(m.first, int32(len(queue)))
		m.key = append(m.key, -1)
		if p.lo < p.hi && len(keys[p.lo]) == int(p.depth) {
			m.key[s] = p.lo
			p.lo++
		}
		for p.lo < p.hi {
			c, end := keys[p.lo][p.depth], p.lo+1
			for end < p.hi && keys[end][p.depth] == c {
				end++
			}
			if s == 0 {
				m.root[c] = int32(len(queue))
			}
			m.label, parents = append(m.label, c), append(parents, int32(s))
			queue = append(queue, prefix{p.lo, end, p.depth + 1})
			p.lo = end
		}
	}
	m.first = append(m.first, int32(len(queue)))
	return parents
}

// link sets fail and next. A parent comes before its children, so one pass suffices.
func (m *automaton) link(parents []int32) {
	m.fail, m.next = make([]int32, len(m.key)), make([]int32, len(m.key))
	for s := 1; s < len(m.key); s++ {
		if parents[s] != 0 {
			m.fail[s] = m.step(m.fail[parents[s]], m.label[s])
		}
		f := m.fail[s]
		m.next[s] = m.next[f]
		if m.key[f] >= 0 {
			m.next[s] = f
		}
	}
}

// step returns the state after reading c in s.
func (m *automaton) step(s int32, c byte) int32 {
	for s != 0 {
		lo, hi := m.first[s], m.first[s+1]
		for lo < hi {
			mid := (lo + hi) / 2
			if m.label[mid] < c {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		if lo < m.first[s+1] && m.label[lo] == c {
			return lo
		}
		s = m.fail[s]
	}
	return m.root[c]
}

// find appends all occurrences of all keys, overlapping ones too, by their end.
func (m *automaton) find(dst []hit, text string) []hit {
	var s int32
	for i := 0; i < len(text); i++ {
		s = m.step(s, text[i])
		o := s
		if m.key[o] < 0 {
			o = m.next[o]
		}
		for ; o != 0; o = m.next[o] {
			k := m.key[o]
			dst = append(dst, hit{int(k), i + 1 - int(m.size[k]), i + 1})
		}
	}
	return dst
}

// leftmostLongest sorts hits by their beginning, the longer before the shorter.
func leftmostLongest(hits []hit) {
	slices.SortFunc(hits, func(a, b hit) int {
		if a.start != b.start {
			return a.start - b.start
		}
		return b.end - a.end
	})
}
