package report

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"yingda/analytics"
	"yingda/analytics/query"
)

// Querier is what questions are asked of; *warehouse.Warehouse is one. It is safe for concurrent use.
type Querier interface {
	// Query runs one SELECT, with an argument for each ?.
	Query(ctx context.Context, sql string, args ...any) (*sql.Rows, error)
	// Through tells up to when events are in the tables.
	Through() time.Time
}

// ErrUnknown is returned for the name of a report that there is not.
var ErrUnknown = errors.New("there is no such report")

// Question is what a report is asked with. Name and Filter are needed; see analytics.Filter for what of it.
type Question struct {
	Name   string
	Filter analytics.Filter
	// Hours are the opening hours for waiting times. Default: always open, so that both kinds of waiting are the same.
	Hours query.Hours
	// Base is where the base begins that drift is measured against; it ends where the period begins. Default four weeks before the period.
	Base time.Time
	// Exact reads messages even where a roll-up would do. Default false. Only answer times differ: roll-ups hold them in buckets.
	Exact bool
	// Now is when the question is asked. Default time.Now().
	Now time.Time
}

// Run answers a report for a filter. Errors: ErrUnknown, *query.FilterError, those of the querier.
func Run(ctx context.Context, q Querier, name string, f analytics.Filter) (*analytics.Report, error) {
	return Answer(ctx, q, Question{Name: name, Filter: f})
}

// Answer answers a question. Errors: as Run.
func Answer(ctx context.Context, q Querier, ask Question) (*analytics.Report, error) {
	s, err := specOf(ask.Name)
	if err != nil {
		return nil, err
	}
	if ask.Now.IsZero() {
		ask.Now = time.Now()
	}
	a := &asker{ctx: ctx, q: q, ask: ask, spec: s, params: query.Params{Filter: ask.Filter, Through: q.Through(), Base: ask.Base, Hours: ask.Hours}}
	r := &analytics.Report{
		Name: s.name, Title: s.title, Filter: ask.Filter, Rows: [][]any{}, Notes: slices.Clone(s.notes), Charts: slices.Clone(s.charts),
		Through: a.params.Through.UTC(), Taken: ask.Now.UTC(),
	}
	for _, c := range s.columns {
		r.Columns = append(r.Columns, c.Column)
	}
	fill := s.fill
	if fill == nil {
		fill = plain
	}
	if err := fill(a, r); err != nil {
		return nil, fmt.Errorf("report %s: %w", s.name, err)
	}
	r.Queries = a.asked
	return r, nil
}

// Entry is a report as a list shows it.
type Entry struct {
	Name    string             `json:"name"`
	Title   analytics.Text     `json:"title"`
	About   analytics.Text     `json:"about"`
	Filters []string           `json:"filters"` // what it can be restricted by besides the period
	Columns []analytics.Column `json:"columns"`
}

// List tells which reports there are, in the order in which they are best read.
func List() []Entry {
	list := make([]Entry, 0, len(specs))
	for _, s := range specs {
		e := Entry{Name: s.name, Title: s.title, About: s.about, Filters: []string{}}
		if fields, err := query.Fields(s.file); err == nil {
			e.Filters = append(e.Filters, fields...)
		}
		for _, c := range s.columns {
			e.Columns = append(e.Columns, c.Column)
		}
		list = append(list, e)
	}
	return list
}

// Names lists the names of the reports.
func Names() []string {
	names := make([]string, 0, len(specs))
	for _, s := range specs {
		names = append(names, s.name)
	}
	return names
}

// Questions names the files of package query that a report asks. Errors: ErrUnknown.
func Questions(name string) ([]string, error) {
	s, err := specOf(name)
	if err != nil {
		return nil, err
	}
	return append([]string{s.file}, s.more...), nil
}

func specOf(name string) (*spec, error) {
	for _, s := range specs {
		if s.name == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("report %q: %w", name, ErrUnknown)
}

// asker asks the files of one report.
type asker struct {
	ctx    context.Context
	q      Querier
	ask    Question
	spec   *spec
	params query.Params
	asked  []string
}

// table is what a file answered: its columns by name, and rows.
type table struct {
	at   map[string]int
	rows [][]any
}

// read asks a file.
func (a *asker) read(file string) (*table, error) {
	st, err := query.Compile(file, query.DuckDB, a.params, true)
	if err != nil {
		return nil, err
	}
	shown, err := query.Compile(file, query.DuckDB, a.params, false)
	if err != nil {
		return nil, err
	}
	a.asked = append(a.asked, shown.SQL)
	rows, err := a.q.Query(a.ctx, st.SQL, st.Args...)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", file, err)
	}
	t, err := readAll(rows)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return t, nil
}

func readAll(rows *sql.Rows) (t *table, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	t = &table{at: make(map[string]int, len(names))}
	for i, name := range names {
		t.at[name] = i
	}
	for rows.Next() {
		row := make([]any, len(names))
		to := make([]any, len(names))
		for i := range row {
			to[i] = &row[i]
		}
		if err := rows.Scan(to...); err != nil {
			return nil, err
		}
		t.rows = append(t.rows, row)
	}
	return t, rows.Err()
}

// file is the one to ask for a report: the roll-up's where it gives the same numbers.
func (a *asker) file(detail, rollup string) string {
	if rollup == "" || a.ask.Exact || !wholeHours(a.ask.Filter) {
		return detail
	}
	known, err := query.Fields(rollup)
	if err != nil {
		return detail
	}
	for _, field := range query.Restrictions {
		if len(query.Values(a.ask.Filter, field)) > 0 && !slices.Contains(known, field) {
			return detail
		}
	}
	return rollup
}

// wholeHours tells whether the period and the days and hours of its zone keep to whole hours of UTC.
func wholeHours(f analytics.Filter) bool {
	if f.From.Truncate(time.Hour) != f.From.Round(0) || f.To.Truncate(time.Hour) != f.To.Round(0) {
		return false
	}
	if f.Zone == nil {
		return true
	}
	for at := f.From.In(f.Zone); ; {
		if _, offset := at.Zone(); offset%3600 != 0 {
			return false
		}
		_, next := at.ZoneBounds()
		if next.IsZero() || next.After(f.To) {
			return true
		}
		at = next.In(f.Zone)
	}
}
