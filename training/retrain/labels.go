package retrain

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"yingda/nlu"
	"yingda/training/corpus"
)

// Files that the step "labels" writes.
const (
	AcceptedName = "labels/accepted.jsonl" // the rows that are taken, as they were exported
	RefusedName  = "labels/refused.jsonl"  // those that are not: a [Refusal] a line
	TrainName    = "labels/train.jsonl"    // the whole corpus to train on
	HeldName     = "labels/held.jsonl"     // accepted wordings that are never trained on
	TaxonomyName = "labels/taxonomy.yaml"
	RowsName     = "labels/rows.jsonl"   // where each row of the two comes from: a [Row] a line
	SummaryName  = "labels/summary.json" // a [Merge]
)

// Why a row is not taken into training. The first group are faults of the row or of the export.
const (
	Malformed     = "malformed"     // not a row of package corpus
	NotAccepted   = "not-accepted"  // no person's word
	Unlabelled    = "unlabelled"    // says nothing about intents
	BadName       = "bad-name"      // a new intent is not named like "order.cancel"
	UnknownLabel  = "unknown-label" // an emotion or entity type that is not in the taxonomy
	Contradiction = "contradiction" // the same words with another intent in the corpus or another row
	Leak          = "leak"          // the same words, or nearly, in a frozen test
	Duplicate     = "duplicate"     // the same words with the same intent are there already
	TooFew        = "too-few"       // of a new intent with too few wordings: they wait for more
)

// Refusal is a row of the export that is not taken, and why.
type Refusal struct {
	Origin  string   `json:"origin"` // file:line of the export
	Text    string   `json:"text"`
	Intents []string `json:"intents,omitempty"`
	Reason  string   `json:"reason"`
	Why     string   `json:"why"`
}

// Row says where a row of the training corpus or of the held-out part comes from.
type Row struct {
	File   string   `json:"file"` // train.jsonl or held.jsonl
	Line   int      `json:"line"`
	SHA256 string   `json:"sha256"` // of the line
	Origin string   `json:"origin"` // file:line of the corpus or of the export
	Group  string   `json:"group,omitempty"`
	Turns  []string `json:"turns,omitempty"`
	By     string   `json:"accepted_by,omitempty"` // empty = the row is the corpus's own
	At     string   `json:"accepted_at,omitempty"`
}

// NewIntent is a label that the taxonomy did not have.
type NewIntent struct {
	Name       string            `json:"name"`
	Group      string            `json:"group"`
	Definition map[string]string `json:"definition,omitempty"`
	Train      int               `json:"train"` // wordings
	Held       int               `json:"held"`
	Examples   []string          `json:"examples"` // a few of those trained on
}

// Merge is what became of the accepted labels.
type Merge struct {
	Read       int               `json:"read"`
	Trained    int               `json:"trained"` // accepted rows in the training corpus
	Held       int               `json:"held"`
	Refused    map[string]int    `json:"refused"` // by reason
	Corpus     int               `json:"corpus"`  // rows of the corpus itself that are trained on
	Superseded []Refusal         `json:"superseded,omitempty"`
	Near       []string          `json:"near,omitempty"` // nearly the same words with other intents: worth a look
	New        []NewIntent       `json:"new"`
	Known      map[string]int    `json:"known"` // accepted rows of intents that were there, by intent
	Frozen     map[string]string `json:"frozen"`
	// Fingerprints of the training corpus, which the bundle carries too, and of the accepted labels.
	Fingerprint string `json:"fingerprint"`
	Labels      string `json:"labels_fingerprint"`
}

// label is an accepted row on its way.
type label struct {
	eg     corpus.Example
	p      Provenance
	origin string
	why    *Refusal
	held   bool
	base   bool // duplicates a row of the corpus
}

func (l *label) refuse(reason, format string, args ...any) {
	if l.why == nil {
		l.why = &Refusal{Origin: l.origin, Text: l.eg.Text, Intents: l.eg.Intents, Reason: reason, Why: fmt.Sprintf(format, args...)}
	}
}

// merger puts labels and corpus together.
type merger struct {
	rules  Rules
	tax    *corpus.Taxonomy
	base   *corpus.Corpus
	labels []*label
	frozen []corpus.Split
	gone   map[int]bool // rows of the corpus that a new intent takes the place of
	sum    Merge
}

