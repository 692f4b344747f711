package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"yingda/models/ort"
	"yingda/training/encoder"
	"yingda/training/finetune"
)

// step is Yingda's side of "bench-train": it carries out the job and prints one line of JSON, as bench/train/torch_step.py does.
func (f *benchTrainFlags) step(ctx context.Context, std stdio) error {
	data, err := os.ReadFile(f.job)
	if err != nil {
		return err
	}
	var job trainJob
	if err := json.Unmarshal(data, &job); err != nil {
		return fmt.Errorf("bench-train: %s: %w", f.job, err)
	}
	if err := f.initORT(ctx, std.err); err != nil {
		return err
	}
	figures, err := job.run(ctx)
	if err != nil {
		return fmt.Errorf("bench-train: %w", err)
	}
	return json.NewEncoder(std.out).Encode(figures)
}

// run trains on one batch again and again. A step is the time from update to update: laying out the batch is part of it.
func (j *trainJob) run(ctx context.Context) (*trainFigures, error) {
	spec, err := j.spec()
	if err != nil {
		return nil, err
	}
	var rows []finetune.Row
	for i, ids := range j.IDs {
		rows = append(rows, finetune.Row{IDs: ids, Segments: []finetune.Segment{{Target: []finetune.Target{{Class: j.Labels[i], Weight: 1}}}}})
	}
	figures := &trainFigures{Version: "Yingda " + version() + ", ONNX Runtime " + ort.Version()}
	last, loading := time.Now(), 0.0
	o := finetune.Options{Epochs: j.Warm + j.Steps, Batch: len(rows), Tokens: len(rows) * len(j.IDs[0]), Rate: j.Rate, HeadRate: j.Rate, Decay: j.Decay, Clip: j.Clip,
		Intents: 1, Threads: j.Threads}
	o.Progress = func(u finetune.Update) {
		now := time.Now()
		if u.Step > j.Warm {
			figures.Milliseconds = append(figures.Milliseconds, float64(now.Sub(last).Microseconds())/1000)
		}
		if u.Step == 1 {
			figures.First = u.Loss
		}
		figures.Last = u.Loss
		if u.Step == j.Warm {
			debug.FreeOSMemory()
			loading = highWater()
			_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // resets VmHWM, see proc(5); elsewhere the two figures are the same
		}
		last = time.Now()
	}
	r, err := finetune.Run(ctx, spec, rows, o, nil)
	if err != nil {
		return nil, err
	}
	figures.StepsPeak = highWater()
	figures.Peak = max(loading, figures.StepsPeak)
	return figures, r.Close()
}

func (j *trainJob) spec() (finetune.Spec, error) {
	e, err := encoder.Load(j.Encoder)
	if err != nil {
		return finetune.Spec{}, err
	}
	m, width, err := e.Tap(j.Layers)
	if err != nil {
		return finetune.Spec{}, err
	}
	in := e.ModelSpec()
	return finetune.Spec{Model: m, Hidden: encoder.Hidden, Width: width, IDs: in.IDs, Mask: in.Mask, Pad: e.Config.Pad, Layer: e.LayerOf, Layers: j.Layers,
		Classes: finetune.Classes{Intents: j.Classes}}, nil
}

// highWater is the peak of the process's resident memory in MB; 0 where it cannot be told.
func highWater() float64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
			return kb / 1024
		}
	}
	return 0
}
