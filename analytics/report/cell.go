package report

import (
	"fmt"
	"math/big"
	"time"

	"yingda/analytics"
)

// number reads a number of a database. NULL is not one.
func number(v any) (float64, bool, error) {
	switch v := v.(type) {
	case nil:
		return 0, false, nil
	case int64:
		return float64(v), true, nil
	case int32:
		return float64(v), true, nil
	case uint8:
		return float64(v), true, nil
	case float64:
		return v, true, nil
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		return f, true, nil
	}
	return 0, false, fmt.Errorf("%T is not a number", v)
}

// count reads a whole number; NULL is 0.
func count(v any) (int64, error) {
	switch v := v.(type) {
	case nil:
		return 0, nil
	case int64:
		return v, nil
	case int32:
		return int64(v), nil
	case uint8:
		return int64(v), nil
	}
	return 0, fmt.Errorf("%T is not a whole number", v)
}

// pick returns the values of a row that a column is made of.
func (t *table) pick(c *column, row []any) ([]any, error) {
	vs := make([]any, len(c.from))
	for i, name := range c.from {
		at, ok := t.at[name]
		if !ok {
			return nil, fmt.Errorf("column %s: the question has no %s", c.Name, name)
		}
		vs[i] = row[at]
	}
	return vs, nil
}

// cell makes a column's value of those that the database gave. Without observations it is a value whose N is 0.
func cell(c *column, vs []any) (any, error) {
	switch {
	case c.make != nil:
		return c.make(vs)
	case c.Kind == analytics.Share:
		return share(vs)
	case c.Kind == analytics.Count:
		return count(vs[0])
	case c.Kind == analytics.Day:
		if at, ok := vs[0].(time.Time); ok {
			return at.UTC(), nil
		}
		return nil, nil
	case c.Kind == analytics.Label || c.Kind == analytics.Findings:
		return label(vs[0]), nil
	case len(vs) == 3:
		return mean(vs)
	case len(vs) == 5:
		return quantiles(vs)
	}
	v, ok, err := number(vs[0])
	if !ok {
		return nil, err
	}
	return v, nil
}

func label(v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		return v
	}
	return fmt.Sprint(v)
}

func share(vs []any) (any, error) {
	num, err := count(vs[0])
	if err != nil {
		return nil, err
	}
	n, err := count(vs[1])
	if err != nil {
		return nil, err
	}
	r, err := NewRate(num, n)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func mean(vs []any) (any, error) {
	n, err := count(vs[0])
	if err != nil {
		return nil, err
	}
	sum, _, err := number(vs[1])
	if err != nil {
		return nil, err
	}
	squares, _, err := number(vs[2])
	if err != nil {
		return nil, err
	}
	r := NewMean(n, sum, squares)
	r.Low = max(0, r.Low) // all that reports average is counted or timed
	return r, nil
}

func quantiles(vs []any) (any, error) {
	n, err := count(vs[0])
	if err != nil {
		return nil, err
	}
	q := &analytics.Quantiles{N: n}
	for i, to := range []*float64{&q.P50, &q.P90, &q.P95, &q.P99} {
		if *to, _, err = number(vs[i+1]); err != nil {
			return nil, err
		}
	}
	return q, nil
}

// plain fills a report from one file: its rows, those marked as total apart, and where it says so the sum of all rows.
func plain(a *asker, r *analytics.Report) error {
	t, err := a.read(a.file(a.spec.file, a.spec.rollup))
	if err != nil {
		return err
	}
	mark, marked := t.at["total"]
	for _, row := range t.rows {
		cells, err := a.spec.cells(t, row)
		if err != nil {
			return err
		}
		total := int64(0)
		if marked {
			if total, err = count(row[mark]); err != nil {
				return err
			}
		}
		if total == 1 {
			r.Totals = append(r.Totals, cells)
		} else {
			r.Rows = append(r.Rows, cells)
		}
	}
	if len(r.Rows) == 0 {
		r.Totals = nil // of nothing
	}
	if a.spec.sum && len(t.rows) > 0 {
		return addTotal(a.spec, t, r)
	}
	return nil
}

func (s *spec) cells(t *table, row []any) ([]any, error) {
	cells := make([]any, len(s.columns))
	for i := range s.columns {
		c := &s.columns[i]
		vs, err := t.pick(c, row)
		if err != nil {
			return nil, err
		}
		if cells[i], err = cell(c, vs); err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
	}
	return cells, nil
}

// addTotal adds the numbers of all rows up. Labels of the total are nil.
func addTotal(s *spec, t *table, r *analytics.Report) error {
	total := make([]any, len(s.columns))
	for i := range s.columns {
		c := &s.columns[i]
		switch c.Kind {
		case analytics.Label, analytics.Day, analytics.Findings, analytics.Moment:
			continue
		}
		sums, err := t.sums(c)
		if err != nil {
			return err
		}
		if total[i], err = cell(c, sums); err != nil {
			return err
		}
	}
	r.Totals = append(r.Totals, total)
	return nil
}

// sums adds up what a column is made of.
func (t *table) sums(c *column) ([]any, error) {
	whole, broken := make([]int64, len(c.from)), make([]float64, len(c.from))
	for _, row := range t.rows {
		vs, err := t.pick(c, row)
		if err != nil {
			return nil, err
		}
		for i, v := range vs {
			switch v := v.(type) {
			case float64:
				broken[i] += v
			default:
				n, err := count(v)
				if err != nil {
					return nil, err
				}
				whole[i] += n
			}
		}
	}
	vs := make([]any, len(c.from))
	for i := range vs {
		if vs[i] = any(whole[i]); broken[i] != 0 {
			vs[i] = broken[i] + float64(whole[i])
		}
	}
	return vs, nil
}
