package experiment

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"yingda/dialogue"
)

// Advice is what results say about the weights of a bandit.
type Advice struct {
	Weights map[string]float64 // by variant, sum 1; nil = they stay as they are, for the reason Why
	Best    map[string]float64 // chance of being the best variant
	Through time.Time          // events up to here were counted
	Why     string             // in words: what the weights rest on, or why there are none
}

// Adviser asks for the results of a running experiment. An error means that they cannot be had now.
type Adviser func(ctx context.Context, e *Experiment) (Advice, error)

// Steering sets the weights of experiments that ask for it ([Bandit].Apply) by their results. Without results, while analytics is down, weights stay as
// they are. Of several replicas the first one sets them, the others find them set. It is for one goroutine.
type Steering struct {
	s    *Service
	ask  Adviser
	next map[string]time.Time // by document name: when to ask again
}

// Steerer is who sets weights in the history of an experiment.
const Steerer = "bandit"

const (
	leastMove  = 0.01            // weights that move less are left as they are
	askTimeout = time.Minute     // for one answer
	maxPhases  = 3000            // of an experiment: its document is read at every change
	askAgain   = 5 * time.Minute // after one that failed
)

// Steer returns the steering of all experiments of this service.
func (s *Service) Steer(ask Adviser) *Steering {
	return &Steering{s: s, ask: ask, next: map[string]time.Time{}}
}

// Run looks every tick whether an experiment is due, until ctx is done.
func (st *Steering) Run(ctx context.Context, tick time.Duration) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			st.Pass(ctx)
		}
	}
}

// Pass sets the weights of the experiments that are due.
func (st *Steering) Pass(ctx context.Context) {
	for _, e := range st.s.All() {
		if e.State != Running || e.Bandit == nil || e.Bandit.Apply <= 0 || ctx.Err() != nil {
			continue
		}
		every, key, now := e.Bandit.Apply.Std(), docName(e.Tenant, e.Name), st.s.o.Now()
		if now.Before(st.next[key]) || now.Before(e.weighed(now).Add(every)) {
			continue
		}
		st.next[key] = now.Add(every)
		log := st.s.o.Log.With("tenant", e.Tenant, "experiment", e.Name)
		did, err := st.steer(ctx, e)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, dialogue.ErrConflict): // somebody was faster: what they set is known in a moment
			log.Debug("weights were set by another replica or a person", "error", err)
		case err != nil:
			st.next[key] = now.Add(min(every, askAgain))
			log.Warn("the weights of a bandit stay as they are: its results cannot be had", "again_in", min(every, askAgain), "error", err)
		default:
			log.Info("a bandit looked at its results", "outcome", did)
		}
	}
}

// steer asks for one experiment's results and sets its weights by them. It returns what was done, in words.
func (st *Steering) steer(ctx context.Context, e *Experiment) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	a, err := st.ask(ctx, e)
	if err != nil {
		return "", err
	}
	if a.Weights == nil {
		return "the weights stay: " + a.Why, nil
	}
	now := st.s.o.Now()
	if !a.Through.After(e.weighed(now)) {
		return fmt.Sprintf("the weights stay: nothing has been counted since they were set; events are counted up to %s", a.Through.UTC().Format(time.RFC3339)), nil
	}
	if len(e.Phases) >= maxPhases {
		return fmt.Sprintf("the weights stay: they were set %d times; stop it, or begin another with a longer bandit.apply", maxPhases), nil
	}
	phase, ok := e.Phase(now)
	if !ok {
		return "the weights stay: it has not begun", nil
	}
	shares := make([]float64, len(e.Variants))
	for i, name := range e.Names() {
		shares[i] = a.Weights[name]
	}
	shares = Floor(shares, e.Bandit.Floor)
	moved := 0.0
	for i := range shares {
		if !within(shares[i], 0, 1) {
			return "", fmt.Errorf("%w: results give %s a weight of %v", ErrInput, e.Variants[i].Name, shares[i])
		}
		moved = math.Max(moved, math.Abs(shares[i]-phase.Weights[i]))
	}
	if moved < leastMove {
		return "the weights stay: none would move by a hundredth", nil
	}
	why := st.reason(e, a, phase.Weights, shares)
	_, err = st.s.SetWeights(ctx, Edit{Tenant: e.Tenant, Name: e.Name, Revision: e.Revision, By: Steerer, Reason: why}, a.Weights)
	return "set: " + why, err
}

// reason is what the history says.
func (st *Steering) reason(e *Experiment, a Advice, was, now []float64) string {
	var parts []string
	for i, name := range e.Names() {
		parts = append(parts, fmt.Sprintf("%s %.3f → %.3f (best with %.1f %%)", name, was[i], now[i], 100*a.Best[name]))
	}
	return strings.Join(parts, ", ") + "; " + a.Why
}

// weighed is when the weights in force were set.
func (e *Experiment) weighed(now time.Time) time.Time {
	at := e.Started
	for i, p := range e.Phases {
		if i > 0 && !p.Since.After(now) && !slices.Equal(p.Weights, e.Phases[i-1].Weights) {
			at = p.Since
		}
	}
	return at
}
