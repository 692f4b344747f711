package specs

import (
	"strconv"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/value"
)

// find is a value as a finder returns it, with the surface in the raw text.
type find struct {
	value.Find
	surface string // raw
	rest    string // raw text after it
	query   *Query
}

// renderer puts a find into the shape of a specification: type and value. ok = false leaves it out.
type renderer func(f *find) (typ string, v map[string]any, ok bool)

// adapt makes a model of a finder.
func adapt(finder value.Finder, render renderer) Model {
	return func(q Query) []Result {
		text := norm.Fold(q.Text, norm.Matching)
		finds := finder.FindValues(nil, text.Text, value.Context{Lang: q.Lang, Reference: q.Reference, DayFirst: q.DayFirst})
		var results []Result
		for _, f := range finds {
			start, end := text.Raw(f.Start, f.End)
			surface := q.Text[start:end]
			typ, v, ok := render(&find{f, surface, q.Text[end:], &q})
			if !ok {
				continue
			}
			from := units(q.Text[:start])
			results = append(results, Result{surface, typ, from, from + units(surface), true, v})
		}
		return results
	}
}

// ByLang asks the model of the query's language; a language without one has no results.
func ByLang(models map[nlu.Lang]Model) Model {
	return func(q Query) []Result {
		if m := models[q.Lang]; m != nil {
			return m(q)
		}
		return nil
	}
}

// Bare is a model without the values: extractors say what is there and not what it means.
func Bare(m Model) Model {
	return func(q Query) []Result {
		results := m(q)
		for i := range results {
			results[i].Value = nil
		}
		return results
	}
}

// double writes a number as .NET writes a double: 15 significant digits, an exponent from 1E+15 up and from 1E-05 down.
func double(n value.Number) string { return digits(n, 15) }

// shortest writes a number with as many digits as tell it from its neighbours.
func shortest(n value.Number) string { return digits(n, -1) }

func digits(n value.Number, precision int) string {
	f, _ := n.Float64()
	if f == 0 {
		f = 0 // not -0
	}
	return strconv.FormatFloat(f, 'G', precision, 64)
}
