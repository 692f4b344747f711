package eval

import (
	"slices"
	"strings"
	"unicode"

	"yingda/nlu"
	"yingda/training/corpus"
)

// none is the name of "out of scope" and "not understood" in tables.
const none = NoIntent

// row is a case with everything that the figures need, worked out once: the bootstrap looks at it a thousand times.
type row struct {
	eg *corpus.Example
	a  *nlu.Analysis // never nil

	refused    bool  // no analysis
	labelled   bool  // has intents, or is known to have none
	scope      scope // of labelled rows
	gold, pred []int // intents; pred is the decision, empty = not understood
	best       int   // the best of pred; −1 = none
	rank       int   // place of the one gold intent in the ranking, −1 = not there
	oos        float64
	intent     answer  // the best answer, "none" being one
	brier      float64 // of the whole distribution

	emotion, felt int // in the data (−1 = not labelled), predicted (−1 = none)
	valence       bool
	emotionAnswer answer
	emotionBrier  float64

	ent   entityCount          // headline types only
	entBy [finders]entityCount // the same by who is to find them
}

// bench holds the rows and the label spaces.
type bench struct {
	o        Options
	rows     []*row
	intents  names
	emotions names
	entities *entityTally
}

// newBench numbers the labels by name, so that nothing depends on the order of the cases, and works out the rows.
func newBench(cases []Case, o Options) *bench {
	b := &bench{o: o}
	for i := range cases {
		r := &row{eg: &cases[i].Example, a: cases[i].Analysis}
		if r.a == nil {
			r.refused = true
			r.a = &nlu.Analysis{Utterance: nlu.Utterance{Text: r.eg.Text}, OOS: 1}
		}
		b.rows = append(b.rows, r)
	}
	b.number()
	for _, r := range b.rows {
		b.fillIntents(r)
		b.fillEmotion(r)
	}
	b.entities = newEntityTally(b.rows, o)
	return b
}

func (b *bench) number() {
	var intents, emotions []string
	for _, r := range b.rows {
		intents = append(intents, r.eg.Intents...)
		for _, in := range r.a.Intents {
			intents = append(intents, in.Label)
		}
		if r.eg.Emotion != "" {
			emotions = append(emotions, r.eg.Emotion)
		}
		if r.a.Emotion.Label != "" {
			emotions = append(emotions, r.a.Emotion.Label)
		}
	}
	slices.Sort(intents)
	slices.Sort(emotions)
	for _, l := range intents {
		b.intents.of(l)
	}
	for _, l := range emotions {
		b.emotions.of(l)
	}
}

func (b *bench) fillIntents(r *row) {
	r.labelled, r.best, r.rank, r.oos = r.eg.HasIntents, -1, -1, r.a.OOS
	for _, l := range r.eg.Intents {
		r.gold = append(r.gold, b.intents.of(l))
	}
	r.scope = scopeOf(r)
	top := 0.0
	for _, in := range r.a.Intents {
		if id := b.intents.of(in.Label); !slices.Contains(r.pred, id) {
			r.pred = append(r.pred, id)
			if r.best < 0 || in.Score > top {
				r.best, top = id, in.Score
			}
		}
	}
	if !r.labelled || len(r.gold) > 1 {
		return
	}
	want := none
	if len(r.gold) == 1 {
		want = r.eg.Intents[0]
	}
	said := nlu.Prediction{Label: none, Score: r.a.OOS}
	all := append([]nlu.Prediction{said}, r.a.Ranking...)
	for i, p := range all {
		if p.Label == want {
			r.rank = i - 1 // stays −1 for none
		}
		if p.Score > said.Score {
			said = p
		}
	}
	r.intent = answer{said.Score, said.Label == want}
	r.brier = brier(all, want)
}

// brier is the squared error of a distribution against the label that is right.
func brier(all []nlu.Prediction, want string) float64 {
	sum, met := 0.0, false
	for _, p := range all {
		d := p.Score
		if p.Label == want {
			d, met = 1-p.Score, true
		}
		sum += d * d
	}
	if !met {
		sum++ // the right label has no probability at all
	}
	return sum
}

func (b *bench) fillEmotion(r *row) {
	r.emotion, r.felt = -1, -1
	e := &r.a.Emotion
	if e.Label != "" {
		r.felt = b.emotions.of(e.Label)
	}
	if r.eg.Emotion == "" {
		return
	}
	r.emotion = b.emotions.of(r.eg.Emotion)
	r.emotionAnswer = answer{e.Score, e.Label == r.eg.Emotion}
	r.emotionBrier = brier(e.Ranking, r.eg.Emotion)
	if t := b.o.Taxonomy; t != nil {
		said := e.Valence
		if said == "" {
			said = t.Valence(e.Label)
		}
		r.valence = said != "" && said == t.Valence(r.eg.Emotion)
	}
}

// lang is the language of the data or, if it does not say, of the analysis.
func (r *row) lang() string {
	if r.eg.Lang != "" {
		return r.eg.Lang
	}
	return string(r.a.Language)
}

// lengths are the buckets of message length in units: a Chinese character or a word of another script.
var lengths = []struct {
	name string
	max  int
}{{"1–3", 3}, {"4–8", 8}, {"9–16", 16}, {"17–32", 32}, {"33–64", 64}, {"65+", 1 << 30}}

func lengthBucket(text string) string {
	n := 0
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) }) {
		inWord := false
		for _, r := range word {
			if wide := unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana); wide {
				n, inWord = n+1, false
			} else if !inWord {
				n, inWord = n+1, true
			}
		}
	}
	for _, l := range lengths {
		if n <= l.max {
			return l.name
		}
	}
	return ""
}
