package finetune

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

// weights are those of a run that has ended.
func weights(r *Result) map[string][]float32 {
	all := map[string][]float32{}
	for _, p := range r.Model.m.params {
		all[p.Name] = slices.Clone(p.Value)
	}
	return all
}

func mustRun(tb testing.TB, spec Spec, rows []Row, o Options, validate func(context.Context, *Model) (float64, error)) *Result {
	tb.Helper()
	r, err := Run(context.Background(), spec, rows, o, validate)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := r.Close(); err != nil {
			tb.Error(err)
		}
	})
	return r
}

// TestAccumulate: two batches that are added up have the gradient of one of twice the size, and the loss their mean.
func TestAccumulate(t *testing.T) {
	o := mustOracle(t)
	rows := tinyRows(8, 3)
	for i := range rows {
		rows[i] = tinyRow(6, newRand(uint64(i)))
	}
	big := begin(t, o.spec(t), rows, tinyOptions())
	big.learnOf(t, indices(8)...)
	options := tinyOptions()
	options.Batch, options.Accumulate = 4, 2
	small := begin(t, o.spec(t), rows, options)
	small.learnOf(t, 6, 1, 3, 0)
	small.within++
	small.learnOf(t, 2, 7, 4, 5)
	got, want := small.gradients(), big.gradients()
	for name, w := range want {
		if e := gap(got[name], w); e > 1e-5 && !isKeyBias(name) {
			t.Errorf("the gradient of %s is off by %.2g", name, e)
		}
	}
}

// TestMixedHeads: a batch in which each row is labelled for another head has the mean of the rows' gradients, and a head learns nothing from rows that are
// not labelled for it.
func TestMixedHeads(t *testing.T) {
	o := mustOracle(t)
	rows := tinyRows(3, 4)
	rows[0].Emotion, rows[0].Tags = nil, nil
	rows[1].Segments[0].Target, rows[1].Tags = nil, nil
	rows[2].Segments, rows[2].Emotion = nil, nil
	r := begin(t, o.spec(t), rows, tinyOptions())
	sum := map[string][]float32{}
	heads := [][]string{{IntentWeight, IntentBias}, {EmotionWeight, EmotionBias}, {TagWeight + "0", TagWeight + "1", TagWeight + "2", TagBias}}
	for i := range rows {
		r.learnOf(t, i)
		g := r.gradients()
		for k, names := range heads {
			for _, name := range names {
				if n := length(g[name]); (n > 0) != (k == i) {
					t.Errorf("row %d: the gradient of %s has length %g", i, name, n)
				}
			}
		}
		for name, x := range g {
			if sum[name] == nil {
				sum[name] = make([]float32, len(x))
			}
			for k, v := range x {
				sum[name][k] += v / 3
			}
		}
	}
	r.learnOf(t, 0, 1, 2)
	for name, got := range r.gradients() {
		if e := gap(got, sum[name]); e > 1e-5 && !isKeyBias(name) {
			t.Errorf("the gradient of %s is off by %.2g", name, e)
		}
	}
}

// TestFreeze: what is frozen stays as it is, to the bit; the rest moves.
func TestFreeze(t *testing.T) {
	o := mustOracle(t)
	spec := o.spec(t)
	options := tinyOptions()
	options.Freeze, options.Dropout, options.Epochs = 1, 0.1, 2
	r := mustRun(t, spec, tinyRows(20, 5), options, nil)
	applied := r.Apply(spec.Model)
	for _, p := range o.Parameters {
		isHead := strings.HasPrefix(p.Name, "head.")
		frozen := !isHead && tinyLayer(p.Name) <= 1
		w := r.Weights(p.Name)
		if frozen != (w == nil) {
			t.Errorf("%s: frozen %t, trained %t", p.Name, frozen, w != nil)
		}
		if isHead {
			continue
		}
		if same := slices.Equal(applied.Graph.Initializer(p.Name).Floats(), p.Value); same != frozen && !isKeyBias(p.Name) {
			t.Errorf("%s: frozen %t, the same %t", p.Name, frozen, same)
		}
		if !slices.Equal(spec.Model.Graph.Initializer(p.Name).Floats(), p.Value) {
			t.Errorf("%s of the start model was changed", p.Name)
		}
	}
}

