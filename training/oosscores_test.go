package training_test

import (
	"math"
	"strings"
	"testing"

	"yingda/internal/testenv"
	"yingda/training"
	"yingda/training/corpus"
)

// TestCompareOOS compares the scores of a small tuned bundle on what its training held out and on a test part.
func TestCompareOOS(t *testing.T) {
	base, err := train(t, MustEncoder(t), shop(), tuned())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := base.Bundle.Write(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	c, held, err := training.HeldOut(base.Bundle, shop())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(held.Examples); n != base.Finetuned.Held || n+len(c.Examples) != 240 {
		t.Fatalf("%d held out, the training says %d", n, base.Finetuned.Held)
	}
	test := &corpus.Corpus{Examples: []corpus.Example{
		{Text: "消消消 单单", HasIntents: true, Intents: []string{"order.cancel"}, Origin: "1"}, {Text: "退退退 气气单", HasIntents: true, Intents: []string{"refund.apply"}, Origin: "2"},
		{Text: "天天天 单单单", HasIntents: true, Tags: []string{"oos_near"}, Origin: "3"}, {Text: "天天天天天", HasIntents: true, Tags: []string{"oos_far"}, Origin: "4"}}}
	tables, err := training.CompareOOS(t.Context(), base.Bundle, training.OOSParts{Train: c, Held: held, Test: test}, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(tables) != 2 || len(tables[0].Rows) != len(tables[1].Rows) || tables[1].Near != 1 || tables[1].Far != 1 {
		t.Fatalf("tables %+v", tables)
	}
	met := map[string]bool{}
	for _, r := range tables[0].Rows {
		met[r.Name] = true
		if !r.AUROC.Value.Valid() || !r.AUROC.Low.Valid() {
			t.Errorf("%s: %+v", r.Name, r)
		}
		if strings.Contains(r.Name, "reject") && r.AUROC.Value < 0.95 {
			t.Errorf("%s tells what is out of scope with an AUROC of %g", r.Name, float64(r.AUROC.Value))
		}
	}
	for _, want := range []string{"largest probability", "largest logit", "energy", "reject head", "cosine to centres", "Mahalanobis", "relative Mahalanobis", "reject + energy", "all"} {
		if !met[want] {
			t.Errorf("%s is not compared", want)
		}
	}
	for _, r := range tables[1].Rows {
		if strings.HasPrefix(r.Name, "reject") && (r.Near.Value != 1 || r.Far.Value != 1) {
			t.Errorf("%s on the test part: %+v", r.Name, r)
		}
	}
}

func TestCompareOOS_Errors(t *testing.T) {
	base, err := train(t, MustEncoder(t), shop(), tuned())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := base.Bundle.Write(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	c, held, err := training.HeldOut(base.Bundle, shop())
	if err != nil {
		t.Fatal(err)
	}
	c.Examples[0].Intents = []string{"gift.wrap"}
	if _, err := training.CompareOOS(t.Context(), base.Bundle, training.OOSParts{Train: c, Held: held}, "", nil); err == nil || !strings.Contains(err.Error(), "does not know the intent gift.wrap") {
		t.Errorf("a foreign intent: %v", err)
	}
	other := testenv.CloneBundle(base.Bundle)
	other.Manifest.Training = map[string]any{"hold_out": math.NaN()}
	if _, _, err := training.HeldOut(other, shop()); err == nil || !strings.Contains(err.Error(), "held out") {
		t.Errorf("nothing held out: %v", err)
	}
	frozen, err := train(t, MustEncoder(t), shop(), recipe())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := training.HeldOut(frozen.Bundle, shop()); err == nil {
		t.Error("a bundle that was cross-validated held something out")
	}
}
