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

// migrate makes the tables of a new database, and says whether it is one. Tables of another version are an error: they are made again from the
// lake and the log rather than altered, since changes of tables in a write-ahead log are what most often cannot be replayed.
func migrate(ctx context.Context, db *sql.DB) (fresh bool, err error) {
	var n, version int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM duckdb_tables() WHERE NOT internal").Scan(&n); err != nil {
		return false, err
	}
	if n > 0 {
		if err := db.QueryRowContext(ctx, "SELECT version FROM progress").Scan(&version); err != nil {
			return false, fmt.Errorf("%w: %w", errVersion, err)
		}
		if version != schema.Version {
			return false, fmt.Errorf("%w: %d, this program's is %d", errVersion, version, schema.Version)
		}
		return false, nil
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback() // after Commit it does nothing
	if _, err := tx.ExecContext(ctx, schema.SQL+"\n"+ownSQL); err != nil {
		return false, fmt.Errorf("make the tables: %w", err)
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO progress VALUES (?, '', 0, 0, 0)", schema.Version); err != nil {
		return false, err
	}
	if err := tx.Commit(); err != nil {
		return false, err
	}
	_, err = db.ExecContext(ctx, "CHECKPOINT")
	return true, err
}

// unionOfFacts selects columns of all fact tables.
func unionOfFacts(columns string) string {
	parts := make([]string, len(schema.Facts))
	for i, t := range schema.Facts {
		parts[i] = "SELECT " + columns + " FROM " + t
	}
	return strings.Join(parts, " UNION ALL ")
}
