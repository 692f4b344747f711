package corpus_test

import (
	"path/filepath"
	"testing"

	"yingda/training/corpus"
)

// heldOut are the sets that the corpus may hold nothing of, beside the repository. parts are the partitions that measure.
var heldOut = []struct {
	name, pattern string
	parts         []string
}{
	{"the development set", "../../../shared/service-dev/??.jsonl", nil}, // its sentences are never printed
	{"CLINC150", "../../../shared/datasets/clinc150/data_full.json.gz", []string{"test", "oos_test"}},
	{"BANKING77", "../../../shared/datasets/banking77/test.csv.gz", nil},
	{"MASSIVE", "../../../shared/datasets/massive/*.dev.jsonl.gz", nil},
}

// mustHeldOut reads a set; nil when it is not there.
func mustHeldOut(tb testing.TB, pattern string, parts []string) *corpus.Corpus {
	tb.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		tb.Fatal(err)
	}
	var all *corpus.Corpus
	for _, file := range files {
		c, err := corpus.ReadWith(file, corpus.ReadOptions{Partitions: parts})
		if err != nil {
			tb.Fatal(err)
		}
		if all == nil {
			all = &corpus.Corpus{}
		}
		all.Examples = append(all.Examples, c.Examples...)
	}
	return all
}

// mustData reads the default bundle's own corpus.
func mustData(tb testing.TB) *corpus.Corpus {
	tb.Helper()
	c, err := corpus.ReadDir("data")
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// TestData_LeaksNothing: a set measures nothing once its sentences are trained on, as they are or nearly so. See [corpus.Check] for
// what counts as the same; short texts that everybody says, such as 你好, 退货 or "cancel order", are no leaks. Texts of the held-out
// sets are not printed. What says the same in other words is looked for in internal/leak.
func TestData_LeaksNothing(t *testing.T) {
	var splits []corpus.Split
	for _, set := range heldOut {
		if held := mustHeldOut(t, set.pattern, set.parts); held != nil {
			splits = append(splits, corpus.Split{Name: set.name, Corpus: held})
		} else {
			t.Logf("NOT CHECKED: %s is not beside the repository", set.name)
		}
	}
	if len(splits) == 0 {
		t.Skip("NOT CHECKED: no held-out set is beside the repository")
	}
	f := corpus.Check(mustData(t), corpus.CheckOptions{}, splits...)
	for _, x := range f.List {
		if x.Kind == corpus.Leak || x.Kind == corpus.NearLeak {
			t.Errorf("%s: %s: the text is in %s too (similarity %.2f)", x.Origin, x.Kind, x.Other, x.Similarity)
		}
	}
	t.Logf("%d examples against %d held out; %d texts on both sides are too short to be leaks", f.Examples, f.Held, f.Shared)
}
