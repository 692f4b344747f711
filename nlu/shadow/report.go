package shadow

import (
	"time"

	"yingda/models"
)

// Report is a snapshot of a mirror: the JSON of GET /v1/shadow.
type Report struct {
	Share    float64 `json:"share"`    // of the requests that are sampled; 0 = there is no mirror
	Waiting  int64   `json:"waiting"`  // texts in the queue
	Capacity int     `json:"capacity"` // of the queue, texts
	Pairs    []Pair  `json:"pairs"`    // newest first, the last 8
}

// Pair is what two bundles said of the same texts since the mirror began to compare them.
type Pair struct {
	Champion      models.BundleID      `json:"champion"`
	Shadow        models.BundleID      `json:"shadow"`
	Since         time.Time            `json:"since"`
	Offered       int64                `json:"offered"`   // texts sampled
	Compared      int64                `json:"compared"`  // texts that both have answered
	Dropped       map[string]int64     `json:"dropped"`   // texts not compared, by cause: queue_full, late, overloaded, gone, failed
	Agreement     map[string]Agreement `json:"agreement"` // by layer: intents, understood, emotion, entities, all
	ScoreChange   Change               `json:"score_change"`
	OOSChange     Change               `json:"out_of_scope_change"`
	Disagreements []Disagreement       `json:"disagreements"` // the 20 most frequent of intents, then of emotion
	Unlisted      int64                `json:"unlisted"`      // disagreements of further kinds, beyond the 4,096 that are told apart
	Latency       map[string]Latency   `json:"latency_ms"`    // "champion", "shadow": requests of one text
}

// Agreement is how often two bundles say the same.
type Agreement struct {
	Same int64    `json:"same"`
	Of   int64    `json:"of"`
	Rate *float64 `json:"rate"` // same/of, null without texts
}

// Change is by how much the shadow's scores lie above the champion's: of the intent that the champion ranks first, or of out of scope.
type Change struct {
	N            int64   `json:"n"`
	Mean         float64 `json:"mean"`          // −1 to 1
	MeanAbsolute float64 `json:"mean_absolute"` // 0 to 1
}

// Disagreement is one way in which two bundles differ. Several wishes are joined by "+"; "none" is not understood.
type Disagreement struct {
	Layer    string `json:"layer"` // "intents" or "emotion"
	Champion string `json:"champion"`
	Shadow   string `json:"shadow"`
	Count    int64  `json:"count"`
}

// Latency is the time of a text within the pipeline, in milliseconds. Quantiles are read from a histogram and up to 5 % off.
type Latency struct {
	N      int64   `json:"n"`
	Mean   float64 `json:"mean"`
	Median float64 `json:"median"`
	P95    float64 `json:"p95"`
}

// mostListed is how many disagreements of a layer a report lists.
const mostListed = 20

// Report returns a snapshot.
func (m *Mirror) Report() Report {
	m.mu.Lock()
	pairs := append([]*pair(nil), m.pairs...)
	m.mu.Unlock()
	r := Report{Share: m.o.Share, Waiting: m.waiting.Load(), Capacity: m.o.Queue, Pairs: []Pair{}}
	for i := range pairs {
		r.Pairs = append(r.Pairs, pairs[len(pairs)-1-i].report())
	}
	return r
}

func (p *pair) report() Pair {
	r := Pair{Champion: p.champion, Shadow: p.shadow, Since: p.since.UTC(), Offered: p.offered.Load(), Dropped: map[string]int64{}, Agreement: map[string]Agreement{}}
	for c, name := range causeNames {
		r.Dropped[name] = p.dropped[c].Load()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	r.Compared, r.Unlisted = p.compared, p.rest
	for l, name := range layerNames {
		a := Agreement{Same: p.same[l], Of: p.of[l]}
		if a.Of > 0 {
			rate := float64(a.Same) / float64(a.Of)
			a.Rate = &rate
		}
		r.Agreement[name] = a
	}
	r.ScoreChange, r.OOSChange = p.score.change(), p.oos.change()
	r.Disagreements = append(p.disagreements(intents, mostListed), p.disagreements(emotion, mostListed)...)
	r.Latency = map[string]Latency{"champion": p.latency[0].latency(), "shadow": p.latency[1].latency()}
	return r
}

func (d *deviation) change() Change {
	c := Change{N: d.n}
	if d.n > 0 {
		c.Mean, c.MeanAbsolute = d.sum/float64(d.n), d.abs/float64(d.n)
	}
	return c
}
