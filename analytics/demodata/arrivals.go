package demodata

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// firstVisits is the share of sessions that do not come of another one.
const firstVisits = 0.87

// visits is a heap by time.
type visits []visit

func (v visits) Len() int           { return len(v) }
func (v visits) Less(i, j int) bool { return v[i].at.Before(v[j].at) }
func (v visits) Swap(i, j int)      { v[i], v[j] = v[j], v[i] }

// Push and Pop are heap's.
func (v *visits) Push(x any) { *v = append(*v, x.(visit)) }

// Pop removes the last.
func (v *visits) Pop() any {
	old := *v
	x := old[len(old)-1]
	*v = old[:len(old)-1]
	return x
}

// arrival is somebody who comes by themselves.
func (g *Generator) arrival(rng *rand.Rand, day int, d *deal) visit {
	v := visit{at: g.plan.day(day).Add(moment(rng)), who: g.someone(rng, day)}
	v.channel = v.who.channel
	if rng.Float64() < 0.15 {
		v.channel = channelOf(uint64(rng.IntN(100)), v.who.lang)
	}
	if v.channel == "web" && rng.Float64() < 0.2 { // not signed in
		lang := v.who.lang
		v.who = customerAt(g.o.Seed^0xa11ce, rng.IntN(1<<40))
		v.who.number, v.who.lang, v.who.tier = -1, lang, "standard"
	}
	v.topic, v.planted = d.draw(rng)
	return v
}

// moment is a time of day.
func moment(rng *rand.Rand) time.Duration {
	sum := 0.0
	for _, h := range hours {
		sum += h
	}
	u := rng.Float64() * sum
	for h, w := range hours {
		if u -= w; u < 0 {
			return (time.Duration(h)*time.Hour + time.Duration(rng.Int64N(int64(time.Hour)))).Truncate(time.Millisecond)
		}
	}
	return 12 * time.Hour
}

// deal draws what customers come with on a day.
type deal struct {
	topics  []float64 // running sums
	novelty float64
	planted []float64
	g       *Generator
}

func (g *Generator) newDeal(day int, sale bool) *deal {
	d := &deal{g: g, novelty: g.plan.novelty(day)}
	sum := 0.0
	for _, t := range topics {
		w := t.weight
		if sale && t.sale > 0 {
			w *= t.sale
		}
		if f, ok := launched[t.intent]; ok {
			w *= 1 + (f-1)*d.novelty/0.20
		}
		sum += w
		d.topics = append(d.topics, sum)
	}
	sum = 0
	for _, p := range g.pools.planted {
		sum += p.Share
		d.planted = append(d.planted, sum)
	}
	return d
}

// noise is the share of sessions in which nothing is wanted that a shop could give.
const noise = 0.02

func (d *deal) draw(rng *rand.Rand) (*topic, *Planted) {
	switch u := rng.Float64(); {
	case u < noise:
		return nil, nil
	case u < noise+d.novelty:
		return nil, &d.g.pools.planted[at(d.planted, rng)]
	}
	return &topics[at(d.topics, rng)], nil
}

// at draws an index by running sums.
func at(sums []float64, rng *rand.Rand) int {
	i, _ := slices.BinarySearch(sums, rng.Float64()*sums[len(sums)-1])
	return min(i, len(sums)-1)
}

// poisson draws how many come when mean are to be expected.
func poisson(rng *rand.Rand, mean float64) int {
	if mean > 30 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*rng.NormFloat64())))
	}
	n, p := 0, math.Exp(-mean)
	for u := rng.Float64(); u > p; u *= rng.Float64() {
		n++
	}
	return n
}
