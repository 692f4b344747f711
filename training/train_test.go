package training_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"yingda/internal/testenv"
	"yingda/models"
	"yingda/models/ort"
	"yingda/nlu"
	"yingda/nlu/standard"
	"yingda/training"
	"yingda/training/corpus"
	"yingda/training/encoder"
	"yingda/training/eval"
)

// shop is a corpus in the few words that the tiny tokenizer knows: 消 cancels, 退 refunds, 天气 is out of scope, 北京 is a place, and
// "cancel" is said angrily.
func shop() *corpus.Corpus {
	rng := rand.New(rand.NewPCG(1, 1))
	filler := []string{"单", "气", " ", "单气"}
	c := &corpus.Corpus{}
	seen := map[string]bool{}
	for len(c.Examples) < 240 {
		eg := corpus.Example{Lang: "zh", HasIntents: true, HasEntities: true, Emotion: "neutral", Origin: "shop"}
		word := []string{"消消消", "退退退", "天天天", "cancel cancel 消"}[len(c.Examples)%4]
		eg.Intents = [][]string{{"order.cancel"}, {"refund.apply"}, nil, {"order.cancel"}}[len(c.Examples)%4]
		if strings.HasPrefix(word, "cancel") {
			eg.Emotion = "angry"
		}
		eg.Text = word
		for range 1 + rng.IntN(4) {
			eg.Text += filler[rng.IntN(len(filler))]
		}
		if rng.IntN(2) == 0 {
			eg.Entities = []corpus.EntitySpan{{Type: "location", Text: "北京", Start: len(eg.Text), End: len(eg.Text) + 6}}
			eg.Text += "北京消"[:6]
		}
		if eg.Text = strings.TrimSpace(eg.Text); !seen[eg.Text] {
			seen[eg.Text] = true
			c.Examples = append(c.Examples, eg)
		}
	}
	return c
}

func recipe() training.Recipe {
	r := training.DefaultRecipe()
	r.Name, r.Version, r.Languages, r.Layers, r.Pairs = "shop", "1", []string{"zh"}, []int{1, 2}, 40
	r.Entities.Types, r.Entities.Rate = []string{"location"}, 0.02
	return r
}

