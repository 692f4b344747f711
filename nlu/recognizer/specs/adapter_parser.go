package specs

import (
	"strconv"

	"yingda/nlu"
	"yingda/nlu/recognizer/value"
)

// impossibleDate is how parsers write a date that does not exist.
const impossibleDate = "0001-01-01"

// Parsed is a parser of one constituent: the first reading of the clock, once in the past and once in the future.
func Parsed(finder value.Finder) Model { return adapt(finder, renderParser) }

// Extracted is the extractor of all constituents: what is there, by the type of what a modifier qualifies: "before 4 pm" is a time.
func Extracted(finder value.Finder) Model {
	return Bare(adapt(finder, func(f *find) (string, map[string]any, bool) {
		typ, v, ok := renderParser(f)
		if dt := f.Value.(value.DateTime); ok && comparison(dt.Readings[0].Mod) && pointTimex(dt.Readings[0].Timex) {
			typ = string(points[dt.Type])
		}
		return typ, v, ok
	}))
}

// points says what a range was made of, if that was a point.
var points = map[value.DateTimeType]value.DateTimeType{
	value.DateRange: value.Date, value.TimeRange: value.Time, value.DateTimeRange: value.DateAndTime,
}

func renderParser(f *find) (string, map[string]any, bool) {
	dt, ok := f.Value.(value.DateTime)
	if !ok || len(dt.Readings) == 0 {
		return "", nil, false
	}
	past := &dt.Readings[0]
	if dt.Type == value.TimeZone {
		zone := map[string]any{"Value": utc(past.UTCOffset), "UtcOffsetMins": float64(past.UTCOffset)}
		return string(dt.Type), map[string]any{"TimeZoneResolution": zone}, true
	}
	future, timex := past, past.Timex
	for i := range dt.Readings {
		// The other readings of a clock are later by half a day; those of dates may differ in how long the years are.
		if r := &dt.Readings[i]; r.Timex == past.Timex || dt.Type == value.Date || dt.Type == value.DateRange {
			future = r
		}
	}
	if future.Timex != timex {
		if timex = future.Timex; f.query.Lang == nlu.English {
			timex += "|" + past.Timex // the English program prints both
		}
	}
	v := map[string]any{"Timex": timex, "FutureResolution": parserTimes(&dt, future), "PastResolution": parserTimes(&dt, past)}
	if past.Mod != "" {
		v["Mod"] = past.Mod
	}
	return string(dt.Type), v, true
}

// parserKeys are the names that parsers give to the times of a type.
var parserKeys = map[value.DateTimeType][]string{
	value.Date: {"date"}, value.Time: {"time"}, value.DateAndTime: {"dateTime"},
	value.DateRange: {"startDate", "endDate"}, value.TimeRange: {"startTime", "endTime"}, value.DateTimeRange: {"startDateTime", "endDateTime"},
}

// parserTimes writes one reading.
func parserTimes(dt *value.DateTime, r *value.Reading) map[string]any {
	switch dt.Type {
	case value.Duration:
		return map[string]any{"duration": strconv.FormatFloat(r.Seconds, 'f', -1, 64)}
	case value.Set:
		return map[string]any{"set": "Set: " + r.Timex}
	}
	v, keys, layout := map[string]any{}, parserKeys[dt.Type], layouts[dt.Type]
	for i, key := range keys {
		t := r.Start
		if i == 1 {
			t = r.End
		}
		if s := clock(t, layout); s != "" {
			v[key] = s
		}
	}
	if dt.Type == value.Date && r.Start.IsZero() {
		v["date"] = impossibleDate
	}
	return v
}
