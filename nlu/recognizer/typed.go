package recognizer

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"

	"yingda/nlu"
	"yingda/nlu/recognizer/choice"
	"yingda/nlu/recognizer/datetime"
	"yingda/nlu/recognizer/number"
	amounts "yingda/nlu/recognizer/quantity"
	"yingda/nlu/recognizer/sequence"
	"yingda/nlu/recognizer/value"
)

// TypedValues finds values of all kinds in texts of both languages, mixed ones too: the finders of the text's language speak first, those
// of the other language are asked only if its letters occur, and add what the first left over.
//
// Times, money, quantities and percentages become entities. The other kinds are left to slots that ask for them ([nlu.SourceSlot]), except
// for telephone numbers told in words, which no other component reads. Among values the longer wins, then the earlier kind in the
// order time, money and quantity, percentage, number.
type TypedValues struct {
	shared  []value.Finder              // that know no language
	finders map[nlu.Lang][]value.Finder // by language
	cues    *amountCues
	pool    sync.Pool
}

var _ ValueFinder = (*TypedValues)(nil)

// entityKinds are the kinds that are entities by themselves, with their types.
var entityKinds = map[value.Kind]string{value.KindDateTime: "datetime", value.KindMoney: "money", value.KindQuantity: "quantity", value.KindPercentage: "percentage"}

// usualCurrency is meant by units that several countries share, where no country is named.
var usualCurrency = map[string]string{"Dollar": "USD", "Cent": "USD", "Pound": "GBP"}

// ValueTypes are the types of entities that values become.
func ValueTypes() []string { return slices.Sorted(maps.Values(entityKinds)) }

// NewTypedValues compiles the grammars of both languages.
func NewTypedValues() (*TypedValues, error) {
	v := &TypedValues{finders: map[nlu.Lang][]value.Finder{}}
	v.pool.New = func() any { return new([]value.Find) }
	var errs []error
	var err error
	v.cues, err = parseAmountCues("amounts.yaml", amountsYAML)
	errs = append(errs, err)
	for _, lang := range []nlu.Lang{nlu.Chinese, nlu.English} {
		times, err := datetime.New(datetime.Options{Lang: lang, Modes: datetime.Zones})
		errs = append(errs, err)
		units, err := amounts.New(amounts.Options{Lang: lang})
		errs = append(errs, err)
		numbers, err := number.New(number.Options{Lang: lang})
		errs = append(errs, err)
		v.finders[lang] = []value.Finder{times, units, numbers}
	}
	sequences, err := sequence.New()
	errs = append(errs, err)
	answers, err := choice.New()
	errs = append(errs, err)
	v.shared = []value.Finder{sequences, answers}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("compile values: %w", err)
	}
	return v, nil
}

// DefaultValues returns the finder of all values. It is made once and shared.
var DefaultValues = sync.OnceValues(NewTypedValues)

// FindValues implements [ValueFinder].
func (v *TypedValues) FindValues(dst []nlu.Entity, a *nlu.Analysis) []nlu.Entity {
	c := value.Context{Lang: a.Language, Reference: a.Reference}
	if c.Lang != nlu.English {
		c.Lang = nlu.Chinese
	}
	if c.Reference.IsZero() {
		c.Reference = time.Now()
	}
	text := a.Normal.Text
	buf := v.pool.Get().(*[]value.Find)
	defer v.pool.Put(buf)
	*buf = (*buf)[:0]
	for _, f := range v.shared {
		*buf = f.FindValues(*buf, text, c)
	}
	for _, f := range v.finders[c.Lang] {
		*buf = f.FindValues(*buf, text, c)
	}
	first := len(*buf)
	if other := otherLang(c.Lang); hasLetters(text, other) {
		c.Lang = other
		for _, f := range v.finders[other] {
			*buf = f.FindValues(*buf, text, c)
		}
	}
	for i, f := range *buf {
		if i >= first && overlapsAny((*buf)[:first], f) || empty(f.Value) {
			continue
		}
		if m, ok := v.cues.implied(text, f, a.Language); ok {
			dst = append(dst, entityOf(a, value.Find{Start: f.Start, End: f.End, Kind: value.KindMoney, Rule: "amount:cue", Score: 0.8, Value: m}))
		}
		dst = append(dst, entityOf(a, f))
	}
	return dst
}

// entityOf makes the candidate of a find.
func entityOf(a *nlu.Analysis, f value.Find) nlu.Entity {
	ent := entity(a, f.Start, f.End)
	ent.Type, ent.Source = string(f.Kind), nlu.SourceSlot
	if typ, ok := entityKinds[f.Kind]; ok {
		ent.Type, ent.Source = typ, nlu.SourceValue
	}
	if vague(f.Value) {
		ent.Source = nlu.SourceSlot
	}
	if f.Rule == spokenPhone {
		ent.Source = nlu.SourceValue
	}
	ent.Rule, ent.Score = f.Rule, max(f.Score, 0.5)
	ent.Value = asEntity(f, ent.Text)
	return ent
}

// empty tells whether a find names only a unit: "what percentage".
func empty(v any) bool {
	n, ok := v.(value.Number)
	return ok && n.Rat == nil
}

// spokenPhone is the rule for telephone numbers told in words: those in figures are the business of the rules for ids.
const spokenPhone = "phone:spoken"

// vague tells whether a value says little where nobody asked for it: now, and one of something counted (一个 says "a" more often than "one").
func vague(v any) bool {
	switch v := v.(type) {
	case value.DateTime:
		return len(v.Readings) > 0 && v.Readings[0].Timex == "PRESENT_REF"
	case value.Quantity:
		return v.Dimension == amounts.Count && v.Number.Rat != nil && v.Number.Cmp(one) == 0
	}
	return false
}

var one = big.NewRat(1, 1)

// asEntity is the value in the form that it has in an entity.
func asEntity(f value.Find, surface string) any {
	switch v := f.Value.(type) {
	case string, value.IP:
		return sequence.Exact(f, surface).Value
	case value.Number:
		if f.Kind == value.KindPercentage {
			return value.Percent{Percent: v}
		}
	case value.Money:
		if v.Currency == "" {
			v.Currency = usualCurrency[v.Unit]
			return v
		}
	}
	return f.Value
}

func overlapsAny(finds []value.Find, f value.Find) bool {
	for _, o := range finds {
		if o.Start < f.End && f.Start < o.End {
			return true
		}
	}
	return false
}

func otherLang(l nlu.Lang) nlu.Lang {
	if l == nlu.Chinese {
		return nlu.English
	}
	return nlu.Chinese
}

// hasLetters tells whether the text holds letters of a language: Han, or two Latin letters side by side.
func hasLetters(text string, l nlu.Lang) bool {
	if l == nlu.Chinese {
		return strings.IndexFunc(text, func(r rune) bool { return r >= 0x3400 && r <= 0x9fff }) >= 0
	}
	for i := 1; i < len(text); i++ {
		if isLower(text[i-1]) && isLower(text[i]) {
			return true
		}
	}
	return false
}
