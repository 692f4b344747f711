package corpus

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// FindingKind says what a [Finding] is about.
type FindingKind string

// The kinds of findings. The first group breaks training or what is measured, the second weakens it.
const (
	UnknownIntent  FindingKind = "unknown-intent"
	UnknownEmotion FindingKind = "unknown-emotion"
	UnknownEntity  FindingKind = "unknown-entity"
	Contradiction  FindingKind = "contradiction" // the same text with other labels
	Leak           FindingKind = "leak"          // a text of the corpus that is also in a held-out set
	NearLeak       FindingKind = "near-leak"     // nearly the same text in a held-out set

	NearContradiction FindingKind = "near-contradiction" // nearly the same text with other labels: one word may rightly change the wish
	Duplicate         FindingKind = "duplicate"          // the same text with the same labels
	NearDuplicate     FindingKind = "near-duplicate"     // nearly the same text with the same labels
	ThinClass         FindingKind = "thin-class"         // fewer examples than asked for
	LooseSpan         FindingKind = "loose-span"         // an entity that starts or ends with white space or punctuation
	Overlap           FindingKind = "overlap"            // two entities share text: a model with BIO tags cannot say both
	Unlabelled        FindingKind = "unlabelled"         // no intents where others have them
)

// FindingKinds lists the kinds, the serious ones first.
func FindingKinds() []FindingKind {
	return []FindingKind{UnknownIntent, UnknownEmotion, UnknownEntity, Contradiction, Leak, NearLeak,
		NearContradiction, Duplicate, NearDuplicate, ThinClass, LooseSpan, Overlap, Unlabelled}
}

// Serious tells whether a finding of this kind must be repaired before training.
func (k FindingKind) Serious() bool {
	switch k {
	case UnknownIntent, UnknownEmotion, UnknownEntity, Contradiction, Leak, NearLeak:
		return true
	}
	return false
}

// Finding is something doubtful in a corpus that is otherwise well-formed.
type Finding struct {
	Kind       FindingKind `json:"kind"`
	Origin     string      `json:"origin,omitempty"`     // "file:line"; empty when it concerns the corpus as a whole
	Other      string      `json:"other,omitempty"`      // the second place of a pair
	Similarity float64     `json:"similarity,omitempty"` // of a pair found by [Check]: 1 = the same but for case, script, spaces and punctuation
	Message    string      `json:"message"`
}

func (f Finding) String() string {
	switch {
	case f.Origin == "":
		return fmt.Sprintf("%s: %s", f.Kind, f.Message)
	case f.Other == "":
		return fmt.Sprintf("%s: %s: %s", f.Origin, f.Kind, f.Message)
	}
	return fmt.Sprintf("%s: %s with %s (%.2f): %s", f.Origin, f.Kind, f.Other, f.Similarity, f.Message)
}

// Limits are what [Validate] asks of a corpus.
type Limits struct {
	// MinPerIntent is the least number of examples an intent must have, by language; intents of the taxonomy without any
	// example count too. Nil asks for nothing. The default bundle's corpus wants zh 40, en 20.
	MinPerIntent map[string]int
}

// Validate compares a corpus with a label space and looks for duplicates and contradictions. Texts are the same when package norm
// folds them to the same form for matching.
func Validate(c *Corpus, t *Taxonomy, l Limits) []Finding {
	v := validator{t: t, seen: map[string]*Example{}, count: map[string]map[string]int{}}
	for i := range c.Examples {
		eg := &c.Examples[i]
		v.labels(eg)
		v.spans(eg)
		v.repeated(eg)
	}
	v.thin(l.MinPerIntent)
	return v.out
}

type validator struct {
	t     *Taxonomy
	out   []Finding
	seen  map[string]*Example
	count map[string]map[string]int // language → intent → examples
}

func (v *validator) find(kind FindingKind, origin, format string, args ...any) {
	v.out = append(v.out, Finding{Kind: kind, Origin: origin, Message: fmt.Sprintf(format, args...)})
}

func (v *validator) labels(eg *Example) {
	if !eg.HasIntents {
		v.find(Unlabelled, eg.Origin, "no intents")
	}
	if v.count[eg.Lang] == nil {
		v.count[eg.Lang] = map[string]int{}
	}
	for _, name := range eg.Intents {
		if v.t.Intent(name) == nil {
			v.find(UnknownIntent, eg.Origin, "%s", name)
		}
		v.count[eg.Lang][name]++
	}
	if eg.Emotion != "" && v.t.Emotion(eg.Emotion) == nil {
		v.find(UnknownEmotion, eg.Origin, "%s", eg.Emotion)
	}
}

// loose are characters that a span should not start or end with.
const loose = " \t　,，.。!！?？;；:：、\"“”'‘’「」"

func (v *validator) spans(eg *Example) {
	last := EntitySpan{}
	for _, ent := range eg.Entities {
		if v.t.Entity(ent.Type) == nil {
			v.find(UnknownEntity, eg.Origin, "%s of %q", ent.Type, ent.Text)
		}
		if strings.Trim(ent.Text, loose) != ent.Text {
			v.find(LooseSpan, eg.Origin, "%s %q starts or ends with a space or punctuation", ent.Type, ent.Text)
		}
		if ent.Start < last.End {
			v.find(Overlap, eg.Origin, "%s %q and %s %q", last.Type, last.Text, ent.Type, ent.Text)
		}
		last = ent
	}
}

func (v *validator) repeated(eg *Example) {
	key := normalised(eg.Text)
	old := v.seen[key]
	if old == nil {
		v.seen[key] = eg
		return
	}
	a, b := slices.Sorted(slices.Values(old.Intents)), slices.Sorted(slices.Values(eg.Intents))
	switch {
	case old.HasIntents && eg.HasIntents && !slices.Equal(a, b):
		v.find(Contradiction, eg.Origin, "%q is %s here and %s in %s", eg.Text, names(eg.Intents), names(old.Intents), old.Origin)
	case old.Emotion != "" && eg.Emotion != "" && old.Emotion != eg.Emotion:
		v.find(Contradiction, eg.Origin, "%q is %s here and %s in %s", eg.Text, eg.Emotion, old.Emotion, old.Origin)
	default:
		v.find(Duplicate, eg.Origin, "%q is also in %s", eg.Text, old.Origin)
	}
}

func names(intents []string) string {
	if len(intents) == 0 {
		return "out of scope"
	}
	return strings.Join(intents, "+")
}

func (v *validator) thin(least map[string]int) {
	for _, lang := range slices.Sorted(maps.Keys(least)) {
		var few []Finding
		for _, d := range v.t.Intents {
			if n := v.count[lang][d.Name]; n < least[lang] {
				few = append(few, Finding{Kind: ThinClass, Message: fmt.Sprintf("%s has %d of %d examples in %s", d.Name, n, least[lang], lang)})
			}
		}
		slices.SortStableFunc(few, func(a, b Finding) int { return cmp.Compare(a.Message, b.Message) })
		v.out = append(v.out, few...)
	}
}
