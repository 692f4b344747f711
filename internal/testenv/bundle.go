package testenv

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"yingda/models"
	builtin "yingda/models/default"
	"yingda/models/ort"
)

// MustORT starts ONNX Runtime in this process.
func MustORT(tb testing.TB) {
	tb.Helper()
	if err := ort.Init(ForTest(tb)); err != nil {
		tb.Fatal(err)
	}
}

// MustBackend runs a bundle on ONNX Runtime until the test ends.
func MustBackend(tb testing.TB, b *models.Bundle, o ort.Options) *ort.Backend {
	tb.Helper()
	MustORT(tb)
	be, err := ort.Open(b, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := be.Close(); err != nil {
			tb.Error(err)
		}
	})
	return be
}

// MustOpen runs a bundle on ONNX Runtime, for tests outside the packages that may know which runtime it is. The caller closes it.
func MustOpen(tb testing.TB, b *models.Bundle, slots int) models.Backend {
	tb.Helper()
	MustORT(tb)
	be, err := ort.Open(b, ort.Options{Slots: slots})
	if err != nil {
		tb.Fatal(err)
	}
	return be
}

// MustWrite stores a bundle as a folder in dir and returns its id.
func MustWrite(tb testing.TB, dir string, b *models.Bundle) models.BundleID {
	tb.Helper()
	if _, err := b.Write(dir); err != nil {
		tb.Fatal(err)
	}
	return b.Manifest.ID
}

// MustStore makes a store in a folder of the test with these bundles. It has no built-in one.
func MustStore(tb testing.TB, bundles ...*models.Bundle) *models.Store {
	tb.Helper()
	dir := tb.TempDir()
	for _, b := range bundles {
		MustWrite(tb, dir, b)
	}
	s, err := models.OpenStore(dir, nil, "")
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

var defaultBundle = sync.OnceValues(builtin.Open)

// MustDefault returns the bundle that the binary carries. As long as none has been trained the test is skipped.
func MustDefault(tb testing.TB) *models.Bundle {
	tb.Helper()
	if _, err := builtin.ID(); err != nil {
		tb.Skipf("SKIPPED, NOT TESTED: %v", err)
	}
	b, err := defaultBundle()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// CloneBundle returns a copy whose manifest can be changed; model and tokenizer are shared.
func CloneBundle(b *models.Bundle) *models.Bundle {
	c, m := *b, *b.Manifest
	c.Manifest = &m
	m.Probes = append([]models.Probe(nil), m.Probes...)
	m.Heads = append([]models.Head(nil), m.Heads...)
	return &c
}

// Logger drops everything.
func Logger() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// RSS returns the resident memory of the process in bytes; the test is skipped where it cannot be told.
func RSS(tb testing.TB) int64 {
	tb.Helper()
	data, err := os.ReadFile(filepath.FromSlash("/proc/self/statm"))
	if err != nil {
		tb.Skip("resident memory cannot be read on this system")
	}
	fields := strings.Fields(string(data))
	if len(fields) < 2 {
		tb.Fatalf("/proc/self/statm: %q", data)
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		tb.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}
