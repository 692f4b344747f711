package standard_test

import (
	"io/fs"
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/knowledge"
	"yingda/dialogue/standard"
	"yingda/nlu"
)

// TestKnowledge reads the entries and compares the two languages: each entry has its counterpart.
func TestKnowledge(t *testing.T) {
	dir, err := fs.Sub(standard.Files(), "knowledge")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := knowledge.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]dialogue.Entry{}
	for _, e := range entries {
		byID[e.ID] = e
	}
	for _, e := range entries {
		if len(e.Questions) < 2 {
			t.Errorf("%s has one wording; customers have more", e.ID)
		}
		other := e.ID[:len(e.ID)-2] + "en"
		if e.Lang == nlu.English {
			other = e.ID[:len(e.ID)-2] + "zh"
		}
		o, ok := byID[other]
		if !ok || o.Lang == e.Lang {
			t.Errorf("%s has no counterpart %s", e.ID, other)
		} else if len(o.Intents) != len(e.Intents) {
			t.Errorf("%s answers %v, %s %v", e.ID, e.Intents, other, o.Intents)
		} else if len(o.Next) != len(e.Next) {
			t.Errorf("after %s come %v, after %s %v", e.ID, e.Next, other, o.Next)
		}
	}
	if len(entries) < 120 {
		t.Errorf("%d entries", len(entries))
	}
	base, err := knowledge.New(knowledge.Options{Defaults: entries})
	if err != nil {
		t.Fatal(err)
	}
	wrong := 0
	for _, e := range entries {
		for _, q := range e.Questions {
			hits, err := base.Find(t.Context(), dialogue.Asked{Text: q, Lang: e.Lang})
			if err != nil {
				t.Fatal(err)
			}
			if len(hits) == 0 || hits[0].ID != e.ID {
				wrong++
				t.Logf("%q of %s finds %v", q, e.ID, hits)
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d wordings do not find their own entry", wrong)
	}
}
