// Package flight lets data teams ask the warehouse in SQL, over Arrow Flight SQL: Python's ADBC driver (and with it pandas, polars and
// notebooks), JDBC and ODBC drivers of BI tools speak it. It only reads.
//
// What may be asked is decided on the syntax tree that DuckDB itself makes of a statement, not on its text:
//
//   - one SELECT (also VALUES, FROM-first, DESCRIBE, SUMMARIZE), or EXPLAIN of one. Nothing else has a tree here, so nothing else passes.
//   - tables are those of package schema and information_schema.{tables,columns}. Each is replaced in the tree by its rows of the caller's tenant.
//     There is no name for anything else: not for another tenant's rows, not for the tables that the warehouse keeps for itself.
//   - functions are those listed in functions.txt, table functions a handful; none reads a file, a setting or the catalog, none sleeps, and
//     none makes a value whose size a number in the query says.
//   - the statement that is made of the tree is read once more, and must hold nothing but the rows of the tenant; only then is it asked.
//
// A query has limits: time, rows of the answer, queries at once, and the memory of the process, above which the newest query is stopped. A
// client that goes away stops its query.
package flight
