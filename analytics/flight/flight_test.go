package flight_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"yingda/analytics/flight"
)

func TestAnswers(t *testing.T) {
	c := MustDial(t, MustServe(t, MustWarehouse(t), flight.Options{}))
	for _, tt := range []struct{ query, want string }{
		{"SELECT count(*) FROM turns", "30"},
		{"select COUNT(*) from TURNS", "30"},
		{"SELECT count(*) FROM main.turns", "30"},
		{"SELECT count(*) FROM yingda.main.turns t WHERE t.lang = 'zh'", "30"},
		{`SELECT count("yingda"."main"."turns"."id") FROM "yingda"."main"."turns"`, "30"},
		{"SELECT count(main.turns.id) FROM main.turns", "30"},
		{"SELECT count(turns.id) FROM turns", "30"},
		{"FROM turns SELECT count(*)", "30"},
		{"SELECT DISTINCT tenant FROM turns", "north"},
		{"SELECT count(*) FROM turns AS a JOIN ratings AS b USING (conversation)", "5"},
		{"WITH turns AS (SELECT * FROM turns WHERE seq <= 10) SELECT count(*) FROM turns", "10"},
		{"WITH a AS (SELECT 1 x), b AS (SELECT x + 1 AS x FROM a) SELECT b.x FROM b", "2"},
		{"WITH progress AS (SELECT 7 AS position) SELECT position FROM progress", "7"},
		{"SELECT (SELECT max(seq) FROM turns), EXISTS (SELECT 1 FROM ratings)", "30 | true"},
		{"SELECT count(*) FROM (SELECT * FROM turns UNION ALL SELECT * FROM turns)", "60"},
		{"SELECT intent, count(*), avg(ms_total) FROM turns GROUP BY 1 ORDER BY 2 DESC LIMIT 1", "order.track | 30 | 12.5"},
		{"SELECT count(*) FROM turns TABLESAMPLE reservoir(10 ROWS)", "10"},
		{"SELECT list_transform([1, 2], lambda x: x + 1)::VARCHAR", "[2, 3]"},
		{"SELECT count(*) FILTER (WHERE seq > 20) OVER () FROM turns LIMIT 1", "10"},
		{"SELECT unnest(intents) AS i FROM turns LIMIT 1", "order.track"},
		{"SELECT sum(range)::BIGINT FROM range(5)", "10"},
		{"VALUES (1, 'a')", "1 | a"},
		{"SELECT date_trunc('day', ts)::DATE::VARCHAR FROM turns LIMIT 1", "2026-03-02"},
		{"SELECT count(*) FROM information_schema.tables", strconv.Itoa(len(flight.Tables()))},
		{"SELECT DISTINCT table_catalog, table_schema FROM information_schema.columns", "yingda | main"},
		{"SELECT column_name FROM (DESCRIBE turns) LIMIT 1", "tenant"},
		{"SELECT count(*) FROM turns PIVOT (count(*) FOR lang IN ('zh', 'en'))", "30"},
		{"SELECT sessions FROM daily_sessions", "6"},
		{"-- why\n/* and */ SELECT 1;", "1"},
		{"SELECT '📦 it''s {\"a\":1} 中文' AS x", `📦 it's {"a":1} 中文`},
		{"SELECT {'a': 1, 'b': [2]}::VARCHAR, [x * 2 for x in [1, 2] if x > 1]::VARCHAR", "{'a': 1, 'b': [2]} | [4]"},
		{"SELECT sum(seq) OVER (PARTITION BY conversation ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)::BIGINT FROM turns ORDER BY seq LIMIT 1 OFFSET 1", "3"},
		{"SELECT CASE WHEN seq BETWEEN 1 AND 2 THEN 'a' ELSE 'b' END AS x, count(*) FROM turns GROUP BY ALL HAVING count(*) > 2 ORDER BY ALL", "b | 28"},
		{"SELECT lang, count(*) FROM turns GROUP BY ROLLUP (lang) ORDER BY lang NULLS FIRST", "(null) | 30\nzh | 30"},
		{"SELECT quantile_cont(seq, 0.5), percentile_cont(0.5) WITHIN GROUP (ORDER BY seq) FROM turns", "15.5 | 15.5"},
		{"SELECT count(*) FROM turns AS x(t, c) WHERE t = 'north'", "30"},
		{"SELECT seq FROM turns QUALIFY row_number() OVER (ORDER BY seq DESC) = 1", "30"},
		{"SELECT count(*) FROM turns a ASOF JOIN turns b ON a.conversation = b.conversation AND a.ts > b.ts", "24"},
		{"SELECT * EXCLUDE (a) REPLACE (b + 1 AS b) FROM (SELECT 1 a, 2 b)", "3"},
		{"SELECT COLUMNS('^seq$') FROM turns ORDER BY 1 LIMIT 1", "1"},
		{"SELECT extract(HOUR FROM ts), ts AT TIME ZONE 'UTC' > TIMESTAMPTZ '2020-01-01' FROM turns ORDER BY ts LIMIT 1", "10 | true"},
		{"SELECT try_cast(text AS INT) + 1 FROM turns WHERE text SIMILAR TO '1' OR text LIKE '_x' ESCAPE '!'", "2"},
		{"SELECT INTERVAL 3 DAY::VARCHAR || ''", "3 days"},
		{"SELECT id FROM turns ORDER BY seq DESC LIMIT 2", "m30\nm29"},
	} {
		got, err := ask(as(t, "n.secret"), c, tt.query)
		if err != nil || strings.TrimSpace(got) != tt.want {
			t.Errorf("%s\n\tgot  %q, %v\n\twant %q", tt.query, got, err, tt.want)
		}
	}
	if got, err := ask(as(t, "n.secret"), c, "EXPLAIN SELECT * FROM turns"); err != nil || !strings.Contains(got, "tenant") {
		t.Errorf("EXPLAIN: %q, %v", got, err)
	}
	if got, err := ask(as(t, "s.secret"), c, "SELECT count(*), min(tenant), max(tenant) FROM turns"); err != nil || strings.TrimSpace(got) != "50 | south | south" {
		t.Errorf("the other tenant got %q, %v", got, err)
	}
}