// labels is the first step.
func (r *Run) labels(context.Context) (outcome, error) {
	plan := r.f.state.Plan
	m := &merger{rules: plan.Rules, gone: map[int]bool{}, sum: Merge{Refused: map[string]int{}, Known: map[string]int{}, New: []NewIntent{}, Frozen: map[string]string{}}}
	var inputs []File
	var err error
	if m.tax, err = readTaxonomy(plan.Taxonomy); err != nil {
		return outcome{}, err
	}
	if m.base, err = r.corpusInput(plan.Corpus, &inputs); err != nil {
		return outcome{}, err
	}
	for _, path := range plan.Frozen {
		c, err := r.corpusInput(path, &inputs)
		if err != nil {
			return outcome{}, err
		}
		m.frozen = append(m.frozen, corpus.Split{Name: path, Corpus: c})
		m.sum.Frozen[path] = inputs[len(inputs)-1].SHA256
	}
	for _, path := range plan.Labels {
		file, err := r.f.describe(path)
		if err != nil {
			return outcome{}, err
		}
		inputs = append(inputs, file)
		if err := m.read(path); err != nil {
			return outcome{}, err
		}
	}
	m.check()
	m.split()
	outputs, err := r.writeMerge(m)
	s := &m.sum
	return outcome{Done, inputs, outputs, fmt.Sprintf("%d rows: %d to train on, %d held out, %d refused; %d new intents", s.Read, s.Trained, s.Held, len(m.refused()), len(s.New))}, err
}

// corpusInput reads labelled data and notes its fingerprint.
func (r *Run) corpusInput(path string, inputs *[]File) (*corpus.Corpus, error) {
	c, err := r.o.Read(path)
	if err != nil {
		return nil, err
	}
	sum, err := c.Fingerprint()
	if err != nil {
		return nil, err
	}
	*inputs = append(*inputs, File{Path: filepath.ToSlash(path), SHA256: sum, Rows: len(c.Examples)})
	return c, nil
}

func readTaxonomy(path string) (*corpus.Taxonomy, error) {
	if path == "" {
		return corpus.DefaultTaxonomy(), nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read taxonomy: %w", err)
	}
	return corpus.ParseTaxonomy(path, data)
}

// intentName is how intents are named, as in the review: words of a–z, 0–9 and '_' with dots between.
var intentName = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9][a-z0-9_]*)*$`)

// read takes the rows of an export, one by one, so that one bad row does not keep the others out.
func (m *merger) read(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read labels: %w", err)
	}
	at := 0
	for raw := range bytes.Lines(bytes.TrimPrefix(data, []byte("\ufeff"))) {
		at++
		if len(bytes.TrimSpace(raw)) == 0 {
			continue
		}
		l := &label{origin: fmt.Sprintf("%s:%d", filepath.Base(path), at)}
		m.labels = append(m.labels, l)
		c, err := corpus.ReadJSONL(filepath.Base(path), raw)
		if err != nil {
			l.refuse(Malformed, "%s", cause(err))
			continue
		}
		l.eg = c.Examples[0]
		if l.eg.Lang == "" {
			l.eg.Lang = string(nlu.Detect(l.eg.Text))
		}
		m.valid(l)
	}
	return nil
}

func cause(err error) string {
	var out []string
	for _, f := range corpus.Faults(err) {
		out = append(out, f.Cause)
	}
	return strings.Join(out, "; ")
}

// valid refuses rows that are wrong by themselves.
func (m *merger) valid(l *label) {
	var err error
	if l.p, err = provenanceOf(&l.eg); err != nil {
		l.refuse(NotAccepted, "%v", err)
	}
	if !l.eg.HasIntents {
		l.refuse(Unlabelled, "it has no intents; [] would be out of scope")
	}
	for _, name := range l.eg.Intents {
		if m.tax.Intent(name) == nil && (!intentName.MatchString(name) || len(name) > 64) {
			l.refuse(BadName, "intent %q: write words of a–z, 0–9 and '_' with dots between, such as order.cancel, 64 characters at most", name)
		}
	}
	if l.eg.Emotion != "" && m.tax.Emotion(l.eg.Emotion) == nil {
		l.refuse(UnknownLabel, "emotion %q is not in the taxonomy", l.eg.Emotion)
	}
	for _, ent := range l.eg.Entities {
		if m.tax.Entity(ent.Type) == nil {
			l.refuse(UnknownLabel, "entity type %q is not in the taxonomy", ent.Type)
		}
	}
}

// refused lists the rows that are not taken, in the order of the export.
func (m *merger) refused() []Refusal {
	var out []Refusal
	for _, l := range m.labels {
		if l.why != nil {
			out = append(out, *l.why)
		}
	}
	return out
}

// taken lists those that are, in the order of the export.
func (m *merger) taken() []*label {
	return slices.DeleteFunc(slices.Clone(m.labels), func(l *label) bool { return l.why != nil })
}

// writeMerge writes what the step has made.
func (r *Run) writeMerge(m *merger) ([]string, error) {
	files, err := m.files()
	if err != nil {
		return nil, err
	}
	names := []string{AcceptedName, RefusedName, TrainName, HeldName, TaxonomyName, RowsName, SummaryName}
	for _, name := range names {
		if err := r.f.write(name, files[name]); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// lines writes values as JSON Lines.
func lines[T any](list []T) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, v := range list {
		if err := enc.Encode(v); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// indented writes a value as JSON for people.
func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	err := enc.Encode(v)
	return b.Bytes(), err
}
