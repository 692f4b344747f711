package routing_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yingda/dialogue/internal/strict"
	"yingda/dialogue/routing"
)

func TestLoadDefaultPack(t *testing.T) {
	cfg, err := routing.Load(os.DirFS("../standard"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(cfg.Order, " "); got != "general vip tech complaint" {
		t.Errorf("queues %s", got)
	}
	vip := cfg.Queues["vip"]
	if vip.Overflow.To != "general" || vip.Steady() != 30*time.Second || vip.Target.Share != 0.9 || cfg.Units("voice") != 3 || cfg.Units("web") != 1 {
		t.Errorf("vip %+v", vip)
	}
	if got := cfg.Queue("no such queue").Name; got != "general" {
		t.Errorf("a queue nobody knows is served by %q", got)
	}
}

// TestParseReportsAllFaults reads testdata/*.bad.yaml; each line that ends in a comment "# fault: TEXT" must have a fault with that text.
func TestParseReportsAllFaults(t *testing.T) {
	files, err := filepath.Glob("testdata/*.bad.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			_, err = routing.Parse(name, data)
			faults := faultsOf(err)
			want := 0
			for i, line := range strings.Split(string(data), "\n") {
				_, text, ok := strings.Cut(line, "# fault: ")
				if !ok {
					continue
				}
				want++
				found := false
				for _, f := range faults {
					found = found || f.Line == i+1 && strings.Contains(f.Error(), text)
				}
				if !found {
					t.Errorf("line %d: no fault with %q", i+1, text)
				}
			}
			if len(faults) != want {
				t.Errorf("%d faults, want %d:\n%v", len(faults), want, err)
			}
		})
	}
}

func faultsOf(err error) []*strict.Fault {
	var many interface{ Unwrap() []error }
	if !errors.As(err, &many) {
		return nil
	}
	var out []*strict.Fault
	for _, e := range many.Unwrap() {
		var f *strict.Fault
		if errors.As(e, &f) {
			out = append(out, f)
		}
	}
	return out
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"../standard/routing.yaml", "testdata/values.bad.yaml"} {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg, err := routing.Parse("fuzz.yaml", data)
		if (cfg == nil) != (err != nil) {
			t.Fatalf("config %v with error %v", cfg, err)
		}
		if cfg == nil {
			return
		}
		for _, q := range cfg.Queues { // whatever is accepted can be used
			at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
			if opens, ok := q.Opens(at); ok && !q.Open(opens) {
				t.Fatalf("queue %s opens at %v but is closed then", q.Name, opens)
			}
			q.Step(q.Steady())
		}
	})
}
