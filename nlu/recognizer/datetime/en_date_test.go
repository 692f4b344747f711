package datetime_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/datetime"
	"yingda/nlu/recognizer/value"
)

// wednesday is "now" of the tables: 2018-08-08T10:30.
var wednesday = time.Date(2018, 8, 8, 10, 30, 0, 0, time.UTC)

// findings writes what is found in a text, in its order: surface, type, and the readings as timex=time, the preferred one marked.
func findings(t testing.TB, f *datetime.Finder, text string, c value.Context) string {
	t.Helper()
	folded := norm.Fold(text, norm.Matching).Text
	byPlace := make([]string, len(folded)+1)
	for _, x := range f.FindValues(nil, folded, c) {
		v := x.Value.(value.DateTime)
		var b strings.Builder
		fmt.Fprintf(&b, "%s: %s", folded[x.Start:x.End], v.Type)
		for i, r := range v.Readings {
			b.WriteString(" " + r.Timex)
			if r.Mod != "" {
				b.WriteString("/" + r.Mod)
			}
			if s := spanOf(v.Type, r); s != "" {
				b.WriteString("=" + s)
			}
			if i == v.Preferred && len(v.Readings) > 1 {
				b.WriteString("*")
			}
		}
		byPlace[x.Start] += b.String() + "\n"
	}
	return strings.TrimSuffix(strings.Join(byPlace, ""), "\n")
}

func spanOf(t value.DateTimeType, r value.Reading) string {
	layout := time.DateOnly
	switch t {
	case value.Time, value.TimeRange:
		layout = "15:04"
	case value.DateAndTime, value.DateTimeRange:
		layout = "2006-01-02T15:04"
	case value.Duration:
		return fmt.Sprintf("%gs", r.Seconds)
	}
	write := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format(layout)
	}
	if r.End.IsZero() && r.Mod == "" {
		return write(r.Start)
	}
	return write(r.Start) + ".." + write(r.End)
}

func TestEnglishDates(t *testing.T) {
	f := finder(t, nlu.English, view{})
	c := value.Context{Lang: nlu.English, Reference: wednesday}
	for _, tt := range []struct{ text, want string }{
		// days by number
		{"it came on May 3rd", "may 3rd: date XXXX-05-03=2018-05-03* XXXX-05-03=2019-05-03"},
		{"by sept. 2", "by sept. 2: daterange XXXX-09-02/before=..2017-09-02 XXXX-09-02/before=..2018-09-02*"},
		{"the order of 12/05/2018", "12/05/2018: date 2018-12-05=2018-12-05"},
		{"21/04/2016", "21/04/2016: date 2016-04-21=2016-04-21"},
		{"2016-04-21", "2016-04-21: date 2016-04-21=2016-04-21"},
		{"5-Jan-19", "5-jan-19: date 2019-01-05=2019-01-05"},
		{"fifth of January nineteen eighty four", "fifth of january nineteen eighty four: date 1984-01-05=1984-01-05"},
		{"12/12/35", "12/12/35: date XX35-12-12=1935-12-12 XX35-12-12=2035-12-12*"},
		{"on the 5th", "the 5th: date XXXX-XX-05=2018-08-05 XXXX-XX-05=2018-09-05*"},
		{"2/30/2019", "2/30/2019: date 2019-02-30"},
		{"feb 29", "feb 29: date XXXX-02-29=2016-02-29 XXXX-02-29=2020-02-29*"},
		// weekdays
		{"deliver it on monday", "monday: date XXXX-WXX-1=2018-08-06 XXXX-WXX-1=2018-08-13*"},
		{"next tuesday", "next tuesday: date 2018-08-14=2018-08-14"},
		{"this coming sunday", "this coming sunday: date 2018-08-12=2018-08-12"},
		{"friday the 13th", "friday the 13th: date XXXX-WXX-5=2018-07-13* XXXX-WXX-5=2019-09-13"},
		{"the last friday of the month", "the last friday of the month: date XXXX-08-WXX-5-#5=2018-08-31"},
		{"two sundays from now", "two sundays from now: date 2018-08-19=2018-08-19"},
		// relative days
		{"the day before yesterday", "the day before yesterday: date 2018-08-06=2018-08-06"},
		{"a couple of days ago", "a couple of days ago: date 2018-08-06=2018-08-06"},
		{"in 3 business days", "in 3 business days: date 2018-08-13=2018-08-13"},
		{"two weeks after christmas", "two weeks after christmas: date 2019-01-08=2019-01-08"},
		{"a week from friday", "a week from friday: date 2018-08-17=2018-08-17"},
		{"last day of february 2020", "last day of february 2020: date 2020-02-29=2020-02-29"},
		// holidays
		{"black friday", "black friday: date XXXX-11-23=2017-11-24 XXXX-11-23=2018-11-23*"},
		{"cyber monday 2019", "cyber monday 2019: date 2019-12-02=2019-12-02"},
		{"easter 2038", "easter 2038: date 2038-04-25=2038-04-25"},
		{"next thanksgiving", "next thanksgiving: date 2018-11-22=2018-11-22"},
		{"chinese new year 2019", "chinese new year 2019: date 2019-02-05=2019-02-05"},
		{"qingming festival 2019", "qingming festival 2019: date 2019-04-05=2019-04-05"},
		{"labor day weekend", "labor day weekend: daterange 2017-W35-WE=2017-09-02..2017-09-05 2018-W35-WE=2018-09-01..2018-09-04*"},
	} {
		if got := findings(t, f, tt.text, c); got != tt.want {
			t.Errorf("%q:\n got %s\nwant %s", tt.text, got, tt.want)
		}
	}
}

