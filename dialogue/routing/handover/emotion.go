package handover

import (
	"slices"

	"yingda/dialogue"
)

// weights of valences on the scale from −1 (pleased) to 1 (furious), at intensity 1.
var weights = map[string]float64{"negative": 1, "anxious": 0.7, "positive": -1}

// moved is how far the level must move to count as rising or falling.
const moved = 0.2

func level(e dialogue.Emotion) float64 { return weights[e.Valence] * min(max(e.Intensity, 0), 1) }

// trend compares the latest two messages with those before them.
func (b *builder) trend() Trend {
	points := b.in.Tracker.Emotions
	t := Trend{Points: slices.Clone(points)}
	if t.Points == nil {
		t.Points = []dialogue.Emotion{}
	}
	if len(points) == 0 {
		return t
	}
	last := points[len(points)-1]
	t.Now, t.Level, t.Moves = b.name(last.Label), level(last), Steady
	if len(points) == 1 {
		return t
	}
	cut := max(1, len(points)-2)
	switch d := mean(points[cut:]) - mean(points[:cut]); {
	case d > moved:
		t.Moves = Rising
	case d < -moved:
		t.Moves = Falling
	}
	return t
}

func mean(points []dialogue.Emotion) float64 {
	var sum float64
	for _, e := range points {
		sum += level(e)
	}
	return sum / float64(len(points))
}
