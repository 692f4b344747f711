// Package decode turns logits into answers: calibrated intents with an out-of-scope probability, several intents in one
// message, emotion with intensity, and entities by legal BIO decoding. Each component reads one or two heads of the bundle.
package decode

import (
	"cmp"
	"math"
	"slices"

	"yingda/nlu"
)

// Softmax writes exp(x/temperature)/Σ to out.
func Softmax(x []float32, temperature float64, out []float64) {
	peak := math.Inf(-1)
	for _, v := range x {
		peak = max(peak, float64(v))
	}
	sum := 0.0
	for i, v := range x {
		out[i] = math.Exp((float64(v) - peak) / temperature)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
}

// LogSumExp returns log Σ exp(x), leaving out index skip (−1 = none).
func LogSumExp(x []float32, skip int) float64 {
	peak := math.Inf(-1)
	for i, v := range x {
		if i != skip {
			peak = max(peak, float64(v))
		}
	}
	sum := 0.0
	for i, v := range x {
		if i != skip {
			sum += math.Exp(float64(v) - peak)
		}
	}
	return peak + math.Log(sum)
}

// Sigmoid returns 1/(1+exp(−x)).
func Sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// rank pairs labels with scores, best first; ties keep the labels' order.
func rank(labels []string, scores []float64) []nlu.Prediction {
	ps := make([]nlu.Prediction, len(labels))
	for i := range labels {
		ps[i] = nlu.Prediction{Label: labels[i], Score: scores[i]}
	}
	slices.SortStableFunc(ps, func(a, b nlu.Prediction) int { return cmp.Compare(b.Score, a.Score) })
	return ps
}
