package simulate

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"yingda/dialogue/routing"
	"yingda/nlu"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Skills returns the skills that the config's queues name.
func Skills(cfg *routing.Config) []string {
	seen := map[string]bool{}
	var see func(e *routing.Expr)
	see = func(e *routing.Expr) {
		if e.Skill != "" {
			seen[e.Skill] = true
		}
		for i := range e.All {
			see(&e.All[i])
		}
		for i := range e.Any {
			see(&e.Any[i])
		}
		if e.Not != nil {
			see(e.Not)
		}
	}
	for _, q := range cfg.Queues {
		for s := range q.Skills {
			seen[s] = true
		}
		see(&q.Always)
		for i := range q.Steps {
			see(&q.Steps[i].Where)
		}
	}
	return sortedKeys(seen)
}

// Staff makes n agents: all speak Chinese and every third English too, each has one or two of the config's skills at levels 1–5, spread
// evenly, and the capacity given (0 = 3). The same seed gives the same agents.
func Staff(cfg *routing.Config, n, capacity int, seed uint64) []routing.Member {
	r := rand.New(rand.NewPCG(seed, 0x57aff))
	if capacity == 0 {
		capacity = 3
	}
	skills := Skills(cfg)
	out := make([]routing.Member, n)
	for i := range out {
		m := routing.Member{ID: fmt.Sprintf("agent-%03d", i+1), Languages: []nlu.Lang{nlu.Chinese}, Capacity: capacity, Skills: map[string]int{}}
		if i%3 == 0 {
			m.Languages = append(m.Languages, nlu.English)
		}
		if len(skills) > 0 {
			m.Skills[skills[i%len(skills)]] = 3 + r.IntN(3)
			if i%2 == 0 {
				m.Skills[skills[(i+1)%len(skills)]] = 1 + r.IntN(3)
			}
		}
		out[i] = m
	}
	return out
}

// PlainFIFO returns the config without what makes routing more than first come, first served: no head starts, no steps, no preference
// for the last agent, no overflow. What must always hold, and who belongs to a queue, stays.
func PlainFIFO(cfg *routing.Config) *routing.Config {
	c := *cfg
	c.Priority = routing.Priority{}
	c.Queues = map[string]*routing.Queue{}
	for name, q := range cfg.Queues {
		p := *q
		p.Head, p.Steps, p.Overflow, p.LastAgent, p.Pick = 0, nil, nil, 0, routing.Idlest
		c.Queues[name] = &p
	}
	return &c
}
