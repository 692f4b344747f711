package report_test

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"

	"yingda/analytics"
	"yingda/analytics/report"
	"yingda/analytics/schema"
)

// tables is a database with made-up tables, without a warehouse around it: millions of rows are made inside it in a minute.
type tables struct {
	db      *sql.DB
	through time.Time
}

func (t *tables) Query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	return t.db.QueryContext(ctx, q, args...)
}

func (t *tables) Through() time.Time { return t.through }

// fill makes a year of n messages, eight a session, which has one topic but in its last messages.
const fill = `
INSERT INTO turns
SELECT 't1', 'c' || c, i, 'm' || i, ts, ts::DATE, 'u' || (h // 7 % 400000), ['web', 'app', 'wechat', 'voice'][1 + c % 4], ['zh', 'zh', 'en'][1 + c % 3], ['', 'gold', 'vip'][1 + c % 3], 'robot', 'question ' || (h // 11 % 200000),
  CASE WHEN h % 100 < 4 THEN '' ELSE topic END, [topic], [topic], topic, (h // 17 % 1000) / 1000.0, '', NULL, (h // 19 % 1000) / 1000.0,
  CASE WHEN h // 23 % 5 > 0 THEN 'neutral' ELSE ['anxious', 'angry', 'positive'][1 + h // 25 % 3] END, 0.5, [], [], ['answer', 'answer', 'ask', 'confirm'][1 + h // 29 % 4], 'intent', '', h % 100 < 4,
  CASE WHEN h % 100 = 50 THEN 'request' WHEN h % 200 = 1 THEN 'unrecognised' ELSE '' END, '', ['reply.' || (h // 31 % 120) || '@1'], [], (h // 37 % 200 = 0)::INTEGER, 'b' || (ts::DATE - DATE '2025-03-01') // 180, 5 + h // 41 % 400, 4, NULL
FROM (SELECT i, c, (hash(i) >> 2)::BIGINT AS h, 'topic.' || CASE WHEN i % 8 > 5 THEN (hash(i) >> 9) % 76 ELSE (hash(c) >> 9) % 76 END AS topic, TIMESTAMP '2025-03-01' + to_microseconds((c * (31536000000000 // $sessions) + i % 8 * 40000000)::BIGINT) AS ts FROM (SELECT i::BIGINT AS i, (i // 8)::BIGINT AS c FROM range($turns) r(i)));
INSERT INTO sessions
SELECT 't1', 'c' || c, 1, 'u' || (h // 7 % 400000), ['web', 'app', 'wechat', 'voice'][1 + c % 4], ['zh', 'zh', 'en'][1 + c % 3], ['', 'gold', 'vip'][1 + c % 3], ts, ts + INTERVAL 280 SECOND, ts::DATE, true, 8, (h % 5 = 0)::INTEGER, (CASE WHEN h % 12 = 0 THEN 3 ELSE 0 END),
  'topic.' || (h // 13 % 76), [], 'neutral', ['neutral', 'angry'][1 + h // 23 % 2], h // 43 % 9 = 0, h % 12 = 0, CASE WHEN h % 12 = 0 THEN ['request', 'unrecognised', 'tier'][1 + h // 47 % 3] ELSE '' END, CASE WHEN h % 12 = 0 THEN 'general' ELSE '' END, CASE WHEN h % 12 = 0 THEN ['general', 'tech'][1 + h // 53 % 2] ELSE '' END,
  CASE WHEN h % 12 = 0 THEN 'a' || (h // 59 % 200) ELSE '' END, CASE WHEN h % 12 = 0 THEN ts + INTERVAL 60 SECOND END, CASE WHEN h % 12 = 0 THEN ts + INTERVAL 90 SECOND END, CASE WHEN h % 12 = 0 THEN ts + to_seconds(100 + h // 61 % 100) END, CASE WHEN h % 12 = 0 THEN ts + INTERVAL 270 SECOND END,
  h // 67 % 15 = 0, '', CASE WHEN h // 71 % 8 = 0 THEN (1 + h // 73 % 5)::INTEGER END, CASE WHEN h // 79 % 9 = 0 THEN h // 83 % 3 > 0 END, 0, 0, CASE WHEN h // 89 % 3 = 0 THEN ts + to_hours((1 + h // 97 % 300)::INTEGER) END, []
FROM (SELECT c, (hash(c + 7) >> 2)::BIGINT AS h, TIMESTAMP '2025-03-01' + to_microseconds((c * (31536000000000 // $sessions))::BIGINT) AS ts FROM (SELECT i::BIGINT AS c FROM range($sessions) r(i)));
INSERT INTO hands SELECT 't1', conversation, k * 10, conversation || k, started + to_seconds(90 + 190 * k), dt, customer, channel, ['claimed', 'closed'][1 + k], queue, agent, agent, '', false
FROM sessions, (SELECT unnest([0, 1]) AS k) WHERE handed;
INSERT INTO agent_messages SELECT 't1', conversation, k, conversation || k, started + to_seconds(100 + 50 * k), dt, customer, channel, agent, 20, k = 1 FROM sessions, (SELECT unnest([1, 2, 3]) AS k) WHERE handed;
INSERT INTO ratings SELECT 't1', conversation, 9, 'r' || conversation, ended, dt, customer, channel, NULL, CASE WHEN session % 2 = 0 THEN 1 ELSE -1 END, 'm1', NULL, '' FROM sessions WHERE score = 1;
INSERT INTO surveys SELECT 't1', conversation, 10, 'n' || conversation, ended, dt, customer, channel, (hash(conversation) % 11)::INTEGER FROM sessions WHERE score IS NOT NULL;
INSERT INTO hourly SELECT tenant, date_trunc('hour', ts), dt, channel, lang, tier, intent, emotion, bundle, count(*), count(*) FILTER (fallback), count(*) FILTER (handoff <> ''), 0, sum(calls_failed), sum(p1), count(p1), sum(ms_total), count(ms_total) FROM turns GROUP BY ALL ORDER BY ALL;
INSERT INTO hourly_latency SELECT tenant, date_trunc('hour', ts), dt, channel, floor(10 * log2(ms_total))::INTEGER, count(*) FROM turns GROUP BY ALL ORDER BY ALL;
CHECKPOINT;`

