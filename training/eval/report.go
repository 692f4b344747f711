package eval

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
)

// ReportFormat is the version of the report's JSON. Fields are added without a new version, never renamed or given another meaning.
const ReportFormat = 1

// Float is a figure that may not exist: NaN (nothing to measure) is null in JSON. Written with six decimals.
type Float float64

// Valid tells whether there is a figure.
func (f Float) Valid() bool { return !math.IsNaN(float64(f)) }

// MarshalJSON implements json.Marshaler.
func (f Float) MarshalJSON() ([]byte, error) {
	v := float64(f)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, math.Round(v*1e6)/1e6, 'f', -1, 64), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (f *Float) UnmarshalJSON(data []byte) error {
	var v *float64
	if err := json.Unmarshal(data, &v); err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	if *f = Float(math.NaN()); v != nil {
		*f = Float(*v)
	}
	return nil
}

// Report is everything measured. Sections without labelled data are nil.
type Report struct {
	Format      int         `json:"format"`
	Data        string      `json:"data"`
	Fingerprint string      `json:"data_sha256"` // of the examples, see corpus.Fingerprint
	Bundle      string      `json:"bundle"`
	Cases       int         `json:"cases"`
	Headline    []Metric    `json:"headline"`
	Notes       []string    `json:"notes"` // what a reader must know, e.g. what is not counted
	Intents     *Intents    `json:"intents"`
	OutOfScope  *OutOfScope `json:"out_of_scope"`
	Emotion     *Emotion    `json:"emotion"`
	Entities    *Entities   `json:"entities"`
	Breakdown   []Slice     `json:"breakdown"`
	Confusions  []Confusion `json:"confusions"` // most frequent first
	Wrong       []Wrong     `json:"wrong"`      // in the order of the data
	Against     *Comparison `json:"against,omitempty"`
}

// Metric is a headline figure with its 95 % bootstrap interval.
type Metric struct {
	Name       string `json:"name"`  // stable, e.g. "intent_accuracy"
	Title      string `json:"title"` // for people
	Definition string `json:"definition"`
	Better     string `json:"better"` // "higher" or "lower"
	Value      Float  `json:"value"`
	Low        Float  `json:"low"`
	High       Float  `json:"high"`
	N          int    `json:"n"` // messages (for entities: marked entities) it is about
}

// Figure is a figure of a slice.
type Figure struct {
	Value Float `json:"value"`
	N     int   `json:"n"`
}

// PRF is precision, recall and their harmonic mean, with the counts behind them.
type PRF struct {
	Precision Float `json:"precision"`
	Recall    Float `json:"recall"`
	F1        Float `json:"f1"`
	Support   int   `json:"support"`   // in the data
	Predicted int   `json:"predicted"` // by the bundle
	Right     int   `json:"right"`     // both
}

// Label is one label's PRF.
type Label struct {
	Name  string `json:"name"`
	Group string `json:"group,omitempty"`
	PRF
}

// Intents is about wishes. Labels count every message: one wish, several, and out of scope.
type Intents struct {
	Single          int         `json:"single"`           // messages with one wish
	Multi           int         `json:"multi"`            // messages with several
	BestAccuracy    Float       `json:"best_accuracy"`    // one wish: the best of the intents answered is right; a superfluous second one is forgiven
	SuperfluousRate Float       `json:"superfluous_rate"` // one wish: more than one intent was answered
	MacroF1All      Float       `json:"macro_f1_all"`     // mean of the labels' F1 over all messages
	Multiple        PRF         `json:"multiple"`         // several wishes: precision and recall of the sets, pooled
	Labels          []Label     `json:"labels"`           // by name
	Calibration     Calibration `json:"calibration"`
}

// Point is a point of the ROC curve.
type Point struct {
	FalseAlarm Float `json:"false_alarm"` // share of in-scope messages at or above the threshold
	Recall     Float `json:"recall"`      // share of out-of-scope messages at or above it
	Threshold  Float `json:"threshold"`
}

// OutOfScope is about telling messages that no intent fits.
type OutOfScope struct {
	In        int     `json:"in"`        // messages with an intent
	Out       int     `json:"out"`       // messages without
	Precision Float   `json:"precision"` // share of messages not understood that are out of scope
	ROC       []Point `json:"roc"`       // thinned to about 200 points
	InHist    []int   `json:"in_hist"`   // out-of-scope scores of messages with an intent, 20 equal bins of 0–1
	OutHist   []int   `json:"out_hist"`
	// Kinds tells near and far out of scope apart, by the tags oos_near and oos_far of the examples.
	Kinds []OOSKind `json:"kinds,omitempty"`
}

