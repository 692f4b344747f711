package readout

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"yingda/analytics/abtest"
)

// Querier asks the warehouse. *warehouse.Warehouse is one.
type Querier interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	// Through is the time up to which events are in the tables.
	Through() time.Time
}

// cuts are the dimensions that results can be looked into by: what the customer's first session since the exposure was.
var cuts = []string{"channel", "lang", "tier"}

// stamp writes a time as the warehouse's TIMESTAMP.
func stamp(t time.Time) string {
	return "TIMESTAMP '" + t.UTC().Format("2006-01-02 15:04:05.000000") + "'"
}

// units is the part of each query that says who counts, and since when; it takes tenant and experiment. seen has all customers, u those of one
// variant.
func (p *Plan) units() string {
	return `seen AS (
  SELECT unit, min(variant) AS variant, count(DISTINCT variant) AS arms, min(ts) AS met FROM exposures
  WHERE tenant = ? AND experiment = ? AND unit <> '' AND ts >= ` + stamp(p.From) + ` AND ts < ` + stamp(p.To) + ` GROUP BY unit
), u AS (SELECT unit, variant, met FROM seen WHERE arms = 1)`
}

// rowsOf is the part that says which sessions (or turns) count; it takes the tenant. post is 1 for those since the exposure, 0 for those before.
func (p *Plan) rowsOf(src source, columns string) string {
	table, begin, end, over := "sessions", "s.started", "s.ended", "s.over AND "
	if src == ofTurns {
		table, begin, end, over = "turns", "s.ts", "s.ts", ""
	}
	after := end + " >= u.met AND " + begin + " < " + stamp(p.To)
	if p.Window > 0 {
		after += fmt.Sprintf(" AND %s < u.met + INTERVAL %d SECOND", begin, int64(p.Window/time.Second))
	}
	where := "(" + after + ")"
	if p.Lookback > 0 {
		where = fmt.Sprintf("(%s OR %s < u.met AND %s >= u.met - INTERVAL %d DAY)", where, end, begin, p.Lookback)
	}
	return fmt.Sprintf(`r AS (
  SELECT u.unit, %s AS began, CASE WHEN %s >= u.met THEN 1 ELSE 0 END AS post, %s
  FROM u JOIN %s s ON s.tenant = ? AND s.customer = u.unit WHERE %s%s
)`, begin, end, columns, table, over, where)
}

// armSums are a variant's sums of a metric.
type armSums = abtest.CupedRatioSums

// sums asks for the sums of metrics of one table by cut ("" = none) and variant.
func (p *Plan) sums(ctx context.Context, q Querier, src source, ms []*Metric, cut string) (map[string]map[string][]armSums, error) {
	if len(ms) == 0 {
		return nil, nil
	}
	text := p.sumsSQL(src, ms, cut, q.Through())
	rows, err := q.Query(ctx, text, p.Tenant, p.Name, p.Tenant)
	if err != nil {
		return nil, fmt.Errorf("results of %s: %w", p.Name, err)
	}
	defer rows.Close()
	out := map[string]map[string][]armSums{}
	for rows.Next() {
		var cutValue, variant string
		var n float64
		values := make([]float64, len(columnsOfSums)*len(ms))
		dest := []any{&cutValue, &variant, &n}
		for i := range values {
			dest = append(dest, &values[i])
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, fmt.Errorf("results of %s: %w", p.Name, err)
		}
		if out[cutValue] == nil {
			out[cutValue] = map[string][]armSums{}
		}
		for i := range ms {
			out[cutValue][variant] = append(out[cutValue][variant], sumsOf(n, values[i*len(columnsOfSums):]))
		}
	}
	return out, rows.Err()
}

// columnsOfSums are what is added up over customers: a, b numerator and denominator since the exposure, p, q those before.
var columnsOfSums = []string{"a", "a*a", "b", "b*b", "a*b", "p", "p*p", "q", "q*q", "p*q", "a*p", "b*q", "a*q", "b*p"}

func sumsOf(n float64, v []float64) armSums {
	s := func(i int) abtest.Sums { return abtest.Sums{N: n, Sum: v[i], Squares: v[i+1]} }
	return armSums{
		Post:   abtest.RatioSums{Num: s(0), Den: s(2), Cross: v[4]},
		Pre:    abtest.RatioSums{Num: s(5), Den: s(7), Cross: v[9]},
		NumNum: v[10], DenDen: v[11], NumDen: v[12], DenNum: v[13],
	}
}

