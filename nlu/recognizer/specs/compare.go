package specs

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"yingda/nlu/norm"
)

// Fault is what is wrong with the results of a case.
type Fault string

// The faults, from the grossest to the finest.
const (
	FaultPanic   Fault = "panic"   // the model panicked
	FaultMissing Fault = "missing" // an expected result was not found, and nothing overlaps with it
	FaultExtra   Fault = "extra"   // a result that is not expected, and overlaps with none that is
	FaultSpan    Fault = "span"    // found, but longer or shorter
	FaultType    Fault = "type"    // found, but of another type
	FaultValue   Fault = "value"   // found, with another value; Mismatch.Key says what of it differs
)

// Mismatch is one difference between what is expected and what was found.
type Mismatch struct {
	Fault Fault  `json:"fault"`
	Key   string `json:"key,omitempty"`  // of FaultValue: "timex", "values" (their number), "Mod", "unit" …
	Want  string `json:"want,omitempty"` // compact
	Got   string `json:"got,omitempty"`
}

func (m Mismatch) String() string {
	kind := string(m.Fault)
	if m.Key != "" {
		kind += " (" + m.Key + ")"
	}
	switch {
	case m.Got == "":
		return fmt.Sprintf("%s: want %s", kind, m.Want)
	case m.Want == "":
		return fmt.Sprintf("%s: got %s", kind, m.Got)
	}
	return fmt.Sprintf("%s: want %s; got %s", kind, m.Want, m.Got)
}

// Compare returns the differences between the results of a case and what was found; none if it passes. The order of results is not compared.
func Compare(c *Case, got []Result) []Mismatch {
	left := slices.Clone(got)
	var open []*Result
	for i := range c.Results {
		if j := slices.IndexFunc(left, func(g Result) bool { return mismatch(c, &c.Results[i], &g) == nil }); j >= 0 {
			left = slices.Delete(left, j, j+1)
		} else {
			open = append(open, &c.Results[i])
		}
	}
	var faults []Mismatch
	for _, want := range open {
		j := nearest(c.Input, want, left)
		if j < 0 {
			faults = append(faults, Mismatch{Fault: FaultMissing, Want: want.compact()})
			continue
		}
		faults = append(faults, *mismatch(c, want, &left[j]))
		left = slices.Delete(left, j, j+1)
	}
	for i := range left {
		faults = append(faults, Mismatch{Fault: FaultExtra, Got: left[i].compact()})
	}
	return faults
}

// nearest returns the index of the result that stands for want although it differs: one of the same surface, or else that with most of the
// span in common; -1 if there is none.
func nearest(input string, want *Result, got []Result) int {
	folded := fold(want.Text)
	start, end := want.Start, want.End
	if !want.Spanned {
		at := strings.Index(strings.ToLower(input), strings.ToLower(want.Text))
		if at < 0 {
			return slices.IndexFunc(got, func(g Result) bool { return fold(g.Text) == folded })
		}
		start = units(input[:min(at, len(input))])
		end = start + units(want.Text)
	}
	best, most := -1, 0
	for i, g := range got {
		common := 2 * (min(end, g.End) - max(start, g.Start))
		if common > 0 && fold(g.Text) == folded {
			common++
		}
		if common > most {
			best, most = i, common
		}
	}
	return best
}

// mismatch compares one result; nil if it is as expected.
func mismatch(c *Case, want, got *Result) *Mismatch {
	m := Mismatch{Want: want.compact(), Got: got.compact()}
	switch {
	case want.Text != "" && fold(want.Text) != fold(got.Text), want.Spanned && (want.Start != got.Start || want.End != got.End):
		m.Fault = FaultSpan
	case want.Type != "" && want.Type != got.Type:
		m.Fault = FaultType
	default:
		if want.Value == nil {
			return nil
		}
		key := differing(c.Suite, "", want.Value, got.Value)
		if key == "" {
			return nil
		}
		m.Fault, m.Key = FaultValue, key
	}
	return &m
}

// fold makes surfaces comparable: the specifications print them in lower case and half width here, as they are there.
func fold(s string) string { return norm.Fold(s, norm.Options{Lower: true}).Text }

// differing returns the key by which two values differ, "" if they are equal. A key that is null is as good as none.
func differing(suite, key string, want, got any) string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return first(key, "value")
		}
		return differingMap(suite, w, g)
	case []any:
		g, ok := got.([]any)
		if !ok || len(w) != len(g) {
			return first(key, "value")
		}
		for i := range w {
			if k := differing(suite, key, w[i], g[i]); k != "" {
				return k
			}
		}
		return ""
	}
	if equal(suite, key, want, got) {
		return ""
	}
	return first(key, "value")
}

func differingMap(suite string, want, got map[string]any) string {
	lower := map[string]any{}
	for k, v := range got {
		lower[strings.ToLower(k)] = v
	}
	for _, k := range byWeight(maps.Keys(want)) {
		if d := differing(suite, k, want[k], lower[strings.ToLower(k)]); d != "" {
			return d
		}
	}
	wanted := map[string]bool{}
	for k := range want {
		wanted[strings.ToLower(k)] = true
	}
	for _, k := range slices.Sorted(maps.Keys(got)) {
		if !wanted[strings.ToLower(k)] && got[k] != nil && !optional(suite, k) {
			return k
		}
	}
	return ""
}

// optional tells whether a key is compared only where the specification gives it. The form of numbers and the score of telephone numbers are
// left out by some results and given by others of the same file.
func optional(suite, key string) bool {
	return key == "subtype" || suite == "Sequence" && key == "score"
}

// byWeight orders keys so that the most telling difference is named: timex before the times that follow from it.
func byWeight(keys func(func(string) bool)) []string {
	rank := func(k string) int {
		if i := slices.Index([]string{"timex", "unit", "type", "mod"}, strings.ToLower(k)); i >= 0 {
			return i
		}
		return 9
	}
	return slices.SortedFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a, b))
	})
}

// equal compares leaves. Values that are pieces of the text are compared folded; numbers to a millionth, and as text where one side is text.
func equal(suite, key string, want, got any) bool {
	if want == nil || got == nil {
		return want == nil && got == nil
	}
	w, wok := want.(float64)
	g, gok := got.(float64)
	if wok && gok {
		return math.Abs(w-g) < 1e-6
	}
	a, b := leaf(want), leaf(got)
	if suite == "Sequence" && key == "value" || key == "timezoneText" {
		return fold(a) == fold(b)
	}
	return a == b
}

func leaf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return fmt.Sprint(v)
}

// compact renders a result on one line.
func (r *Result) compact() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q", r.Text)
	if r.Spanned {
		fmt.Fprintf(&b, "[%d,%d)", r.Start, r.End)
	}
	if r.Type != "" {
		b.WriteString(" " + r.Type)
	}
	if r.Value != nil {
		v := any(r.Value)
		if list, ok := r.Value["values"]; ok && len(r.Value) == 1 {
			v = list
		}
		data, err := json.Marshal(v)
		if err != nil {
			data = []byte(err.Error())
		}
		b.WriteString(" " + string(data))
	}
	return b.String()
}

// units counts UTF-16 units.
func units(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}
