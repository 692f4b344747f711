package quantity

import (
	"math/big"
	"strings"
	"unicode"
	"unicode/utf8"

	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/value"
)

// Categories of currencies after and before their amounts.
var (
	following = []string{"cur", "cur.figures", "cur.glued", "alone.money"}
	preceding = []string{"pre", "pre.word"}
)

// currencyOf returns the currency that a kid of one of the categories names.
func currencyOf(c *grammar.Call, categories []string) *currency {
	for _, name := range categories {
		if i, ok := c.Get(name).Int(); ok {
			return &of(c).lang.words.currencies[i]
		}
	}
	return nil
}

// money reads an amount and its currency: 15元, "15 usd", "48 mgbp".
func money(c *grammar.Call) any {
	r := of(c)
	start, end := extent(c)
	if !r.startsWell(start) || !r.endsWell(end) {
		return nil
	}
	n, _ := numberOf(c)
	if r.dash(n, start) {
		return nil
	}
	v := &found{start: start, end: end, number: n.Rat, form: n.Form, last: 1, open: n.Form == value.Integer}
	if code, ok := c.Get("code").Int(); ok {
		v.cur, v.open = &r.lang.words.currencies[code>>1], false
		v.number = new(big.Rat).Mul(n.Rat, new(big.Rat).SetInt64([2]int64{1000, 1_000_000}[code&1]))
		v.form = formOf(v.number)
		return v
	}
	if v.cur = currencyOf(c, following); v.cur == nil || r.weighed(v.cur) || n.Cmp(big.NewRat(v.cur.Least, 1)) < 0 && v.cur.Least > 0 {
		return nil
	}
	return v
}

// weighed tells whether pounds are weight here and not money.
func (r *reader) weighed(cur *currency) bool {
	if cur.Unit != "Pound" || cur.Code != "" || !r.dims["weight"] {
		return false
	}
	return !r.money || r.weights()
}

// weights tells whether the text is about weight rather than about prices.
func (r *reader) weights() bool { return r.hasNamed("weight") && !r.hasNamed("price") }

// unpriced tells that 一块 is no amount: a piece, or together.
func unpriced(c *grammar.Call) any {
	start, end := extent(c)
	before, _ := utf8.DecodeLastRuneInString(c.Text[:start])
	if _, char := of(c).next(end); char >= utf8.RuneSelf && !unicode.Is(unicode.Han, char) || char < utf8.RuneSelf {
		if start == 0 || !unicode.Is(unicode.Han, before) {
			return nil
		}
	}
	if strings.ContainsRune(of(c).lang.words.priced, before) {
		return nil
	}
	return true
}

// prefixed reads an amount after its currency: "$ 75 million", "usd115", "maud 60", 人民币50.
func prefixed(c *grammar.Call) any {
	r := of(c)
	start, end := extent(c)
	n, k := numberOf(c)
	if n.Sign() < 0 || !r.endsWell(end) || end < len(c.Text) && isDigit(c.Text[end-1]) && isLetter(c.Text[end]) {
		return nil
	}
	v := &found{start: start, end: end, number: n.Rat, form: n.Form, last: 1, open: n.Form == value.Integer, tight: c.Kids[0].End == k.Start}
	if code, ok := c.Get("code").Int(); ok {
		v.cur, v.open = &r.lang.words.currencies[code>>1], false
		v.number = new(big.Rat).Mul(n.Rat, new(big.Rat).SetInt64([2]int64{1000, 1_000_000}[code&1]))
		return v
	}
	if v.cur = currencyOf(c, preceding); v.cur == nil || start > 0 && isDigit(c.Text[start-1]) {
		return nil
	}
	return v
}

// paid reads 花了3w: figures with k or w behind a word of paying, which does not belong to the amount.
func paid(c *grammar.Call) any {
	n, k := numberOf(c)
	s := c.Surface(k)
	last := s[len(s)-1]
	if last != 'k' && last != 'w' || n.Sign() <= 0 || k.End < len(c.Text) && c.Text[k.End] < utf8.RuneSelf && c.Text[k.End] != ' ' {
		return nil
	}
	return &found{start: k.Start, end: k.End, number: n.Rat, form: n.Form, last: 1, cur: of(c).lang.words.yuan}
}

// subunits reads an amount in parts of a currency: "50 cents", 五毛钱, "sen 100".
func subunits(c *grammar.Call) any {
	r := of(c)
	start, end := extent(c)
	n, _ := numberOf(c)
	i, ok := c.Get("sub").Int()
	if !ok {
		i, ok = c.Get("sub.pre").Int()
	}
	if !ok || !r.startsWell(start) || !r.endsWell(end) {
		return nil
	}
	s := &r.lang.words.subunits[i]
	return &found{start: start, end: end, number: n.Rat, form: n.Form, sub: s, last: s.Per}
}

// part adds parts to money: "3 dollars 50 cents", 五元三毛.
func part(c *grammar.Call) any {
	r := of(c)
	v := c.Kids[0].Value.(*found)
	n, _ := numberOf(c)
	i, ok := c.Get("sub").Int()
	if !ok {
		i, ok = c.Get("sub.after").Int()
	}
	_, end := extent(c)
	if !ok || !n.IsInt() || n.Sign() < 0 || v.number.Sign() < 0 || !r.endsWell(end) || v.cur != nil && !v.open && v.last == 1 {
		return nil
	}
	s := &r.lang.words.subunits[i]
	per := s.Per
	v = v.copy()
	if v.cur != nil {
		per = v.cur.parts[s.Unit]
	} else if v.sub.of == nil || v.sub.of.parts[s.Unit] == 0 { // 五毛三分
		return nil
	} else {
		v.number, v.cur, v.sub = quo(v.number, v.sub.Per), v.sub.of, nil
	}
	if per <= v.last || n.Cmp(new(big.Rat).SetInt64(per/v.last)) >= 0 { // as many would make one of the part before
		return nil
	}
	v.number = new(big.Rat).Add(v.number, quo(n.Rat, per))
	v.form, v.end, v.last, v.open = formOf(v.number), end, per, true
	return v
}

