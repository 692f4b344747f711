// Package noise finds examples whose label is probably wrong, by confident learning: Northcutt, Jiang and Chuang 2021, "Confident
// Learning: Estimating Uncertainty in Dataset Labels", J. Artificial Intelligence Research 70.
//
// [Find] takes labels and out-of-fold probabilities: those of a model that has not seen the example. A class's threshold is the mean probability of
// the class among the examples labelled so, which makes up for classes that the model is generally sure or unsure of. An example that
// reaches the threshold of another class is suspicious, the more so the more likely that class is than its own.
package noise

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"yingda/training/eval"
)

// Example is one labelled text with what a model that has not seen it says.
type Example struct {
	Origin        string // file:line
	Text          string
	Lang          string    // may be empty
	Label         int       // place of its label among the classes
	Probabilities []float64 // one a class, 0–1, summing to 1
}

// Suspect is an example whose label is probably wrong.
type Suspect struct {
	Rank      int        `json:"rank"` // from 1, the most suspicious
	Origin    string     `json:"origin"`
	Text      string     `json:"text"`
	Lang      string     `json:"lang,omitempty"`
	Label     string     `json:"label"`
	Other     string     `json:"other"`     // what it probably is
	P         eval.Float `json:"p"`         // of the label
	POther    eval.Float `json:"p_other"`   // of the other
	Margin    eval.Float `json:"margin"`    // POther − P, −1 to 1
	Threshold eval.Float `json:"threshold"` // that Other had to reach
}

// Class is what is known of one label.
type Class struct {
	Name      string     `json:"name"`
	N         int        `json:"n"`         // examples labelled so
	Threshold eval.Float `json:"threshold"` // mean probability of the class among them; not a number (null) without examples
	Suspects  int        `json:"suspects"`  // of them, are suspicious
	Wanted    int        `json:"wanted"`    // suspects of other labels that are probably this class
	Noise     eval.Float `json:"noise"`     // estimated share of wrong labels among them
}

// Pair is how often one label probably should be another.
type Pair struct {
	Label     string     `json:"label"`
	Other     string     `json:"other"`
	Suspects  int        `json:"suspects"`
	Estimated eval.Float `json:"estimated"` // messages, by the calibrated joint distribution
}

// Result is everything found.
type Result struct {
	Examples int        `json:"examples"`
	Noise    eval.Float `json:"noise"`    // estimated share of wrong labels
	Classes  []Class    `json:"classes"`  // in the order given
	Pairs    []Pair     `json:"pairs"`    // most suspects first
	Suspects []Suspect  `json:"suspects"` // most suspicious first
}

// Find ranks the suspicious examples. classes name the columns of the probabilities. Equal margins are ordered by origin and text, so the
// order of the examples does not matter. The error tells which example cannot be used and why.
func Find(classes []string, examples []Example) (*Result, error) {
	if err := check(classes, examples); err != nil {
		return nil, err
	}
	thresholds := Thresholds(len(classes), examples)
	joint := make([][]int, len(classes))
	for i := range joint {
		joint[i] = make([]int, len(classes))
	}
	r := &Result{Examples: len(examples), Pairs: []Pair{}, Suspects: []Suspect{}}
	for i := range examples {
		eg := &examples[i]
		other := confident(eg.Probabilities, thresholds)
		if other < 0 {
			continue
		}
		joint[eg.Label][other]++
		if other == eg.Label {
			continue
		}
		p, q := eg.Probabilities[eg.Label], eg.Probabilities[other]
		r.Suspects = append(r.Suspects, Suspect{Origin: eg.Origin, Text: eg.Text, Lang: eg.Lang, Label: classes[eg.Label], Other: classes[other],
			P: eval.Float(p), POther: eval.Float(q), Margin: eval.Float(q - p), Threshold: eval.Float(thresholds[other])})
	}
	slices.SortFunc(r.Suspects, func(a, b Suspect) int {
		return cmp.Or(cmp.Compare(b.Margin, a.Margin), cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Text, b.Text))
	})
	for i := range r.Suspects {
		r.Suspects[i].Rank = i + 1
	}
	r.estimate(classes, examples, thresholds, joint)
	return r, nil
}

func check(classes []string, examples []Example) error {
	for i, c := range classes {
		if c == "" || slices.Contains(classes[:i], c) {
			return fmt.Errorf("find label noise: class %d, %q, has no name of its own", i, c)
		}
	}
	for i := range examples {
		eg := &examples[i]
		if eg.Label < 0 || eg.Label >= len(classes) {
			return fmt.Errorf("find label noise: %s: label %d of %d classes", eg.Origin, eg.Label, len(classes))
		}
		if len(eg.Probabilities) != len(classes) {
			return fmt.Errorf("find label noise: %s: %d probabilities for %d classes", eg.Origin, len(eg.Probabilities), len(classes))
		}
		sum := 0.0
		for _, p := range eg.Probabilities {
			if !(p >= 0 && p <= 1+1e-6) {
				return fmt.Errorf("find label noise: %s: %g is no probability: give those of softmax, not logits", eg.Origin, p)
			}
			sum += p
		}
		if math.Abs(sum-1) > 1e-3 {
			return fmt.Errorf("find label noise: %s: its probabilities sum to %g: give those of softmax over all classes", eg.Origin, sum)
		}
	}
	return nil
}

// Thresholds returns each class's mean probability among the examples labelled so; not a number for classes without examples.
// Northcutt et al. 2021, equation 2.
func Thresholds(classes int, examples []Example) []float64 {
	sum, n := make([]float64, classes), make([]int, classes)
	for i := range examples {
		l := examples[i].Label
		sum[l] += examples[i].Probabilities[l]
		n[l]++
	}
	for l := range sum {
		sum[l] /= float64(n[l]) // 0/0 is not a number
	}
	return sum
}

// confident returns the likeliest of the classes that reach their thresholds, −1 when none does. Equation 1 of the paper; the little slack is
// that of its authors' library cleanlab, for an example whose probability is the threshold itself.
func confident(p, thresholds []float64) int {
	best := -1
	for l, v := range p {
		if v >= thresholds[l]-1e-6 && (best < 0 || v > p[best]) {
			best = l
		}
	}
	return best
}

// estimate fills in classes and pairs. The counts of confident examples are scaled so that each row sums to the number of examples with that
// label: equation 3 of the paper.
func (r *Result) estimate(classes []string, examples []Example, thresholds []float64, joint [][]int) {
	n := make([]int, len(classes))
	for i := range examples {
		n[examples[i].Label]++
	}
	r.Classes = make([]Class, len(classes))
	for l, name := range classes {
		r.Classes[l] = Class{Name: name, N: n[l], Threshold: eval.Float(thresholds[l])}
	}
	wrong := eval.Float(0)
	for l, row := range joint {
		all := 0
		for _, c := range row {
			all += c
		}
		for o, c := range row {
			if o == l || c == 0 {
				continue
			}
			share := eval.Float(c) / eval.Float(all)
			r.Pairs = append(r.Pairs, Pair{classes[l], classes[o], c, share * eval.Float(n[l])})
			r.Classes[l].Suspects += c
			r.Classes[l].Noise += share
			r.Classes[o].Wanted += c
		}
		wrong += r.Classes[l].Noise * eval.Float(n[l])
	}
	if len(examples) > 0 {
		r.Noise = wrong / eval.Float(len(examples))
	}
	slices.SortStableFunc(r.Pairs, func(a, b Pair) int { return cmp.Compare(b.Suspects, a.Suspects) })
}