func TestEnglishPeriods(t *testing.T) {
	f := finder(t, nlu.English, view{})
	c := value.Context{Lang: nlu.English, Reference: wednesday}
	for _, tt := range []struct{ text, want string }{
		{"this week", "this week: daterange 2018-W32=2018-08-06..2018-08-13"},
		{"the week before last", "the week before last: daterange 2018-W30=2018-07-23..2018-07-30"},
		{"early next month", "early next month: daterange 2018-09/start=2018-09-01..2018-09-16"},
		{"the end of the year", "end of the year: daterange 2018/end=2018-07-01..2019-01-01"},
		{"in march", "march: daterange XXXX-03=2018-03-01..2018-04-01* XXXX-03=2019-03-01..2019-04-01"},
		{"Q3 2018", "q3 2018: daterange (2018-07-01,2018-10-01,P3M)=2018-07-01..2018-10-01"},
		{"first half of next year", "first half of next year: daterange (2019-01-01,2019-07-01,P6M)=2019-01-01..2019-07-01"},
		{"the nineties", "the nineties: daterange (XX90-01-01,XX00-01-01,P10Y)=1990-01-01..2000-01-01* (XX90-01-01,XX00-01-01,P10Y)=2090-01-01..2100-01-01"},
		{"next summer", "next summer: daterange 2019-SU"},
		{"the past 3 weeks", "past 3 weeks: daterange (2018-07-18,2018-08-08,P3W)=2018-07-18..2018-08-08"},
		{"within five days", "within five days: daterange (2018-08-08,2018-08-13,P5D)=2018-08-08..2018-08-13"},
		{"the next 4 business days", "next 4 business days: daterange (2018-08-09,2018-08-15,P4BD)=2018-08-09..2018-08-15"},
		{"in 3 to 5 business days", "in 3 to 5 business days: daterange (2018-08-13,2018-08-16,P3D)=2018-08-13..2018-08-16"},
		{"april 5 to 10", "april 5 to 10: daterange (XXXX-04-05,XXXX-04-10,P5D)=2018-04-05..2018-04-10* (XXXX-04-05,XXXX-04-10,P5D)=2019-04-05..2019-04-10"},
		{"from the 3rd to the 5th", "from the 3rd to the 5th: daterange (XXXX-XX-03,XXXX-XX-05,P2D)=2018-08-03..2018-08-05 (XXXX-XX-03,XXXX-XX-05,P2D)=2018-09-03..2018-09-05*"},
		{"between may 2017 and now", "between may 2017 and now: daterange (2017-05-01,2018-08-08,P464D)=2017-05-01..2018-08-08"},
		{"nov to march", "nov to march: daterange (XXXX-11-01,XXXX-03-01,P4M)=2017-11-01..2018-03-01 (XXXX-11-01,XXXX-03-01,P4M)=2018-11-01..2019-03-01*"},
		{"18, 19 and 20 june", "18: date XXXX-06-18=2018-06-18* XXXX-06-18=2019-06-18\n" +
			"19: date XXXX-06-19=2018-06-19* XXXX-06-19=2019-06-19\n20 june: date XXXX-06-20=2018-06-20* XXXX-06-20=2019-06-20"},
		// durations and sets
		{"an hour and a half", "an hour and a half: duration PT1.5H=5400s"},
		{"2 years 1 month", "2 years 1 month: duration P2Y1M=6.5664e+07s"},
		{"3-5 days", "3-5 days: duration P3D=259200s P5D=432000s*"},
		{"at least 10 days", "at least 10 days: duration P10D/more=864000s"},
		{"1h30m", "1h30m: duration PT1H30M=5400s"},
		{"every other day", "every other day: set P2D"},
		{"mondays at 9", "mondays at 9: set XXXX-WXX-1T09"},
		{"the first monday of every month", "the first monday of every month: set XXXX-XX-WXX-1-#1"},
	} {
		if got := findings(t, f, tt.text, c); got != tt.want {
			t.Errorf("%q:\n got %s\nwant %s", tt.text, got, tt.want)
		}
	}
}

