package quantity

import (
	"math/big"
	"strings"
	"unicode/utf8"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// unitOf returns the unit that a kid names.
func unitOf(c *grammar.Call) (*unit, *grammar.Node) {
	for _, name := range []string{"unit", "unit.figures", "unit.glued", "rate", "alone.unit"} {
		if k := c.Get(name); k != nil {
			if i, ok := k.Int(); ok {
				return &of(c).lang.words.units[i], k
			}
		}
	}
	return nil, nil
}

// measure reads a number and its unit: 168cm, "3-inch", "20 [kg]".
func measure(c *grammar.Call) any {
	r := of(c)
	start, end := extent(c)
	n, k := numberOf(c)
	u, w := unitOf(c)
	if u == nil || !r.startsWell(start) || !r.endsWell(w.End) || !r.meant(u) || u.dimension != Temperature && r.dash(n, start) {
		return nil
	}
	if s := c.Surface(w); len(s) == 1 && !r.letterMeant(n, k, w) {
		return nil
	} else if strings.HasPrefix(s, "度") && c.Surface(k) == "一" { // once
		return nil
	}
	if u.Unit == "Li" && n.Cmp(most) > 0 || c.Surface(w) == "两" && k.End < w.Start { // an id; 10339 两个
		return nil
	}
	v := &found{start: start, end: end, number: n.Rat, form: n.Form, open: n.Form == value.Integer, dimension: u.dimension, unit: u.Unit, word: c.Surface(w), of: u}
	return v
}

// meant tells whether a word means this unit, where it may mean others too.
func (r *reader) meant(u *unit) bool {
	if u.cue > 0 && u.dimension == "angle" {
		return !r.hasNamed("temperature") && (r.has(u.cue) || r.dims["angle"] && !r.dims[Temperature])
	}
	if u.cue > 0 && !r.has(u.cue) {
		return false
	}
	return !u.Money || !r.money || r.dims["weight"] && r.weights()
}

// letterMeant tells whether a unit of one letter is one: not in 4/5g, "24703 l-202", "1.8m dollars".
func (r *reader) letterMeant(n value.Number, k, w *grammar.Node) bool {
	if n.Form == value.Fraction && k.End == w.Start || !isDigit(r.text[k.End-1]) {
		return false
	}
	if w.End+1 < len(r.text) && r.text[w.End] == '-' && k.End < w.Start && isDigit(r.text[w.End+1]) {
		return false
	}
	return w.End == len(r.text) || r.text[w.End] != '\''
}

// named reads a number and a unit that the rule names.
func named(c *grammar.Call) any {
	start, end := trimmed(c)
	n, _ := numberOf(c)
	if !of(c).startsWell(start) || !of(c).endsWell(end) || of(c).dash(n, start) {
		return nil
	}
	if c.Args[len(c.Args)-1] == "end" {
		if word, char := of(c).next(end); word != "" || char != 0 {
			return nil
		}
	}
	return &found{start: start, end: end, number: n.Rat, form: n.Form, dimension: "length", unit: c.Args[1]}
}

// partTurn reads "a half turn".
func partTurn(c *grammar.Call) any {
	start, end := extent(c)
	n, k := numberOf(c)
	if n.Sign() <= 0 || n.Cmp(big.NewRat(1, 1)) > 0 || start < k.Start && n.IsInt() || !of(c).startsWell(start) {
		return nil
	}
	return &found{start: start, end: end, number: n.Rat, form: n.Form, dimension: "angle", unit: "Turn"}
}

// capacity reads 128g, which is a size of memories before it is a weight.
func capacity(c *grammar.Call) any {
	start, end := extent(c)
	n, ok := c.Kids[0].Int()
	if !ok || of(c).hasNamed("weight") || !of(c).startsWell(start) || !of(c).endsWell(end) {
		return nil
	}
	return &found{start: start, end: end, number: big.NewRat(int64(n), 1), form: value.Integer, dimension: "information", unit: "Gigabyte"}
}

// speed reads a length and a time: "188 miles an hour", 50km/ms.
func speed(c *grammar.Call) any {
	r := of(c)
	start, end := extent(c)
	n, k := numberOf(c)
	u, _ := unitOf(c)
	time, _ := c.Get("time").Value.(string)
	if u == nil || !r.startsWell(start) || !r.endsWell(end) {
		return nil
	}
	dimension := "speed"
	if u.dimension == "information" {
		dimension = u.dimension
	}
	return &found{start: start, end: end, number: n.Rat, form: n.Form, dimension: dimension, unit: u.Unit + " per " + time, word: strings.TrimSpace(c.Text[k.End:end])}
}

// compound adds a smaller unit: "5 feet and 2 inches", 三斤二两.
func compound(c *grammar.Call) any {
	v := c.Kids[0].Value.(*found)
	n, _ := numberOf(c)
	u, w := unitOf(c)
	if u == nil || v.of == nil || v.of.Part == nil || v.of.Part.Unit != u.Unit || !of(c).endsWell(w.End) {
		return nil
	}
	return addPart(v, n, v.of.Part.Per, w.End)
}

// addPart adds n of which per make one.
func addPart(v *found, n value.Number, per int64, end int) any {
	if !v.open || v.number == nil || v.number.Sign() < 0 || n.Sign() < 0 || n.Cmp(new(big.Rat).SetInt64(per)) >= 0 {
		return nil
	}
	v = v.copy()
	v.number = new(big.Rat).Add(v.number, quo(n.Rat, per))
	v.form, v.end, v.open, v.word = formOf(v.number), end, false, ""
	return v
}

// feet reads 5'10" and "12 ft 2 in".
func feet(c *grammar.Call) any {
	_, end := extent(c)
	first := c.Kids[0]
	v, ok := first.Value.(*found)
	if !ok {
		n := read(c.Text, first.Kids[0])
		v = &found{start: first.Start, number: n.Rat, open: n.Form == value.Integer && of(c).startsWell(first.Start), dimension: "length", unit: "Foot"}
	}
	if v.unit != "Foot" || !of(c).endsWell(end) {
		return nil
	}
	return addPart(v, read(c.Text, c.Kids[1]), 12, end)
}

// feetAnd reads "5 feet 10", if nothing follows that ten may count.
func feetAnd(c *grammar.Call) any {
	r := of(c)
	v := c.Kids[0].Value.(*found)
	n, k := numberOf(c)
	if v.unit != "Foot" || v.end == k.Start || n.Form != value.Integer || !r.endsLoosely(k.End) {
		return nil
	}
	return addPart(v, n, 12, k.End)
}

// longestQuotation bounds how far back an opening quotation mark is looked for, in bytes.
const longestQuotation = 200

// mostInches is the largest number that a mark makes inches: larger ones are quoted.
var mostInches = big.NewRat(999, 1)

// inches reads 10", unless the mark closes a quotation.
func inches(c *grammar.Call) any {
	start, end := extent(c)
	before := c.Text[max(0, start-longestQuotation):start]
	if strings.Count(before, `"`)%2 != 0 || strings.HasSuffix(before, `"`) || !of(c).startsWell(start) {
		return nil
	}
	if end < len(c.Text) && (isLetter(c.Text[end]) || isDigit(c.Text[end])) {
		return nil
	}
	n, k := numberOf(c)
	if n.Cmp(mostInches) > 0 {
		return nil
	}
	return &found{start: start, end: end, number: n.Rat, form: n.Form, dimension: "length", unit: "Inch", word: strings.TrimSpace(c.Text[k.End:end])}
}

// tenths reads the part of a meter or degree whose name is left out: 一米八, 1米75, 37度5.
func tenths(c *grammar.Call) any {
	v := c.Kids[0].Value.(*found)
	k := c.Kids[1]
	n, ok := k.Kids[0].Int()
	s := c.Surface(c.Kids[0])
	meter, degree := v.unit == "Meter" && strings.HasSuffix(s, "米"), v.unit == "Degree" && strings.HasSuffix(s, "度")
	if !ok || !v.open || !meter && (!degree || n > 9) || !of(c).loose(v, k) {
		return nil
	}
	per := int64(10)
	if s := c.Surface(k); n > 9 || strings.HasPrefix(s, "零") || strings.HasPrefix(s, "0") {
		per = 100
	}
	return addPart(v, value.Number{Rat: new(big.Rat).SetFrac64(int64(n)*100/per, 1)}, 100, k.End)
}

// below reads 零下五度.
func below(c *grammar.Call) any {
	start, end := extent(c)
	n, k := numberOf(c)
	unit := "Degree"
	if u, w := unitOf(c); u != nil {
		if u.dimension != Temperature || !of(c).endsWell(w.End) {
			return nil
		}
		unit = u.Unit
	} else if _, char := of(c).next(k.End); char >= utf8.RuneSelf {
		return nil
	}
	if n.Sign() < 0 {
		return nil
	}
	return &found{start: start, end: end, number: new(big.Rat).Neg(n.Rat), form: n.Form, dimension: Temperature, unit: unit}
}

// onScale reads a temperature whose scale is told first: 华氏温度98.6度.
func onScale(c *grammar.Call) any {
	start, end := extent(c)
	n, k := numberOf(c)
	unit, _ := c.Get("scale").Value.(string)
	v := &found{start: start, end: end, number: n.Rat, form: n.Form, dimension: Temperature, unit: unit}
	if k != c.Kids[1] { // 零下
		v.number = new(big.Rat).Neg(n.Rat)
	}
	return v
}

// letterScale reads 25度c.
func letterScale(c *grammar.Call) any {
	start, end := extent(c)
	n, _ := numberOf(c)
	if !of(c).startsWell(start) || !of(c).endsWell(end) {
		return nil
	}
	unit := strings.ToUpper(c.Surface(c.Kids[len(c.Kids)-1]))
	return &found{start: start, end: end, number: n.Rat, form: n.Form, dimension: Temperature, unit: unit}
}

// age reads 七周岁, "90 day old".
func age(c *grammar.Call) any {
	start, end := extent(c)
	n, _ := numberOf(c)
	k := c.Get("years")
	if k == nil {
		k = c.Get("yearsold")
	}
	unit, _ := k.Value.(string)
	if n.Sign() < 0 || !of(c).startsWell(start) || !of(c).endsWell(end) {
		return nil
	}
	return &found{start: start, end: end, number: n.Rat, form: n.Form, dimension: Age, unit: unit, word: c.Surface(k)}
}

// aged reads "age 87".
func aged(c *grammar.Call) any {
	start, end := extent(c)
	n, _ := numberOf(c)
	if !n.IsInt() || n.Sign() < 0 || n.Cmp(big.NewRat(150, 1)) > 0 || end < len(c.Text) && isLetter(c.Text[end]) {
		return nil
	}
	return &found{start: start, end: end, number: n.Rat, form: n.Form, dimension: Age, unit: "Age"}
}

// most is the largest number of things that is believed: longer ones are ids.
var most = big.NewRat(9_999_999, 1)

// count reads a number of things: 两件, "two pairs". After 一 some measure words make other words: the argument plural refuses it.
func count(c *grammar.Call) any {
	start, end := trimmed(c)
	n, k := numberOf(c)
	w := c.Get("measure")
	if w == nil {
		w = c.Get("measure.more")
	}
	if w == nil { // 块
		w = c.Kids[1]
	}
	unit, ok := w.Value.(string)
	plural := len(c.Args) > 0 && c.Args[0] == "plural"
	if !ok || n.Sign() <= 0 || n.Cmp(most) > 0 || plural && c.Surface(k) == "一" || !of(c).startsWell(start) {
		return nil
	}
	return &found{start: start, end: end, number: n.Rat, form: n.Form, dimension: Count, unit: unit, word: c.Surface(w), vague: c.Surface(k) == "一"}
}

func bareUnit(c *grammar.Call) any {
	start, end := extent(c)
	u, w := unitOf(c)
	if !of(c).endsWell(w.End) || u.cue > 0 || u.Money {
		return nil
	}
	return &found{start: start, end: end, dimension: u.dimension, unit: u.Unit, word: c.Surface(w), of: u}
}
