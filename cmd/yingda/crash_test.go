package main

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"yingda/bench"
)

// longest is how long a robot may take until it answers again after it was killed.
const longest = 5 * time.Second

// TestCrash kills the robot under load again and again: every message that was acknowledged is there once, with what was answered. With
// YINGDA_STRESS set it does so 50 times and holds the time until it is ready again to 5 s.
func TestCrash(t *testing.T) {
	kills := rounds(t, 3, 50)
	r := mustPlainRobot(t)
	s := newSenders(t, r)
	s.start()
	var ready []time.Duration
	for range kills {
		time.Sleep(500*time.Millisecond + rand.N(2*time.Second))
		r.kill()
		ready = append(ready, r.start())
	}
	time.Sleep(time.Second)
	s.finish()
	if worst := tellReady(t, ready); os.Getenv("YINGDA_STRESS") != "" && worst > longest { // few tell of the machine's mood only
		t.Errorf("a start took %v, more than %v", worst, longest)
	}
	s.check(t)
	r.kill() // once more, and nothing is written in peace before the log is read
	mustVerify(t, "--log", r.dir, "--master-key", r.key)
}

// TestReplicas runs two robots on one log, in a NATS server of its own, and kills one or the other under load: no turn is lost, doubled or
// out of order, whoever took it.
func TestReplicas(t *testing.T) {
	kills := rounds(t, 2, 20)
	url := mustNATS(t)
	first := mustPlainRobot(t, "--nats", url)
	second := mustPlainRobot(t, "--nats", url, "--master-key", first.key)
	robots := []*robot{first, second}
	s := newSenders(t, robots...)
	s.start()
	var ready []time.Duration
	for i := range kills {
		time.Sleep(time.Second + rand.N(2*time.Second))
		r := robots[i%2]
		r.kill()
		time.Sleep(rand.N(time.Second)) // the other one carries on alone
		ready = append(ready, r.start())
	}
	time.Sleep(time.Second)
	s.finish()
	tellReady(t, ready)
	s.check(t)
	first.kill()
	second.kill()
	mustVerify(t, "--nats", url, "--master-key", first.key)
}

// rounds is how often something is done: few times, or with YINGDA_STRESS often.
func rounds(t *testing.T, few, many int) int {
	if os.Getenv("YINGDA_STRESS") != "" {
		return many
	}
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	return few
}

// tellReady prints how long the starts took and returns the longest.
func tellReady(t *testing.T, took []time.Duration) time.Duration {
	t.Helper()
	slices.Sort(took)
	seconds := make([]float64, len(took))
	for i, d := range took {
		seconds[i] = d.Seconds()
	}
	q := func(p float64) float64 { return bench.Quantile(seconds, p) }
	t.Logf("killed %d times; ready again after %.2f s at best, p50 %.2f, p90 %.2f, p99 %.2f, at most %.2f s (load average %s)", len(took),
		seconds[0], q(0.5), q(0.9), q(0.99), seconds[len(took)-1], bench.ThisMachine().Load)
	return took[len(took)-1]
}

// mustVerify has the program check the whole log.
func mustVerify(t *testing.T, args ...string) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(path, append([]string{"eventlog", "verify"}, args...)...).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "nothing is damaged") {
		t.Errorf("verify: %v\n%s", err, out)
	}
	t.Logf("verify: %s", out)
}

// mustNATS runs a NATS server that other processes can reach, as strict as the embedded one.
func mustNATS(tb testing.TB) (url string) {
	tb.Helper()
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, SyncAlways: true, NoSigs: true, NoLog: true,
		StoreDir: filepath.Join(tb.TempDir(), "nats"), JetStreamMaxStore: 4 << 30, JetStreamMaxMemory: 64 << 20, MaxPayload: 8 << 20})
	if err != nil {
		tb.Fatal(err)
	}
	srv.Start()
	tb.Cleanup(func() {
		srv.Shutdown()
		srv.WaitForShutdown()
	})
	if !srv.ReadyForConnections(10 * time.Second) {
		tb.Fatal("the NATS server is not ready")
	}
	return srv.ClientURL()
}
