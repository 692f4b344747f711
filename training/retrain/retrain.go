package retrain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"yingda/models"
	"yingda/nlu"
	"yingda/training"
	"yingda/training/corpus"
	"yingda/training/gate"
)

// ErrRefused is returned when a run has ended because the gate or the canary's read-out spoke against the bundle. The champion is as it was.
var ErrRefused = errors.New("refused")

// Plan is what a run was asked to do. It is written into the run's log, so that a run goes on without being told again. Paths are absolute.
type Plan struct {
	Labels   []string      `json:"labels"`             // exports of the review queue: JSON Lines of package corpus, with [Provenance] in metadata
	Corpus   string        `json:"corpus"`             // file or folder that the champion's examples are in
	Taxonomy string        `json:"taxonomy,omitempty"` // label space to be extended; empty = the shipped one
	Frozen   []string      `json:"frozen"`             // labelled sets that nothing may be trained on
	Recipe   string        `json:"recipe"`
	Encoder  string        `json:"encoder,omitempty"` // folder of the pretrained encoder: the whole recipe is trained; empty = the champion's head is extended
	Policy   string        `json:"policy,omitempty"`  // of the gate, read over the defaults
	Store    string        `json:"store"`
	Rules    Rules         `json:"rules"`
	Server   string        `json:"server,omitempty"` // URL of the running server for the canary; empty = there is none
	Canary   CanaryPlan    `json:"canary"`
	Context  string        `json:"context,omitempty"` // for people: where labels and traffic came from
	Since    time.Duration `json:"since,omitempty"`   // how far back messages are replayed
}

// Rules say what is taken into training.
type Rules struct {
	// MinExamples is how many wordings a new intent must have to be trained; fewer wait for more. Default 8.
	MinExamples int `json:"min_examples"`
	// HoldOut keeps one in so many accepted wordings out of training for good, by hash; near duplicates stay together. Default 5.
	HoldOut int `json:"hold_out"`
	// Near is the similarity from which two texts count as nearly the same, for leaks and for what stays together. Default [corpus.DefaultNear].
	Near float64 `json:"near"`
}

func (r Rules) defaults() Rules {
	if r.MinExamples <= 0 {
		r.MinExamples = 8
	}
	if r.HoldOut <= 1 {
		r.HoldOut = 5
	}
	if r.Near <= 0 {
		r.Near = corpus.DefaultNear
	}
	return r
}

// Engine answers texts with a bundle.
type Engine interface {
	Analyse(ctx context.Context, us ...nlu.Utterance) ([]*nlu.Analysis, error)
	Record(ctx context.Context, head string, texts ...string) ([]models.Probe, error)
	Close() error
}

// Message is a recent message of customers, without personal parts, and how often it was sent.
type Message struct {
	Text string `json:"text"`
	Lang string `json:"lang,omitempty"`
	N    int    `json:"n"`
}

// Options are what a run needs of the rest of the system. Store, Open and Read are required.
type Options struct {
	Dir   string // folder of the runs' folders
	Store *models.Store
	// Open loads a bundle.
	Open func(b *models.Bundle) (Engine, error)
	// Read reads labelled data: a file or a folder.
	Read func(path string) (*corpus.Corpus, error)
	// Found lists the entity types that a bundle and its recognisers can find, for reports. Nil = all.
	Found func(m *models.Manifest) ([]string, error)
	// Latency times bundles in turn on the same texts. Nil = not measured, which the gate refuses unless its policy sets no limit.
	Latency func(ctx context.Context, bundles []*models.Bundle, texts []string) ([]gate.Latency, error)
	// Traffic gives recent messages, redacted. Nil = there are none to replay.
	Traffic func(ctx context.Context, since time.Duration) ([]Message, error)
	// Answers tells how the service pack answers intents. Nil = not known.
	Answers func(intents []string) ([]Answer, error)
	// Canary runs the experiment. Nil = there is no server: the run waits and says what is left to do.
	Canary Canary
	// Cache keeps the encoder's states of texts. Empty = not kept.
	Cache string
	// Notes are the model card's on origin and licences.
	Notes string
	// Now is the clock; default time.Now.
	Now      func() time.Time
	Progress training.Progress // may be nil
}

// Run is a run that was begun.
type Run struct {
	o Options
	f *folder
}

// Begin makes a run's folder below o.Dir. Nothing is done yet.
func Begin(o Options, plan Plan) (*Run, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	plan.Rules = plan.Rules.defaults()
	plan.Canary = plan.Canary.defaults()
	now := o.Now().UTC()
	id := now.Format("20060102T150405Z")
	for n := 2; ; n++ {
		f, err := createFolder(filepath.Join(o.Dir, id), id, plan, now)
		if err == nil {
			return &Run{o, f}, nil
		}
		if _, exists := os.Stat(filepath.Join(o.Dir, id, LogName)); exists != nil || n > 99 {
			return nil, err
		}
		id = fmt.Sprintf("%s-%d", now.Format("20060102T150405Z"), n)
	}
}

