package intake

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Refusal is something of a file that was not taken, and why. It never holds the value.
type Refusal struct {
	File   string `json:"file"`
	Line   int    `json:"line"`            // 1-based line, or record where records are not lines; 0 = the file as a whole
	Field  string `json:"field,omitempty"` // column
	Reason string `json:"reason"`
}

// Error says which thing is wrong, where, and what to do.
func (r *Refusal) Error() string {
	where := fmt.Sprintf("%s:%d", r.File, r.Line)
	if r.Field != "" {
		where += ": " + r.Field
	}
	return where + ": " + r.Reason
}

// row is what one line or record holds.
type row struct {
	line   int
	values map[string]any // string, bool, float64, int64, json.Number, time.Time, []any, map[string]any, nil
	raw    []byte         // of Events
}

// get finds a column, or a path in nested objects.
func (r *row) get(name string) (any, bool) {
	if v, ok := r.values[name]; ok {
		return v, true
	}
	return dig(r.values, name)
}

// dig follows a path divided by dots.
func dig(v any, path string) (any, bool) {
	for path != "" {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		var name string
		name, path, _ = strings.Cut(path, ".")
		if v, ok = m[name]; !ok {
			return nil, false
		}
	}
	return v, true
}

// text writes a simple value; lists and objects are none.
func text(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return v.String(), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case time.Time:
		return v.Format(time.RFC3339Nano), true
	case wall:
		return time.Time(v).Format("2006-01-02T15:04:05.999999999"), true
	}
	return "", false
}

// cell reads fields of one row and remembers what is wrong with it.
type cell struct {
	r     *row
	rule  *Rule
	fault *Refusal
}

func (c *cell) refuse(field, format string, args ...any) {
	if c.fault == nil {
		c.fault = &Refusal{Line: c.r.line, Field: field, Reason: fmt.Sprintf(format, args...)}
	}
}

// limits of what a field may hold.
const (
	maxText = 64 << 10 // bytes of a message
	maxWord = 512      // bytes of anything else
)

// str is the value of a field, "" if there is none.
func (c *cell) str(name string) string { return c.bounded(name, maxWord) }

func (c *cell) bounded(name string, most int) string {
	f, ok := c.rule.Fields[name]
	if !ok {
		return ""
	}
	s := ""
	if f.Value != nil {
		s = *f.Value
	} else {
		v, there := c.r.get(f.Column)
		if !there && f.Default == "" && c.r.values != nil && (name == "conversation" || name == "time") {
			c.refuse(f.Column, "there is no such column")
			return ""
		}
		if s, ok = text(v); !ok {
			c.refuse(f.Column, "it holds a list or an object: give the path to a simple value, with dots")
			return ""
		}
	}
	s = strings.TrimSpace(s)
	if to, ok := f.Map[s]; ok {
		s = to
	}
	if s == "" {
		s = f.Default
	}
	switch {
	case len(s) > most:
		c.refuse(f.Column, "it has %d bytes, at most %d are taken", len(s), most)
		return ""
	case !utf8.ValidString(s):
		c.refuse(f.Column, "it is not UTF-8: say the file's encoding in the mapping")
		return ""
	}
	return strings.ReplaceAll(s, "\x00", "")
}

// list is the values of a field that holds several.
func (c *cell) list(name string) []string {
	f := c.rule.Fields[name]
	if v, ok := c.r.get(f.Column); ok {
		if many, ok := v.([]any); ok {
			var out []string
			for _, x := range many {
				if s, ok := text(x); ok && s != "" && len(s) <= maxWord {
					out = append(out, s)
				}
			}
			return out
		}
	}
	s := c.str(name)
	if s == "" {
		return nil
	}
	divider := f.Divider
	if divider == "" {
		divider = "|"
	}
	var out []string
	for part := range strings.SplitSeq(s, divider) {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// number is a finite number between least and most.
func (c *cell) number(name string, least, most float64) (x float64, ok bool) {
	s := c.str(name)
	if s == "" {
		return 0, false
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(x) {
		c.refuse(c.column(name), "it is not a number")
		return 0, false
	}
	if x < least || x > most {
		c.refuse(c.column(name), "it is not between %v and %v", least, most)
		return 0, false
	}
	return x, true
}

// yes is a truth value; the second result is false without one.
func (c *cell) yes(name string) (is, said bool) {
	switch strings.ToLower(c.str(name)) {
	case "":
		return false, false
	case "true", "1", "yes", "y", "是":
		return true, true
	case "false", "0", "no", "n", "否":
		return false, true
	}
	c.refuse(c.column(name), "it is neither yes nor no: use true and false, 1 and 0, or map")
	return false, false
}

func (c *cell) column(name string) string {
	if f := c.rule.Fields[name]; f.Column != "" {
		return f.Column
	}
	return name
}

// time is the moment of the event.
func (c *cell) time(name string, now time.Time) time.Time {
	f := c.rule.Fields[name]
	if v, ok := c.r.get(f.Column); ok {
		switch t := v.(type) {
		case time.Time:
			return c.plausible(name, t, now)
		case wall:
			if f.zone == nil {
				c.refuse(f.Column, "it says no zone: say which one it is with zone")
				return time.Time{}
			}
			w := time.Time(t)
			return c.plausible(name, time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), w.Second(), w.Nanosecond(), f.zone), now)
		}
	}
	s := c.str(name)
	if s == "" {
		c.refuse(c.column(name), "there is no time")
		return time.Time{}
	}
	t, err := parseTime(s, f.Format, f.zone)
	if err != nil {
		c.refuse(c.column(name), "%v", err)
		return time.Time{}
	}
	return c.plausible(name, t, now)
}

// earliest is before all customer services with a log.
var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

func (c *cell) plausible(name string, t, now time.Time) time.Time {
	if reason := implausible(t, now); reason != "" {
		c.refuse(c.column(name), "%s", reason)
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// implausible says what is wrong with a time, "" if nothing.
func implausible(t, now time.Time) string {
	switch {
	case t.Before(earliest):
		return "it is before 1990: is the format right (unix counts seconds, unix_ms thousandths)?"
	case t.After(now.Add(24 * time.Hour)):
		return "it is in the future"
	}
	return ""
}

// parseTime reads a time in a field's format.
func parseTime(s, format string, zone *time.Location) (time.Time, error) {
	switch format {
	case "", "rfc3339":
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return t, fmt.Errorf("it is not a time as 2026-03-01T08:30:00+08:00: say its format in the mapping")
		}
		return t, nil
	case "unix", "unix_ms", "unix_us":
		x, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(x) || math.Abs(x) > 1e17 {
			return time.Time{}, fmt.Errorf("it is not a number of seconds since 1970 (format %s)", format)
		}
		scale := map[string]float64{"unix": 1e6, "unix_ms": 1e3, "unix_us": 1}[format]
		if math.Abs(x*scale) > 9e18 {
			return time.Time{}, fmt.Errorf("it is too large for format %s", format)
		}
		if n, err := strconv.ParseInt(s, 10, 64); err == nil { // whole numbers without the rounding of floats
			return time.UnixMicro(n * int64(scale)), nil
		}
		return time.UnixMicro(int64(math.Round(x * scale))), nil
	}
	if zone == nil {
		zone = time.UTC
	}
	t, err := time.ParseInLocation(format, s, zone)
	if err != nil {
		return t, fmt.Errorf("it is not a time as %s", format)
	}
	return t, nil
}
