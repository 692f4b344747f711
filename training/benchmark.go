package training

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"gopkg.in/yaml.v3"

	"yingda/models"
	"yingda/training/corpus"
)

// Benchmark is a recipe together with the public data it is trained on and judged by. Its file lies in training/recipes/public.
type Benchmark struct {
	// Title for people, e.g. "CLINC150".
	Title string `yaml:"title"`
	// Train and Test are files below the folder of data sets, gzipped or not. Held is the sets' own validation part, by which epochs are
	// chosen and scores calibrated; without it the recipe's share of Train is held out.
	Train []DataFile `yaml:"train"`
	Held  []DataFile `yaml:"held"`
	Test  []DataFile `yaml:"test"`
	// Figures are the names of the report's figures that the set is known by, e.g. intent_accuracy_argmax, oos_auroc, entity_f1.
	Figures []string `yaml:"figures"`
	// Teacher names another benchmark of the same data whose bundle this one learns from; it must have been trained and kept before.
	Teacher string `yaml:"teacher"`
	// Recipe is how the model is trained.
	Recipe Recipe `yaml:"recipe"`
}

// DataFile is a file of a benchmark, or a part of it.
type DataFile struct {
	Path       string        `yaml:"path"`
	Format     corpus.Format `yaml:"format"`
	Partitions []string      `yaml:"partitions"`
	Lang       string        `yaml:"lang"`
}

// LoadBenchmark reads a benchmark file over the defaults of [DefaultRecipe]. Unknown fields are refused.
func LoadBenchmark(path string) (Benchmark, error) {
	b := Benchmark{Recipe: DefaultRecipe()}
	data, err := os.ReadFile(path)
	if err != nil {
		return b, fmt.Errorf("load benchmark: %w", err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&b); err != nil {
		return b, fmt.Errorf("load benchmark %s: %w", path, err)
	}
	if err := b.Recipe.Validate(); err != nil {
		return b, fmt.Errorf("load benchmark %s: %w", path, err)
	}
	if len(b.Train) == 0 || len(b.Test) == 0 || len(b.Figures) == 0 {
		return b, fmt.Errorf("load benchmark %s: train, test and figures must be given", path)
	}
	return b, nil
}

// TaughtFrom looks for the teacher's bundle in the folder where trained bundles are kept, the newest if there are several, and has the
// recipe learn from it. A benchmark without a teacher needs no folder.
func (b *Benchmark) TaughtFrom(kept string) error {
	if b.Teacher == "" {
		return nil
	}
	if kept == "" {
		return fmt.Errorf("%s learns from %s: say where trained bundles are kept", b.Title, b.Teacher)
	}
	found, err := filepath.Glob(filepath.Join(kept, b.Teacher+"-*", models.ManifestName))
	if err != nil {
		return err
	}
	var newest time.Time
	for _, f := range found {
		if info, err := os.Stat(f); err == nil && info.ModTime().After(newest) {
			newest, b.Recipe.Finetune.Teacher = info.ModTime(), filepath.Dir(f)
		}
	}
	if newest.IsZero() {
		return fmt.Errorf("%s learns from %s: there is no bundle of it in %s; train and keep that one first", b.Title, b.Teacher, kept)
	}
	return nil
}

// Read reads the parts of the benchmark from a folder of data sets. A file that is not there is an error that wraps fs.ErrNotExist.
func (b *Benchmark) Read(dir string) (train, held, test *corpus.Corpus, err error) {
	var parts [3]*corpus.Corpus
	for i, files := range [][]DataFile{b.Train, b.Held, b.Test} {
		parts[i] = &corpus.Corpus{}
		for _, f := range files {
			if err := f.addTo(parts[i], dir); err != nil {
				return nil, nil, nil, fmt.Errorf("%s: %w", b.Title, err)
			}
		}
	}
	if len(b.Held) == 0 {
		parts[1] = nil
	}
	return parts[0], parts[1], parts[2], nil
}

func (f DataFile) addTo(c *corpus.Corpus, dir string) error {
	path := filepath.Join(dir, f.Path)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		path += ".gz"
	}
	more, err := corpus.ReadWith(path, corpus.ReadOptions{Format: f.Format, Partitions: f.Partitions, Repair: true})
	if err != nil {
		return err
	}
	for i := range more.Examples {
		if f.Lang != "" {
			more.Examples[i].Lang = f.Lang
		}
	}
	c.Examples = append(c.Examples, more.Examples...)
	return nil
}
