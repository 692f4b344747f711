package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yingda/analytics/report"
	"yingda/analytics/warehouse"
	"yingda/analytics/web"
	"yingda/dialogue"
)

// mustAnalytics makes a folder of analytics with yesterday's messages in it.
func mustAnalytics(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "yd") // short: it holds a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	w, err := warehouse.Open(t.Context(), warehouse.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var events []dialogue.Event
	for i := range 20 {
		ev := dialogue.Event{ID: fmt.Sprint("m", i), Kind: dialogue.TurnTaken, Key: dialogue.Key{Tenant: "default", Conversation: fmt.Sprint("c", i)}, Customer: fmt.Sprint("u", i), Channel: "web", Time: time.Now().Add(-30 * time.Hour),
			Seq: uint64(i + 1), Turn: &dialogue.TurnBody{Redacted: "我的订单到哪了", Lang: "zh", Owner: "robot", Bundle: "b1", Decision: dialogue.Decision{Action: dialogue.Answer, Intents: []string{"order.status"}}, Millis: map[string]float64{"total": 20}}}
		if i%4 == 0 {
			ev.Turn.Decision = dialogue.Decision{Action: dialogue.HandOff, HandOff: &dialogue.HandOffAsk{Queue: "general", Why: dialogue.ByRequest}}
		}
		events = append(events, ev)
	}
	if err := w.Ingest(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	return dir
}

func runOut(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out, errs strings.Builder
	err := run(t.Context(), args, stdio{strings.NewReader(""), &out, &errs})
	return out.String(), err
}

func TestReport(t *testing.T) {
	dir := mustAnalytics(t)
	out, err := runOut(t, "report", "handoff", "--dir", dir, "--language", "zh")
	if err != nil || !strings.Contains(out, "客户要求") || !strings.Contains(out, "25.0 %  5/20") {
		t.Errorf("%v\n%s", err, out)
	}
	file := filepath.Join(t.TempDir(), "handoff.csv")
	if out, err := runOut(t, "report", "handoff", "--dir", dir, "--out", file); err != nil || out != "" {
		t.Errorf("%v %s", err, out)
	}
	if data, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(data), "reason,handed,share_of_sessions,") || !strings.Contains(string(data), "\nrequest,5,0.25,5,20,") {
		t.Errorf("%v %s", err, data)
	}
	if out, err := runOut(t, "report", "all", "--dir", dir); err != nil || !strings.Contains(out, "<svg") {
		t.Errorf("%v %.300s", err, out)
	}
	if out, err := runOut(t, "report", "--list"); err != nil || !strings.Contains(out, "containment") {
		t.Errorf("%v %s", err, out)
	}
	if out, err := runOut(t, "report", "drift", "--sql", "spark", "--zone", "Asia/Shanghai"); err != nil || strings.Count(out, "-- drift_") != 2 {
		t.Errorf("%v %s", err, out)
	}
}

func TestReportErrors(t *testing.T) {
	dir := mustAnalytics(t)
	for want, args := range map[string][]string{
		"no such report": {"nothing", "--dir", dir}, "there is no warehouse": {"csat", "--dir", t.TempDir()}, "want a day such as": {"csat", "--dir", dir, "--from", "x"},
		"want table, json": {"csat", "--dir", dir, "--format", "xls"}, "does not apply here": {"csat", "--dir", dir, "--queue", "vip"}, "duckdb, spark or clickhouse": {"csat", "--sql", "db2"},
	} {
		if _, err := runOut(t, append([]string{"report"}, args...)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", args, err, want)
		}
	}
	if out, err := runOut(t, "report", "--language", "zh"); err != nil || strings.Count(out, "\n") != len(report.Names()) || !strings.Contains(out, "净推荐值") {
		t.Errorf("no name: %v\n%s", err, out)
	}
}

// TestReportLive: where a process has the folder it is asked over its socket.
func TestReportLive(t *testing.T) {
	dir := mustAnalytics(t)
	w, err := openWarehouse(t.Context(), warehouse.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	ln, err := listenSocket(filepath.Join(dir, socketName))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	asked := 0
	h := web.New(web.Options{Reports: &web.Reports{Querier: w}})
	go func() {
		done <- serveSocket(ctx, ln, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			asked++
			h.ServeHTTP(rw, r)
		}))
	}()
	out, err := runOut(t, "report", "volume", "--dir", dir, "--language", "en")
	cancel()
	if stopped := <-done; stopped != nil || err != nil || asked != 1 || !strings.Contains(out, "Volume") {
		t.Errorf("%v %v, asked %d times\n%s", err, stopped, asked, out)
	}
}
