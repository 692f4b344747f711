// Package warehouse keeps the tables of package schema in DuckDB. It is the only package that speaks to the database's driver.
//
// What goes in: events, by [Warehouse.Take] (from the log, with the log's position in the same transaction) or [Warehouse.Ingest] (from
// elsewhere). An event that is there already is left out, so whatever is delivered twice, late or out of order counts once. An event is the same
// if tenant, conversation, sequence and time are.
//
// What comes out: [Warehouse.Query] and [Warehouse.QueryArrow] for questions that this program asks. They take any
// statement: SQL that a person wrote goes through the gate of package flight first. Neither reaches a file outside of the warehouse's folder.
//
// Sessions and roll-ups are computed from the facts, for the conversations and hours that changed: [Warehouse.Refresh].
//
// The database file is not the truth: the log is, and the lake beside it. A file that does not open is moved aside and made again.
package warehouse
