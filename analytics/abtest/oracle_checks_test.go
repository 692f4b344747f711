package abtest_test

import (
	"math"
	"math/rand/v2"
	"sort"

	"yingda/analytics/abtest"
)

func askAdjust(r *rand.Rand) question {
	ps := make([]float64, 1+r.IntN(12))
	for i := range ps {
		ps[i] = math.Pow(r.Float64(), pick(r, 1., 4))
		if i > 0 && r.IntN(6) == 0 {
			ps[i] = ps[i-1]
		}
	}
	method := pick(r, abtest.Bonferroni, abtest.Sidak, abtest.Holm, abtest.HolmSidak, abtest.Hochberg, abtest.Hommel, abtest.BH, abtest.BY)
	return question{tol: tight, ask: map[string]any{"ask": "adjust", "p": ps, "method": method}, answer: func() []float64 {
		out, err := abtest.Adjust(ps, method)
		if err != nil {
			return nil
		}
		return out
	}}
}

func randCounts(r *rand.Rand, weights []float64, n float64) []int64 {
	out := make([]int64, len(weights))
	for i, w := range weights {
		out[i] = int64(math.Max(0, math.Round(n*w+math.Sqrt(n*w)*r.NormFloat64()*1.5)))
	}
	return out
}

func askSRM(r *rand.Rand) question {
	weights := make([]float64, 2+r.IntN(4))
	for i := range weights {
		weights[i] = pick(r, 1., 2, 3, .5)
	}
	if len(weights) > 2 && r.IntN(4) == 0 {
		weights[1] = 0
	}
	counts := randCounts(r, weights, float64(10+size(r)))
	return question{tol: tight, ask: map[string]any{"ask": "srm", "counts": counts, "weights": weights}, answer: func() []float64 {
		s, err := abtest.SRM(counts, weights)
		if err != nil {
			return nil
		}
		return []float64{s.Chi2, s.P}
	}}
}

func askSequentialSRM(r *rand.Rand) question {
	weights := []float64{.5, .3, .2}[:2+r.IntN(2)]
	rows := make([][]int64, 1+r.IntN(20))
	for i := range rows {
		rows[i] = randCounts(r, weights, float64(1+r.IntN(2000)))
	}
	k := pick(r, 100., 10000)
	return question{tol: tight, ask: map[string]any{"ask": "sequential_srm", "weights": weights, "rows": rows, "concentration": k}, answer: func() []float64 {
		s, err := abtest.NewSequentialSRM(weights, k)
		if err != nil {
			return nil
		}
		for _, row := range rows {
			if _, err := s.Add(row); err != nil {
				return nil
			}
		}
		return []float64{s.P()}
	}}
}

func askRanks(r *rand.Rand) question {
	draw := func(shift float64) []float64 {
		xs := make([]float64, 8+r.IntN(pick(r, 20, 400, 3000)))
		for i := range xs {
			xs[i] = shift + r.NormFloat64()
			if r.IntN(3) == 0 {
				xs[i] = math.Round(xs[i])
			}
		}
		return xs
	}
	x, y := draw(0), draw(pick(r, 0, .1, .5))
	return question{tol: tight, ask: map[string]any{"ask": "ranks", "x": x, "y": y}, answer: func() []float64 {
		u, p := abtest.MannWhitney(x, y)
		d, kp := abtest.KolmogorovSmirnov(x, y)
		return []float64{u, p, d, kp}
	}}
}

func askShares(r *rand.Rand) question {
	arm := func() (yes, n float64) {
		n = float64(2 + r.IntN(5000))
		return math.Max(1, math.Min(n-1, math.Floor(r.Float64()*n))), n
	}
	ya, na := arm()
	yb, nb := arm()
	alpha := pick(r, .05, .01)
	return question{tol: tight, ask: map[string]any{"ask": "shares", "ya": ya, "na": na, "yb": yb, "nb": nb, "alpha": alpha}, answer: func() []float64 {
		l, h := abtest.Wilson(ya, na, alpha)
		nl, nh := abtest.Newcombe(ya, na, yb, nb, alpha)
		z, p := abtest.PooledZ(ya, na, yb, nb)
		return []float64{l, h, nl, nh, z, p}
	}}
}

