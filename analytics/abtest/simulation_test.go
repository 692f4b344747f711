package abtest_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"yingda/analytics/abtest"
)

// experiments is how many are simulated for each figure. Seeds are fixed: the figures are the same in every run (make check-stats prints them).
const experiments = 10000

// share prints a figure and fails when it lies outside.
func share(t *testing.T, what string, hits int, low, high float64) {
	t.Helper()
	p := float64(hits) / experiments
	l, h := abtest.Wilson(float64(hits), experiments, 0.05)
	t.Logf("%-66s %6.2f %%  (95 %%: %.2f–%.2f)", what, 100*p, 100*l, 100*h)
	if p < low || p > high {
		t.Errorf("%s: %.2f %% is not within %.2f–%.2f %%", what, 100*p, 100*low, 100*high)
	}
}

// long skips what takes seconds in go test -short.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("simulations take some 20 s")
	}
}

// skewed is a number per unit as analytics sees them: many zeros, a long tail; its mean is 0.5·e^(1/8).
func skewed(r *rand.Rand) float64 {
	if r.IntN(2) == 0 {
		return 0
	}
	return math.Exp(r.NormFloat64() / 2)
}

func sample(r *rand.Rand, n int, draw func(*rand.Rand) float64) (s abtest.Sums) {
	for range n {
		s.Add(draw(r))
	}
	return s
}