// OOSKind is one kind of out-of-scope messages, set against all messages with an intent.
type OOSKind struct {
	Name   string `json:"name"` // "near" or "far"
	N      int    `json:"n"`    // messages of the kind
	AUROC  Float  `json:"auroc"`
	AUPR   Float  `json:"aupr"`
	FPR95  Float  `json:"fpr95"`
	Recall Float  `json:"recall"` // at the bundle's thresholds
}

// Calibration tells whether scores are the probabilities they claim to be.
type Calibration struct {
	N     int   `json:"n"`
	ECE   Float `json:"ece"`   // expected calibration error of the best answer, 15 bins of equal mass
	Brier Float `json:"brier"` // mean squared error of the whole distribution, 0–2
	Bins  []Bin `json:"bins"`
}

// Bin is a row of the reliability table.
type Bin struct {
	N        int   `json:"n"`
	Low      Float `json:"low"` // lowest and highest score in it
	High     Float `json:"high"`
	Score    Float `json:"score"`    // mean
	Accuracy Float `json:"accuracy"` // share of right answers
}

// Emotion is about how customers feel.
type Emotion struct {
	N           int         `json:"n"`
	Labels      []Label     `json:"labels"`
	Matrix      [][]int     `json:"matrix"` // [in the data][predicted], in the order of Names
	Names       []string    `json:"names"`
	Calibration Calibration `json:"calibration"`
}

// Entities is about marked spans. A find is right when type, start and end are right.
type Entities struct {
	Overall  PRF          `json:"overall"`
	Partial  PRF          `json:"partial"`  // type right and the spans overlap
	Groups   []Label      `json:"groups"`   // by who is to find them: model, rule, other
	Types    []EntityType `json:"types"`    // by name
	Excluded []Label      `json:"excluded"` // types in the data that nothing in the bundle can find
	Value    Figure       `json:"value"`    // of right spans whose value is in the data: the value is right
	Role     Figure       `json:"role"`     // of right spans whose role is in the data: the role is right
}

// EntityType is one type's figures.
type EntityType struct {
	Label
	Partial PRF    `json:"partial"`
	Value   Figure `json:"value"`
}

// Slice holds the headline figures of a part of the data.
type Slice struct {
	By      string            `json:"by"` // "tag", "language", "length", "group"
	Name    string            `json:"name"`
	N       int               `json:"n"`
	Figures map[string]Figure `json:"figures"` // by metric name; figures without data are left out
}

// NoIntent stands for out of scope or not understood where confusions are listed.
const NoIntent = "none"

// Confusion is one kind of mistake. "none" stands for out of scope or not understood, "a+b" for a superfluous intent.
type Confusion struct {
	Gold      string   `json:"gold"`
	Predicted string   `json:"predicted"`
	Count     int      `json:"count"`
	Examples  []string `json:"examples"` // up to 5
}

// Wrong is a message with at least one mistake.
type Wrong struct {
	Origin           string       `json:"origin"`
	Text             string       `json:"text"`
	Lang             string       `json:"lang,omitempty"`
	Tags             []string     `json:"tags,omitempty"`
	Mistakes         []string     `json:"mistakes"` // "intents", "emotion", "entities"
	Intents          []string     `json:"intents"`
	PredictedIntents []string     `json:"predicted_intents"`
	Ranking          []Scored     `json:"ranking"` // the three best intents
	OOS              Float        `json:"oos"`
	Emotion          string       `json:"emotion,omitempty"`
	PredictedEmotion string       `json:"predicted_emotion,omitempty"`
	Missed           []EntityText `json:"missed,omitempty"`   // entities of the data that were not found
	Spurious         []EntityText `json:"spurious,omitempty"` // finds that are not in the data
}

// Scored is a label with its score.
type Scored struct {
	Label string `json:"label"`
	Score Float  `json:"score"`
}

// EntityText is an entity in short.
type EntityText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// Metric returns the headline figure of that name, nil if there is none.
func (r *Report) Metric(name string) *Metric {
	for i := range r.Headline {
		if r.Headline[i].Name == name {
			return &r.Headline[i]
		}
	}
	return nil
}

// JSON writes the report, indented.
func (r *Report) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}
