package number

import (
	"strconv"
	"strings"

	"yingda/nlu/recognizer/value"
)

// Format writes a number as a decimal of at most 15 significant digits, as spreadsheets do: "1006.51", "0.333333333333333", "5E-06",
// "1E+15".
func Format(n value.Number) string {
	f, _ := n.Float64()
	if f == 0 {
		f = 0 // no negative zero
	}
	return strconv.FormatFloat(f, 'G', 15, 64)
}

// FormatPercent writes a percentage: "85%".
func FormatPercent(n value.Number) string { return Format(n) + "%" }

// FormatRange writes a range in mathematical notation: "[20,100)", "(,5]".
func FormatRange(r value.Range) string {
	var b strings.Builder
	b.WriteByte("(["[bit(r.LowClosed && r.Low != nil)])
	if r.Low != nil {
		b.WriteString(Format(*r.Low))
	}
	b.WriteByte(',')
	if r.High != nil {
		b.WriteString(Format(*r.High))
	}
	b.WriteByte(")]"[bit(r.HighClosed && r.High != nil)])
	return b.String()
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// FormatOrdinal writes a rank by its place: "3", "end-1", "current+1".
func FormatOrdinal(o value.Ordinal) string {
	switch {
	case o.RelativeTo == "start" || o.RelativeTo == "":
		return o.Offset.String()
	case o.Offset.Sign() < 0:
		return o.RelativeTo + o.Offset.String()
	}
	return o.RelativeTo + "+" + o.Offset.String()
}
