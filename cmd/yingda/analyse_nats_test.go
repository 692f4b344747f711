package main

import (
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestAnalyseNATS counts what robots write on a cluster from a process of its own, and ends when it is told to.
func TestAnalyseNATS(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	url := mustNATS(t)
	r := mustPlainRobot(t, "--nats", url)
	dir := filepath.Join(t.TempDir(), "analytics")
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	out := &lockedBuffer{}
	cmd := exec.Command(path, "analyse", "--nats", url, "--master-key", r.key, "--dir", dir)
	cmd.Stderr = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	if status, body, err := r.send("POST", "/v1/conversations/n1/messages", `{"customer": "c", "text": "我的订单怎么还没发货"}`); err != nil || status != 200 {
		t.Fatalf("message: %d %v %v", status, body, err)
	}
	until := time.Now().Add(60 * time.Second)
	for {
		if h, err := health(t.Context(), dir); err == nil && h.Position > 0 {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("nothing was counted; its log: %s", out)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: want a clean end; its log: %s", err, out)
	}
	if status, body, err := r.send("GET", "/v1/reports/volume?format=json", ""); err != nil || status != 404 && status != 501 && status != 503 {
		t.Errorf("a robot without analytics of its own: %d %v %v", status, body, err)
	}
}
