package training_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yingda/models"
	"yingda/training"
	"yingda/training/corpus"
)

// tuned is the recipe of the shop with fine-tuning.
func tuned() training.Recipe {
	r := recipe()
	r.Layers, r.Quantise = []int{2}, false
	r.Finetune.Epochs, r.Finetune.HoldOut, r.Finetune.Rate, r.Finetune.Noise = 3, 0.2, 1e-3, 0.2
	return r
}

func fingerprint(t *testing.T, b *models.Bundle) []byte {
	t.Helper()
	return b.Model
}

// TestTune trains encoder and heads together; the bundle must do what the frozen one does, and the encoder must have moved.
func TestTune(t *testing.T) {
	e := MustEncoder(t)
	c := shop()
	res, err := train(t, e, c, tuned())
	if err != nil {
		t.Fatal(err)
	}
	f := res.Finetuned
	if f == nil || f.Epochs != 3 || f.Steps == 0 || f.Held == 0 || len(f.Scores) != 3 {
		t.Fatalf("record of the run: %+v", f)
	}
	as := answers(t, res.Bundle, "消消消单", "退退退气")
	for i, want := range []string{"order.cancel", "refund.apply"} {
		if got := as[i].Ranking[0].Label; got != want {
			t.Errorf("%q is taken for %s, want %s", as[i].Text, got, want)
		}
	}
	again, err := train(t, e, shop(), tuned())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(fingerprint(t, res.Bundle), fingerprint(t, again.Bundle)) {
		t.Error("the same training gives another model")
	}
}

// TestTune_Interrupted stops a run in the middle and goes on from its checkpoint: the model must be the same, bit for bit.
func TestTune_Interrupted(t *testing.T) {
	e := MustEncoder(t)
	whole, err := train(t, e, shop(), tuned())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	run := training.RunOptions{Checkpoint: dir}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err = training.Train(ctx, shop(), corpus.DefaultTaxonomy(), e, tuned(), run, func(stage string, done, total int, _ string) {
		if stage == "fine-tune" && done == total/2 {
			cancel()
		}
	})
	if err == nil {
		t.Fatal("the run was not interrupted")
	}
	if _, err := os.Stat(filepath.Join(dir, "finetune.state")); err != nil {
		t.Fatal(err)
	}
	t.Run("ErrOther", func(t *testing.T) {
		r := tuned()
		r.Seed = 99
		_, err := training.Train(t.Context(), shop(), corpus.DefaultTaxonomy(), e, r, run, nil)
		if err == nil || !strings.Contains(err.Error(), "belongs to a run with other") {
			t.Errorf("a checkpoint of another run: %v", err)
		}
	})
	resumed, err := training.Train(t.Context(), shop(), corpus.DefaultTaxonomy(), e, tuned(), run, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resumed.Finetuned.Resumed == 0 {
		t.Error("the run began anew")
	}
	if !bytes.Equal(fingerprint(t, whole.Bundle), fingerprint(t, resumed.Bundle)) {
		t.Error("the resumed run gives another model")
	}
	if _, err := os.Stat(filepath.Join(dir, "finetune.state")); !os.IsNotExist(err) {
		t.Errorf("the checkpoint of a finished run is left: %v", err)
	}
}

// TestTune_Teacher learns from a bundle's answers beside the labels.
func TestTune_Teacher(t *testing.T) {
	e := MustEncoder(t)
	first, err := train(t, e, shop(), tuned())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := first.Bundle.Write(dir); err != nil {
		t.Fatal(err)
	}
	r := tuned()
	r.Layers = []int{1}
	r.Finetune.Teacher = filepath.Join(dir, string(first.Bundle.Manifest.ID))
	res, err := train(t, e, shop(), r)
	if err != nil {
		t.Fatal(err)
	}
	if as := answers(t, res.Bundle, "退退退单"); as[0].Ranking[0].Label != "refund.apply" {
		t.Errorf("the student takes a refund for %s", as[0].Ranking[0].Label)
	}
	t.Run("ErrOtherFold", func(t *testing.T) {
		r := r
		r.Fold = nil
		if _, err := train(t, e, shop(), r); err == nil || !strings.Contains(err.Error(), "reads text in another way") {
			t.Errorf("a teacher with another fold: %v", err)
		}
	})
}

// TestTrainHeads fits new heads on a bundle's encoder, with an intent that it did not know; the second time states come from the cache.
func TestTrainHeads(t *testing.T) {
	e := MustEncoder(t)
	base, err := train(t, e, shop(), tuned())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := base.Bundle.Write(t.TempDir()); err != nil { // gives it its id
		t.Fatal(err)
	}
	c := shop()
	for i := range c.Examples {
		if eg := &c.Examples[i]; strings.HasPrefix(eg.Text, "退") {
			eg.Intents = []string{"return.apply"}
		}
	}
	dir := t.TempDir()
	encoded := 0
	heads := func() *training.Result {
		res, err := training.TrainHeads(t.Context(), c, corpus.DefaultTaxonomy(), base.Bundle, tuned(), dir, func(stage string, _, _ int, _ string) {
			if stage == "encode" {
				encoded++
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		res.Bundle.Manifest.Licences = map[string]string{"model": "MIT"}
		return res
	}
	first := heads()
	if first.Bundle.Manifest.Parent != base.Bundle.Manifest.ID {
		t.Errorf("parent %q, want %q", first.Bundle.Manifest.Parent, base.Bundle.Manifest.ID)
	}
	if as := answers(t, first.Bundle, "退退退单"); as[0].Ranking[0].Label != "return.apply" {
		t.Errorf("the new intent is taken for %s", as[0].Ranking[0].Label)
	}
	if encoded == 0 {
		t.Fatal("nothing was encoded")
	}
	encoded = 0
	if again := heads(); encoded > 0 || !bytes.Equal(first.Bundle.Model, again.Bundle.Model) {
		t.Errorf("with the cache %d texts were encoded, or the heads are others", encoded)
	}
	t.Run("CutShort", func(t *testing.T) {
		files, _ := filepath.Glob(filepath.Join(dir, "features-*.bin"))
		info, err := os.Stat(files[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(files[0], info.Size()/2+3); err != nil {
			t.Fatal(err)
		}
		encoded = 0
		if again := heads(); encoded == 0 || !bytes.Equal(first.Bundle.Model, again.Bundle.Model) {
			t.Error("a cache that was cut short is not repaired")
		}
		if after, _ := os.Stat(files[0]); after.Size() != info.Size() {
			t.Errorf("the cache has %d bytes, want %d", after.Size(), info.Size())
		}
	})
}
