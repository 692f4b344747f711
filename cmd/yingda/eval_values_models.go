package main

import (
	"errors"
	"fmt"
	"strings"

	"yingda/nlu"
	"yingda/nlu/recognizer/choice"
	"yingda/nlu/recognizer/itn"
	"yingda/nlu/recognizer/number"
	"yingda/nlu/recognizer/quantity"
	"yingda/nlu/recognizer/sequence"
	"yingda/nlu/recognizer/specs"
	"yingda/nlu/recognizer/value"
)

// specTable holds models by the names of the specifications' files and by language.
type specTable map[string]map[nlu.Lang]specs.Model

func (t specTable) add(name string, lang nlu.Lang, m specs.Model) {
	if t[name] == nil {
		t[name] = map[nlu.Lang]specs.Model{}
	}
	t[name][lang] = m
}

// specModels is the table of the finders of values. A finder that cannot be made is left out, so that the others can be measured all the same;
// the error says so.
func specModels() (map[string]specs.Model, error) {
	table := specTable{}
	var errs []error
	for _, lang := range []nlu.Lang{nlu.Chinese, nlu.English} {
		for _, add := range []func(nlu.Lang) error{table.addNumbers, table.addQuantities, table.addSequences, table.addChoices, table.addTimes} {
			if err := add(lang); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", lang, err))
			}
		}
	}
	models := map[string]specs.Model{}
	for name, byLang := range table {
		models[name] = specs.ByLang(byLang)
	}
	return models, errors.Join(errs...)
}

// addNumbers adds the models of the Number domain.
func (t specTable) addNumbers(lang nlu.Lang) error {
	for name, o := range map[string]number.Options{
		"NumberModel":                       {Kinds: []value.Kind{value.KindNumber}},
		"NumberModelExperimentalMode":       {Kinds: []value.Kind{value.KindNumber}, Experimental: true},
		"NumberModelPercentMode":            {Kinds: []value.Kind{value.KindNumber}, Proportions: true},
		"NumberRangeModel":                  {Kinds: []value.Kind{value.KindNumberRange}},
		"NumberRangeModelExperimentalMode":  {Kinds: []value.Kind{value.KindNumberRange}, ClosedRanges: true, Experimental: true},
		"OrdinalModel":                      {Kinds: []value.Kind{value.KindOrdinal}},
		"OrdinalModelSuppressExtendedTypes": {Kinds: []value.Kind{value.KindOrdinal}, PlainOrdinals: true},
		"PercentModel":                      {Kinds: []value.Kind{value.KindPercentage}},
		"PercentModelPercentMode":           {Kinds: []value.Kind{value.KindPercentage}, Proportions: true},
	} {
		o.Lang = lang
		f, err := number.New(o)
		if err != nil {
			return err
		}
		t.add(name, lang, specs.Numbers(f, o.Kinds[0]))
	}
	return nil
}

// addSequences adds the models of the Sequence domain.
func (t specTable) addSequences(lang nlu.Lang) error {
	for name, kind := range map[string]value.Kind{
		"PhoneNumberModel": value.KindPhone,
		"EmailModel":       value.KindEmail,
		"URLModel":         value.KindURL,
		"IpAddressModel":   value.KindIP,
		"GUIDModel":        value.KindGUID,
		"HashtagModel":     value.KindHashtag,
		"MentionModel":     value.KindMention,
		"QuotedTextModel":  value.KindQuoted,
	} {
		f, err := sequence.New(kind)
		if err != nil {
			return err
		}
		t.add(name, lang, specs.Sequences(f))
	}
	return nil
}

// addQuantities adds the models of the NumberWithUnit domain.
func (t specTable) addQuantities(lang nlu.Lang) error {
	money, err := quantity.New(quantity.Options{Lang: lang, Kinds: []value.Kind{value.KindMoney}, Bare: true, Subunits: true})
	if err != nil {
		return err
	}
	t.add("CurrencyModel", lang, specs.Currencies(money))
	for name, dimensions := range map[string][]string{
		"AgeModel": {quantity.Age}, "TemperatureModel": {quantity.Temperature}, "DimensionModel": quantity.Measures,
	} {
		f, err := quantity.New(quantity.Options{Lang: lang, Kinds: []value.Kind{value.KindQuantity}, Dimensions: dimensions, Bare: true})
		if err != nil {
			return err
		}
		t.add(name, lang, specs.Quantities(f, strings.ToLower(strings.TrimSuffix(name, "Model"))))
	}
	return nil
}

// addChoices adds the model of the Choice domain.
func (t specTable) addChoices(lang nlu.Lang) error {
	f, err := choice.New()
	if err == nil {
		t.add("BooleanModel", lang, specs.Booleans(f))
	}
	return err
}

// specRewriter puts texts into their written form, abbreviations included.
func specRewriter() (specs.Rewriter, error) {
	writers := map[nlu.Lang]*itn.ITN{}
	for _, lang := range []nlu.Lang{nlu.Chinese, nlu.English} {
		w, err := itn.New(itn.Options{Lang: lang, Abbreviate: true})
		if err != nil {
			return nil, err
		}
		writers[lang] = w
	}
	return func(text string, lang nlu.Lang) string { return writers[lang].Write(text).Text }, nil
}
