package mine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"yingda/analytics/mine/cluster"
)

// Cost is what a message costs that was not understood, in minutes.
type Cost struct {
	Handoff float64 // of people, for one that was handed over; default 8
	Missed  float64 // of the customer, for any; default 0.5
}

// Options of [Run]. The zero value of a number is its default.
type Options struct {
	Tenant     string
	From, To   time.Time // of the candidates
	Candidates []Candidate
	Known      []Known // what groups are compared with; may be empty
	Engine     Engine
	// Embedder makes the vectors of groups. Nil = the bundle's.
	Embedder Embedder
	// Before are the groups of the last run, for their ids; NextID is the number of the next new one.
	Before []Group
	NextID int

	Sure     float64 // probability from which a text that only behaviour marked is understood; default 0.7
	Cluster  cluster.Options
	Verdict  VerdictOptions
	Cost     Cost
	MinCount int // messages of the smallest group; default 5
	Label    int // texts to be labelled; default 100
	Members  int // texts that a group keeps; default 500
	Seed     uint64
	Now      func() time.Time                    // default time.Now
	Progress func(stage string, done, total int) // may be nil
}

func (o Options) withDefaults() Options {
	if o.Sure == 0 {
		o.Sure = 0.7
	}
	if o.Cost == (Cost{}) {
		o.Cost = Cost{Handoff: 8, Missed: 0.5}
	}
	if o.MinCount == 0 {
		o.MinCount = 5
	}
	if o.Label == 0 {
		o.Label = 100
	}
	if o.Members == 0 {
		o.Members = 500
	}
	if o.Cluster.MinSize == 0 {
		o.Cluster.MinSize = 4
	}
	if o.Cluster.Resolution == 0 {
		o.Cluster.Resolution = 4 // rather two groups of one wish, which a person merges, than one of two wishes
	}
	if o.Cluster.Split == 0 {
		o.Cluster.Split = 0.25 // what is dense in two places is two wishes
	}
	if o.Cluster.MinStrength == 0 {
		o.Cluster.MinStrength = 0.2
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	o.Verdict = o.Verdict.withDefaults()
	return o
}

// ErrNoVectors is returned when the bundle gives no embeddings and no Embedder is set.
var ErrNoVectors = errors.New("the bundle gives no embeddings: texts cannot be grouped by meaning; use a bundle with an embedding head, or name an encoder")

// run is one run under way.
type run struct {
	Options
	res     *Result
	items   []Item
	reads   []reading
	vectors *cluster.Matrix
	weights []int
	started time.Time
	dropped []Candidate // understood now
}

// Run groups what was not understood. Everything it is given stays as it is.
func Run(ctx context.Context, o Options) (*Result, error) {
	o = o.withDefaults()
	if o.Engine == nil {
		return nil, errors.New("mine: no engine: a bundle is needed to read texts")
	}
	r := &run{Options: o, started: o.Now(), res: &Result{
		Tenant: o.Tenant, From: o.From, To: o.To, Taken: o.Now().UTC(), Bundle: o.Engine.Manifest().ID, Embedder: string(o.Engine.Manifest().ID),
		Seconds: map[string]float64{}, Counts: Counts{Candidates: len(o.Candidates), Reasons: map[Reason]int{}},
		Groups: []Group{}, Queue: []Pick{},
	}}
	if o.Embedder != nil {
		r.res.Embedder = o.Embedder.Name()
	}
	for _, c := range o.Candidates {
		for _, why := range c.Reasons {
			r.res.Counts.Reasons[why]++
		}
	}
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{{"dedupe", r.dedupe}, {"read", r.read}, {"group", r.group}} {
		at := o.Now()
		if err := step.do(ctx); err != nil {
			return nil, fmt.Errorf("mine: %s: %w", step.name, err)
		}
		r.res.Seconds[step.name] = o.Now().Sub(at).Seconds()
	}
	r.res.Seconds["all"] = o.Now().Sub(r.started).Seconds()
	return r.res, nil
}

func (r *run) dedupe(context.Context) error {
	r.items = Dedupe(r.Candidates)
	r.res.Counts.Texts = len(r.items)
	return nil
}

// read asks the newest bundle about each text, drops what is understood now, and gets vectors.
func (r *run) read(ctx context.Context) error {
	texts := make([]string, len(r.items))
	for i, it := range r.items {
		texts[i] = it.Text
	}
	reads, err := readAll(ctx, r.Engine, texts, func(n int) { r.Progress("read", n, len(texts)) })
	if err != nil {
		return err
	}
	var items []Item
	for i, it := range r.items {
		if r.understood(it, reads[i]) {
			r.res.Counts.Understood += it.Count
			continue
		}
		items, r.reads = append(items, it), append(r.reads, reads[i])
		r.weights = append(r.weights, it.Count)
	}
	r.items = items
	r.vectors, err = r.embed(ctx, r.items, r.reads)
	return err
}

// understood tells whether nothing has to be learned from a text any more. Where behaviour alone marked it (said again, handed over, thumb down)
// the bundle had an answer, and it was the wrong one: only another, sure answer counts.
func (r *run) understood(it Item, rd reading) bool {
	if !rd.accepted {
		return false
	}
	if it.Reasons[Fallback]+it.Reasons[Low]+it.Reasons[Margin] > 0 && it.Reasons[Rephrased]+it.Reasons[ThumbDown] == 0 {
		return true
	}
	changed := 0
	for _, c := range it.candidates {
		if len(rd.ranking) > 0 && c.Top1 != rd.ranking[0].Label {
			changed++
		}
	}
	return rd.p1() >= r.Sure && 2*changed > len(it.candidates)
}

// embed gets a vector of each item: the bundle's came with its reading.
func (r *run) embed(ctx context.Context, items []Item, reads []reading) (*cluster.Matrix, error) {
	texts, xs := make([]string, len(items)), make([][]float32, len(items))
	for i := range items {
		texts[i], xs[i] = items[i].Text, reads[i].vector
	}
	return r.vectorsOf(ctx, texts, xs)
}

// vectorsOf returns vectors of texts, by the embedder if there is one, else those of the bundle's readings.
func (r *run) vectorsOf(ctx context.Context, texts []string, xs [][]float32) (*cluster.Matrix, error) {
	if r.Embedder != nil {
		for at := 0; at < len(texts); at += embedBatch {
			part, err := r.Embedder.Embed(ctx, texts[at:min(at+embedBatch, len(texts))]...)
			if err != nil {
				return nil, err
			}
			copy(xs[at:], part)
			r.Progress("embed", min(at+embedBatch, len(texts)), len(texts))
		}
	}
	for _, x := range xs {
		if len(x) == 0 || len(x) != len(xs[0]) {
			return nil, ErrNoVectors
		}
	}
	m := cluster.FromRows(xs)
	m.Normalise()
	return m, nil
}

// group makes groups, names and judges them, and picks texts to be labelled.
func (r *run) group(ctx context.Context) error {
	r.Progress("group", 0, len(r.items))
	stage := r.stages()
	o := r.Cluster
	o.Stage = stage
	found, err := cluster.Texts(ctx, r.vectors, o)
	if err != nil {
		return err
	}
	stage("name")
	rows := make([][]int, found.Count)
	for i, g := range found.Groups {
		if g == cluster.None {
			r.res.Loose += r.items[i].Count
			continue
		}
		rows[g] = append(rows[g], i)
	}
	known, err := r.knownCentres(ctx)
	if err != nil {
		return err
	}
	for _, members := range rows {
		if g := r.describe(members, found, known); g.Count >= r.MinCount {
			r.res.Groups = append(r.res.Groups, g)
			r.res.Counts.Grouped += g.Count
		} else {
			r.res.Loose += g.Count
		}
	}
	r.name()
	if err := r.identify(ctx); err != nil {
		return err
	}
	slices.SortFunc(r.res.Groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Impact, a.Impact), cmp.Compare(b.Count, a.Count), cmp.Compare(a.ID, b.ID))
	})
	r.pick(found)
	stage("")
	r.Progress("group", len(r.items), len(r.items))
	return nil
}

