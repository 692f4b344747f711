package script

import (
	"strings"
	"unicode/utf8"

	"yingda/nlu"
)

// Digits as they are read one by one in Chinese, on the telephone, and in numbers.
var (
	digitsZH  = [10]string{"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"}
	spelledZH = [10]string{"零", "幺", "二", "三", "四", "五", "六", "七", "八", "九"}
)

// longNumber is the number of digits from which a number is read one by one.
const longNumber = 5

// speech turns a text into what is heard: no links, no emoji, line breaks as pauses, numbers as they are read.
func speech(buf []byte, lang nlu.Lang) []byte {
	buf = cutLinks(buf)
	out := make([]byte, 0, len(buf)+32)
	text := string(buf)
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c >= '0' && c <= '9' && clockLen(text[i:]) > 0:
			n := clockLen(text[i:])
			out = readClock(out, text[i:i+n], lang)
			i += n
		case c >= '0' && c <= '9':
			n := numberLen(text[i:])
			if lang != nlu.Chinese && i > 0 && isLetter(text[i-1]) {
				out = append(out, ' ')
			}
			glued := i > 0 && isLetter(text[i-1]) || i+n < len(text) && isLetter(text[i+n])
			out = readNumber(out, text[i:i+n], text[i+n:], glued, lang)
			i += n
		case c == ' ' && lang == nlu.Chinese && len(out) > 0 && out[len(out)-1] >= utf8.RuneSelf && i+1 < len(text) && !isLetter(text[i+1]):
			i++ // a space beside a number is for the eye
		case c == '\n':
			out = pause(out, lang)
			i++
		case c < utf8.RuneSelf:
			if c != '*' && c != '#' && c != '_' && c != '`' && c != '~' {
				out = append(out, c)
			}
			i++
		default:
			r, n := utf8.DecodeRuneInString(text[i:])
			if !isPicture(r) {
				out = append(out, text[i:i+n]...)
			}
			i += n
		}
	}
	return squeeze(out)
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// isPicture tells emoji and other signs that are not read.
func isPicture(r rune) bool {
	return r >= 0x1f000 && r <= 0x1faff || r >= 0x2190 && r <= 0x21ff || r >= 0x2600 && r <= 0x27bf || r >= 0xfe00 && r <= 0xfe0f || r == 0x200d || r == 0x20e3
}

// numberLen counts the bytes of a number: digits with at most one point between digits, and commas between thousands.
func numberLen(s string) int {
	n, point := 0, false
	for n < len(s) {
		digitNext := n+1 < len(s) && s[n+1] >= '0' && s[n+1] <= '9'
		switch c := s[n]; {
		case c >= '0' && c <= '9':
		case c == '.' && !point && digitNext:
			point = true
		case c == ',' && !point && thousands(s[n+1:]):
		default:
			return n
		}
		n++
	}
	return n
}

// clockLen counts the bytes of a time of day at the start of s, 0 if there is none.
func clockLen(s string) int {
	n := numberLen(s)
	if n > 2 || len(s) < n+3 || s[n] != ':' || numberLen(s[n+1:]) != 2 || s[n+1] > '5' {
		return 0
	}
	return n + 3
}

// readClock appends a time of day: 十八点, 九点零五分. In English it is read as it stands.
func readClock(out []byte, clock string, lang nlu.Lang) []byte {
	if lang != nlu.Chinese {
		return append(out, clock...)
	}
	hour, minute, _ := strings.Cut(clock, ":")
	if hour = strings.TrimLeft(hour, "0"); hour == "2" {
		out = append(out, "两"...)
	} else {
		out = numeral(out, hour)
	}
	out = append(out, "点"...)
	switch {
	case minute == "00":
		return out
	case minute == "30":
		return append(out, "半"...)
	case minute[0] == '0':
		out = append(out, digitsZH[0]...)
	}
	return append(numeral(out, strings.TrimLeft(minute, "0")), "分"...)
}

// thousands tells whether s begins with exactly three digits.
func thousands(s string) bool {
	for i := range 3 {
		if i >= len(s) || s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) == 3 || s[3] < '0' || s[3] > '9'
}

