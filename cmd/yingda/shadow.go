package main

import (
	"context"
	"log/slog"
	"runtime"

	"yingda/models"
	"yingda/nlu"
	"yingda/nlu/shadow"
)

// newMirror runs the registry's shadow on a share of the champion's requests. It waits while the champion has so many requests that no core
// would be left for them.
func newMirror(r registry, share float64, log *slog.Logger) (*shadow.Mirror, error) {
	spare := int64(max(1, runtime.GOMAXPROCS(0)-1))
	return shadow.New(shadow.Options{
		Share: share,
		Log:   log,
		Compared: func(first, second *nlu.Analysis) {
			if p := r.changed.pairs.Load(); p != nil {
				p.Compared(first, second)
			}
		},
		Busy: func() bool { return r.Requests(models.Champion) >= spare },
		Parse: func(ctx context.Context, us []nlu.Utterance) ([]*nlu.Analysis, error) {
			lease, err := r.Acquire(string(models.Shadow))
			if err != nil {
				return nil, err
			}
			defer lease.Release()
			return lease.Engine.Analyse(ctx, us...)
		},
	})
}
