// Package analytics holds what all of the analytics half shares: the tables, how an event of the log becomes their rows, where files lie, the
// typed filter of a report and the report as a value. It opens no database; the packages below it do:
//
//	warehouse   DuckDB: takes rows in exactly once, keeps sessions and roll-ups, answers questions; can be thrown away and rebuilt
//	lake        sealed hours as Parquet files with a manifest
//	report      questions (query/*.sql) and how their answers are shown
//	abtest      statistics of experiments, pure; drift does the same for distributions
//	readout     an experiment's results, in numbers and in words
//	mine        what was not understood: groups, names, verdicts, the review queue
//	intake      logs of other systems
//	deliver     records of finished conversations, out to other systems
//	flight      Arrow Flight SQL for data teams
//	demodata    a year of a shop's traffic, with the truth beside it
//	web         all of it over HTTP, for the server to pass on
//
// The analytics half runs as a process of its own (yingda analyse): a fault in the database cannot end a conversation, and it never holds a
// customer's key. It is fed with the readable part of events only.
package analytics
