package recognizer

import (
	"strconv"
	"strings"
)

// check verifies a find.
type check func(f finding) bool

// finding is what a check sees.
type finding struct {
	compact string // lower case, half-width, without spaces and dashes
	raw     string // as typed, half-width
	text    string // the whole raw text
}

// checks are the names that a rule's field `check` may have.
func checks() map[string]check {
	return map[string]check{
		"luhn":   func(f finding) bool { return luhn(f.compact) },
		"iin":    func(f finding) bool { return luhn(f.compact) && issuer(f.compact) },
		"prc_id": func(f finding) bool { return prcID(f.compact) },
		"prc_id_form": func(f finding) bool {
			return len(f.compact) == 18 && regionCode(f.compact) && calendar(f.compact[6:14])
		},
		"prc_id15": func(f finding) bool { return prcID15(f.compact) },
		"uscc":     func(f finding) bool { return uscc(f.compact) },
		"s10":      func(f finding) bool { return s10(f.compact) },
		"ups":      func(f finding) bool { return ups(f.compact) },
		"not_date": func(f finding) bool { return !dateLike(f.compact) },
		"code":     func(f finding) bool { return couponLike(f.raw, f.text) },
		"mixed":    func(f finding) bool { return mixed(f.compact) },
		"error":    func(f finding) bool { return errorLike(f.compact, f.raw) },
		"street":   func(f finding) bool { return streetLike(f.raw) },
		"capitals": func(f finding) bool { return strings.ToUpper(f.raw) == f.raw },
	}
}

// luhn is the check of ISO/IEC 7812-1: the sum with every second digit from the right doubled ends in 0.
func luhn(s string) bool {
	sum := 0
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
		d := int(s[i] - '0')
		if (len(s)-i)%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return len(s) >= 12 && sum%10 == 0 && strings.Trim(s, "0") != ""
}

// issuers are prefixes of bank cards with the lengths in use.
var issuers = []struct {
	from, to int // inclusive, compared with as many leading digits as they have
	lengths  []int
}{
	{62, 62, []int{16, 17, 18, 19}},                                     // UnionPay
	{4, 4, []int{13, 16, 19}},                                           // Visa
	{51, 55, []int{16}},                                                 // Mastercard
	{2221, 2720, []int{16}},                                             // Mastercard
	{34, 34, []int{15}},                                                 // American Express
	{37, 37, []int{15}},                                                 // American Express
	{3528, 3589, []int{16, 17, 18, 19}},                                 // JCB
	{36, 36, []int{14}},                                                 // Diners Club
	{300, 305, []int{14}},                                               // Diners Club
	{6011, 6011, []int{16}}, {644, 649, []int{16}}, {65, 65, []int{16}}, // Discover
	{9558, 9559, []int{19}}, // ICBC and ABC before UnionPay
	{60, 60, []int{19}},     // regional Chinese banks
}

// issuer tells whether a card number begins with a known issuer's prefix and has a length that it uses.
func issuer(s string) bool {
	for _, is := range issuers {
		n := len(strconv.Itoa(is.from))
		if len(s) < n {
			continue
		}
		p, _ := strconv.Atoi(s[:n])
		if is.from <= p && p <= is.to {
			for _, l := range is.lengths {
				if l == len(s) {
					return true
				}
			}
		}
	}
	return false
}

// regionCode tells whether s begins with the code of a province (GB/T 2260); 91–97 are for foreign permanent residents.
func regionCode(s string) bool {
	return strings.Contains(" 11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83 91 ", " "+s[:2]+" ")
}

// calendar tells whether yyyymmdd is a day between 1890 and 2049.
func calendar(s string) bool {
	y, err1 := strconv.Atoi(s[:4])
	m, err2 := strconv.Atoi(s[4:6])
	d, err3 := strconv.Atoi(s[6:8])
	if err1 != nil || err2 != nil || err3 != nil || y < 1890 || y > 2049 || m < 1 || m > 12 || d < 1 {
		return false
	}
	days := []int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[m-1]
	if m == 2 && y%4 == 0 && (y%100 != 0 || y%400 == 0) {
		days = 29
	}
	return d <= days
}

// prcID is GB 11643-1999: region, birthday, sequence, check character by ISO 7064 mod 11-2.
func prcID(s string) bool {
	if len(s) != 18 || !regionCode(s) || !calendar(s[6:14]) {
		return false
	}
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(s[i]-'0') * w
	}
	return s[17] == "10x98765432"[sum%11]
}

