package models

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
)

// BundleID names an immutable trained artefact by the hash of its manifest, e.g. "zh-en-5f0c1a2b9d3e": the bundle's name
// and the first 12 hexadecimal digits of the SHA-256 over the manifest without its id.
type BundleID string

// ManifestName is the file that describes a bundle.
const ManifestName = "manifest.json"

// FormatVersion is the version of the manifest's layout that this package reads and writes.
const FormatVersion = 1

// Manifest describes a bundle: what the model reads and says, how to interpret its scores, where it comes from.
type Manifest struct {
	Format    int               `json:"format"`              // FormatVersion
	ID        BundleID          `json:"id"`                  // see ComputeID
	Name      string            `json:"name"`                // e.g. "zh-en"
	Version   string            `json:"version"`             // e.g. "2026.11.1"
	Created   string            `json:"created,omitempty"`   // RFC 3339
	Parent    BundleID          `json:"parent,omitempty"`    // the bundle it was trained from
	Languages []string          `json:"languages,omitempty"` // BCP 47, e.g. "zh", "en"
	Model     ModelSpec         `json:"model"`
	Tokenizer TokenizerSpec     `json:"tokenizer"`
	Heads     []Head            `json:"heads"`
	Intents   *IntentSpec       `json:"intents,omitempty"`
	Emotion   *EmotionSpec      `json:"emotion,omitempty"`
	Entities  *EntitySpec       `json:"entities,omitempty"`
	Training  map[string]any    `json:"training,omitempty"` // fingerprint of the data, recipe, seed
	Metrics   map[string]any    `json:"metrics,omitempty"`  // as measured when built
	Licences  map[string]string `json:"licences,omitempty"` // part → SPDX id or sentence
	Probes    []Probe           `json:"probes,omitempty"`   // texts whose answers are checked when the bundle is loaded
	Files     map[string]File   `json:"files"`              // every file but the manifest
}

// File is the size and hash of one file of a bundle.
type File struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // lower-case hexadecimal
}

// ModelSpec says how to feed the graph.
type ModelSpec struct {
	File      string `json:"file"`               // e.g. "model.onnx"
	IDs       string `json:"ids"`                // input name of token ids, int64 [batch, seq]
	Mask      string `json:"mask,omitempty"`     // input name of the attention mask, int64 [batch, seq]
	TypeIDs   string `json:"type_ids,omitempty"` // input name of token type ids (always zero), int64 [batch, seq]
	MaxTokens int    `json:"max_tokens"`         // longest sequence, special tokens included
	Encoder   string `json:"encoder,omitempty"`  // what it was made from, for people
}

// TokenizerSpec says how text becomes ids.
type TokenizerSpec struct {
	File   string `json:"file"`             // a Hugging Face tokenizer.json
	Prefix string `json:"prefix,omitempty"` // put before every text, e.g. "query: "
	Pad    int64  `json:"pad"`              // id that fills short rows
	// Fold lists what is done to the text first: "simplify" (traditional characters), "lower", "squeeze" (repeated characters); see package norm.
	Fold []string `json:"fold,omitempty"`
}

// IntentSpec turns intent logits into calibrated scores.
type IntentSpec struct {
	// Reject is the label of the out-of-scope class among the head's labels; empty when the head has none.
	Reject string `json:"reject,omitempty"`
	// Temperature divides the logits before softmax; > 0. Guo et al. 2017, "On Calibration of Modern Neural Networks".
	Temperature float64 `json:"temperature"`
	// OOS maps features of the logits to the out-of-scope probability.
	OOS OOSSpec `json:"oos"`
	// MinScore is the lowest calibrated score at which the best intent is an answer; below it the utterance is "not understood".
	MinScore float64 `json:"min_score"`
	// MaxOOS is the out-of-scope probability from which the utterance is "not understood".
	MaxOOS float64 `json:"max_oos"`
	// Clause thresholds decide when a message carries several intents.
	Clause ClauseSpec `json:"clause"`
	// Groups puts intents together for reports, e.g. "order.cancel" → "business".
	Groups map[string]string `json:"groups,omitempty"`
}

// OOSSpec is a logistic model over two features of the intent logits: the reject margin (reject logit − log-sum-exp of the
// others) and the energy (log-sum-exp of the others; Liu et al. 2020, "Energy-based Out-of-distribution Detection").
//
//	p = 1 / (1 + exp(−(Bias + Margin·margin + Energy·energy)))
type OOSSpec struct {
	Bias   float64 `json:"bias"`
	Margin float64 `json:"margin"`
	Energy float64 `json:"energy"`
}

// EmotionSpec turns emotion logits into calibrated scores.
type EmotionSpec struct {
	Temperature float64            `json:"temperature"`
	Neutral     string             `json:"neutral"`           // label that means "no emotion"
	Valence     map[string]string  `json:"valence,omitempty"` // label → neutral | positive | anxious | negative
	Bias        map[string]float64 `json:"bias,omitempty"`    // added to a label's logit, corrects class balance
}

