package recognizer

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/itn"
)

// Spoken finds ids that were said aloud: 订单号六六二零一九三八, "order eight eight oh one two". It puts the text into its written form (package
// itn), runs the rules for ids over that, and maps what they find back to the words. Texts without a run of spoken figures cost one look.
type Spoken struct {
	rules   *Regex
	writers map[nlu.Lang]*itn.ITN
}

var _ nlu.Component = (*Spoken)(nil)

// NewSpoken returns a component that runs the rules over the written form of spoken texts.
func NewSpoken(r *Rules) (*Spoken, error) {
	s := &Spoken{rules: NewRegex(r), writers: map[nlu.Lang]*itn.ITN{}}
	for _, lang := range []nlu.Lang{nlu.Chinese, nlu.English} {
		w, err := itn.New(itn.Options{Lang: lang})
		if err != nil {
			return nil, fmt.Errorf("read spoken ids: %w", err)
		}
		s.writers[lang] = w
	}
	return s, nil
}

// Name returns spoken@1.
func (s *Spoken) Name() string { return "spoken@1" }

// Requires the folded text and its language.
func (s *Spoken) Requires() []nlu.Field { return []nlu.Field{nlu.FieldNormal, nlu.FieldLanguage} }

// Assigns candidates.
func (s *Spoken) Assigns() []nlu.Field { return []nlu.Field{nlu.FieldCandidates} }

// Annotate never fails.
func (s *Spoken) Annotate(_ context.Context, as []*nlu.Analysis) error {
	for _, a := range as {
		if lang := a.Language; toldInFigures(a.Normal.Text) {
			if lang != nlu.English {
				lang = nlu.Chinese
			}
			a.Candidates = append(a.Candidates, s.find(a, s.writers[lang])...)
		}
	}
	return nil
}

// find returns the ids whose written form stands for other words.
func (s *Spoken) find(a *nlu.Analysis, w *itn.ITN) []nlu.Entity {
	written := w.Write(a.Text)
	if !written.Changed() {
		return nil
	}
	b := &nlu.Analysis{Utterance: nlu.Utterance{Text: written.Text}, Normal: norm.Fold(written.Text, norm.Matching)}
	var out []nlu.Entity
	for _, ent := range s.rules.find(b) {
		from, to := written.Spoken(ent.Start, ent.End)
		if from < 0 || to > len(a.Text) || from >= to || a.Text[from:to] == ent.Text {
			continue
		}
		ent.Span, ent.Text = nlu.Span{Start: from, End: to}, a.Text[from:to]
		out = append(out, ent)
	}
	return out
}

// figureWords are what English speakers say for single figures.
var figureWords = map[string]bool{"zero": true, "oh": true, "o": true, "one": true, "two": true, "three": true, "four": true, "five": true, "six": true,
	"seven": true, "eight": true, "nine": true, "double": true, "triple": true}

// leastFigures is the length of the shortest id that people read out figure by figure.
const leastFigures = 4

// toldInFigures tells whether a folded text has so many spoken figures in a row that they may be an id.
func toldInFigures(text string) bool {
	run, from := 0, 0
	for i, r := range text {
		switch {
		case strings.ContainsRune("零〇一二三四五六七八九幺两", r):
			run++
			from = i + utf8.RuneLen(r)
		case r == ' ':
			if word := strings.TrimSpace(text[from:i]); word != "" && figureWords[word] {
				run++
			} else if word != "" {
				run = 0
			}
			from = i
		case r >= utf8.RuneSelf || !isLower(byte(r)):
			run = 0
			from = i + utf8.RuneLen(r)
		}
		if run >= leastFigures {
			return true
		}
	}
	return figureWords[strings.TrimSpace(text[min(from, len(text)):])] && run+1 >= leastFigures
}
