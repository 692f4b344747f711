package script

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"yingda/nlu"
)

// layout tells in which of the usual forms a date or an instant is written, "" for none.
func layout(v string) string {
	if len(v) < len(time.DateOnly) || v[0] < '0' || v[0] > '9' || v[4] != '-' {
		return ""
	}
	forms := [...]string{time.DateOnly, "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02 15:04:05"}
	for _, form := range forms {
		if len(v) == len(form) && (len(v) == len(time.DateOnly) || v[10] == form[10]) {
			return form
		}
	}
	if i := strings.LastIndexAny(v, "Z+-"); i == len("2006-01-02T15:04") {
		return "2006-01-02T15:04Z07:00"
	}
	return time.RFC3339
}

// moment appends a day, with the time of day when asked for and known.
func (p *speaker) moment(buf []byte, v string, clock bool) []byte {
	form := layout(v)
	if form == "" {
		return clean(buf, v)
	}
	t, err := time.Parse(form, v)
	if err != nil {
		return clean(buf, v)
	}
	if strings.HasSuffix(form, "Z07:00") && !p.w.Time.IsZero() {
		t = t.In(p.w.Time.Location())
	}
	buf = p.day(buf, t)
	if clock && form != time.DateOnly {
		if p.lang != nlu.Chinese {
			buf = append(buf, ' ')
		}
		buf = t.AppendFormat(buf, "15:04")
	}
	return buf
}

// day appends 今天, 6月3日 or, in another year, 2027年6月3日.
func (p *speaker) day(buf []byte, t time.Time) []byte {
	zh, now := p.lang == nlu.Chinese, p.w.Time
	if !now.IsZero() {
		if words := nearDay(dayNumber(t)-dayNumber(now), zh); words != "" {
			return append(buf, words...)
		}
	}
	other := !now.IsZero() && t.Year() != now.Year()
	if !zh {
		if other {
			return t.AppendFormat(buf, "2 January 2006")
		}
		return t.AppendFormat(buf, "2 January")
	}
	if other {
		buf = append(strconv.AppendInt(buf, int64(t.Year()), 10), "年"...)
	}
	buf = append(strconv.AppendInt(buf, int64(t.Month()), 10), "月"...)
	return append(strconv.AppendInt(buf, int64(t.Day()), 10), "日"...)
}

// nearDay names the days around today, "" for others.
func nearDay(days int, zh bool) string {
	switch {
	case days == -1 && zh:
		return "昨天"
	case days == 0 && zh:
		return "今天"
	case days == 1 && zh:
		return "明天"
	case days == 2 && zh:
		return "后天"
	case days == -1:
		return "yesterday"
	case days == 0:
		return "today"
	case days == 1:
		return "tomorrow"
	}
	return ""
}

// dayNumber counts calendar days.
func dayNumber(t time.Time) int {
	y, m, d := t.Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// list appends the items of v, which newlines separate.
func (p *speaker) list(buf []byte, f format, v string) []byte {
	zh, n, count, numbered := p.lang == nlu.Chinese, 0, 0, false
	for item := range strings.SplitSeq(v, "\n") {
		if item = strings.TrimSpace(item); item != "" {
			count++
			numbered = numbered || count == 1 && afterNumber(item) != item
		}
	}
	for item := range strings.SplitSeq(v, "\n") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		n++
		switch {
		case f == formatLines && !p.voice:
			if n > 1 {
				buf = append(buf, '\n')
			}
			if count > 1 && !numbered {
				buf = append(strconv.AppendInt(buf, int64(n), 10), ". "...)
			}
		case n > 1:
			buf = append(buf, separator(zh, f, n == count)...)
		}
		if p.voice {
			item = afterNumber(item)
		}
		buf = clean(buf, item)
	}
	return buf
}

// afterNumber returns an item without the "1. " or "1、" before it.
func afterNumber(item string) string {
	rest := strings.TrimLeft(item, "0123456789")
	if len(rest) == len(item) || len(item)-len(rest) > 2 {
		return item
	}
	for _, mark := range []string{". ", ".\u00a0", "、", ") ", "）", "．"} {
		if after, ok := strings.CutPrefix(rest, mark); ok {
			return strings.TrimSpace(after)
		}
	}
	return item
}

func separator(zh bool, f format, last bool) string {
	switch {
	case f == formatLines && zh:
		return "；"
	case f == formatLines:
		return "; "
	case !last && zh:
		return "、"
	case !last:
		return ", "
	case f == formatOr && zh:
		return "或"
	case f == formatOr:
		return " or "
	case zh:
		return "和"
	}
	return " and "
}

// name appends how v is called: the script name.a.b of a.b.c where there is no name.a.b.c. A code that nobody named is an empty slot;
// other words stand for themselves.
func (p *speaker) name(buf []byte, v string) ([]byte, bool) {
	var stack [128]byte
	for code := v; code != "" && len(code) <= 100; code = code[:max(strings.LastIndexByte(code, '.'), 0)] {
		s := p.view.script(p.w.Tenant, append(append(stack[:0], namePrefix...), code...))
		if s != nil {
			return p.called(buf, s)
		}
	}
	if isCode(v, p.lang) {
		return buf, false
	}
	return clean(buf, v), true
}

// called appends the text of a name.
func (p *speaker) called(buf []byte, s *Script) ([]byte, bool) {
	blocks, _ := in(p.view.book, s.texts, p.lang)
	for i := range blocks {
		if b := &blocks[i]; b.always || b.when.holds(&p.w) {
			return p.fill(buf, b.variants[0].text.nodes)
		}
	}
	return buf, false
}

// isCode tells whether v is a word for programs: in Chinese any lower-case name, in English one with dots or underscores.
func isCode(v string, lang nlu.Lang) bool {
	joined := false
	for i := range len(v) {
		switch c := v[i]; {
		case c == '.' || c == '_':
			joined = true
		case (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-':
			return false
		}
	}
	return joined || lang == nlu.Chinese && v == strings.ToLower(v) && strings.ContainsAny(v, "abcdefghijklmnopqrstuvwxyz")
}

// links finds what looks like a web address in a text.
func links(text string) (found []string) {
	for _, start := range []string{"http://", "https://", "www."} {
		for at := 0; ; {
			i := strings.Index(text[at:], start)
			if i < 0 {
				break
			}
			at += i
			end := at + linkLen(text[at:])
			if start != "www." || at == 0 || text[at-1] != '/' {
				found = append(found, text[at:end])
			}
			at = end
		}
	}
	return found
}

// linkLen counts the bytes of a link at the start of text: up to a space or a character that is not ASCII.
func linkLen(text string) int {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= utf8.RuneSelf || c == '"' || c == '<' || c == '>' {
			return i
		}
	}
	return len(text)
}

// cutLinks takes links out of what is heard.
func cutLinks(buf []byte) []byte {
	if !bytes.Contains(buf, []byte("://")) && !bytes.Contains(buf, []byte("www.")) {
		return buf
	}
	text := string(buf)
	for _, link := range links(text) {
		text = strings.Replace(text, link, "", 1)
	}
	return []byte(text)
}