// prcID15 is the form given out until 1999: two digits of the year and no check digit.
func prcID15(s string) bool {
	return len(s) == 15 && regionCode(s) && calendar("19"+s[6:12])
}

// uscc is the unified social credit code of GB 32100-2015: 18 characters without I, O, S, V and Z, the last one for checking.
func uscc(s string) bool {
	const alphabet = "0123456789abcdefghjklmnpqrtuwxy"
	if len(s) != 18 {
		return false
	}
	sum, weight := 0, 1
	for i := range 17 {
		v := strings.IndexByte(alphabet, s[i])
		if v < 0 {
			return false
		}
		sum += v * weight
		weight = weight * 3 % 31
	}
	return s[17] == alphabet[(31-sum%31)%31]
}

// s10 is the check digit of the Universal Postal Union's S10: AB 12345678 9 CN.
func s10(s string) bool {
	if len(s) != 13 {
		return false
	}
	sum := 0
	for i, w := range []int{8, 6, 4, 2, 3, 5, 9, 7} {
		sum += int(s[2+i]-'0') * w
	}
	c := 11 - sum%11
	switch c {
	case 10:
		c = 0
	case 11:
		c = 5
	}
	return int(s[10]-'0') == c
}

// ups is the check digit of a 1Z number: letters count (code − 3) mod 10, every second character is doubled.
func ups(s string) bool {
	if len(s) != 18 || !isDigit(s[17]) {
		return false
	}
	sum := 0
	for i := 2; i < 17; i++ {
		v := int(s[i] - '0')
		if isLower(s[i]) {
			v = (int(s[i]-'a'+'A') - 3) % 10
		}
		if i%2 == 1 {
			v *= 2
		}
		sum += v
	}
	return (10-sum%10)%10 == int(s[17]-'0')
}

// dateLike tells whether a run of digits reads as a day: 20240518, 202405, 240518 do not name an order by themselves.
func dateLike(s string) bool {
	switch len(s) {
	case 8:
		return calendar(s)
	case 6:
		return calendar(s+"01") || calendar("20"+s)
	case 4:
		return s >= "1900" && s < "2050"
	}
	return false
}

// couponLike tells whether raw looks like a code one types in: letters and digits together, or a word in capitals in a
// text that is not all in capitals.
func couponLike(raw, text string) bool {
	digits, lower, upper := 0, 0, 0
	for i := range len(raw) {
		switch c := raw[i]; {
		case isDigit(c):
			digits++
		case isLower(c):
			lower++
		case 'A' <= c && c <= 'Z':
			upper++
		}
	}
	return digits > 0 && lower+upper > 0 || digits >= 6 && lower+upper == 0 || lower == 0 && upper >= 4 && !shouted(text)
}

// notInStreets are words that no street is named by: 2 weeks on the road.
var notInStreets = map[string]bool{"a": true, "an": true, "the": true, "of": true, "on": true, "in": true, "at": true, "to": true, "for": true, "from": true, "and": true, "or": true, "by": true, "with": true,
	"is": true, "was": true, "are": true, "my": true, "your": true, "this": true, "that": true, "it": true, "we": true, "you": true, "i": true, "minute": true, "minutes": true, "hour": true, "hours": true, "day": true, "days": true, "week": true,
	"weeks": true, "month": true, "months": true, "year": true, "years": true, "times": true, "mile": true, "miles": true, "pm": true, "am": true, "people": true, "items": true, "orders": true, "pairs": true, "boxes": true}

// streetLike tells whether the words after the number of a house, up to the first comma, can be the name of a street.
func streetLike(raw string) bool {
	street, _, _ := strings.Cut(raw, ",")
	for i, word := range strings.Fields(street) {
		if i > 0 && notInStreets[strings.ToLower(word)] {
			return false
		}
	}
	return true
}

// shouted tells whether all of a text is in capitals, so that capitals mean nothing. Han is no capital.
func shouted(text string) bool {
	return strings.ToUpper(text) == text && !strings.ContainsFunc(text, func(r rune) bool { return r >= firstHan && r <= lastHan })
}

// mixed tells whether s has a letter and a digit.
func mixed(s string) bool {
	return strings.ContainsAny(s, "0123456789") && strings.ContainsAny(s, "abcdefghijklmnopqrstuvwxyz")
}

// errorLike tells whether something beside the word "error" can be its code: it has a digit, or is a SYMBOL_WITH_UNDERSCORES.
func errorLike(c, raw string) bool {
	return strings.ContainsAny(c, "0123456789") || strings.Contains(raw, "_")
}
