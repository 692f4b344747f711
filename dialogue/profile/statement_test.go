package profile

import (
	"slices"
	"strings"
	"testing"
)

func TestParseStatement(t *testing.T) {
	for _, tt := range []struct{ driver, in, want, params string }{
		{"pgx", "SELECT a FROM t WHERE x = :customer AND y = :tenant AND z = :customer", "SELECT a FROM t WHERE x = $1 AND y = $2 AND z = $1", "customer tenant"},
		{"mysql", "SELECT a FROM t WHERE x = :customer AND z = :customer;", "SELECT a FROM t WHERE x = ? AND z = ?", "customer customer"},
		{"pgx", "SELECT a::text, ':tenant', \":x\" FROM t WHERE x = :customer", "SELECT a::text, ':tenant', \":x\" FROM t WHERE x = $1", "customer"},
		{"pgx", "SELECT $q$ :tenant $q$ FROM t WHERE x = :customer", "SELECT $q$ :tenant $q$ FROM t WHERE x = $1", "customer"},
		{"mysql", `SELECT 'it\'s :tenant' FROM t WHERE x = :customer # :tenant`, `SELECT 'it\'s :tenant' FROM t WHERE x = ?`, "customer"},
		{"sqlite", "WITH c AS (SELECT 'a''b') SELECT * FROM c WHERE x = :customer /* :tenant */", "WITH c AS (SELECT 'a''b') SELECT * FROM c WHERE x = ?", "customer"},
		{"sqlite", "(select 列 from 表 where x = :customer)", "(select 列 from 表 where x = ?)", "customer"},
	} {
		st, err := parseStatement(tt.driver, tt.in)
		if err != nil || strings.TrimSpace(st.text) != tt.want || strings.Join(st.params, " ") != tt.params {
			t.Errorf("%s %q: %q with %v, %v; want %q with %s", tt.driver, tt.in, st.text, st.params, err, tt.want, tt.params)
		}
	}
}

func FuzzParseStatement(f *testing.F) {
	for _, s := range []string{"SELECT a FROM t WHERE x = :customer", "SELECT 'a''b', $$x$$ -- c\n", "WITH /* x */ a AS (SELECT 1);", ":customer", "\xff'", "$", "SELECT `:customer`"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		for _, driver := range Drivers() {
			st, err := parseStatement(driver, in)
			if err != nil {
				continue
			}
			for _, p := range st.params {
				if p != "customer" && p != "tenant" {
					t.Errorf("%s %q: parameter %q", driver, in, p)
				}
			}
			if args := st.bind(map[string]string{"customer": "c", "tenant": "t"}); slices.Contains(args, any("")) {
				t.Errorf("%s %q: an argument is empty", driver, in)
			}
		}
	})
}
