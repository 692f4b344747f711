package decode

import (
	"context"
	"errors"
	"slices"
	"unicode"

	"yingda/models"
	"yingda/nlu"
)

// Emotion is the component that reads the emotion head.
type Emotion struct {
	labels  []string
	neutral int
	bias    []float32
	spec    models.EmotionSpec
}

var _ nlu.Component = (*Emotion)(nil)

// NewEmotion makes the component for a bundle with an emotion head.
func NewEmotion(m *models.Manifest) (*Emotion, error) {
	i := m.HeadIndex(models.HeadEmotion)
	if i < 0 || m.Emotion == nil {
		return nil, errors.New("decode emotion: the bundle has no emotion head")
	}
	d := &Emotion{labels: m.Heads[i].Labels, spec: *m.Emotion, neutral: slices.Index(m.Heads[i].Labels, m.Emotion.Neutral)}
	d.bias = make([]float32, len(d.labels))
	for i, l := range d.labels {
		d.bias[i] = float32(d.spec.Bias[l])
	}
	return d, nil
}

// Name implements [nlu.Component].
func (d *Emotion) Name() string { return "emotion@1" }

// Requires implements [nlu.Component].
func (d *Emotion) Requires() []nlu.Field { return []nlu.Field{nlu.FieldLogits} }

// Assigns implements [nlu.Component].
func (d *Emotion) Assigns() []nlu.Field { return []nlu.Field{nlu.FieldEmotion} }

// Annotate implements [nlu.Component].
func (d *Emotion) Annotate(_ context.Context, as []*nlu.Analysis) error {
	for _, a := range as {
		logits := slices.Clone(a.Logits[models.HeadEmotion].Data)
		for i := range logits {
			logits[i] += d.bias[i]
		}
		scores := make([]float64, len(logits))
		Softmax(logits, d.spec.Temperature, scores)
		ranking := rank(d.labels, scores)
		a.Emotion = nlu.Emotion{Prediction: ranking[0], Valence: d.spec.Valence[ranking[0].Label], Ranking: ranking}
		felt := 1 - scores[d.neutral]
		a.Emotion.Intensity = felt + (1-felt)*felt*Shouting(a.Text)
	}
	return nil
}

// Shouting measures 0–1 how loud a text is written: runs of ! and ？！, words in capitals, characters repeated for effect, emoji.
// It raises the intensity of an emotion that is there; alone it makes none.
func Shouting(text string) float64 {
	var marks, upper, letters, repeats, emoji int
	var last rune
	run := 0
	for _, r := range text {
		if r == last {
			run++
		} else {
			last, run = r, 1
		}
		switch {
		case r == '!' || r == '！':
			marks++
		case r >= 0x1F300 && r <= 0x1FAFF || r >= 0x2600 && r <= 0x27BF:
			emoji++
		case unicode.IsLetter(r):
			letters++
			if unicode.IsUpper(r) {
				upper++
			}
			if run == 3 {
				repeats++
			}
		}
	}
	s := 0.25*float64(min(marks, 3)) + 0.2*float64(min(repeats, 2)) + 0.1*float64(min(emoji, 3))
	if upper >= 4 && 2*upper > letters {
		s += 0.4
	}
	return min(s, 1)
}
