package training_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yingda/models"
	"yingda/training"
)

// TestPublicBenchmarks reads every benchmark file of the product; a student's teacher must be one of them, and fit.
func TestPublicBenchmarks(t *testing.T) {
	for _, dir := range []string{"recipes/public", "recipes/public-frozen"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", dir, len(files), err)
		}
		for _, file := range files {
			b, err := training.LoadBenchmark(file)
			if err != nil {
				t.Error(err)
				continue
			}
			if name := strings.TrimSuffix(filepath.Base(file), ".yaml"); b.Recipe.Name != name {
				t.Errorf("%s: the recipe is called %q; --only and --checkpoint go by the file's name", file, b.Recipe.Name)
			}
			if b.Teacher == "" {
				continue
			}
			teacher, err := training.LoadBenchmark(filepath.Join(dir, b.Teacher+".yaml"))
			if err != nil {
				t.Errorf("%s: teacher: %v", file, err)
			} else if teacher.Recipe.Prefix != b.Recipe.Prefix || len(teacher.Train) != len(b.Train) {
				t.Errorf("%s reads another way or other data than its teacher", file)
			}
		}
	}
}

func TestTaughtFrom(t *testing.T) {
	kept := t.TempDir()
	b := training.Benchmark{Title: "small", Teacher: "big"}
	for _, c := range []struct{ name, kept, want string }{{"no folder", "", "say where"}, {"no bundle", kept, "no bundle of it"}} {
		if err := b.TaughtFrom(c.kept); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for i, name := range []string{"big-2", "big-1", "bigger-3"} {
		dir := filepath.Join(kept, name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, models.ManifestName)
		if err := os.WriteFile(path, []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
		at := time.Unix(int64(1000+i), 0)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.TaughtFrom(kept); err != nil || filepath.Base(b.Recipe.Finetune.Teacher) != "big-1" {
		t.Errorf("teacher %q, %v; want the newest of big", b.Recipe.Finetune.Teacher, err)
	}
	alone := training.Benchmark{}
	if err := alone.TaughtFrom(""); err != nil || alone.Recipe.Finetune.Teacher != "" {
		t.Errorf("a benchmark without a teacher: %v", err)
	}
}
