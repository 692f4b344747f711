package query

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// writer writes a question out.
type writer struct {
	d      Dialect
	p      Params
	bind   bool
	fields []string
	out    strings.Builder
	args   []any
	err    error
}

// write writes text with its macros and placeholders. Quoted texts are left as they are.
func (w *writer) write(text string) {
	for i := 0; i < len(text) && w.err == nil; {
		switch c := text[i]; {
		case c == '\'':
			end := strings.IndexByte(text[i+1:], '\'')
			if end < 0 {
				w.err = fmt.Errorf("a quote is not closed")
				return
			}
			w.out.WriteString(text[i : i+end+2])
			i += end + 2
		case c == ':' && i+1 < len(text) && letter(text[i+1]):
			name := word(text[i+1:])
			w.placeholder(name)
			i += 1 + len(name)
		case c == '@':
			name := word(text[i+1:])
			args, n, err := arguments(text[i+1+len(name):])
			if err != nil {
				w.err = fmt.Errorf("@%s: %w", name, err)
				return
			}
			w.macro(name, args)
			i += 1 + len(name) + n
		default:
			w.out.WriteByte(c)
			i++
		}
	}
}

func letter(c byte) bool { return 'a' <= c && c <= 'z' || c == '_' }

func word(text string) string {
	n := 0
	for n < len(text) && letter(text[n]) {
		n++
	}
	return text[:n]
}

// arguments reads (a, b, …) at the beginning of text; n is its length. Macros may stand in arguments.
func arguments(text string) (args []string, n int, err error) {
	if !strings.HasPrefix(text, "(") {
		return nil, 0, fmt.Errorf("want (")
	}
	depth, quoted, start := 0, false, 1
	for i := range len(text) {
		c := text[i]
		switch {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth == 0 {
				return append(args, strings.TrimSpace(text[start:i])), i + 1, nil
			}
		case c == ',' && depth == 1:
			args = append(args, strings.TrimSpace(text[start:i]))
			start = i + 1
		}
	}
	return nil, 0, fmt.Errorf("a parenthesis is not closed")
}

// placeholder writes :name.
func (w *writer) placeholder(name string) {
	f := w.p.Filter
	switch name {
	case "tenant":
		w.text(f.Tenant)
	case "from":
		w.out.WriteString(w.d.moment(f.From))
	case "to":
		w.out.WriteString(w.d.moment(f.To))
	case "through":
		w.out.WriteString(w.d.moment(w.p.Through))
	case "before":
		w.out.WriteString(w.d.moment(w.p.Before()))
	case "base":
		w.out.WriteString(w.d.moment(w.p.BaseFrom()))
	case "limit":
		n := f.Limit
		if n == 0 {
			n = defaultRows
		}
		w.out.WriteString(strconv.Itoa(n))
	default:
		w.err = fmt.Errorf("there is no placeholder :%s", name)
	}
}

// Before is the begin of the period of the same length before the filter's.
func (p Params) Before() time.Time { return p.Filter.From.Add(p.Filter.From.Sub(p.Filter.To)) }

// BaseFrom is the begin of drift's base.
func (p Params) BaseFrom() time.Time {
	if p.Base.IsZero() {
		return p.Filter.From.Add(-28 * 24 * time.Hour)
	}
	return p.Base
}

func (w *writer) text(s string) {
	if !w.bind {
		w.out.WriteString(w.d.quote(s))
		return
	}
	w.out.WriteByte('?')
	w.args = append(w.args, s)
}

// bounds tells the times that a placeholder stands for.
func (w *writer) bound(name string) time.Time {
	switch name {
	case ":from":
		return w.p.Filter.From
	case ":to":
		return w.p.Filter.To
	case ":through":
		return w.p.Through
	case ":before":
		return w.p.Before()
	case ":base":
		return w.p.BaseFrom()
	}
	w.err = fmt.Errorf("%s is no bound of time", name)
	return time.Time{}
}

