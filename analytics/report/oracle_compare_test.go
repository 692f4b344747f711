package report_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"yingda/analytics"
)

// quantile is the one between the two nearest (type 7).
func quantile(xs []float64, p float64) float64 {
	slices.Sort(xs)
	at := p * float64(len(xs)-1)
	low := math.Floor(at)
	i := int(low)
	if i+1 >= len(xs) {
		return xs[len(xs)-1]
	}
	return xs[i] + (at-low)*(xs[i+1]-xs[i])
}

func near(a, b float64) bool {
	return a == b || math.Abs(a-b) <= 1e-9*max(1e-3, math.Abs(a), math.Abs(b))
}

// compareCell holds a cell against what the oracle expects.
func compareCell(got, want any) string {
	ok := false
	switch want := want.(type) {
	case *int64:
		n, is := got.(int64)
		ok = is && n == *want
	case *score:
		m, is := got.(*analytics.Mean)
		n := want.promoters + want.passives + want.detractors
		ok = is && m.N == n && (n == 0 || near(m.Value, 100*float64(want.promoters-want.detractors)/float64(n)))
	case *rate:
		r, is := got.(*analytics.Rate)
		ok = is && r.Num == want.num && r.N == want.n && (want.n == 0 || near(r.Value, float64(want.num)/float64(want.n)))
	case *mean:
		m, is := got.(*analytics.Mean)
		ok = is && m.N == want.n && (want.n == 0 || near(m.Value, want.sum/float64(want.n)))
	case *sample:
		q, is := got.(*analytics.Quantiles)
		ok = is && q.N == int64(len(*want))
		for i, p := range []float64{0.5, 0.9, 0.95, 0.99} {
			ok = ok && (len(*want) == 0 || near([]float64{q.P50, q.P90, q.P95, q.P99}[i], quantile(*want, p)))
		}
	case skip:
		ok = true
	case float64:
		x, is := got.(float64)
		ok = is && near(x, want)
	case nil:
		ok = got == nil
	}
	if ok {
		return ""
	}
	return fmt.Sprintf("got %+v, want %+v", deref(got), deref(want))
}

func deref(v any) any {
	switch v := v.(type) {
	case *int64:
		return *v
	case *rate:
		return *v
	case *mean:
		return *v
	case *sample:
		return *v
	case *score:
		return *v
	case *analytics.Rate:
		return *v
	case *analytics.Mean:
		return *v
	case *analytics.Quantiles:
		return *v
	}
	return v
}

// compareReport holds a report against what the oracle expects, by the labels at the beginning of rows.
func compareReport(t *testing.T, r *analytics.Report, labels int, want map[string][]any) {
	t.Helper()
	seen := map[string]bool{}
	check := func(row []any) {
		parts := make([]string, 0, labels)
		for _, v := range row[:labels] {
			switch v := v.(type) {
			case time.Time:
				parts = append(parts, v.Format(dayKey))
			case string:
				parts = append(parts, v)
			}
		}
		key := strings.Join(parts, "|")
		if prefix := map[string]string{"aht": "q", "channels": "=", "tiers": "=", "langs": "=", "nps-parts": "="}[r.Name]; row[0] != nil {
			key = prefix + key // an empty label is not a total
		}
		seen[key] = true
		if want[key] == nil {
			t.Errorf("%s: row %q is not expected", r.Name, key)
			return
		}
		for i, w := range want[key] {
			if why := compareCell(row[labels+i], w); why != "" {
				t.Errorf("%s %q %s: %s", r.Name, key, r.Columns[labels+i].Name, why)
			}
		}
	}
	for _, row := range r.Rows {
		check(row)
	}
	for _, row := range r.Totals {
		check(row)
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if !seen[key] {
			t.Errorf("%s: row %q is missing", r.Name, key)
		}
	}
}
