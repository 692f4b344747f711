package training_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"yingda/models"
	"yingda/models/onnx"
	"yingda/training"
	"yingda/training/corpus"
)

// busyShop is the shop with messages of two wishes among the others.
func busyShop() *corpus.Corpus {
	c := shop()
	rng := rand.New(rand.NewPCG(2, 2))
	filler := []string{"单", "气", "单气", "气单"}
	seen := map[string]bool{}
	for len(seen) < 60 {
		text := "消消消" + filler[rng.IntN(4)] + filler[rng.IntN(4)] + "，退退退" + filler[rng.IntN(4)] + filler[rng.IntN(4)]
		if !seen[text] {
			seen[text] = true
			c.Examples = append(c.Examples, corpus.Example{Text: text, Lang: "zh", HasIntents: true, Intents: []string{"order.cancel", "refund.apply"}, HasEntities: true, Emotion: "neutral", Origin: "shop"})
		}
	}
	return c
}

// weight is a head's weights as a bundle's graph holds them.
func weight(t *testing.T, b *models.Bundle, name string) []float32 {
	t.Helper()
	m, err := onnx.Unmarshal(b.Model)
	if err != nil {
		t.Fatal(err)
	}
	w := m.Graph.Initializer(name)
	if w == nil {
		t.Fatalf("the graph has no %s", name)
	}
	return w.Floats()
}

// TestSeveral: the head that counts wishes is learnt on a frozen encoder and together with it, counts as evidence, and outlives new thresholds and new heads.
func TestSeveral(t *testing.T) {
	e := MustEncoder(t)
	counts := func(t *testing.T, b *models.Bundle) {
		t.Helper()
		m := b.Manifest
		i := m.HeadIndex(models.HeadSeveral)
		if i < 0 || !slices.Equal(m.Heads[i].Labels, []string{"one", "several"}) {
			t.Fatalf("heads %+v", m.Heads)
		}
		if m.Intents.Clause.Several <= 0 {
			t.Errorf("what the head says weighs %g", m.Intents.Clause.Several)
		}
		as := answers(t, b, "消消消单气，退退退单", "消消消单气单")
		if got := len(as[0].Intents); got != 2 {
			t.Errorf("a message of two wishes has %d: %v", got, as[0].Intents)
		}
		if got := len(as[1].Intents); got != 1 {
			t.Errorf("a message of one wish has %d: %v", got, as[1].Intents)
		}
	}
	frozen := recipe()
	frozen.Several.Skip = false
	t.Run("Frozen", func(t *testing.T) {
		res, err := train(t, e, busyShop(), frozen)
		if err != nil {
			t.Fatal(err)
		}
		counts(t, res.Bundle)
	})
	r := tuned()
	r.Several.Skip = false
	base, err := train(t, e, busyShop(), r)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("Tuned", func(t *testing.T) { counts(t, base.Bundle) })
	t.Run("Recalibrated", func(t *testing.T) {
		res, err := training.Recalibrate(t.Context(), busyShop(), nil, corpus.DefaultTaxonomy(), base.Bundle, r, nil)
		if err != nil {
			t.Fatal(err)
		}
		counts(t, res.Bundle)
		if !slices.Equal(weight(t, base.Bundle, "head.several.weight"), weight(t, res.Bundle, "head.several.weight")) {
			t.Error("new thresholds changed the head")
		}
	})
	t.Run("NewHeads", func(t *testing.T) {
		res, err := training.TrainHeads(t.Context(), busyShop(), corpus.DefaultTaxonomy(), base.Bundle, r, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		res.Bundle.Manifest.Licences = base.Bundle.Manifest.Licences
		counts(t, res.Bundle)
	})
	t.Run("ErrNone", func(t *testing.T) {
		r := frozen
		r.Pairs = 0
		if _, err := train(t, e, shop(), r); err == nil {
			t.Error("no error for a corpus without messages of several wishes")
		}
	})
}
