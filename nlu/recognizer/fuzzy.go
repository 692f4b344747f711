package recognizer

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"yingda/nlu"
)

// Fuzzy finds names of lists with Fuzzy set that are misspelt (Latin letters: edit distance 1 from four letters on, 2 from eight
// on) or misheard (Han: the same sounds without tones, where zh and z, ch and c, sh and s, n and l, ing and in, eng and en, ang and an,
// h and f count as the same; from three characters on one syllable may also be a letter off). It assigns candidates with SourceFuzzy, the
// canonical value and a score below 1.
//
// A name of two Han sounds like too many words: it is found only beside a word of its list's Near. So is a find that is a common
// word itself, unless it is longer.
type Fuzzy struct {
	index  atomic.Pointer[Index]
	common map[string]bool
}

var _ nlu.Component = (*Fuzzy)(nil)

// FuzzyOptions configures NewFuzzy.
type FuzzyOptions struct {
	// Common are words that are meant as they are written, however close to a name: "like" is not a misspelt Nike. They are added to
	// the English words that are shipped. Add words of the trade that customers use.
	Common []string
}

// NewFuzzy returns a component that finds the names of x.
func NewFuzzy(x *Index, o FuzzyOptions) *Fuzzy {
	f := &Fuzzy{common: map[string]bool{}}
	for _, w := range append(strings.Fields(commonWords), o.Common...) {
		f.common[fold(w)] = true
	}
	f.Swap(x)
	return f
}

// Swap replaces the lists. Texts in work finish with the old ones.
func (f *Fuzzy) Swap(x *Index) { f.index.Store(x) }

// Name returns fuzzy@1.
func (f *Fuzzy) Name() string { return "fuzzy@1" }

// Requires the folded text.
func (f *Fuzzy) Requires() []nlu.Field { return []nlu.Field{nlu.FieldNormal} }

// Assigns candidates.
func (f *Fuzzy) Assigns() []nlu.Field { return []nlu.Field{nlu.FieldCandidates} }

// Annotate appends the finds of each text. It never fails.
func (f *Fuzzy) Annotate(_ context.Context, as []*nlu.Analysis) error {
	x := f.index.Load()
	for _, a := range as {
		var buf [8]guess
		guesses := buf[:0]
		if x.pinyin != nil {
			guesses = f.misheard(guesses, x, a.Normal.Text)
		}
		if x.typos != nil {
			guesses = f.misspelt(guesses, x, a.Normal.Text)
		}
		a.Candidates = x.guessed(a.Candidates, a, guesses)
	}
	return nil
}

// guess is a find before it is an entity.
type guess struct {
	spelling   int32
	start, end int
	score      float64
}

// misheard appends the Han names that sound like a piece of the text.
func (f *Fuzzy) misheard(dst []guess, x *Index, text string) []guess {
	var buf [8]heard
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			i++
			continue
		}
		for _, h := range x.pinyin.find(buf[:0], text, i) {
			s := x.spell[h.spelling]
			surface := text[h.start:h.end]
			same, length := sameRunes(surface, s.key)
			short := length < 3 || f.common[surface]
			switch {
			case surface == s.key || x.has(surface):
			case short && (same == 0 || !x.lists[s.list].near(text, h.start, h.end)):
			case h.slips > 0 && same < length-h.slips:
			default:
				score := 0.95 - 0.15*float64(length-same)/float64(length) - 0.1*float64(h.slips)
				dst = append(dst, guess{h.spelling, h.start, h.end, score})
			}
		}
		_, n := utf8.DecodeRuneInString(text[i:])
		i += n
	}
	return dst
}

// misspelt appends the Latin names that are a few edits away from words of the text.
func (f *Fuzzy) misspelt(dst []guess, x *Index, text string) []guess {
	var buf [8]int
	for i := range len(text) {
		if !wordStarts(text, i) {
			continue
		}
		common := true
		from := i
		for _, end := range wordsFrom(buf[:0], text, i, x.typos.maxWords) {
			common = common && f.common[strings.Trim(text[from:end], " -")]
			from = end
			word := text[i:end]
			if common || len(word) < 4 || len(word) > x.typos.maxLen+2 || x.has(word) {
				continue
			}
			x.typos.find(word, func(s int32, distance int) {
				score := 0.95 - 0.1*float64(distance) - 0.5*float64(distance)/float64(len(word))
				dst = append(dst, guess{s, i, end, max(score, 0.5)})
			})
		}
	}
	return dst
}

// guessed appends the best guesses as candidates: of overlapping ones the longer, then the better.
func (x *Index) guessed(dst []nlu.Entity, a *nlu.Analysis, guesses []guess) []nlu.Entity {
	slices.SortStableFunc(guesses, func(p, q guess) int {
		if d := (q.end - q.start) - (p.end - p.start); d != 0 {
			return d
		}
		switch {
		case p.score > q.score:
			return -1
		case p.score < q.score:
			return 1
		}
		return 0
	})
	from := len(dst)
	for _, g := range guesses {
		s := x.spell[g.spelling]
		l := &x.lists[s.list]
		n := &l.Names[s.name]
		ent := entity(a, g.start, g.end)
		taken := slices.ContainsFunc(dst[from:], func(o nlu.Entity) bool { return o.Overlaps(ent.Span) })
		if taken || !n.allowed(a.Normal.Text, g.start, g.end) {
			continue
		}
		ent.Type, ent.Value, ent.Role = l.Type, n.Value, n.Role
		ent.Score, ent.Source, ent.Rule = g.score, nlu.SourceFuzzy, l.Name
		dst = append(dst, ent)
	}
	return dst
}

// has tells whether key is a spelling of a name as it is.
func (x *Index) has(key string) bool {
	_, ok := slices.BinarySearchFunc(x.spell, key, func(s spelling, k string) int { return strings.Compare(s.key, k) })
	return ok
}

// nearReach is tighter than contextReach: a name and 快递 belong together only side by side.
const nearReach = 15

func (l *List) near(text string, start, end int) bool {
	before, after := window(text, start, end, nearReach)
	return containsAny(after, l.Near) || containsAny(before, l.Near)
}

// sameRunes counts the characters that a and b share place by place, and those of a.
func sameRunes(a, b string) (same, length int) {
	for _, r := range a {
		o, n := utf8.DecodeRuneInString(b)
		if b = b[n:]; r == o && n > 0 {
			same++
		}
		length++
	}
	return same, length
}
