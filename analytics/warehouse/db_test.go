package warehouse_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"

	"yingda/analytics/warehouse"
)

// changeVersion makes the database one of another version of the program.
func changeVersion(t *testing.T, dir string) {
	t.Helper()
	db, err := sql.Open("duckdb", filepath.Join(dir, warehouse.FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("UPDATE progress SET version = version + 1"); err != nil {
		t.Fatal(err)
	}
}

// withoutParses makes the database one of the version that had no tables of parses.
func withoutParses(t *testing.T, dir string) {
	t.Helper()
	db, err := sql.Open("duckdb", filepath.Join(dir, warehouse.FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("DROP TABLE parses; DROP TABLE parse_counts; DROP TABLE parses_progress; UPDATE progress SET version = 1; CHECKPOINT"); err != nil {
		t.Fatal(err)
	}
}
