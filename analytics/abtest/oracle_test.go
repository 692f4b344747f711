package abtest_test

import (
	"bufio"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"

	"yingda/analytics/abtest"
)

// question is something that both sides can answer.
type question struct {
	ask    map[string]any
	answer func() []float64
	tol    float64 // relative
	abs    float64 // differences below it do not matter
}

// TestOracle asks scipy, statsmodels and gbstats 10,000 random questions. It needs YINGDA_ORACLE_PYTHON (make oracle).
func TestOracle(t *testing.T) {
	python := os.Getenv("YINGDA_ORACLE_PYTHON")
	if python == "" {
		t.Skip("YINGDA_ORACLE_PYTHON is not set: make oracle")
	}
	o := mustStart(t, python)
	total := 0
	for i, kind := range askers {
		total += kind.n
		t.Run(kind.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, uint64(i)))
			worst := 0.0
			for range kind.n {
				q := kind.make(r)
				worst = math.Max(worst, q.check(t, o.ask(t, q.ask)))
			}
			t.Logf("%d questions, largest relative difference %.1g", kind.n, worst)
		})
	}
	if total != 10000 {
		t.Errorf("%d questions", total)
	}
}

// check compares the answers and returns the largest difference.
func (q question) check(t *testing.T, reply []byte) (worst float64) {
	t.Helper()
	var want []*float64
	if err := json.Unmarshal(reply, &want); err != nil {
		t.Fatalf("the oracle says %s to %v", reply, q.ask)
	}
	got := q.answer()
	if len(got) != len(want) {
		t.Fatalf("%d answers, the oracle has %d, to %v", len(got), len(want), q.ask)
	}
	for k := range got {
		d := distance(got[k], want[k])
		if want[k] != nil && math.Abs(got[k]-*want[k]) <= q.abs {
			d = 0
		}
		worst = math.Max(worst, d)
		if d > q.tol {
			ask, _ := json.Marshal(q.ask)
			t.Errorf("answer %d is %.17g, the oracle has %s (off by %.2g), to %.1000s", k, got[k], reply, d, ask)
		}
	}
	return worst
}

// distance is relative; values that no double can tell from 0 agree, and nil is infinite.
func distance(got float64, want *float64) float64 {
	if want == nil {
		if math.IsInf(got, 0) {
			return 0
		}
		return 1
	}
	if math.Abs(got) < 1e-280 && math.Abs(*want) < 1e-280 || got == *want {
		return 0
	}
	return math.Abs(got-*want) / math.Max(math.Abs(*want), 1e-280)
}

// oracle is a running testdata/oracle.py.
type oracle struct {
	in  *json.Encoder
	out *bufio.Scanner
}

func mustStart(t *testing.T, python string) *oracle {
	t.Helper()
	cmd := exec.Command(python, "testdata/oracle.py")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	sc := bufio.NewScanner(out)
	sc.Buffer(nil, 1<<24)
	return &oracle{json.NewEncoder(in), sc}
}

// ask returns the reply to one question.
func (o *oracle) ask(t *testing.T, q map[string]any) []byte {
	t.Helper()
	if err := o.in.Encode(q); err != nil {
		t.Fatal(err)
	}
	if !o.out.Scan() {
		t.Fatalf("the oracle stopped at %v", q)
	}
	return o.out.Bytes()
}

// askers make questions; their numbers add up to 10,000.
var askers = []struct {
	name string
	n    int
	make func(*rand.Rand) question
}{
	{"mean", 3000, askMean}, {"share", 1500, askShare}, {"ratio", 1200, askRatio}, {"cuped", 1000, askCuped}, {"quantile", 600, askQuantile},
	{"bayes", 700, askBayes}, {"beta-binomial", 60, askBetaBinomial}, {"adjust", 500, askAdjust}, {"srm", 300, askSRM},
	{"sequential srm", 200, askSequentialSRM}, {"ranks", 350, askRanks}, {"shares", 250, askShares}, {"mcnemar", 150, askMcNemar},
	{"contingency", 50, askContingency}, {"power", 100, askPower}, {"group sequential", 15, askGroupSequential}, {"best", 25, askBest},
}

