package eval

import (
	"math"
	"slices"
)

// The headline figures, by place in the table below.
const (
	figAccuracy = iota
	figArgmax
	figTop3
	figMacroF1
	figMulti
	figAUROC
	figAUPR
	figFPR95
	figOOSRecall
	figNearAUROC
	figNearRecall
	figFarAUROC
	figFarRecall
	figFalseAlarm
	figCoverage
	figECE
	figBrier
	figEmotion
	figEmotionF1
	figValence
	figEmotionECE
	figEntityP
	figEntityR
	figEntityF1
	figEntityModel
	figEntityRule
	figCount
)

const higher, lower = "higher", "lower"

// definitions are the fixed parts of the headline metrics. Names are part of the report's format.
var definitions = [figCount]Metric{
	figAccuracy:    {Name: "intent_accuracy", Title: "Intent accuracy, as decided", Better: higher, Definition: "messages with one wish: exactly this intent is answered; not understood and a superfluous second intent are wrong"},
	figArgmax:      {Name: "intent_accuracy_argmax", Title: "Intent accuracy, arg-max", Better: higher, Definition: "messages with one wish: the first intent of the ranking is right, thresholds set aside"},
	figTop3:        {Name: "intent_top3", Title: "Intent among the top 3", Better: higher, Definition: "messages with one wish: the intent is among the first three of the ranking"},
	figMacroF1:     {Name: "intent_macro_f1", Title: "Intent macro-F1", Better: higher, Definition: "messages with one wish: mean over the intents in the data of F1 of the decision"},
	figMulti:       {Name: "multi_exact", Title: "Several wishes, all right", Better: higher, Definition: "messages with several wishes: exactly these intents are answered, in any order"},
	figAUROC:       {Name: "oos_auroc", Title: "Out of scope, AUROC", Better: higher, Definition: "probability that an out-of-scope message has a higher out-of-scope score than one with an intent"},
	figAUPR:        {Name: "oos_aupr", Title: "Out of scope, AUPR", Better: higher, Definition: "average precision of the out-of-scope score; out of scope is the positive class"},
	figFPR95:       {Name: "oos_fpr95", Title: "Out of scope, FPR at 95 % TPR", Better: lower, Definition: "share of messages with an intent that a threshold refuses which refuses 95 % of those out of scope"},
	figOOSRecall:   {Name: "oos_recall", Title: "Out of scope, recall", Better: higher, Definition: "out-of-scope messages that are not understood, at the bundle's thresholds"},
	figNearAUROC:   {Name: "oos_near_auroc", Title: "Near out of scope, AUROC", Better: higher, Definition: "the same among out-of-scope messages that are close to the domain (tag oos_near) and all messages with an intent"},
	figNearRecall:  {Name: "oos_near_recall", Title: "Near out of scope, recall", Better: higher, Definition: "out-of-scope messages that are close to the domain (tag oos_near) and are not understood, at the bundle's thresholds"},
	figFarAUROC:    {Name: "oos_far_auroc", Title: "Far out of scope, AUROC", Better: higher, Definition: "the same among out-of-scope messages that have nothing to do with the domain (tag oos_far) and all messages with an intent"},
	figFarRecall:   {Name: "oos_far_recall", Title: "Far out of scope, recall", Better: higher, Definition: "out-of-scope messages that have nothing to do with the domain (tag oos_far) and are not understood, at the bundle's thresholds"},
	figFalseAlarm:  {Name: "oos_false_alarm", Title: "Out of scope, false alarms", Better: lower, Definition: "messages with an intent that are not understood, at the bundle's thresholds"},
	figCoverage:    {Name: "coverage", Title: "Coverage", Better: higher, Definition: "share of all messages that get an intent as answer, right or wrong"},
	figECE:         {Name: "intent_ece", Title: "Intent calibration error", Better: lower, Definition: "expected calibration error, 15 bins of equal mass, of the best answer, out of scope being one; messages with at most one wish"},
	figBrier:       {Name: "intent_brier", Title: "Intent Brier score", Better: lower, Definition: "mean over messages with at most one wish of the summed squared error of all intents and out of scope, 0–2"},
	figEmotion:     {Name: "emotion_accuracy", Title: "Emotion accuracy", Better: higher, Definition: "messages with an emotion label: it is predicted"},
	figEmotionF1:   {Name: "emotion_macro_f1", Title: "Emotion macro-F1", Better: higher, Definition: "mean over the emotions in the data of F1"},
	figValence:     {Name: "valence_accuracy", Title: "Valence accuracy", Better: higher, Definition: "the valence (neutral, positive, anxious, negative) of the emotion is right"},
	figEmotionECE:  {Name: "emotion_ece", Title: "Emotion calibration error", Better: lower, Definition: "expected calibration error of the predicted emotion, 15 bins of equal mass"},
	figEntityP:     {Name: "entity_precision", Title: "Entity precision, exact span", Better: higher, Definition: "finds whose type, start and end are right; types that nothing in the bundle can find are left out"},
	figEntityR:     {Name: "entity_recall", Title: "Entity recall, exact span", Better: higher, Definition: "marked entities found with right type, start and end; types that nothing in the bundle can find are left out"},
	figEntityF1:    {Name: "entity_f1", Title: "Entity F1, exact span", Better: higher, Definition: "harmonic mean of entity precision and recall, pooled over messages"},
	figEntityModel: {Name: "entity_f1_model", Title: "Entity F1, types of the model", Better: higher, Definition: "entity F1, exact span, of the types that the taxonomy expects the model to find"},
	figEntityRule:  {Name: "entity_f1_rule", Title: "Entity F1, types of rules", Better: higher, Definition: "entity F1, exact span, of the types that the taxonomy expects rules to find"},
}