// stages returns what is called when a part of the work begins, and at the end: the times are those of the result.
func (r *run) stages() func(string) {
	last, at := "", r.Now()
	return func(next string) {
		now := r.Now()
		if last != "" {
			r.res.Seconds[last] += now.Sub(at).Seconds()
		}
		last, at = next, now
	}
}

// knownCentres are the mean directions of texts that were understood.
func (r *run) knownCentres(ctx context.Context) ([]centre, error) {
	if len(r.Known) == 0 {
		return nil, nil
	}
	texts, xs := make([]string, len(r.Known)), make([][]float32, len(r.Known))
	for i, k := range r.Known {
		texts[i] = k.Text
	}
	if r.Embedder == nil {
		reads, err := readAll(ctx, r.Engine, texts, func(int) {})
		if err != nil {
			return nil, err
		}
		for i := range reads {
			xs[i] = reads[i].vector
		}
	}
	m, err := r.vectorsOf(ctx, texts, xs)
	if err != nil {
		return nil, err
	}
	at, out, groups := map[string]int{}, []centre(nil), make([]int, len(texts))
	for i, k := range r.Known {
		if _, ok := at[k.Intent]; !ok {
			at[k.Intent] = len(out)
			out = append(out, centre{intent: k.Intent})
		}
		groups[i] = at[k.Intent]
	}
	means := cluster.Centroids(m, groups, len(out))
	for i := range out {
		out[i].vector = means.Row(i)
	}
	return out, nil
}

// pick chooses texts to be labelled.
func (r *run) pick(found *cluster.Grouping) {
	p := pool{points: found.Points, weight: r.weights}
	for i := range r.items {
		p.margin = append(p.margin, r.reads[i].margin())
	}
	row, group := map[string]int{}, map[string]string{}
	for i, it := range r.items {
		row[it.Key] = i
	}
	for _, g := range r.res.Groups {
		for _, m := range g.Members {
			group[m.Key] = g.ID
		}
		if g.Verdict.Kind != Noise && len(g.Members) > 0 {
			p.medoids = append(p.medoids, row[g.Members[0].Key])
		}
	}
	for _, c := range p.choose(r.Label, r.Seed) {
		r.res.Queue = append(r.res.Queue, Pick{r.member(c.row, found), c.slice, group[r.items[c.row].Key]})
	}
}