func pick[T any](r *rand.Rand, xs ...T) T { return xs[r.IntN(len(xs))] }

// size is between 2 and a million, small ones often.
func size(r *rand.Rand) int { return 2 + int(math.Exp(r.Float64()*math.Log(1e6))) }

// randSums are the sums of n plausible numbers: skewed, far from 0, or with many zeros. They are drawn for up to 200 units and scaled.
func randSums(r *rand.Rand, n int, shift float64) abtest.Sums {
	var s abtest.Sums
	k := min(n, 200)
	for range k {
		s.Add(shift + math.Exp(r.NormFloat64()))
	}
	f := float64(n) / float64(k)
	return abtest.Sums{N: float64(n), Sum: s.Sum * f, Squares: s.Squares * f}
}

// randOptions draws options and puts them into a question.
func randOptions(r *rand.Rand, ask map[string]any) abtest.Options {
	o := abtest.Options{Alpha: pick(r, .05, .01, .1, .001), Relative: pick(r, abtest.Absolute, abtest.Delta), Sequential: r.IntN(4) == 0, Tuning: pick(r, 500., 5000, 50000)}
	if !o.Sequential {
		o.Side = pick(r, abtest.TwoSided, abtest.Greater, abtest.Less)
	}
	if r.IntN(3) == 0 {
		o.Null = r.NormFloat64() / 10
	}
	ask["ask"], ask["alpha"], ask["relative"], ask["side"] = "compare", o.Alpha, o.Relative == abtest.Delta, int(o.Side)
	ask["null"], ask["sequential"], ask["tuning"] = o.Null, o.Sequential, o.Tuning
	return o
}

func compared(a, b abtest.Estimate, o abtest.Options) func() []float64 {
	return func() []float64 {
		r, err := abtest.Compare(a, b, o)
		if err != nil {
			return nil
		}
		return []float64{r.Effect, r.Low, r.High, r.SE, r.P}
	}
}

func askMean(r *rand.Rand) question {
	shift := pick(r, 0, 0, 3, -20.)
	a, b := randSums(r, size(r), shift), randSums(r, size(r), shift)
	ask := map[string]any{"stat": "mean", "a": a, "b": b}
	o := randOptions(r, ask)
	if a.Sum < 0 { // gbstats 0.8.0 divides by the control's value, not by its size: lifts have the wrong sign then
		o.Relative, ask["relative"] = abtest.Absolute, false
	}
	return question{ask: ask, tol: tight, answer: compared(abtest.Mean(a), abtest.Mean(b), o)}
}

func askShare(r *rand.Rand) question {
	arm := func() abtest.Sums {
		n := float64(size(r))
		yes := math.Max(1, math.Min(n-1, math.Round(n*r.Float64())))
		return abtest.Sums{N: n, Sum: yes, Squares: yes}
	}
	a, b := arm(), arm()
	ask := map[string]any{"stat": "share", "a": a, "b": b}
	o := randOptions(r, ask)
	return question{ask: ask, tol: tight, answer: compared(abtest.Proportion(a.N, a.Sum), abtest.Proportion(b.N, b.Sum), o)}
}

func randRatio(r *rand.Rand) abtest.RatioSums {
	var s abtest.RatioSums
	for range 20 + r.IntN(300) {
		den := float64(1 + r.IntN(8))
		s.Add(den*r.Float64()+math.Abs(r.NormFloat64()), den)
	}
	return s
}

func askRatio(r *rand.Rand) question {
	a, b := randRatio(r), randRatio(r)
	ask := map[string]any{"stat": "ratio", "a": a, "b": b}
	o := randOptions(r, ask)
	return question{ask: ask, tol: tight, answer: compared(abtest.Ratio(a), abtest.Ratio(b), o)}
}