func askMcNemar(r *rand.Rand) question {
	p := abtest.Pairs{Both: float64(r.IntN(500)), FirstOnly: float64(1 + r.IntN(900)), SecondOnly: float64(1 + r.IntN(900)), Neither: float64(r.IntN(500))}
	if r.IntN(2) == 0 {
		p.FirstOnly, p.SecondOnly = float64(1+r.IntN(30)), float64(1+r.IntN(30))
	}
	return question{tol: tight, ask: map[string]any{"ask": "mcnemar", "both": p.Both, "first": p.FirstOnly, "second": p.SecondOnly, "neither": p.Neither},
		answer: func() []float64 { return []float64{abtest.McNemar(p, .05).P} }}
}

func askContingency(r *rand.Rand) question {
	table := make([][]float64, 2+r.IntN(4))
	cols := 2 + r.IntN(4)
	for i := range table {
		for range cols {
			table[i] = append(table[i], float64(1+r.IntN(200)))
		}
	}
	return question{tol: tight, ask: map[string]any{"ask": "contingency", "table": table}, answer: func() []float64 {
		chi2, df, p := abtest.Independence(table)
		return []float64{chi2, p, df}
	}}
}

func askPower(r *rand.Rand) question {
	n, alpha, ratio := float64(5+r.IntN(500)), pick(r, .05, .01, .1), pick(r, 1., 2, .5)
	effect := (.2 + 5*r.Float64()) / math.Sqrt(n*ratio/(1+ratio)) // scipy's noncentral t is not a number far out
	one := r.IntN(2) == 0
	ask := map[string]any{"ask": "power_t", "effect": effect, "n": n, "alpha": alpha, "ratio": ratio, "alternative": "two-sided"}
	if one {
		ask["alternative"] = "larger"
	}
	return question{tol: tight, ask: ask, answer: func() []float64 {
		p, err := abtest.Power(abtest.Plan{Control: abtest.Estimate{Value: 1, Var: 1}, Effect: effect, Alpha: alpha, OneSided: one, Share: ratio / (1 + ratio)}, n*(1+ratio))
		if err != nil {
			return nil
		}
		return []float64{p}
	}}
}

func askGroupSequential(r *rand.Rand) question {
	times := make([]float64, 1+r.IntN(8))
	for i := range times {
		times[i] = .05 + .9*r.Float64()
	}
	sort.Float64s(times)
	times = append(times, 1)
	for i := 1; i < len(times); i++ { // the oracle's grid is too coarse for looks that nearly coincide
		if times[i]-times[i-1] < .02 {
			return askGroupSequential(r)
		}
	}
	name, spend := "obf", abtest.Spending(abtest.OBrienFleming)
	if r.IntN(2) == 0 {
		name, spend = "pocock", abtest.Pocock
	}
	alpha := pick(r, .05, .01)
	return question{tol: tight, ask: map[string]any{"ask": "group_sequential", "times": times, "alpha": alpha, "spend": name}, answer: func() []float64 {
		b, err := abtest.Design{Times: times, Alpha: alpha, Spend: spend}.Bounds()
		if err != nil {
			return nil
		}
		return b.Z
	}}
}

func askBest(r *rand.Rand) question {
	arms := make([]abtest.Estimate, 2+r.IntN(4))
	pairs := make([][2]float64, len(arms))
	for i := range arms {
		m, s := r.NormFloat64(), .05+r.Float64()*pick(r, .1, 3)
		pairs[i] = [2]float64{m, s}
		arms[i] = abtest.Estimate{N: 1000, Value: m, Var: s * s * 1000}
	}
	return question{tol: tight, abs: 1e-12, ask: map[string]any{"ask": "best", "arms": pairs}, answer: func() []float64 {
		a, err := abtest.Bandit(arms, abtest.BanditOptions{})
		if err != nil {
			return nil
		}
		return a.Best
	}}
}
