package demodata

import (
	"hash/fnv"
	"math/rand/v2"
)

// recommending is how likely who gave so many stars is to answer 0–10 to "how likely are you to recommend us?", in percent.
var recommending = [6][11]int{
	1: {30, 15, 15, 12, 8, 12, 5, 3},
	2: {10, 10, 15, 15, 15, 20, 10, 5},
	3: {2, 2, 4, 7, 10, 30, 25, 15, 5},
	4: {0, 0, 0, 0, 1, 4, 10, 30, 40, 10, 5},
	5: {0, 0, 0, 0, 0, 1, 2, 7, 20, 30, 40},
}

// recommends is the answer of who gave stars after a session, or nil: three in five say so. It has a source of chance of its own, so that the rest
// of the data does not depend on it.
func (g *Generator) recommends(session string, stars int) *int {
	h := fnv.New64a()
	h.Write([]byte(session)) // it never fails
	rng := rand.New(rand.NewPCG(g.o.Seed, h.Sum64()))
	if rng.Float64() >= 0.6 {
		return nil
	}
	u := rng.IntN(100)
	for answer, percent := range recommending[stars] {
		if u -= percent; u < 0 {
			return &answer
		}
	}
	return nil
}
