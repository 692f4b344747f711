package demodata

import (
	"fmt"
	"hash/fnv"
	"math"
	"strconv"
	"time"
)

// effect is what an arm changes: probabilities, added to what they would be.
type effect struct {
	handed, solved, satisfied float64
}

// trial is an experiment of the year.
type trial struct {
	name, about    string
	from, to       float64 // shares of the year
	first, last    int     // days, half open
	effect         effect  // of the second arm
	script, bundle bool    // what differs
	lost           string  // channel on which half of the units of the second arm are not logged as exposed
}

// Arms of all trials, half and half.
const (
	control   = "control"
	treatment = "treatment"
)

// trials are the planted experiments.
func trials(days int) []trial {
	all := []trial{
		{name: "warm_tone", about: "warmer wordings of answers: better ratings, nothing else", from: 0.25, to: 0.42, effect: effect{satisfied: 0.06}, script: true},
		{name: "aa_check", about: "both arms are the same", from: 0.08, to: 0.20},
		{name: "bundle_next", about: "a bundle that accepts more: fewer handovers, but fewer questions solved (the guardrail)", from: 0.43, to: 0.58, effect: effect{handed: -0.04, solved: -0.05}, bundle: true},
		{name: "menu_order", about: "no effect; exposures of the second arm get lost in the app: a sample ratio mismatch", from: 0.66, to: 0.78, lost: "app"},
	}
	for i := range all {
		all[i].first = int(math.Round(all[i].from * float64(days)))
		all[i].last = int(math.Round(all[i].to * float64(days)))
	}
	return all
}

// arm is where a unit belongs: GrowthBook's hash, version 2, with the name as seed.
func (t *trial) arm(unit string) string {
	if bucket(t.name, unit) < 0.5 {
		return control
	}
	return treatment
}

// bucket is in [0, 1) in steps of 1/10000. Pseudonyms are ASCII, so bytes are UTF-16 units.
func bucket(seed, unit string) float64 {
	once := fnv32a(seed + unit)
	return float64(fnv32a(strconv.FormatUint(uint64(once), 10))%10000) / 10000
}

func fnv32a(s string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(s))
	return h.Sum32()
}

// loses tells whether the exposures of a unit are lost.
func (t *trial) loses(unit, channel, arm string) bool {
	return t.lost != "" && arm == treatment && channel == t.lost && fnv32a("lost"+unit)%2 == 0
}

// odds are what decides how a session goes, before chance.
type odds struct {
	handed float64 // ends with a person
	solved float64 // by the robot alone
}

// satisfied is how likely a customer is content whose question was solved, or not.
const (
	contentSolved   = 0.86
	contentUnsolved = 0.24
	contentScore    = 4.65 // mean of the stars of those who are content
	angryScore      = 1.95 // and of the others
)

// expect is what a session's measures are on average under an effect.
func (o odds) expect(e effect) (handed, resolved, satisfied float64) {
	handed = o.handed + e.handed
	resolved = handed*solvedByPerson + (1-handed)*(o.solved+e.solved)
	satisfied = resolved*contentSolved + (1-resolved)*contentUnsolved + e.satisfied
	return handed, resolved, satisfied
}

// trialTruth collects what became of a trial.
type trialTruth struct {
	trial    *trial
	units    map[string]map[uint64]struct{} // by arm, hashes
	seen     map[string]*Observed
	n        float64
	expected [2][3]float64 // sums by arm of handed, resolved, satisfied
}

func newTrialTruth(t *trial) *trialTruth {
	return &trialTruth{
		trial: t, units: map[string]map[uint64]struct{}{control: {}, treatment: {}}, seen: map[string]*Observed{control: {}, treatment: {}},
	}
}

// add counts a session whose unit is exposed.
func (t *trialTruth) add(unit, arm string, o odds, r result) {
	h := fnv.New64a()
	h.Write([]byte(unit))
	t.units[arm][h.Sum64()] = struct{}{}
	t.seen[arm].add(r)
	t.n++
	for i, e := range []effect{{}, t.trial.effect} {
		handed, resolved, satisfied := o.expect(e)
		t.expected[i][0] += handed
		t.expected[i][1] += resolved
		t.expected[i][2] += satisfied
	}
}

func (t *trialTruth) truth(p *plan) Experiment {
	e := Experiment{
		Name: t.trial.name, About: t.trial.about, From: p.day(t.trial.first), To: p.day(t.trial.last), Arms: []string{control, treatment}, Weights: []float64{0.5, 0.5},
		Mismatch: t.trial.lost != "", Effects: map[string]Effect{}, Observed: map[string]Observed{},
	}
	for arm, units := range t.units {
		o := *t.seen[arm]
		o.Units = len(units)
		e.Observed[arm] = o
	}
	if t.n > 0 {
		for i, name := range []string{"handed", "resolved", "satisfied"} {
			a, b := t.expected[0][i]/t.n, t.expected[1][i]/t.n
			e.Effects[name] = Effect{Control: a, Treatment: b, Difference: b - a}
		}
		s := e.Effects["satisfied"]
		mean := func(p float64) float64 { return p*contentScore + (1-p)*angryScore }
		e.Effects["score"] = Effect{Control: mean(s.Control), Treatment: mean(s.Treatment), Difference: mean(s.Treatment) - mean(s.Control)}
	}
	return e
}

// bundleID is what bundles are called in demo data.
func bundleID(n int) string { return fmt.Sprintf("%016x", mix(0xb0d1e, uint64(n))) }

// running tells whether the trial is on.
func (t *trial) running(p *plan, at time.Time) bool {
	return !at.Before(p.day(t.first)) && at.Before(p.day(t.last))
}
