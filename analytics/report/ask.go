package report

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"yingda/analytics"
	"yingda/analytics/query"
)

// Defaults are what a question is asked with where its words say nothing.
type Defaults struct {
	Tenant string
	Zone   *time.Location // default UTC
	Hours  query.Hours
	Now    time.Time
}

// Parameters are the words that [Parse] knows. Those of a filter may be given several times, or once with commas.
var Parameters = []string{"from", "to", "days", "zone", "channel", "lang", "tier", "intent", "queue", "bundle", "limit", "hours", "base", "exact"}

// Parse reads a question from the words of a URL or of a command line. Dates are days in the zone; the period is half-open, as everywhere:
// from 2026-03-01 to 2026-04-01 is March. Without from and to it is the last 28 days, today included. Errors: *query.FilterError.
func Parse(name string, v url.Values, d Defaults) (Question, error) {
	for key := range v {
		if !slices.Contains(Parameters, key) {
			return Question{}, &query.FilterError{Field: key, Reason: "is not known; want " + strings.Join(Parameters, ", ")}
		}
	}
	q := Question{Name: name, Hours: d.Hours, Now: d.Now}
	f := &q.Filter
	f.Tenant, f.Zone = d.Tenant, d.Zone
	if f.Zone == nil {
		f.Zone = time.UTC
	}
	if zone := v.Get("zone"); zone != "" {
		loc, err := time.LoadLocation(zone)
		if err != nil || zone == "Local" {
			return q, &query.FilterError{Field: "zone", Reason: fmt.Sprintf("has %q; want a name such as Asia/Shanghai", zone)}
		}
		f.Zone = loc
	}
	for field, to := range map[string]*[]string{"channel": &f.Channels, "lang": &f.Langs, "tier": &f.Tiers, "intent": &f.Intents, "queue": &f.Queues, "bundle": &f.Bundles} {
		*to = listed(v[field])
	}
	if err := parsePeriod(&q, v, d.Now); err != nil {
		return q, err
	}
	return q, parseRest(&q, v)
}

// listed takes lists with commas apart.
func listed(values []string) (all []string) {
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				all = append(all, part)
			}
		}
	}
	return all
}

func parsePeriod(q *Question, v url.Values, now time.Time) (err error) {
	f := &q.Filter
	days := 28
	if s := v.Get("days"); s != "" {
		if days, err = strconv.Atoi(s); err != nil || days < 1 || days > 3660 {
			return &query.FilterError{Field: "days", Reason: "must be a whole number from 1 to 3660"}
		}
		if v.Get("from") != "" && v.Get("to") != "" {
			return &query.FilterError{Field: "days", Reason: "cannot be given together with from and to"}
		}
	}
	local := now.In(f.Zone)
	f.To = time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, f.Zone)
	if s := v.Get("to"); s != "" {
		if f.To, err = ParseTime("to", s, f.Zone); err != nil {
			return err
		}
	}
	f.From = f.To.In(f.Zone).AddDate(0, 0, -days)
	if s := v.Get("from"); s != "" {
		if f.From, err = ParseTime("from", s, f.Zone); err != nil {
			return err
		}
		if v.Get("days") != "" {
			f.To = f.From.In(f.Zone).AddDate(0, 0, days)
		}
	}
	if s := v.Get("base"); s != "" {
		if q.Base, err = ParseTime("base", s, f.Zone); err != nil {
			return err
		}
		if !q.Base.Before(f.From) {
			return &query.FilterError{Field: "base", Reason: "must be before from"}
		}
	}
	return nil
}

// ParseTime reads a day, which is its midnight in the zone, or a moment by RFC 3339. Errors: *query.FilterError for the field.
func ParseTime(field, s string, zone *time.Location) (time.Time, error) {
	if t, err := time.ParseInLocation(time.DateOnly, s, zone); err == nil {
		return t, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	return time.Time{}, &query.FilterError{Field: field, Reason: fmt.Sprintf("has %q; want a day such as 2026-03-01 or a time such as 2026-03-01T09:00:00+08:00", s)}
}

func parseRest(q *Question, v url.Values) (err error) {
	if s := v.Get("limit"); s != "" {
		if q.Filter.Limit, err = strconv.Atoi(s); err != nil || q.Filter.Limit < 1 {
			return &query.FilterError{Field: "limit", Reason: "must be a whole number from 1"}
		}
	}
	if s := v.Get("exact"); s != "" {
		if q.Exact, err = strconv.ParseBool(s); err != nil {
			return &query.FilterError{Field: "exact", Reason: "must be true or false"}
		}
	}
	if s, given := v["hours"]; given {
		q.Hours, err = query.ParseHours(strings.Join(s, ","))
	}
	return err
}

// Applicable takes out of a filter what a report cannot be restricted by, for pages of several reports. It tells what it took.
func Applicable(name string, f analytics.Filter) (analytics.Filter, []string) {
	s, err := specOf(name)
	if err != nil {
		return f, nil
	}
	known, err := query.Fields(s.file)
	if err != nil {
		return f, nil
	}
	var left []string
	for field, values := range map[string]*[]string{"channel": &f.Channels, "lang": &f.Langs, "tier": &f.Tiers, "intent": &f.Intents, "queue": &f.Queues, "bundle": &f.Bundles} {
		if len(*values) > 0 && !slices.Contains(known, field) {
			*values, left = nil, append(left, field)
		}
	}
	slices.Sort(left)
	return f, left
}
