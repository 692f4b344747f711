package main

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
)

// fillLog writes a few turns as the server does, with the key file that the server makes.
func fillLog(tb testing.TB, dir string) {
	tb.Helper()
	f := logFlags{dir: dir}
	var said strings.Builder
	o, err := f.options(true, &said, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	if info, err := os.Stat(f.keyPath()); err != nil || info.Mode().Perm() != 0o600 || !strings.Contains(said.String(), f.keyPath()) {
		tb.Errorf("key file: %v %v, said %q", info, err, said.String())
	}
	l, err := eventlog.Open(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	t := &dialogue.Tracker{Key: dialogue.Key{Tenant: "default", Conversation: "c"}}
	for _, id := range []string{"m1", "m2"} {
		ev := &dialogue.Event{ID: id, Kind: dialogue.Closed, Time: time.Unix(1_800_000_000, 0), Private: &dialogue.Private{Customer: "zhang", Text: "你好"}}
		if t, err = l.Append(tb.Context(), t, ev); err != nil {
			tb.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		tb.Fatal(err)
	}
}

func TestLogCommands(t *testing.T) {
	t.Setenv("YINGDA_MASTER_KEY", "")
	dir := filepath.Join(t.TempDir(), "log")
	keyFile := filepath.Join(filepath.Dir(dir), "master.key")
	fillLog(t, dir)

	if out := mustCall(t, "", "eventlog", "verify", "--log", dir); !strings.Contains(out, "2 events in 1 conversations") || !strings.Contains(out, "nothing is damaged") {
		t.Errorf("verify: %s", out)
	}
	folder, file := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "backup.tar")
	for _, dest := range []string{folder, file} {
		if out := mustCall(t, "", "backup", "--log", dir, dest); !strings.Contains(out, "2 events") {
			t.Errorf("backup: %s", out)
		}
		if _, _, err := call(t, "", "backup", "--log", dir, dest); err == nil {
			t.Errorf("backup to %s again: no error", dest)
		}
	}
	if out := mustCall(t, "", "keys", "erase", "--log", dir, "zhang", "nobody"); !strings.Contains(out, "zhang: erased") || !strings.Contains(out, "nobody: nothing") {
		t.Errorf("erase: %s", out)
	}
	list := filepath.Join(t.TempDir(), "erasures.jsonl")
	if err := os.WriteFile(list, []byte(mustCall(t, "", "keys", "erasures", "--log", dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	again := filepath.Join(t.TempDir(), "log")
	if out := mustCall(t, "", "restore", "--log", again, "--master-key", keyFile, "--erasures", list, file); !strings.Contains(out, "restored 2 events") {
		t.Errorf("restore: %s", out)
	}
	if out := mustCall(t, "", "eventlog", "verify", "--log", again, "--master-key", keyFile); !strings.Contains(out, "2 unreadable by erasure") {
		t.Errorf("verify of what was restored: %s", out)
	}
	if _, _, err := call(t, "", "restore", "--log", again, "--master-key", keyFile, folder); !errors.Is(err, eventlog.ErrNotEmpty) {
		t.Errorf("restore again: %v, want ErrNotEmpty", err)
	}
	t.Run("Rotate", func(t *testing.T) { testRotateCommand(t, dir, keyFile) })
}

func testRotateCommand(t *testing.T, dir, keyFile string) {
	next := filepath.Join(t.TempDir(), "next.key")
	mustCall(t, "", "keys", "new", next)
	if _, _, err := call(t, "", "keys", "new", next); err == nil {
		t.Error("a key file was written over")
	}
	if _, _, err := call(t, "", "eventlog", "verify", "--log", dir, "--master-key", next); !errors.Is(err, eventlog.ErrMasterKey) {
		t.Errorf("another key: %v, want ErrMasterKey", err)
	}
	old, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := os.ReadFile(next)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(keyFile, append(bytes.Clone(fresh), old...), 0o600); err != nil {
		t.Fatal(err)
	}
	mustCall(t, "", "keys", "rotate", "--log", dir)
	mustCall(t, "", "eventlog", "verify", "--log", dir, "--master-key", next)
	t.Setenv("YINGDA_MASTER_KEY", string(fresh))
	mustCall(t, "", "eventlog", "verify", "--log", dir)
}

func TestLogCommandsRefuse(t *testing.T) {
	t.Setenv("YINGDA_MASTER_KEY", "")
	for _, args := range [][]string{
		{"eventlog"}, {"eventlog", "mend"}, {"keys"}, {"keys", "erase"}, {"keys", "new"}, {"backup"}, {"restore"},
		{"eventlog", "verify", "--log", filepath.Join(t.TempDir(), "none")},
		{"backup", "--log", filepath.Join(t.TempDir(), "none"), t.TempDir()},
		{"restore", "--log", filepath.Join(t.TempDir(), "x"), filepath.Join(t.TempDir(), "none")},
	} {
		if _, _, err := call(t, "", args...); err == nil {
			t.Errorf("yingda %s: no error", strings.Join(args, " "))
		}
	}
	dir := filepath.Join(t.TempDir(), "log")
	fillLog(t, dir)
	if err := os.Remove(filepath.Join(filepath.Dir(dir), "master.key")); err != nil {
		t.Fatal(err)
	}
	f := logFlags{dir: dir}
	if _, err := f.options(true, io.Discard, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a log whose key is lost: %v, want that no new one is made", err)
	}
}
