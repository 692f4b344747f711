package policy

import "yingda/nlu"

// feeling is an emotion that words tell by themselves.
type feeling struct {
	label string
	words *matcher
}

// certain is the score from which the analysis' emotion stands against words: "ridiculously cheap" said with joy.
const certain = 0.9

// emotion returns how the customer feels: what [Moods].Words tell where the message has such words, else what the analysis says.
func (w *turn) emotion() nlu.Emotion {
	e := w.in.Analysis.Emotion
	for _, f := range w.set.feelings {
		if e.Valence == valencePositive && e.Score >= certain || !w.heard.holds(f.words, w.r.text) {
			continue
		}
		e.Label, e.Score = f.label, 1
		e.Intensity = max(e.Intensity, w.set.Moods.Intensity)
		return e
	}
	return e
}

// valencePositive is the valence of pleasant emotions, see [nlu.Emotion].
const valencePositive = "positive"
