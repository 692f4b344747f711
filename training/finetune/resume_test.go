package finetune

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 77)) }

// interrupt runs until a step and is cancelled there; the checkpoint is in the folder, where there may already be one.
func interrupt(t *testing.T, spec Spec, rows []Row, o Options, folder string, at int, validate func(context.Context, *Model) (float64, error)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o.Checkpoint = folder
	o.Progress = func(u Update) {
		if u.Step == at {
			cancel()
		}
	}
	if _, err := Run(ctx, spec, rows, o, validate); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}

// TestResume: a run that was interrupted and goes on ends with the same weights, bit for bit, as one that was not.
func TestResume(t *testing.T) {
	o := mustOracle(t)
	spec, rows := o.spec(t), tinyRows(13, 12)
	score := func(_ context.Context, m *Model) (float64, error) { return -length(m.m.params[3].Value), nil }
	tests := []struct {
		name   string
		at     []int // steps at which it is interrupted, one after the other
		change func(o *Options)
	}{
		{"Plain", []int{3}, func(*Options) {}},
		{"FirstStep", []int{1}, func(*Options) {}},
		{"EndOfEpoch", []int{4}, func(*Options) {}},
		{"Twice", []int{2, 6}, func(*Options) {}},
		{"Dropout", []int{5}, func(o *Options) { o.Dropout = 0.2 }},
		{"Accumulate", []int{3}, func(o *Options) { o.Accumulate = 2 }},
		{"Average", []int{6}, func(o *Options) { o.Average = 2 }},
		{"Patience", []int{7}, func(o *Options) { o.Patience = 5 }},
		{"Threads", []int{3}, func(o *Options) { o.Threads = 2 }},
		{"Words", []int{3}, func(o *Options) { o.Words = true }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			options := tinyOptions()
			options.Epochs, options.Batch, options.Warmup, options.Decay = 2, 4, 0.3, 0.01
			tt.change(&options)
			straight := mustRun(t, spec, rows, options, score)
			dir := t.TempDir()
			for _, at := range tt.at {
				interrupt(t, spec, rows, options, dir, at, score)
			}
			again := options
			again.Checkpoint = dir
			r := mustRun(t, spec, rows, again, score)
			if r.Resumed != tt.at[len(tt.at)-1] || r.Steps != straight.Steps {
				t.Errorf("resumed at step %d of %d, want %d of %d", r.Resumed, r.Steps, tt.at, straight.Steps)
			}
			if !slices.Equal(r.Scores, straight.Scores) || r.FinalLoss != straight.FinalLoss {
				t.Errorf("scores %v and loss %v, want %v and %v", r.Scores, r.FinalLoss, straight.Scores, straight.FinalLoss)
			}
			for name, want := range weights(straight) {
				if !slices.Equal(r.Weights(name), want) {
					t.Errorf("%s differs by %.2g", name, gap(r.Weights(name), want))
				}
			}
			if !slices.Equal(r.Model.m.words, straight.Model.m.words) {
				t.Error("the word table differs")
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("after the run the folder has %v, %v", left, err)
			}
		})
	}
}

// TestSeeds: the same seed gives the same weights, another seed others.
func TestSeeds(t *testing.T) {
	o := mustOracle(t)
	spec, rows := o.spec(t), tinyRows(13, 13)
	options := tinyOptions()
	options.Batch, options.Dropout = 4, 0.1
	var runs []map[string][]float32
	for _, seed := range []uint64{1, 1, 2} {
		options.Seed = seed
		runs = append(runs, weights(mustRun(t, spec, rows, options, nil)))
	}
	same, differ := 0, 0
	for name, w := range runs[0] {
		if slices.Equal(w, runs[1][name]) {
			same++
		}
		if !slices.Equal(w, runs[2][name]) {
			differ++
		}
	}
	if same != len(runs[0]) || differ < len(runs[0])*9/10 {
		t.Errorf("of %d parameters %d are the same with the same seed, %d differ with another", len(runs[0]), same, differ)
	}
}

