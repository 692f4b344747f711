// Package query holds the questions that are asked of the tables, one a file, in SQL that DuckDB, Apache Spark and ClickHouse all run. What the
// three write differently is a macro; what a caller chooses is a placeholder. [Compile] writes both out for one [Dialect].
//
// A file begins with comment lines: what it answers, and which fields of a filter it can be restricted by:
//
//	-- Sessions that the robot kept to itself, by day.
//	-- filters: channel lang tier intent
//
// Placeholders:
//
//	:tenant :from :to        from analytics.Filter
//	:through                 events up to here are in the tables
//	:limit                   how many rows a list has
//	:before                  begin of the period of the same length before :from
//	:base                    begin of the base that drift is measured against; it ends at :from
//
// Macros, with a for the alias of a table:
//
//	@range(a, column)        a's tenant, and :from <= a.column < :to; a.dt too, so that files of other days are not opened
//	@span(a, column, x, y)   the same for other bounds
//	@filter(a, field …)      the filter's restrictions as " AND …"; all fields of the file, or those that are listed
//	@local(ts)               ts in the operator's zone
//	@day(ts)                 its date there
//	@weekday(ts)             its weekday there, 1 = Monday … 7 = Sunday
//	@hour(ts)                its hour there, 0–23
//	@seconds(x, y)           from x to y, DOUBLE
//	@open(x, y)              as @seconds, opening hours only
//	@quantile(p, x)          p one of 0.5, 0.9, 0.95, 0.99; interpolated between the two nearest (type 7 of Hyndman and Fan), NULLs left out
//	@last(x, by), @first(x, by)  the x with the greatest, the least by
//	@each(list, v)           after a FROM item: one row for each v of the list
//	@part(text, mark, n)     n-th part of a text that is divided by mark
//
// Times are literals that are written from time.Time; texts are bound as values where the dialect can (DuckDB), and quoted where SQL is written
// out for others to run. Nothing that a caller wrote becomes SQL.
package query
