package render

import (
	"math"
	"strconv"
	"strings"
	"time"

	"yingda/analytics"
	"yingda/nlu"
)

// none is shown where nothing was observed.
const none = "–"

// shown is a value as people read it: the value itself, and what it rests on.
type shown struct{ value, detail string }

// show writes a cell. total says that it is of the row of totals.
func show(c *analytics.Column, v any, lang nlu.Lang, total bool) shown {
	switch v := v.(type) {
	case nil:
		if total && (c.Kind == analytics.Label || c.Kind == analytics.Day) {
			return shown{value: analytics.Text{ZH: "合计", EN: "all"}.In(lang)}
		}
		return shown{value: none}
	case string:
		return shown{value: plainText(sayValue(c.Name, v, lang))}
	case int64:
		return shown{value: group(v)}
	case float64:
		return shown{value: unit(c.Kind, v)}
	case time.Time:
		if c.Kind == analytics.Day {
			return shown{value: v.Format(time.DateOnly)}
		}
		return shown{value: v.Format("2006-01-02 15:04:05")}
	case *analytics.Rate:
		if v.N == 0 {
			return shown{value: none}
		}
		return shown{percent(v.Value) + " %", group(v.Num) + "/" + group(v.N) + "  " + percent(v.Low) + "–" + percent(v.High)}
	case *analytics.Mean:
		if v.N == 0 {
			return shown{value: none}
		}
		detail := "n " + group(v.N)
		if v.N > 1 {
			detail += "  " + unit(c.Kind, v.Low) + " – " + unit(c.Kind, v.High)
		}
		return shown{unit(c.Kind, v.Value), detail}
	case *analytics.Quantiles:
		if v.N == 0 {
			return shown{value: none}
		}
		return shown{unit(c.Kind, v.P50), "p90 " + unit(c.Kind, v.P90) + "  p95 " + unit(c.Kind, v.P95) + "  p99 " + unit(c.Kind, v.P99) + "  n " + group(v.N)}
	}
	return shown{value: none}
}

// value is a cell's number for a chart.
func value(v any) (x float64, ok bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case *analytics.Rate:
		return v.Value, v.N > 0
	case *analytics.Mean:
		return v.Value, v.N > 0
	case *analytics.Quantiles:
		return v.P50, v.N > 0
	}
	return 0, false
}

// interval is the interval of a cell's number.
func interval(v any) (low, high float64, ok bool) {
	switch v := v.(type) {
	case *analytics.Rate:
		return v.Low, v.High, v.N > 0
	case *analytics.Mean:
		return v.Low, v.High, v.N > 1
	}
	return 0, 0, false
}

// percent writes a share as a percentage with one digit. Neither all nor nothing is shown for what is only nearly so.
func percent(v float64) string {
	s := strconv.FormatFloat(v*100, 'f', 1, 64)
	switch {
	case s == "100.0" && v < 1:
		return "99.9"
	case s == "0.0" && v > 0:
		return "<0.1"
	}
	return s
}

// unit writes a number with its unit; long times in minutes, hours or days.
func unit(k analytics.Kind, v float64) string {
	switch k {
	case analytics.Seconds:
		switch {
		case v >= 2*86400:
			return decimal(v/86400) + " d"
		case v >= 2*3600:
			return decimal(v/3600) + " h"
		case v >= 120:
			return decimal(v/60) + " min"
		}
		return decimal(v) + " s"
	case analytics.Millis:
		return decimal(v) + " ms"
	}
	return decimal(v)
}

// decimal writes a number with as many digits as matter to people.
func decimal(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1000:
		return group(int64(math.Round(v)))
	case a >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case a >= 0.1 || a == 0:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}

// group writes a whole number in groups of three.
func group(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	var b strings.Builder
	for i, c := range []byte(s) {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(c)
	}
	return sign + b.String()
}
