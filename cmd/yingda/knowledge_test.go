package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yingda/dialogue/eventlog"
)

func runKnowledgeArgs(t *testing.T, args ...string) (out string, err error) {
	t.Helper()
	var o, e bytes.Buffer
	err = runKnowledge(context.Background(), args, stdio{strings.NewReader(""), &o, &e})
	return o.String() + e.String(), err
}

func TestKnowledgeCommands(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good.csv")
	bad := filepath.Join(dir, "bad.md")
	for path, data := range map[string]string{
		good: "问题,相似问,答案,部门\n门口能停车吗,停车免费吗,能停两小时,前台\n店里有厕所吗,,有,前台\n",
		bad:  "## 门口能停车吗\n\n## x {#Y}\nz\n",
	} {
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	log := []string{"--log", filepath.Join(dir, "log"), "--master-key", filepath.Join(dir, "master.key")}
	for _, tt := range []struct {
		name string
		args []string
		want string // in what is printed or in the error
		fail bool
	}{
		{"None", nil, "Usage", true},
		{"CheckDefault", []string{"check", "--words"}, "206 entries", false},
		{"CheckBad", []string{"check", "--words", bad}, "bad.md:1", true},
		{"ImportBad", append([]string{"import", bad, good}, log...), "3 faults", true},
		{"ImportColumn", append([]string{"import", good}, log...), `"部门" is not known`, true},
		{"ImportNoLog", append([]string{"import", good, "--column", "部门=-"}, log...), "no event log", true},
		{"ImportNoServer", []string{"import", good, "--column", "部门=tags", "--server", "http://127.0.0.1:1"}, "ask the server", true},
		{"Search", []string{"search", "--words", "门店几点开门"}, "store.hours.zh", false},
		{"SearchFile", []string{"search", "--words", "--entries", filepath.Join(dir, "none.md"), "x"}, "none.md", true},
		{"EvalNoData", []string{"eval", "--words", "--datasets", dir}, "none of", true},
		{"EvalUsage", []string{"eval"}, "Usage", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, err := runKnowledgeArgs(t, tt.args...)
			if err != nil {
				out += err.Error()
			}
			if (err != nil) != tt.fail || !strings.Contains(out, tt.want) {
				t.Errorf("%v, error %v, want %q in\n%s", tt.args, err, tt.want, out)
			}
		})
	}
}

// TestKnowledgeImport writes entries into a log, changes one, and finds the rest unchanged.
func TestKnowledgeImport(t *testing.T) {
	dir := t.TempDir()
	f := logFlags{dir: filepath.Join(dir, "log"), key: filepath.Join(dir, "master.key"), maxMiB: 512}
	if err := newKeyFile(f.key); err != nil {
		t.Fatal(err)
	}
	o, err := f.options(true, &bytes.Buffer{}, newLogger(&bytes.Buffer{}, slog.LevelError))
	if err != nil {
		t.Fatal(err)
	}
	l, err := eventlog.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "faq.md")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	importing := func(want string, more ...string) {
		t.Helper()
		out, err := runKnowledgeArgs(t, append([]string{"import", file, "--log", f.dir, "--master-key", f.key, "--log-max", "512"}, more...)...)
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("%v, want %q in\n%s", err, want, out)
		}
	}
	write("## 门口能停车吗 {#parking}\n能\n\n## 店里有厕所吗 {#toilet}\n有\n")
	importing("2 created, 0 replaced, 0 unchanged; nothing was written", "--dry-run")
	importing("2 created, 0 replaced, 0 unchanged; imported")
	write("## 门口能停车吗 {#parking}\n不能\n\n## 店里有厕所吗 {#toilet}\n有\n\n## 会员有什么好处？ {#member.benefits.zh}\n没有\n")
	importing("0 created, 2 replaced, 1 unchanged; imported")
	write("## 运费怎么算？ {#own.fee}\n十元\n")
	if out, err := runKnowledgeArgs(t, "import", file, "--log", f.dir, "--master-key", f.key, "--log-max", "512"); err == nil || !strings.Contains(out, "shipping.fee.zh") {
		t.Errorf("a question of two entries: %v\n%s", err, out)
	}
	importing("1 created", "--force")
}