// macro writes @name(args).
func (w *writer) macro(name string, args []string) {
	need := map[string]int{"range": 2, "span": 4, "local": 1, "day": 1, "weekday": 1, "hour": 1, "seconds": 2, "open": 2, "quantile": 2, "last": 2, "first": 2, "each": 2, "part": 3}
	if n, ok := need[name]; name != "filter" && (!ok || n != len(args)) {
		w.err = fmt.Errorf("@%s with %d arguments is not known", name, len(args))
		return
	}
	d, f := w.d, w.p.Filter
	zone := f.Zone
	if zone == nil {
		zone = time.UTC
	}
	local := func(ts string) string { return d.local(ts, zone, f.From, f.To) }
	switch name {
	case "range":
		w.span(args[0], args[1], ":from", ":to")
	case "span":
		w.span(args[0], args[1], args[2], args[3])
	case "filter":
		w.filter(args[0], args[1:])
	case "local":
		w.write(local(args[0]))
	case "day":
		w.write("CAST(" + local(args[0]) + " AS DATE)")
	case "weekday":
		w.write(fmt.Sprintf(d.weekday, local(args[0])))
	case "hour":
		w.write("extract(HOUR FROM " + local(args[0]) + ")")
	case "seconds":
		w.write("((" + fmt.Sprintf(d.micros, args[1]) + " - " + fmt.Sprintf(d.micros, args[0]) + ") / 1e6)")
	case "open":
		w.write(w.open(args[0], args[1], local))
	case "quantile":
		text, ok := d.quantileOf(args[0], args[1])
		if !ok {
			w.err = fmt.Errorf("@quantile: %s is none of %s", args[0], strings.Join(quantiles, ", "))
		}
		w.write(text)
	case "last":
		w.write(fmt.Sprintf(d.last, args[0], args[1]))
	case "first":
		w.write(fmt.Sprintf(d.first, args[0], args[1]))
	case "each":
		w.write(fmt.Sprintf(d.each, args[0], args[1]))
	case "part":
		w.write(fmt.Sprintf(d.part, args[0], args[1], args[2]))
	}
}

// span writes that a's column lies in a time, with the days of it.
func (w *writer) span(a, column, from, to string) {
	first, end := w.bound(from), w.bound(to)
	w.out.WriteString(a + ".tenant = ")
	w.text(w.p.Filter.Tenant)
	day := func(t time.Time) string { return fmt.Sprintf(w.d.date, t.UTC().Format(time.DateOnly)) }
	fmt.Fprintf(&w.out, " AND %s.%s >= %s AND %s.%s < %s", a, column, w.d.moment(first), a, column, w.d.moment(end))
	fmt.Fprintf(&w.out, " AND %s.dt >= %s AND %s.dt <= %s", a, day(first), a, day(end))
}

// filter writes the filter's restrictions.
func (w *writer) filter(a string, only []string) {
	for _, field := range w.fields {
		values := Values(w.p.Filter, field)
		if len(values) == 0 || len(only) > 0 && !slices.Contains(only, field) {
			continue
		}
		w.out.WriteString(" AND " + a + "." + field + " IN (")
		for i, v := range values {
			if i > 0 {
				w.out.WriteString(", ")
			}
			w.text(v)
		}
		w.out.WriteByte(')')
	}
}

// open writes how many seconds it was open from x to y: what had been open since some Monday until y, less the same until x. Both are
// computed from the clock on the wall, so a night in which the clock is put back counts as the clock says.
func (w *writer) open(x, y string, local func(string) string) string {
	if len(w.p.Hours) == 0 {
		return "@seconds(" + x + ", " + y + ")"
	}
	return "((" + w.opened(local(y)) + " - " + w.opened(local(x)) + ") / 1e6)"
}

// opened writes the microseconds that were open between Monday 5 January 1970 and a local time: whole weeks, and the part of the last.
func (w *writer) opened(ts string) string {
	const week = 7 * 24 * 3600 * 1_000_000
	since := "(" + fmt.Sprintf(w.d.micros, ts) + " - 345600000000)"
	inWeek := fmt.Sprintf("(%s %% %d)", since, week)
	total := int64(0)
	var b strings.Builder
	for _, s := range w.p.Hours {
		if s.Date != "" {
			continue
		}
		start := time.Duration((int(s.Day)+6)%7)*24*time.Hour + s.From
		total += (s.To - s.From).Microseconds()
		fmt.Fprintf(&b, " + least(greatest(%s - %d, 0), %d)", inWeek, start.Microseconds(), (s.To - s.From).Microseconds())
	}
	w.dated(&b, since)
	return fmt.Sprintf("((%s - %s) / %d * %d%s)", since, inWeek, week, total, b.String())
}

// dated adds what is otherwise on single dates: the week's hours of the day off, those of the date on.
func (w *writer) dated(b *strings.Builder, since string) {
	off := map[string]bool{}
	for _, s := range w.p.Hours {
		date, err := time.Parse(time.DateOnly, s.Date)
		if err != nil {
			continue // one of the week; Validate has looked at the others
		}
		start := date.Sub(time.Date(1970, 1, 5, 0, 0, 0, 0, time.UTC))
		term := func(sign string, s Span) {
			fmt.Fprintf(b, " %s least(greatest(%s - %d, 0), %d)", sign, since, (start + s.From).Microseconds(), (s.To - s.From).Microseconds())
		}
		if !off[s.Date] {
			off[s.Date] = true
			for _, usual := range w.p.Hours {
				if usual.Date == "" && usual.Day == s.Day {
					term("-", usual)
				}
			}
		}
		if !s.closed() {
			term("+", s)
		}
	}
}