// TestLearns: a run lowers the loss, and what Predict says of a text does not depend on its neighbours.
func TestLearns(t *testing.T) {
	o := mustOracle(t)
	options := tinyOptions()
	options.Epochs, options.Batch, options.Threads = 30, 4, 2
	var first, last float64
	options.Progress = func(u Update) {
		if u.Step == 1 {
			first = u.Loss
		}
		last = u.Loss
		if u.Steps != 60 || u.Epochs != 30 || u.Epoch != (u.Step+1)/2 {
			t.Errorf("progress %+v", u)
		}
	}
	rows := tinyRows(8, 6)
	r := mustRun(t, o.spec(t), rows, options, nil)
	if last > 0.6*first || r.Steps != 60 || r.Resumed != 0 {
		t.Errorf("loss %g to %g in %d steps", first, last, r.Steps)
	}
	var texts [][]int64
	for _, row := range rows {
		texts = append(texts, row.IDs)
	}
	all, err := r.Model.Predict(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range texts {
		one, err := r.Model.Predict(t.Context(), [][]int64{text})
		if err != nil {
			t.Fatal(err)
		}
		a, b := all[i], one[0]
		for _, pair := range [][2][]float32{{a.Intents, b.Intents}, {a.Emotion, b.Emotion}, {a.IntentTokens, b.IntentTokens}, {a.Tags, b.Tags}} {
			if len(pair[0]) != len(pair[1]) || gap(pair[0], pair[1]) > 1e-5 {
				t.Errorf("text %d: %v alone, %v in a batch", i, pair[1], pair[0])
			}
		}
		if len(one[0].Tags) != 4*len(text) || len(one[0].IntentTokens) != 5*len(text) {
			t.Errorf("text %d of %d tokens has %d tag scores", i, len(text), len(one[0].Tags))
		}
	}
}

// TestDiverged: a loss that is not a number ends the run.
func TestDiverged(t *testing.T) {
	o := mustOracle(t)
	spec := o.spec(t)
	start := map[string][]float32{IntentWeight: slices.Clone(spec.Start[IntentWeight])}
	start[IntentWeight][3] = float32(math.NaN())
	spec.Start = start
	_, err := Run(t.Context(), spec, tinyRows(4, 7), tinyOptions(), nil)
	if !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), "step 1") {
		t.Errorf("got %v", err)
	}
}

