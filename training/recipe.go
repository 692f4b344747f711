package training

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"

	"gopkg.in/yaml.v3"

	"yingda/training/encoder"
)

// Recipe is everything that decides what a training run makes, but the data and the encoder.
type Recipe struct {
	// Name and Version of the bundle.
	Name    string `yaml:"name"`
	Version string `yaml:"version"`
	// Languages the corpus is written in.
	Languages []string `yaml:"languages"`
	// Layers of the encoder whose states the heads read, side by side; 1 is the lowest. What lies above the highest is cut off.
	Layers []int `yaml:"layers"`
	// Fold is done to the text before it is tokenised: simplify, lower, squeeze.
	Fold []string `yaml:"fold"`
	// Characters reads every Chinese character as a token of its own: slower, and entities may begin and end anywhere.
	Characters bool `yaml:"characters"`
	// Prefix goes before every text, as the encoder was pretrained, e.g. "query: ". It costs tokens; empty is faster.
	Prefix string `yaml:"prefix"`
	// MaxTokens is the longest text the bundle reads.
	MaxTokens int `yaml:"max_tokens"`
	// Quantise stores matrices as int8 and the embedding table in 4-bit blocks.
	Quantise bool `yaml:"quantise"`
	// Int8 computes the encoder's products in 8-bit integers, with scales fixed by calibration on the corpus.
	Int8 bool `yaml:"int8"`
	// Folds of the cross-validation that calibration is fitted on.
	Folds int `yaml:"folds"`
	// Pairs is how many messages are put together from two examples, to teach what each part means beside the other.
	Pairs int `yaml:"pairs"`
	// Seed of everything random.
	Seed uint64 `yaml:"seed"`

	Intents LinearRecipe `yaml:"intents"`
	Emotion LinearRecipe `yaml:"emotion"`
	// Several tunes the head that tells messages of one wish from those of several; skipped unless a recipe says "skip: false".
	Several  LinearRecipe `yaml:"several"`
	Entities TaggerRecipe `yaml:"entities"`

	// Finetune trains encoder and heads together after the heads were fitted on the frozen encoder. Epochs 0 leaves the encoder frozen.
	Finetune FinetuneRecipe `yaml:"finetune"`
}

// FinetuneRecipe tunes the training of the encoder; see package finetune for the meaning of the shared fields.
type FinetuneRecipe struct {
	Epochs     int     `yaml:"epochs"`
	Batch      int     `yaml:"batch"`
	Rate       float64 `yaml:"rate"`
	HeadRate   float64 `yaml:"head_rate"`
	LayerDecay float64 `yaml:"layer_decay"`
	Warmup     float64 `yaml:"warmup"`
	Decay      float64 `yaml:"decay"`
	Dropout    float64 `yaml:"dropout"`
	Smoothing  float64 `yaml:"smoothing"`
	Words      bool    `yaml:"words"`   // train the word embeddings too
	Freeze     int     `yaml:"freeze"`  // lowest layers left as they are, with the embeddings
	Average    int     `yaml:"average"` // last epochs whose weights are averaged
	Patience   int     `yaml:"patience"`
	// Intents, Emotion, Several and Entities weigh the heads' losses.
	Intents  float64 `yaml:"intents"`
	Emotion  float64 `yaml:"emotion"`
	Several  float64 `yaml:"several"`
	Entities float64 `yaml:"entities"`
	// HoldOut is the share of the corpus that is not trained on: calibration, thresholds and early stopping are judged by it.
	HoldOut float64 `yaml:"hold_out"`
	// Noise is the share of examples that are also learnt from with typing, case, punctuation and speech-recognition errors.
	Noise float64 `yaml:"noise"`
	// Background is the weight with which the clauses around a message's one intent are learnt as out of scope; 0 = they are not. See backgroundSegments.
	Background float64 `yaml:"background"`
	// Teacher is the folder of a bundle of the same labels, usually deeper, whose answers are learnt beside the labels; empty = none.
	Teacher      string  `yaml:"teacher"`
	TeacherShare float64 `yaml:"teacher_share"` // of each target that is the teacher's answer, 0–1
	TeacherHeat  float64 `yaml:"teacher_heat"`  // temperature that softens the teacher's probabilities, 1 or more
}

// LinearRecipe tunes a logistic regression.
type LinearRecipe struct {
	L2      float64 `yaml:"l2"`       // strength of the penalty on standardised features
	MaxIter int     `yaml:"max_iter"` // iterations of L-BFGS at most
	Skip    bool    `yaml:"skip"`     // leave the head out
}