func mustCompare(t *testing.T, a, b abtest.Estimate, o abtest.Options) abtest.Result {
	t.Helper()
	r, err := abtest.Compare(a, b, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSimulationFixed(t *testing.T) {
	long(t)
	r := rand.New(rand.NewPCG(1, 1))
	var mean, rel, ratio, turns, covered, lift, fieller, cupedCovered int
	for range experiments {
		a, b := sample(r, 300, skewed), sample(r, 300, skewed)
		ea, eb := abtest.Mean(a), abtest.Mean(b)
		c := mustCompare(t, ea, eb, abtest.Options{})
		mean += count(c.Significant(0.05))
		rel += count(mustCompare(t, ea, eb, abtest.Options{Relative: abtest.Delta}).Significant(0.05))

		// an effect of +20 %: does the interval hold it?
		m := 0.5 * math.Exp(0.125)
		up := abtest.Mean(abtest.Sums{N: b.N, Sum: b.Sum * 1.2, Squares: b.Squares * 1.44})
		c = mustCompare(t, ea, up, abtest.Options{})
		covered += count(c.Low <= 0.2*m && 0.2*m <= c.High)
		c = mustCompare(t, ea, up, abtest.Options{Relative: abtest.Delta})
		lift += count(c.Low <= 0.2 && 0.2 <= c.High)
		c = mustCompare(t, ea, up, abtest.Options{Relative: abtest.Fieller})
		fieller += count(c.Low <= 0.2 && 0.2 <= c.High)

		ra, ta := failures(r, 200)
		rb, tb := failures(r, 200)
		ratio += count(mustCompare(t, abtest.Ratio(ra), abtest.Ratio(rb), abtest.Options{}).Significant(0.05))
		turns += count(mustCompare(t, ta, tb, abtest.Options{}).Significant(0.05))

		ca, cb := before(r, 100, 0), before(r, 100, 0.3)
		pa, pb, _ := abtest.CUPED(ca, cb)
		c = mustCompare(t, pa, pb, abtest.Options{})
		cupedCovered += count(c.Low <= 0.3 && 0.3 <= c.High)
	}
	share(t, "A/A, Welch on means of skewed numbers: false positives", mean, .045, .055)
	share(t, "A/A, lift by the delta method: false positives", rel, .045, .055)
	share(t, "A/A, turns of customers as a ratio: false positives", ratio, .045, .055)
	share(t, "A/A, turns taken for units (wrong, for comparison): false positives", turns, .08, 1)
	share(t, "difference inside its 95 % interval", covered, .945, .955)
	share(t, "lift inside its 95 % interval, delta method", lift, .945, .955)
	share(t, "lift inside its 95 % interval, Fieller", fieller, .945, .955)
	share(t, "difference inside its 95 % interval, CUPED", cupedCovered, .945, .955)
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// failures are turns of n customers who differ in how often they are not understood: the sums of a ratio, and (wrongly) one share of all turns.
func failures(r *rand.Rand, n int) (abtest.RatioSums, abtest.Estimate) {
	var s abtest.RatioSums
	for range n {
		turns, p := 1+r.IntN(12), r.Float64()*r.Float64()
		var failed float64
		for range turns {
			failed += float64(count(r.Float64() < p))
		}
		s.Add(failed, float64(turns))
	}
	return s, abtest.Proportion(s.Den.Sum, s.Num.Sum)
}

// before draws n units whose number depends on the one before, with correlation 0.8, and an effect.
func before(r *rand.Rand, n int, effect float64) (s abtest.CupedSums) {
	for range n {
		pre := r.NormFloat64()
		s.Add(effect+0.8*pre+0.6*r.NormFloat64(), pre)
	}
	return s
}

func TestSimulationSequential(t *testing.T) {
	long(t)
	r := rand.New(rand.NewPCG(2, 2))
	const looks, batch = 20, 100
	times := make([]float64, looks)
	for k := range times {
		times[k] = float64(k+1) / looks
	}
	levels := func(s abtest.Spending) (out []float64) {
		for k := range times {
			out = append(out, mustLook(t, times[:k+1], s).Level(.05, false))
		}
		return out
	}
	obf, pocock := levels(abtest.OBrienFleming), levels(abtest.Pocock)
	var naive, sequence, lift, early, even, always int
	for range experiments {
		var a, b abtest.Sums
		var hit [6]bool
		inside := true
		for k := range looks {
			a, b = a.Plus(sample(r, batch, skewed)), b.Plus(sample(r, batch, skewed))
			ea, eb := abtest.Mean(a), abtest.Mean(b)
			c := mustCompare(t, ea, eb, abtest.Options{})
			s := mustCompare(t, ea, eb, abtest.Options{Sequential: true})
			l := mustCompare(t, ea, eb, abtest.Options{Sequential: true, Relative: abtest.Delta})
			for i, h := range []bool{c.Significant(.05), s.Significant(.05), l.Significant(.05), c.P < obf[k], c.P < pocock[k]} {
				hit[i] = hit[i] || h
			}
			inside = inside && s.Low <= 0 && 0 <= s.High
		}
		naive, sequence, lift = naive+count(hit[0]), sequence+count(hit[1]), lift+count(hit[2])
		early, even, always = early+count(hit[3]), even+count(hit[4]), always+count(inside)
	}
	share(t, "A/A, 20 looks with a fixed test (wrong, for comparison): false positives", naive, .15, 1)
	share(t, "A/A, 20 looks, confidence sequence: false positives", sequence, 0, .05)
	share(t, "A/A, 20 looks, confidence sequence of the lift: false positives", lift, 0, .05)
	share(t, "A/A, 20 looks, O'Brien–Fleming spending: false positives", early, .045, .055)
	share(t, "A/A, 20 looks, Pocock spending: false positives", even, .043, .055)
	share(t, "difference inside the sequence at all 20 looks", always, .95, 1)
}

func TestSimulationPower(t *testing.T) {
	long(t)
	r := rand.New(rand.NewPCG(3, 3))
	mean := 0.5 * math.Exp(0.125)
	variance := 0.5*math.Exp(0.5) - mean*mean
	units := func(p abtest.Plan) int {
		n, err := abtest.SampleSize(p)
		if err != nil {
			t.Fatal(err)
		}
		return int(math.Ceil(n / 2))
	}
	plan := abtest.Plan{Control: abtest.Estimate{Value: mean, Var: variance}, Effect: 0.15, Relative: true}
	n := units(plan)
	shares := abtest.Plan{Control: abtest.Proportion(1000, 300), Effect: 0.06}
	m := units(shares)
	seq := abtest.Plan{Control: abtest.Estimate{Value: mean, Var: variance}, Effect: 0.15, Relative: true, Sequential: true, Tuning: 3000}
	k := units(seq)
	var found, foundShares, foundSeq int
	for range experiments {
		a, b := sample(r, n, skewed), sample(r, n, skewed)
		b = abtest.Sums{N: b.N, Sum: b.Sum + .15*mean*b.N, Squares: b.Squares + 2*.15*mean*b.Sum + .15*mean*.15*mean*b.N}
		found += count(mustCompare(t, abtest.Mean(a), abtest.Mean(b), abtest.Options{}).Significant(.05))

		var ya, yb float64
		for range m {
			ya += float64(count(r.Float64() < .30))
			yb += float64(count(r.Float64() < .36))
		}
		foundShares += count(mustCompare(t, abtest.Proportion(float64(m), ya), abtest.Proportion(float64(m), yb), abtest.Options{}).Significant(.05))

		// a normal mean of k units an arm says the same as k draws
		se := math.Sqrt(variance / float64(k))
		ea := abtest.Estimate{N: float64(k), Value: mean + se*r.NormFloat64(), Var: variance, Raw: mean, RawVar: variance}
		eb := abtest.Estimate{N: float64(k), Value: 1.15*mean + se*r.NormFloat64(), Var: variance, Raw: mean, RawVar: variance}
		foundSeq += count(mustCompare(t, ea, eb, abtest.Options{Sequential: true, Tuning: 3000}).Significant(.05))
	}
	t.Logf("planned units an arm: %d (means), %d (shares), %d (sequence)", n, m, k)
	share(t, "power at the planned units, means, 80 % planned", found, .78, .82)
	share(t, "power at the planned units, shares, 80 % planned", foundShares, .78, .82)
	share(t, "power at the planned units, one look of a sequence, 80 % planned", foundSeq, .78, .82)
}

func TestSimulationCUPED(t *testing.T) {
	long(t)
	r := rand.New(rand.NewPCG(4, 4))
	for _, rho := range []float64{0.3, 0.6, 0.9} {
		var raw, cut []float64
		for range experiments {
			arm := func() (s abtest.CupedSums) {
				for range 100 {
					pre := r.NormFloat64()
					s.Add(rho*pre+math.Sqrt(1-rho*rho)*r.NormFloat64(), pre)
				}
				return s
			}
			ca, cb := arm(), arm()
			a, b, _ := abtest.CUPED(ca, cb)
			raw = append(raw, mustCompare(t, abtest.Mean(ca.Post), abtest.Mean(cb.Post), abtest.Options{}).Effect)
			cut = append(cut, mustCompare(t, a, b, abtest.Options{}).Effect)
		}
		got := variance(cut) / variance(raw)
		t.Logf("CUPED, correlation %.1f: variance of the effect %.4f of the unadjusted, 1 − ρ² = %.4f", rho, got, 1-rho*rho)
		if math.Abs(got-(1-rho*rho)) > .02 {
			t.Errorf("correlation %v: %.4f, want %.4f ± 0.02", rho, got, 1-rho*rho)
		}
	}
}

func variance(xs []float64) float64 {
	var s abtest.Sums
	for _, x := range xs {
		s.Add(x)
	}
	return abtest.Mean(s).Var
}

func TestSimulationSRM(t *testing.T) {
	long(t)
	r := rand.New(rand.NewPCG(5, 5))
	weights := []float64{.5, .5}
	var fixed, sequential, peeked, found int
	for range experiments {
		s, err := abtest.NewSequentialSRM(weights, 0)
		if err != nil {
			t.Fatal(err)
		}
		var total [2]int64
		var any bool
		for range 30 {
			day := binomial(r, 1000, .5)
			total[0] += day
			total[1] += 1000 - day
			if _, err := s.Add([]int64{day, 1000 - day}); err != nil {
				t.Fatal(err)
			}
			c, err := abtest.SRM(total[:], weights)
			if err != nil {
				t.Fatal(err)
			}
			any = any || c.Broken()
		}
		c, _ := abtest.SRM(total[:], weights)
		fixed, sequential, peeked = fixed+count(c.Broken()), sequential+count(s.P() < abtest.SRMAlpha), peeked+count(any)
		lost := total[1] - int64(float64(total[1])*.05) // the second arm loses one in twenty
		c, _ = abtest.SRM([]int64{total[0], lost}, weights)
		found += count(c.Broken())
	}
	share(t, "SRM, 30 days of 1,000 units, one test at the end: false alarms", fixed, 0, .002)
	share(t, "SRM, the same tested every day (wrong, for comparison): false alarms", peeked, .002, 1)
	share(t, "SRM, sequential, every day: false alarms", sequential, 0, .001)
	// z is then normal with mean 750/√29250 = 4.39 against 3.29: 86 %
	share(t, "SRM, an arm that loses 5 % of its 15,000 units: found", found, .84, .88)
}

// binomial draws by the normal approximation, which is exact enough for thousands.
func binomial(r *rand.Rand, n, p float64) int64 {
	return int64(math.Round(n*p + math.Sqrt(n*p*(1-p))*r.NormFloat64()))
}

func TestSimulationQuantile(t *testing.T) {
	long(t)
	r := rand.New(rand.NewPCG(6, 6))
	var covered, naive int
	want := quantileOf(r, 400000)
	for range experiments {
		a, b := waits(r, 150), waits(r, 150)
		for clustered, hits := range map[bool]*int{true: &covered, false: &naive} {
			ea, eb := reduce(t, a, clustered), reduce(t, b, clustered)
			c := mustCompare(t, ea, eb, abtest.Options{})
			*hits += count(c.Low <= 0 && 0 <= c.High)
		}
	}
	t.Logf("p90 of waits of customers with several turns: %.3f", want)
	share(t, "difference of p90 inside its interval, clustered", covered, .94, .965)
	share(t, "difference of p90, turns taken for units (wrong, for comparison)", naive, 0, .93)
}

// waits are answer times of n customers, whose turns resemble each other.
func waits(r *rand.Rand, n int) [][]float64 {
	out := make([][]float64, n)
	for i := range out {
		own := r.NormFloat64()
		for range 1 + r.IntN(8) {
			out[i] = append(out[i], math.Exp(own+0.7*r.NormFloat64()))
		}
	}
	return out
}

func quantileOf(r *rand.Rand, n int) float64 {
	xs := slices.Concat(waits(r, n)...)
	slices.Sort(xs)
	return xs[len(xs)*9/10]
}

func reduce(t *testing.T, units [][]float64, clustered bool) abtest.Estimate {
	t.Helper()
	xs := slices.Concat(units...)
	slices.Sort(xs)
	n := float64(len(xs))
	at := func(level float64) float64 { return xs[min(len(xs)-1, int(level*n))] }
	low, high := abtest.QuantileLevels(.9, n)
	q := abtest.QuantileSums{Level: .9, N: n, Value: at(.9), Low: at(low), High: at(high)}
	if clustered {
		var u abtest.RatioSums
		for _, turns := range units {
			var below float64
			for _, x := range turns {
				below += float64(count(x <= q.Value))
			}
			u.Add(below, float64(len(turns)))
		}
		q.Units = &u
	}
	e, ok := abtest.QuantileOf(q)
	if !ok {
		t.Fatal("no bracket")
	}
	return e
}
