package specs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"yingda/nlu/norm"
	"yingda/nlu/recognizer/value"
)

// notResolved is what stands for the times of a reading that has none: sets, seasons, February 30.
const notResolved = "not resolved"

// Alternative ends the rule of a find that is one of several that share words: "monday or tuesday at 8".
const Alternative = "+alternative"

// present is the TIMEX of now.
const present = "PRESENT_REF"

// ranges says what a modifier makes of a type: "after 4" is a range.
var ranges = map[value.DateTimeType]value.DateTimeType{
	value.Date: value.DateRange, value.Time: value.TimeRange, value.DateAndTime: value.DateTimeRange,
}

// layouts are how the times of a type are written.
var layouts = map[value.DateTimeType]string{
	value.Date: time.DateOnly, value.DateRange: time.DateOnly,
	value.Time: time.TimeOnly, value.TimeRange: time.TimeOnly,
	value.DateAndTime: time.DateTime, value.DateTimeRange: time.DateTime,
}

// isRange tells whether a type has a start and an end.
func isRange(t value.DateTimeType) bool {
	return t == value.DateRange || t == value.TimeRange || t == value.DateTimeRange
}

// modifiers splits "since-end".
func modifiers(mod string) map[string]bool {
	set := map[string]bool{}
	for m := range strings.SplitSeq(mod, "-") {
		set[m] = m != ""
	}
	return set
}

// comparison tells whether a modifier leaves one end of a time open.
func comparison(mod string) bool {
	m := modifiers(mod)
	return m["before"] || m["after"] || m["since"] || m["until"]
}

// resolvedType is the type of a reading after its modifier.
func resolvedType(t value.DateTimeType, mod string) value.DateTimeType {
	if r, ok := ranges[t]; ok && (comparison(mod) || modifiers(mod)["approx"]) {
		return r
	}
	return t
}

// typeName is the type that the whole result has: approximate times keep their own.
func typeName(dt *value.DateTime) value.DateTimeType {
	if mod := dt.Readings[0].Mod; comparison(mod) {
		return resolvedType(dt.Type, mod)
	}
	return dt.Type
}

// DateTimeAids are finders that look once more at the surface of what was found, for what the specifications say and a value does not.
// Nil ones are not asked.
type DateTimeAids struct {
	Days, Clocks value.Finder // find the day and the time of the day, to tell where a modifier stands: "tuesday after 1pm"
	Zones        value.Finder // finds time zones: what of "1pm pst" names one
	Tasks        bool         // sets say when they happen next
}

// DateTimes is a model that returns all readings of time expressions: DateTimeModel in all its modes, and MergedParser.
func DateTimes(finder value.Finder, aids DateTimeAids) Model { return adapt(finder, aids.render) }

// render is a [renderer].
func (d DateTimeAids) render(f *find) (string, map[string]any, bool) {
	dt, ok := f.Value.(value.DateTime)
	if !ok || len(dt.Readings) == 0 {
		return "", nil, false
	}
	var values []any
	seen := map[string]bool{}
	for i := range dt.Readings {
		v := d.resolve(f, &dt, &dt.Readings[i])
		if key := fmt.Sprint(v); !seen[key] {
			seen[key] = true
			values = append(values, v)
		}
	}
	typ := string(typeName(&dt))
	if strings.HasSuffix(f.Rule, Alternative) {
		typ = "datetimealt"
	}
	return "datetimeV2." + typ, map[string]any{"values": values}, true
}

// resolve writes one reading.
func (d DateTimeAids) resolve(f *find, dt *value.DateTime, r *value.Reading) map[string]any {
	typ := resolvedType(dt.Type, r.Mod)
	v := map[string]any{"timex": r.Timex, "type": string(typ)}
	if r.Mod != "" {
		v["Mod"] = r.Mod
	}
	switch {
	case typ == value.TimeZone:
		delete(v, "timex")
		v["value"], v["utcOffsetMins"] = utc(r.UTCOffset), strconv.Itoa(r.UTCOffset)
		return v
	case typ == value.Duration:
		v["value"] = strconv.FormatFloat(r.Seconds, 'f', -1, 64)
	case typ == value.Set && d.Tasks:
		nextTime(v, r)
	case typ == value.Set:
		v["value"] = notResolved
	default:
		resolveTimes(v, dt.Type, typ, r)
		if source := sourceEntity(dt.Type, r); source != "" && comparison(r.Mod) && !d.insideModifier(f, typ) {
			v["sourceEntity"] = source
		}
	}
	if r.HasZone {
		v["timezone"], v["utcOffsetMins"], v["timezoneText"] = utc(r.UTCOffset), strconv.Itoa(r.UTCOffset), d.zone(f)
	}
	return v
}

