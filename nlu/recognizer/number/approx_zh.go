package number

import "yingda/nlu/recognizer/value"

// approx is a number of which only the bounds are told; they belong to it.
type approx struct {
	end       int
	low, high amount
	first     int // where the two digits begin
	second    int // … and the second of them
	rest      int // what follows them
}

// approximate returns the range.
func (a approx) approximate() value.Range {
	low, high := a.low.number(value.Integer), a.high.number(value.Integer)
	return value.Range{Low: &low, High: &high, LowClosed: true, HighClosed: true}
}

// readApprox reads 二三十, 十五六, 三五百: two digits of which one is meant.
func readApprox(text string, at int) (approx, bool) {
	w := whole{text: text, start: at, at: at}
	for {
		before := w
		if !w.step() {
			return approx{}, false
		}
		d, end := zh.at(text, before.at)
		e, next := zh.at(text, end)
		if d.class != classDigit && d.class != classCount || e.class != classDigit || !follows(d.value, e.value) || before.kind != nothing {
			continue
		}
		u, _ := zh.at(text, next)
		if !isUnit(u) && before.last == 0 {
			return approx{}, false
		}
		low, high := w, before
		low.at = next
		high.at = end
		if !high.step() {
			return approx{}, false
		}
		for low.step() && high.step() {
		}
		if low.at != high.at || !low.complete() || !high.complete() || low.kind == spelled {
			return approx{}, false
		}
		return approx{low.at, low.value(), high.value(), before.at, end, next}, true
	}
}
