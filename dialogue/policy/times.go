package policy

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"yingda/dialogue"
	typed "yingda/nlu/recognizer/value"
)

// sharpen puts a time of day to the date that is known: "the 10th", then "in the afternoon". It returns the words and the normalised form.
// Where the known value has a time already the new one takes its place and the date stays in the normalised form.
func sharpen(old, v dialogue.Slot, kind string) (text, norm string) {
	text, norm = v.Value, v.Norm
	if kind != string(typed.Time) && kind != string(typed.TimeRange) {
		return text, norm
	}
	var before, now moment
	if json.Unmarshal([]byte(old.Norm), &before) != nil || json.Unmarshal([]byte(v.Norm), &now) != nil {
		return text, norm
	}
	day, _, hasTime := strings.Cut(before.Value+before.Start, "T")
	if before.Type == string(typed.Time) || before.Type == string(typed.TimeRange) || len(day) < len("2006-01-02") {
		return text, norm
	}
	day = day[:len("2006-01-02")]
	out := moment{Type: string(typed.DateAndTime)}
	if now.Value != "" {
		out.Value = day + "T" + now.Value
	} else {
		out.Type, out.Start, out.End = string(typed.DateTimeRange), day+"T"+now.Start, day+"T"+now.End
	}
	data, err := json.Marshal(out)
	if err != nil {
		return text, norm
	}
	if before.Type == string(typed.Date) && !hasTime {
		if r, _ := utf8.DecodeRuneInString(v.Value); unicode.Is(unicode.Han, r) {
			return old.Value + v.Value, string(data)
		}
		return old.Value + " " + v.Value, string(data)
	}
	return text, string(data)
}

// moment is a normalised time.
type moment struct {
	Type  string `json:"type"`
	Value string `json:"value,omitempty"`
	Start string `json:"start,omitempty"`
	End   string `json:"end,omitempty"`
}
