package corpus

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// CheckOptions are what [Check] asks of a corpus. The zero value asks for no more than consistent labels.
type CheckOptions struct {
	// Near is the similarity, 0 to 1, from which two texts count as nearly the same; 0 = [DefaultNear].
	Near float64
	// MinPerClass is the least number of examples a label must have in each language that it is expected in: every language of
	// the corpus for intents and emotions, those where it occurs for entities. 0 = not asked.
	MinPerClass int
	// Taxonomy, if given, is the label space to compare with, as [Validate] does.
	Taxonomy *Taxonomy
}

// Split is a set that is held out: nothing of it may be in the corpus.
type Split struct {
	Name   string // e.g. "dev"
	Corpus *Corpus
}

// Findings is what [Check] found.
type Findings struct {
	Examples int                 `json:"examples"`
	Held     int                 `json:"held"`         // examples of the splits
	Shared   int                 `json:"shared_short"` // texts too short to be leaks that are also in a split
	Counts   map[FindingKind]int `json:"counts"`
	List     []Finding           `json:"findings"` // by kind, the serious ones first, then by origin
	Labels   Distribution        `json:"labels"`
}

// Serious counts the findings that must be repaired.
func (f *Findings) Serious() (n int) {
	for kind, k := range f.Counts {
		if kind.Serious() {
			n += k
		}
	}
	return n
}

// Check looks for texts that are there twice, for labels that contradict each other, for thin classes, and for texts that are also
// in a split. Texts are compared by their letters, as the comment above [Similarity] says:
//
//   - The same text twice is a duplicate, or a contradiction when intents differ, or emotion or entities differ while the
//     punctuation is the same too. Nearly the same text is a near duplicate or near contradiction.
//   - A text that is also in a split is a leak if it has 5 Han characters, 4 words or the like; shorter ones are said by everybody
//     and only counted. A text nearly the same is a near leak from 8 Han characters or 5 words on.
//   - Examples of different partitions (metadata "partition", as the readers of public sets write it) are splits to each other.
//
// Entities contradict each other when one text marks a surface that the other has too but does not mark with that type.
func Check(c *Corpus, o CheckOptions, splits ...Split) *Findings {
	if o.Near == 0 {
		o.Near = DefaultNear
	}
	k := &checker{f: &Findings{Examples: len(c.Examples), Counts: map[FindingKind]int{}, List: []Finding{}, Labels: distribution(c)}}
	k.take("", c)
	for _, s := range splits {
		k.take(s.Name, s.Corpus)
		k.f.Held += len(s.Corpus.Examples)
	}
	k.same()
	k.near(o.Near)
	if o.MinPerClass > 0 {
		k.f.List = append(k.f.List, k.f.Labels.thin(o.MinPerClass)...)
	}
	if o.Taxonomy != nil {
		for _, f := range Validate(c, o.Taxonomy, Limits{}) {
			if f.Kind != Contradiction && f.Kind != Duplicate { // told in pairs already
				k.f.List = append(k.f.List, f)
			}
		}
	}
	kinds := FindingKinds()
	slices.SortStableFunc(k.f.List, func(a, b Finding) int {
		return cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind))
	})
	for _, f := range k.f.List {
		k.f.Counts[f.Kind]++
	}
	return k.f
}

// checker compares examples.
type checker struct {
	f   *Findings
	all []checked
}

// checked is an example and where it belongs.
type checked struct {
	*Example
	split  string // "" = the corpus
	folded string
	bare   string
	length float64
}

func (k *checker) take(split string, c *Corpus) {
	for i := range c.Examples {
		eg := &c.Examples[i]
		folded := normalised(eg.Text)
		k.all = append(k.all, checked{eg, split, folded, bare(folded), length(folded)})
	}
}

// apart tells whether two examples may not be the same because one is held out from the other.
func (a *checked) apart(b *checked) bool {
	if a.split != b.split {
		return true
	}
	x, y := a.Metadata["partition"], b.Metadata["partition"]
	return x != nil && y != nil && fmt.Sprint(x) != fmt.Sprint(y)
}