// EntitySpec turns BIO logits into spans.
type EntitySpec struct {
	Temperature float64 `json:"temperature"`
	MinScore    float64 `json:"min_score"` // spans below are dropped
	// Transitions are added between neighbouring tags when decoding, [from][to] in the order of the head's labels; may be empty.
	Transitions [][]float64 `json:"transitions,omitempty"`
	// TransitionWeight is the share of Transitions that counts, 0–1; 0 = all.
	TransitionWeight float64 `json:"transition_weight,omitempty"`
}

// Probe is a text with the answer that the bundle gave when it was built. A bundle that answers otherwise is not loaded.
type Probe struct {
	Text  string  `json:"text"`
	Head  string  `json:"head"`  // a Sequence head
	Label string  `json:"label"` // its best label
	Logit float64 `json:"logit"` // that label's logit
}

// ProbeTolerance is how far a probe's logit may be from the recorded one: processors differ in rounding.
const ProbeTolerance = 0.05

// HeadIndex returns the position of the head with that name, or −1.
func (m *Manifest) HeadIndex(name string) int {
	return slices.IndexFunc(m.Heads, func(h Head) bool { return h.Name == name })
}

// ComputeID returns the id that the manifest must carry; see [manifestID].
func (m *Manifest) ComputeID() (BundleID, error) {
	data, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("hash manifest: %w", err)
	}
	return manifestID(data)
}

// manifestID hashes a manifest as it is written, not as this version understands it, so that bundles keep their ids when fields are added: the
// bundle's name, and the SHA-256 over the JSON without "id", keys sorted, no white space, numbers as they stand.
func manifestID(data []byte) (BundleID, error) {
	var fields map[string]any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&fields); err != nil {
		return "", fmt.Errorf("hash manifest: %w", err)
	}
	name, _ := fields["name"].(string)
	delete(fields, "id")
	canonical, err := json.Marshal(fields)
	if err != nil {
		return "", fmt.Errorf("hash manifest: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return BundleID(name + "-" + hex.EncodeToString(sum[:6])), nil
}

// ParseManifest decodes and validates a manifest. Unknown fields are refused: they may mean something this version does not do.
func ParseManifest(data []byte) (*Manifest, error) {
	var m Manifest
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return nil, &BundleError{File: ManifestName, Reason: "not a manifest", Err: err}
	}
	if dec.More() {
		return nil, invalid(ManifestName, "text after the end of the JSON object")
	}
	if err := m.validate(); err != nil {
		return nil, err
	}
	return &m, nil
}

func (m *Manifest) validate() error {
	if m.Format != FormatVersion {
		return invalid(ManifestName, "format %d; this version reads format %d", m.Format, FormatVersion)
	}
	if !validName(m.Name) {
		return invalid(ManifestName, "name %q must be 1–64 characters of a–z, 0–9, '-', '_' and '.'", m.Name)
	}
	for name, f := range m.Files {
		if name == ManifestName || name != path.Clean(name) || path.IsAbs(name) || strings.HasPrefix(name, "..") || strings.ContainsAny(name, "\\:") {
			return invalid(ManifestName, "file name %q is not a clean relative path", name)
		}
		if len(f.SHA256) != 64 || f.Size < 0 {
			return invalid(ManifestName, "file %q has no usable size and SHA-256", name)
		}
	}
	for _, f := range []string{m.Model.File, m.Tokenizer.File} {
		if _, ok := m.Files[f]; !ok {
			return invalid(ManifestName, "file %q is used but not listed under files", f)
		}
	}
	if m.Tokenizer.Pad < 0 {
		return invalid(ManifestName, "pad %d is not a token", m.Tokenizer.Pad)
	}
	if m.Model.IDs == "" || m.Model.MaxTokens < 4 || m.Model.MaxTokens > 8192 {
		return invalid(ManifestName, "model needs the name of its ids input and max_tokens between 4 and 8192")
	}
	if err := m.validateHeads(); err != nil {
		return err
	}
	if err := m.validateProbes(); err != nil {
		return err
	}
	return m.validateScores()
}

func (m *Manifest) validateProbes() error {
	for _, p := range m.Probes {
		i := m.HeadIndex(p.Head)
		if i < 0 || m.Heads[i].Kind != Sequence || !slices.Contains(m.Heads[i].Labels, p.Label) || !finite(p.Logit) {
			return invalid(ManifestName, "probe %q needs a sequence head and one of its labels, not %q and %q", p.Text, p.Head, p.Label)
		}
	}
	return nil
}

// maxName is the length of the longest name of a bundle; an id is a name, a dash and 12 digits.
const maxName = 64

func validName(s string) bool { return len(s) <= maxName && validID(BundleID(s)) }

