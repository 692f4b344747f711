package knowledge

import (
	"fmt"
	"slices"
	"strings"

	"yingda/dialogue"
	"yingda/nlu"
)

// Repeat is a question that two entries have, or nearly have: a customer who asks it gets one of two answers.
type Repeat struct {
	Question string  `json:"question"`
	Entry    Draft   `json:"entry"` // that has Question; the later of the two
	Other    Draft   `json:"other"`
	Wording  string  `json:"wording"`  // of the other
	Likeness float64 `json:"likeness"` // 1 = the same but for spelling; else the probability that they mean the same
}

func (r *Repeat) fault() *Fault {
	reason := fmt.Sprintf("the question %q stands in entry %q too (%s)", r.Question, r.Other.ID, place(&r.Other))
	return &Fault{File: r.Entry.File, Line: r.Entry.Line, ID: r.Entry.ID, Field: "questions", Reason: reason + "; a question has one answer: join the two or take it out of one"}
}

func place(d *Draft) string {
	if d.File == "" {
		return "in the knowledge base"
	}
	return fmt.Sprintf("%s:%d", d.File, d.Line)
}

// Repeats returns questions that stand in two entries of one language, compared folded; and ids that stand twice.
func Repeats(drafts []Draft) []Repeat {
	type key struct {
		lang nlu.Lang
		text string
	}
	var out []Repeat
	byText, byID := map[key]int{}, map[string]int{}
	for i := range drafts {
		d := &drafts[i]
		if k, ok := byID[d.ID]; ok {
			out = append(out, Repeat{Question: d.Questions[0], Entry: *d, Other: drafts[k], Wording: drafts[k].Questions[0], Likeness: 1})
			continue
		}
		byID[d.ID] = i
		for _, q := range d.Questions {
			k := key{d.Lang, string(analyse(q).runes)}
			if k.text == "" {
				continue
			}
			if j, ok := byText[k]; ok && j != i {
				out = append(out, Repeat{Question: q, Entry: *d, Other: drafts[j], Wording: wording(&drafts[j].Entry, k.text), Likeness: 1})
			}
			byText[k] = i
		}
	}
	return out
}

// loose reports what is to be offered after an entry and is none.
func loose(drafts []Draft) (errs []error) {
	known := map[string]nlu.Lang{}
	for i := range drafts {
		known[drafts[i].ID] = drafts[i].Lang
	}
	for i := range drafts {
		d := &drafts[i]
		for _, id := range d.Next {
			switch lang, ok := known[id]; {
			case !ok:
				errs = append(errs, &Fault{File: d.File, Line: d.Line, ID: d.ID, Field: "next", Reason: fmt.Sprintf("there is no entry %q; give the id of one, as in {#%s}", id, d.ID)})
			case lang != d.Lang:
				errs = append(errs, &Fault{File: d.File, Line: d.Line, ID: d.ID, Field: "next", Reason: fmt.Sprintf("entry %q is in another language (%s); name the one in %s", id, lang, d.Lang)})
			}
		}
	}
	return errs
}

func wording(e *dialogue.Entry, text string) string {
	for _, q := range e.Questions {
		if string(analyse(q).runes) == text {
			return q
		}
	}
	return ""
}

// NearRepeats returns pairs of entries with questions that probably mean the same, the likeliest first and one a pair of entries, where
// the probability is at least least. It compares by words, and by meaning where m is not nil and knows the questions.
func NearRepeats(drafts []Draft, params *Params, m *Meaning, least float64) []Repeat {
	records := make([]*record, len(drafts))
	for i := range drafts {
		records[i] = newRecord(Version{Entry: drafts[i].Entry})
	}
	x := newIndex(records, params, m)
	best := map[[2]int32]Repeat{}
	for _, s := range x.langs {
		for i, it := range s.items {
			x.nearTo(s, i, it, least, func(other int32, r Repeat) {
				mine := s.owner[i]
				pair := [2]int32{min(mine, other), max(mine, other)}
				if r.Likeness > best[pair].Likeness {
					r.Entry, r.Other = drafts[mine], drafts[other]
					if mine < other {
						r.Entry, r.Other, r.Question, r.Wording = r.Other, r.Entry, r.Wording, r.Question
					}
					best[pair] = r
				}
			})
		}
	}
	out := make([]Repeat, 0, len(best))
	for _, r := range best {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Repeat) int {
		if a.Likeness != b.Likeness {
			return byRank(a.Likeness, b.Likeness)
		}
		return strings.Compare(a.Entry.ID+"\n"+a.Other.ID, b.Entry.ID+"\n"+b.Other.ID)
	})
	return out
}

// nearTo tells of questions of other entries that are like item i of a shard.
func (x *Index) nearTo(s *shard, i int, it *item, least float64, tell func(other int32, r Repeat)) {
	q := query{item: *it}
	if s.vectors != nil {
		q.probe = newProbe(s.vectors.unpack(i))
	}
	q.weigh(s)
	w := x.params.weights(s.lang, q.probe != nil)
	for _, c := range s.candidates(&q, 16) {
		if s.owner[c] == s.owner[i] {
			continue
		}
		e := s.compare(&q, int(c))
		p := sigmoid(w.rank(&e))
		if e.Same == 1 {
			p = 1
		}
		if p >= least {
			tell(s.owner[c], Repeat{Question: it.text, Wording: s.items[c].text, Likeness: p})
		}
	}
}
