package training_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"yingda/training"
	"yingda/training/corpus"
)

// TestExtend teaches a bundle a new intent. What it knew it answers as before, and with the same encoder nothing is encoded twice.
func TestExtend(t *testing.T) {
	base, err := train(t, MustEncoder(t), shop(), tuned())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := base.Bundle.Write(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	isNew := func(eg *corpus.Example) bool { return strings.HasPrefix(eg.Text, "refund refund") }
	c := shop()
	for _, tail := range []string{"", "单", "气", "单单", "气气", "单气", "气单", "单气单", "气单气", "，单", "，气", "单，", "气，", "北", "京", "北京", "单北", "气京"} {
		c.Examples = append(c.Examples, corpus.Example{Text: "refund refund" + tail, Lang: "zh", HasIntents: true, Intents: []string{"gift.wrap"}, Origin: "new"})
	}
	dir, encoded := t.TempDir(), 0
	extend := func(c *corpus.Corpus, from *training.Result) (*training.Result, error) {
		return training.Extend(t.Context(), c, corpus.DefaultTaxonomy(), from.Bundle, tuned(), training.ExtendOptions{Cache: dir, Fresh: isNew}, func(stage string, _, _ int, _ string) {
			if stage == "encode" {
				encoded++
			}
		})
	}
	res, err := extend(c, base)
	if err != nil {
		t.Fatal(err)
	}
	if encoded == 0 || res.Bundle.Manifest.Parent != base.Bundle.Manifest.ID {
		t.Errorf("encoded %d times, parent %q", encoded, res.Bundle.Manifest.Parent)
	}
	res.Bundle.Manifest.Licences = map[string]string{"model": "MIT"}
	texts := []string{"消消消单气", "退退退单", "天天天气", "cancel cancel 消气", "退退退北京", "refund refund单，单"}
	before, after := answers(t, base.Bundle, texts...), answers(t, res.Bundle, texts...)
	for i, text := range texts[:5] {
		a, b := before[i], after[i]
		if a.OOS < 0.5 && a.Ranking[0].Label != b.Ranking[0].Label || math.Abs(a.Ranking[0].Score-b.Ranking[0].Score) > 0.05 || math.Abs(a.OOS-b.OOS) > 0.05 {
			t.Errorf("%s: %+v %.2f before, %+v %.2f after", text, a.Ranking[0], a.OOS, b.Ranking[0], b.OOS)
		}
		if a.Emotion.Label != b.Emotion.Label || len(a.Entities) != len(b.Entities) {
			t.Errorf("%s: emotion or entities changed: %+v, %+v", text, a.Emotion, b.Emotion)
		}
	}
	if in := after[5].Ranking[0]; in.Label != "gift.wrap" || before[5].Ranking[0].Label == "gift.wrap" {
		t.Errorf("the new intent is taken for %+v", in)
	}
	t.Run("Again", func(t *testing.T) { // the encoder is the same one, and so is the result
		encoded = 0
		again, err := extend(c, base)
		if err != nil || !bytes.Equal(again.Bundle.Model, res.Bundle.Model) {
			t.Errorf("another bundle, %v", err)
		}
		if _, err := extend(c, res); err != nil || encoded > 0 {
			t.Errorf("extending the extended one: %v, encoded %d times", err, encoded)
		}
	})
	t.Run("ErrLabelGone", func(t *testing.T) {
		if _, err := extend(shop(), res); err == nil || !strings.Contains(err.Error(), "no example of gift.wrap") {
			t.Errorf("%v", err)
		}
	})
}
