// Package finetune trains an encoder and its heads together, on the CPU, without Python: forward and backward pass are one ONNX graph
// (package grad) that ONNX Runtime executes; batches, optimiser and schedule are here.
//
// The word-embedding table stays outside the graph: a batch carries the rows it needs. The table of a pretrained encoder covers far more words than
// a corpus shows, so by default it is left as it is; see [Options].
//
// A run is a pure function of its rows, options, start weights, number of threads and library versions: everything random follows from the seed and
// the number of the step. That is what makes resuming exact.
package finetune

import (
	"errors"
	"fmt"
	"time"
)

// Row is a text to learn from. Any subset of heads may have targets; a head without targets learns nothing from the row.
type Row struct {
	// IDs are the token ids, special ones included.
	IDs []int64
	// Segments are token sets whose mean state the intents head reads. The first is the whole text.
	Segments []Segment
	// Emotion is the target of the emotion head on the whole text; empty = not labelled.
	Emotion []Target
	// Several is the target of the head that tells messages of one wish (class 0) from those of several (class 1); empty = not known.
	Several []Target
	// Tags are the targets of the entities head, a list a token; nil = not marked. A token with an empty list is not counted.
	Tags [][]Target
	// Hidden, if a teacher's states are to be matched, tokens × width; else nil.
	Hidden []float32
}

// Segment is a part of a text with the intents it expresses.
type Segment struct {
	Tokens []int // positions; nil = all
	Target []Target
}

// Target is a class and how much it counts. The weights of one place need not sum to 1: the sum is the weight of the place.
type Target struct {
	Class  int32
	Weight float32
}

// Options tune a run.
type Options struct {
	// Epochs over all rows.
	Epochs int
	// Batch is the number of rows of a step, Tokens the number of tokens (padding included) it may have; a step ends at whichever comes first.
	Batch, Tokens int
	// Accumulate is how many steps' gradients make one update. Default 1.
	Accumulate int
	// Rate is the peak learning rate of the encoder, HeadRate that of the heads.
	Rate, HeadRate float64
	// LayerDecay multiplies the rate once a layer from the top down (Howard & Ruder 2018); 1 = all alike.
	LayerDecay float64
	// Warmup is the share of updates in which the rates climb from 0; they then fall linearly to 0.
	Warmup float64
	// Decay is AdamW's weight decay of matrices; biases and norms have none.
	Decay float64
	// Clip bounds the norm of the whole gradient.
	Clip float64
	// Dropout is the share of the encoder's sublayer outputs and of the heads' input that is set to zero in training.
	Dropout float64
	// Smoothing moves this share of each target to all classes (Szegedy et al. 2016).
	Smoothing float64
	// Freeze leaves the embeddings and the lowest layers as they are.
	Freeze int
	// Words trains the table of word embeddings too. It covers far more words than a corpus shows, so that words which were not seen in
	// training drift apart from those which were; and a table that was stored in few bits no longer fits them.
	Words bool
	// Intents, Emotion, Several, Entities and Hidden weigh the losses. A loss is a mean over rows.
	Intents, Emotion, Several, Entities, Hidden float64
	// Average is the number of last epochs over which the weights that are returned are averaged (Izmailov et al. 2018); 0 and 1 = the last ones.
	Average int
	// Patience stops the run when the validation score has not risen for as many epochs; 0 = never.
	Patience int
	// Seed of order, dropout and everything random.
	Seed uint64
	// Threads of ONNX Runtime and the optimiser. Results depend on it in the last bits. Default: all cores.
	Threads int
	// Checkpoint is the folder from which an interrupted run goes on, and where its state is kept; empty = not kept.
	Checkpoint string
	// Every is the time between checkpoints. Default 2 minutes.
	Every time.Duration
	// Progress is told of every update; may be nil.
	Progress func(Update)
}

// Update is what a run tells after each step.
type Update struct {
	Epoch, Epochs int
	Step, Steps   int     // of the whole run
	Loss          float64 // smoothed over about 50 steps
	Rate          float64 // of the encoder's top
	Rows          float64 // a second
	ETA           time.Duration
	Validation    float64 // last validation score; NaN before the first
}

// ErrDiverged is returned when the loss or the gradient is not a number.
var ErrDiverged = errors.New("the loss is not a number: lower the learning rate or check the labels")

// withDefaults fills what was left out.
func (o Options) withDefaults() Options {
	set := func(v *float64, to float64) {
		if *v == 0 {
			*v = to
		}
	}
	set(&o.LayerDecay, 1)
	set(&o.Clip, 1)
	set(&o.HeadRate, o.Rate)
	if o.Accumulate == 0 {
		o.Accumulate = 1
	}
	if o.Tokens == 0 {
		o.Tokens = 2048
	}
	if o.Every == 0 {
		o.Every = 2 * time.Minute
	}
	return o
}

func (o Options) validate() error {
	var errs []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	fault(o.Epochs < 1, "epochs %d: want 1 or more", o.Epochs)
	fault(o.Batch < 1, "batch %d: want 1 or more", o.Batch)
	fault(o.Tokens < 8, "tokens %d: want 8 or more", o.Tokens)
	fault(!(o.Rate >= 0 && o.HeadRate > 0), "rates %g and %g: must not be negative", o.Rate, o.HeadRate)
	fault(!(o.LayerDecay > 0 && o.LayerDecay <= 1), "layer_decay %g: want more than 0, at most 1", o.LayerDecay)
	fault(!(o.Warmup >= 0 && o.Warmup < 1), "warmup %g: want 0 to below 1", o.Warmup)
	fault(!(o.Dropout >= 0 && o.Dropout < 1), "dropout %g: want 0 to below 1", o.Dropout)
	fault(!(o.Smoothing >= 0 && o.Smoothing < 1), "smoothing %g: want 0 to below 1", o.Smoothing)
	fault(o.Accumulate < 1, "accumulate %d: want 1 or more", o.Accumulate)
	fault(o.Words && (o.Average > 1 || o.Patience > 0), "words cannot be trained with average or patience: only the last table is kept")
	return errors.Join(errs...)
}
