package value_test

import (
	"encoding/json"
	"math/big"
	"testing"
	"time"

	"yingda/nlu/recognizer/value"
)

func number(s string) value.Number {
	r, _ := new(big.Rat).SetString(s)
	return value.Number{Rat: r}
}

func TestJSON(t *testing.T) {
	at := time.Date(2026, 11, 3, 15, 30, 0, 0, time.FixedZone("", 8*3600))
	low := number("20")
	for _, c := range []struct {
		name string
		v    any
		want string
	}{
		{"Whole", number("10000000000000001"), `10000000000000001`},
		{"Decimal", number("123.50"), `123.5`},
		{"Third", number("1/3"), `0.333333333333333`},
		{"Nothing", value.Number{}, `0`},
		{"Money", value.Money{Amount: number("0.1"), Currency: "CNY"}, `{"amount":0.1,"currency":"CNY"}`},
		{"Quantity", value.Quantity{Number: number("2"), Unit: "件", Word: "件", Dimension: "count"}, `{"number":2,"unit":"件","name":"件","dimension":"count"}`},
		{"QuantityWithoutWord", value.Quantity{Number: number("2"), Unit: "Kilogram"}, `{"number":2,"unit":"Kilogram","name":"Kilogram"}`},
		{"Ordinal", value.Ordinal{Offset: big.NewInt(-1), RelativeTo: "end"}, `{"offset":-1,"relative_to":"end"}`},
		{"OpenRange", value.Range{Low: &low, LowClosed: true}, `{"low":20,"high":null,"low_closed":true,"high_closed":false}`},
		{"Percent", value.Percent{Percent: number("12.5")}, `{"percent":12.5}`},
		{"Boolean", value.Boolean{Yes: true, Score: 0.4}, `true`},
		{"IP", value.IP{Address: "8.8.8.8", Version: "ipv4"}, `{"address":"8.8.8.8","version":"ipv4"}`},
		{"Date", value.DateTime{Type: value.Date, Readings: []value.Reading{{Timex: "2026-11-03", Start: at}}}, `{"type":"date","timex":"2026-11-03","value":"2026-11-03"}`},
		{"Preferred", value.DateTime{Type: value.Time, Preferred: 1, Readings: []value.Reading{{Timex: "T03:30", Start: at.Add(-12 * time.Hour)}, {Timex: "T15:30", Start: at}}},
			`{"type":"time","timex":"T15:30","value":"15:30:00","readings":[{"timex":"T03:30","value":"03:30:00"},{"timex":"T15:30","value":"15:30:00"}]}`},
		{"OpenEnd", value.DateTime{Type: value.DateTimeRange, Readings: []value.Reading{{Timex: "2026-11-03T15:30", Mod: "since", Start: at}}},
			`{"type":"datetimerange","timex":"2026-11-03T15:30","start":"2026-11-03T15:30:00+08:00","mod":"since"}`},
		{"Duration", value.DateTime{Type: value.Duration, Readings: []value.Reading{{Timex: "PT3H", Seconds: 10800}}}, `{"type":"duration","timex":"PT3H","seconds":10800}`},
		{"Set", value.DateTime{Type: value.Set, Readings: []value.Reading{{Timex: "P1D", Start: at}}}, `{"type":"set","timex":"P1D"}`},
		{"OtherZone", value.DateTime{Type: value.DateAndTime, Readings: []value.Reading{{Timex: "2026-11-03T15:30", Start: at, HasZone: true, UTCOffset: -300}}},
			`{"type":"datetime","timex":"2026-11-03T15:30","value":"2026-11-03T15:30:00-05:00","utc_offset_minutes":-300}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := json.Marshal(c.v)
			if err != nil || string(got) != c.want {
				t.Errorf("got  %s (%v)\nwant %s", got, err, c.want)
			}
		})
	}
}
