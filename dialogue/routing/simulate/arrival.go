// Package simulate replays a day of arrivals against a routing config, with the same board that serves customers, and reports the waits:
// a new policy is tried out on stored or generated days before customers meet it.
//
// [Generate] makes arrivals and [Staff] makes agents, both from a seed; [Run] is a discrete-event simulation. It differs from the service
// in three points: offers are accepted at once, queues that agents pull from are pulled from as soon as somebody is free, and agents work
// whenever a queue of theirs is open and finish what they have when it closes.
package simulate

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/routing"
	"yingda/nlu"
)

// Arrival is a customer who is handed over.
type Arrival struct {
	At        time.Time       `json:"at"`
	Queue     string          `json:"queue"`
	Tier      string          `json:"tier,omitempty"`
	Channel   string          `json:"channel,omitempty"`
	Lang      nlu.Lang        `json:"lang,omitempty"`
	Skills    []string        `json:"skills,omitempty"`
	Why       dialogue.Reason `json:"why,omitempty"`
	Emotion   string          `json:"emotion,omitempty"`
	Intensity float64         `json:"intensity,omitempty"`
	Urgent    bool            `json:"urgent,omitempty"`
	Tried     int             `json:"tried,omitempty"`
	Handle    float64         `json:"handle_s"`             // seconds with an agent who has the skills
	Patience  float64         `json:"patience_s,omitempty"` // seconds until they give up; 0 = they never do
}

// Read reads arrivals, one JSON object a line. The error joins one for each line that is wrong.
func Read(r io.Reader) ([]Arrival, error) {
	var out []Arrival
	var errs []error
	in := bufio.NewScanner(r)
	in.Buffer(nil, 1<<20)
	for n := 1; in.Scan(); n++ {
		if len(in.Bytes()) == 0 {
			continue
		}
		var a Arrival
		if err := json.Unmarshal(in.Bytes(), &a); err != nil {
			errs = append(errs, fmt.Errorf("line %d: %w", n, err))
			continue
		}
		switch {
		case a.At.IsZero():
			errs = append(errs, fmt.Errorf("line %d: at is missing: write e.g. 2026-11-23T09:30:00+08:00", n))
		case a.Queue == "":
			errs = append(errs, fmt.Errorf("line %d: queue is missing", n))
		case !(a.Handle > 0) || math.IsInf(a.Handle, 0):
			errs = append(errs, fmt.Errorf("line %d: handle_s is %g: want seconds, more than 0", n, a.Handle))
		case !(a.Patience >= 0):
			errs = append(errs, fmt.Errorf("line %d: patience_s is %g: want seconds, 0 = endless", n, a.Patience))
		}
		out = append(out, a)
	}
	if err := errors.Join(append(errs, in.Err())...); err != nil {
		return nil, fmt.Errorf("read arrivals: %w", err)
	}
	slices.SortStableFunc(out, func(x, y Arrival) int { return x.At.Compare(y.At) })
	return out, nil
}

// Write writes arrivals as Read reads them.
func Write(w io.Writer, arrivals []Arrival) error {
	enc := json.NewEncoder(w)
	for i := range arrivals {
		if err := enc.Encode(&arrivals[i]); err != nil {
			return fmt.Errorf("write arrivals: %w", err)
		}
	}
	return nil
}

// Day says what kind of day to generate. Zero fields have the defaults that [Generate] names.
type Day struct {
	Seed     uint64
	Start    time.Time          // midnight; default 2026-11-23 in the config's zone
	Arrivals float64            // expected number over the day; default 2000
	Flat     bool               // the same rate all day instead of the curve of a shop: few at night, peaks at 10, 15 and 20 o'clock
	Length   time.Duration      // default 24 h
	Queues   map[string]float64 // weights; default: the first queue 6, the others 1 each
	Tiers    map[string]float64 // weights; default: 8 without a tier, and 1 over the tiers of the config
	Patience time.Duration      // mean, exponential; 0 = endless
	Handling string             // "lognormal" (default, spread of 0.6), "exponential" or "fixed", around Queue.Handle
	Plain    bool               // no emotions, skills, voice or other languages: for comparison with theory
}

// curve is the weight of each hour of a shop's day.
var curve = [24]float64{2, 1, 1, 0.5, 0.5, 1, 2, 4, 7, 10, 12, 11, 8, 8, 10, 11, 10, 9, 8, 10, 12, 11, 8, 4}

