// Package testenv gives tests the parts of a whole system that they cannot make themselves. It may read the environment, which
// the packages under test do not.
package testenv

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"yingda/models/ort/library"
)

// AllowNoORT names the environment variable that lets tests which need ONNX Runtime be skipped on a machine that has none.
const AllowNoORT = "YINGDA_ALLOW_NO_ORT"

// ensure looks for the library once a test process.
var ensure = sync.OnceValues(func() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 9*time.Minute) // below go test's limit, for a message of our own
	defer cancel()
	path, _, err := library.Ensure(ctx, library.Options{Cache: Cache(), Library: os.Getenv("YINGDA_ORT_LIB"), Log: os.Stderr})
	return path, err
})

// ForTest returns the path of libonnxruntime, for ort.Init, and fetches it if need be. Without one the test fails, unless
// YINGDA_ALLOW_NO_ORT is set: then it is skipped.
func ForTest(tb testing.TB) string {
	tb.Helper()
	path, err := ensure()
	switch {
	case err == nil:
		return path
	case os.Getenv(AllowNoORT) != "":
		tb.Skipf("SKIPPED, NOT TESTED: %s is set and there is no ONNX Runtime:\n%v", AllowNoORT, err)
	default:
		tb.Fatalf("this test needs ONNX Runtime ('make setup' fetches it; %s=1 skips such tests):\n%v", AllowNoORT, err)
	}
	return ""
}

// Cache returns the folder that keeps what was fetched: YINGDA_CACHE, or yingda in the user's cache folder.
func Cache() string {
	if dir := os.Getenv("YINGDA_CACHE"); dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil { // no HOME, as in bare containers
		dir = os.TempDir()
	}
	return filepath.Join(dir, "yingda")
}
