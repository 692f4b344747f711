package script

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"yingda/nlu"
)

// format is how a slot's value is written.
type format int

const (
	formatPlain format = iota
	formatMoney
	formatNumber
	formatSome
	formatDay
	formatTime
	formatTail4
	formatMask
	formatList
	formatOr
	formatLines
	formatName
	formatDuration
)

// formats by name. A value that a format cannot read is written as it is.
var formats = map[string]format{
	"money":    formatMoney,    // 128.5, "128.50 CNY", {"amount":128.5,"currency":"USD"} → 128.50元, ¥128.50, $128.50
	"number":   formatNumber,   // 12800 → 12800, 12,800
	"some":     formatSome,     // the same; 0 is an empty slot
	"day":      formatDay,      // 2026-06-03 → 明天, 6月3日, tomorrow, 3 June
	"time":     formatTime,     // 2026-06-03T15:30:00+08:00 → 明天15:30, tomorrow 15:30
	"tail4":    formatTail4,    // the last four characters
	"mask":     formatMask,     // 13812345678 → 138****5678
	"list":     formatList,     // items by newlines → A、B和C; A, B and C
	"or":       formatOr,       // the same with 或 and or
	"lines":    formatLines,    // items by newlines, one a line, numbered
	"name":     formatName,     // the script name.VALUE; an unknown code is an empty slot
	"duration": formatDuration, // 90m, 1h30m → 1小时30分钟, 1 hour 30 minutes
}