// TaggerRecipe tunes the entity tagger.
type TaggerRecipe struct {
	Types   []string `yaml:"types"` // entity types the model finds; empty = those the taxonomy gives to models
	Epochs  int      `yaml:"epochs"`
	Rate    float64  `yaml:"rate"`
	L2      float64  `yaml:"l2"`
	Outside float64  `yaml:"outside"` // weight of tokens outside entities
	// CRF fits whole tag sequences, transitions included, instead of each token by itself; only for heads on an encoder that is left as it is.
	CRF  bool `yaml:"crf"`
	Skip bool `yaml:"skip"`
}

// DefaultRecipe is what fields that a recipe file leaves out are.
func DefaultRecipe() Recipe {
	return Recipe{
		Name: "custom", Version: "1", MaxTokens: 512, Quantise: true, Folds: 4, Seed: 1, Fold: []string{"simplify", "squeeze"},
		Intents:  LinearRecipe{L2: 0.03, MaxIter: 100},
		Emotion:  LinearRecipe{L2: 0.1, MaxIter: 100},
		Several:  LinearRecipe{L2: 0.1, MaxIter: 100, Skip: true},
		Entities: TaggerRecipe{Epochs: 10, Rate: 2e-3, L2: 1e-2, Outside: 1},
		Finetune: FinetuneRecipe{Batch: 32, Rate: 1e-4, HeadRate: 1e-3, LayerDecay: 0.95, Warmup: 0.1, Decay: 0.01, Dropout: 0.1,
			Intents: 1, Emotion: 0.5, Several: 0.5, Entities: 0.5, HoldOut: 0.08, TeacherShare: 0.5, TeacherHeat: 1},
	}
}

// LoadRecipe reads a recipe file over the defaults. Unknown fields and impossible values are refused, all at once.
func LoadRecipe(path string) (Recipe, error) {
	r := DefaultRecipe()
	data, err := os.ReadFile(path)
	if err != nil {
		return r, fmt.Errorf("load recipe: %w", err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&r); err != nil && !errors.Is(err, io.EOF) {
		return r, fmt.Errorf("load recipe %s: %w", path, err)
	}
	if err := r.Validate(); err != nil {
		return r, fmt.Errorf("load recipe %s: %w", path, err)
	}
	return r, nil
}

// reading is the encoder as the recipe wants texts to be read.
func (r *Recipe) reading(e *encoder.Encoder) (*encoder.Encoder, error) {
	if !r.Characters {
		return e, nil
	}
	return e.Characters()
}

// bundleName is what the manifest will accept; see package models.
var bundleName = regexp.MustCompile(`^[a-z0-9_][a-z0-9._-]{0,63}$`)

// Validate reports all faults.
func (r *Recipe) Validate() error {
	var errs []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	fault(!bundleName.MatchString(r.Name), "name %q must be 1–64 characters of a–z, 0–9, '-', '_' and '.'", r.Name)
	fault(r.MaxTokens < 8 || r.MaxTokens > 8192, "max_tokens %d: want 8–8192", r.MaxTokens)
	fault(r.Folds < 2 || r.Folds > 20, "folds %d: want 2–20", r.Folds)
	fault(r.Pairs < 0, "pairs %d: want 0 or more", r.Pairs)
	for _, f := range r.Fold {
		fault(!slices.Contains([]string{"simplify", "lower", "squeeze"}, f), "fold %q: known are simplify, lower, squeeze", f)
	}
	fault(!(r.Intents.L2 > 0 && r.Emotion.L2 > 0 && r.Several.L2 > 0), "l2 must be greater than 0")
	fault(r.Intents.MaxIter <= 0 || r.Emotion.MaxIter <= 0 || r.Several.MaxIter <= 0, "max_iter must be greater than 0")
	fault(r.Entities.Epochs <= 0 || !(r.Entities.Rate > 0 && r.Entities.Outside > 0), "entities: epochs, rate and outside must be greater than 0")
	fault(r.Entities.CRF && r.Finetune.Epochs > 0, "entities: crf is for heads on an encoder that is left as it is; set finetune: epochs to 0")
	fault(r.Finetune.Epochs < 0, "finetune: epochs must not be negative")
	fault(!(r.Finetune.Background >= 0 && r.Finetune.Background <= 1), "finetune: background %g: want 0–1", r.Finetune.Background)
	fault(r.Finetune.Epochs > 0 && !(r.Finetune.HoldOut >= 0.01 && r.Finetune.HoldOut <= 0.5), "finetune: hold_out %g: want 0.01–0.5", r.Finetune.HoldOut)
	fault(!(r.Finetune.TeacherShare >= 0 && r.Finetune.TeacherShare <= 1), "finetune: teacher_share %g: want 0–1", r.Finetune.TeacherShare)
	for i, l := range r.Layers {
		fault(l < 1 || i > 0 && l <= r.Layers[i-1], "layers %v: want increasing numbers from 1", r.Layers)
	}
	return errors.Join(errs...)
}
