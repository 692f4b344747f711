package recognizer

import (
	"slices"
	"strings"
)

// Index is lists made ready for finding. It is immutable; to change lists at run time build another and Swap it in.
type Index struct {
	lists  []List
	words  *automaton
	first  []int32    // spellings of key i are [first[i], first[i+1])
	spell  []spelling // sorted by key
	pinyin *pinyinIndex
	typos  *typoIndex
}

// spelling is one surface of a name.
type spelling struct {
	key        string // folded
	list, name int32
}

// NewIndex builds an index. Spellings that several names share are all kept: they are reported as candidates each.
func NewIndex(lists ...List) *Index {
	x := &Index{lists: lists}
	for i := range lists {
		for j := range lists[i].Names {
			for _, s := range lists[i].Names[j].spellings() {
				if key := fold(s); key != "" {
					x.spell = append(x.spell, spelling{key, int32(i), int32(j)})
				}
			}
		}
	}
	slices.SortFunc(x.spell, func(a, b spelling) int {
		if c := strings.Compare(a.key, b.key); c != 0 {
			return c
		}
		if a.list != b.list {
			return int(a.list - b.list)
		}
		return int(a.name - b.name)
	})
	x.spell = slices.Compact(x.spell)
	var keys []string
	for i, s := range x.spell {
		if i == 0 || s.key != x.spell[i-1].key {
			keys = append(keys, s.key)
			x.first = append(x.first, int32(i))
		}
	}
	x.first = append(x.first, int32(len(x.spell)))
	x.words = newAutomaton(keys)
	x.pinyin, x.typos = newPinyinIndex(x), newTypoIndex(x)
	return x
}

// Lists returns the lists, which the caller must not change.
func (x *Index) Lists() []List { return x.lists }

// contextReach is how far, in bytes of folded text, a name's context words may stand.
const contextReach = 24

// allowed tells whether the words around a spelling let it be this name.
func (n *Name) allowed(text string, start, end int) bool {
	if len(n.Needs) == 0 && len(n.Not) == 0 {
		return true
	}
	before, after := window(text, start, end, contextReach)
	around := text[start-len(before) : end+len(after)]
	return !containsAny(around, n.Not) && (len(n.Needs) == 0 || containsAny(around, n.Needs))
}
