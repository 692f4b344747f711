package query

import (
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"yingda/analytics"
)

//go:embed *.sql
var files embed.FS

// ErrUnknown is returned for a name that no file has.
var ErrUnknown = errors.New("there is no such question")

// FilterError says what is wrong with a filter.
type FilterError struct {
	Field  string // as in analytics.Filter's JSON
	Reason string
}

// Error names the field and the reason.
func (e *FilterError) Error() string { return e.Field + " " + e.Reason }

// Params are what a question is asked with.
type Params struct {
	Filter  analytics.Filter
	Through time.Time // events up to here are in the tables; decides which callback windows have passed
	Base    time.Time // begin of drift's base; default four weeks before Filter.From
	Hours   Hours     // opening hours; default always open
}

// Statement is a question for one database.
type Statement struct {
	SQL  string
	Args []any // for each ? of SQL, in order
}

// Names lists the questions, in order.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil // an embedded folder can be read
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".sql"))
	}
	return names
}

// Source returns the text of a question as it stands in its file. Errors: ErrUnknown.
func Source(name string) (string, error) {
	if strings.ContainsAny(name, `/\.`) {
		return "", fmt.Errorf("question %q: %w", name, ErrUnknown)
	}
	text, err := files.ReadFile(name + ".sql")
	if err != nil {
		return "", fmt.Errorf("question %q: %w", name, ErrUnknown)
	}
	return string(text), nil
}

// Fields tells by which fields of a filter a question can be restricted. Errors: ErrUnknown.
func Fields(name string) ([]string, error) {
	text, err := Source(name)
	if err != nil {
		return nil, err
	}
	_, fields := split(text)
	return fields, nil
}

// Compile writes a question out for a database. With bind, texts become arguments, which DuckDB takes; without it they are quoted, so that the
// statement can be run by hand or by another system. Errors: ErrUnknown, *FilterError.
func Compile(name string, d Dialect, p Params, bind bool) (Statement, error) {
	text, err := Source(name)
	if err != nil {
		return Statement{}, err
	}
	body, fields := split(text)
	if err := p.check(fields); err != nil {
		return Statement{}, err
	}
	w := &writer{d: d, p: p, bind: bind, fields: fields}
	w.write(body)
	if w.err != nil {
		return Statement{}, fmt.Errorf("question %s: %w", name, w.err)
	}
	return Statement{strings.TrimSpace(w.out.String()), w.args}, nil
}

// split takes the comments off and reads the fields that they name.
func split(text string) (body string, fields []string) {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "-- filters:"); ok {
			fields = strings.Fields(rest)
		}
		code, _, commented := strings.Cut(line, "--")
		if commented {
			if code = strings.TrimRight(code, " \t"); code == "" {
				continue
			}
			code += "\n"
		}
		b.WriteString(code)
	}
	return b.String(), fields
}

// The limits of a filter.
const (
	mostValues  = 100
	mostLetters = 200
	mostLimit   = 10000
	defaultRows = 20
)

// Values returns the values of a field of the filter, by the name of the column that it restricts.
func Values(f analytics.Filter, field string) []string {
	switch field {
	case "channel":
		return f.Channels
	case "lang":
		return f.Langs
	case "tier":
		return f.Tiers
	case "intent":
		return f.Intents
	case "queue":
		return f.Queues
	case "bundle":
		return f.Bundles
	}
	return nil
}

// Restrictions are the columns that a filter can restrict.
var Restrictions = []string{"channel", "lang", "tier", "intent", "queue", "bundle"}

// check tells what is wrong with the parameters for a question that knows the fields.
func (p *Params) check(fields []string) error {
	f := p.Filter
	switch {
	case f.Tenant == "":
		return &FilterError{"tenant", "is missing"}
	case f.From.IsZero() || f.To.IsZero():
		return &FilterError{"from, to", "are both needed"}
	case !f.From.Before(f.To):
		return &FilterError{"from", "must be before to"}
	case f.To.Sub(f.From) > 10*366*24*time.Hour:
		return &FilterError{"from, to", "are more than ten years apart"}
	case f.From.Year() < 1900 || f.To.Year() > 2200:
		return &FilterError{"from, to", "must lie between the years 1900 and 2200"}
	case f.Limit < 0 || f.Limit > mostLimit:
		return &FilterError{"limit", fmt.Sprintf("must be between 1 and %d", mostLimit)}
	}
	for _, field := range Restrictions {
		values := Values(f, field)
		if len(values) > 0 && !slices.Contains(fields, field) {
			return &FilterError{field + "s", "does not apply here; can be restricted by: " + orNone(fields)}
		}
		if len(values) > mostValues {
			return &FilterError{field + "s", fmt.Sprintf("has %d values, at most %d are allowed", len(values), mostValues)}
		}
		for _, v := range values {
			if len(v) > mostLetters || strings.ContainsRune(v, 0) || strings.ToValidUTF8(v, "") != v {
				return &FilterError{field + "s", fmt.Sprintf("has a value that is not UTF-8 of at most %d bytes", mostLetters)}
			}
		}
	}
	return p.Hours.Validate()
}

func orNone(fields []string) string {
	if len(fields) == 0 {
		return "nothing"
	}
	return strings.Join(fields, ", ")
}
