package hub_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"yingda/models/hub"
)

// tolerance is on probabilities and on the elements of vectors; ONNX Runtime made the golden ones (testdata/generate.py).
const tolerance = 2e-5

func mustGolden[T any](tb testing.TB, name string) []T {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name, "golden.json"))
	if err != nil {
		tb.Fatal(err)
	}
	var rows []T
	if err := json.Unmarshal(data, &rows); err != nil {
		tb.Fatal(err)
	}
	return rows
}

func model(name string) hub.Model { return hub.Model{Dir: filepath.Join("testdata", name), Batch: 3} }

func texts[T any](rows []T, text func(T) string) []string {
	all := make([]string, len(rows))
	for i, r := range rows {
		all[i] = text(r)
	}
	return all
}

func TestEmbedder(t *testing.T) {
	type row struct {
		Text   string
		Vector []float64
	}
	golden := mustGolden[row](t, "embedder")
	e, err := hub.OpenEmbedder(model("embedder"), "", false)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	got, err := e.Embed(t.Context(), texts(golden, func(r row) string { return r.Text }))
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range golden {
		for j, want := range r.Vector {
			if d := math.Abs(float64(got[i][j]) - want); !(d <= tolerance) {
				t.Errorf("%q: element %d is %v, want %v", r.Text, j, got[i][j], want)
			}
		}
	}
}

func TestEmbedder_Normalized(t *testing.T) {
	e, err := hub.OpenEmbedder(model("embedder"), "last_hidden_state", true)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	got, err := e.Embed(t.Context(), []string{"my order"})
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, x := range got[0] {
		sum += float64(x) * float64(x)
	}
	if math.Abs(sum-1) > 1e-5 {
		t.Errorf("squared length %v", sum)
	}
	if none, err := e.Embed(t.Context(), nil); err != nil || len(none) != 0 {
		t.Errorf("no texts: %v, %v", none, err)
	}
}

func compareScores(t *testing.T, text string, got []hub.Score, want map[string]float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%q: %d labels, want %d", text, len(got), len(want))
	}
	for i, s := range got {
		if d := math.Abs(s.P - want[s.Label]); !(d <= tolerance) || i > 0 && s.P > got[i-1].P {
			t.Errorf("%q: got %v, want %v in falling order", text, got, want)
			return
		}
	}
}

func TestClassifier(t *testing.T) {
	type row struct {
		Text   string
		Scores map[string]float64
	}
	golden := mustGolden[row](t, "classifier")
	c, err := hub.OpenClassifier(model("classifier"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			got, err := c.Classify(t.Context(), texts(golden, func(r row) string { return r.Text }))
			if err != nil {
				t.Error(err)
				return
			}
			theirs, err := c.ClassifyAsHugot(t.Context(), texts(golden, func(r row) string { return r.Text }))
			if err != nil {
				t.Error(err)
				return
			}
			for i, r := range golden {
				compareScores(t, r.Text, got[i], r.Scores)
				compareScores(t, r.Text, theirs[i], r.Scores)
			}
		})
	}
	group.Wait()
}

func TestTagger(t *testing.T) {
	type row struct {
		Text     string
		Entities []struct {
			Type       string
			Start, End int
			Score      float64
		}
	}
	golden := mustGolden[row](t, "tagger")
	tagger, err := hub.OpenTagger(model("tagger"))
	if err != nil {
		t.Fatal(err)
	}
	defer tagger.Close()
	got, err := tagger.Tag(t.Context(), texts(golden, func(r row) string { return r.Text }))
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range golden {
		if len(got[i]) != len(r.Entities) {
			t.Errorf("%q: got %v, want %v", r.Text, got[i], r.Entities)
			continue
		}
		for j, want := range r.Entities {
			e := got[i][j]
			if e.Type != want.Type || e.Start != want.Start || e.End != want.End || !(math.Abs(e.P-want.Score) <= tolerance) {
				t.Errorf("%q: got %v, want %v", r.Text, e, want)
			}
		}
	}
}

func TestZeroShot(t *testing.T) {
	type row struct {
		Text          string
		Single, Multi map[string]float64
	}
	golden := mustGolden[row](t, "nli")
	for _, multi := range []bool{false, true} {
		z, err := hub.OpenZeroShot(model("nli"), []string{"shipping", "refund", "weather"}, "this is about {}.", multi)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		got, err := z.Classify(t.Context(), texts(golden, func(r row) string { return r.Text }))
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range golden {
			want := r.Single
			if multi {
				want = r.Multi
			}
			compareScores(t, r.Text, got[i], want)
		}
	}
}

func TestReranker(t *testing.T) {
	type row struct {
		Text  string
		Score float64
	}
	golden := mustGolden[row](t, "reranker")
	r, err := hub.OpenReranker(model("reranker"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := r.Rank(t.Context(), "where is my refund?", texts(golden, func(r row) string { return r.Text }))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range golden {
		if !(math.Abs(got[i]-want.Score) <= tolerance) {
			t.Errorf("%q: got %v, want %v", want.Text, got[i], want.Score)
		}
	}
}

func TestPipelines_Errors(t *testing.T) {
	c, err := hub.OpenClassifier(model("classifier"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	t.Run("ErrTooLong", func(t *testing.T) {
		_, err := c.Classify(t.Context(), []string{"a", strings.Repeat("my order ", 100)})
		if !errors.Is(err, hub.ErrTooLong) || !strings.Contains(err.Error(), "text 1 has 202 tokens, the model takes 40") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("ErrCancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.Classify(ctx, []string{"a"}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	open := map[string]func() error{
		"ErrAbsent":        func() error { _, err := hub.OpenClassifier(model("absent")); return err },
		"ErrNoLabels":      func() error { _, err := hub.OpenClassifier(model("embedder")); return err },
		"ErrNotTokens":     func() error { _, err := hub.OpenTagger(model("classifier")); return err },
		"ErrOutput":        func() error { _, err := hub.OpenEmbedder(model("embedder"), "pooled", false); return err },
		"ErrNotNLI":        func() error { _, err := hub.OpenZeroShot(model("tagger"), []string{"a"}, "", false); return err },
		"ErrLabels":        func() error { _, err := hub.OpenZeroShot(model("nli"), nil, "", false); return err },
		"ErrNotReranker":   func() error { _, err := hub.OpenReranker(model("classifier")); return err },
		"ErrNotSequence":   func() error { _, err := hub.OpenClassifier(model("tagger")); return err },
		"ErrDamagedModel":  func() error { _, err := hub.OpenClassifier(damaged(t, "model.onnx")); return err },
		"ErrDamagedConfig": func() error { _, err := hub.OpenClassifier(damaged(t, "config.json")); return err },
		"ErrNoTokenizer":   func() error { _, err := hub.OpenClassifier(damaged(t, "tokenizer.json")); return err },
	}
	for name, f := range open {
		t.Run(name, func(t *testing.T) {
			if err := f(); err == nil {
				t.Error("no error")
			} else {
				t.Log(err)
			}
		})
	}
}

// damaged copies the classifier with one file cut in half, or gone if it is the tokenizer.
func damaged(t *testing.T, name string) hub.Model {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/classifier")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()/2); err != nil {
		t.Fatal(err)
	}
	if name == "tokenizer.json" {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	return hub.Model{Dir: dir}
}
