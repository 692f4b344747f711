package gate

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"yingda/training/eval"
)

//go:embed policy.yaml
var defaultPolicy []byte

// Policy says what a bundle must hold to be promoted; policy.yaml documents every field and its default.
type Policy struct {
	Metrics   map[string]Rule `yaml:"metrics" json:"metrics"` // by name of a headline figure
	Slices    SlicePolicy     `yaml:"slices" json:"slices"`
	Latency   LatencyPolicy   `yaml:"latency" json:"latency"`
	Size      SizePolicy      `yaml:"size" json:"size"`
	Labels    LabelPolicy     `yaml:"labels" json:"labels"`
	Embedding EmbeddingPolicy `yaml:"embedding" json:"embedding"`
}

// Rule is what one figure must hold. Figures and losses are fractions; nil is no limit.
type Rule struct {
	Minimum      *float64 `yaml:"minimum,omitempty" json:"minimum,omitempty"`   // of figures of which more is better
	Maximum      *float64 `yaml:"maximum,omitempty" json:"maximum,omitempty"`   // of figures of which less is better
	MaxLoss      *float64 `yaml:"max_loss,omitempty" json:"max_loss,omitempty"` // against the champion, 0 or more
	Significance float64  `yaml:"significance,omitempty" json:"significance,omitempty"`
	Optional     bool     `yaml:"optional,omitempty" json:"optional,omitempty"` // need not be measured
	Off          bool     `yaml:"off,omitempty" json:"off,omitempty"`
}

// SlicePolicy is about parts of the data.
type SlicePolicy struct {
	By      []string        `yaml:"by" json:"by"`             // of eval.SliceKinds
	MinSize int             `yaml:"min_size" json:"min_size"` // messages behind a figure
	Metrics map[string]Rule `yaml:"metrics" json:"metrics"`   // MaxLoss, Significance and Off only
}

// LatencyPolicy bounds the time of one text on one core; 0 = no limit.
type LatencyPolicy struct {
	MedianRatio float64 `yaml:"median_ratio" json:"median_ratio"`
	P95Ratio    float64 `yaml:"p95_ratio" json:"p95_ratio"`
	MaxMedianMS float64 `yaml:"max_median_ms" json:"max_median_ms"`
	MaxP95MS    float64 `yaml:"max_p95_ms" json:"max_p95_ms"`
}

// SizePolicy bounds a bundle's files; 0 = no limit.
type SizePolicy struct {
	MaxMB float64 `yaml:"max_mb" json:"max_mb"` // 1,000,000 bytes
	Ratio float64 `yaml:"ratio" json:"ratio"`
}

// LabelPolicy names the labels that may be given up, and says what new ones must hold.
type LabelPolicy struct {
	MayVanish []string `yaml:"may_vanish" json:"may_vanish"`
	// MinNewRecall is the share of held-out messages with new labels that must be answered with them; 0 = no limit.
	MinNewRecall float64 `yaml:"min_new_recall" json:"min_new_recall"`
	MinNew       int     `yaml:"min_new" json:"min_new"`     // held-out messages from which a new label is judged by itself
	MaxTaken     float64 `yaml:"max_taken" json:"max_taken"` // share of a frozen set's messages with an intent that may get new labels instead
}

// EmbeddingPolicy tells whether stored vectors may become useless.
type EmbeddingPolicy struct {
	MayChange bool `yaml:"may_change" json:"may_change"`
}

// DefaultPolicy returns the policy of policy.yaml.
func DefaultPolicy() Policy {
	p, err := decode(Policy{}, defaultPolicy)
	if err != nil {
		panic("policy.yaml: " + err.Error()) // a test reads it
	}
	return p
}

// LoadPolicy reads a file over the defaults. Unknown fields and impossible values are refused, all at once.
func LoadPolicy(path string) (Policy, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Policy{}, fmt.Errorf("load policy: %w", err)
	}
	p, err := ParsePolicy(data)
	if err != nil {
		return Policy{}, fmt.Errorf("load policy %s: %w", path, err)
	}
	return p, nil
}

// ParsePolicy is [LoadPolicy] for what was read already.
func ParsePolicy(data []byte) (Policy, error) { return decode(DefaultPolicy(), data) }

func decode(p Policy, data []byte) (Policy, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&p); err != nil && !errors.Is(err, io.EOF) {
		return Policy{}, err
	}
	if err := dec.Decode(new(any)); !errors.Is(err, io.EOF) {
		return Policy{}, errors.New("more than one YAML document: give one")
	}
	return p, p.Validate()
}

// Validate reports all faults.
func (p *Policy) Validate() error {
	var errs []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	better := map[string]string{}
	for _, m := range eval.Definitions() {
		better[m.Name] = m.Better
	}
	for _, name := range slices.Sorted(maps.Keys(p.Metrics)) {
		r := p.Metrics[name]
		fault(better[name] == "", "metrics: %q is no figure of a report; there are %s", name, strings.Join(slices.Sorted(maps.Keys(better)), ", "))
		fault(r.Minimum != nil && better[name] == "lower", "metrics: %s: less is better, so give maximum instead of minimum", name)
		fault(r.Maximum != nil && better[name] == "higher", "metrics: %s: more is better, so give minimum instead of maximum", name)
		r.validate("metrics: "+name, fault)
	}
	for _, by := range p.Slices.By {
		fault(!slices.Contains(eval.SliceKinds(), by), "slices: by %q: known are %s", by, strings.Join(eval.SliceKinds(), ", "))
	}
	fault(p.Slices.MinSize < 1, "slices: min_size %d: want 1 or more", p.Slices.MinSize)
	for _, name := range slices.Sorted(maps.Keys(p.Slices.Metrics)) {
		r := p.Slices.Metrics[name]
		fault(better[name] == "", "slices: %q is no figure of a report; there are %s", name, strings.Join(slices.Sorted(maps.Keys(better)), ", "))
		fault(r.Minimum != nil || r.Maximum != nil || r.Optional, "slices: %s: only max_loss, significance and off mean something here", name)
		r.validate("slices: "+name, fault)
	}
	for name, v := range map[string]float64{"latency: median_ratio": p.Latency.MedianRatio, "latency: p95_ratio": p.Latency.P95Ratio, "latency: max_median_ms": p.Latency.MaxMedianMS,
		"latency: max_p95_ms": p.Latency.MaxP95MS, "size: max_mb": p.Size.MaxMB, "size: ratio": p.Size.Ratio} {
		fault(!(v >= 0 && v < 1e6), "%s %g: want 0 (no limit) or more", name, v)
	}
	fault(!(p.Labels.MinNewRecall >= 0 && p.Labels.MinNewRecall <= 1), "labels: min_new_recall %g: want a fraction from 0 to 1", p.Labels.MinNewRecall)
	fault(!(p.Labels.MaxTaken >= 0 && p.Labels.MaxTaken <= 1), "labels: max_taken %g: want a fraction from 0 to 1", p.Labels.MaxTaken)
	fault(p.Labels.MinNew < 1, "labels: min_new %d: want 1 or more", p.Labels.MinNew)
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

func (r *Rule) validate(name string, fault func(bad bool, format string, args ...any)) {
	for field, v := range map[string]*float64{"minimum": r.Minimum, "maximum": r.Maximum, "max_loss": r.MaxLoss} {
		fault(v != nil && !(*v >= 0 && *v <= 2), "%s: %s must be a fraction from 0 to 1 (a Brier score: to 2); 0.02 is two points", name, field)
	}
	fault(!(r.Significance >= 0 && r.Significance <= 0.5), "%s: significance %g: want 0 (not tested) to 0.5", name, r.Significance)
}
