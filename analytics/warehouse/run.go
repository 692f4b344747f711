package warehouse

import (
	"context"
	"time"
)

// RunOptions say how often the work of a warehouse that is fed all the time is done.
type RunOptions struct {
	Refresh time.Duration // least time between two refreshes while events come. Default 500 ms
	Idle    time.Duration // longest time between two, so that sessions end. Default 15 s
	Seal    time.Duration // between two looks for hours that are over. Default 1 minute; negative = never
}

func (o RunOptions) withDefaults() RunOptions {
	if o.Refresh <= 0 {
		o.Refresh = 500 * time.Millisecond
	}
	if o.Idle <= 0 {
		o.Idle = 15 * time.Second
	}
	if o.Seal == 0 {
		o.Seal = time.Minute
	}
	return o
}

// Run refreshes, seals and forgets until ctx is done. changed is sent to (without waiting) when events were taken in. Faults are logged and tried
// again. A refresh never takes more than a third of the time, so that a busy warehouse has room for events and questions.
func (w *Warehouse) Run(ctx context.Context, changed <-chan struct{}, o RunOptions) {
	o = o.withDefaults()
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.runSeal(ctx, o)
	}()
	w.runRefresh(ctx, changed, o)
	<-done
}

func (w *Warehouse) runRefresh(ctx context.Context, changed <-chan struct{}, o RunOptions) {
	for ctx.Err() == nil {
		began := time.Now()
		if err := w.Refresh(ctx); err != nil && ctx.Err() == nil {
			w.opts.Log.Error("sessions and roll-ups are behind", "dir", w.opts.Dir, "error", err)
		}
		if !pause(ctx, max(o.Refresh, 2*time.Since(began)), nil) || !pause(ctx, o.Idle, changed) {
			return
		}
	}
}

func (w *Warehouse) runSeal(ctx context.Context, o RunOptions) {
	if o.Seal < 0 {
		return
	}
	for pause(ctx, o.Seal, nil) {
		s, err := w.Seal(ctx, SealOptions{})
		if err == nil {
			err = w.Forget(ctx)
		}
		switch {
		case ctx.Err() != nil:
		case err != nil:
			w.opts.Log.Error("the lake is behind", "dir", w.lake.Dir(), "error", err)
		case s.Files > 0:
			w.opts.Log.Info("sealed", "files", s.Files, "rows", s.Rows, "position", s.Position)
		}
	}
}

// pause waits for d or early, and reports whether ctx still runs.
func pause(ctx context.Context, d time.Duration, early <-chan struct{}) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-early:
	case <-t.C:
	}
	return true
}
