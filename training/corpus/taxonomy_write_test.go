package corpus_test

import (
	"reflect"
	"testing"

	"yingda/training/corpus"
)

// TestTaxonomyYAML: what is written reads back as the same label space, "yes" and "no" in definitions included.
func TestTaxonomyYAML(t *testing.T) {
	want := *corpus.DefaultTaxonomy()
	want.Intents = append(want.Intents[:len(want.Intents):len(want.Intents)], corpus.IntentDef{Name: "gift.wrap", Group: "accepted", Definition: map[string]string{"zh": "是否：包装", "en": "no"}})
	data, err := want.YAML()
	if err != nil {
		t.Fatal(err)
	}
	got, err := corpus.ParseTaxonomy("written.yaml", data)
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	if !reflect.DeepEqual(got, &want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}