// Formats lists the formats that a slot may have: money, number, some, day, time, duration, tail4, mask, list, or, lines, name.
func Formats() []string {
	names := make([]string, 0, len(formats))
	for name := range formats {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// maxValue bounds what one slot brings into a text, in bytes; the rest is left out.
const maxValue = 2000

// value appends a slot's value; false when it is empty.
func (p *speaker) value(buf []byte, f format, v string) ([]byte, bool) {
	v = strings.TrimSpace(v)
	if v == "" {
		return buf, false
	}
	mark := len(buf)
	switch f {
	case formatMoney:
		buf = p.money(buf, v)
	case formatNumber:
		buf = p.number(buf, v)
	case formatSome:
		if n, err := strconv.ParseFloat(v, 64); err != nil || n == 0 {
			return buf, false
		}
		buf = p.number(buf, v)
	case formatDay:
		buf = p.moment(buf, v, false)
	case formatTime:
		buf = p.moment(buf, v, true)
	case formatDuration:
		buf = p.duration(buf, v)
	case formatTail4:
		buf = p.tail(buf, v)
	case formatMask:
		buf = mask(buf, v)
	case formatList, formatOr, formatLines:
		buf = p.list(buf, f, v)
	case formatName:
		return p.name(buf, v)
	default:
		buf = clean(buf, v)
	}
	return buf, len(buf) > mark
}

// unwanted are characters that a value could do harm with: controls, direction marks, invisible ones.
func unwanted(r rune) bool {
	return unicode.IsControl(r) || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2060 && r <= 0x2069 || r == 0xfeff || r == utf8.RuneError
}

// clean appends v without unwanted characters and bounded.
func clean(buf []byte, v string) []byte {
	if len(v) > maxValue {
		v = v[:maxValue]
		for len(v) > 0 && !utf8.RuneStart(v[len(v)-1]) {
			v = v[:len(v)-1]
		}
		if r, n := utf8.DecodeLastRuneInString(v); r == utf8.RuneError && n <= 1 {
			v = v[:len(v)-n]
		}
	}
	if harmless(v) {
		return append(buf, v...)
	}
	for _, r := range v {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			buf = append(buf, ' ')
		case !unwanted(r):
			buf = utf8.AppendRune(buf, r)
		}
	}
	return buf
}

// harmless tells quickly that nothing in v is unwanted; false means that it must be looked at.
func harmless(v string) bool {
	for i := range len(v) {
		switch c := v[i]; {
		case c < ' ' || c == 0x7f || c == 0xc2 || c == 0xef: // controls, the byte order mark, and what else begins like them
			return false
		case c == 0xe2 && i+1 < len(v) && v[i+1] <= 0x81: // U+2000 to U+207F
			return false
		}
	}
	return utf8.ValidString(v)
}

// signs of currencies, as they stand before an amount, and as customers write them.
var signs = map[string]string{"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "JP¥", "HKD": "HK$", "TWD": "NT$"}

// units of currencies after an amount in Chinese.
var units = map[string]string{"CNY": "元", "USD": "美元", "EUR": "欧元", "GBP": "英镑", "JPY": "日元", "HKD": "港元", "TWD": "新台币"}

// money appends an amount with its currency.
func (p *speaker) money(buf []byte, v string) []byte {
	amount, currency := parseMoney(v)
	n, err := strconv.ParseFloat(amount, 64)
	if err != nil || !(n >= -1e12 && n <= 1e12) {
		return clean(buf, v)
	}
	if currency == "" {
		currency = p.view.book.settings.Currency
	}
	zh := p.lang == nlu.Chinese
	sign, unit := signs[currency], units[currency]
	if n < 0 {
		buf, n = append(buf, '-'), -n
	}
	if !zh && sign != "" && !p.voice {
		buf = append(buf, sign...)
	}
	if cents := n*100 + 0.5; int64(cents)%100 == 0 {
		buf = group(buf, strconv.FormatFloat(n, 'f', 0, 64), !zh && !p.voice)
	} else if zh && p.voice {
		buf = group(buf, strings.TrimRight(strconv.FormatFloat(n, 'f', 2, 64), "0"), false)
	} else {
		buf = group(buf, strconv.FormatFloat(n, 'f', 2, 64), !zh && !p.voice)
	}
	switch {
	case zh && unit != "":
		buf = append(buf, unit...)
	case !zh && p.voice && currency == "CNY":
		buf = append(buf, " yuan"...)
	case !zh && p.voice && currency == "USD":
		buf = append(buf, " dollars"...)
	case zh || sign == "" || p.voice:
		buf = append(append(buf, ' '), currency...)
	}
	return buf
}

// parseMoney reads the forms that values come in. amount is "" when v is none of them.
func parseMoney(v string) (amount, currency string) {
	if v[0] == '{' {
		var m struct {
			Amount   json.Number `json:"amount"`
			Currency string      `json:"currency"`
		}
		if json.Unmarshal([]byte(v), &m) != nil {
			return "", ""
		}
		return m.Amount.String(), m.Currency
	}
	for code, sign := range signs {
		if rest, ok := strings.CutPrefix(v, sign); ok && sign != "" {
			return strings.ReplaceAll(strings.TrimSpace(rest), ",", ""), code
		}
	}
	if rest, ok := strings.CutPrefix(v, "￥"); ok {
		return strings.ReplaceAll(strings.TrimSpace(rest), ",", ""), "CNY"
	}
	if rest, ok := strings.CutSuffix(v, "元"); ok {
		return strings.TrimSpace(rest), "CNY"
	}
	if first, second, ok := strings.Cut(v, " "); ok {
		if len(first) == 3 && first == strings.ToUpper(first) && first[0] >= 'A' {
			return second, first
		}
		if len(second) == 3 && second == strings.ToUpper(second) {
			return first, second
		}
	}
	return strings.ReplaceAll(v, ",", ""), ""
}

// group appends digits, with commas between thousands when asked to.
func group(buf []byte, digits string, commas bool) []byte {
	whole, rest, _ := strings.Cut(digits, ".")
	for i := range len(whole) {
		if left := len(whole) - i; commas && i > 0 && left%3 == 0 {
			buf = append(buf, ',')
		}
		buf = append(buf, whole[i])
	}
	if rest != "" {
		buf = append(append(buf, '.'), rest...)
	}
	return buf
}

// number appends a count.
func (p *speaker) number(buf []byte, v string) []byte {
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || !(n >= -1e15 && n <= 1e15) {
		return clean(buf, v)
	}
	if n < 0 {
		buf, n = append(buf, '-'), -n
	}
	if p.voice && p.lang == nlu.Chinese && n == math.Trunc(n) {
		return numeral(buf, strconv.FormatFloat(n, 'f', 0, 64))
	}
	return group(buf, strconv.FormatFloat(n, 'f', -1, 64), p.lang != nlu.Chinese && !p.voice)
}

// tail appends the last four characters, apart when they are heard.
func (p *speaker) tail(buf []byte, v string) []byte {
	n := len(v)
	for range 4 {
		if n > 0 {
			_, size := utf8.DecodeLastRuneInString(v[:n])
			n -= size
		}
	}
	if p.voice {
		return spell(buf, v[n:], p.lang)
	}
	return clean(buf, v[n:])
}

// mask appends v with its middle hidden: of 11 characters 3 and 4 stay, of shorter ones less, of an e-mail address its host too.
func mask(buf []byte, v string) []byte {
	if strings.Contains(v, "**") {
		return clean(buf, v) // it is masked already
	}
	host := ""
	if at := strings.LastIndexByte(v, '@'); at > 0 {
		v, host = v[:at], v[at:]
	}
	var runes []rune
	for _, r := range v {
		if !unwanted(r) {
			runes = append(runes, r)
		}
	}
	head, tail := 3, 4
	switch {
	case len(runes) == 0:
		return clean(buf, host)
	case host != "" || len(runes) <= 4:
		head, tail = min(1, len(runes)-1), 0
	case len(runes) < 11:
		head, tail = 1, 2
	}
	buf = append(buf, string(runes[:head])...)
	buf = append(buf, strings.Repeat("*", min(4, len(runes)-head-tail))...)
	buf = append(buf, string(runes[len(runes)-tail:])...)
	return clean(buf, host)
}

// duration appends hours and minutes; seconds are rounded up.
func (p *speaker) duration(buf []byte, v string) []byte {
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 {
		return clean(buf, v)
	}
	minutes := int64((d + time.Minute - 1) / time.Minute)
	part := func(n int64, zh, en string) {
		if n == 0 && (zh != "分钟" || minutes >= 60) {
			return
		}
		buf = strconv.AppendInt(buf, n, 10)
		if p.lang == nlu.Chinese {
			buf = append(buf, zh...)
			return
		}
		buf = append(append(buf, ' '), en...)
		if n != 1 {
			buf = append(buf, 's')
		}
		if zh == "小时" && minutes%60 > 0 || zh == "天" && minutes%1440 > 0 {
			buf = append(buf, ' ')
		}
	}
	if minutes >= 2*1440 {
		part(minutes/1440, "天", "day")
		part(minutes%1440/60, "小时", "hour")
		return []byte(strings.TrimRight(string(buf), " "))
	}
	part(minutes/60, "小时", "hour")
	part(minutes%60, "分钟", "minute")
	return buf
}
