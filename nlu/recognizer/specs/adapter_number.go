package specs

import "yingda/nlu/recognizer/value"

// Numbers is one of the models Number, Ordinal, Percent and NumberRange: the finds of a kind.
func Numbers(finder value.Finder, kind value.Kind) Model {
	return adapt(finder, func(f *find) (string, map[string]any, bool) {
		if f.Kind != kind {
			return "", nil, false
		}
		switch v := f.Value.(type) {
		case value.Number:
			if kind == value.KindPercentage {
				return "percentage", map[string]any{"value": percent(v)}, true
			}
			return "number", map[string]any{"value": double(v), "subtype": string(v.Form)}, v.Rat != nil
		case value.Ordinal:
			return ordinal(v)
		case value.Range:
			return "numberrange", map[string]any{"value": interval(v)}, true
		}
		return "", nil, false
	})
}

// percent writes a percentage; "null" for the bare word.
func percent(n value.Number) string {
	if n.Rat == nil {
		return "null"
	}
	return double(n) + "%"
}

// ordinal writes a rank. Those that do not count from the start have a type of their own, and their value says from where they count.
func ordinal(o value.Ordinal) (string, map[string]any, bool) {
	if o.Offset == nil {
		return "", nil, false
	}
	offset, from := o.Offset.String(), first(o.RelativeTo, "start")
	v := map[string]any{"offset": offset, "relativeTo": from, "value": offset}
	if from == "start" {
		return "ordinal", v, true
	}
	if o.Offset.Sign() >= 0 {
		offset = "+" + offset
	}
	v["value"] = from + offset
	return "ordinal.relative", v, true
}

// interval writes a range: "[20,100)", "(30,)".
func interval(r value.Range) string {
	open, low := "(", ""
	if r.Low != nil && r.Low.Rat != nil {
		if low = double(*r.Low); r.LowClosed {
			open = "["
		}
	}
	closing, high := ")", ""
	if r.High != nil && r.High.Rat != nil {
		if high = double(*r.High); r.HighClosed {
			closing = "]"
		}
	}
	return open + low + "," + high + closing
}
