package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yingda/server"
)

func TestAPIKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys.yaml")
	for _, args := range [][]string{{"web", "--roles", "runtime,read", "--file", file}, {"li", "--roles", "agent", "--agent", "a17", "--expires", "2099-01-01", "--file", file}} {
		out, _, err := call(t, "", append([]string{"api-key"}, args...)...)
		if err != nil || !strings.HasPrefix(out, args[0]+".") {
			t.Fatalf("%v: %q, %v", args, out, err)
		}
		secret := strings.SplitN(out, "\n", 2)[0]
		if data, err := os.ReadFile(file); err != nil || strings.Contains(string(data), strings.SplitN(secret, ".", 2)[1]) {
			t.Errorf("the file holds the secret itself, or %v", err)
		}
	}
	if _, err := server.OpenKeys(file, time.Now); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"role \"boss\"":      {"x", "--roles", "boss"},
		`id "a b"`:           {"a b"},
		"expires":            {"x", "--expires", "soon"},
		"only role is agent": {"x", "--agent", "a17"},
		"is given twice":     {"web", "--file", file},
		`tenant "Ä"`:         {"x", "--tenant", "Ä"},
		"usage":              {},
	} {
		if _, _, err := call(t, "", append([]string{"api-key"}, args...)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", args, err, want)
		}
	}
	if after, err := os.ReadFile(file); err != nil || string(after) != string(before) {
		t.Errorf("a refused key changed the file: %v", err)
	}
	if _, err := os.Stat(file + ".new"); err == nil {
		t.Error("a refused key left a file behind")
	}
}
