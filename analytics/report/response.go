package report

import (
	"math"
	"time"

	"yingda/analytics"
)

// fillResponse fills answer times: exactly, or from the buckets of the roll-up.
func fillResponse(a *asker, r *analytics.Report) error {
	if a.file(a.spec.file, a.spec.rollup) == a.spec.file {
		return plain(a, r)
	}
	t, err := a.read(a.spec.rollup)
	if err != nil {
		return err
	}
	all := buckets{}
	var days []time.Time
	byDay := map[time.Time]buckets{}
	for _, row := range t.rows {
		day, _ := row[t.at["day"]].(time.Time)
		b, err := count(row[t.at["bucket"]])
		if err != nil {
			return err
		}
		n, err := count(row[t.at["n"]])
		if err != nil {
			return err
		}
		if byDay[day] == nil {
			byDay[day] = buckets{}
			days = append(days, day)
		}
		byDay[day].add(b, n)
		all.add(b, n)
	}
	for _, day := range days {
		r.Rows = append(r.Rows, []any{day.UTC(), byDay[day].quantiles()})
	}
	if len(days) > 0 {
		r.Totals = [][]any{{nil, all.quantiles()}}
	}
	r.Notes = append(r.Notes, text("按每小时汇总的分桶计算：分位数误差不超过 3.6%；要精确值请关闭汇总（exact）。", "From hourly buckets: quantiles are right to 3.6 %; ask for exact ones with exact."))
	return nil
}

// buckets count milliseconds: bucket b holds 2^(b/10) <= ms < 2^((b+1)/10).
type buckets map[int64]int64

func (bs buckets) add(b, n int64) { bs[b] += n }

// quantiles gives the geometric middle of the bucket that holds the observation of rank ⌈p·n⌉: at most a factor 2^(1/20) off.
func (bs buckets) quantiles() *analytics.Quantiles {
	least, most := int64(math.MaxInt64), int64(math.MinInt64)
	q := &analytics.Quantiles{}
	for b, n := range bs {
		least, most = min(least, b), max(most, b)
		q.N += n
	}
	if q.N == 0 {
		return q
	}
	at := func(p float64) float64 {
		rank, seen := int64(math.Ceil(p*float64(q.N))), int64(0)
		for b := least; b <= most; b++ {
			if seen += bs[b]; seen >= rank {
				return math.Exp2((float64(b) + 0.5) / 10)
			}
		}
		return math.Exp2((float64(most) + 0.5) / 10)
	}
	q.P50, q.P90, q.P95, q.P99 = at(0.5), at(0.9), at(0.95), at(0.99)
	return q
}
