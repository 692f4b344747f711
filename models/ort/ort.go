// Package ort runs bundles on ONNX Runtime through onnxruntime_go. It is the only package that does so.
//
// One [Backend] owns one session, shared by as many concurrent Forward calls as it has slots. A session computes on the
// calling thread alone (intra-op 1): throughput comes from several callers, not from splitting one matrix, and the threads of
// the HTTP server keep their cores. Inputs and outputs are preallocated Go memory bound once a shape; ONNX Runtime writes the
// logits there without a copy. Nothing is left to a finaliser: every tensor, option and session is destroyed by hand.
package ort

import (
	"errors"
	"fmt"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

var env struct {
	sync.Mutex
	path string
}

// Init loads the shared library at path and starts the environment. Calls after the first succeed only with the same path:
// a process has one ONNX Runtime.
func Init(path string) error {
	env.Lock()
	defer env.Unlock()
	if env.path != "" {
		if env.path != path {
			return fmt.Errorf("ONNX Runtime is already loaded from %s, not %s", env.path, path)
		}
		return nil
	}
	if path == "" {
		return errors.New("load ONNX Runtime: no library given; run 'yingda setup'")
	}
	ort.SetSharedLibraryPath(path)
	if err := ort.InitializeEnvironment(ort.WithLogLevelError()); err != nil {
		return fmt.Errorf("load ONNX Runtime from %s: %w", path, err)
	}
	if err := ort.DisableTelemetry(); err != nil {
		return fmt.Errorf("disable ONNX Runtime's telemetry: %w", err)
	}
	env.path = path
	return nil
}

// Version returns the version of the loaded library, e.g. "1.32.0". Init must have succeeded.
func Version() string { return ort.GetVersion() }
