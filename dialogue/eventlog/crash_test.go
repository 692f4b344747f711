package eventlog_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
)

const (
	crashWriters = 8
	crashDir     = "YINGDA_TEST_CRASH_DIR"
	crashFrom    = "YINGDA_TEST_CRASH_FROM" // per writer, the first number to send
)

// cycles is how often a child process is killed: a few in every run, as many as the promise says with YINGDA_STRESS.
func cycles() int {
	if os.Getenv("YINGDA_STRESS") != "" {
		return 50
	}
	return 4
}

// TestCrash kills a process under load, again and again. What it had acknowledged must be there, once; what it was about to write is sent
// again by the next process and must not be doubled.
func TestCrash(t *testing.T) {
	if dir := os.Getenv(crashDir); dir != "" {
		crashChild(t, dir)
		return
	}
	dir := t.TempDir()
	next := make([]int, crashWriters) // by writer: the first number that is not acknowledged
	var slowest time.Duration
	for range cycles() {
		ready := crashOnce(t, dir, next)
		slowest = max(slowest, ready)
	}
	if slowest > 20*time.Second {
		t.Errorf("ready after %v at worst, want at most 5 s", slowest)
	}
	l := mustOpen(t, options(dir))
	total := 0
	for w, n := range next {
		evs, err := l.Events(t.Context(), crashKey(w), 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		for i, ev := range evs { // in order, without holes and once each; at most one beyond what was acknowledged
			if want := fmt.Sprint("m", i); ev.ID != want || ev.Private == nil {
				t.Fatalf("writer %d: event %d is %s, want %s", w, i, ev.ID, want)
			}
		}
		if len(evs) < n || len(evs) > n+1 {
			t.Errorf("writer %d: %d events, %d were acknowledged", w, len(evs), n)
		}
		total += n
		if tr := mustLoad(t, l, crashKey(w)); tr.Events != len(evs) {
			t.Errorf("writer %d: the tracker has %d events, the log %d", w, tr.Events, len(evs))
		}
	}
	if v, err := l.Verify(t.Context(), nil); err != nil || !v.OK() {
		t.Errorf("verify: %+v %v", v, err)
	}
	t.Logf("%d kills, %d acknowledged turns, ready after %v at worst", cycles(), total, slowest.Round(time.Millisecond))
}

// crashKey is the conversation of a writer.
func crashKey(w int) dialogue.Key { return key(fmt.Sprint("writer-", w)) }

// crashOnce runs a child for a while, kills it, and returns how long it took to open the log.
func crashOnce(t *testing.T, dir string, next []int) (ready time.Duration) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrash$", "-test.v")
	cmd.Env = append(os.Environ(), crashDir+"="+dir, crashFrom+"="+fmt.Sprint(next))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	sc := bufio.NewScanner(out)
	var log []string
	for sc.Scan() {
		var w, n int
		switch line := sc.Text(); {
		case line == "open":
			ready = time.Since(start)
			time.AfterFunc(50*time.Millisecond+rand.N(400*time.Millisecond), func() { _ = cmd.Process.Kill() })
		case scans(line, &w, &n):
			next[w] = n + 1
		default:
			log = append(log, line)
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != -1 || ready == 0 {
		t.Fatalf("the child ended by itself: %v\n%v", err, log)
	}
	return ready
}

func scans(line string, w, n *int) bool {
	c, err := fmt.Sscanf(line, "ack %d %d", w, n)
	return err == nil && c == 2
}

// crashChild writes until it is killed, and says what was acknowledged.
func crashChild(t *testing.T, dir string) {
	l, err := eventlog.Open(context.Background(), options(dir))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("open")
	from := make([]int, crashWriters)
	if _, err := fmt.Sscanf(os.Getenv(crashFrom), "[%d %d %d %d %d %d %d %d]", &from[0], &from[1], &from[2], &from[3], &from[4], &from[5], &from[6], &from[7]); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for w := range crashWriters {
		wg.Go(func() {
			h := &history{start: time.Now(), acked: map[string][]string{}}
			for n := from[w]; ; n++ {
				if err := h.send(context.Background(), l, w, crashKey(w), fmt.Sprint("m", n)); err != nil {
					t.Error(err)
					return
				}
				h.ops = h.ops[:0]
				os.Stdout.WriteString(fmt.Sprintf("ack %d %d\n", w, n)) // one write: whole lines, even when killed
			}
		})
	}
	wg.Wait()
}
