package hub_test

import (
	"path/filepath"
	"testing"

	"yingda/models"
	"yingda/models/hub"
)

// TestExport runs the head of a bundle through hugot and expects what the model answered before it was a bundle.
func TestExport(t *testing.T) {
	b, err := models.OpenPath("testdata/classifier")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "exported")
	if err := hub.Export(b, models.HeadIntents, dir); err != nil {
		t.Fatal(err)
	}
	if err := hub.Export(b, models.HeadIntents, dir); err == nil {
		t.Error("a folder was overwritten")
	}
	if err := hub.Export(b, models.HeadEmotion, dir+"2"); err == nil {
		t.Error("a head was exported that the bundle does not have")
	}
	c, err := hub.OpenClassifier(hub.Model{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	type row struct {
		Text   string
		Scores map[string]float64
	}
	golden := mustGolden[row](t, "classifier")
	got, err := c.Classify(t.Context(), texts(golden, func(r row) string { return r.Text }))
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range golden {
		compareScores(t, r.Text, got[i], r.Scores)
	}
}