func validID(id BundleID) bool {
	s := string(id)
	return len(s) > 0 && len(s) <= maxName+13 && s[0] != '.' && s[0] != '-' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
}

func (m *Manifest) validateHeads() error {
	if len(m.Heads) == 0 {
		return invalid(ManifestName, "no heads: the model says nothing")
	}
	seen := map[string]bool{}
	for i := range m.Heads {
		h := &m.Heads[i]
		if h.Name == "" || h.Output == "" || seen[h.Name] {
			return invalid(ManifestName, "head %d needs a name of its own and an output", i)
		}
		seen[h.Name] = true
		switch h.Kind {
		case Sequence, Tokens:
			if len(h.Labels) == 0 && (h.Kind == Sequence || h.Dim <= 0) {
				return invalid(ManifestName, "head %q has no labels", h.Name)
			}
			if h.Dim != 0 && len(h.Labels) > 0 && h.Dim != len(h.Labels) {
				return invalid(ManifestName, "head %q has %d labels and dim %d", h.Name, len(h.Labels), h.Dim)
			}
			labels := map[string]bool{}
			for _, l := range h.Labels {
				if l == "" || labels[l] {
					return invalid(ManifestName, "head %q: label %q is empty or twice there", h.Name, l)
				}
				labels[l] = true
			}
		case Vector:
			if h.Dim <= 0 {
				return invalid(ManifestName, "head %q needs dim", h.Name)
			}
		default:
			return invalid(ManifestName, "head %q has kind %q; known are sequence, tokens, vector", h.Name, h.Kind)
		}
	}
	return nil
}

func (m *Manifest) validateScores() error {
	if s := m.Intents; s != nil {
		i := m.HeadIndex(HeadIntents)
		if i < 0 || m.Heads[i].Kind != Sequence {
			return invalid(ManifestName, "intents are described but there is no sequence head %q", HeadIntents)
		}
		if s.Reject != "" && (!slices.Contains(m.Heads[i].Labels, s.Reject) || len(m.Heads[i].Labels) < 2) {
			return invalid(ManifestName, "reject label %q is not a label of the intents head, or the only one", s.Reject)
		}
		if !positive(s.Temperature) || !probability(s.MinScore) || !probability(s.MaxOOS) ||
			!finite(s.OOS.Bias, s.OOS.Margin, s.OOS.Energy) || !s.Clause.valid() {
			return invalid(ManifestName, "intents: temperature must be > 0, thresholds within 0–1, coefficients finite")
		}
		if j := m.HeadIndex(HeadIntentTokens); j >= 0 && !slices.Equal(m.Heads[i].Labels, m.Heads[j].Labels) {
			return invalid(ManifestName, "heads %q and %q must have the same labels", HeadIntents, HeadIntentTokens)
		}
	}
	if s := m.Emotion; s != nil {
		i := m.HeadIndex(HeadEmotion)
		if i < 0 || m.Heads[i].Kind != Sequence || !slices.Contains(m.Heads[i].Labels, s.Neutral) || !positive(s.Temperature) {
			return invalid(ManifestName, "emotion needs a sequence head %q with the neutral label %q and a temperature > 0", HeadEmotion, s.Neutral)
		}
		for l, bias := range s.Bias {
			if !slices.Contains(m.Heads[i].Labels, l) || math.Abs(bias) > 1e6 || !finite(bias) {
				return invalid(ManifestName, "emotion: the bias of %q is absurd, or that is not a label", l)
			}
		}
	}
	if s := m.Entities; s != nil {
		return m.validateEntities(s)
	}
	return nil
}

func (m *Manifest) validateEntities(s *EntitySpec) error {
	i := m.HeadIndex(HeadEntities)
	if i < 0 || m.Heads[i].Kind != Tokens || !positive(s.Temperature) || !probability(s.MinScore) {
		return invalid(ManifestName, "entities need a tokens head %q, a temperature > 0 and min_score within 0–1", HeadEntities)
	}
	labels := m.Heads[i].Labels
	for _, l := range labels {
		if l != "O" && !strings.HasPrefix(l, "B-") && !strings.HasPrefix(l, "I-") {
			return invalid(ManifestName, "entity tag %q is not O, B-type or I-type", l)
		}
	}
	if n := len(s.Transitions); n != 0 && n != len(labels) {
		return invalid(ManifestName, "transitions have %d rows for %d tags", n, len(labels))
	}
	for _, row := range s.Transitions {
		if len(row) != len(labels) || !finite(row...) {
			return invalid(ManifestName, "transitions must be a square of finite numbers")
		}
	}
	return nil
}

func finite(xs ...float64) bool {
	return !slices.ContainsFunc(xs, func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) })
}
func positive(x float64) bool    { return finite(x) && x > 0 }
func probability(x float64) bool { return finite(x) && x >= 0 && x <= 1 }
