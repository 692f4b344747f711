package grad_test

import (
	"runtime/debug"
	"slices"
	"testing"

	"yingda/internal/testenv"
	"yingda/training/grad"
)

// tolerance of gradients in single precision, relative to their norm.
const tolerance = 1e-5

// TestRules holds every rule of the table against central differences of a reference in double precision, on random shapes and
// attributes, and the same gradient graph on other sizes.
func TestRules(t *testing.T) {
	testenv.MustORT(t)
	seeds := uint64(24)
	if testing.Short() {
		seeds = 4
	}
	for _, op := range grad.Operators() {
		t.Run(op, func(t *testing.T) {
			makeCase := cases[op]
			if makeCase == nil {
				t.Fatal("the rule has no test case")
			}
			defer func() {
				if r := recover(); r != nil {
					t.Errorf("panic %v\n%s", r, debug.Stack())
				}
			}()
			reused := 0
			for seed := range seeds {
				p := solved(seed, 1, makeCase)
				s := p.compile(t)
				s.check(t, p, tolerance)
				if q := solved(seed, 2, makeCase); sameStructure(p, q) {
					s.check(t, q, tolerance)
					reused++
				}
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
			if reused == 0 {
				t.Error("no gradient graph was run on other sizes")
			}
		})
	}
	for op := range cases {
		if !slices.Contains(grad.Operators(), op) {
			t.Errorf("there is a case, but no rule, for %s", op)
		}
	}
}

func solved(structure, data uint64, f func(p *problem)) *problem {
	p := newProblem(structure, data)
	f(p)
	p.close()
	return p
}