// same compares the examples with equal texts: each with the first of the corpus, and with the first it is held out from.
func (k *checker) same() {
	first := map[string][]*checked{} // at most one a split and partition
	for i := range k.all {
		b := &k.all[i]
		known := first[b.bare]
		fresh := b.split == "" || len(known) > 0 // a text of no concern to the corpus is not kept
		for _, a := range known {
			switch {
			case !a.apart(b) && a.split == "":
				k.pair(a, b, 1)
			case a.apart(b) && (a.split == "" || b.split == ""):
				k.pair(a, b, 1)
			}
			fresh = fresh && (a.apart(b))
		}
		if fresh {
			first[b.bare] = append(known, b)
		}
	}
}

// near compares the examples with nearly equal texts, one of each text and split.
func (k *checker) near(least float64) {
	var texts []string
	var who [][]*checked
	number := map[string]int{}
	for i := range k.all {
		eg := &k.all[i]
		n, ok := number[eg.bare]
		if !ok {
			if eg.length < nearLength-1e-9 {
				continue
			}
			n = len(texts)
			number[eg.bare] = n
			texts, who = append(texts, eg.bare), append(who, nil)
		}
		if !slices.ContainsFunc(who[n], func(o *checked) bool { return !o.apart(eg) }) {
			who[n] = append(who[n], eg)
		}
	}
	for _, p := range neighbours(texts, least) {
		for _, a := range who[p.a] {
			for _, b := range who[p.b] {
				if a.split == "" || b.split == "" {
					k.pair(a, b, p.similarity)
				}
			}
		}
	}
}

// pair tells what two examples with (nearly) the same text mean for each other. At least one is of the corpus.
func (k *checker) pair(a, b *checked, similarity float64) {
	own, other := b, a // the later of two, and always one of the corpus: it can be repaired
	if b.split != "" {
		own, other = a, b
	}
	same, apart := a.bare == b.bare, a.apart(b)
	if apart && same && own.length < sameLength-1e-9 {
		k.f.Shared++
		return
	}
	diff, firm := differences(other.Example, own.Example)
	f := Finding{Origin: own.Origin, Other: other.Origin, Similarity: similarity, Message: fmt.Sprintf("%q", own.Text)}
	switch {
	case apart && same:
		f.Kind = Leak
	case apart:
		f.Kind = NearLeak
	case diff != "" && same && (firm || a.folded == b.folded):
		f.Kind = Contradiction
	case diff != "":
		f.Kind = NearContradiction
	case same:
		f.Kind = Duplicate
	default:
		f.Kind = NearDuplicate
	}
	if !same {
		f.Message += fmt.Sprintf(" – %q", other.Text)
	}
	if diff != "" {
		f.Message += ": " + diff
	}
	k.f.List = append(k.f.List, f)
}

// differences says how the labels of b are not those of a. firm tells that the intents differ: punctuation may carry emotion, but
// not a wish.
func differences(a, b *Example) (diff string, firm bool) {
	var out []string
	if a.HasIntents && b.HasIntents && !slices.Equal(slices.Sorted(slices.Values(a.Intents)), slices.Sorted(slices.Values(b.Intents))) {
		out, firm = append(out, fmt.Sprintf("%s, not %s", names(b.Intents), names(a.Intents))), true
	}
	if a.Emotion != "" && b.Emotion != "" && a.Emotion != b.Emotion {
		out = append(out, fmt.Sprintf("%s, not %s", b.Emotion, a.Emotion))
	}
	if a.HasEntities && b.HasEntities {
		only := map[string]bool{}
		for _, m := range append(unmarked(a, b), unmarked(b, a)...) {
			only[m] = true
		}
		if len(only) > 0 {
			out = append(out, strings.Join(slices.Sorted(maps.Keys(only)), " and ")+" marked in one only")
		}
	}
	return strings.Join(out, "; "), firm
}

// unmarked lists the entities of a whose surface b has too, without marking it with that type.
func unmarked(a, b *Example) (out []string) {
	for _, ent := range a.Entities {
		marked := slices.ContainsFunc(b.Entities, func(o EntitySpan) bool { return o.Text == ent.Text && o.Type == ent.Type })
		if !marked && strings.Contains(b.Text, ent.Text) {
			out = append(out, fmt.Sprintf("%s %q", ent.Type, ent.Text))
		}
	}
	return out
}