func TestDayFirst(t *testing.T) {
	f := finder(t, nlu.English, view{})
	for dayFirst, want := range map[bool]string{
		false: "10/12/2018: date 2018-10-12=2018-10-12",
		true:  "10/12/2018: date 2018-12-10=2018-12-10",
	} {
		if got := findings(t, f, "10/12/2018", value.Context{Lang: nlu.English, Reference: wednesday, DayFirst: dayFirst}); got != want {
			t.Errorf("day first %v: got %s, want %s", dayFirst, got, want)
		}
	}
}

// What only looks like a time must not be found.
func TestEnglishNotTimes(t *testing.T) {
	f := finder(t, nlu.English, view{})
	c := value.Context{Lang: nlu.English, Reference: wednesday}
	for _, text := range []string{
		"i have an iphone 15 pro", "windows 10 on a model 2015 laptop", "open 24/7", "the ratio is 3/4", "1/2 price", "order number 20180315",
		"version 2.5.1", "it may take a while", "may i return it", "i sat down in the sun", "this may help", "my second order", "the first order",
		"second hand goods", "size 10-12", "buy 2 get 1 free", "2015 people liked it", "room 2018", "call 555 1212", "call 138-2010-2015", "192.168.1.1",
		"$2000", "20% off", "one may ask", "a second opinion", "https://t.co/4d-3h", "i was born ready", "the 27th floor", "the 25th anniversary",
		"march on", "they fall apart", "a 4:3 screen", "10-20 pieces", "the winner takes all", "12306", "5g", "it costs 1999.99",
	} {
		if got := findings(t, f, text, c); got != "" {
			t.Errorf("%q: found %s", text, got)
		}
	}
}

// Every day of two centuries is read back, in one of several ways of writing it: each way meets all months, days and years.
func TestEnglishDatesReadBack(t *testing.T) {
	f := finder(t, nlu.English, view{categories: []string{"date"}})
	c := value.Context{Lang: nlu.English, Reference: wednesday}
	ways := []func(d time.Time) string{
		func(d time.Time) string { return d.Format("January 2, 2006") },
		func(d time.Time) string { return d.Format("Monday, Jan 2 2006") },
		func(d time.Time) string { return d.Format("2 January 2006") },
		func(d time.Time) string { return d.Format("2006-01-02") },
		func(d time.Time) string { return d.Format("1/2/2006") },
		func(d time.Time) string { return d.Format("02-Jan-2006") },
		func(d time.Time) string { return d.Format("2006/Jan/2") },
		func(d time.Time) string {
			return fmt.Sprintf("the %s of %s", ordinals[d.Day()-1], d.Format("January, 2006"))
		},
		func(d time.Time) string {
			return fmt.Sprintf("%s the %s %s", d.Format("January"), ordinals[d.Day()-1], yearInWords(d.Year()))
		},
	}
	n := 0
	for d := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC); d.Year() <= 2100; d = d.AddDate(0, 0, 1) {
		text := norm.Fold("ordered on "+ways[n%len(ways)](d)+" at home", norm.Matching).Text
		finds := f.FindValues(nil, text, c)
		if len(finds) != 1 || finds[0].Value.(value.DateTime).Readings[0].Timex != d.Format(time.DateOnly) {
			t.Fatalf("%q: found %+v", text, finds)
		}
		if n++; testing.Short() {
			d = d.AddDate(0, 0, 10)
		}
	}
}

var ordinals = strings.Fields(`first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth
	sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth
	twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first`)

var ones = strings.Fields(`zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
	eighteen nineteen`)

func twoDigits(n int) string {
	if n < 20 {
		return ones[n]
	}
	tens := strings.Fields("twenty thirty forty fifty sixty seventy eighty ninety")[n/10-2]
	if n%10 == 0 {
		return tens
	}
	return tens + " " + ones[n%10]
}

// yearInWords says nineteen oh five, nineteen ninety nine, two thousand and six, twenty eighteen.
func yearInWords(y int) string {
	switch hi, lo := y/100, y%100; {
	case y%1000 == 0:
		return ones[y/1000] + " thousand"
	case y > 2000 && y < 2010:
		return "two thousand and " + ones[lo]
	case lo == 0:
		return twoDigits(hi) + " hundred"
	case lo < 10:
		return twoDigits(hi) + " oh " + ones[lo]
	default:
		return twoDigits(hi) + " " + twoDigits(lo)
	}
}