// Open opens the run with that id, or the newest one for "".
func Open(o Options, id string) (*Run, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if id == "" {
		ids, err := List(o.Dir)
		if err != nil {
			return nil, err
		}
		if len(ids) == 0 {
			return nil, fmt.Errorf("there is no run in %s", o.Dir)
		}
		id = ids[len(ids)-1]
	}
	f, err := openFolder(filepath.Join(o.Dir, id))
	if err != nil {
		return nil, err
	}
	return &Run{o, f}, nil
}

// List returns the ids of the runs in a folder, the oldest first.
func List(dir string) ([]string, error) {
	found, err := filepath.Glob(filepath.Join(dir, "*", LogName))
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(found))
	for i, path := range found {
		ids[i] = filepath.Base(filepath.Dir(path))
	}
	slices.Sort(ids)
	return ids, nil
}

// State returns the run as it is now.
func (r *Run) State() State { return r.f.state }

// Dir returns the run's folder.
func (r *Run) Dir() string { return r.f.dir }

// step is a part of a run.
type step struct {
	name string
	run  func(r *Run, ctx context.Context) (outcome, error)
}

// outcome is what a step has to say.
type outcome struct {
	status  Status // Done, Waiting or Refused
	inputs  []File // from outside the folder
	outputs []string
	note    string
}

// steps lists the steps in their order. A step reads what those before it wrote.
func steps() []step {
	return []step{
		{"labels", (*Run).labels}, {"train", (*Run).train}, {"evaluate", (*Run).evaluate}, {"replay", (*Run).replay}, {"gate", (*Run).gate},
		{"challenger", (*Run).challenger}, {"canary", (*Run).canary}, {"promote", (*Run).promote},
	}
}

// Steps lists the names of the steps in their order.
func Steps() []string {
	var names []string
	for _, s := range steps() {
		names = append(names, s.name)
	}
	return names
}

func lastStep() string { return "promote" }

// Resume does the steps that are not done, from the first on, until one waits, refuses or fails. A step that was done is done again when one of its
// files has changed. It returns an error that matches [ErrRefused] when the run is over without a promotion, and nil when it is done or waits.
func (r *Run) Resume(ctx context.Context) error {
	again := false
	for _, s := range steps() {
		if !again {
			kept, err := r.kept(s.name)
			if err != nil {
				return fmt.Errorf("retrain: %w", err)
			}
			if kept {
				continue
			}
			again = true
		}
		status, err := r.do(ctx, s)
		if err != nil {
			return fmt.Errorf("retrain: %s: %w", s.name, err)
		}
		switch status {
		case Refused:
			return fmt.Errorf("retrain: %s: %w: %s", s.name, ErrRefused, r.f.state.Step(s.name).Note)
		case Waiting:
			return nil
		}
	}
	return nil
}

// kept tells whether a step is done and its files are still what they were. One that refused stays refused.
func (r *Run) kept(name string) (bool, error) {
	rec := r.f.state.Step(name)
	if rec == nil {
		return false, nil
	}
	if rec.Status == Refused {
		return false, fmt.Errorf("%s: %w: %s; begin another run", name, ErrRefused, rec.Note)
	}
	if rec.Status != Done {
		return false, nil
	}
	for _, file := range rec.Outputs {
		if same, err := r.f.same(file); err != nil || !same {
			return false, err
		}
	}
	return true, nil
}

// do carries a step out and records it.
func (r *Run) do(ctx context.Context, s step) (Status, error) {
	rec := Record{Step: s.name, Status: Running, Started: r.o.Now().UTC()}
	if err := r.f.append(line{Time: rec.Started, Record: &rec}); err != nil {
		return "", err
	}
	out, err := s.run(r, ctx)
	end := rec
	end.Ended, end.Status, end.Note, end.Inputs = r.o.Now().UTC(), out.status, out.note, out.inputs
	if err == nil {
		err = r.hash(&end, out.outputs)
	}
	if err != nil {
		end.Status, end.Note = Failed, err.Error()
	}
	return end.Status, errors.Join(err, r.f.append(line{Time: end.Ended, Record: &end}))
}

// hash describes what a step wrote, and what it read of the steps before.
func (r *Run) hash(rec *Record, outputs []string) error {
	for _, name := range outputs {
		file, err := r.f.describe(name)
		if err != nil {
			return err
		}
		rec.Outputs = append(rec.Outputs, file)
	}
	return nil
}
