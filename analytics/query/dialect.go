package query

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Dialect is a database's way to write what the others write differently.
type Dialect struct {
	name     string
	time     string // literal, %s = 2006-01-02 15:04:05.000000
	date     string // literal, %s = 2006-01-02
	micros   string // microseconds since 1970, %s = timestamp
	weekday  string // 1 = Monday
	quantile string // $p, $x, $i = place of p in [quantiles]: where that is used, the four are computed in one go
	last     string // %[1]s = x, %[2]s = by
	first    string
	each     string // %[1]s = list, %[2]s = name
	part     string // %[1]s = text, %[2]s = mark, %[3]s = number
	slashes  bool   // a backslash in a quoted text escapes
}

// String returns the dialect's name.
func (d Dialect) String() string { return d.name }

// The dialects.
var (
	DuckDB = Dialect{
		name: "duckdb", time: "TIMESTAMP '%s'", date: "DATE '%s'", micros: "epoch_us(%s)", weekday: "isodow(%s)",
		quantile: "quantile_cont($x, [0.5, 0.9, 0.95, 0.99])[$i]", last: "arg_max(%s, %s)", first: "arg_min(%s, %s)",
		each: "CROSS JOIN UNNEST(%[1]s) AS each_%[2]s(%[2]s)", part: "split_part(%s, %s, %s)",
	}
	Spark = Dialect{
		name: "spark", time: "TIMESTAMP '%s'", date: "DATE '%s'", micros: "unix_micros(CAST(%s AS TIMESTAMP))", weekday: "(weekday(%s) + 1)",
		quantile: "percentile($x, $p)", last: "max_by(%s, %s)", first: "min_by(%s, %s)",
		each: "LATERAL VIEW explode(%[1]s) each_%[2]s AS %[2]s", part: "split_part(%s, %s, %s)", slashes: true,
	}
	ClickHouse = Dialect{
		name: "clickhouse", time: "toDateTime64('%s', 6, 'UTC')", date: "toDate('%s')", micros: "toUnixTimestamp64Micro(toDateTime64(%s, 6, 'UTC'))", weekday: "toDayOfWeek(%s)",
		quantile: "quantileExactInclusive($p)($x)", last: "argMax(%s, %s)", first: "argMin(%s, %s)",
		each: "ARRAY JOIN %[1]s AS %[2]s", part: "splitByString(%[2]s, %[1]s)[%[3]s]", slashes: true,
	}
)

// quantiles are those that questions ask for.
var quantiles = []string{"0.5", "0.9", "0.95", "0.99"}

// quantileOf writes the p-quantile of x. ok is false for a p that no question asks for.
func (d Dialect) quantileOf(p, x string) (text string, ok bool) {
	at := slices.Index(quantiles, p)
	return strings.NewReplacer("$p", p, "$x", x, "$i", strconv.Itoa(at+1)).Replace(d.quantile), at >= 0
}

// ParseDialect finds a dialect by its name.
func ParseDialect(name string) (Dialect, error) {
	for _, d := range []Dialect{DuckDB, Spark, ClickHouse} {
		if d.name == name {
			return d, nil
		}
	}
	return Dialect{}, fmt.Errorf("dialect %q: want duckdb, spark or clickhouse", name)
}

// moment writes a time as a literal.
func (d Dialect) moment(t time.Time) string {
	return fmt.Sprintf(d.time, t.UTC().Format("2006-01-02 15:04:05.000000"))
}

// quote writes a text as a literal.
func (d Dialect) quote(text string) string {
	if d.slashes {
		return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// shift writes ts moved by an offset in seconds.
func shift(ts string, seconds int) string {
	switch {
	case seconds == 0:
		return ts
	case seconds < 0:
		return fmt.Sprintf("(%s - INTERVAL '%d' SECOND)", ts, -seconds)
	}
	return fmt.Sprintf("(%s + INTERVAL '%d' SECOND)", ts, seconds)
}

// local writes ts in a zone. The changes of the zone's offset around the period are written out, so that no database's own zones are needed
// and all agree.
func (d Dialect) local(ts string, zone *time.Location, from, to time.Time) string {
	const margin = 62 * 24 * time.Hour // what belongs to the period may lie outside
	at := from.Add(-margin).In(zone)
	var b strings.Builder
	_, offset := at.Zone()
	for {
		_, next := at.ZoneBounds()
		if next.IsZero() || next.After(to.Add(margin)) {
			break
		}
		_, after := next.In(zone).Zone()
		if after != offset {
			fmt.Fprintf(&b, "WHEN %s < %s THEN %s ", ts, d.moment(next), shift(ts, offset))
		}
		at, offset = next.In(zone), after
	}
	if b.Len() == 0 {
		return shift(ts, offset)
	}
	return "CASE " + b.String() + "ELSE " + shift(ts, offset) + " END"
}
