package specs_test

import (
	"encoding/json"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"yingda/nlu"
	"yingda/nlu/recognizer/specs"
	"yingda/nlu/recognizer/value"
)

// fixed is a finder that finds a piece of the folded text wherever it stands, with the same value.
type fixed struct {
	piece string
	kind  value.Kind
	value any
	rule  string
}

var _ value.Finder = fixed{}

func (f fixed) FindValues(dst []value.Find, text string, _ value.Context) []value.Find {
	if at := strings.Index(text, f.piece); at >= 0 {
		dst = append(dst, value.Find{Start: at, End: at + len(f.piece), Kind: f.kind, Value: f.value, Rule: f.rule})
	}
	return dst
}

func number(s string, form value.Form) value.Number {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		panic(s)
	}
	return value.Number{Rat: r, Form: form}
}

// is makes a finder of the whole of "it is X".
func is(piece string, kind value.Kind, v any) fixed { return fixed{piece, kind, v, "test:rule"} }

func TestAdapters(t *testing.T) {
	twenty, hundred := number("20", value.Integer), number("100", value.Integer)
	tests := []struct {
		name  string
		model specs.Model
		text  string // with the value at the end, after "it is "
		want  string // type and value as JSON
	}{
		{"Number", specs.Numbers(is("1/3", value.KindNumber, number("1/3", value.Fraction)), value.KindNumber), "1/3", `number {"subtype":"fraction","value":"0.333333333333333"}`},
		{"NumberLarge", specs.Numbers(is("1e5", value.KindNumber, number("-1273200000000000", value.Power)), value.KindNumber), "1e5", `number {"subtype":"power","value":"-1.2732E+15"}`},
		{"NumberSmall", specs.Numbers(is("x", value.KindNumber, number("1/200000", value.Fraction)), value.KindNumber), "x", `number {"subtype":"fraction","value":"5E-06"}`},
		{"NumberZero", specs.Numbers(is("-0", value.KindNumber, number("-0", value.Integer)), value.KindNumber), "-0", `number {"subtype":"integer","value":"0"}`},
		{"NumberOtherKind", specs.Numbers(is("x", value.KindOrdinal, twenty), value.KindNumber), "x", ""},
		{"Percent", specs.Numbers(is("20%", value.KindPercentage, twenty), value.KindPercentage), "20%", `percentage {"value":"20%"}`},
		{"PercentBare", specs.Numbers(is("%", value.KindPercentage, value.Number{}), value.KindPercentage), "%", `percentage {"value":"null"}`},
		{"Ordinal", specs.Numbers(is("2nd", value.KindOrdinal, value.Ordinal{Offset: big.NewInt(2), RelativeTo: "start"}), value.KindOrdinal), "2nd", `ordinal {"offset":"2","relativeTo":"start","value":"2"}`},
		{"OrdinalLast", specs.Numbers(is("last", value.KindOrdinal, value.Ordinal{Offset: big.NewInt(0), RelativeTo: "end"}), value.KindOrdinal), "last", `ordinal.relative {"offset":"0","relativeTo":"end","value":"end+0"}`},
		{"OrdinalPrevious", specs.Numbers(is("previous", value.KindOrdinal, value.Ordinal{Offset: big.NewInt(-1), RelativeTo: "current"}), value.KindOrdinal), "previous", `ordinal.relative {"offset":"-1","relativeTo":"current","value":"current-1"}`},
		{"Range", specs.Numbers(is("20-100", value.KindNumberRange, value.Range{Low: &twenty, High: &hundred, LowClosed: true}), value.KindNumberRange), "20-100", `numberrange {"value":"[20,100)"}`},
		{"RangeOpen", specs.Numbers(is("20+", value.KindNumberRange, value.Range{Low: &twenty}), value.KindNumberRange), "20+", `numberrange {"value":"(20,)"}`},
		{"RangeUpTo", specs.Numbers(is("≤100", value.KindNumberRange, value.Range{High: &hundred, HighClosed: true}), value.KindNumberRange), "≤100", `numberrange {"value":"(,100]"}`},
		{"Currency", specs.Currencies(is("20元", value.KindMoney, value.Money{Amount: twenty, Currency: "CNY", Unit: "Chinese yuan"})), "20元", `currency {"isoCurrency":"CNY","unit":"Chinese yuan","value":"20"}`},
		{"CurrencyBare", specs.Currencies(is("$", value.KindMoney, value.Money{Unit: "Dollar"})), "$", `currency {"unit":"Dollar","value":null}`},
		{"Age", specs.Quantities(is("20岁", value.KindQuantity, value.Quantity{Number: twenty, Unit: "Year", Dimension: "age"}), "age"), "20岁", `age {"unit":"Year","value":"20"}`},
		{"AgeOther", specs.Quantities(is("20m", value.KindQuantity, value.Quantity{Number: twenty, Unit: "Meter", Dimension: "length"}), "age"), "20m", ""},
		{"Dimension", specs.Quantities(is("20m", value.KindQuantity, value.Quantity{Number: twenty, Unit: "Meter", Dimension: "length"}), "dimension"), "20m", `dimension {"subtype":"Length","unit":"Meter","value":"20"}`},
		{"DimensionCompound", specs.Quantities(is("5 feet 2 inches", value.KindQuantity, value.Quantity{Number: number("31/6", value.Decimal), Unit: "Foot", Dimension: "length"}), "dimension"), "5 feet 2 inches", `dimension {"subtype":"Length","unit":"Foot","value":"5.166666666666667"}`},
		{"Phone", specs.Sequences(is("138 0000 0000", value.KindPhone, "13800000000")), "138 0000 0000", `phonenumber {"score":"0","value":"138 0000 0000"}`},
		{"IP", specs.Sequences(is("08.8.8.8", value.KindIP, value.IP{Address: "8.8.8.8", Version: "ipv4"})), "08.8.8.8", `ip {"type":"ipv4","value":"8.8.8.8"}`},
		{"NoSequence", specs.Sequences(is("20", value.KindNumber, twenty)), "20", ""},
		{"Boolean", specs.Booleans(is("yes", value.KindBoolean, value.Boolean{Yes: true, Score: 0.5})), "yes", `boolean {"score":0.5,"value":true}`},
		{"Bare", specs.Bare(specs.Booleans(is("yes", value.KindBoolean, value.Boolean{Yes: true}))), "yes", "boolean null"},
		{"NoLanguage", specs.ByLang(map[nlu.Lang]specs.Model{nlu.Chinese: words}), "yes", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkAdapter(t, tt.model, tt.text, tt.want) })
	}
}

