package tokenizer

import (
	"cmp"
	"slices"
	"unicode/utf8"
)

// form is one of the Unicode normalisation forms.
type form struct {
	compat, compose bool
	inert           uint32 // property bit of the characters that may be copied
}

var (
	formNFD  = form{inert: inertNFD}
	formNFKD = form{compat: true, inert: inertNFKD}
	formNFC  = form{compose: true, inert: inertNFC}
	formNFKC = form{compat: true, compose: true, inert: inertNFKC}
)

// mark is a character on its way through a normalisation form. change is the number of characters it adds: 1 for one that
// a decomposition added, 0 for one in its old place, -n for one that swallowed n others.
type mark struct {
	r      rune
	class  uint8
	change int
}

// composer holds what a normalisation form has read but cannot write yet.
type composer struct {
	runes   []rune
	pending []mark // since the last character of class 0, not yet in canonical order
	base    mark   // the character that later ones may join; valid if started
	started bool
	last    int    // class of the last mark kept after base, -1 if none
	kept    []mark // marks after base that did not join it
}

func (f form) normalize(e *editor) bool {
	tab := chars()
	first := f.inertRun(tab, e.rest())
	if first == len(e.src.text) {
		return false
	}
	c := &e.comp
	*c = composer{runes: c.runes[:0], pending: c.pending[:0], kept: c.kept[:0], last: -1}
	read := 0
	for read < len(e.src.text) {
		if n := f.inertRun(tab, e.src.text[read:]); n > 0 {
			read += n
			f.copyRun(e, read)
			continue
		}
		r, size := utf8.DecodeRune(e.src.text[read:])
		read += size
		f.feed(tab, e, r)
	}
	f.flush(tab, e)
	return true
}

// inertRun returns the length of the inert characters that text starts with.
func (f form) inertRun(tab *charTable, text []byte) int {
	i := 0
	for i < len(text) {
		if text[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if tab.of(r)&f.inert == 0 {
			break
		}
		i += size
	}
	return i
}

// copyRun copies inert characters up to byte end; the last of them may still be joined by what follows.
func (f form) copyRun(e *editor, end int) {
	f.flush(chars(), e)
	if !f.compose || end == len(e.src.text) {
		e.copyTo(end)
		return
	}
	r, size := utf8.DecodeLastRune(e.src.text[:end])
	e.copyTo(end - size)
	f.feed(chars(), e, r)
}

// feed reads one character: its decomposition goes to pending, and a character of class 0 closes what is there.
func (f form) feed(tab *charTable, e *editor, r rune) {
	c := &e.comp
	c.runes = tab.decompose(c.runes[:0], r, f.compat)
	for i, d := range c.runes {
		m := mark{r: d, class: tab.class(d), change: min(i, 1)}
		if m.class == 0 {
			f.release(tab, e)
		}
		c.pending = append(c.pending, m)
	}
}

// release puts pending in canonical order and hands it on.
func (f form) release(tab *charTable, e *editor) {
	c := &e.comp
	if len(c.pending) > 1 {
		slices.SortStableFunc(c.pending, func(a, b mark) int { return cmp.Compare(a.class, b.class) })
	}
	for _, m := range c.pending {
		if f.compose {
			c.join(tab, e, m)
		} else {
			e.put(m.r, m.change)
		}
	}
	c.pending = c.pending[:0]
}

// flush writes everything that is held back.
func (f form) flush(tab *charTable, e *editor) {
	f.release(tab, e)
	e.comp.write(e)
}

// write puts out the base and the marks kept after it.
func (c *composer) write(e *editor) {
	if c.started {
		e.put(c.base.r, c.base.change)
	}
	for _, m := range c.kept {
		e.put(m.r, m.change)
	}
	c.kept, c.started, c.last = c.kept[:0], false, -1
}

// join composes m with the base if nothing blocks it (Unicode Standard, D117).
func (c *composer) join(tab *charTable, e *editor, m mark) {
	if !c.started {
		if m.class != 0 {
			e.put(m.r, m.change)
			return
		}
		c.base, c.started = m, true
		return
	}
	if c.last < int(m.class) {
		if r, ok := tab.compose(c.base.r, m.r); ok {
			c.base.r = r
			c.base.change += m.change - 1
			return
		}
	}
	if m.class == 0 {
		c.write(e)
		c.base, c.started = m, true
		return
	}
	c.kept = append(c.kept, m)
	c.last = int(m.class)
}
