package retrain

import (
	"bytes"
	"context"
	"fmt"

	"yingda/models"
	"yingda/training/eval"
	"yingda/training/gate"
)

// Files of the step "gate": the decision for programs and for people.
const (
	DecisionName     = "decision.json"
	DecisionPageName = "decision.md"
)

// timedTexts is how many texts of the frozen sets the bundles are timed on, evenly over the list.
const timedTexts = 150

// gate is the fifth step.
func (r *Run) gate(ctx context.Context) (outcome, error) {
	policy := gate.DefaultPolicy()
	var inputs []File
	if path := r.f.state.Plan.Policy; path != "" {
		file, err := r.f.describe(path)
		if err != nil {
			return outcome{}, err
		}
		inputs = append(inputs, file)
		if policy, err = gate.LoadPolicy(path); err != nil {
			return outcome{}, err
		}
	}
	in, err := r.gateInput(ctx)
	if err != nil {
		return outcome{}, err
	}
	d := gate.Decide(in, policy)
	var page, data bytes.Buffer
	if err := d.Markdown(&page); err != nil {
		return outcome{}, err
	}
	if err := d.JSON(&data); err != nil {
		return outcome{}, err
	}
	if err := r.f.write(DecisionPageName, page.Bytes()); err != nil {
		return outcome{}, err
	}
	if err := r.f.write(DecisionName, data.Bytes()); err != nil {
		return outcome{}, err
	}
	out := outcome{Done, inputs, []string{DecisionName, DecisionPageName}, d.Summary()}
	if !d.Promote {
		out.status = Refused
		for i, why := range d.Refusals() {
			if i == 3 {
				out.note += fmt.Sprintf("; and %d more, see %s", len(d.Refusals())-i, DecisionPageName)
				break
			}
			out.note += "; " + why.Sentence()
		}
	}
	return out, nil
}

// gateInput puts together what was measured.
func (r *Run) gateInput(ctx context.Context) (in gate.Input, err error) {
	_, made, champion, err := r.trained()
	if err != nil {
		return in, err
	}
	var e Evaluation
	if err := r.f.read(EvaluationName, &e); err != nil {
		return in, err
	}
	against := gate.Describe(champion.Manifest)
	in = gate.Input{Challenger: gate.Describe(made.Manifest), Champion: &against, Sets: e.Frozen, Grown: e.Held}
	if r.o.Latency == nil || len(e.Texts) == 0 {
		return in, nil
	}
	texts := e.Texts
	if n := len(texts); n > timedTexts {
		texts = make([]string, timedTexts)
		for i := range texts {
			texts[i] = e.Texts[i*n/timedTexts]
		}
	}
	times, err := r.o.Latency(ctx, []*models.Bundle{made, champion}, texts)
	if err != nil {
		return in, err
	}
	in.Challenger.Latency, in.Champion.Latency = times[0], times[1]
	return in, nil
}

// challenger is the sixth step: the bundle goes into the store and gets the role. It is done again without harm.
func (r *Run) challenger(context.Context) (outcome, error) {
	t, made, _, err := r.trained()
	if err != nil {
		return outcome{}, err
	}
	var d gate.Decision
	if err := r.f.read(DecisionName, &d); err != nil {
		return outcome{}, err
	}
	if d.Challenger != t.Bundle || !d.Promote {
		return outcome{}, fmt.Errorf("%s is not about %s, or speaks against it", DecisionName, t.Bundle)
	}
	if _, err := made.Write(r.o.Store.Dir()); err != nil {
		return outcome{}, err
	}
	outputs, unanswered, err := r.unanswered()
	if err != nil {
		return outcome{}, err
	}
	state, err := r.o.Store.State()
	if err != nil {
		return outcome{}, err
	}
	if role := state.RoleOf(t.Bundle); role != "" {
		return outcome{status: Done, outputs: outputs, note: fmt.Sprintf("%s is the %s already%s", t.Bundle, role, unanswered)}, nil
	}
	c, err := r.o.Store.Promote(models.Promotion{Bundle: t.Bundle, To: models.Challenger, Against: t.Champion, Figures: r.figures(&d)})
	if err != nil {
		return outcome{}, err
	}
	note := fmt.Sprintf("%s is the challenger", c.Bundle)
	if c.Replaced != "" {
		note += " in place of " + string(c.Replaced)
	}
	return outcome{status: Done, outputs: outputs, note: note + unanswered}, nil
}

// unanswered lists the new intents that the service pack does not answer yet, and writes drafts for them.
func (r *Run) unanswered() (outputs []string, note string, err error) {
	var sum Merge
	if err := r.f.read(SummaryName, &sum); err != nil {
		return nil, "", err
	}
	open, err := r.answers(&sum)
	if err != nil {
		return nil, "", err
	}
	data, err := indented(open)
	if err != nil {
		return nil, "", err
	}
	if len(open) > 0 {
		note = fmt.Sprintf("; %d new intents have no answer yet, see %s", len(open), OpenName)
	}
	return []string{OpenName}, note, r.f.write(OpenName, data)
}

// figures are what the store's log keeps of the decision.
func (r *Run) figures(d *gate.Decision) map[string]any {
	sets := map[string]map[string][2]eval.Float{}
	for i := range d.Reasons {
		why := &d.Reasons[i]
		if why.Slice != "" || why.Verdict == gate.Note || !why.Challenger.Valid() || why.Data == "" {
			continue
		}
		if sets[why.Data] == nil {
			sets[why.Data] = map[string][2]eval.Float{}
		}
		sets[why.Data][why.Metric] = [2]eval.Float{why.Challenger, why.Champion}
	}
	return map[string]any{"gate": "passed", "report": r.f.path(DecisionPageName), "run": r.f.state.ID, "data": sets}
}
