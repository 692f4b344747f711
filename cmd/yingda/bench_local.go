package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"yingda/bench"
	"yingda/models"
	"yingda/models/batch"
	"yingda/models/ort"
	"yingda/nlu"
	"yingda/nlu/standard"
)

// Names of the subjects.
const (
	nameRaw      = "ONNX Runtime loop"
	namePipeline = "pipeline in process"
	nameServe    = "yingda serve"
	namePlain    = "FastAPI, plain"
	nameTuned    = "FastAPI, tuned"
	nameHugot    = "hugot, pure Go"
)

func withCount(name string, clients int) string {
	if clients == 1 {
		return name
	}
	return fmt.Sprintf("%s × %d", name, clients)
}

// local are the subjects in this process. The bare loop and the pipeline share one session.
type local struct {
	backend *ort.Backend
	engine  *standard.Engine
	texts   []string
	ids     [][]int64
}

func (b *benchmark) openLocal(ctx context.Context) (*local, error) {
	cores := runtime.GOMAXPROCS(0)
	tok, err := nlu.NewTokeniser(b.bundle)
	if err != nil {
		return nil, err
	}
	l := &local{texts: b.texts}
	for _, text := range b.texts {
		ids, _, err := tok.Encode(text)
		if err != nil {
			return nil, err
		}
		l.ids = append(l.ids, ids)
	}
	if l.backend, err = ort.Open(b.bundle, ort.Options{Slots: cores}); err != nil {
		return nil, err
	}
	l.engine, err = standard.New(ctx, b.bundle, l.backend, standard.Options{Once: b.once, Queue: batch.Options{Workers: cores}})
	return l, err
}

func (l *local) single() []*bench.Subject {
	return []*bench.Subject{l.raw(1), l.pipeline(1)}
}

func (l *local) loaded() []*bench.Subject {
	cores := runtime.GOMAXPROCS(0)
	return []*bench.Subject{l.raw(cores), l.pipeline(cores), l.pipeline(benchClients)}
}

// raw runs the model on ids made beforehand, one text a run: the ceiling of what a server without batching can do.
func (l *local) raw(workers int) *bench.Subject {
	batches := make([]models.Batch, workers)
	return &bench.Subject{Name: withCount(nameRaw, workers), Clients: workers,
		Do: func(_ context.Context, client, i int) (time.Duration, error) {
			b := &batches[client]
			b.Rows, b.Cols, b.IDs = 1, len(l.ids[i]), l.ids[i]
			for len(b.Mask) < b.Cols {
				b.Mask = append(b.Mask, 1)
			}
			b.Lens = append(b.Lens[:0], b.Cols)
			_, err := l.backend.Forward(context.Background(), &models.Batch{Rows: 1, Cols: b.Cols, IDs: b.IDs, Mask: b.Mask[:b.Cols], Lens: b.Lens})
			return 0, err
		}}
}

func (l *local) pipeline(callers int) *bench.Subject {
	return &bench.Subject{Name: withCount(namePipeline, callers), Clients: callers,
		Do: func(ctx context.Context, _, i int) (time.Duration, error) {
			as, err := l.engine.Analyse(ctx, nlu.Utterance{Text: l.texts[i]})
			if err != nil {
				return 0, err
			}
			return as[0].Timing.Inference, nil
		},
		Runs: func() (texts, runs int64) {
			s := l.engine.Stats()
			return s.Texts, s.Runs
		}}
}

// moduleVersion returns the version of a module in this binary.
func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path == path {
			return m.Version
		}
	}
	return ""
}
