package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/engine"
	"yingda/dialogue/experiment"
	"yingda/dialogue/pairs"
	"yingda/dialogue/policy"
	"yingda/dialogue/script"
	pack "yingda/dialogue/standard"
)

// openExperiments keeps up with the experiments of the log, and joins what a shadow says with turns.
func (c *converse) openExperiments(ctx context.Context, parts converseParts) (err error) {
	c.experiments, err = experiment.Open(ctx, c.log, experiment.Options{
		Log:     parts.slog,
		Changed: c.noteExperiments,
		Check:   func(tenant string, d *experiment.Definition) error { return d.Fits(c.robot(tenant, parts)) },
	})
	if err != nil {
		return err
	}
	c.closers = append(c.closers, c.experiments.Close, c.log.OnErase(c.experiments.Erased))
	active := parts.shadowed
	if active == nil {
		active = func() bool { return false }
	}
	c.pairs, err = pairs.New(pairs.Options{Store: c.log, Active: active, Log: parts.slog})
	return err
}

// robot is what an experiment is held against before it starts: what is in force now.
func (c *converse) robot(tenant string, parts converseParts) experiment.Robot {
	return experiment.Robot{
		Policy:  func(change policy.Change) error { return c.policy.p.Load().Check(change) },
		Choices: func(key string) (string, []script.Choice, bool) { return c.scripts.Choices(tenant, key) },
		Bundle:  parts.bundle,
	}
}

// packRobot is what a service pack by itself can be held against.
func packRobot(p *pack.Pack) (experiment.Robot, error) {
	plain, err := policy.New(policy.Options{Tasks: p.Tasks, Settings: p.Settings})
	if err != nil {
		return experiment.Robot{}, err
	}
	return experiment.Robot{Policy: policy.NewVariants(plain, nil, nil).Check, Choices: p.Scripts.Choices}, nil
}

var _ engine.Comparer = (*livePolicy)(nil)

// Together implements [engine.Comparer].
func (l *livePolicy) Together() dialogue.Policy { return l.p.Load().Together() }

// Alike implements [engine.Comparer].
func (l *livePolicy) Alike(tenant string, a, b map[string]string) bool {
	return l.p.Load().Alike(tenant, a, b)
}

// noteExperiments tells whoever waits on changed that the experiments are others now.
func (c *converse) noteExperiments() {
	select {
	case c.changed <- struct{}{}:
	default: // they have not looked yet
	}
}

// tellExperiments gives the definitions of experiments to the analytics process, whenever they change, until the analyst is closed: their results are
// worked out there, and it cannot read documents.
func (a *analyst) tellExperiments(c *converse) {
	ctx, cancel := context.WithCancel(context.Background())
	feeding := a.cancel
	a.cancel = func() { feeding(); cancel() }
	c.noteExperiments()
	a.wg.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-c.changed:
			}
			if err := a.postExperiments(ctx, c.experiments.All()); err != nil && ctx.Err() == nil {
				a.log.Debug("the analytics process does not take the definitions of experiments yet", "error", err)
				c.noteExperiments()
				wait(ctx, 2*time.Second)
			}
		}
	})
}

func (a *analyst) postExperiments(ctx context.Context, all []*experiment.Experiment) error {
	body, err := json.Marshal(all)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, socketURL+"/internal/experiments", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := a.client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		return errors.New(res.Status)
	}
	return nil
}

// answers tells why a bundle, by id or role, cannot answer.
func (r registry) answers(name string) error {
	lease, err := r.Acquire(name)
	if err != nil {
		return errors.New("the bundle " + name + " is not loaded")
	}
	lease.Release()
	return nil
}
