package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yingda/internal/testenv"
	"yingda/models"
)

// call runs the program in this process and returns what it wrote.
func call(tb testing.TB, in string, args ...string) (out, errOut string, err error) {
	tb.Helper()
	var stdout, stderr bytes.Buffer
	err = run(context.Background(), args, stdio{strings.NewReader(in), &stdout, &stderr})
	return stdout.String(), stderr.String(), err
}

// mustCall fails the test when the program does.
func mustCall(tb testing.TB, in string, args ...string) string {
	tb.Helper()
	out, errOut, err := call(tb, in, args...)
	if err != nil {
		tb.Fatalf("yingda %s: %v\n%s", strings.Join(args, " "), err, errOut)
	}
	return out
}

// mustTinyPath writes the tiny bundle and returns its folder.
func mustTinyPath(tb testing.TB, o testenv.Tiny) string {
	tb.Helper()
	dir := tb.TempDir()
	return filepath.Join(dir, string(testenv.MustWrite(tb, dir, testenv.MustTiny(tb, o))))
}

func TestUsage(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string // on standard error, or out for help
		err  error
	}{
		{"OKHelp", []string{"help"}, "serve the HTTP API", nil},
		{"OKHelpFlag", []string{"--help"}, "bundle", nil},
		{"OKVersion", []string{"version"}, "yingda ", nil},
		{"OKCommandHelp", []string{"serve", "-h"}, "listen `address`", flag.ErrHelp},
		{"OKBundleHelp", []string{"bundle", "-h"}, "rollback", flag.ErrHelp},
		{"ErrNothing", nil, "Usage: yingda COMMAND", errUsage},
		{"ErrUnknown", []string{"sevre"}, `unknown command "sevre"`, errUsage},
		{"ErrParseNothing", []string{"parse"}, "Usage: yingda parse", errUsage},
		{"ErrParseBoth", []string{"parse", "--lines", "text"}, "Usage: yingda parse", errUsage},
		{"ErrFlag", []string{"parse", "--fast", "x"}, "not defined", errUsage},
		{"ErrEvalNothing", []string{"eval"}, "Usage: yingda eval", errUsage},
		{"ErrBundleNothing", []string{"bundle"}, "Usage: yingda bundle", errUsage},
		{"ErrBundleVerb", []string{"bundle", "destroy"}, "Usage: yingda bundle", errUsage},
		{"ErrBundleMissing", []string{"bundle", "activate"}, "Usage: yingda bundle", errUsage},
		{"ErrBundleExtra", []string{"bundle", "list", "x"}, "Usage: yingda bundle", errUsage},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, errOut, err := call(t, "", tt.args...)
			if !errors.Is(err, tt.err) || (err != nil) != (tt.err != nil) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			want := strings.ReplaceAll(tt.want, "`", "") // flag shows `address` without its marks
			if !strings.Contains(out+errOut, want) {
				t.Errorf("wrote %q and %q, want %q", out, errOut, want)
			}
			if strings.HasPrefix(tt.name, "Err") && out != "" {
				t.Errorf("a mistake was told on standard output: %q", out)
			}
		})
	}
	for _, args := range [][]string{{"serve", "now"}, {"bundle", "list", "--role", "king"}} {
		if _, _, err := call(t, "", args...); err == nil || errors.Is(err, errUsage) {
			t.Errorf("yingda %v: %v, want a sentence", args, err)
		}
	}
}

// parsed is the part of a line of output that these tests look at.
type parsed struct {
	Text    string
	Error   string
	Bundle  string
	Intents []struct{ Intent, Name, Label string }
}

func mustLines(tb testing.TB, out string) []parsed {
	tb.Helper()
	var lines []parsed
	for line := range strings.Lines(out) {
		var p parsed
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			tb.Fatalf("%q: %v", line, err)
		}
		lines = append(lines, p)
	}
	return lines
}

