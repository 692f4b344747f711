// Package gate decides whether a bundle may be promoted: it sets what was measured of a challenger beside the champion's and a [Policy], and
// gives a [Decision] with a [Reason] for every check.
//
// The package measures nothing and changes nothing: reports come from package eval, times and sizes from whoever calls. A figure that should be there
// and is not, or is not a number, is refused like a bad one; nothing passes because it could not be looked at.
package gate

import (
	"cmp"
	"fmt"
	"slices"

	"yingda/models"
	"yingda/training/eval"
)

// Input is all that a decision is based on.
type Input struct {
	Challenger Bundle
	Champion   *Bundle // nil = there is none: only the limits of the challenger's own figures apply
	// Sets are the challenger's reports, one a frozen data set. With a champion each must hold the comparison with it (Report.Against).
	Sets []*eval.Report
	// Grown is the challenger's report, with the comparison, on messages that people have just labelled and that were held out of training, new labels
	// among them; nil = there are none.
	Grown *eval.Report
}

// Bundle is what is known of a bundle besides its answers.
type Bundle struct {
	ID        models.BundleID     `json:"id"`
	Bytes     int64               `json:"bytes"` // of its files
	Latency   Latency             `json:"latency"`
	Labels    map[string][]string `json:"labels"`    // "intent", "emotion", "entity" → what it can say
	Embedding int                 `json:"embedding"` // width of its vectors, 0 = none
}

// Latency is the time of one text on one core of its own.
type Latency struct {
	MedianMS float64 `json:"median_ms"` // over texts, milliseconds; 0 = not measured
	P95MS    float64 `json:"p95_ms"`
	Texts    int     `json:"texts"`
	Rounds   int     `json:"rounds"` // runs a text, of which the fastest counts
}

// Describe fills in what a manifest says; the latency is left to who measures it.
func Describe(m *models.Manifest) Bundle {
	b := Bundle{ID: m.ID, Labels: map[string][]string{}}
	for _, f := range m.Files {
		b.Bytes += f.Size
	}
	if i := m.HeadIndex(models.HeadIntents); i >= 0 {
		b.Labels["intent"] = slices.DeleteFunc(slices.Clone(m.Heads[i].Labels), func(l string) bool { return m.Intents != nil && l == m.Intents.Reject })
	}
	if i := m.HeadIndex(models.HeadEmotion); i >= 0 {
		b.Labels["emotion"] = slices.Clone(m.Heads[i].Labels)
	}
	if types := eval.ModelTypes(m); types != nil {
		b.Labels["entity"] = types
	}
	if i := m.HeadIndex(models.HeadEmbedding); i >= 0 {
		b.Embedding = m.Heads[i].Width()
	}
	return b
}

// Verdict is what a check says. The zero value is invalid.
type Verdict string

// The verdicts.
const (
	Refuse Verdict = "refuse" // one of these, and the bundle is not promoted
	Note   Verdict = "note"   // worth knowing; changes nothing
	Pass   Verdict = "pass"
)

// Reason is one check. Figures that do not exist are not numbers (null in JSON).
type Reason struct {
	Verdict Verdict `json:"verdict"`
	Data    string  `json:"data,omitempty"` // the data set; empty = none
	Metric  string  `json:"metric"`         // a figure of the report, or "size", "latency_median", "latency_p95", "labels", "labels_new", "labels_taken",
	// "embedding", "data"
	Slice      string        `json:"slice,omitempty"` // e.g. "language zh"; empty = the whole set
	Champion   eval.Float    `json:"champion"`
	Challenger eval.Float    `json:"challenger"`
	Difference eval.Float    `json:"difference"` // challenger − champion; of size and latency the ratio
	Interval   [2]eval.Float `json:"interval"`   // 95 % of the difference
	P          eval.Float    `json:"p"`          // of slices: corrected for how many there are
	N          int           `json:"n,omitempty"`
	Why        string        `json:"why"`
}

// Decision tells whether the challenger may be promoted and why.
type Decision struct {
	Promote    bool            `json:"promote"`
	Challenger models.BundleID `json:"challenger"`
	Champion   models.BundleID `json:"champion,omitempty"` // empty = there was none
	Reasons    []Reason        `json:"reasons"`            // refusals first, then notes, then what passed
	Policy     Policy          `json:"policy"`
	Bundles    []Bundle        `json:"bundles"` // the challenger and, if there is one, the champion
	Data       []DataSet       `json:"data"`
}