func askCuped(r *rand.Rand) question {
	arm := func() (s abtest.CupedSums) {
		for range 20 + r.IntN(300) {
			pre := math.Exp(r.NormFloat64())
			s.Add(pre*r.Float64()+2*r.Float64(), pre)
		}
		return s
	}
	a, b := arm(), arm()
	ask := map[string]any{"stat": "cuped", "a": a, "b": b}
	o := randOptions(r, ask)
	o.Relative, ask["relative"] = abtest.Absolute, false // gbstats 0.8.0 is wrong for lifts, see effect
	ea, eb, _ := abtest.CUPED(a, b)
	return question{ask: ask, tol: tight, answer: compared(ea, eb, o)}
}

func askQuantile(r *rand.Rand) question {
	clustered := r.IntN(2) == 0
	level := pick(r, .5, .9, .95, .1)
	arm := func() abtest.QuantileSums {
		n := float64(100 + r.IntN(10000))
		v := 1 + 10*r.Float64()
		q := abtest.QuantileSums{Level: level, N: n, Value: v, Low: v - r.Float64(), High: v + r.Float64(), NStar: math.Floor(n * (0.5 + r.Float64()))}
		if clustered {
			var u abtest.RatioSums
			for u.Den.Sum < n {
				k := float64(1 + r.IntN(5))
				below := 0.0
				for range int(k) {
					if r.Float64() < level {
						below++
					}
				}
				u.Add(below, k)
			}
			q.Units = &u
		}
		return q
	}
	a, b := arm(), arm()
	ask := map[string]any{"stat": "quantile", "a": a, "b": b}
	o := randOptions(r, ask)
	ea, okA := abtest.QuantileOf(a)
	eb, okB := abtest.QuantileOf(b)
	if !okA || !okB {
		return askQuantile(r)
	}
	return question{ask: ask, tol: tight, answer: compared(ea, eb, o)}
}

func askBayes(r *rand.Rand) question {
	a, b := randSums(r, 5+size(r), 1), randSums(r, 5+size(r), 1)
	prior := abtest.Prior{Mean: r.NormFloat64() / 10, SD: pick(r, 0, .1, 1.)}
	inverse, alpha := r.IntN(2) == 0, pick(r, .05, .1)
	ask := map[string]any{"ask": "bayes", "a": a, "b": b, "mean": prior.Mean, "sd": prior.SD, "inverse": inverse, "alpha": alpha}
	return question{ask: ask, tol: tight, answer: func() []float64 {
		c, err := abtest.Compare(abtest.Mean(a), abtest.Mean(b), abtest.Options{Relative: abtest.Delta})
		if err != nil {
			return nil
		}
		v, err := abtest.Posterior(c.Effect, c.SE, prior, inverse, alpha)
		if err != nil {
			return nil
		}
		return []float64{v.Mean, v.Low, v.High, v.Better, v.RiskTreatment, v.RiskControl}
	}}
}

func askBetaBinomial(r *rand.Rand) question {
	arm := func() (yes, n float64) {
		n = float64(1 + r.IntN(pick(r, 20, 2000)))
		return math.Floor(r.Float64() * (n + 1)), n
	}
	ya, na := arm()
	yb, nb := arm()
	prior := pick(r, 1., .5)
	ask := map[string]any{"ask": "beta_binomial", "ya": ya, "na": na, "yb": yb, "nb": nb, "prior": prior}
	return question{ask: ask, tol: tight, abs: 1e-9, answer: func() []float64 {
		s, err := abtest.BetaBinomial(ya, na, yb, nb, abtest.BetaPrior{A: prior, B: prior}, .05)
		if err != nil {
			return nil
		}
		return []float64{s.Control[0], s.Control[1], s.Treatment[0], s.Treatment[1], s.Better, s.RiskTreatment, s.RiskControl}
	}}
}
