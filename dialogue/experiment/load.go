package experiment

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"time"

	"yingda/dialogue/internal/strict"
)

// Bounds of a definition.
const (
	maxSource   = 256 << 10 // bytes
	maxVariants = 20
	maxSteps    = 50
	maxList     = 100
	maxSalt     = 200
)

// Least weight of a bandit's variant where the definition does not say.
const defaultFloor = 0.05

var (
	validName   = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,63}$`)
	validBundle = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$`)
	validPath   = regexp.MustCompile(`^[a-z_]+(\.[^.\s]+)*$`)
)

// Parse reads a definition, YAML or JSON, and fills in the defaults. name is for messages. The error joins a fault for each thing that is wrong,
// with its line.
func Parse(name string, data []byte) (*Definition, error) {
	if len(data) > maxSource {
		return nil, fmt.Errorf("%s: has %d bytes, at most %d", name, len(data), maxSource)
	}
	d := &Definition{}
	f := strict.Decode(name, data, d)
	d.check(f)
	if err := f.Err(); err != nil {
		return nil, err
	}
	d.fill()
	return d, nil
}

// fill writes the defaults down, so that they stay what they were when a later program has others.
func (d *Definition) fill() {
	one, yes := 1.0, true
	if d.Salt == "" {
		d.Salt = d.Name
	}
	if d.Coverage == nil {
		d.Coverage = &one
	}
	if d.Sticky == nil {
		d.Sticky = &yes
	}
	for i := range d.Variants {
		if d.Variants[i].Weight == nil {
			w := one
			d.Variants[i].Weight = &w
		}
	}
	if d.Bandit != nil && d.Bandit.Floor == 0 {
		d.Bandit.Floor = min(defaultFloor, 0.5/float64(len(d.Variants)))
	}
	if p := d.Plan; p != nil {
		if p.Alpha == 0 {
			p.Alpha = 0.05
		}
		if p.Power == 0 {
			p.Power = 0.8
		}
		if p.Looks != nil && p.Looks.Spending == "" {
			p.Looks.Spending = OBrienFleming
		}
	}
}

func (d *Definition) check(f *strict.File) {
	at := strict.Path
	if !validName.MatchString(d.Name) {
		f.Addf(at("name"), "is %q; want 1 to 64 of a–z, 0–9, _, - and ., beginning with a letter or digit", d.Name)
	}
	if len(d.Salt) > maxSalt {
		f.Addf(at("salt"), "has %d bytes, at most %d", len(d.Salt), maxSalt)
	}
	if d.Coverage != nil && !within(*d.Coverage, 0, 1) {
		f.Addf(at("coverage"), "is %v; want a share from 0 to 1", *d.Coverage)
	}
	checkRamp(f, d.Ramp)
	if n := d.Namespace; n != nil {
		if !validName.MatchString(n.Name) {
			f.Addf(at("namespace", "name"), "is %q; want 1 to 64 of a–z, 0–9, _, - and .", n.Name)
		}
		if !within(n.From, 0, 1) || !within(n.To, 0, 1) || n.From >= n.To {
			f.Addf(at("namespace"), "goes from %v to %v; want 0 ≤ from < to ≤ 1", n.From, n.To)
		}
	}
	d.checkTarget(f)
	d.checkVariants(f)
	d.checkBandit(f)
	if b := d.Bandit; b != nil && b.Floor != 0 && !(b.Floor > 0 && b.Floor*float64(len(d.Variants)) <= 1) {
		f.Addf(at("bandit", "floor"), "is %v; want over 0 and up to 1/%d, the variants' equal share", b.Floor, len(d.Variants))
	}
	for i, key := range d.Scripts {
		if key == "" || len(d.Scripts) > maxList || slices.Index(d.Scripts, key) < i {
			f.Addf(at("scripts", i), "%q: want up to %d keys of scripts, each once", key, maxList)
			break
		}
	}
	d.checkPlan(f)
}

// leastApply is the shortest time between two changes of weights that are made by results.
const leastApply = Duration(time.Minute)

func (d *Definition) checkBandit(f *strict.File) {
	b := d.Bandit
	if b == nil || b.Apply == 0 {
		return
	}
	if b.Apply < leastApply {
		f.Addf(strict.Path("bandit", "apply"), "is %s; want how often weights are set by results, from %s on, or leave it out", b.Apply.Std(), leastApply.Std())
	}
	if d.Plan == nil {
		f.Addf(strict.Path("bandit", "apply"), "needs plan.metric: weights are set by it")
	}
	if d.Plan != nil && d.Plan.Looks != nil {
		f.Addf(strict.Path("bandit", "apply"), "and plan.looks do not go together: weights would move by what is not to be looked at")
	}
	for i, v := range d.Variants {
		if v.Weight != nil && *v.Weight == 0 {
			f.Addf(strict.Path("variants", i, "weight"), "is 0, and weights are set by results: each variant gets at least the floor; leave the variant out")
		}
	}
}

// checkRamp checks the steps of a schedule.
func checkRamp(f *strict.File, steps []Step) {
	if len(steps) > maxSteps {
		f.Addf(strict.Path("ramp"), "has %d steps, at most %d", len(steps), maxSteps)
	}
	for i, s := range steps {
		if !within(s.Coverage, 0, 1) {
			f.Addf(strict.Path("ramp", i, "coverage"), "is %v; want a share from 0 to 1", s.Coverage)
		}
		if s.After <= 0 || i > 0 && s.After <= steps[i-1].After {
			f.Addf(strict.Path("ramp", i, "after"), "is %s; want times since the start, each later than the one before", s.After.Std())
		}
	}
}

