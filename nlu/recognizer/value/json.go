package value

import (
	"encoding/json"
	"strconv"
	"time"
)

// How values are written as JSON is part of the HTTP API: see docs/http-api.md.

// maxDecimals is how many decimals are written of a number that has a last one.
const maxDecimals = 20

// String returns the number as a decimal: exact where it has at most 20 decimals, else with 15 significant digits.
func (n Number) String() string {
	if n.Rat == nil {
		return "0"
	}
	if places, exact := n.FloatPrec(); exact && places <= maxDecimals {
		return n.FloatString(places)
	}
	f, _ := n.Float64()
	return strconv.FormatFloat(f, 'g', 15, 64)
}

// MarshalJSON writes the number as a JSON number.
func (n Number) MarshalJSON() ([]byte, error) { return []byte(n.String()), nil }

// MarshalJSON writes {"offset": 3, "relative_to": "start"}.
func (o Ordinal) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Offset     json.Number `json:"offset"`
		RelativeTo string      `json:"relative_to"`
	}{json.Number(o.Offset.String()), o.RelativeTo})
}

// MarshalJSON writes {"low": 20, "high": 100, "low_closed": true, "high_closed": false}; an open end is null.
func (r Range) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Low        *Number `json:"low"`
		High       *Number `json:"high"`
		LowClosed  bool    `json:"low_closed"`
		HighClosed bool    `json:"high_closed"`
	}{r.Low, r.High, r.LowClosed, r.HighClosed})
}

// MarshalJSON writes {"amount": 15.5, "currency": "CNY", "unit": "Chinese yuan"}.
func (m Money) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Amount   Number `json:"amount"`
		Currency string `json:"currency,omitempty"`
		Unit     string `json:"unit,omitempty"`
	}{m.Amount, m.Currency, m.Unit})
}

// MarshalJSON writes {"number": 2, "unit": "箱", "name": "…", "dimension": "count"}. The unit is the word as written, the name its English name.
func (q Quantity) MarshalJSON() ([]byte, error) {
	unit := q.Word
	if unit == "" {
		unit = q.Unit
	}
	return json.Marshal(struct {
		Number    Number `json:"number"`
		Unit      string `json:"unit"`
		Name      string `json:"name,omitempty"`
		Dimension string `json:"dimension,omitempty"`
	}{q.Number, unit, q.Unit, q.Dimension})
}

// MarshalJSON writes {"address": "8.8.8.8", "version": "ipv4"}.
func (ip IP) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Address string `json:"address"`
		Version string `json:"version"`
	}{ip.Address, ip.Version})
}

// MarshalJSON writes true or false.
func (b Boolean) MarshalJSON() ([]byte, error) { return json.Marshal(b.Yes) }

// Percent is the value of a percentage as it is written in JSON: {"percent": 12.5}.
type Percent struct {
	Percent Number `json:"percent"`
}

// reading is the JSON form of a [Reading]. Value is there for instants, start and end for ranges; an open end is left out.
type reading struct {
	Timex     string   `json:"timex"`
	Value     string   `json:"value,omitempty"`
	Start     string   `json:"start,omitempty"`
	End       string   `json:"end,omitempty"`
	Mod       string   `json:"mod,omitempty"`
	Seconds   *float64 `json:"seconds,omitempty"`
	UTCOffset *int     `json:"utc_offset_minutes,omitempty"`
}

// MarshalJSON writes the preferred reading, and all readings where there are several:
//
//	{"type": "date", "timex": "XXXX-11-03", "value": "2026-11-03", "readings": [{"timex": …, "value": "2025-11-03"}, …]}
//
// Dates are 2026-11-03, times 15:30:00, instants RFC 3339; the end of a range does not belong to it; a duration has seconds; a set has only a timex.
func (d DateTime) MarshalJSON() ([]byte, error) {
	out := struct {
		Type DateTimeType `json:"type"`
		reading
		Readings []reading `json:"readings,omitempty"`
	}{Type: d.Type}
	for i, r := range d.Readings {
		j := d.reading(r)
		if i == d.Preferred {
			out.reading = j
		}
		out.Readings = append(out.Readings, j)
	}
	if len(out.Readings) < 2 {
		out.Readings = nil
	}
	return json.Marshal(out)
}

func (d DateTime) reading(r Reading) reading {
	j := reading{Timex: r.Timex, Mod: r.Mod}
	zone := (*time.Location)(nil)
	if r.HasZone && r.UTCOffset > -24*60 && r.UTCOffset < 24*60 { // other offsets say that the name fixes none
		j.UTCOffset, zone = &r.UTCOffset, time.FixedZone("", r.UTCOffset*60)
	}
	layout := time.RFC3339
	switch d.Type {
	case Date, DateRange:
		layout = time.DateOnly
	case Time, TimeRange:
		layout = time.TimeOnly
	}
	format := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		if zone != nil { // the clock is that of the zone named
			t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone)
		}
		return t.Format(layout)
	}
	switch d.Type {
	case Duration:
		j.Seconds = &r.Seconds
	case Set, TimeZone:
	case DateRange, TimeRange, DateTimeRange:
		j.Start, j.End = format(r.Start), format(r.End)
	default:
		j.Value = format(r.Start)
	}
	return j
}
