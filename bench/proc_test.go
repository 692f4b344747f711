package bench

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	tail := " S 1 4242 4242 0 -1 4194304 100 0 0 0 250 50 7 9 20 0 8 0 123 456789 2048 18446744073709551615 1 1"
	for _, tc := range []struct{ name, line string }{
		{"Plain", "4243 (yingda)" + tail},
		{"Spaces", "4243 (tmux: server)" + tail},
		{"Parentheses", "4243 (a) R 9 9 (b)" + tail},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := parseStat(tc.line + "\n")
			if want := (procStat{group: 4242, cpu: 3 * time.Second, rssPages: 2048}); err != nil || s != want {
				t.Errorf("got %+v, %v, want %+v", s, err, want)
			}
		})
	}
	if s, err := parseStat("4243 (x)" + strings.Replace(tail, " S ", " Z ", 1)); err != nil || !s.dead {
		t.Errorf("a zombie gives %+v, %v", s, err)
	}
	for _, line := range []string{"", "1 (x)", "1 x S 1 2 3", "1 (x)" + strings.Replace(tail, "4242", "?", 1)} {
		if s, err := parseStat(line); err == nil {
			t.Errorf("%q gives %+v", line, s)
		}
	}
}

func TestSelfCPU(t *testing.T) {
	before, err := SelfCPU()
	if err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); time.Since(began) < 50*time.Millisecond; {
	}
	if after, err := SelfCPU(); err != nil || after-before < 5*time.Millisecond {
		t.Errorf("spinning took %v of CPU, %v", after-before, err)
	}
}

// TestHelper is not a test: other tests start it as a server. It leaves a child behind that must be ended with it.
func TestHelper(t *testing.T) {
	addr := os.Getenv("YINGDA_BENCH_HELPER")
	if addr == "" {
		t.Skip("a helper of other tests")
	}
	helperServer(addr)
}

func TestProcess(t *testing.T) {
	addr := mustFreeAddr(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestHelper$")
	cmd.Env = append(os.Environ(), "YINGDA_BENCH_HELPER="+addr)
	p, err := Start(t.Context(), addr, "/ready", cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	if p.Ready <= 0 {
		t.Errorf("ready after %v", p.Ready)
	}
	if runtime.GOOS == "linux" {
		if rss, err := p.RSS(); err != nil || rss < 1<<20 {
			t.Errorf("memory %d, %v", rss, err)
		}
		if _, err := p.CPU(); err != nil {
			t.Error(err)
		}
	}
	c, err := NewClient(addr, "/parse", 2, []string{"你好", "<b>\"hi\"</b>", "close", "fail"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, i := range []int{0, 1, 2, 0} { // the server closes the connection after "close", so the last one needs a new connection
		if _, err := c.Do(t.Context(), 1, i); err != nil {
			t.Fatalf("text %d: %v", i, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if _, err := c.Do(t.Context(), 0, 3); err == nil || !strings.Contains(err.Error(), "418") {
		t.Errorf("a refused text gives %v", err)
	}
	group := p.cmd.Process.Pid
	p.Stop()
	for range 100 { // the kernel ends what was killed a moment later
		if _, err := GroupCPU(group); err != nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("processes of the group live on")
}

func TestStartFails(t *testing.T) {
	addr := mustFreeAddr(t)
	_, err := Start(t.Context(), addr, "/", exec.Command("sh", "-c", "echo out of cheese >&2; exit 3"))
	if err == nil || !strings.Contains(err.Error(), "out of cheese") || !strings.Contains(err.Error(), strconv.Itoa(3)) {
		t.Errorf("got %v", err)
	}
	if _, err := Start(t.Context(), addr, "/", exec.Command("/no/such/program")); err == nil {
		t.Error("a program that does not exist was started")
	}
}

func mustFreeAddr(t *testing.T) string {
	t.Helper()
	addr, err := FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}
