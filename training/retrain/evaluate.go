package retrain

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"yingda/models"
	"yingda/nlu"
	"yingda/training/corpus"
	"yingda/training/eval"
)

// EvaluationName is the file of the step "evaluate".
const EvaluationName = "evaluation.json"

// HeldData is how reports name the accepted labels that were held out.
const HeldData = "held-out labels"

// Evaluation is what was measured of the new bundle, beside the champion.
type Evaluation struct {
	Frozen []*eval.Report `json:"frozen"`
	Held   *eval.Report   `json:"held,omitempty"` // nil = no label was held out
	Texts  []string       `json:"texts"`          // of the frozen sets, to time the bundles on
}

// evaluate is the third step.
func (r *Run) evaluate(ctx context.Context) (outcome, error) {
	_, made, champion, err := r.trained()
	if err != nil {
		return outcome{}, err
	}
	tax, err := readTaxonomy(r.f.path(TaxonomyName))
	if err != nil {
		return outcome{}, err
	}
	var sum Merge
	if err := r.f.read(SummaryName, &sum); err != nil {
		return outcome{}, err
	}
	pair, err := r.openPair(made, champion, tax)
	if err != nil {
		return outcome{}, err
	}
	defer pair.close()
	var inputs []File
	out := Evaluation{Frozen: []*eval.Report{}, Texts: []string{}}
	for _, path := range r.f.state.Plan.Frozen {
		c, err := r.corpusInput(path, &inputs)
		if err != nil {
			return outcome{}, err
		}
		if now := inputs[len(inputs)-1].SHA256; now != sum.Frozen[path] {
			return outcome{}, fmt.Errorf("%s has changed since the labels were checked against it: begin another run", path)
		}
		report, err := pair.measure(ctx, r, c, filepath.Base(path))
		if err != nil {
			return outcome{}, err
		}
		out.Frozen = append(out.Frozen, report)
		for i := range c.Examples {
			out.Texts = append(out.Texts, c.Examples[i].Text)
		}
	}
	if out.Held, err = r.evaluateHeld(ctx, pair); err != nil {
		return outcome{}, err
	}
	data, err := indented(&out)
	if err != nil {
		return outcome{}, err
	}
	return outcome{Done, inputs, []string{EvaluationName}, out.note()}, r.f.write(EvaluationName, data)
}

// evaluateHeld measures on the accepted labels that were held out.
func (r *Run) evaluateHeld(ctx context.Context, pair *pair) (*eval.Report, error) {
	c, err := corpus.Read(r.f.path(HeldName))
	if err != nil {
		return nil, err
	}
	if len(c.Examples) == 0 {
		return nil, nil
	}
	return pair.measure(ctx, r, c, HeldData)
}

// note tells the accuracy on each set.
func (e *Evaluation) note() string {
	s := ""
	for _, rep := range append(slices.Clone(e.Frozen), e.Held) {
		if rep == nil {
			continue
		}
		d := rep.Against.Figure("intent_accuracy")
		if d == nil {
			continue
		}
		if s != "" {
			s += "; "
		}
		s += fmt.Sprintf("%s: intent accuracy %s, the champion's %s", rep.Data, eval.Show(d.Name, d.Value), eval.Show(d.Name, d.Against))
	}
	return s
}

// pair are the new bundle and the champion, loaded.
type pair struct {
	made, champion Engine
	options        eval.Options
}

// openPair loads both. Close it.
func (r *Run) openPair(made, champion *models.Bundle, tax *corpus.Taxonomy) (*pair, error) {
	p := &pair{options: eval.Options{Taxonomy: tax}}
	if r.o.Found != nil {
		for _, b := range []*models.Bundle{made, champion} {
			types, err := r.o.Found(b.Manifest)
			if err != nil {
				return nil, err
			}
			p.options.EntityTypes = append(p.options.EntityTypes, types...)
		}
	}
	var err error
	if p.made, err = r.o.Open(made); err != nil {
		return nil, err
	}
	if p.champion, err = r.o.Open(champion); err != nil {
		return nil, errors.Join(err, p.made.Close())
	}
	return p, nil
}

func (p *pair) close() { _ = errors.Join(p.made.Close(), p.champion.Close()) } // there is nothing that could be lost

// measure lets both answer a set and compares.
func (p *pair) measure(ctx context.Context, r *Run, c *corpus.Corpus, name string) (*eval.Report, error) {
	made, err := p.answers(ctx, r, p.made, c, "evaluate "+name)
	if err != nil {
		return nil, err
	}
	champion, err := p.answers(ctx, r, p.champion, c, "evaluate "+name+", champion")
	if err != nil {
		return nil, err
	}
	o := p.options
	o.Data = name
	report, err := eval.Evaluate(made, o)
	if err != nil {
		return nil, err
	}
	report.Against, err = eval.Compare(made, champion, o)
	return report, err
}

func (p *pair) answers(ctx context.Context, r *Run, e Engine, c *corpus.Corpus, stage string) ([]eval.Case, error) {
	return eval.Run(ctx, func(ctx context.Context, us []nlu.Utterance) ([]*nlu.Analysis, error) { return e.Analyse(ctx, us...) }, c.Examples,
		func(done, total int) {
			if r.o.Progress != nil {
				r.o.Progress(stage, done, total, "")
			}
		})
}
