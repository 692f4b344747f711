package deliver_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"yingda/analytics/deliver"
	"yingda/analytics/warehouse"
)

// TestChild is not a test: it is the process that TestRun_Kill kills.
func TestChild(t *testing.T) {
	dir := os.Getenv("YINGDA_DELIVER_CHILD")
	if dir == "" {
		t.Skip("run by TestRun_Kill")
	}
	w, err := warehouse.Open(context.Background(), warehouse.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	d, err := deliver.New(deliver.Options{Config: mustConfig(t, os.Getenv("YINGDA_DELIVER_CONFIG")), Dir: dir, Querier: w, Every: 20 * time.Millisecond, Now: newClock(1).now})
	if err != nil {
		t.Fatal(err)
	}
	d.Run(context.Background())
}

// TestRun_Kill kills the process without warning, again and again, while it delivers: every session arrives, with few repetitions and always the same key.
func TestRun_Kill(t *testing.T) {
	dir := t.TempDir()
	w, truth, err := fill(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	h := newHook(t, newClock(1).now, func(_ int, rw http.ResponseWriter, _ *http.Request, _ []byte) {
		time.Sleep(5 * time.Millisecond)
		rw.WriteHeader(http.StatusOK)
	})
	want, kills := int(truth.Total.Sessions), 0
	for ; ; kills++ {
		cmd := exec.Command(os.Args[0], "-test.run=^TestChild$")
		cmd.Env = append(os.Environ(), "YINGDA_DELIVER_CHILD="+dir, "YINGDA_DELIVER_CONFIG="+webhook(h, ", concurrency: 2"))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		before, _ := h.count()
		for until := time.Now().Add(20 * time.Second); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
			if keys, _ := h.count(); keys >= min(want, before+60) {
				break
			}
		}
		cmd.Process.Kill()
		cmd.Wait() // killed: its error says so
		if keys, _ := h.count(); keys == want {
			break
		} else if kills > 60 {
			t.Fatalf("%d of %d after %d kills", keys, want, kills)
		}
	}
	keys, n := h.count()
	if keys != want || n > want+kills*8 || kills < 5 || len(h.errs) > 0 {
		t.Errorf("%d keys in %d deliveries over %d kills, want %d; %v", keys, n, kills, want, h.errs)
	}
	t.Logf("%d sessions in %d deliveries over %d kills", keys, n, kills)
}
