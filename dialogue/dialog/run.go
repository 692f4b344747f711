package dialog

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/engine"
	"yingda/dialogue/policy"
	"yingda/dialogue/standard"
)

// Options are what dialogs are played with. Parser, Pack and Dir are required.
type Options struct {
	// Parser understands messages: a bundle.
	Parser engine.Parser
	// Pack is the service pack: tasks, settings, scripts, follow-ups.
	Pack *standard.Pack
	// Knowledge answers what no task does; nil = nothing.
	Knowledge dialogue.Knowledge
	// Dir is a folder for logs, one a dialog; the caller removes it.
	Dir string
	// Workers is how many dialogs are played at a time. Default: as many as there are processors.
	Workers int
	// Progress is called after each dialog, by one goroutine at a time; nil = nobody wants to know.
	Progress func(done, total int)
}

// Result is what came of a dialog.
type Result struct {
	Dialog *Dialog
	Steps  []StepResult
	Err    error // that ended it early; nil when all steps were played
	Took   time.Duration
}

// StepResult is what came of a step.
type StepResult struct {
	Step    *Step
	Outcome *dialogue.Outcome // of a message, else nil
	Replies []dialogue.Reply  // that the customer saw in this step
	Calls   []dialogue.CallRecord
	Tracker *dialogue.Tracker // after it
	Faults  []Mismatch
}

// Passed tells whether everything was as expected.
func (r *Result) Passed() bool {
	if r.Err != nil {
		return false
	}
	for i := range r.Steps {
		if len(r.Steps[i].Faults) > 0 {
			return false
		}
	}
	return true
}

// OK tells whether the dialog passed, or failed and is known to.
func (r *Result) OK() bool { return r.Passed() == (r.Dialog.Known == "") && r.Err == nil }

// Run plays dialogs and returns a result each, in order. The error is about what all of them need, or ctx's; what goes wrong in one dialog is
// in its result.
func Run(ctx context.Context, o Options, dialogs []*Dialog) ([]Result, error) {
	if o.Parser == nil || o.Pack == nil || o.Dir == "" {
		return nil, errors.New("play dialogs: Options.Parser, Pack and Dir are required")
	}
	decide, err := policy.New(policy.Options{Tasks: o.Pack.Tasks, Settings: o.Pack.Settings, Knowledge: o.Knowledge, Same: o.Pack.Products.Same})
	if err != nil {
		return nil, fmt.Errorf("play dialogs: %w", err)
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	results := make([]Result, len(dialogs))
	next := make(chan int)
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range min(o.Workers, len(dialogs)) {
		wg.Go(func() {
			for i := range next {
				results[i] = play(ctx, &o, decide, i, dialogs[i])
				mu.Lock()
				if done++; o.Progress != nil {
					o.Progress(done, len(dialogs))
				}
				mu.Unlock()
			}
		})
	}
	for i := range dialogs {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	wg.Wait()
	return results, ctx.Err()
}

// play plays one dialog.
func play(ctx context.Context, o *Options, decide dialogue.Policy, n int, d *Dialog) (r Result) {
	began := time.Now()
	r.Dialog = d
	defer func() { r.Took = time.Since(began) }()
	s, err := openStage(ctx, o, decide, n, d)
	if err != nil {
		r.Err = err
		return r
	}
	defer s.close()
	for i := range d.Steps {
		got, err := s.step(ctx, &d.Steps[i])
		if err != nil {
			r.Err = fmt.Errorf("line %d: %w", d.Steps[i].Line, err)
			return r
		}
		got.check(ctx, s)
		r.Steps = append(r.Steps, got)
	}
	return r
}
