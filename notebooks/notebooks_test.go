// Package notebooks_test checks the notebooks as they lie in the repository. `make notebooks` executes them.
package notebooks_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// notebook is what is checked of a Jupyter notebook, format 4.
type notebook struct {
	Format int `json:"nbformat"`
	Cells  []struct {
		ID      string            `json:"id"`
		Type    string            `json:"cell_type"`
		Source  []string          `json:"source"`
		Outputs []json.RawMessage `json:"outputs"`
		Count   *int              `json:"execution_count"`
		Meta    map[string]any    `json:"metadata"`
	} `json:"cells"`
}

var (
	imported  = regexp.MustCompile(`(?m)^(?:import|from) ([a-z_]+)`)
	machine   = regexp.MustCompile(`(?i)(/home/|/root/|/tmp/|/users/|c:\\|/work/)`)
	requires  = regexp.MustCompile(`(?m)^([a-z-]+)==[0-9.]+$`)
	ownOrOurs = map[string]bool{"re": true, "warehouse": true}
)

func TestNotebooks(t *testing.T) {
	requirements, err := os.ReadFile("requirements.txt")
	if err != nil {
		t.Fatal(err)
	}
	pinned := map[string]bool{}
	for _, m := range requires.FindAllStringSubmatch(string(requirements), -1) {
		pinned[m[1]] = true
	}
	for line := range strings.Lines(string(requirements)) {
		if !requires.MatchString(strings.TrimSpace(line)) {
			t.Errorf("requirements.txt: %q is not pinned", line)
		}
	}
	files, err := filepath.Glob("*.ipynb")
	if err != nil || len(files) < 4 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, name := range files {
		t.Run(name, func(t *testing.T) { check(t, name, pinned) })
	}
}

func check(t *testing.T, name string, pinned map[string]bool) {
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var n notebook
	if err := json.Unmarshal(data, &n); err != nil || n.Format != 4 {
		t.Fatalf("format %d, %v", n.Format, err)
	}
	if m := machine.Find(data); m != nil {
		t.Errorf("it names a folder of a machine: %s", m)
	}
	ids, prose, code := map[string]bool{}, 0, 0
	for i, c := range n.Cells {
		source := strings.Join(c.Source, "")
		if ids[c.ID] || c.ID == "" {
			t.Errorf("cell %d has the id %q: want one of its own", i, c.ID)
		}
		ids[c.ID] = true
		switch c.Type {
		case "code":
			code++
			if len(c.Outputs) > 0 || c.Count != nil || len(c.Meta) > 0 {
				t.Errorf("cell %d has outputs: strip them (jupyter nbconvert --clear-output --inplace %s)", i, name)
			}
			for _, m := range imported.FindAllStringSubmatch(source, -1) {
				if !ownOrOurs[m[1]] && !pinned[m[1]] {
					t.Errorf("cell %d imports %s, which requirements.txt does not have", i, m[1])
				}
			}
		case "markdown":
			prose++
			han, latin := strings.ContainsFunc(source, func(r rune) bool { return unicode.Is(unicode.Han, r) }), strings.ContainsFunc(source, func(r rune) bool { return r >= 'a' && r <= 'z' })
			if !han || !latin {
				t.Errorf("cell %d is not in both languages: %.60q", i, source)
			}
		default:
			t.Errorf("cell %d is of the type %q", i, c.Type)
		}
	}
	if prose < 3 || code < 4 {
		t.Errorf("%d cells of text, %d of code", prose, code)
	}
}