// insideModifier tells whether a modifier stands between a day and a clock, "tuesday after 1pm": it is part of how the time of the day is
// said and not said of the whole.
func (d DateTimeAids) insideModifier(f *find, typ value.DateTimeType) bool {
	if typ != value.DateTimeRange {
		return false
	}
	text := norm.Fold(f.surface, norm.Matching).Text
	first := slices.ContainsFunc(again(d.Days, text, f), func(day value.Find) bool { return day.Start == 0 })
	last := slices.ContainsFunc(again(d.Clocks, text, f), func(clock value.Find) bool { return clock.End == len(text) })
	return first && last
}

// zone returns what names the time zone of a find: a part of it, or what follows if it shares the zone with an alternative.
func (d DateTimeAids) zone(f *find) any {
	for _, raw := range []string{f.surface, f.rest} {
		text := norm.Fold(raw, norm.Matching).Text
		for _, z := range again(d.Zones, text, f) {
			return text[z.Start:z.End]
		}
	}
	return nil
}

// again runs a finder on a text.
func again(finder value.Finder, text string, f *find) []value.Find {
	if finder == nil {
		return nil
	}
	return finder.FindValues(nil, text, value.Context{Lang: f.query.Lang, Reference: f.query.Reference, DayFirst: f.query.DayFirst})
}

// nextTime writes a set by its next time and the interval, which the TIMEX gives last: "T06P1D".
func nextTime(v map[string]any, r *value.Reading) {
	v["setTypename"], v["value"] = "date", first(clock(r.Start, time.DateOnly), notResolved)
	at := strings.LastIndex(r.Timex, "P")
	if at < 0 {
		return
	}
	if strings.Contains(r.Timex[:at], "T") {
		v["setTypename"], v["value"] = "datetime", first(clock(r.Start, time.DateTime), notResolved)
	}
	interval := strings.TrimPrefix(r.Timex[at+1:], "T")
	unit := strings.TrimLeft(interval, "0123456789.")
	v["intervalSize"], v["intervalType"] = interval[:len(interval)-len(unit)], unit
}

// resolveTimes writes the start and the end of a reading, or the value if it is an instant.
func resolveTimes(v map[string]any, before, typ value.DateTimeType, r *value.Reading) {
	layout, m := layouts[typ], modifiers(r.Mod)
	if r.Timex == present && typ == value.Time {
		layout = time.DateTime // now is an instant, even where only times of the day are asked for
	}
	start, end := clock(r.Start, layout), clock(r.End, layout)
	switch {
	case start == "" && end == "":
		v["value"] = notResolved
	case m["before"] || m["until"]:
		v["end"] = first(end, start)
	case m["after"] || m["since"]:
		v["start"] = first(start, end)
	case !isRange(typ) || m["approx"] && !isRange(before):
		v["value"] = start
	default:
		if start != "" {
			v["start"] = start
		}
		if end != "" {
			v["end"] = end
		}
	}
	if strings.HasSuffix(r.Timex, "BD)") {
		v["list"] = businessDays(r.Start, r.End)
	}
}

// clock writes a time; "" for none.
func clock(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(layout)
}

// sourceEntity says what a modified time was before: a point or a range. Times of the day that have a name (after lunch) and the present
// (till date) say neither.
func sourceEntity(before value.DateTimeType, r *value.Reading) string {
	if r.Timex == present || namedHours(r.Timex) {
		return ""
	}
	if isRange(before) && !pointTimex(r.Timex) {
		return "datetimerange"
	}
	return "datetimepoint"
}

// namedHours tells whether a TIMEX ends in a part of the day: "TMO", "2016-11-07TMED".
func namedHours(timex string) bool {
	_, part, ok := strings.Cut(timex, "T")
	return ok && part != "" && 'A' <= part[0] && part[0] <= 'Z'
}

// pointTimex tells whether a TIMEX is a day or an instant rather than a range.
func pointTimex(timex string) bool {
	if strings.HasPrefix(timex, "(") {
		return false
	}
	day, _, timed := strings.Cut(timex, "T")
	return timed || strings.Count(day, "-") >= 2
}

// businessDays lists the days from Monday to Friday in a range.
func businessDays(start, end time.Time) string {
	var days []string
	for d := start; d.Before(end) && len(days) < 1000; d = d.AddDate(0, 0, 1) {
		if wd := d.Weekday(); wd != time.Saturday && wd != time.Sunday {
			days = append(days, d.Format(time.DateOnly))
		}
	}
	return strings.Join(days, ",")
}

// unknownOffset stands for the offset of a zone whose abbreviation has several meanings (CST).
const unknownOffset = -10000

// utc writes an offset in minutes: "UTC+05:30".
func utc(minutes int) string {
	if minutes == unknownOffset {
		return "UTC+XX:XX"
	}
	sign := '+'
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	return fmt.Sprintf("UTC%c%02d:%02d", sign, minutes/60, minutes%60)
}
