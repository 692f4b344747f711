package models_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"yingda/internal/testenv"
	"yingda/models"
)

func mustTinyManifest(tb testing.TB) *models.Manifest {
	tb.Helper()
	b := testenv.MustTiny(tb, testenv.Tiny{})
	testenv.MustWrite(tb, tb.TempDir(), b)
	return b.Manifest
}

// TestManifestFaults changes one thing of a good manifest at a time.
func TestManifestFaults(t *testing.T) {
	tests := []struct {
		name   string
		change func(m *models.Manifest)
		want   string // "" = good
	}{
		{"OK", func(m *models.Manifest) {}, ""},
		{"OKNoMask", func(m *models.Manifest) { m.Model.Mask = "" }, ""},
		{"OKDim", func(m *models.Manifest) { m.Heads[0].Dim = 3 }, ""},
		{"OKLongName", func(m *models.Manifest) { m.Name = strings.Repeat("x", 64) }, ""},
		{"OKTransitions", func(m *models.Manifest) { m.Entities.Transitions = [][]float64{{1, 2, 3}, {1, 2, 3}, {1, 2, 3}} }, ""},
		{"ErrFormat", func(m *models.Manifest) { m.Format = 2 }, "format 2"},
		{"ErrName", func(m *models.Manifest) { m.Name = "Ünïcode" }, "name"},
		{"ErrNameDot", func(m *models.Manifest) { m.Name = ".hidden" }, "name"},
		{"ErrNameSlash", func(m *models.Manifest) { m.Name = "a/b" }, "name"},
		{"ErrNameLong", func(m *models.Manifest) { m.Name = strings.Repeat("x", 65) }, "name"},
		{"ErrNameEmpty", func(m *models.Manifest) { m.Name = "" }, "name"},
		{"ErrFileAbsolute", func(m *models.Manifest) { m.Files["/etc/passwd"] = m.Files["model.onnx"] }, "clean relative path"},
		{"ErrFileUp", func(m *models.Manifest) { m.Files["../x"] = m.Files["model.onnx"] }, "clean relative path"},
		{"ErrFileInside", func(m *models.Manifest) { m.Files["a/../../x"] = m.Files["model.onnx"] }, "clean relative path"},
		{"ErrFileBackslash", func(m *models.Manifest) { m.Files[`a\b`] = m.Files["model.onnx"] }, "clean relative path"},
		{"ErrFileDrive", func(m *models.Manifest) { m.Files["c:x"] = m.Files["model.onnx"] }, "clean relative path"},
		{"ErrFileItself", func(m *models.Manifest) { m.Files[models.ManifestName] = m.Files["model.onnx"] }, "clean relative path"},
		{"ErrFileEmpty", func(m *models.Manifest) { m.Files[""] = m.Files["model.onnx"] }, "clean relative path"},
		{"ErrHash", func(m *models.Manifest) { m.Files["model.onnx"] = models.File{Size: 1, SHA256: "ab"} }, "SHA-256"},
		{"ErrSize", func(m *models.Manifest) {
			m.Files["model.onnx"] = models.File{Size: -1, SHA256: strings.Repeat("a", 64)}
		}, "size"},
		{"ErrModelFile", func(m *models.Manifest) { m.Model.File = "other.onnx" }, "not listed"},
		{"ErrTokenizerFile", func(m *models.Manifest) { m.Tokenizer.File = "" }, "not listed"},
		{"ErrIDs", func(m *models.Manifest) { m.Model.IDs = "" }, "ids input"},
		{"ErrMaxTokensSmall", func(m *models.Manifest) { m.Model.MaxTokens = 3 }, "max_tokens"},
		{"ErrMaxTokensLarge", func(m *models.Manifest) { m.Model.MaxTokens = 8193 }, "max_tokens"},
		{"ErrPad", func(m *models.Manifest) { m.Tokenizer.Pad = -1 }, "pad"},
		{"ErrNoHeads", func(m *models.Manifest) { m.Heads = nil }, "no heads"},
		{"ErrHeadTwice", func(m *models.Manifest) { m.Heads[1].Name = m.Heads[0].Name }, "name of its own"},
		{"ErrHeadOutput", func(m *models.Manifest) { m.Heads[1].Output = "" }, "output"},
		{"ErrHeadKind", func(m *models.Manifest) { m.Heads[1].Kind = "span" }, "kind"},
		{"ErrHeadLabels", func(m *models.Manifest) { m.Heads[0].Labels = nil }, "no labels"},
		{"ErrLabelTwice", func(m *models.Manifest) { m.Heads[2].Labels = []string{"neutral", "neutral"} }, "twice"},
		{"ErrLabelEmpty", func(m *models.Manifest) { m.Heads[2].Labels = []string{"neutral", ""} }, "empty"},
		{"ErrVectorDim", func(m *models.Manifest) { m.Heads[4].Dim = 0 }, "dim"},
		{"ErrDimOfLabels", func(m *models.Manifest) { m.Heads[0].Dim = 2 }, "labels and dim"},
		{"ErrIntentsHead", func(m *models.Manifest) { m.Heads[0].Name = "other"; m.Probes = nil }, "no sequence head"},
		{"ErrReject", func(m *models.Manifest) { m.Intents.Reject = "nothing" }, "reject label"},
		{"ErrOnlyReject", func(m *models.Manifest) { m.Heads[0].Labels, m.Probes = []string{"out_of_scope"}, nil }, "the only one"},
		{"ErrTemperature", func(m *models.Manifest) { m.Intents.Temperature = 0 }, "temperature"},
		{"ErrMinScore", func(m *models.Manifest) { m.Intents.MinScore = 1.1 }, "thresholds"},
		{"ErrMaxOOS", func(m *models.Manifest) { m.Intents.MaxOOS = -0.1 }, "thresholds"},
		{"ErrClause", func(m *models.Manifest) { m.Intents.Clause.MinScore = 2 }, "thresholds"},
		{"ErrTokenLabels", func(m *models.Manifest) { m.Heads[1].Labels = []string{"a", "b", "c"} }, "same labels"},
		{"ErrNeutral", func(m *models.Manifest) { m.Emotion.Neutral = "calm" }, "neutral label"},
		{"ErrEmotionTemperature", func(m *models.Manifest) { m.Emotion.Temperature = -1 }, "temperature"},
		{"ErrEmotionBias", func(m *models.Manifest) { m.Emotion.Bias = map[string]float64{"angry": 1e300} }, "bias"},
		{"ErrEmotionBiasLabel", func(m *models.Manifest) { m.Emotion.Bias = map[string]float64{"furious": 1} }, "bias"},
		{"ErrTag", func(m *models.Manifest) { m.Heads[3].Labels = []string{"O", "B-city", "LABEL_2"} }, "LABEL_2"},
		{"ErrEntityScore", func(m *models.Manifest) { m.Entities.MinScore = 7 }, "min_score"},
		{"ErrTransitionRows", func(m *models.Manifest) { m.Entities.Transitions = [][]float64{{1, 2, 3}} }, "rows"},
		{"ErrTransitionColumns", func(m *models.Manifest) { m.Entities.Transitions = [][]float64{{1, 2, 3}, {1, 2}, {1, 2, 3}} }, "square"},
		{"ErrProbeHead", func(m *models.Manifest) { m.Probes[0].Head = "nothing" }, "probe"},
		{"ErrProbeVector", func(m *models.Manifest) { m.Probes[0].Head = models.HeadEmbedding }, "probe"},
		{"ErrProbeTokens", func(m *models.Manifest) { m.Probes[0].Head = models.HeadIntentTokens }, "probe"},
		{"ErrProbeLabel", func(m *models.Manifest) { m.Probes[0].Label = "nothing" }, "probe"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := mustTinyManifest(t)
			tt.change(m)
			data, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			_, err = models.ParseManifest(data)
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "":
				wantInvalid(t, err, tt.want)
			}
		})
	}
}

