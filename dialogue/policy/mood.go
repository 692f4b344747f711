package policy

import (
	"slices"

	"yingda/dialogue"
)

// mood is how the customer feels, as far as it decides something.
type mood struct {
	label  string
	angry  bool // counts towards a handover
	uneasy bool // is soothed first
	gentle bool // gets kind words, nothing else changes
	strong bool
}

// feel reads the emotion and counts anger.
func (w *turn) feel() {
	e := w.emotion()
	m := w.set.Moods
	need := m.Score
	for _, x := range w.r.wishes[:min(len(w.r.wishes), 1)] {
		for g, score := range m.Groups {
			if w.set.in(g, x.intent) {
				need = max(need, score)
			}
		}
	}
	if m.Unclear > 0 && len(w.r.wishes) == 0 && len(w.r.roles) == 0 && w.in.Analysis.OOS >= w.set.Understanding.Strange {
		need = max(need, m.Unclear)
	}
	w.mood = mood{label: e.Label, strong: e.Intensity >= m.Strong}
	if e.Score >= need && e.Intensity >= m.Intensity {
		w.mood.angry = slices.Contains(m.Angry, e.Label)
		w.mood.uneasy = slices.Contains(m.Uneasy, e.Label)
		w.mood.gentle = slices.Contains(m.Gentle, e.Label)
	}
	if len(w.r.roles) > 0 && !w.r.role(RoleCorrect) && !w.r.role(RolePerson) && len(w.r.wishes) == 0 && !w.mood.angry || len(w.r.wishes) == 0 && w.in.Analysis.OOS >= w.set.Understanding.Strange {
		w.mood.uneasy, w.mood.gentle = false, false // nonsense, thanks, goodbyes and the like are not soothed
	}
	if !w.mood.angry && w.sour() {
		w.mood.angry = slices.Contains(m.Angry, e.Label) || e.Valence == "negative" && e.Score >= need && e.Intensity >= m.Strong
	}
	if w.mood.angry {
		w.s.Angry++
	} else if w.calmed() {
		w.s.Angry = 0
	}
}

// sour tells whether the wish is of a kind that is angry when it is said with a bad feeling, however politely: 你们真专业.
func (w *turn) sour() bool {
	for _, x := range w.r.wishes {
		for _, g := range w.set.Moods.Sour {
			if w.set.in(g, x.intent) {
				return true
			}
		}
	}
	return false
}

// calmed tells whether the last turns were calm, this one included.
func (w *turn) calmed() bool {
	es := w.in.Tracker.Emotions
	n := w.set.Moods.Calm - 1
	if len(es) < n {
		return false
	}
	for _, e := range es[len(es)-n:] {
		if slices.Contains(w.set.Moods.Angry, e.Label) {
			return false
		}
	}
	return true
}

// tooAngry tells whether people take over: at the tier's count, or when a customer who was soothed before gets angry all the same.
func (w *turn) tooAngry() bool {
	if !w.mood.angry {
		return false
	}
	count := w.s.Angry
	if w.s.Soothed > 0 && count == 1 {
		count++
	}
	return count >= w.set.tier(w.in.Profile.Tier).Angry
}

// soothe puts the words for a feeling before the others. The same words are not said twice: a second time has its own.
func (w *turn) soothe() {
	if w.d.Action == dialogue.Silent || w.d.Action == "" || w.in.Analysis == nil {
		return
	}
	m := w.mood
	if !m.angry && !((m.uneasy || m.gentle) && !w.soothedLately()) {
		return
	}
	if !hasSoothed(w.d.Say) {
		w.sootheNow()
	}
	if (m.angry || m.uneasy) && slices.Contains([]dialogue.Action{dialogue.Answer, dialogue.Ask, dialogue.Clarify}, w.d.Action) {
		w.d.Action, w.d.Reason, w.d.Why = dialogue.Soothe, dialogue.Feeling, "the customer is "+m.label
	}
}

// sootheNow adds the soothing words in front.
func (w *turn) sootheNow() {
	label := w.mood.label
	if label == "" || !(w.mood.angry || w.mood.uneasy || w.mood.gentle) {
		label = "calm"
	}
	key := "soothe." + label
	switch {
	case w.s.Soothed > 0:
		key += ".again"
	case w.mood.strong && label != "calm":
		key += ".strong"
	}
	w.d.Say = slices.Insert(w.d.Say, 0, dialogue.Say{Key: key, Vars: w.vars(nil)})
	w.s.Soothed++
}

func hasSoothed(said []dialogue.Say) bool {
	return slices.ContainsFunc(said, isSoothing)
}

func isSoothing(s dialogue.Say) bool { return len(s.Key) > 7 && s.Key[:7] == "soothe." }

// soothedLately tells whether the turn before soothed.
func (w *turn) soothedLately() bool { return w.s.Soothed > 0 && hasSoothed(w.in.Tracker.State.Said) }
