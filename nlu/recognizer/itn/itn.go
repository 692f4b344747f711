// Package itn puts spoken text into its written form (inverse text normalisation): 一百二十三块五 becomes ¥123.5, "twenty five percent"
// 25%. Text from a speech recogniser then reads like typed text, and what finds values in it can say where they were spoken.
//
// What is said otherwise than it is written is found by a grammar per language, data/*.grammar; everything else stays as it is, byte by
// byte. The conventions are those of NVIDIA's NeMo text processing: 8月8日, 05:05, 1,001, US$1.5万.
package itn

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"yingda/nlu"
	"yingda/nlu/norm"
)

// Options say how a writer writes.
type Options struct {
	// Lang is the language spoken. There is no default.
	Lang nlu.Lang
	// Abbreviate writes long names by their common abbreviation: 自动取款机 as ATM. Default: they stay, since words are what models
	// have learned.
	Abbreviate bool
}

// ITN is a writer. It is safe for concurrent use.
type ITN struct{ l language }

// plainer is a language that tells fast and without memory that there is nothing to rewrite in a folded text.
type plainer interface{ plain(text string) bool }

// language knows what is written otherwise than it is spoken.
type language interface {
	// rewrite calls replace for parts of the folded text t of raw that do not overlap, in any order.
	rewrite(t *norm.Text, raw string, replace func(start, end int, written string))
}

// New makes a writer. It fails for a language without a grammar.
func New(o Options) (*ITN, error) {
	var l language
	var err error
	switch o.Lang {
	case nlu.Chinese:
		l, err = newChinese(o)
	case nlu.English:
		l, err = newEnglish(o)
	default:
		err = fmt.Errorf("itn: no grammar of language %q", o.Lang)
	}
	if err != nil {
		return nil, err
	}
	return &ITN{l}, nil
}

// Text is a written text with the way back to what was spoken.
type Text struct {
	Text  string
	parts []part // from left to right; between them the text is as spoken
}

// part is what was rewritten: bytes [start, end) of the text stand for [from, to) of the spoken one.
type part struct{ start, end, from, to int }

// Changed tells whether anything is written otherwise than it was spoken.
func (t *Text) Changed() bool { return len(t.parts) > 0 }

// Spoken returns the bytes of the spoken text for which [start, end) of the written one stands. A range that begins or ends within
// something rewritten takes in all of it.
func (t *Text) Spoken(start, end int) (from, to int) {
	return t.spoken(start, false), t.spoken(end, true)
}

// spoken maps a place; within a part it goes to the part's begin or, if last, its end.
func (t *Text) spoken(at int, last bool) int {
	i := sort.Search(len(t.parts), func(i int) bool { return t.parts[i].end > at || last && t.parts[i].end >= at })
	if i < len(t.parts) {
		switch p := t.parts[i]; {
		case last && at > p.start:
			return p.to
		case !last && at >= p.start:
			return p.from
		}
	}
	if i == 0 {
		return at
	}
	return at - t.parts[i-1].end + t.parts[i-1].to
}

// Write returns the written form of a text. Time is linear in its length; a text without spoken forms is returned itself.
func (w *ITN) Write(text string) Text {
	folded := norm.Fold(text, norm.Matching)
	return w.WriteFolded(text, &folded)
}

// WriteFolded is Write for a text that has been folded with norm.Matching before. For most texts in which there is nothing to rewrite it
// allocates nothing.
func (w *ITN) WriteFolded(text string, folded *norm.Text) Text {
	if p, ok := w.l.(plainer); ok && p.plain(folded.Text) {
		return Text{Text: text}
	}
	changes := w.changes(text, folded)
	if len(changes) == 0 {
		return Text{Text: text}
	}
	var b strings.Builder
	t := Text{parts: make([]part, 0, len(changes))}
	at := 0
	for _, c := range changes {
		if c.from < at { // characters folded into one are not taken apart
			continue
		}
		b.WriteString(text[at:c.from])
		start := b.Len()
		b.WriteString(c.written)
		t.parts = append(t.parts, part{start, b.Len(), c.from, c.to})
		at = c.to
	}
	b.WriteString(text[at:])
	t.Text = b.String()
	return t
}

// change is what is written instead of bytes [from, to) of the spoken text.
type change struct {
	from, to int
	written  string
}

// changes returns the changes from left to right.
func (w *ITN) changes(text string, folded *norm.Text) []change {
	var all []change
	w.l.rewrite(folded, text, func(start, end int, written string) {
		if from, to := folded.Raw(start, end); text[from:to] != written {
			all = append(all, change{from, to, written})
		}
	})
	slices.SortFunc(all, func(a, b change) int { return a.from - b.from })
	return all
}
