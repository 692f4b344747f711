package nlu

import (
	"context"
	"unicode"

	"yingda/nlu/norm"
)

// Normaliser is the component that folds the text for matchers and tells its language.
type Normaliser struct{}

var _ Component = Normaliser{}

// Name implements [Component].
func (Normaliser) Name() string { return "normalise@1" }

// Requires implements [Component].
func (Normaliser) Requires() []Field { return []Field{FieldText} }

// Assigns implements [Component].
func (Normaliser) Assigns() []Field { return []Field{FieldNormal, FieldLanguage} }

// Annotate implements [Component].
func (Normaliser) Annotate(_ context.Context, as []*Analysis) error {
	for _, a := range as {
		a.Normal = norm.Fold(a.Text, norm.Matching)
		a.Language = a.Lang
		if a.Language == "" {
			a.Language = Detect(a.Text)
		}
	}
	return nil
}

// Detect tells Chinese from English by script: a text is Chinese when Han characters carry at least a quarter of what its letters
// say, a Han character counting as much as three letters. It returns "" for a text without letters.
func Detect(text string) Lang {
	han, letters := 0, 0
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Han, r):
			han++
		case unicode.IsLetter(r):
			letters++
		}
	}
	switch {
	case han == 0 && letters == 0:
		return ""
	case 3*han*3 >= letters:
		return Chinese
	}
	return English
}
