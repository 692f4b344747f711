package standard_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"yingda/dialogue/demoshop"
	"yingda/dialogue/standard"
)

func TestLoad(t *testing.T) {
	p, err := standard.Load(standard.Files())
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Tasks.Tasks()) < 50 || len(p.Scripts.Keys()) < 100 || len(p.Knowledge) < 60 {
		t.Errorf("%d tasks, %d scripts, %d entries", len(p.Tasks.Tasks()), len(p.Scripts.Keys()), len(p.Knowledge))
	}
	known := demoshop.CallNames()
	for _, name := range p.Calls() {
		if !contains(known, name) {
			t.Errorf("the demo shop does not answer %s", name)
		}
	}
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// TestLoadReportsEverything breaks several files at once; each must be named.
func TestLoadReportsEverything(t *testing.T) {
	pack := fstest.MapFS{}
	err := fs.WalkDir(standard.Files(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(standard.Files(), path)
		pack[path] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	broken := []string{"policy.yaml", "routing.yaml", "followups.yaml", "emoji.yaml", "tasks/orders.yaml", "scripts/ask.yaml"}
	for _, name := range broken {
		pack[name] = &fstest.MapFile{Data: []byte("nonsense: [1, 2\n")}
	}
	delete(pack, "redact.yaml")
	_, err = standard.Load(pack)
	if err == nil {
		t.Fatal("a broken pack loads")
	}
	for _, name := range append(broken, "redact.yaml") {
		if !strings.Contains(err.Error(), name[strings.LastIndex(name, "/")+1:]) {
			t.Errorf("%s is not named in: %v", name, err)
		}
	}
}
