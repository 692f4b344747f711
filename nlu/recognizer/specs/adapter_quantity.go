package specs

import (
	"strings"

	"yingda/nlu/recognizer/value"
)

// Currencies is the model Currency.
func Currencies(finder value.Finder) Model { return adapt(finder, renderCurrency) }

// renderCurrency writes money. The unit alone ("in dollars") has no amount.
func renderCurrency(f *find) (string, map[string]any, bool) {
	m, ok := f.Value.(value.Money)
	if !ok {
		return "", nil, false
	}
	v := map[string]any{"value": amount(m.Amount, f), "unit": m.Unit}
	if m.Currency != "" {
		v["isoCurrency"] = m.Currency
	}
	return "currency", v, true
}

// Quantities is one of the models "age", "temperature" and "dimension", which is all that is neither of these.
func Quantities(finder value.Finder, model string) Model {
	return adapt(finder, func(f *find) (string, map[string]any, bool) {
		q, ok := f.Value.(value.Quantity)
		if !ok {
			return "", nil, false
		}
		typ := q.Dimension
		if typ != "age" && typ != "temperature" {
			typ = "dimension"
		}
		v := map[string]any{"value": amount(q.Number, f), "unit": q.Unit}
		if typ == "dimension" && q.Dimension != "" {
			v["subtype"] = strings.ToUpper(q.Dimension[:1]) + q.Dimension[1:]
		}
		return typ, v, typ == model
	})
}

// amount writes the number of a quantity; nil for a unit without one. Of "5 feet 2 inches" all digits are printed, because the sum never
// went through the number format.
func amount(n value.Number, f *find) any {
	if n.Rat == nil {
		return nil
	}
	if compound(f.surface) {
		return shortest(n)
	}
	return double(n)
}

// compound tells whether a quantity has parts in several units: figures after letters that come after figures. Units whose names end in a
// figure (m2) do not count, for the letters must stand apart.
func compound(surface string) bool {
	figures, units := false, false
	for _, word := range strings.Fields(surface) {
		switch {
		case strings.ContainsAny(word, "0123456789"):
			if units {
				return true
			}
			figures = true
		case figures:
			units = true
		}
	}
	return false
}