func TestParse(t *testing.T) {
	bundle := []string{"--ort-lib", testenv.ForTest(t), "--bundle", mustTinyPath(t, testenv.Tiny{})}
	args := func(more ...string) []string { return append(append([]string{"parse"}, bundle...), more...) }
	out := mustCall(t, "", args("退", "cancel")...)
	if lines := mustLines(t, out); len(lines) != 2 || !strings.Contains(out, "refund.apply") || !strings.Contains(out, "order.cancel") {
		t.Errorf("got %s", out)
	}
	for name, text := range map[string]string{"empty": " ", "not UTF-8": "\xff"} {
		if _, _, err := call(t, "", args("退", text)...); err == nil || !strings.Contains(err.Error(), "argument 2") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := call(t, "", args(strings.Repeat("退", 99))...); err == nil || !strings.Contains(err.Error(), "101 tokens") {
		t.Errorf("too long: %v", err)
	}
	if _, _, err := call(t, "", "parse", "--bundle", filepath.Join(t.TempDir(), "none"), "--ort-lib", testenv.ForTest(t), "--bundles", t.TempDir(), "退"); !errors.Is(err, models.ErrNoBundle) {
		t.Errorf("no such bundle: %v", err)
	}
}

// TestParseLines: every line is answered by one, in order, whatever stands in it.
func TestParseLines(t *testing.T) {
	args := []string{"parse", "--lines", "--ort-lib", testenv.ForTest(t), "--bundle", mustTinyPath(t, testenv.Tiny{})}
	bad := map[string]string{"": "empty", "  \t": "empty", "\xe9\x80": "not UTF-8", strings.Repeat("退", 50): "52 tokens", strings.Repeat("单", 31): "33 tokens"}
	var in []string
	for i := range 100 {
		in = append(in, []string{"退", "cancel", "", "\xe9\x80", strings.Repeat("退", 50), "天气", "  \t", strings.Repeat("单", 31)}[i*3%8])
	}
	lines := mustLines(t, mustCall(t, strings.Join(in, "\r\n"), args...)) // Windows ends lines so, and the last one not at all
	if len(lines) != len(in) {
		t.Fatalf("%d lines for %d", len(lines), len(in))
	}
	for i, p := range lines {
		why, isBad := bad[in[i]]
		if isBad != (p.Error != "") || !strings.Contains(p.Error, why) || !isBad && p.Text != in[i] {
			t.Errorf("line %d, %q: %+v", i+1, in[i], p)
		}
	}
	if out := mustCall(t, "", args...); out != "" {
		t.Errorf("no lines give %q", out)
	}
	out, _, err := call(t, "退\n"+strings.Repeat("x", 2<<20)+"\n退\n", args...)
	if err == nil || len(mustLines(t, out)) != 1 {
		t.Errorf("a line of 2 MB: %v after %q", err, out)
	}
}

func TestBundle(t *testing.T) {
	builtin := testenv.MustDefault(t).Manifest.ID
	store := filepath.Join(t.TempDir(), "new", "store")
	a, b := mustTinyPath(t, testenv.Tiny{Version: "one"}), mustTinyPath(t, testenv.Tiny{Version: "two", Scale: 2})
	broken := testenv.MustTiny(t, testenv.Tiny{Version: "wrong"})
	broken.Manifest.Probes[0].Logit++
	brokenDir := t.TempDir()
	brokenID := testenv.MustWrite(t, brokenDir, broken)
	command := func(args ...string) []string {
		return append([]string{"bundle"}, append(args, "--ort-lib", testenv.ForTest(t), "--bundles", store)...)
	}
	must := func(want string, args ...string) {
		t.Helper()
		if out := mustCall(t, "", command(args...)...); !strings.Contains(out, want) {
			t.Errorf("yingda bundle %v: %s\nwant %q", args, out, want)
		}
	}
	fail := func(want string, args ...string) {
		t.Helper()
		if _, _, err := call(t, "", command(args...)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("yingda bundle %v: %v, want %q", args, err, want)
		}
	}
	// line tells whether the list shows a bundle with a role.
	line := func(id, role string) {
		t.Helper()
		for l := range strings.Lines(mustCall(t, "", command("list")...)) {
			if f := strings.Fields(l); len(f) > 1 && f[0] == id && f[1] == role {
				return
			}
		}
		t.Errorf("the list does not show %s as %s", id, role)
	}
	idA, idB := filepath.Base(a), filepath.Base(b)
	line(string(builtin), "champion")
	must("is sound: 3 files, 5 heads, 1 probes", "verify", a)
	must("stored as", "import", a)
	must("stored as", "import", b)
	must("version", "inspect", idA)
	must("2 columns", "inspect", b)
	must("is sound", "verify", idB)
	fail("to the probe", "verify", filepath.Join(brokenDir, string(brokenID)))
	fail("to the probe", "import", filepath.Join(brokenDir, string(brokenID)))
	fail("nothing had that role", "rollback")
	must(idA+" is the champion", "activate", idA)
	must(idB+" is the champion", "activate", idB)
	must(idA+" is the shadow", "activate", "--role", "shadow", idA)
	line(idB, "champion")
	line(idA, "shadow")
	fail("import it first", "activate", a)
	fail("'yingda bundle list' shows", "activate", "nothing-000000000000")
	must(idA+" is the champion again", "rollback")
	must(string(builtin)+" is the champion again", "rollback")
	line(string(builtin), "champion")

	if err := os.WriteFile(filepath.Join(store, idB, "model.onnx"), []byte("damaged"), 0o644); err != nil {
		t.Fatal(err)
	}
	fail("incomplete", "verify", idB)
	fail("incomplete", "activate", idB)
	line(string(builtin), "champion")
	must("stored as", "import", b)
	must("is sound", "verify", idB)
	fail("none", "inspect", filepath.Join(store, "none"))
}
