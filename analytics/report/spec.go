package report

import (
	"slices"

	"yingda/analytics"
)

// spec describes a report.
type spec struct {
	name         string
	title, about analytics.Text
	file, rollup string   // questions; the roll-up's is asked where it gives the same numbers
	more         []string // further questions
	columns      []column
	charts       []analytics.Chart
	notes        []analytics.Text
	sum          bool // the rows' numbers add up to a total
	fill         func(*asker, *analytics.Report) error
}

// column is a column of a report and the columns of its file that it is made of: one for labels and counts; numerator and denominator for a
// rate; n, sum and sum of squares for a mean; n and four quantiles for quantiles.
type column struct {
	analytics.Column
	from []string
	make func(vs []any) (any, error) // of the values of from; nil = as the kind says
}

// specs are all reports in the order in which lists show them.
var specs = slices.Concat(specsOverview, specsVolume, specsOutcome, specsNPS, specsPeople, specsLanguage, specsBreakdown)

func text(zh, en string) analytics.Text { return analytics.Text{ZH: zh, EN: en} }

// col makes a column; its title and definition come in Chinese and English.
func col(name string, kind analytics.Kind, zh, en, defZH, defEN string, from ...string) column {
	if len(from) == 0 {
		from = []string{name}
	}
	return column{analytics.Column{Name: name, Kind: kind, Title: text(zh, en), Definition: text(defZH, defEN)}, from, nil}
}

// q names quantile columns of a file.
func q(n, prefix string) []string {
	return []string{n, prefix + "p50", prefix + "p90", prefix + "p95", prefix + "p99"}
}

// m names the columns of a mean.
func m(n, name string) []string { return []string{n, name + "_sum", name + "_sum_of_squares"} }

// What many reports share.
var (
	dayColumn = col("day", analytics.Day, "日期", "Day", "运营方时区的日历日", "Calendar day in the operator's time zone")

	sessionsColumn = col("sessions", analytics.Count, "会话数", "Sessions",
		"时段内开始且已结束（关闭或超时）的会话；仍在进行的不计。一次会话只计入它开始的那一天、那一小时",
		"Sessions that began in the period and are over (closed or timed out); open ones are left out. A session counts once, on the day and in the hour it began")

	noteOpen = text("仍在进行的会话不计入任何比率，超时或关闭后才计入。", "Open sessions are in no rate until they are closed or timed out.")
	noteWait = text("回访窗口未满的会话不进入该窗口的分母，因此最近几天的分母较小。", "A session is in the denominator of a callback window once the window has passed, so denominators of the last days are smaller.")
)
