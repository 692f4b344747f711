package retrain

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"yingda/models"
	"yingda/training"
	"yingda/training/corpus"
	"yingda/training/encoder"
)

// TrainedName is the file that says what the step "train" made.
const TrainedName = "trained.json"

// bundles is the folder below the run's that the new bundle is written to.
const bundles = "bundle"

// Trained says which bundle was made, and from what.
type Trained struct {
	Bundle      models.BundleID `json:"bundle"`
	Parent      models.BundleID `json:"parent,omitempty"` // the champion whose encoder it has
	Champion    models.BundleID `json:"champion"`         // that it is measured against
	How         string          `json:"how"`
	Fingerprint string          `json:"corpus"` // of labels/train.jsonl
	Labels      string          `json:"labels"` // of the accepted rows
	Seconds     float64         `json:"seconds"`
}

// probeTexts are recorded in the bundle, to be answered alike wherever it is loaded.
var probeTexts = []string{"我的订单怎么还没发货", "帮我转人工", "how do I get my money back?", "APP一直闪退，气死我了"}

// train is the second step.
func (r *Run) train(ctx context.Context) (outcome, error) {
	plan := r.f.state.Plan
	c, tax, sum, err := r.merged()
	if err != nil {
		return outcome{}, err
	}
	recipe, err := training.LoadRecipe(plan.Recipe)
	if err != nil {
		return outcome{}, err
	}
	recipeFile, err := r.f.describe(plan.Recipe)
	if err != nil {
		return outcome{}, err
	}
	champion, err := r.champion()
	if err != nil {
		return outcome{}, err
	}
	in := training.CardInput{Corpus: c, Recipe: recipe, Notes: r.o.Notes}
	if in.Result, err = r.fit(ctx, &in, tax, champion); err != nil {
		return outcome{}, err
	}
	t := Trained{Champion: champion.Manifest.ID, Parent: in.Result.Bundle.Manifest.Parent, Fingerprint: sum.Fingerprint, Labels: sum.Labels, Seconds: in.Result.Elapsed.Seconds()}
	t.How, _ = in.Result.Bundle.Manifest.Training["recipe"].(string)
	if err := r.finish(ctx, &in, &t); err != nil {
		return outcome{}, err
	}
	data, err := indented(&t)
	if err != nil {
		return outcome{}, err
	}
	manifest := path.Join(bundles, string(t.Bundle), models.ManifestName)
	return outcome{Done, []File{recipeFile}, []string{TrainedName, manifest}, fmt.Sprintf("%s: %s", t.Bundle, t.How)}, r.f.write(TrainedName, data)
}

// merged reads what the step before has written.
func (r *Run) merged() (*corpus.Corpus, *corpus.Taxonomy, *Merge, error) {
	var sum Merge
	if err := r.f.read(SummaryName, &sum); err != nil {
		return nil, nil, nil, err
	}
	tax, err := readTaxonomy(r.f.path(TaxonomyName))
	if err != nil {
		return nil, nil, nil, err
	}
	c, err := corpus.Read(r.f.path(TrainName))
	if err != nil {
		return nil, nil, nil, err
	}
	// Where an example lies differs between machines and does not belong into what is made of it.
	for i := range c.Examples {
		c.Examples[i].Origin = fmt.Sprintf("%s:%d", path.Base(TrainName), i+1)
	}
	sha, err := c.Fingerprint()
	if err == nil && sha != sum.Fingerprint {
		err = fmt.Errorf("%s has another fingerprint than %s says", TrainName, SummaryName)
	}
	return c, tax, &sum, err
}

// champion opens the bundle that answers customers now.
func (r *Run) champion() (*models.Bundle, error) {
	state, err := r.o.Store.State()
	if err != nil {
		return nil, err
	}
	id := state.Current(models.Champion)
	if id == "" {
		id = r.o.Store.Builtin()
	}
	if id == "" {
		return nil, errors.New("the store has no champion to begin from: 'yingda train' makes a first bundle, 'yingda promote' gives it the role")
	}
	return r.o.Store.Open(id)
}

// fit makes the bundle: the whole recipe where the plan names an encoder, else from the champion.
func (r *Run) fit(ctx context.Context, in *training.CardInput, tax *corpus.Taxonomy, champion *models.Bundle) (res *training.Result, err error) {
	if dir := r.f.state.Plan.Encoder; dir != "" {
		if in.Encoder, err = encoder.Load(dir); err != nil {
			return nil, err
		}
		res, err = training.Train(ctx, in.Corpus, tax, in.Encoder, in.Recipe, training.RunOptions{Checkpoint: r.f.path("checkpoint")}, r.o.Progress)
		if err == nil {
			res.Bundle.Manifest.Licences = champion.Manifest.Licences
		}
		return res, err
	}
	return training.Extend(ctx, in.Corpus, tax, champion, in.Recipe, training.ExtendOptions{Cache: r.o.Cache, Fresh: accepted}, r.o.Progress)
}

// accepted tells whether an example comes from the review.
func accepted(eg *corpus.Example) bool { return eg.Metadata["accepted_by"] != nil }

// finish records probes, says in the manifest what the bundle was made from, and writes it below the run's folder. Nothing in the bundle depends on
// when and where it was made: made again, it has the same id.
func (r *Run) finish(ctx context.Context, in *training.CardInput, t *Trained) (err error) {
	b := in.Result.Bundle
	b.Manifest.Training["labels"] = t.Labels
	e, err := r.o.Open(b)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if b.Manifest.HeadIndex(models.HeadIntents) >= 0 {
		if b.Manifest.Probes, err = e.Record(ctx, models.HeadIntents, probeTexts...); err != nil {
			return err
		}
	}
	in.Result.Elapsed = time.Duration(0)
	if b.Card, err = training.Card(*in); err != nil {
		return err
	}
	if _, err = b.Write(r.f.path(bundles)); err != nil {
		return err
	}
	t.Bundle = b.Manifest.ID
	return nil
}

// trained reads what was made and opens it and the champion that it is measured against.
func (r *Run) trained() (t Trained, made, champion *models.Bundle, err error) {
	if err = r.f.read(TrainedName, &t); err != nil {
		return t, nil, nil, err
	}
	if made, err = models.OpenPath(r.f.path(path.Join(bundles, string(t.Bundle)))); err != nil {
		return t, nil, nil, err
	}
	if champion, err = r.champion(); err != nil {
		return t, nil, nil, err
	}
	if id := champion.Manifest.ID; id != t.Champion && id != t.Bundle {
		return t, nil, nil, fmt.Errorf("the champion is %s now, and this run began from %s: begin another run", id, t.Champion)
	}
	if champion.Manifest.ID == t.Bundle {
		champion, err = r.o.Store.Open(t.Champion)
	}
	return t, made, champion, err
}