// readNumber appends a number as it is read: ids digit by digit, others as numbers. after is the text behind it.
func readNumber(out []byte, num, after string, glued bool, lang nlu.Lang) []byte {
	plain := strings.ReplaceAll(num, ",", "")
	whole, frac, decimal := strings.Cut(plain, ".")
	id := !decimal && plain == num && (len(whole) >= longNumber || whole[0] == '0' && len(whole) > 1 || glued)
	isYear := len(whole) == 4 && !decimal && strings.HasPrefix(after, "年")
	switch {
	case id && strings.HasPrefix(after, "元") && whole[0] != '0' && len(whole) <= 12:
		return numeral(out, whole)
	case isYear:
		return spellWith(out, whole, &digitsZH)
	case id:
		return spell(out, num, lang)
	case lang != nlu.Chinese:
		return append(out, plain...) // speech synthesis reads English numbers well
	case whole == "2" && !decimal && countsThings(after):
		return append(out, "两"...)
	}
	if out = numeral(out, strings.TrimLeft(whole, "0")); decimal {
		out = append(out, "点"...)
		out = spellWith(out, frac, &digitsZH)
	}
	return out
}

// countsThings tells whether a word stands there before which two is 两.
func countsThings(after string) bool {
	for _, unit := range []string{"个", "小时", "天", "次", "件", "张", "台", "块", "元", "周", "年", "位", "份", "种", "款", "笔", "条"} {
		if strings.HasPrefix(after, unit) {
			return true
		}
	}
	return false
}

// spell appends characters one by one: 幺三八 in Chinese, with spaces in other languages.
func spell(out []byte, s string, lang nlu.Lang) []byte {
	if lang == nlu.Chinese {
		return spellWith(out, s, &spelledZH)
	}
	for i, r := range s {
		if i > 0 {
			out = append(out, ' ')
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

func spellWith(out []byte, s string, digits *[10]string) []byte {
	for _, r := range s {
		if r >= '0' && r <= '9' {
			out = append(out, digits[r-'0']...)
		} else {
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}

// numeral appends a whole number in Chinese words; more than 12 digits are read one by one.
func numeral(out []byte, digits string) []byte {
	if digits == "" {
		return append(out, digitsZH[0]...)
	}
	if len(digits) > 12 {
		return spellWith(out, digits, &digitsZH)
	}
	start, gap := len(out), false
	for len(digits) > 0 {
		groups := (len(digits) - 1) / 4
		cut := len(digits) - groups*4
		group := digits[:cut]
		digits = digits[cut:]
		spoke := false
		for i := range len(group) {
			d, power := group[i]-'0', len(group)-1-i
			if d == 0 {
				gap = gap || len(out) > start
				continue
			}
			if gap {
				out = append(out, digitsZH[0]...)
			}
			gap, spoke = false, true
			if !(d == 1 && power == 1 && len(out) == start) { // 十五, not 一十五
				out = append(out, digitsZH[d]...)
			}
			out = append(out, [4]string{"", "十", "百", "千"}[power]...)
		}
		if spoke {
			out = append(out, [3]string{"", "万", "亿"}[groups]...)
			gap = false
		}
	}
	if len(out) == start {
		return append(out, digitsZH[0]...)
	}
	return out
}

// pause appends a comma unless there is a mark already.
func pause(out []byte, lang nlu.Lang) []byte {
	r, _ := utf8.DecodeLastRune(out)
	if len(out) == 0 || strings.ContainsRune("，。！？；：、,.!?;: ", r) {
		return append(out, ' ')
	}
	if lang == nlu.Chinese {
		return append(out, "，"...)
	}
	return append(out, ", "...)
}

// squeeze makes one of several spaces and drops those at the ends, in place.
func squeeze(out []byte) []byte {
	n := 0
	for i, c := range out {
		if c == ' ' && (n == 0 || out[n-1] == ' ' || i == len(out)-1) {
			continue
		}
		out[n] = c
		n++
	}
	for n > 0 && out[n-1] == ' ' {
		n--
	}
	return out[:n]
}
