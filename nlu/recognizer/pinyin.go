package recognizer

import (
	_ "embed"
	"strings"
	"unicode/utf8"
)

// pinyinFile has a syllable a line with the characters that are read so, without tones; made by gen_pinyin.go.
//
//go:embed data/pinyin.txt
var pinyinFile string

// syllable is a number of a sound after folding; 0 = none.
type syllable uint16

// readings are the one or two sounds of a character. The zero value is a character without a known sound.
type readings [2]syllable

// phonetics knows how characters sound, and which sounds are close.
type phonetics struct {
	table  []readings   // by character, from firstHan on
	close  [][]syllable // by syllable: those one letter more or less away, yun and yuan
	number map[string]syllable
}

// The characters of the table: the basic block of Han.
const (
	firstHan = 0x4e00
	lastHan  = 0x9fff
)

// of returns the sounds of a character.
func (p *phonetics) of(r rune) readings {
	if r < firstHan || r > lastHan {
		return readings{}
	}
	return p.table[r-firstHan]
}

// newPhonetics reads the table. It takes about a millisecond.
func newPhonetics() *phonetics {
	p := &phonetics{table: make([]readings, lastHan-firstHan+1), number: map[string]syllable{}}
	names := []string{""}
	for line := range strings.Lines(pinyinFile) {
		sound, chars, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		sound = foldSound(sound)
		s, ok := p.number[sound]
		if !ok {
			s = syllable(len(names))
			p.number[sound] = s
			names = append(names, sound)
		}
		for _, r := range chars {
			if have := &p.table[r-firstHan]; have[0] == 0 {
				have[0] = s
			} else if have[0] != s {
				have[1] = s
			}
		}
	}
	p.close = make([][]syllable, len(names))
	for i, sound := range names {
		for j := range sound {
			if s := p.number[sound[:j]+sound[j+1:]]; s != 0 && len(sound) > 3 {
				p.close[i] = append(p.close[i], s)
				p.close[s] = append(p.close[s], syllable(i))
			}
		}
	}
	return p
}

// foldSound makes one of the sounds that many speakers and input methods do not tell apart: zh z, ch c, sh s, n l, h f before u-finals,
// ing in, eng en, ang an.
func foldSound(s string) string {
	for _, pair := range []string{"zh z", "ch c", "sh s"} {
		from, to, _ := strings.Cut(pair, " ")
		if rest, ok := strings.CutPrefix(s, from); ok {
			s = to + rest
		}
	}
	if rest, ok := strings.CutPrefix(s, "n"); ok && rest != "" && rest != "g" {
		s = "l" + rest
	}
	switch rest, ok := strings.CutPrefix(s, "hu"); {
	case !ok:
	case rest == "a":
		s = "fa"
	case rest == "an" || rest == "ang":
		s = "f" + rest
	case rest == "i":
		s = "fei"
	case rest == "n":
		s = "fen"
	case rest == "":
		s = "fu"
	}
	if s == "hong" {
		s = "feng"
	}
	for _, nasal := range []string{"ing", "eng", "ang"} {
		if strings.HasSuffix(s, nasal) {
			return s[:len(s)-1]
		}
	}
	return s
}

// soundTrie holds names as sequences of syllables.
type soundTrie struct {
	child map[uint32]int32 // state<<9 | syllable → state
	names [][]int32        // by state: spellings that end there
}

func (t *soundTrie) step(state int32, s syllable) int32 { return t.child[uint32(state)<<9|uint32(s)] }

func (t *soundTrie) insert(state int32, s syllable) int32 {
	k := uint32(state)<<9 | uint32(s)
	next, ok := t.child[k]
	if !ok {
		next = int32(len(t.names))
		t.names = append(t.names, nil)
		t.child[k] = next
	}
	return next
}

// pinyinIndex finds Han names by sound.
type pinyinIndex struct {
	sounds *phonetics
	trie   soundTrie
}

// newPinyinIndex takes the spellings of two or more Han of the fuzzy lists. It is nil when there are none.
func newPinyinIndex(x *Index) *pinyinIndex {
	var p *pinyinIndex
	for i, s := range x.spell {
		if !x.lists[s.list].Fuzzy || utf8.RuneCountInString(s.key) < 2 {
			continue
		}
		if p == nil {
			p = &pinyinIndex{sounds: newPhonetics(), trie: soundTrie{child: map[uint32]int32{}, names: [][]int32{nil}}}
		}
		p.add(s.key, int32(i))
	}
	return p
}

// add inserts a spelling once for each combination of readings.
func (p *pinyinIndex) add(key string, spelling int32) {
	states := []int32{0}
	for _, r := range key {
		rd := p.sounds.of(r)
		if rd[0] == 0 {
			return // a name with other characters than Han
		}
		for i, n := 0, len(states); i < n; i++ {
			if rd[1] != 0 && len(states) < 8 {
				states = append(states, p.trie.insert(states[i], rd[1]))
			}
			states[i] = p.trie.insert(states[i], rd[0])
		}
	}
	for _, s := range states {
		p.trie.names[s] = append(p.trie.names[s], spelling)
	}
}

// heard is a name that sounds like a piece of the text.
type heard struct {
	spelling   int32
	start, end int
	slips      int // syllables that are only close
}

// hearing walks the trie along the text.
type hearing struct {
	p     *pinyinIndex
	text  string
	start int
	out   []heard
}

// find appends the names that sound like text from the byte start on.
func (p *pinyinIndex) find(dst []heard, text string, start int) []heard {
	h := hearing{p: p, text: text, start: start, out: dst}
	h.walk(0, start, 0, 0)
	return h.out
}

// walk reads one character from at in a state. A syllable may be close only, one in names of three to seven, two above.
func (h *hearing) walk(state int32, at, length, slips int) {
	if state != 0 {
		for _, s := range h.p.trie.names[state] {
			if slips == 0 || slips == 1 && length >= 3 || length >= 8 {
				h.out = append(h.out, heard{s, h.start, at, slips})
			}
		}
	}
	if at == len(h.text) || h.text[at] < utf8.RuneSelf {
		return
	}
	r, n := utf8.DecodeRuneInString(h.text[at:])
	for _, s := range h.p.sounds.of(r) {
		if s == 0 {
			break
		}
		if next := h.p.trie.step(state, s); next != 0 {
			h.walk(next, at+n, length+1, slips)
		}
		if slips == 2 {
			continue
		}
		for _, c := range h.p.sounds.close[s] {
			if next := h.p.trie.step(state, c); next != 0 {
				h.walk(next, at+n, length+1, slips+1)
			}
		}
	}
}
