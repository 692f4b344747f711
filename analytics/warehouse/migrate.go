package warehouse

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"yingda/analytics/schema"
)

//go:embed own.sql
var ownSQL string

// errVersion means that the file was written by another version of the program.
var errVersion = errors.New("the tables are of another version")

// migrate makes the tables of a new database, and says whether it is one. Tables that a later version only added are made. Other tables of another
// version are an error: they are made again from the lake and the log rather than altered, since changes of tables in a write-ahead log are what
// most often cannot be replayed.
func migrate(ctx context.Context, db *sql.DB) (fresh bool, err error) {
	var n, version int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM duckdb_tables() WHERE NOT internal").Scan(&n); err != nil {
		return false, err
	}
	if n > 0 {
		if err := db.QueryRowContext(ctx, "SELECT version FROM progress").Scan(&version); err != nil {
			return false, fmt.Errorf("%w: %w", errVersion, err)
		}
		if !schema.Reads(version) {
			return false, fmt.Errorf("%w: %d, this program's is %d", errVersion, version, schema.Version)
		}
		if version == schema.Version {
			return false, nil
		}
		return false, makeTables(ctx, db, strings.ReplaceAll(schema.SQL+"\n"+ownSQL, "CREATE TABLE ", "CREATE TABLE IF NOT EXISTS "), fmt.Sprintf("UPDATE progress SET version = %d", schema.Version))
	}
	return true, makeTables(ctx, db, schema.SQL+"\n"+ownSQL, fmt.Sprintf("INSERT INTO progress VALUES (%d, '', 0, 0, 0)", schema.Version))
}

// makeTables makes tables and says of which version they are.
func makeTables(ctx context.Context, db *sql.DB, tables, version string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after Commit it does nothing
	for _, s := range []string{tables, version, "INSERT INTO parses_progress SELECT 0, '' WHERE NOT EXISTS (FROM parses_progress)"} {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("make the tables: %w", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "CHECKPOINT")
	return err
}

// unionOf selects columns of several tables.
func unionOf(tables []string, columns string) string {
	parts := make([]string, len(tables))
	for i, t := range tables {
		parts[i] = "SELECT " + columns + " FROM " + t
	}
	return strings.Join(parts, " UNION ALL ")
}
