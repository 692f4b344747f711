package task

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Accepts tells whether a value may fill the slot: its pattern and its allowed values. Values are compared without spaces around them.
func (s *Slot) Accepts(value string) bool {
	value = strings.TrimSpace(value)
	if value == "" || s.pattern != nil && !s.pattern.MatchString(value) {
		return false
	}
	if len(s.Values) == 0 {
		return true
	}
	for _, v := range s.Values {
		if strings.EqualFold(v, value) {
			return true
		}
	}
	return false
}

// Search looks for a value in a message in which the analysis found none, by the slot's own pattern. It returns the bytes [start, end) of it.
func (s *Slot) Search(text string) (start, end int, found bool) {
	if s.find == nil {
		return 0, 0, false
	}
	m := s.find.FindStringSubmatchIndex(text)
	for i := 2; i+1 < len(m); i += 2 {
		if m[i] >= 0 && m[i+1] > m[i] {
			return m[i], m[i+1], true
		}
	}
	if m == nil || m[1] <= m[0] {
		return 0, 0, false
	}
	return m[0], m[1], true
}

// Trimmed returns the text of a value without what the slot's Trim cuts off.
func (s *Slot) Trimmed(text string) string {
	if s.trim == nil {
		return text
	}
	if cut := strings.TrimSpace(s.trim.ReplaceAllString(text, "")); cut != "" {
		return cut
	}
	return text
}

// Shown returns a value as it is read back: masked where the slot says so.
func (s *Slot) Shown(value string) string {
	switch s.Mask {
	case MaskID:
		return mask(value, 3, 4)
	case MaskCard:
		return mask(value, 0, 4)
	case MaskPhone:
		return mask(value, 3, 4)
	case MaskEmail:
		name, host, found := strings.Cut(value, "@")
		if !found {
			return mask(value, 1, 0)
		}
		return mask(name, 1, 0) + "@" + host
	}
	return value
}

// mask keeps the first and last characters and hides those between; of a value too short for that it keeps nothing.
func mask(v string, first, last int) string {
	n := utf8.RuneCountInString(v)
	if n <= first+last {
		return strings.Repeat("*", n)
	}
	r := []rune(v)
	return string(r[:first]) + strings.Repeat("*", n-first-last) + string(r[n-last:])
}

// Value is what a check looks at: the words and the normalised form (JSON for structured values, see dialogue.Slot).
type Value struct{ Text, Norm string }

// Holds tells whether the check holds at the time now. other is the value of the slot that it is compared with, or the zero Value. What cannot be told holds: a
// check refuses only what is surely wrong.
func (c Check) Holds(v, other Value, now time.Time) bool {
	switch c.Is {
	case IsFuture:
		_, end, ok := v.times(now.Location())
		return !ok || end.After(now)
	case IsPast:
		start, _, ok := v.times(now.Location())
		return !ok || !start.After(now)
	case IsDifferent:
		return other.Text == "" || !strings.EqualFold(v.Text, other.Text)
	case IsSame:
		return other.Text == "" || strings.EqualFold(v.Text, other.Text)
	}
	bound, err := strconv.ParseFloat(c.Than, 64)
	if err != nil {
		var ok bool
		if bound, ok = other.number(); !ok {
			return true
		}
	}
	n, ok := v.number()
	return !ok || c.Is == IsAtLeast && n >= bound || c.Is == IsAtMost && n <= bound
}

// number reads a number, an amount of money or a quantity.
func (v Value) number() (float64, bool) {
	var norm struct {
		Amount json.Number `json:"amount"`
		Number json.Number `json:"number"`
	}
	if json.Unmarshal([]byte(v.Norm), &norm) == nil {
		for _, n := range []json.Number{norm.Amount, norm.Number} {
			if f, err := n.Float64(); err == nil {
				return f, true
			}
		}
	}
	for _, text := range []string{v.Norm, v.Text} {
		if f, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil {
			return f, true
		}
	}
	return 0, false
}

// moment is a reading of a time, as the normalised form has it.
type moment struct {
	Value string `json:"value"`
	Start string `json:"start"`
	End   string `json:"end"`
}

// times returns when the earliest reading begins and the latest one is over.
func (v Value) times(zone *time.Location) (start, end time.Time, ok bool) {
	var norm struct {
		moment
		Readings []moment `json:"readings"`
	}
	if json.Unmarshal([]byte(v.Norm), &norm) != nil {
		return start, end, false
	}
	for _, m := range append(norm.Readings, norm.moment) {
		from, to, known := m.span(zone)
		if !known {
			continue
		}
		if !ok || from.Before(start) {
			start = from
		}
		if to.After(end) {
			end = to
		}
		ok = true
	}
	return start, end, ok
}

// span returns when a reading begins and when it is over; an open end is a century away.
func (m moment) span(zone *time.Location) (from, to time.Time, ok bool) {
	if from, length, ok := instant(m.Value, zone); ok {
		return from, from.Add(length), true
	}
	from, _, okFrom := instant(m.Start, zone)
	to, _, okTo := instant(m.End, zone)
	switch {
	case okFrom && okTo, okTo && m.Start == "":
		return from, to, true
	case okFrom && m.End == "":
		return from, from.AddDate(100, 0, 0), true
	}
	return from, to, false
}

// instant reads a date or a time as the datetime recogniser writes it, and how long it lasts.
func instant(s string, zone *time.Location) (time.Time, time.Duration, bool) {
	for _, f := range []struct {
		layout string
		length time.Duration
	}{{time.RFC3339, time.Minute}, {"2006-01-02T15:04:05", time.Minute}, {"2006-01-02 15:04:05", time.Minute}, {"2006-01-02", 24 * time.Hour}} {
		if t, err := time.ParseInLocation(f.layout, s, zone); err == nil {
			return t, f.length, true
		}
	}
	return time.Time{}, 0, false
}