func TestManifestText(t *testing.T) {
	good, err := json.Marshal(mustTinyManifest(t))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, text, want string }{
		{"ErrEmpty", "", "not a manifest"},
		{"ErrNotJSON", "{", "not a manifest"},
		{"ErrPlaceholder", "{}", "format 0"},
		{"ErrUnknownField", strings.Replace(string(good), `"format"`, `"run":"rm","format"`, 1), "unknown field"},
		{"ErrTwo", string(good) + "{}", "after the end"},
		{"ErrType", strings.Replace(string(good), `"format":1`, `"format":"1"`, 1), "not a manifest"},
		{"ErrHugeNumber", strings.Replace(string(good), `"temperature":1`, `"temperature":1e999`, 1), "not a manifest"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := models.ParseManifest([]byte(tt.text))
			wantInvalid(t, err, tt.want)
		})
	}
}

// TestComputeID: the id changes with any part of the content, and not with itself.
func TestComputeID(t *testing.T) {
	m := mustTinyManifest(t)
	id := m.ID
	m.ID = "whatever"
	if got, err := m.ComputeID(); err != nil || got != id {
		t.Errorf("got %q (%v), want %q", got, err, id)
	}
	seen := map[models.BundleID]bool{id: true}
	for _, change := range []func(){
		func() { m.Version = "2" }, func() { m.Intents.MaxOOS = 0.8 }, func() { m.Probes[0].Logit += 1e-9 },
		func() { m.Metrics = map[string]any{"f1": math.Pi} }, func() { m.Heads[0].Labels[0] = "x"; m.Heads[1].Labels[0] = "x" },
	} {
		change()
		got, err := m.ComputeID()
		if err != nil || seen[got] {
			t.Errorf("id %q again (%v)", got, err)
		}
		seen[got] = true
	}
	if _, err := (&models.Manifest{Metrics: map[string]any{"nan": math.NaN()}}).ComputeID(); err == nil {
		t.Error("a manifest that is not JSON got an id")
	}
}

func FuzzParseManifest(f *testing.F) {
	good, err := json.Marshal(mustTinyManifest(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("{}"))
	f.Add([]byte(`{"format":1,"name":"x","files":{"a":{}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := models.ParseManifest(data)
		if err != nil {
			return
		}
		if _, err := m.ComputeID(); err != nil {
			t.Errorf("a good manifest has no id: %v", err)
		}
		for i := range m.Heads {
			if h := &m.Heads[i]; h.Width() <= 0 {
				t.Errorf("head %q is %d wide", h.Name, h.Width())
			}
		}
	})
}
