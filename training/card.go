package training

import (
	_ "embed"
	"fmt"
	"strings"
	"text/template"

	"yingda/training/corpus"
	"yingda/training/encoder"
	"yingda/training/eval"
)

//go:embed card.tmpl
var cardTemplate string

// CardInput is what a model card is made from.
type CardInput struct {
	Result  *Result
	Encoder *encoder.Encoder
	Corpus  *corpus.Corpus
	Recipe  Recipe
	Reports []*eval.Report // measurements of the bundle on data that it was not trained on; may be empty
	Notes   string         // Markdown about origin and licences of encoder and data, from the recipe's folder
}

// languageCount is a row of the card's table of data.
type languageCount struct {
	Lang                                                string
	Examples, Several, OutOfScope, Entities, NotNeutral int
}

// Card renders the model card as Markdown. It says nothing of when or how long: a bundle's id hashes its card, and the same training, interrupted or not, is to
// give the same id.
func Card(in CardInput) (string, error) {
	t, err := template.New("card").Funcs(template.FuncMap{"percent": percent, "mb": func(n int) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }}).Parse(cardTemplate)
	if err != nil {
		return "", fmt.Errorf("model card: %w", err)
	}
	var b strings.Builder
	m := in.Result.Bundle.Manifest
	err = t.Execute(&b, map[string]any{"M": m, "In": in, "Languages": countLanguages(in.Corpus), "Size": len(in.Result.Bundle.Model) + len(in.Result.Bundle.Tokenizer)})
	if err != nil {
		return "", fmt.Errorf("model card: %w", err)
	}
	return b.String(), nil
}

func countLanguages(c *corpus.Corpus) []languageCount {
	var counts []languageCount
	at := map[string]int{}
	for _, eg := range c.Examples {
		i, ok := at[eg.Lang]
		if !ok {
			i = len(counts)
			at[eg.Lang] = i
			counts = append(counts, languageCount{Lang: eg.Lang})
		}
		n := &counts[i]
		n.Examples++
		n.Entities += len(eg.Entities)
		if len(eg.Intents) > 1 {
			n.Several++
		}
		if eg.OutOfScope() {
			n.OutOfScope++
		}
		if eg.Emotion != "" && eg.Emotion != "neutral" {
			n.NotNeutral++
		}
	}
	return counts
}

// percent shows a rate as such, and an area or an error as a plain number.
func percent(m eval.Metric) string {
	if !m.Value.Valid() {
		return "–"
	}
	if strings.Contains(m.Name, "auroc") || strings.Contains(m.Name, "aupr") || strings.Contains(m.Name, "ece") || strings.Contains(m.Name, "calibration") || strings.Contains(m.Name, "brier") {
		return fmt.Sprintf("%.3f (%.3f–%.3f)", m.Value, m.Low, m.High)
	}
	return fmt.Sprintf("%.1f %% (%.1f–%.1f)", 100*m.Value, 100*m.Low, 100*m.High)
}

// Metrics are a report's headline figures for a manifest.
func Metrics(r *eval.Report) map[string]any {
	m := map[string]any{}
	for _, h := range r.Headline {
		if h.Value.Valid() {
			m[h.Name] = float64(int(float64(h.Value)*1e4+0.5)) / 1e4
		}
	}
	return m
}
