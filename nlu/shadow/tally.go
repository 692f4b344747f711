package shadow

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"yingda/models"
	"yingda/nlu"
)

// cause is why a text was not compared.
type cause int

const (
	queueFull  cause = iota // too many were waiting
	late                    // it waited longer than Options.MaxAge for the champion to be less busy
	overloaded              // the shadow's own queue was full
	gone                    // the shadow was taken away or replaced meanwhile
	failed                  // the shadow gave an error, or panicked
	causes
)

// causeNames are part of the API.
var causeNames = [causes]string{"queue_full", "late", "overloaded", "gone", "failed"}

// layer is a part of an analysis that is compared.
type layer int

const (
	intents    layer = iota // the same wishes, in any order
	understood              // both understood something, or neither did
	emotion                 // the same feeling; where both bundles tell one
	entities                // the same types at the same places; where both read the same alternative
	everything              // all of the above that could be compared
	layers
)

// layerNames are part of the API.
var layerNames = [layers]string{"intents", "understood", "emotion", "entities", "all"}

// maxKinds bounds the kinds of disagreement that are told apart; further ones are counted together.
const maxKinds = 4096

// pair counts what two bundles say of the same texts.
type pair struct {
	champion, shadow models.BundleID
	since            time.Time
	offered          atomic.Int64
	dropped          [causes]atomic.Int64
	once             sync.Once // for the log

	mu       sync.Mutex
	compared int64
	same, of [layers]int64
	score    deviation // shadow − champion, of the champion's best intent
	oos      deviation // shadow − champion, out of scope
	kinds    map[kind]int64
	rest     int64
	latency  [2]histogram // champion, shadow
}

// kind is one way to disagree.
type kind struct {
	layer            layer
	champion, shadow string
}

func newPair(champion, shadow models.BundleID, now time.Time) *pair {
	return &pair{champion: champion, shadow: shadow, since: now, kinds: map[kind]int64{}}
}

func (p *pair) drop(c cause, n int64) { p.dropped[c].Add(n) }

// add compares two analyses of one text. timed tells whether it was a request of its own, so that the champion's time is that of one text.
func (p *pair) add(c, s *nlu.Analysis, timed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.compared++
	all := p.equal(intents, labels(c), labels(s))
	all = p.count(understood, (len(c.Intents) > 0) == (len(s.Intents) > 0)) && all
	if c.Emotion.Label != "" && s.Emotion.Label != "" {
		all = p.equal(emotion, c.Emotion.Label, s.Emotion.Label) && all
	}
	if c.Text == s.Text {
		all = p.count(entities, sameEntities(c.Entities, s.Entities)) && all
	}
	p.count(everything, all)
	if len(c.Ranking) > 0 {
		best := c.Ranking[0]
		p.score.add(scoreOf(s.Ranking, best.Label) - best.Score)
	}
	p.oos.add(s.OOS - c.OOS)
	if timed {
		p.latency[0].add(c.Timing.Total)
		p.latency[1].add(s.Timing.Total)
	}
}

func (p *pair) count(l layer, same bool) bool {
	p.of[l]++
	if same {
		p.same[l]++
	}
	return same
}

// equal counts two labels, and how they differ.
func (p *pair) equal(l layer, champion, shadow string) bool {
	if p.count(l, champion == shadow) {
		return true
	}
	k := kind{l, champion, shadow}
	if _, known := p.kinds[k]; !known && len(p.kinds) >= maxKinds {
		p.rest++
		return false
	}
	p.kinds[k]++
	return false
}

// labels names the wishes that were answered, in one order; "none" when nothing was understood.
func labels(a *nlu.Analysis) string {
	if len(a.Intents) == 0 {
		return "none"
	}
	if len(a.Intents) == 1 {
		return a.Intents[0].Label
	}
	list := make([]string, len(a.Intents))
	for i := range a.Intents {
		list[i] = a.Intents[i].Label
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), "+")
}

// sameEntities compares types and places; both lists are by position, without overlap.
func sameEntities(a, b []nlu.Entity) bool {
	return slices.EqualFunc(a, b, func(x, y nlu.Entity) bool { return x.Type == y.Type && x.Span == y.Span })
}

func scoreOf(ranking []nlu.Prediction, label string) float64 {
	for _, r := range ranking {
		if r.Label == label {
			return r.Score
		}
	}
	return 0
}

// deviation sums differences of scores.
type deviation struct {
	n        int64
	sum, abs float64
}

func (d *deviation) add(v float64) {
	if !math.IsNaN(v) {
		d.n, d.sum, d.abs = d.n+1, d.sum+v, d.abs+math.Abs(v)
	}
}

// disagreements lists the most frequent kinds of a layer.
func (p *pair) disagreements(l layer, most int) []Disagreement {
	out := []Disagreement{}
	for k, n := range p.kinds {
		if k.layer == l {
			out = append(out, Disagreement{layerNames[l], k.champion, k.shadow, n})
		}
	}
	slices.SortFunc(out, func(a, b Disagreement) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Champion, b.Champion), cmp.Compare(a.Shadow, b.Shadow))
	})
	return slices.Clip(out[:min(most, len(out))])
}
