package models_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"yingda/internal/testenv"
	"yingda/models"
	"yingda/models/onnx"
)

// mustFolder writes the tiny bundle and returns its folder.
func mustFolder(tb testing.TB) string {
	tb.Helper()
	path, err := testenv.MustTiny(tb, testenv.Tiny{}).Write(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

func mustReadFile(tb testing.TB, path ...string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func mustWriteFile(tb testing.TB, data []byte, path ...string) {
	tb.Helper()
	if err := os.WriteFile(filepath.Join(path...), data, 0o644); err != nil {
		tb.Fatal(err)
	}
}

// mustManifest rewrites a folder's manifest and gives it the right id, as someone would who wants to be believed.
func mustManifest(tb testing.TB, dir string, change func(m *models.Manifest)) {
	tb.Helper()
	var m models.Manifest
	if err := json.Unmarshal(mustReadFile(tb, dir, models.ManifestName), &m); err != nil {
		tb.Fatal(err)
	}
	change(&m)
	var err error
	if m.ID, err = m.ComputeID(); err != nil {
		tb.Fatal(err)
	}
	data, err := json.Marshal(&m)
	if err != nil {
		tb.Fatal(err)
	}
	mustWriteFile(tb, data, dir, models.ManifestName)
}

// mustModel changes the tiny model and writes a bundle of it with right hashes: only what the graph says can be held against it.
func mustModel(tb testing.TB, change func(m *onnx.Model)) string {
	tb.Helper()
	b := testenv.MustTiny(tb, testenv.Tiny{})
	m := testenv.TinyModel(1, false)
	change(m)
	b.Model = onnx.Marshal(m)
	path, err := b.Write(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

// wantInvalid checks that err says why a bundle is refused.
func wantInvalid(tb testing.TB, err error, reason string) {
	tb.Helper()
	var be *models.BundleError
	if !errors.Is(err, models.ErrInvalidBundle) || !errors.As(err, &be) || !bytes.Contains([]byte(err.Error()), []byte(reason)) {
		tb.Errorf("got %v, want an invalid bundle because of %q", err, reason)
	}
}
