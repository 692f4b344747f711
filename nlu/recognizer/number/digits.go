package number

// maxInt is the number of digits that always fit in an int.
const maxInt = 18

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// scanDigits emits the run of digits that begins at a place, unless the place is inside one.
func scanDigits(text string, at int, emit func(category, end int, v any)) {
	if at > 0 && isDigit(text[at-1]) {
		return
	}
	end, n := at, 0
	for end < len(text) && isDigit(text[end]) {
		if end-at < maxInt {
			n = 10*n + int(text[end]-'0')
		}
		end++
	}
	switch {
	case end-at > maxInt:
		emit(0, end, text[at:end])
	case end > at:
		emit(0, end, n)
	}
}
