package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRunSetup(t *testing.T) {
	text := filepath.Join(t.TempDir(), "libonnxruntime.so")
	if err := os.WriteFile(text, []byte("not a library"), 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		args []string
		want string // part of the error or of standard error
	}{
		{"OKHelp", []string{"-h"}, "-ort-lib"},
		{"ErrArgument", []string{"now"}, `unexpected argument "now"`},
		{"ErrFlag", []string{"--fast"}, "flag provided but not defined"},
		{"ErrLibrary", []string{"--ort-lib", text}, "not a shared library"},
		{"ErrAbsent", []string{"--ort-lib", text + "x"}, "no such file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			err := runSetup(t.Context(), tt.args, &stdout, &stderr)
			got := stderr.String()
			if strings.HasPrefix(tt.name, "Err") {
				if err == nil {
					t.Fatal("no error")
				}
				got += err.Error()
			}
			if !strings.Contains(got, tt.want) || stdout.Len() > 0 {
				t.Errorf("got %q, want %q in it; stdout %q", got, tt.want, stdout.String())
			}
		})
	}
}