// Definitions returns name, title, direction and definition of every headline figure there can be, in the order of reports.
// Value, interval and n are not set.
func Definitions() []Metric { return slices.Clone(definitions[:]) }

// figure is a value and the number of messages behind it.
type figure struct {
	value float64
	n     int
}

// figures computes all headline figures of some rows; rows may be there more than once.
func (b *bench) figures(rows []*row) (out [figCount]figure) {
	b.intentFigures(rows, &out)
	oosFigures(rows, &out)
	calibrationFigures(rows, &out)
	b.emotionFigures(rows, &out)
	entityFigures(rows, &out)
	return out
}

func share(hits, n int) figure { return figure{ratio(hits, n), n} }

func (b *bench) intentFigures(rows []*row, out *[figCount]figure) {
	c := newCounts(len(b.intents.list))
	var single, exact, first, third, multi, all int
	for _, r := range rows {
		switch {
		case !r.labelled || len(r.gold) == 0:
		case len(r.gold) > 1:
			multi++
			if sameSet(r.gold, r.pred) {
				all++
			}
		default:
			single++
			c.add(r.gold, r.pred)
			if sameSet(r.gold, r.pred) {
				exact++
			}
			if r.rank == 0 {
				first++
			}
			if r.rank >= 0 && r.rank < 3 {
				third++
			}
		}
	}
	out[figAccuracy], out[figArgmax], out[figTop3] = share(exact, single), share(first, single), share(third, single)
	out[figMacroF1] = figure{c.macroF1(), single}
	out[figMulti] = share(all, multi)
}

// sameSet compares two short lists without duplicates.
func sameSet(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for _, x := range a {
		found := false
		for _, y := range b {
			found = found || x == y
		}
		if !found {
			return false
		}
	}
	return true
}

// intentAnswers lists the best answers of messages with at most one wish, and the sum of their Brier scores.
func intentAnswers(rows []*row) (list []answer, brier float64) {
	for _, r := range rows {
		if r.labelled && len(r.gold) <= 1 {
			list = append(list, r.intent)
			brier += r.brier
		}
	}
	return list, brier
}

// emotionAnswers does the same for emotions.
func emotionAnswers(rows []*row) (list []answer, brier float64) {
	for _, r := range rows {
		if r.emotion >= 0 {
			list = append(list, r.emotionAnswer)
			brier += r.emotionBrier
		}
	}
	return list, brier
}

func calibrationFigures(rows []*row, out *[figCount]figure) {
	list, brier := intentAnswers(rows)
	n := len(list)
	out[figECE] = figure{ece(reliability(list, eceBins)), n}
	out[figBrier] = figure{math.NaN(), n}
	if n > 0 {
		out[figBrier].value = brier / float64(n)
	}
	list, _ = emotionAnswers(rows)
	out[figEmotionECE] = figure{ece(reliability(list, eceBins)), len(list)}
}

func (b *bench) emotionFigures(rows []*row, out *[figCount]figure) {
	c := newCounts(len(b.emotions.list))
	var n, right, valence int
	for _, r := range rows {
		if r.emotion < 0 {
			continue
		}
		n++
		c.addOne(r.emotion, r.felt)
		if r.emotion == r.felt {
			right++
		}
		if r.valence {
			valence++
		}
	}
	out[figEmotion] = share(right, n)
	out[figEmotionF1] = figure{c.macroF1(), n}
	out[figValence] = share(valence, n)
	if b.o.Taxonomy == nil {
		out[figValence] = figure{math.NaN(), 0}
	}
}

// addOne adds a message with one label; pred −1 is none.
func (c *counts) addOne(gold, pred int) {
	c.gold[gold]++
	if pred >= 0 {
		c.pred[pred]++
	}
	if gold == pred {
		c.right[gold]++
	}
}

func entityFigures(rows []*row, out *[figCount]figure) {
	var all entityCount
	var by [finders]entityCount
	for _, r := range rows {
		all.add(r.ent)
		for i := range by {
			by[i].add(r.entBy[i])
		}
	}
	p := all.prf()
	out[figEntityP] = figure{float64(p.Precision), all.gold}
	out[figEntityR] = figure{float64(p.Recall), all.gold}
	out[figEntityF1] = figure{float64(p.F1), all.gold}
	out[figEntityModel] = figure{float64(by[byModel].prf().F1), by[byModel].gold}
	out[figEntityRule] = figure{float64(by[byRule].prf().F1), by[byRule].gold}
}