func checkAdapter(t *testing.T, model specs.Model, text, want string) {
	t.Helper()
	results := model(specs.Query{Text: "it is " + text, Lang: nlu.English})
	var got string
	for _, r := range results {
		data, err := json.Marshal(r.Value)
		if err != nil {
			t.Fatal(err)
		}
		got += r.Type + " " + string(data)
		if r.Text != text || r.Start != 6 || r.End != 6+len([]rune(text)) || !r.Spanned {
			t.Errorf("surface %q [%d,%d)", r.Text, r.Start, r.End)
		}
	}
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestAdapter_Spans counts in UTF-16 units of the raw text, whatever folding did to it.
func TestAdapter_Spans(t *testing.T) {
	model := specs.Booleans(is("ok", value.KindBoolean, value.Boolean{Yes: true}))
	got := model(specs.Query{Text: "👌  ＯＫ", Lang: nlu.English})
	want := []specs.Result{{Text: "ＯＫ", Type: "boolean", Start: 4, End: 6, Spanned: true, Value: map[string]any{"value": true, "score": 0.0}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func day(y int, m time.Month, d, h int) time.Time { return time.Date(y, m, d, h, 0, 0, 0, time.UTC) }

// timed is a time expression found as "X".
func timed(typ value.DateTimeType, rule string, rs ...value.Reading) fixed {
	return fixed{"x", value.KindDateTime, value.DateTime{Type: typ, Readings: rs}, rule}
}

func TestDateTimes(t *testing.T) {
	may := value.Reading{Timex: "XXXX-05-17", Start: day(2017, 5, 17, 0)}
	tests := []struct {
		name   string
		finder fixed
		want   string
	}{
		{"Date", timed(value.Date, "", may, may), `date {"values":[{"timex":"XXXX-05-17","type":"date","value":"2017-05-17"}]}`},
		{"Alternative", timed(value.Date, "en:or"+specs.Alternative, may), `datetimealt {"values":[{"timex":"XXXX-05-17","type":"date","value":"2017-05-17"}]}`},
		{"PastFuture", timed(value.Time, "", value.Reading{Timex: "T08", Start: day(2017, 5, 17, 8)}, value.Reading{Timex: "T20", Start: day(2017, 5, 17, 20)}),
			`time {"values":[{"timex":"T08","type":"time","value":"08:00:00"},{"timex":"T20","type":"time","value":"20:00:00"}]}`},
		{"Before", timed(value.Date, "", value.Reading{Timex: "2017-05-17", Mod: "before", Start: day(2017, 5, 17, 0)}),
			`daterange {"values":[{"Mod":"before","end":"2017-05-17","sourceEntity":"datetimepoint","timex":"2017-05-17","type":"daterange"}]}`},
		{"AfterYear", timed(value.DateRange, "", value.Reading{Timex: "2018", Mod: "after", Start: day(2019, 1, 1, 0)}),
			`daterange {"values":[{"Mod":"after","sourceEntity":"datetimerange","start":"2019-01-01","timex":"2018","type":"daterange"}]}`},
		{"AfterLunch", timed(value.TimeRange, "", value.Reading{Timex: "TMEL", Mod: "after", Start: day(2017, 1, 1, 13)}),
			`timerange {"values":[{"Mod":"after","start":"13:00:00","timex":"TMEL","type":"timerange"}]}`},
		{"Around", timed(value.Time, "", value.Reading{Timex: "T13", Mod: "approx", Start: day(2017, 1, 1, 13)}),
			`time {"values":[{"Mod":"approx","timex":"T13","type":"timerange","value":"13:00:00"}]}`},
		{"Season", timed(value.DateRange, "", value.Reading{Timex: "2017-SU"}), `daterange {"values":[{"timex":"2017-SU","type":"daterange","value":"not resolved"}]}`},
		{"Duration", timed(value.Duration, "", value.Reading{Timex: "P3.5Y", Seconds: 110376000}), `duration {"values":[{"timex":"P3.5Y","type":"duration","value":"110376000"}]}`},
		{"Set", timed(value.Set, "", value.Reading{Timex: "P1D"}), `set {"values":[{"timex":"P1D","type":"set","value":"not resolved"}]}`},
		{"Zone", timed(value.TimeZone, "", value.Reading{UTCOffset: -210}), `timezone {"values":[{"type":"timezone","utcOffsetMins":"-210","value":"UTC-03:30"}]}`},
		{"ZoneUnknown", timed(value.TimeZone, "", value.Reading{UTCOffset: -10000}), `timezone {"values":[{"type":"timezone","utcOffsetMins":"-10000","value":"UTC+XX:XX"}]}`},
		{"BusinessDays", timed(value.DateRange, "", value.Reading{Timex: "(2018-08-22,2018-08-28,P4BD)", Start: day(2018, 8, 22, 0), End: day(2018, 8, 28, 0)}),
			`daterange {"values":[{"end":"2018-08-28","list":"2018-08-22,2018-08-23,2018-08-24,2018-08-27","start":"2018-08-22","timex":"(2018-08-22,2018-08-28,P4BD)","type":"daterange"}]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checkAdapter(t, specs.DateTimes(tt.finder, specs.DateTimeAids{}), "x", "datetimeV2."+tt.want)
		})
	}
	t.Run("Empty", func(t *testing.T) {
		checkAdapter(t, specs.DateTimes(timed(value.Date, ""), specs.DateTimeAids{}), "x", "")
	})
	t.Run("NoTime", func(t *testing.T) { checkAdapter(t, specs.Parsed(is("x", value.KindNumber, 1)), "x", "") })
}

func TestDateTimes_Aids(t *testing.T) {
	aids := specs.DateTimeAids{
		Days:   fixed{"tuesday", value.KindDateTime, nil, ""},
		Clocks: fixed{"1pm", value.KindDateTime, nil, ""},
		Zones:  fixed{"pst", value.KindDateTime, nil, ""},
		Tasks:  true,
	}
	after := value.Reading{Timex: "XXXX-WXX-2T13", Mod: "after", Start: day(2018, 8, 28, 13)}
	zoned := value.Reading{Timex: "T13", Start: day(2018, 8, 28, 13), HasZone: true, UTCOffset: -480}
	tests := []struct {
		name, text string
		typ        value.DateTimeType
		reading    value.Reading
		want       string
	}{
		{"Inside", "tuesday after 1pm", value.DateAndTime, after, `datetimerange {"values":[{"Mod":"after","start":"2018-08-28 13:00:00","timex":"XXXX-WXX-2T13","type":"datetimerange"}]}`},
		{"Before", "after 1pm tuesday", value.DateAndTime, after, `datetimerange {"values":[{"Mod":"after","sourceEntity":"datetimepoint","start":"2018-08-28 13:00:00","timex":"XXXX-WXX-2T13","type":"datetimerange"}]}`},
		{"Zone", "1pm (pst)", value.Time, zoned, `time {"values":[{"timex":"T13","timezone":"UTC-08:00","timezoneText":"pst","type":"time","utcOffsetMins":"-480","value":"13:00:00"}]}`},
		{"Set", "every sunday", value.Set, value.Reading{Timex: "XXXX-WXX-7P1W", Start: day(2022, 8, 28, 0)}, `set {"values":[{"intervalSize":"1","intervalType":"W","setTypename":"date","timex":"XXXX-WXX-7P1W","type":"set","value":"2022-08-28"}]}`},
		{"SetTimed", "daily at 6", value.Set, value.Reading{Timex: "T06P1D", Start: day(2022, 8, 28, 6)}, `set {"values":[{"intervalSize":"1","intervalType":"D","setTypename":"datetime","timex":"T06P1D","type":"set","value":"2022-08-28 06:00:00"}]}`},
		{"SetNoPeriod", "mondays", value.Set, value.Reading{Timex: "XXXX-WXX-1"}, `set {"values":[{"setTypename":"date","timex":"XXXX-WXX-1","type":"set","value":"not resolved"}]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := fixed{tt.text, value.KindDateTime, value.DateTime{Type: tt.typ, Readings: []value.Reading{tt.reading}}, ""}
			checkAdapter(t, specs.DateTimes(f, aids), tt.text, "datetimeV2."+tt.want)
		})
	}
}

func TestParsed(t *testing.T) {
	past, future := value.Reading{Timex: "XXXX-05-17", Start: day(2017, 5, 17, 0)}, value.Reading{Timex: "XXXX-05-17", Start: day(2018, 5, 17, 0)}
	tests := []struct {
		name   string
		finder fixed
		want   string
	}{
		{"Date", timed(value.Date, "", past, future), `date {"FutureResolution":{"date":"2018-05-17"},"PastResolution":{"date":"2017-05-17"},"Timex":"XXXX-05-17"}`},
		{"Impossible", timed(value.Date, "", value.Reading{Timex: "2019-02-29"}), `date {"FutureResolution":{"date":"0001-01-01"},"PastResolution":{"date":"0001-01-01"},"Timex":"2019-02-29"}`},
		{"Clock", timed(value.Time, "", value.Reading{Timex: "T08", Start: day(2017, 5, 17, 8)}, value.Reading{Timex: "T20", Start: day(2017, 5, 17, 20)}),
			`time {"FutureResolution":{"time":"08:00:00"},"PastResolution":{"time":"08:00:00"},"Timex":"T08"}`},
		{"Range", timed(value.DateTimeRange, "", value.Reading{Timex: "2017-05-17TMO", Mod: "end", Start: day(2017, 5, 17, 10), End: day(2017, 5, 17, 12)}),
			`datetimerange {"FutureResolution":{"endDateTime":"2017-05-17 12:00:00","startDateTime":"2017-05-17 10:00:00"},"Mod":"end","PastResolution":{"endDateTime":"2017-05-17 12:00:00","startDateTime":"2017-05-17 10:00:00"},"Timex":"2017-05-17TMO"}`},
		{"Duration", timed(value.Duration, "", value.Reading{Timex: "PT3H", Seconds: 10800}), `duration {"FutureResolution":{"duration":"10800"},"PastResolution":{"duration":"10800"},"Timex":"PT3H"}`},
		{"Set", timed(value.Set, "", value.Reading{Timex: "P1D"}), `set {"FutureResolution":{"set":"Set: P1D"},"PastResolution":{"set":"Set: P1D"},"Timex":"P1D"}`},
		{"Zone", timed(value.TimeZone, "", value.Reading{UTCOffset: 270}), `timezone {"TimeZoneResolution":{"UtcOffsetMins":270,"Value":"UTC+04:30"}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkAdapter(t, specs.Parsed(tt.finder), "x", tt.want) })
	}
}

// FuzzCompare: whatever stands in a specification, comparing and clustering never panic, and a case passes with its own results.
func FuzzCompare(f *testing.F) {
	f.Add("one Two", `{"Text": "one", "Start": 0, "End": 2, "Value": {"values": [{"timex": "T01"}]}}`)
	f.Add("👌 ok", `{"Text": "ok", "Start": -3, "End": 99, "Spanned": true, "Value": {"a": [null, 1, true, {}]}}`)
	f.Add("", `{"Text": "\u0000\"["}`)
	f.Fuzz(func(t *testing.T, input, result string) {
		var r specs.Result
		if json.Unmarshal([]byte(result), &r) != nil {
			return
		}
		c := specs.Case{Name: specs.Name{Suite: "DateTime", Language: "English", Model: "Any"}, Input: input, Results: []specs.Result{r}}
		echo := func(specs.Query) []specs.Result { return []specs.Result{r} }
		if rep := specs.Run([]specs.Case{c}, map[string]specs.Model{"Any": echo}, nil); rep.Total.Passed != 1 {
			t.Errorf("its own result fails: %+v", rep.Outcomes[0].Faults)
		}
		other := func(q specs.Query) []specs.Result {
			return []specs.Result{{Text: q.Text, End: len(q.Text), Spanned: true}}
		}
		specs.Run([]specs.Case{c}, map[string]specs.Model{"Any": other}, nil).Stats(3)
	})
}