// Generate makes the arrivals of a day: a Poisson process along the day's curve, attributes by weights. The same day and config give the
// same arrivals.
func Generate(cfg *routing.Config, d Day) []Arrival {
	g := newGenerator(cfg, d)
	var out []Arrival
	peak := 0.0
	for h := range curve {
		peak = max(peak, g.rate(float64(h)*3600))
	}
	for t := g.exp(1 / peak); t < g.d.Length.Seconds(); t += g.exp(1 / peak) { // thinning: draw at the peak rate, keep in proportion
		if g.r.Float64()*peak < g.rate(t) {
			out = append(out, g.arrival(t))
		}
	}
	return out
}

type generator struct {
	cfg    *routing.Config
	d      Day
	r      *rand.Rand
	queues choice
	tiers  choice
	skills []string
	moods  []string
}

func newGenerator(cfg *routing.Config, d Day) *generator {
	g := &generator{cfg: cfg, d: d, r: rand.New(rand.NewPCG(d.Seed, 0x5eed))}
	if g.d.Start.IsZero() {
		g.d.Start = time.Date(2026, 11, 23, 0, 0, 0, 0, cfg.Zone)
	}
	if g.d.Length == 0 {
		g.d.Length = 24 * time.Hour
	}
	if g.d.Arrivals == 0 {
		g.d.Arrivals = 2000
	}
	if d.Queues == nil {
		d.Queues = map[string]float64{}
		for i, q := range cfg.Order {
			d.Queues[q] = 1
			if i == 0 {
				d.Queues[q] = 6
			}
		}
	}
	if d.Tiers == nil {
		d.Tiers = map[string]float64{"": 8}
		for t := range cfg.Priority.Tiers {
			d.Tiers[t] = 1 / float64(len(cfg.Priority.Tiers))
		}
	}
	g.queues, g.tiers = newChoice(d.Queues), newChoice(d.Tiers)
	g.skills, g.moods = Skills(cfg), sortedKeys(cfg.Priority.Emotions)
	return g
}

// rate returns arrivals a second at a second of the day.
func (g *generator) rate(t float64) float64 {
	if g.d.Flat {
		return g.d.Arrivals / g.d.Length.Seconds()
	}
	var sum float64
	for _, w := range curve {
		sum += w
	}
	return g.d.Arrivals * curve[int(t/3600)%24] / sum / 3600
}

func (g *generator) exp(mean float64) float64 { return g.r.ExpFloat64() * mean }

func (g *generator) arrival(t float64) Arrival {
	a := Arrival{At: g.d.Start.Add(time.Duration(t * float64(time.Second))), Queue: g.queues.draw(g.r), Tier: g.tiers.draw(g.r), Channel: "web", Lang: nlu.Chinese}
	q := g.cfg.Queue(a.Queue)
	a.Handle = g.handling(q.Handle.Seconds())
	if g.d.Patience > 0 {
		a.Patience = math.Max(1, g.exp(g.d.Patience.Seconds()))
	}
	if g.d.Plain {
		return a
	}
	if g.r.Float64() < 0.08 {
		a.Lang = nlu.English
	}
	if _, voice := g.cfg.Channels["voice"]; voice && g.r.Float64() < 0.05 {
		a.Channel = "voice"
	}
	if len(g.skills) > 0 && g.r.Float64() < 0.3 {
		a.Skills = []string{g.skills[g.r.IntN(len(g.skills))]}
	}
	if len(g.moods) > 0 && g.r.Float64() < 0.35 {
		a.Emotion, a.Intensity = g.moods[g.r.IntN(len(g.moods))], 0.4+0.6*g.r.Float64()
	}
	a.Why = []dialogue.Reason{dialogue.ByRequest, dialogue.ByRequest, dialogue.ByComplexity, dialogue.ByUnrecognised, dialogue.ByEmotion}[g.r.IntN(5)]
	a.Urgent, a.Tried = g.r.Float64() < 0.03, g.r.IntN(4)
	return a
}

func (g *generator) handling(mean float64) float64 {
	switch g.d.Handling {
	case "exponential":
		return g.exp(mean)
	case "fixed":
		return mean
	}
	const spread = 0.6
	return mean * math.Exp(spread*g.r.NormFloat64()-spread*spread/2)
}

// choice draws names by weight.
type choice struct {
	names []string
	upto  []float64
}

func newChoice(weights map[string]float64) choice {
	var c choice
	var sum float64
	for _, name := range sortedKeys(weights) {
		if w := weights[name]; w > 0 {
			sum += w
			c.names, c.upto = append(c.names, name), append(c.upto, sum)
		}
	}
	return c
}

func (c choice) draw(r *rand.Rand) string {
	if len(c.names) == 0 {
		return ""
	}
	x := r.Float64() * c.upto[len(c.upto)-1]
	for i, u := range c.upto {
		if x < u {
			return c.names[i]
		}
	}
	return c.names[len(c.names)-1]
}
