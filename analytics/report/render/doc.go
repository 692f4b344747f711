// Package render writes reports: as a table for a terminal, as JSON, CSV, Parquet and an Arrow stream for programs, and as pages of HTML that need
// nothing else and run no script. All take a report as a value; see package report.
//
// CSV, Parquet and Arrow are flat: a rate becomes its value, numerator, denominator and interval in columns of their own, and totals are left
// out, so that whoever adds the rows up counts nothing twice.
package render
