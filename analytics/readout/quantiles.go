package readout

import (
	"context"
	"fmt"
	"strconv"

	"yingda/analytics/abtest"
)

// quantileOf asks for a quantile of a variant and what its interval needs, with the number of customers behind it. ok is false where there are too few rows.
func (p *Plan) quantileOf(ctx context.Context, q Querier, m *Metric, variant string) (e abtest.Estimate, units int64, ok bool, err error) {
	with := "WITH " + p.units() + ", " + p.rowsOf(m.source, m.num+" AS v") + ", k AS (SELECT r.unit, CAST(r.v AS DOUBLE) AS v FROM r JOIN u ON u.unit = r.unit WHERE r.post = 1 AND r.v IS NOT NULL AND u.variant = ?)"
	ask := func(text string, dest ...any) error {
		rows, err := q.Query(ctx, with+text, p.Tenant, p.Name, p.Tenant, variant)
		if err != nil {
			return fmt.Errorf("%s of %s: %w", m.Name, p.Name, err)
		}
		defer rows.Close()
		for rows.Next() {
			if err := rows.Scan(dest...); err != nil {
				return fmt.Errorf("%s of %s: %w", m.Name, p.Name, err)
			}
		}
		return rows.Err()
	}
	s := abtest.QuantileSums{Level: m.quantile, Units: &abtest.RatioSums{}}
	if err := ask(" SELECT CAST(count(*) AS DOUBLE) FROM k", &s.N); err != nil || s.N < 2 {
		return e, 0, false, err
	}
	low, high := abtest.QuantileLevels(s.Level, s.N)
	at := func(level float64) string { return "quantile_cont(v, " + strconv.FormatFloat(level, 'f', -1, 64) + ")" }
	if err := ask(" SELECT "+at(s.Level)+", "+at(low)+", "+at(high)+" FROM k", &s.Value, &s.Low, &s.High); err != nil {
		return e, 0, false, err
	}
	value := strconv.FormatFloat(s.Value, 'g', -1, 64)
	u := s.Units
	err = ask(" SELECT CAST(count(*) AS DOUBLE), sum(b), sum(b*b), sum(n), sum(n*n), sum(b*n) FROM (SELECT CAST(sum(CASE WHEN v <= CAST("+value+" AS DOUBLE) THEN 1 ELSE 0 END) AS DOUBLE) AS b, CAST(count(*) AS DOUBLE) AS n FROM k GROUP BY unit) c",
		&u.Num.N, &u.Num.Sum, &u.Num.Squares, &u.Den.Sum, &u.Den.Squares, &u.Cross)
	u.Den.N = u.Num.N
	if err != nil {
		return e, 0, false, err
	}
	e, ok = abtest.QuantileOf(s)
	return e, int64(u.Num.N), ok, nil
}