func MustEncoder(tb testing.TB) *encoder.Encoder {
	tb.Helper()
	testenv.MustORT(tb)
	e, err := encoder.Load(testenv.MustEncoder(tb, 3))
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

func train(t *testing.T, e *encoder.Encoder, c *corpus.Corpus, r training.Recipe) (*training.Result, error) {
	t.Helper()
	res, err := training.Train(t.Context(), c, corpus.DefaultTaxonomy(), e, r, training.RunOptions{}, nil)
	if err == nil {
		res.Bundle.Manifest.Licences = map[string]string{"model": "MIT"}
	}
	return res, err
}

// answers opens a written bundle and parses texts with it.
func answers(t *testing.T, b *models.Bundle, texts ...string) []*nlu.Analysis {
	t.Helper()
	dir := t.TempDir()
	if _, err := b.Write(dir); err != nil {
		t.Fatal(err)
	}
	b, err := models.OpenPath(dir + "/" + string(b.Manifest.ID))
	if err != nil {
		t.Fatal(err)
	}
	backend, err := ort.Open(b, ort.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := standard.New(t.Context(), b, backend, standard.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var us []nlu.Utterance
	for _, text := range texts {
		us = append(us, nlu.Utterance{Text: text})
	}
	as, err := e.Analyse(t.Context(), us...)
	if err != nil {
		t.Fatal(err)
	}
	return as
}

// TestTrain goes the whole way on a small encoder: train, write, verify, open, parse; and the same input gives the same bundle.
func TestTrain(t *testing.T) {
	e, c := MustEncoder(t), shop()
	res, err := train(t, e, c, recipe())
	if err != nil {
		t.Fatal(err)
	}
	var heads []string
	for _, h := range res.Bundle.Manifest.Heads {
		heads = append(heads, fmt.Sprintf("%s/%d", h.Name, h.Width()))
	}
	if got := strings.Join(heads, " "); got != "intents/3 intent_tokens/3 emotion/2 entities/3 embedding/128" {
		t.Errorf("heads %s", got)
	}
	as := answers(t, res.Bundle, "消消单北京", "退退单气", "天天天气", "cancel cancel 消 单")
	for i, want := range []string{"order.cancel neutral [location 北京]", "refund.apply neutral []", " neutral []", "order.cancel angry []"} {
		a := as[i]
		label, ents := "", []string{}
		if len(a.Intents) == 1 {
			label = a.Intents[0].Label
		}
		for _, ent := range a.Candidates { // a list knows 北京 too
			if ent.Source == nlu.SourceModel {
				ents = append(ents, ent.Type+" "+ent.Text)
			}
		}
		if got := fmt.Sprintf("%s %s %v", label, a.Emotion.Label, ents); got != want {
			t.Errorf("%q is %s, want %s", a.Text, got, want)
		}
	}
	again, err := train(t, e, c, recipe())
	if err != nil {
		t.Fatal(err)
	}
	if string(again.Bundle.Model) != string(res.Bundle.Model) {
		t.Error("the same data, encoder and recipe give another model")
	}

	card, err := training.Card(training.CardInput{Result: res, Encoder: e, Corpus: c, Recipe: recipe(), Notes: "Notes.",
		Reports: []*eval.Report{{Data: "unseen", Cases: 7, Fingerprint: strings.Repeat("f", 64), Headline: []eval.Metric{{Name: "intent_accuracy", Title: "Accuracy", Value: 0.5, Low: 0.25, High: 0.75}, {Name: "oos_auroc", Title: "AUROC", Value: 0.9}}}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# shop 1\n", "intents (3), intent_tokens (3)", "| zh | 240 | 0 | 60 |", "Measured on unseen", "| Accuracy | 50.0 % (25.0–75.0) |", "| AUROC | 0.900 (", "Notes.", "40 random pairs"} {
		if !strings.Contains(card, want) {
			t.Errorf("the card does not say %q:\n%s", want, card)
		}
	}
	if m := training.Metrics(&eval.Report{Headline: []eval.Metric{{Name: "a", Value: 0.123456}}}); m["a"] != 0.1235 {
		t.Errorf("metrics %v", m)
	}
}

// TestSkippedHeads: a recipe may leave heads out, and a card is made all the same.
func TestSkippedHeads(t *testing.T) {
	e, c := MustEncoder(t), shop()
	tests := []struct {
		name   string
		change func(r *training.Recipe)
		heads  string
	}{
		{"Intents", func(r *training.Recipe) { r.Intents.Skip = true }, "emotion entities embedding"},
		{"Emotion", func(r *training.Recipe) { r.Emotion.Skip = true }, "intents intent_tokens entities embedding"},
		{"Entities", func(r *training.Recipe) { r.Entities.Skip = true }, "intents intent_tokens emotion embedding"},
		{"FloatWeights", func(r *training.Recipe) { r.Quantise = false }, "intents intent_tokens emotion entities embedding"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := recipe()
			r.Entities.Epochs = 1
			tt.change(&r)
			res, err := train(t, e, c, r)
			if err != nil {
				t.Fatal(err)
			}
			var heads []string
			for _, h := range res.Bundle.Manifest.Heads {
				heads = append(heads, h.Name)
			}
			if got := strings.Join(heads, " "); got != tt.heads {
				t.Errorf("heads %s, want %s", got, tt.heads)
			}
			answers(t, res.Bundle, "消单", "")
			if _, err := training.Card(training.CardInput{Result: res, Encoder: e, Corpus: c, Recipe: r}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTrainErrors(t *testing.T) {
	e := MustEncoder(t)
	tests := []struct {
		name   string
		change func(c *corpus.Corpus, r *training.Recipe)
		want   string
	}{
		{"ErrRecipe", func(_ *corpus.Corpus, r *training.Recipe) { r.Folds = 1 }, "folds 1"},
		{"ErrLayer", func(_ *corpus.Corpus, r *training.Recipe) { r.Layers = []int{9} }, "layer 9 of an encoder with 3 layers"},
		{"ErrNothing", func(c *corpus.Corpus, _ *training.Recipe) { c.Examples = nil }, "nothing to tell apart"},
		{"ErrSingle", func(c *corpus.Corpus, _ *training.Recipe) { c.Examples[0].Intents = []string{"lonely"} }, "lonely"},
		{"ErrTooLong", func(c *corpus.Corpus, _ *training.Recipe) { c.Examples[3].Text = strings.Repeat("消单", 50) }, "102 tokens"},
		{"ErrNoEmotion", func(c *corpus.Corpus, _ *training.Recipe) {
			for i := range c.Examples {
				c.Examples[i].Emotion = ""
			}
		}, "emotion: no example is labelled; leave the head out"},
		{"ErrOneFold", func(c *corpus.Corpus, r *training.Recipe) {
			for n, i := 0, 0; n < 2; i++ { // two examples that are held out together
				if corpus.FoldOf(c.Examples[i].Text, r.Folds) == 1 {
					c.Examples[i].Intents, c.Examples[i].Entities = []string{"rare.thing"}, nil
					n++
				}
			}
		}, "all examples of rare.thing fall into one fold"},
		{"ErrSkipsAll", func(_ *corpus.Corpus, r *training.Recipe) {
			r.Intents.Skip, r.Emotion.Skip, r.Entities.Skip = true, true, true
		}, "skips every head"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, r := shop(), recipe()
			tt.change(c, &r)
			if _, err := train(t, e, c, r); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	t.Run("ErrCancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var stages []string
		_, err := training.Train(ctx, shop(), corpus.DefaultTaxonomy(), e, recipe(), training.RunOptions{}, func(stage string, _, _ int, _ string) {
			if !slices.Contains(stages, stage) && strings.HasPrefix(stage, "cross-validation") {
				stages = append(stages, stage)
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		cancel()
	})
}
