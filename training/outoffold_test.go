package training_test

import (
	"slices"
	"testing"

	"yingda/training"
	"yingda/training/corpus"
	"yingda/training/noise"
)

// TestOutOfFold exchanges a few labels; they must be what the list of probably wrong ones begins with.
func TestOutOfFold(t *testing.T) {
	e := MustEncoder(t)
	base, err := train(t, e, shop(), recipe())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := base.Bundle.Write(t.TempDir()); err != nil { // gives it its id
		t.Fatal(err)
	}
	c := shop()
	wrong := []int{0, 41} // one cancels, one refunds
	for _, i := range wrong {
		c.Examples[i].Intents = []string{map[string]string{"order.cancel": "refund.apply", "refund.apply": "order.cancel"}[c.Examples[i].Intents[0]]}
		c.Examples[i].Origin = "exchanged"
	}
	classes, examples, err := training.OutOfFold(t.Context(), c, corpus.DefaultTaxonomy(), base.Bundle, recipe(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"order.cancel", "refund.apply", training.OutOfScope}; !slices.Equal(classes, want) {
		t.Errorf("classes %v, want %v", classes, want)
	}
	if len(examples) != len(c.Examples) {
		t.Errorf("%d predictions for %d examples", len(examples), len(c.Examples))
	}
	found, err := noise.Find(classes, examples)
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Suspects) < len(wrong) {
		t.Fatalf("%d suspects, want at least %d", len(found.Suspects), len(wrong))
	}
	for i, s := range found.Suspects[:len(wrong)] {
		if s.Origin != "exchanged" {
			t.Errorf("suspect %d is %q, labelled %s: nothing is wrong with it", i, s.Text, s.Label)
		}
	}
}
