package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"yingda/analytics/feed"
	"yingda/analytics/warehouse"
	"yingda/dialogue"
	"yingda/dialogue/eventlog"
)

// analyticsOf is the folder of a robot's analytics.
func analyticsOf(r *robot) string { return filepath.Join(filepath.Dir(r.dir), "analytics") }

// mustHealth waits until the child answers.
func mustHealth(tb testing.TB, r *robot) feed.Health {
	tb.Helper()
	until := time.Now().Add(60 * time.Second)
	for {
		h, err := health(context.Background(), analyticsOf(r))
		if err == nil {
			return h
		}
		if time.Now().After(until) {
			tb.Fatalf("the analytics process does not answer: %v\n%s", err, r.log)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestAnalyticsCrash kills the robot or its analytics process under load again and again: in the end the tables hold what the log holds, once.
// With YINGDA_STRESS set it does so 100 times.
func TestAnalyticsCrash(t *testing.T) {
	kills := rounds(t, 4, 100)
	r := mustPlainRobot(t)
	s := newSenders(t, r)
	s.start()
	for i := range kills {
		time.Sleep(300*time.Millisecond + rand.N(1500*time.Millisecond))
		if i%2 == 0 {
			if h, err := health(t.Context(), analyticsOf(r)); err == nil {
				syscall.Kill(h.PID, syscall.SIGKILL)
			}
			continue
		}
		r.kill()
		r.start()
	}
	s.finish()
	s.check(t)
	settle(t, r)
	r.kill()
	compareWithLog(t, r)
}

// settle waits until analytics has taken in all that there is.
func settle(t *testing.T, r *robot) {
	t.Helper()
	before := mustHealth(t, r)
	for same := 0; same < 10; {
		time.Sleep(200 * time.Millisecond)
		now := mustHealth(t, r)
		if same++; now.Position != before.Position || now.Position == 0 {
			same = 0
		}
		before = now
	}
}

// compareWithLog counts the events of the log without a database, and compares.
func compareWithLog(t *testing.T, r *robot) {
	t.Helper()
	key, _, err := (&logFlags{dir: r.dir, key: r.key}).masterKeys(false, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	log, err := eventlog.Open(t.Context(), eventlog.Options{Dir: r.dir, Master: key})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	want, total, last := map[string]int{}, 0, uint64(0)
	err = log.Walk(t.Context(), 0, func(ev *dialogue.Event, _ uint64) error {
		if last = ev.Seq; ev.Kind == dialogue.TurnTaken {
			want[fmt.Sprintf("%s/%s %s %s", ev.Tenant, ev.Conversation, ev.ID, ev.Turn.Decision.Action)]++
			total++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w, err := openWarehouse(t.Context(), warehouse.Options{Dir: analyticsOf(r)})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w.Position() != last {
		t.Errorf("analytics is at %d, the log at %d", w.Position(), last)
	}
	rows, err := w.Query(t.Context(), "SELECT tenant || '/' || conversation || ' ' || id || ' ' || action, count(*) FROM turns GROUP BY 1")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var n int
		if err := rows.Scan(&id, &n); err != nil {
			t.Fatal(err)
		}
		if want[id] != n {
			t.Errorf("%s is there %d times, in the log %d times", id, n, want[id])
		}
		delete(want, id)
	}
	if len(want) > 0 {
		t.Errorf("%d turns are missing", len(want))
	}
	for _, query := range []string{"SELECT sum(turns)::BIGINT FROM hourly", "SELECT sum(turns)::BIGINT FROM sessions"} {
		if n := mustCount(t, w, query); n != total {
			t.Errorf("%s = %d, the log has %d turns", query, n, total)
		}
	}
	t.Logf("%d turns in %d events", total, last)
}

func mustCount(t *testing.T, w *warehouse.Warehouse, query string) (n int) {
	t.Helper()
	rows, err := w.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// TestAnalyticsVisible holds that a report counts what was just said, and that a report is refused politely while there is nobody to ask.
func TestAnalyticsVisible(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	r := mustPlainRobot(t)
	mustHealth(t, r)
	turns := func() string {
		status, body, err := r.send("GET", "/v1/reports/volume?format=json", "")
		if err != nil || status != 200 {
			t.Fatalf("report: %d %v %v", status, body, err)
		}
		return fmt.Sprint(body["rows"])
	}
	var took []time.Duration
	for i := range 5 {
		before, began := turns(), time.Now()
		if status, body, err := r.send("POST", fmt.Sprintf("/v1/conversations/v%d/messages", i), `{"customer": "c", "text": "我的订单怎么还没发货"}`); err != nil || status != 200 {
			t.Fatalf("message: %d %v %v", status, body, err)
		}
		for turns() == before {
			if time.Since(began) > 20*time.Second {
				t.Fatalf("a message is not counted after 20 s; log: %s", r.log)
			}
			time.Sleep(20 * time.Millisecond)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	t.Logf("from a message to the report that counts it: %v", took)
	if os.Getenv("YINGDA_STRESS") != "" && took[len(took)-1] > 2*time.Second {
		t.Errorf("it took %v, more than 2 s", took[len(took)-1])
	}
	h := mustHealth(t, r)
	syscall.Kill(h.PID, syscall.SIGSTOP) // no answer at all
	if status, body, err := r.send("POST", "/v1/conversations/stopped/messages", `{"customer": "c", "text": "hello"}`); err != nil || status != 200 {
		t.Errorf("a conversation waits for analytics: %d %v %v", status, body, err)
	}
	syscall.Kill(h.PID, syscall.SIGKILL)
	status, body, err := r.send("GET", "/v1/reports/volume?format=json", "")
	if err != nil || status != 503 && status != 200 || status == 503 && body["code"] != "unavailable" {
		t.Errorf("without analytics: %d %v %v", status, body, err)
	}
}

func TestChildEnv(t *testing.T) {
	got := childEnv([]string{"PATH=/bin", "YINGDA_MASTER_KEY=secret", "YINGDA_MASTER_KEY_FILE=/k", "YINGDA_KEYS=/keys", "TZ=UTC"})
	if strings.Join(got, " ") != "PATH=/bin TZ=UTC" {
		t.Error(got)
	}
}

// TestZoneFlag: zones go by their names, so that what a report says does not hang on the machine.
func TestZoneFlag(t *testing.T) {
	var f analyseFlags
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	f.registerZone(fs, "analytics-")
	zone := func() string { return f.webOptions(nil, slog.New(slog.DiscardHandler)).Reports.Zone.String() }
	f.dir = t.TempDir()
	if got := zone(); got != "UTC" || f.zone.String() != "UTC" {
		t.Errorf("not set: %s, as a flag %s", got, f.zone.String())
	}
	if err := fs.Parse([]string{"--analytics-zone", "Asia/Shanghai"}); err != nil || zone() != "Asia/Shanghai" || f.zone.String() != "Asia/Shanghai" {
		t.Errorf("set: %s, as a flag %s: %v", zone(), f.zone.String(), err)
	}
	for _, bad := range []string{"Local", "", "Mars/Base"} {
		if fs.Parse([]string{"--analytics-zone", bad}) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
