package decode_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"yingda/models"
	"yingda/nlu"
	"yingda/nlu/decode"
)

// near allows for the rounding of doubles.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-12*max(1, math.Abs(b)) }

// TestOracle compares with SciPy; testdata/golden.py wrote the vectors.
func TestOracle(t *testing.T) {
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden []struct {
		X            []float32
		Temperature  float64
		Softmax      []float64
		LogSumExp    float64
		WithoutFirst *float64 `json:"without_first"`
	}
	if err := json.Unmarshal(data, &golden); err != nil || len(golden) < 50 {
		t.Fatalf("%d vectors, %v", len(golden), err)
	}
	for _, g := range golden {
		out := make([]float64, len(g.X))
		decode.Softmax(g.X, g.Temperature, out)
		for i := range out {
			if !near(out[i], g.Softmax[i]) {
				t.Errorf("softmax(%v/%v)[%d] = %v, want %v", g.X, g.Temperature, i, out[i], g.Softmax[i])
			}
		}
		if got := decode.LogSumExp(g.X, -1); !near(got, g.LogSumExp) {
			t.Errorf("logsumexp(%v) = %v, want %v", g.X, got, g.LogSumExp)
		}
		if g.WithoutFirst != nil {
			if got := decode.LogSumExp(g.X, 0); !near(got, *g.WithoutFirst) {
				t.Errorf("logsumexp(%v without the first) = %v, want %v", g.X, got, *g.WithoutFirst)
			}
		}
	}
}

func TestSigmoid(t *testing.T) {
	for _, tt := range []struct{ x, want float64 }{{0, 0.5}, {1000, 1}, {-1000, 0}, {2, 0.8807970779778823}, {-2, 0.11920292202211755}} {
		if got := decode.Sigmoid(tt.x); !near(got, tt.want) {
			t.Errorf("sigmoid(%v) = %v, want %v", tt.x, got, tt.want)
		}
	}
}

func TestShouting(t *testing.T) {
	tests := []struct {
		text string
		want float64
	}{
		{"", 0}, {"退款", 0}, {"where is my order?", 0}, {"OK", 0}, {"APP坏了", 0}, {"IBM", 0},
		{"退款!", 0.25}, {"退款！！", 0.5}, {"退款！！！！！！", 0.75}, {"快点快点", 0}, {"啊啊啊", 0.2}, {"啊啊啊 nooo", 0.4}, {"啊啊啊啊啊啊", 0.2},
		{"😡", 0.1}, {"😡😡😡😡", 0.3}, {"☎", 0.1}, {"WHERE IS MY ORDER", 0.4}, {"WHERE IS MY ORDER!!!", 1}, {"Where Is My Order", 0}, {"1111111", 0}, {"。。。。。", 0},
	}
	for _, tt := range tests {
		if got := decode.Shouting(tt.text); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%q: %v, want %v", tt.text, got, tt.want)
		}
	}
}

func TestEmotion(t *testing.T) {
	m := &models.Manifest{
		Heads:   []models.Head{{Name: models.HeadEmotion, Kind: models.Sequence, Labels: []string{"angry", "neutral", "happy"}}},
		Emotion: &models.EmotionSpec{Temperature: 2, Neutral: "neutral", Bias: map[string]float64{"happy": 1}, Valence: map[string]string{"angry": "negative"}},
	}
	d, err := decode.NewEmotion(m)
	if err != nil {
		t.Fatal(err)
	}
	logits := []float32{2, 0, -1}
	analyse := func(text string) nlu.Emotion {
		a := &nlu.Analysis{Utterance: nlu.Utterance{Text: text}, Logits: map[string]models.Logits{models.HeadEmotion: {Rows: 1, Cols: 3, Data: logits}}}
		if err := d.Annotate(t.Context(), []*nlu.Analysis{a}); err != nil {
			t.Fatal(err)
		}
		return a.Emotion
	}
	calm, loud := analyse("坏了"), analyse("坏了！！！！")
	e1, e0 := math.E, 1.0 // exp of (2, 0, 0)/2
	if want := e1 / (e1 + 2*e0); calm.Label != "angry" || !near(calm.Score, want) || calm.Valence != "negative" {
		t.Errorf("got %+v, want angry %.4f", calm.Prediction, want)
	}
	felt := 1 - e0/(e1+2*e0)
	if !near(calm.Intensity, felt) || !near(loud.Intensity, felt+(1-felt)*felt*0.75) || loud.Score != calm.Score {
		t.Errorf("intensity %v calm, %v loud; felt %v", calm.Intensity, loud.Intensity, felt)
	}
	if len(calm.Ranking) != 3 || calm.Ranking[1].Label != "neutral" { // a tie with happy: the labels' order
		t.Errorf("ranking %v", calm.Ranking)
	}
	if logits[2] != -1 {
		t.Error("the bias was added to the logits that the analysis keeps")
	}
	if _, err := decode.NewEmotion(&models.Manifest{}); err == nil {
		t.Error("no emotion head, but a decoder")
	}
}
