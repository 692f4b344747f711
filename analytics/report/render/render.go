package render

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"yingda/analytics"
	"yingda/nlu"
)

// Format is a way to write a report.
type Format string

// The formats.
const (
	Table   Format = "table"
	JSON    Format = "json"
	CSV     Format = "csv"
	Parquet Format = "parquet"
	Arrow   Format = "arrow"
	HTML    Format = "html"
)

// Formats are all formats.
var Formats = []Format{Table, JSON, CSV, Parquet, Arrow, HTML}

// ErrFormat is returned for a format that there is not.
var ErrFormat = errors.New("there is no such format")

// Options say how a report is written.
type Options struct {
	// Lang is the language of titles and definitions: "zh", else English.
	Lang nlu.Lang
	// Links are put at the top of a page, e.g. to other reports. Default none.
	Links []Link
}

// Link is a link of a page.
type Link struct {
	Title, URL string
	Here       bool // this page
}

// ParseFormat finds a format by its name. Errors: ErrFormat.
func ParseFormat(name string) (Format, error) {
	for _, f := range Formats {
		if string(f) == name {
			return f, nil
		}
	}
	return "", fmt.Errorf("format %q: %w: want table, json, csv, parquet, arrow or html", name, ErrFormat)
}

// ContentType is the media type of a format.
func (f Format) ContentType() string {
	switch f {
	case JSON:
		return "application/json"
	case CSV:
		return "text/csv; charset=utf-8"
	case Parquet:
		return "application/vnd.apache.parquet"
	case Arrow:
		return "application/vnd.apache.arrow.stream"
	case HTML:
		return "text/html; charset=utf-8"
	}
	return "text/plain; charset=utf-8"
}

// Extension is how names of files in the format end.
func (f Format) Extension() string {
	if f == Table {
		return "txt"
	}
	return string(f)
}

// Write writes a report. Errors: ErrFormat, those of w.
func Write(w io.Writer, f Format, r *analytics.Report, o Options) error {
	switch f {
	case Table:
		return writeTable(w, r, o.Lang)
	case JSON:
		return writeJSON(w, r)
	case CSV:
		return writeCSV(w, r)
	case Parquet:
		return writeParquet(w, r)
	case Arrow:
		return writeArrow(w, r)
	case HTML:
		return Page(w, []*analytics.Report{r}, o)
	}
	return fmt.Errorf("format %q: %w", f, ErrFormat)
}

// zone is the operator's time zone.
func zone(r *analytics.Report) *time.Location {
	if r.Filter.Zone == nil {
		return time.UTC
	}
	return r.Filter.Zone
}

// period says in the operator's zone what the report is about; the end is the last day when the period ends at midnight.
func period(r *analytics.Report) string {
	from, to := r.Filter.From.In(zone(r)), r.Filter.To.In(zone(r))
	if from.Equal(midnight(from)) && to.Equal(midnight(to)) {
		last := to.AddDate(0, 0, -1)
		if last.Format(time.DateOnly) == from.Format(time.DateOnly) {
			return from.Format(time.DateOnly)
		}
		return from.Format(time.DateOnly) + " – " + last.Format(time.DateOnly)
	}
	return from.Format("2006-01-02 15:04") + " – " + to.Format("2006-01-02 15:04")
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// plainText takes out what would move a terminal's cursor or break a line.
func plainText(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r' || r == '\u2028' || r == '\u2029':
			return ' '
		case r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
}
