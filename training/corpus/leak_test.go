package corpus_test

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"yingda/nlu/norm"
	"yingda/training/corpus"
)

// The development set measures nothing once its sentences are trained on.
func TestData_HoldsNothingOfTheDevelopmentSet(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/service-dev/??.jsonl")
	if len(files) == 0 {
		t.Skip("NOT CHECKED: the development set is not beside the repository")
	}
	held := map[string]string{}
	for _, file := range files {
		c, err := corpus.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, eg := range c.Examples {
			held[bare(eg.Text)] = eg.Text
		}
	}
	c, err := corpus.ReadDir("data")
	if err != nil {
		t.Fatal(err)
	}
	for _, eg := range c.Examples {
		if text, ok := held[bare(eg.Text)]; ok {
			t.Errorf("%s: %q is in the development set: %q", eg.Origin, eg.Text, text)
		}
	}
}

// bare is a text without case, width, script variant, spaces and punctuation.
func bare(text string) string {
	folded := norm.Fold(text, norm.Matching)
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r > 0x1F000 {
			return r
		}
		return -1
	}, folded.Text)
}
