package training_test

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"yingda/training"
	"yingda/training/corpus"
)

// withRoomFor calls f while no file may grow beyond so many bytes: like on a full disk, a write stops in the middle of a file.
func withRoomFor(t *testing.T, bytes uint64, f func()) {
	t.Helper()
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ) // the write fails instead
	defer signal.Reset(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
			t.Fatal(err)
		}
	}()
	f()
}

// TestDiskFull: what does not fit is told with the file's name; no half-written bundle and no cache that cannot be used stays behind.
func TestDiskFull(t *testing.T) {
	e := MustEncoder(t)
	res, err := train(t, e, shop(), tuned())
	if err != nil {
		t.Fatal(err)
	}
	const room = 50_000 // bytes: less than the model's
	dir := t.TempDir()
	withRoomFor(t, room, func() { _, err = res.Bundle.Write(dir) })
	if err == nil || !strings.Contains(err.Error(), "write bundle shop-") || !strings.Contains(err.Error(), "file too large") {
		t.Errorf("the bundle: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := res.Bundle.Write(dir); err != nil {
		t.Fatalf("with room again: %v", err)
	}

	cache := t.TempDir()
	heads := func() (*training.Result, error) {
		return training.TrainHeads(t.Context(), shop(), corpus.DefaultTaxonomy(), res.Bundle, tuned(), cache, nil)
	}
	withRoomFor(t, room, func() { _, err = heads() })
	if err == nil || !strings.Contains(err.Error(), "features-") || !strings.Contains(err.Error(), "file too large") {
		t.Errorf("the cache of states: %v", err)
	}
	files, _ := filepath.Glob(filepath.Join(cache, "features-*.bin"))
	if len(files) != 1 {
		t.Fatalf("caches %v", files)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Size() != room {
		t.Errorf("the cache was to be cut at %d bytes: %v, %v", room, info.Size(), err)
	}
	if _, err := heads(); err != nil {
		t.Errorf("with room again: %v", err)
	}
}
