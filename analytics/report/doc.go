// Package report asks the questions of package query and makes reports of the answers: named columns of typed values, each with its definition
// in Chinese and English, every rate with its numerator, denominator and interval. Rendering is package render's.
//
// [Run] answers by name; [List] tells the names, and what each can be restricted by. A report is a line in a table (specs_*.go): which file
// asks it, which of the file's columns make which value, what is worth a picture. Only the overview, answer times from the roll-up and drift
// compute something of their own.
//
// Where a roll-up by hour gives the same numbers it is asked instead of the messages: when the period and the zone's offset keep to whole hours
// and the roll-up knows all columns that the filter restricts.
package report
