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