// TestCheckpointErrors: a checkpoint that is damaged, cut short or of another run is refused with a sentence that says what to do.
func TestCheckpointErrors(t *testing.T) {
	o := mustOracle(t)
	spec, rows := o.spec(t), tinyRows(13, 14)
	options := tinyOptions()
	options.Epochs, options.Batch = 2, 4
	dir := t.TempDir()
	interrupt(t, spec, rows, options, dir, 3, nil)
	good, err := os.ReadFile(filepath.Join(dir, checkpointFile))
	if err != nil {
		t.Fatal(err)
	}
	try := func(t *testing.T, data []byte, rows []Row, o Options, want string) {
		t.Helper()
		o.Checkpoint = t.TempDir()
		path := filepath.Join(o.Checkpoint, checkpointFile)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Run(t.Context(), spec, rows, o, nil); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "delete it") {
			t.Errorf("got %v, want %q", err, want)
		}
		if _, err := os.Stat(path); err != nil {
			t.Errorf("the checkpoint is gone: %v", err)
		}
	}
	for name, data := range map[string][]byte{"ErrEmpty": nil, "ErrNotJSON": []byte("hello\n"), "ErrNoLine": good[:20]} {
		t.Run(name, func(t *testing.T) { try(t, data, rows, options, "damaged") })
	}
	for _, n := range []int{len(good) - 1, len(good) / 2, slices.Index(good, '\n') + 1} {
		t.Run(fmt.Sprint("ErrCut", n), func(t *testing.T) { try(t, good[:n], rows, options, "cut short") })
	}
	foreign := map[string]func(rows []Row, o *Options){
		"Rows":   func(rows []Row, _ *Options) { rows[4].IDs[1]++ },
		"Target": func(rows []Row, _ *Options) { rows[4].Emotion[0].Weight = 0.5 },
		"Rate":   func(_ []Row, o *Options) { o.Rate *= 2 },
		"Seed":   func(_ []Row, o *Options) { o.Seed++ },
		"Epochs": func(_ []Row, o *Options) { o.Epochs++ },
	}
	for name, change := range foreign {
		t.Run("ErrOther"+name, func(t *testing.T) {
			other, o := tinyRows(13, 14), options
			change(other, &o)
			try(t, good, other, o, "belongs to a run with other data")
		})
	}
	t.Run("OK", func(t *testing.T) { // the folder, progress and interval are no part of the run
		o := options
		o.Checkpoint, o.Every, o.Progress = dir, 1, func(Update) {}
		if r := mustRun(t, spec, rows, o, nil); r.Resumed != 3 {
			t.Errorf("resumed at %d", r.Resumed)
		}
	})
}

// TestCheckpointDiskFull: the device that is always full stands in the place of the new checkpoint. The run says so, and the checkpoint that was
// there is still whole.
func TestCheckpointDiskFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skipf("SKIPPED, NOT TESTED: there is no device that is always full: %v", err)
	}
	o := mustOracle(t)
	spec, rows := o.spec(t), tinyRows(13, 14)
	options := tinyOptions()
	options.Epochs, options.Batch = 2, 4
	dir := t.TempDir()
	interrupt(t, spec, rows, options, dir, 3, nil)
	path := filepath.Join(dir, checkpointFile)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/full", path+".new"); err != nil {
		t.Fatal(err)
	}
	again := options
	again.Checkpoint, again.Every = dir, 1
	_, err = Run(t.Context(), spec, rows, again, nil)
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "write checkpoint to "+dir) {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadFile(path); err != nil || !slices.Equal(left, good) {
		t.Errorf("the checkpoint is no longer what it was: %d bytes, %v", len(left), err)
	}
	if r := mustRun(t, spec, rows, again, nil); r.Resumed != 3 {
		t.Errorf("with room again it goes on from step %d", r.Resumed)
	}
}