func TestRunErrors(t *testing.T) {
	o := mustOracle(t)
	rows := tinyRows(4, 8)
	tests := []struct {
		name, want string
		change     func(s *Spec, rows *[]Row, o *Options)
	}{
		{"ErrRows", "no rows", func(_ *Spec, rows *[]Row, _ *Options) { *rows = nil }},
		{"ErrEpochs", "epochs 0", func(_ *Spec, _ *[]Row, o *Options) { o.Epochs = 0 }},
		{"ErrBatch", "batch -1", func(_ *Spec, _ *[]Row, o *Options) { o.Batch = -1 }},
		{"ErrRate", "rates", func(_ *Spec, _ *[]Row, o *Options) { o.Rate, o.HeadRate = math.NaN(), 0 }},
		{"ErrDropout", "dropout 1", func(_ *Spec, _ *[]Row, o *Options) { o.Dropout = 1 }},
		{"ErrWarmup", "warmup 1", func(_ *Spec, _ *[]Row, o *Options) { o.Warmup = 1 }},
		{"ErrWords", "words cannot be trained with average or patience", func(_ *Spec, _ *[]Row, o *Options) { o.Words, o.Patience = true, 2 }},
		{"ErrAll", "smoothing", func(_ *Spec, _ *[]Row, o *Options) { o.Smoothing, o.LayerDecay, o.Accumulate, o.Tokens = 1, 2, -1, 1 }},
		{"ErrIDs", `no Gather reads the token ids "other"`, func(s *Spec, _ *[]Row, _ *Options) { s.IDs = "other" }},
		{"ErrNothing", "nothing to train", func(s *Spec, _ *[]Row, o *Options) { s.Classes, o.Freeze, o.Hidden = Classes{}, 9, 0 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			spec, options, r := o.spec(t), tinyOptions(), rows
			tt.change(&spec, &r, &options)
			_, err := Run(t.Context(), spec, r, options, nil)
			if err == nil || !strings.HasPrefix(err.Error(), "fine-tune: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestNoRule: an operator that cannot be differentiated is named.
func TestNoRule(t *testing.T) {
	o := mustOracle(t)
	spec := o.spec(t)
	for _, n := range spec.Model.Graph.Nodes {
		if n.Op == "Gelu" {
			n.Op = "Mish"
		}
	}
	if _, err := Run(t.Context(), spec, tinyRows(4, 9), tinyOptions(), nil); err == nil || !strings.Contains(err.Error(), "operator Mish") {
		t.Errorf("got %v", err)
	}
}

// TestValidation: the weights of the best epoch come back when patience is given, those of the last one otherwise, and a mean when one is asked for.
func TestValidation(t *testing.T) {
	o := mustOracle(t)
	spec, rows := o.spec(t), tinyRows(12, 10)
	var kept []map[string][]float32
	scores := []float64{0.5, 0.8, 0.7, 0.6, 0.9}
	validate := func(_ context.Context, m *Model) (float64, error) {
		now := map[string][]float32{}
		for _, p := range m.m.params {
			now[p.Name] = slices.Clone(p.Value)
		}
		kept = append(kept, now)
		return scores[len(kept)-1], nil
	}
	check := func(r *Result, epochs, best int, want map[string][]float32) {
		t.Helper()
		if len(r.Scores) != epochs || r.Best != best {
			t.Errorf("scores %v, best %d; want %d and %d", r.Scores, r.Best, epochs, best)
		}
		for name, w := range weights(r) {
			if gap(w, want[name]) > 1e-6 {
				t.Errorf("%s is that of another epoch", name)
			}
		}
	}
	options := tinyOptions()
	options.Epochs = 5
	r := mustRun(t, spec, rows, options, validate)
	check(r, 5, 4, kept[4])
	kept, options.Patience = nil, 2
	r = mustRun(t, spec, rows, options, validate)
	check(r, 4, 1, kept[1])
	kept, options.Patience, options.Average = nil, 0, 3
	r = mustRun(t, spec, rows, options, validate)
	want := map[string][]float32{}
	for name, w := range kept[4] {
		mean := make([]float32, len(w))
		for i := range w {
			mean[i] = (kept[2][name][i] + kept[3][name][i] + w[i]) / 3
		}
		want[name] = mean
	}
	check(r, 5, 4, want)
	failed := errors.New("no")
	if _, err := Run(t.Context(), spec, rows, options, func(context.Context, *Model) (float64, error) { return 0, failed }); !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
}

// TestAverageStopped: weights are averaged over the epochs there were, also when patience ends the run early.
func TestAverageStopped(t *testing.T) {
	o := mustOracle(t)
	options := tinyOptions()
	options.Epochs, options.Average, options.Patience = 5, 3, 1
	epoch := 0
	r := mustRun(t, o.spec(t), tinyRows(12, 11), options, func(context.Context, *Model) (float64, error) {
		epoch++
		return []float64{1, 2, 3, 1, 1}[epoch-1], nil
	})
	name := "encoder.layer.0.output.LayerNorm.weight"
	if got, start := length(r.Weights(name)), length(o.parameter(name).Value); got < 0.9*start {
		t.Errorf("%s has length %g, was %g at the start", name, got, start)
	}
}
