package demodata

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"yingda/nlu"
)

// customer is somebody who comes, once or often. All of them are computed from their number: none is kept.
type customer struct {
	alias   string // as the log's pseudonyms look
	number  int    // -1 = anonymous
	lang    nlu.Lang
	tier    string
	channel string // that they like best
}

var channels = []string{"app", "wechat", "web", "voice", "email"}

// mix is a hash of numbers, the same everywhere.
func mix(parts ...uint64) uint64 {
	h := fnv.New64a()
	var b [8]byte
	for _, p := range parts {
		binary.LittleEndian.PutUint64(b[:], p)
		h.Write(b[:])
	}
	x := h.Sum64() // fnv's high bits are weak: finish as splitmix64 does
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// customerAt computes customer n of the year with that seed.
func customerAt(seed uint64, n int) customer {
	h := mix(seed, uint64(n))
	c := customer{number: n, alias: fmt.Sprintf("%016x%04x", h, uint16(mix(h))), lang: "zh", tier: "standard"}
	if h%100 < 29 {
		c.lang = "en"
	}
	switch t := (h >> 8) % 100; {
	case t < 7:
		c.tier = "vip"
	case t < 22:
		c.tier = "gold"
	}
	c.channel = channelOf((h>>16)%100, c.lang)
	return c
}

// channelOf deals channels out: WeChat is for Chinese customers.
func channelOf(percent uint64, lang nlu.Lang) string {
	shares := [5]uint64{34, 28, 24, 9, 5}
	if lang == "en" {
		shares = [5]uint64{36, 0, 40, 14, 10}
	}
	for i, s := range shares {
		if percent < s {
			return channels[i]
		}
		percent -= s
	}
	return "web"
}

// crowd is how many customers there are on a day; new ones come all year.
func (g *Generator) crowd(day int) int {
	return max(50, int(g.perDay*45*(0.55+0.45*float64(day)/float64(g.plan.days))))
}

// someone draws who comes: some come often, most seldom.
func (g *Generator) someone(rng *rand.Rand, day int) customer {
	n := g.crowd(day)
	return customerAt(g.o.Seed, min(n-1, int(float64(n)*math.Pow(rng.Float64(), 1.35))))
}

// agent is a person who serves customers, several at a time.
type agent struct {
	id     string
	queues []string
	first  int                   // hour of the day at which the shift begins
	off    int                   // days off: this one of seven and the next
	pace   float64               // how long they take, 1 = as all
	free   [agentSlots]time.Time // when each of the places is free again
}

const (
	agentSlots = 3
	shiftHours = 8
)

// newAgents hires as many as the traffic needs on ordinary days.
func newAgents(sessionsPerDay float64) []*agent {
	skills := [][]string{{"general"}, {"general", "complaint"}, {"general", "tech"}, {"general", "vip"}, {"tech", "general"}, {"complaint", "general", "vip"}}
	shifts := []int{8, 14, 10, 14, 8, 12}
	agents := make([]*agent, max(12, int(sessionsPerDay/28)))
	for i := range agents {
		agents[i] = &agent{
			id: "agent-" + strconv.Itoa(101+i), queues: skills[i%len(skills)], first: shifts[(i/2)%len(shifts)], off: i % 7, pace: 0.75 + 0.5*float64(i%11)/10,
		}
	}
	return agents
}

// works tells whether the agent is there at a time of the shop.
func (a *agent) works(at time.Time) bool {
	day := int(at.Weekday())
	return day != a.off && day != (a.off+1)%7 && at.Hour() >= a.first && at.Hour() < a.first+shiftHours
}

func (a *agent) serves(queue string) bool {
	for _, q := range a.queues {
		if q == queue {
			return true
		}
	}
	return false
}

// assign finds who takes a customer of a queue that waits since at: whoever of those there has a place first. The second result is the place;
// without anybody there the agent is nil.
func (g *Generator) assign(queue string, at time.Time, not *agent) (best *agent, slot int) {
	for _, a := range g.agents {
		if a == not || !a.serves(queue) || !a.works(at) {
			continue
		}
		for i := range a.free {
			if best == nil || a.free[i].Before(best.free[slot]) {
				best, slot = a, i
			}
		}
	}
	return best, slot
}