// cents reads a number of cents that are not named: "15 dollars and 50", "thirteen dollars forty five". The argument is the least.
func cents(c *grammar.Call) any {
	r := of(c)
	v := c.Kids[0].Value.(*found)
	n, k := numberOf(c)
	least := int64(1)
	if c.Args[0] == "10" {
		least = 10
	}
	if v.cur == nil || !v.open || v.tight || v.last > 1 || v.cur.parts["Cent"] != 100 && v.cur.parts["Pence"] != 100 || !n.IsInt() || !n.Num().IsInt64() {
		return nil
	}
	if i := n.Num().Int64(); i < least || i > 99 || v.number.Sign() < 0 {
		return nil
	}
	if !r.endsLoosely(k.End) {
		return nil
	}
	v = v.copy()
	v.number = new(big.Rat).Add(v.number, quo(n.Rat, 100))
	v.form, v.end, v.last, v.open = value.Decimal, k.End, 100, false
	return v
}

// tail reads the part whose name is left out: 三块五, 三块二毛五, 三块零五, 3块50.
func tail(c *grammar.Call) any {
	r := of(c)
	v := c.Kids[0].Value.(*found)
	k := c.Kids[1]
	n, ok := k.Kids[0].Int()
	cur := v.cur
	if cur == nil && v.sub != nil {
		cur = v.sub.of
	}
	if !ok || cur == nil || !cur.tenth || !r.loose(v, k) {
		return nil
	}
	per := max(v.last, 1) * 10
	if s := c.Surface(k); utf8.RuneCountInString(s) == 2 { // 50 and 零五, not 五十
		if per > 10 || n > 99 || !isDigit(s[0]) && !strings.HasPrefix(s, "零") {
			return nil
		}
		per = 100
	}
	if per > 100 || n < 1 {
		return nil
	}
	v = v.copy()
	if v.sub != nil {
		v.number, v.cur, v.sub = quo(v.number, v.sub.Per), cur, nil
	}
	v.number = new(big.Rat).Add(v.number, big.NewRat(int64(n), per))
	v.form, v.end, v.last, v.open = formOf(v.number), k.End, per, false
	return v
}

// loose tells whether a number right after 块 or 米 belongs to it and counts nothing that follows.
func (r *reader) loose(v *found, tail *grammar.Node) bool {
	if v.end != tail.Start || v.form != value.Integer && v.last <= 1 || !r.endsWell(v.end) {
		return false
	}
	word, char := r.next(tail.End)
	for _, c := range r.lang.words.counted {
		if c == char {
			return false
		}
	}
	return word == "" && (char < '0' || char > '9') && char != '.' && char != '%'
}

// twice reads money that names its currency before and after: "$ 10 dollars", 人民币50元.
func twice(c *grammar.Call) any {
	before := len(c.Args) > 0 // a number stands before it that counts something else
	v, ok := prefixed(c).(*found)
	if !ok {
		return nil
	}
	if before {
		k := c.Nth("amount", 1)
		n := read(c.Text, k)
		v.start, v.number, v.form = c.Kids[1].Start, n.Rat, n.Form
	}
	cur := &of(c).lang.words.currencies[c.Int("cur", 0)]
	switch {
	case cur == v.cur:
	case v.cur.Code == "" && cur.Code != "" && cur.parts["Cent"] == 100: // $ 10 us dollars
		v.cur = cur
	case cur.Code == "" && v.cur.Code != "" && v.cur.parts["Cent"] == 100: // us$ 10 dollars
	default:
		return nil
	}
	return v
}

// two reads an amount in figures with its currency before it and one with its currency after it, with nothing but a comma between.
func two(c *grammar.Call) any {
	first, second := c.Kids[1], c.Kids[3]
	v := &found{start: c.Kids[0].Start, end: first.End, cur: currencyOf(c, preceding), form: value.Integer}
	w := &found{start: second.Start, end: c.Kids[4].End, cur: currencyOf(c, following), form: value.Integer}
	a, ok := first.Int()
	b, also := second.Int()
	if !ok || !also || !of(c).endsWell(w.end) {
		return nil
	}
	v.number, w.number = big.NewRat(int64(a), 1), big.NewRat(int64(b), 1)
	return [2]*found{v, w}
}

// pair reads "$10 dollars", where the second word stands for itself.
func pair(c *grammar.Call) any {
	v, ok := prefixed(c).(*found)
	if !ok {
		return nil
	}
	k := c.Get("cur")
	v.end, v.open = c.Kids[1].End, false
	return [2]*found{v, {start: k.Start, end: k.End, cur: &of(c).lang.words.currencies[c.Int("cur", 0)]}}
}

func bareMoney(c *grammar.Call) any {
	start, end := extent(c)
	if !of(c).endsWell(end) {
		return nil
	}
	return &found{start: start, end: end, cur: currencyOf(c, following)}
}