func (d *Definition) checkTarget(f *strict.File) {
	for _, list := range []struct {
		field  string
		values []string
	}{{"channel", d.Target.Channel}, {"lang", d.Target.Lang}, {"tier", d.Target.Tier}} {
		if len(list.values) > maxList {
			f.Addf(strict.Path("target", list.field), "has %d values, at most %d", len(list.values), maxList)
		}
	}
	for i, l := range d.Target.Lang {
		if l != "zh" && l != "en" && l != "" {
			f.Addf(strict.Path("target", "lang", i), `is %q; want zh, en, or "" for not known yet`, l)
		}
	}
}

func (d *Definition) checkVariants(f *strict.File) {
	at := strict.Path
	if n := len(d.Variants); n < 2 || n > maxVariants {
		f.Addf(at("variants"), "are %d; want 2 to %d, the control first", n, maxVariants)
		return
	}
	sum, seen := 0.0, map[string]bool{}
	for i, v := range d.Variants {
		if !validName.MatchString(v.Name) || seen[v.Name] {
			f.Addf(at("variants", i, "name"), "is %q; want 1 to 64 of a–z, 0–9, _, - and ., each name once", v.Name)
		}
		seen[v.Name] = true
		w := 1.0
		if v.Weight != nil {
			w = *v.Weight
		}
		if !within(w, 0, 1e6) {
			f.Addf(at("variants", i, "weight"), "is %v; want a number from 0 to a million, in proportion to the others", w)
		}
		sum += w
		if v.Bundle != "" && !validBundle.MatchString(v.Bundle) {
			f.Addf(at("variants", i, "bundle"), "is %q; want the id or the role of a bundle", v.Bundle)
		}
		d.checkSettings(f, i)
	}
	if !(sum > 0) {
		f.Addf(at("variants"), "have no weight; give at least one more than 0")
	}
	if len(d.Scripts) == 0 && !d.ChangesPolicy() && !d.ChangesBundle() {
		f.Addf(at("variants"), "change nothing: give them settings, tasks or a bundle, or name under scripts the keys whose texts they choose")
	}
}

// checkSettings refuses what can be no setting; whether the policy has it is known when it is built.
func (d *Definition) checkSettings(f *strict.File, i int) {
	for path, value := range d.Variants[i].Settings {
		if !validPath.MatchString(path) {
			f.Addf(strict.Path("variants", i, "settings", path), "is no path of a setting; write e.g. understanding.accept")
		}
		if n, ok := value.(float64); value == nil || ok && !within(n, -math.MaxFloat64, math.MaxFloat64) {
			f.Addf(strict.Path("variants", i, "settings", path), "is %v; want a value", value)
		}
	}
}

func (d *Definition) checkPlan(f *strict.File) {
	p := d.Plan
	if p == nil {
		return
	}
	if p.Metric == "" {
		f.Addf(strict.Path("plan", "metric"), "is missing; name the measure that decides")
	}
	for _, v := range []struct {
		field string
		value float64
	}{{"alpha", p.Alpha}, {"power", p.Power}} {
		if v.value != 0 && !(v.value > 0 && v.value < 1) {
			f.Addf(strict.Path("plan", v.field), "is %v; want a probability between 0 and 1", v.value)
		}
	}
	p.checkLooks(f)
	if !within(p.Effect, 0, 1e6) || !within(p.Margin, 0, 1) || p.Units < 0 || p.Days < -1 {
		f.Addf(strict.Path("plan"), "has a number out of range: effect and margin are shares, units and days counts, days -1 for none")
	}
}

// Bounds of planned looks: at fewer customers nothing is spent, and with more looks a confidence sequence does as well.
const (
	firstLook = 0.02
	maxLooks  = 20
)

func (p *Plan) checkLooks(f *strict.File) {
	l, at := p.Looks, func(parts ...any) []any { return strict.Path(append([]any{"plan", "looks"}, parts...)...) }
	if l == nil {
		return
	}
	if p.Sequential {
		f.Addf(at(), "and sequential are two ways to look more than once: choose one")
	}
	if p.Units <= 0 {
		f.Addf(at(), "need plan.units: looks are at shares of the planned customers")
	}
	if l.Spending != "" && l.Spending != OBrienFleming && l.Spending != Pocock {
		f.Addf(at("spending"), "is %q; want %s or %s", l.Spending, OBrienFleming, Pocock)
	}
	switch {
	case (l.Number != 0) == (len(l.At) > 0):
		f.Addf(at(), "want a number, evenly spaced, or at: shares of the planned customers; one of the two")
	case len(l.At) == 0 && (l.Number < 2 || l.Number > maxLooks):
		f.Addf(at("number"), "is %d; want 2 to %d", l.Number, maxLooks)
	case len(l.At) > maxLooks:
		f.Addf(at("at"), "are %d; want up to %d", len(l.At), maxLooks)
	}
	before := 0.0
	for i, t := range l.At {
		if !within(t, firstLook, 1) || t <= before {
			f.Addf(at("at", i), "is %v; want shares from %v to 1, each more than the one before", t, firstLook)
		}
		before = t
	}
	if n := len(l.At); n > 0 && l.At[n-1] != 1 {
		f.Addf(at("at", n-1), "is %v; the last look is at 1, all planned customers", l.At[n-1])
	}
}

// within tells whether v is a number from low to high.
func within(v, low, high float64) bool { return v >= low && v <= high }