// sumsSQL writes the query. All that is put into it are expressions of this package, times and whole numbers.
func (p *Plan) sumsSQL(src source, ms []*Metric, cut string, through time.Time) string {
	var rowCols, unitCols, armCols []string
	for i, m := range ms {
		den := m.den
		if den == "" {
			den = "0" // set to 1 a customer below
		}
		rowCols = append(rowCols, fmt.Sprintf("%s AS num%d, %s AS den%d", m.num, i, den, i))
		for _, c := range []struct{ name, col, post string }{{"a", "num", "1"}, {"b", "den", "1"}, {"p", "num", "0"}, {"q", "den", "0"}} {
			expr := fmt.Sprintf("CAST(coalesce(sum(CASE WHEN r.post = %s THEN r.%s%d END), 0) AS DOUBLE)", c.post, c.col, i)
			if m.den == "" && c.col == "den" {
				expr = "1.0"
			}
			unitCols = append(unitCols, fmt.Sprintf("%s AS %s%d", expr, c.name, i))
		}
		for _, c := range columnsOfSums {
			parts := strings.Split(c, "*")
			for k := range parts {
				parts[k] = fmt.Sprintf("x.%s%d", parts[k], i)
			}
			armCols = append(armCols, "sum("+strings.Join(parts, "*")+")")
		}
	}
	cutOf := "''"
	if cut != "" {
		rowCols = append(rowCols, "s."+cut+" AS cut")
		cutOf = "coalesce(arg_min(CASE WHEN r.post = 1 THEN r.cut END, r.began), '')"
	}
	text := "WITH " + p.units() + ", " + p.rowsOf(src, strings.Join(rowCols, ", ")) + `, x AS (
  SELECT u.unit, u.variant, ` + cutOf + ` AS cut, ` + strings.Join(unitCols, ", ") + `
  FROM u LEFT JOIN r ON r.unit = u.unit GROUP BY u.unit, u.variant
)
SELECT x.cut, x.variant, CAST(count(*) AS DOUBLE), ` + strings.Join(armCols, ", ") + ` FROM x GROUP BY x.cut, x.variant ORDER BY x.cut, x.variant`
	return strings.ReplaceAll(text, ":through", stamp(through))
}

// arrivals are customers by the hour of their first exposure; by the minute where weights changed, as a bandit's may do every hour.
type arrivals struct {
	hours   []hourly  // in order
	last    time.Time // the last exposure of anybody
	crossed int64     // customers who met more than one variant
	unnamed int64     // exposures without a customer
}

type hourly struct {
	hour    time.Time
	variant string
	n       int64
}

// step is how finely arrivals are counted, unit its name in SQL.
func (p *Plan) step() time.Duration {
	if len(p.Phases) > 1 {
		return time.Minute
	}
	return time.Hour
}

func (p *Plan) unit() string {
	if len(p.Phases) > 1 {
		return "minute"
	}
	return "hour"
}

// arrive asks when customers came to which variant.
func (p *Plan) arrive(ctx context.Context, q Querier) (arrivals, error) {
	var a arrivals
	rows, err := q.Query(ctx, "WITH "+p.units()+" SELECT date_trunc('"+p.unit()+"', met) AS hour, CASE WHEN arms > 1 THEN '' ELSE variant END AS v, arms > 1 AS crossed, count(*) FROM seen GROUP BY 1, 2, 3 ORDER BY 1, 2", p.Tenant, p.Name)
	if err != nil {
		return a, fmt.Errorf("exposures of %s: %w", p.Name, err)
	}
	defer rows.Close()
	for rows.Next() {
		var h hourly
		var crossed bool
		if err := rows.Scan(&h.hour, &h.variant, &crossed, &h.n); err != nil {
			return a, fmt.Errorf("exposures of %s: %w", p.Name, err)
		}
		if crossed {
			a.crossed += h.n
		} else {
			a.hours = append(a.hours, h)
		}
	}
	if err := rows.Err(); err != nil {
		return a, fmt.Errorf("exposures of %s: %w", p.Name, err)
	}
	return a, a.rest(ctx, q, p)
}

// rest counts exposures that belong to no customer, and finds the last of all.
func (a *arrivals) rest(ctx context.Context, q Querier, p *Plan) error {
	rows, err := q.Query(ctx, "SELECT count(CASE WHEN unit = '' THEN 1 END), max(ts) FROM exposures WHERE tenant = ? AND experiment = ? AND ts >= "+stamp(p.From)+" AND ts < "+stamp(p.To), p.Tenant, p.Name)
	if err != nil {
		return fmt.Errorf("exposures of %s: %w", p.Name, err)
	}
	defer rows.Close()
	for rows.Next() {
		var last sql.NullTime
		if err := rows.Scan(&a.unnamed, &last); err != nil {
			return fmt.Errorf("exposures of %s: %w", p.Name, err)
		}
		a.last = last.Time
	}
	return rows.Err()
}

// variants lists the variants that were seen, "control" first.
func (a *arrivals) variants() []string {
	var out []string
	for _, h := range a.hours {
		if !slices.Contains(out, h.variant) {
			out = append(out, h.variant)
		}
	}
	slices.SortFunc(out, func(x, y string) int {
		if (x == "control") != (y == "control") {
			if x == "control" {
				return -1
			}
			return 1
		}
		return strings.Compare(x, y)
	})
	return out
}
