package training_test

import (
	"math"
	"strings"
	"testing"

	"yingda/models"
	"yingda/training"
	"yingda/training/corpus"
)

// TestAverage: the mean of two trainings has weights half way between, understands what they do, and can be made from bundles whose weights are stored in int8.
func TestAverage(t *testing.T) {
	e := MustEncoder(t)
	made := func(seed uint64, quantise bool) *models.Bundle {
		t.Helper()
		r := tuned()
		r.Seed, r.Quantise = seed, quantise
		res, err := train(t, e, shop(), r)
		if err != nil {
			t.Fatal(err)
		}
		return res.Bundle
	}
	a, b := made(1, false), made(2, false)
	mean, err := training.Average(a, b)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"head.intents.weight", "head.emotion.bias"} {
		x, y, z := weight(t, a, name), weight(t, b, name), weight(t, mean, name)
		differ := false
		for i := range z {
			differ = differ || x[i] != y[i]
			if math.Abs(float64(z[i])-(float64(x[i])+float64(y[i]))/2) > 1e-6 {
				t.Fatalf("%s %d: %g, between %g and %g", name, i, z[i], x[i], y[i])
			}
		}
		if !differ {
			t.Errorf("%s: both trainings gave the same", name)
		}
	}
	if ids, _ := mean.Manifest.Training["averaged"].([]string); len(ids) != 2 {
		t.Errorf("made of %v", mean.Manifest.Training["averaged"])
	}
	if a.Manifest.Training["averaged"] != nil {
		t.Error("the first bundle's manifest was changed")
	}
	res, err := training.Recalibrate(t.Context(), shop(), nil, corpus.DefaultTaxonomy(), mean, tuned(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range answers(t, res.Bundle, "消消消单", "退退退气") {
		if want := []string{"order.cancel", "refund.apply"}[i]; got.Ranking[0].Label != want {
			t.Errorf("%q is taken for %s, want %s", got.Text, got.Ranking[0].Label, want)
		}
	}
	t.Run("Stored", func(t *testing.T) {
		if _, err := training.Average(made(1, true), made(2, true)); err != nil {
			t.Error(err)
		}
	})
	for _, tc := range []struct {
		name, want string
		spoil      func(m *models.Manifest)
	}{
		{"ErrLabels", "labels", func(m *models.Manifest) { m.Heads[0].Labels = append([]string{"other"}, m.Heads[0].Labels[1:]...) }},
		{"ErrHeldOut", "held out", func(m *models.Manifest) { m.Training = map[string]any{"hold_out": 0.3} }},
		{"ErrEncoder", "encoders", func(m *models.Manifest) { m.Model.Encoder = "another" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := *b.Manifest
			m.Heads = append([]models.Head(nil), m.Heads...)
			tc.spoil(&m)
			_, err := training.Average(a, &models.Bundle{Manifest: &m, Model: b.Model, Tokenizer: b.Tokenizer})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one about %q", err, tc.want)
			}
		})
	}
	if _, err := training.Average(); err == nil {
		t.Error("no error for no bundles")
	}
}
