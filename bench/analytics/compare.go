package analytics

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Tolerance is how far two floats may be apart, relative to the greater: sums that are taken in another order differ in the last digits.
const Tolerance = 1e-9

// Difference says where two answers differ, "" where they do not: rows of the same values in the same order, floats within Tolerance. Rows that
// their question does not order are compared in the order of their texts.
func Difference(want, got [][]any) string {
	if len(want) != len(got) {
		return fmt.Sprintf("%d rows, want %d", len(got), len(want))
	}
	first := firstDifference(want, got)
	if first == "" || firstDifference(byText(want), byText(got)) == "" {
		return ""
	}
	return first
}

func firstDifference(want, got [][]any) string {
	for i := range want {
		if len(want[i]) != len(got[i]) {
			return fmt.Sprintf("row %d: %d columns, want %d", i+1, len(got[i]), len(want[i]))
		}
		for j := range want[i] {
			if !equal(want[i][j], got[i][j]) {
				return fmt.Sprintf("row %d, column %d: %v, want %v", i+1, j+1, got[i][j], want[i][j])
			}
		}
	}
	return ""
}

func equal(a, b any) bool {
	x, isX := number(a)
	y, isY := number(b)
	switch {
	case isX && isY:
		return x == y || math.Abs(x-y) <= Tolerance*max(math.Abs(x), math.Abs(y))
	case isX != isY:
		return false
	}
	p, isList := a.([]any)
	q, alsoList := b.([]any)
	if isList && alsoList {
		return slices.EqualFunc(p, q, equal)
	}
	return text(a) == text(b)
}

// number reads numbers; true is 1, as one of the engines has it.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case float32:
		return float64(v), true
	case int:
		return float64(v), true
	case int32:
		return float64(v), true
	case int64:
		return float64(v), true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// text writes a value; a time at midnight and its day are the same.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return "\x00"
	case time.Time:
		return text(v.UTC().Format("2006-01-02 15:04:05.000000"))
	case string:
		v = strings.TrimSuffix(v, ".000000")
		return strings.TrimSuffix(v, " 00:00:00")
	}
	return fmt.Sprint(v)
}

// byText orders rows by what is not a float in them.
func byText(rows [][]any) [][]any {
	key := func(row []any) string {
		var b strings.Builder
		for _, v := range row {
			if x, ok := number(v); ok {
				if x == math.Trunc(x) {
					fmt.Fprintf(&b, "%020.0f|", x)
				}
				continue
			}
			b.WriteString(text(v) + "|")
		}
		return b.String()
	}
	return slices.SortedStableFunc(slices.Values(rows), func(a, b []any) int { return cmp.Compare(key(a), key(b)) })
}