// hostile are statements that must not be answered. Those that are not told to be must be refused by the gate itself, before DuckDB runs them.
var hostile = []string{
	// writes
	"INSERT INTO turns SELECT * FROM turns", "DELETE FROM turns", "UPDATE turns SET tenant = 'north'", "DROP TABLE turns", "CREATE TABLE x AS SELECT 1",
	"CREATE VIEW v AS SELECT * FROM main.turns", "CREATE MACRO f(x) AS x", "ALTER TABLE turns ADD COLUMN x INT", "TRUNCATE turns", "MERGE INTO turns USING ratings ON true WHEN MATCHED THEN DELETE",
	"COPY turns TO 'x.parquet'", "COPY (SELECT 1) TO '/tmp/x'", "COPY turns FROM '/etc/passwd'", "EXPORT DATABASE 'x'", "IMPORT DATABASE 'x'",
	// settings, files, extensions, other databases
	"ATTACH 'x.db'", "DETACH yingda", "USE main", "INSTALL httpfs", "LOAD httpfs", "PRAGMA database_list", "PRAGMA add_parquet_key('k', '0123456789012345')",
	"SET memory_limit = '1TB'", "RESET memory_limit", "SET VARIABLE x = 1", "CALL pragma_version()", "CHECKPOINT", "VACUUM", "ANALYZE", "BEGIN", "COMMIT",
	"SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM read_blob('*')", "SELECT * FROM read_parquet('*.parquet')", "SELECT * FROM read_json('x')",
	"SELECT * FROM glob('*')", "SELECT * FROM sniff_csv('/etc/passwd')", "SELECT * FROM parquet_metadata('x')", "FROM '/etc/passwd'", "SELECT * FROM '/etc/passwd'", `SELECT * FROM "/etc/passwd"`,
	"SELECT * FROM 'lake/turns/*.parquet'", "SELECT * FROM read_duckdb('warehouse.duckdb')", "DESCRIBE '/etc/passwd'", "SUMMARIZE '/etc/passwd'",
	"SELECT getenv('HOME')", "SELECT current_setting('temp_directory')", "SELECT * FROM duckdb_settings()", "SELECT * FROM duckdb_tables()", "SELECT * FROM duckdb_logs()",
	"SELECT * FROM duckdb_temporary_files()", "SELECT * FROM duckdb_secrets()", "SELECT * FROM pragma_storage_info('turns')", "SELECT * FROM pragma_table_info('turns')", "SHOW TABLES", "SHOW ALL TABLES", "SHOW DATABASES",
	// SQL in strings
	"SELECT * FROM query('SELECT * FROM main.turns')", "SELECT * FROM query_table('turns')", "SELECT * FROM query_table(['turns', 'progress'])",
	"SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))", "PREPARE p AS SELECT 1", "EXECUTE p", "SELECT json_serialize_plan('SELECT * FROM turns')",
	// other tables
	"SELECT * FROM progress", "SELECT * FROM notes", "SELECT * FROM main.progress", "SELECT * FROM dirty_hours", "SELECT * FROM warehouse.main.turns", "SELECT * FROM warehouse.turns",
	"SELECT * FROM system.main.duckdb_tables", "SELECT * FROM duckdb_tables", "SELECT * FROM sqlite_master", "SELECT * FROM pg_catalog.pg_class", "SELECT * FROM information_schema.schemata", "SELECT * FROM temp.x",
	"WITH x AS (SELECT * FROM progress) SELECT * FROM x", "SELECT * FROM (WITH progress AS (SELECT 1) SELECT * FROM progress) a, progress", "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a",
	"WITH progress AS (SELECT * FROM progress) SELECT * FROM progress", "SELECT * FROM yingda_with_turns", "SELECT (SELECT max(position) FROM progress)", "SELECT * FROM turns WHERE seq IN (FROM progress)",
	"SELECT * FROM turns AT (VERSION => 1)", "SELECT * FROM turns, LATERAL (SELECT * FROM notes)", "TABLE progress", "SELECT * FROM turns PIVOT (count(*) FOR seq IN (SELECT position FROM progress))",
	"SELECT * FROM turns SEMI JOIN progress ON true", "SELECT * FROM turns UNION ALL SELECT * FROM notes", "SELECT list(position) OVER () FROM progress", "SELECT x FROM unnest([(SELECT position FROM progress)]) u(x)",
	// waits, side effects, values of any size
	"SELECT sleep_ms(100000)", "SELECT pg_sleep(100)", "SELECT nextval('x')", "SELECT setseed(0.1)", "SELECT write_log('x')", "SELECT error('x')", "SELECT getvariable('x')", "SELECT stats(text) FROM turns",
	"SELECT repeat('x', 1000000000)", "SELECT lpad('x', 1000000000, 'y')", "SELECT range(1000000000)", "SELECT generate_series(1, 1000000000)", "SELECT list_resize([1], 1000000000)", "SELECT bar(1, 0, 2, 1000000000)",
	"SELECT * FROM repeat('x', 10)", "WITH RECURSIVE t AS (SELECT 'x' AS s UNION ALL SELECT s || s FROM t) SELECT * FROM t", "SELECT list_reduce([1, 2], lambda a, b: a || b)", "SELECT printf('%1000000000d', 1)",
	// shape
	"", ";", "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE turns", "SELECT", "EXPLAIN", "EXPLAIN DELETE FROM turns", "EXPLAIN ANALYZE DELETE FROM turns", "EXPLAIN ANALYZE EXPLAIN DELETE FROM turns", "EXPLAIN (FORMAT json) SELECT 1",
	"SELECT $name", "SELECT ?", "SELECT 1\x00", strings.Repeat("(", 100_000), "SELECT " + strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000),
	"SELECT " + strings.Repeat("1+", 100_000) + "1", "SELECT " + strings.Repeat("not ", 50_000) + "true", "SELECT '" + strings.Repeat("x", 300_000) + "'", "SELECT " + strings.Repeat("-", 40_000) + "1",
	"SELECT system.main.abs(1)", "SELECT pg_catalog.abs(1)", "SELECT main.getenv('HOME')", "SELECT 1 WHERE 'x'::turns IS NULL",
}