// mustTables makes them with two threads and 4 GB, and asks with as many as are given. What does not fit into the memory goes to spill.
func mustTables(t *testing.T, turns int, threads, memory, spill string) *tables {
	t.Helper()
	db, err := sql.Open("duckdb", filepath.Join(t.TempDir(), "speed.duckdb")+"?threads=2&memory_limit=4GB&temp_directory="+spill)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	limits := fmt.Sprintf("SET threads = %s; SET memory_limit = '%s'", threads, memory)
	for _, part := range []string{schema.SQL, strings.NewReplacer("$turns", strconv.Itoa(turns), "$sessions", strconv.Itoa(turns/8)).Replace(fill), limits} {
		if _, err := db.Exec(part); err != nil {
			t.Fatal(err)
		}
	}
	w := &tables{db: db}
	if err := db.QueryRow("SELECT max(ts) FROM turns").Scan(&w.through); err != nil {
		t.Fatal(err)
	}
	return w
}

// spilled watches how many bytes the database puts on the disk for want of memory. The most since the last call is returned by peak.
func spilled(t *testing.T, dir string) (peak func() int64) {
	t.Helper()
	var most atomic.Int64
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			sum := int64(0)
			files, _ := os.ReadDir(dir) // made by the database when it needs it
			for _, f := range files {
				if info, err := f.Info(); err == nil {
					sum += info.Size()
				}
			}
			most.Store(max(most.Load(), sum))
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-ended })
	return func() int64 { return most.Swap(0) }
}

func envOr(name, otherwise string) string { return cmp.Or(os.Getenv(name), otherwise) }

// TestSpeed times reports on as many messages as YINGDA_BENCH_TURNS says ("make bench-report": 10 million), with YINGDA_BENCH_THREADS and
// YINGDA_BENCH_MEMORY: the panels of the page of all reports, for four weeks and for a year, and every report over all messages, with what went to
// the disk. It judges nothing by times: machines differ.
func TestSpeed(t *testing.T) {
	turns, err := strconv.Atoi(os.Getenv("YINGDA_BENCH_TURNS"))
	if err != nil {
		t.Skip("SKIPPED: a benchmark; make bench-report runs it")
	}
	threads, memory, spill := envOr("YINGDA_BENCH_THREADS", "2"), envOr("YINGDA_BENCH_MEMORY", "4GB"), t.TempDir()
	began := time.Now()
	w := mustTables(t, turns, threads, memory, spill)
	fmt.Printf("%d messages, %d sessions, made in %.0f s; asked with %s threads and %s\n", turns, turns/8, time.Since(began).Seconds(), threads, memory)
	peak := spilled(t, spill)
	year := analytics.Filter{Tenant: "t1", From: time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Zone: mustZone(t, "Asia/Shanghai")}
	weeks := year
	weeks.From = weeks.To.AddDate(0, 0, -28)
	time1 := func(name string, f analytics.Filter, exact bool) time.Duration {
		began := time.Now()
		mustAsk(t, w, report.Question{Name: name, Filter: f, Exact: exact})
		return time.Since(began)
	}
	var all []time.Duration
	fmt.Printf("\n%-18s %12s %12s\n", "panel", "4 weeks p95", "a year p95")
	for _, name := range panels {
		var short, long []time.Duration
		for range 10 {
			short, long = append(short, time1(name, weeks, false)), append(long, time1(name, year, false))
		}
		all = append(all, short...)
		fmt.Printf("%-18s %9.0f ms %9.0f ms\n", name, p95(short), p95(long))
	}
	fmt.Printf("%-18s %9.0f ms\n", "all panels", p95(all))
	fmt.Printf("%-18s %9.0f MB on the disk\n\n%-18s %12s %12s\n", "", float64(peak())/1e6, "report", "all messages", "on the disk")
	for _, name := range report.Names() {
		fmt.Printf("%-18s %10.2f s %9.0f MB\n", name, min(time1(name, year, true), time1(name, year, true)).Seconds(), float64(peak())/1e6)
	}
}

// panels are those of the page of all reports.
var panels = []string{"overview", "volume", "containment", "resolution", "csat", "handoff", "first-response", "response-time", "busy-hours", "emotion", "channels"}

func p95(ds []time.Duration) float64 {
	ds = slices.Sorted(slices.Values(ds))
	return float64(ds[min(len(ds)-1, len(ds)*95/100)].Microseconds()) / 1000
}
