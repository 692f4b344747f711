package readout

import (
	"math"
	"time"

	"yingda/analytics"
	"yingda/analytics/abtest"
)

// Result is an experiment's results.
type Result struct {
	Plan    Plan           `json:"plan"`
	Through time.Time      `json:"through"` // events up to here are counted
	Days    float64        `json:"days"`    // from the first exposure to Through or the end
	Arms    []ArmCount     `json:"arms"`
	Split   Split          `json:"split"`
	Metrics []MetricResult `json:"metrics"`         // none while the split is broken
	Looks   []LookAt       `json:"looks,omitempty"` // of a group-sequential plan
	Power   *PowerSoFar    `json:"power,omitempty"`
	Cuts    []Cut          `json:"cuts,omitempty"`
	Next    *Next          `json:"next,omitempty"` // of bandits
	// Decision says what may be concluded, in words.
	Decision Decision `json:"decision"`
}

// ArmCount is how many customers a variant has.
type ArmCount struct {
	Arm
	Units    int64   `json:"units"`    // customers
	Expected float64 `json:"expected"` // of all that came, by the weights
}

// Split is whether customers fell to variants as they should.
type Split struct {
	P           float64          `json:"p"`            // chi-square, at this look
	SequentialP float64          `json:"sequential_p"` // valid at every look
	Broken      bool             `json:"broken"`       // nothing may be concluded
	Crossed     int64            `json:"crossed"`      // customers who met more than one variant, left out
	CrossedRate float64          `json:"crossed_rate"`
	Unknown     map[string]int64 `json:"unknown,omitempty"` // customers of variants that the plan does not have or gives nobody
	Unnamed     int64            `json:"unnamed"`           // exposures without a customer, left out
	Days        int              `json:"days"`              // looks that SequentialP took
}

// MetricResult is a metric of all variants.
type MetricResult struct {
	Metric      Metric       `json:"metric"`
	Role        Role         `json:"role"`
	Margin      float64      `json:"margin,omitempty"` // of a guardrail
	Arms        []ArmValue   `json:"arms"`
	Comparisons []Comparison `json:"comparisons"` // with the control, one a variant
}

// ArmValue is a metric of one variant, not adjusted. The interval allows for a customer's sessions being alike.
type ArmValue struct {
	Arm   string   `json:"arm"`
	Units int64    `json:"units"`
	Num   float64  `json:"numerator,omitempty"`
	Den   float64  `json:"denominator,omitempty"`
	Value *float64 `json:"value"` // null without observations
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
}

// Effect is a difference or a lift with its interval; a null end is open.
type Effect struct {
	Value  float64  `json:"value"`
	SE     float64  `json:"se"`
	Low    *float64 `json:"low"`
	High   *float64 `json:"high"`
	Method string   `json:"method"`
}

// Comparison is a variant against the control.
type Comparison struct {
	Arm        string  `json:"arm"`
	Difference *Effect `json:"difference,omitempty"` // treatment − control; null where nothing can be said, see Note
	Lift       *Effect `json:"lift,omitempty"`       // relative to the control; null when the control may be 0
	P          float64 `json:"p"`                    // of the difference
	PAdjusted  float64 `json:"p_adjusted"`           // for how many comparisons there are
	// Better and Worse say that the difference is significant after adjustment, in that direction.
	Better bool   `json:"better"`
	Worse  bool   `json:"worse"`
	CUPED  *Cuped `json:"cuped,omitempty"`
	Bayes  *Bayes `json:"bayes,omitempty"` // of the lift, or of the difference where there is none
	Guard  *Guard `json:"guard,omitempty"` // of guardrails
	// Look is the planned look at which the p-value was least, 0 without planned looks. Difference and lift are those of the latest look.
	Look int `json:"look,omitempty"`
	// Note says why there is no comparison.
	Note *analytics.Text `json:"note,omitempty"`

	tested bool
	up     bool // the difference at Look was positive
}

// Cuped is what the time before took out.
type Cuped struct {
	Theta float64 `json:"theta"`
	// Cut is the share of the variance of the difference that is gone.
	Cut float64 `json:"variance_cut"`
}

// Bayes is the Bayesian view.
type Bayes struct {
	Better        float64 `json:"chance_to_win"`
	Low           float64 `json:"low"`
	High          float64 `json:"high"`
	RiskTreatment float64 `json:"risk_treatment"` // lost on average by choosing the variant
	RiskControl   float64 `json:"risk_control"`   // lost on average by staying
	Relative      bool    `json:"relative"`       // in terms of the lift
}

// Guard is a guardrail's verdict.
type Guard struct {
	Verdict abtest.Verdict `json:"verdict"`
	Margin  float64        `json:"margin"`
	P       float64        `json:"p"`     // that the loss is at least the margin
	Bound   *float64       `json:"bound"` // the worst lift that is not excluded
}

// PowerSoFar is what could have been found by now, for the primary metric and the first variant.
type PowerSoFar struct {
	Units      int64   `json:"units"`                // of the two arms
	Detectable float64 `json:"detectable"`           // least difference found with the planned power
	Lift       float64 `json:"detectable_lift"`      // the same, relative; 0 when the control is 0
	More       float64 `json:"more_units,omitempty"` // customers still needed for Plan.Effect; −1 = more than any service has
	MoreDays   float64 `json:"more_days,omitempty"`  // at the pace so far
}

// Cut is the primary metric within one value of a dimension. Many cuts find something by chance: they raise questions and answer none.
type Cut struct {
	Dimension  string     `json:"dimension"`
	Value      string     `json:"value"`
	Units      int64      `json:"units"`
	Comparison Comparison `json:"comparison"`
}

// open returns v, or nil for an infinite one.
func open(v float64) *float64 {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return nil
	}
	return &v
}

func effectOf(r abtest.Result, method string) *Effect {
	return &Effect{Value: r.Effect, SE: r.SE, Low: open(r.Low), High: open(r.High), Method: method}
}

// Next is how a bandit would divide customers from now on: weights by arm, in the order of Plan.Arms.
type Next struct {
	Weights []float64 `json:"weights"`
	Best    []float64 `json:"best"`  // probability of being the best arm
	Ready   bool      `json:"ready"` // false while an arm has too few customers: weights are even
}
