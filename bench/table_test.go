package bench

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// handMade is a report with every kind of row.
func handMade() *Report {
	s := func(v ...float64) Summary { return Summarise(v) }
	raw := &Result{Name: "loop", Clients: 1, PerSecond: s(100, 90, 110), P50: s(8), P99: s(12.25), CPU: s(10, 9, 11), rounds: []round{{perSecond: 100}, {perSecond: 90}, {perSecond: 110}}}
	serve := &Result{Name: "serve", Clients: 1, PerSecond: s(95, 85.5, 99), P50: s(9), P99: s(1234), CPU: s(11), Rows: s(4.25), Samples: 600, Errors: 3, rounds: []round{{perSecond: 95}, {perSecond: 85.5}, {perSecond: 99}}}
	return &Report{Date: time.Date(2026, 11, 22, 17, 8, 0, 0, time.UTC), Command: "yingda bench", Machine: Machine{CPU: "Test CPU", Cores: 2, Memory: 8, OS: "Linux", Load: "0.1 0.2 0.3"},
		Versions: []Version{{"Go", "1.26"}}, Bundle: "zh-en-0123456789ab", Corpus: "3 texts", Rounds: 5, Seconds: 3,
		Targets: []Target{
			NewTarget("speed", Ratio(serve, raw, Speed), true, 0.9, ""),
			NewTarget("memory", s(351), false, 350, "MB"),
			NewTarget("peer", Summary{}, true, 1.5, ""),
			NewTarget("gain", s(1.4), true, 0, ""),
		},
		Single:  []*Result{raw, serve, {Name: "peer", Failed: "not run: no --python was given"}},
		Loaded:  []*Result{raw},
		Servers: []Server{{Name: "serve", Ready: s(0.5, 0.4, 0.6), Warm: s(269), End: s(270)}, {Name: "peer", Failed: "it broke\non | two lines"}},
		Notes:   []string{"A note."},
	}
}

func TestReport(t *testing.T) {
	r := handMade()
	var text bytes.Buffer
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.txt", text.String())
	golden(t, "report.md", r.Markdown())
	r.Quick = true
	if !strings.Contains(r.Markdown(), "quick run") {
		t.Error("a quick run does not say so")
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update rewrites it):\n%s", path, got)
	}
}

func TestReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "benchmarks.md")
	r := handMade()
	if err := r.Replace(path); err != nil { // makes it
		t.Fatal(err)
	}
	first, _ := os.ReadFile(path)
	if err := os.WriteFile(path, append([]byte("Before.\n"), append(first, "After.\n"...)...), 0o644); err != nil {
		t.Fatal(err)
	}
	r.Bundle = "another"
	if err := r.Replace(path); err != nil {
		t.Fatal(err)
	}
	got, _ := os.ReadFile(path)
	s := string(got)
	if !strings.HasPrefix(s, "Before.\n") || !strings.HasSuffix(s, End+"\nAfter.\n") || strings.Contains(s, "zh-en") || strings.Count(s, "another") != 1 {
		t.Errorf("got:\n%s", s)
	}
	if err := os.WriteFile(path, []byte("no marks"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := r.Replace(path); err == nil {
		t.Error("a file without marks was overwritten")
	}
}