func TestHostile(t *testing.T) {
	w := MustWarehouse(t)
	log, lines := logged()
	c := MustDial(t, MustServe(t, w, flight.Options{Time: 10 * time.Second, Log: log}))
	for _, query := range hostile {
		got, err := ask(as(t, "n.secret"), c, query)
		if code := status.Code(err); err == nil || code != codes.PermissionDenied && code != codes.InvalidArgument {
			t.Errorf("%.120s\n\tgot %.200q, %v; want it refused", query, got, err)
		} else if testing.Verbose() {
			t.Logf("%.60s: %.160s", query, status.Convert(err).Message())
		}
	}
	if s := lines.String(); strings.Contains(s, "could not be checked") || strings.Contains(s, "stack") {
		t.Errorf("the server failed:\n%s", s)
	}
	if got, err := ask(as(t, "n.secret"), c, "SELECT count(*) FROM turns"); err != nil || strings.TrimSpace(got) != fmt.Sprint(northTurns) {
		t.Errorf("afterwards: %q, %v", got, err)
	}
}

// A fault in a row of another tenant must not be seen, whatever order DuckDB tests conditions in.
func TestFaultsTellNothing(t *testing.T) {
	c := MustDial(t, MustServe(t, MustWarehouse(t), flight.Options{}))
	for _, query := range []string{
		"SELECT count(*) FROM turns WHERE text::INT >= 0", "SELECT count(*) FROM turns WHERE text::INT + length(conversation) >= 0 AND lang = 'zh'",
		"SELECT count(*) FROM turns WHERE tenant = 'north' AND CAST(text AS INT) < 100", "SELECT count(*) FROM (SELECT text::INT AS n FROM turns) WHERE n >= 0",
	} {
		if got, err := ask(as(t, "n.secret"), c, query); err != nil || strings.TrimSpace(got) != fmt.Sprint(northTurns) {
			t.Errorf("%s: %q, %v", query, got, err)
		}
	}
	_, err := ask(as(t, "s.secret"), c, "SELECT sum(text::INT) FROM turns")
	if err == nil || strings.Contains(err.Error(), "秘密") {
		t.Errorf("got %v, want an error that quotes no row", err)
	}
}

func TestNobody(t *testing.T) {
	c := MustDial(t, MustServe(t, MustWarehouse(t), flight.Options{}))
	for _, ctx := range []string{"", "x", "n.secre", "n.secret2"} {
		if _, err := ask(as(t, ctx), c, "SELECT 1"); status.Code(err) != codes.Unauthenticated {
			t.Errorf("key %q: %v", ctx, err)
		}
	}
	if _, err := ask(t.Context(), c, "SELECT 1"); status.Code(err) != codes.Unauthenticated {
		t.Errorf("no key: %v", err)
	}
	ctx, err := c.Client.AuthenticateBasicToken(t.Context(), "n", "secret")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ask(ctx, c, "SELECT min(tenant) FROM turns"); err != nil || strings.TrimSpace(got) != "north" {
		t.Errorf("with user and password: %q, %v", got, err)
	}
	if _, err := c.Client.AuthenticateBasicToken(t.Context(), "n", "wrong"); status.Code(err) != codes.Unauthenticated {
		t.Errorf("wrong password: %v", err)
	}
}
