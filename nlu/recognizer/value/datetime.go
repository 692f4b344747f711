package value

import "time"

// DateTimeType is what a time expression denotes.
type DateTimeType string

// The types.
const (
	Date          DateTimeType = "date"
	Time          DateTimeType = "time"
	DateAndTime   DateTimeType = "datetime"
	DateRange     DateTimeType = "daterange"
	TimeRange     DateTimeType = "timerange"
	DateTimeRange DateTimeType = "datetimerange"
	Duration      DateTimeType = "duration"
	Set           DateTimeType = "set" // something that recurs
	TimeZone      DateTimeType = "timezone"
)

// DateTime is a time expression with all its readings.
type DateTime struct {
	Type     DateTimeType
	Readings []Reading // at least one; the one a customer most likely means is at Preferred
	// Preferred is the index of the reading that the preference rule chooses; see the datetime package.
	Preferred int
}

// Reading is one way to understand a time expression. Times are in the zone of the reference.
type Reading struct {
	// Timex is the TIMEX3 value, XXXX for what the words leave open: "XXXX-10-01", "PT3H", "(2016-11-07,2016-11-14,P1W)".
	Timex string
	// Mod qualifies it: before, after, since, until, approx, start, mid, end, less, more; combined with "-". Empty = none.
	Mod string
	// Start is the instant, or the begin of a range. End is the end of a range, exclusive. Zero = open, or not an instant.
	// Of a Time or TimeRange only the clock counts.
	Start, End time.Time
	// Seconds is the length of a Duration.
	Seconds float64
	// UTCOffset in minutes, where the expression names a zone; valid if HasZone.
	UTCOffset int
	HasZone   bool
}