// DataSet names what was measured on.
type DataSet struct {
	Name        string `json:"name"`
	Fingerprint string `json:"sha256"`
	Messages    int    `json:"messages"`
}

// Decide applies the policy. It depends on nothing but its arguments.
func Decide(in Input, p Policy) Decision {
	j := &judge{in: in, policy: p}
	d := Decision{Challenger: in.Challenger.ID, Policy: p, Bundles: []Bundle{in.Challenger}, Data: []DataSet{}}
	if in.Champion != nil {
		d.Champion, d.Bundles = in.Champion.ID, append(d.Bundles, *in.Champion)
	}
	for _, r := range in.Sets {
		d.Data = append(d.Data, DataSet{r.Data, r.Fingerprint, r.Cases})
	}
	if r := in.Grown; r != nil {
		d.Data = append(d.Data, DataSet{r.Data, r.Fingerprint, r.Cases})
	}
	j.data()
	j.metrics()
	j.slices()
	j.size()
	j.latency()
	j.labels()
	j.grown()
	j.embedding()
	order := []Verdict{Refuse, Note, Pass}
	slices.SortStableFunc(j.reasons, func(a, b Reason) int {
		return cmp.Compare(slices.Index(order, a.Verdict), slices.Index(order, b.Verdict))
	})
	d.Reasons = j.reasons
	d.Promote = len(d.Refusals()) == 0
	return d
}

// Refusals are the reasons against.
func (d *Decision) Refusals() []Reason { return d.of(Refuse) }

func (d *Decision) of(v Verdict) []Reason {
	var out []Reason
	for _, r := range d.Reasons {
		if r.Verdict == v {
			out = append(out, r)
		}
	}
	return out
}

// Summary is the decision in one sentence.
func (d *Decision) Summary() string {
	checks := len(d.Reasons) - len(d.of(Note))
	what := fmt.Sprintf("%s against the champion %s", d.Challenger, d.Champion)
	if d.Champion == "" {
		what = fmt.Sprintf("%s, without a champion to compare with", d.Challenger)
	}
	if d.Promote {
		return fmt.Sprintf("%s: passed, all of %d checks hold", what, checks)
	}
	return fmt.Sprintf("%s: refused, %d of %d checks failed", what, len(d.Refusals()), checks)
}

// judge collects reasons.
type judge struct {
	in      Input
	policy  Policy
	reasons []Reason
}

// add appends a reason. Several faults of one check are told together.
func (j *judge) add(r Reason, faults []string, holds string) {
	r.Verdict, r.Why = Pass, holds
	if len(faults) > 0 {
		r.Verdict, r.Why = Refuse, join(faults)
	}
	j.reasons = append(j.reasons, r)
}

// note appends what changes nothing.
func (j *judge) note(r Reason, format string, args ...any) {
	r.Verdict, r.Why = Note, fmt.Sprintf(format, args...)
	j.reasons = append(j.reasons, r)
}

// data checks that the reports are what they should be: of these bundles, on data of their own.
func (j *judge) data() {
	if len(j.in.Sets) == 0 {
		j.add(blank("data"), []string{"nothing was measured: give at least one labelled data set"}, "")
	}
	seen := map[string]string{}
	for _, r := range j.in.Sets {
		b := blank("data")
		b.Data, b.N = r.Data, r.Cases
		var faults []string
		fault := func(bad bool, format string, args ...any) {
			if bad {
				faults = append(faults, fmt.Sprintf(format, args...))
			}
		}
		fault(r.Cases == 0, "it has no messages")
		fault(r.Bundle != "" && r.Bundle != string(j.in.Challenger.ID), "the report is about %s, not about the challenger", r.Bundle)
		fault(seen[r.Fingerprint] != "" && r.Cases > 0, "it holds the same messages as %s: give each set once", seen[r.Fingerprint])
		if j.in.Champion != nil {
			fault(r.Against == nil, "the champion was not measured on it")
			fault(r.Against != nil && r.Against.Bundle != "" && r.Against.Bundle != string(j.in.Champion.ID), "it is compared with %s, not with the champion", other(r.Against))
		}
		seen[r.Fingerprint] = r.Data
		j.add(b, faults, fmt.Sprintf("%d messages, SHA-256 %.12s", r.Cases, r.Fingerprint))
	}
}

func other(c *eval.Comparison) string {
	if c == nil {
		return "nothing"
	}
	return c.Bundle
}
