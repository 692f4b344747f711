package report_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yingda/analytics/report"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestDocs: the definitions in docs/analytics/reports.md are those of the code.
func TestDocs(t *testing.T) {
	var b strings.Builder
	for _, e := range report.List() {
		fmt.Fprintf(&b, "\n### %s: %s / %s\n\n%s / %s", e.Name, e.Title.ZH, e.Title.EN, e.About.ZH, e.About.EN)
		if len(e.Filters) > 0 {
			fmt.Fprintf(&b, ". Restrict by: %s", strings.Join(e.Filters, ", "))
		}
		b.WriteString(".\n\n| column | 定义 | definition |\n|---|---|---|\n")
		for _, c := range e.Columns {
			fmt.Fprintf(&b, "| `%s` %s / %s | %s | %s |\n", c.Name, c.Title.ZH, c.Title.EN, c.Definition.ZH, c.Definition.EN)
		}
	}
	path := filepath.Join("..", "..", "docs", "analytics", "reports.md")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(data), "-update -->\n")
	_, tail, ok2 := strings.Cut(rest, "<!-- /definitions -->")
	if !ok || !ok2 {
		t.Fatalf("%s has no marks for the definitions", path)
	}
	want := head + "-update -->\n" + b.String() + "\n<!-- /definitions -->" + tail
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(data) {
		t.Errorf("%s has other definitions than the code; run go test ./analytics/report -run TestDocs -update", path)
	}
}
