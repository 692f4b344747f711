package cluster

import (
	"context"
	"fmt"
)

// Method is a way to make groups.
type Method string

// The methods. See docs/analytics/unrecognised.md for how they compare.
const (
	// ByCommunity groups by shared neighbours; it finds groups in evenly spread texts too.
	ByCommunity Method = "community"
	// ByDensity is HDBSCAN; it leaves out more, and what it groups is purer.
	ByDensity Method = "density"
)

// Options of [Texts]. The zero value is what was best on BANKING77 and the development set of DSTC11.
type Options struct {
	Method  Method // default ByCommunity
	MinSize int    // smallest group, in texts; default 5
	Space   SpaceOptions
	// Neighbours of each text that make the graph. Default 15; fewer give more and smaller groups.
	Neighbours int
	// Resolution of communities. Default 2; more give more and smaller groups.
	Resolution float64
	// Smooth moves texts towards their neighbours before. Default: not by community, three rounds by density.
	Smooth SmoothOptions
	// MinStrength is what a text's share of neighbours in its own group must reach, 0–1; below it the text is in none. Default 0: all are kept.
	MinStrength float64
	// Split is the share of a group's texts that a second dense place must hold to be a group of its own; it finds cores too. Default 0: groups
	// stay as they are, and all of a group is its core. Communities only.
	Split float64
	// Exact is up to how many texts neighbours, and with ByDensity the spanning tree, are exact; see [HDBSCANOptions]. Default 20,000.
	Exact int
	Seed  uint64
	// Stage is called when a part of the work begins: "neighbours", "communities". It may be nil.
	Stage func(name string)
}

func (o Options) withDefaults() Options {
	if o.Method == "" {
		o.Method = ByCommunity
	}
	if o.MinSize == 0 {
		o.MinSize = 5
	}
	if o.Neighbours == 0 {
		o.Neighbours = 15
	}
	if o.Exact == 0 {
		o.Exact = 20_000
	}
	if o.Resolution == 0 {
		o.Resolution = 2
	}
	if o.Smooth.Rounds == 0 && o.Method == ByCommunity {
		o.Smooth.Rounds = -1
	}
	o.Smooth = o.Smooth.withDefaults()
	if o.Stage == nil {
		o.Stage = func(string) {}
	}
	return o
}

// Grouping is what [Texts] found.
type Grouping struct {
	Groups   []int     // of each row, from 0, largest first; None
	Strength []float64 // of each row in its group, 0–1: share of its neighbours that are in it too
	Core     []bool    // of each row: it lies where its group is dense; the others of a group probably belong to it too
	Count    int
	Points   *Matrix // the rows in their space, length 1
}

// Texts groups embeddings of texts, a row each. Equal texts should be given once.
func Texts(ctx context.Context, xs *Matrix, o Options) (*Grouping, error) {
	o = o.withDefaults()
	if xs.Rows < 2*o.MinSize || xs.Cols == 0 {
		return &Grouping{Groups: fill(xs.Rows, None), Strength: make([]float64, xs.Rows), Core: make([]bool, xs.Rows), Points: xs}, ctx.Err()
	}
	o.Stage("neighbours")
	space, err := Fit(xs, o.Space)
	if err != nil {
		return nil, err
	}
	m := space.ApplyAll(xs)
	k := o.Neighbours
	if o.Smooth.Rounds > 0 || o.Split > 0 {
		k = max(k, o.Smooth.Neighbours)
	}
	find := func() (Graph, error) { return m.Neighbours(ctx, k) }
	if m.Rows > o.Exact {
		find = func() (Graph, error) { return m.NeighboursNear(ctx, k, o.Seed) }
	}
	g, err := find()
	if err != nil {
		return nil, err
	}
	if m, g, err = Smooth(ctx, m, g, o.Smooth); err != nil {
		return nil, err
	}
	out := &Grouping{Points: m}
	o.Stage("communities")
	switch o.Method {
	case ByCommunity:
		err = out.communities(ctx, g, o)
		g = g.first(o.Neighbours)
	case ByDensity:
		var d *Density
		if d, err = HDBSCAN(ctx, m, g, HDBSCANOptions{MinClusterSize: o.MinSize, MinSamples: min(5, k), Exact: o.Exact}); err == nil {
			out.Groups = d.Groups
		}
	default:
		err = fmt.Errorf("method %q is not known: %s or %s", o.Method, ByCommunity, ByDensity)
	}
	if err != nil {
		return nil, err
	}
	out.settle(g, o)
	return out, nil
}

// communities groups by shared neighbours, and parts groups that are dense in two places.
func (t *Grouping) communities(ctx context.Context, g Graph, o Options) (err error) {
	if t.Groups, err = Communities(ctx, g, o.Neighbours, CommunityOptions{Resolution: o.Resolution, Seed: o.Seed}); err != nil || o.Split <= 0 {
		return err
	}
	parts, err := cores(ctx, t.Points, g, t.Groups, SmoothOptions{})
	if err == nil {
		t.Core = split(t.Points, g, t.Groups, parts, o.Split)
	}
	return err
}

// settle measures how firmly rows are in their groups, and lets go of loose rows and small groups.
func (t *Grouping) settle(g Graph, o Options) {
	t.Strength = strengths(g, t.Groups)
	for i, s := range t.Strength {
		if s < o.MinStrength {
			t.Groups[i] = None
		}
	}
	size := map[int]int{}
	for _, c := range t.Groups {
		size[c]++
	}
	for i, c := range t.Groups {
		if size[c] < o.MinSize {
			t.Groups[i] = None
		}
	}
	whole := t.Core == nil
	if whole {
		t.Core = make([]bool, len(t.Groups))
	}
	for i, c := range t.Groups {
		if c == None {
			t.Strength[i] = 0
		}
		t.Core[i] = c != None && (whole || t.Core[i])
	}
	t.Count = renumber(t.Groups)
}

// strengths returns for each row the share of its neighbours in its own group, by cosine.
func strengths(g Graph, groups []int) []float64 {
	out := make([]float64, len(groups))
	for i, near := range g {
		var own, all float64
		for _, nb := range near {
			w := max(0, float64(nb.Cosine))
			all += w
			if groups[nb.Row] == groups[i] {
				own += w
			}
		}
		if all > 0 && groups[i] != None {
			out[i] = own / all
		}
	}
	return out
}

// Centroids returns the mean direction of each group's rows, length 1.
func Centroids(m *Matrix, groups []int, count int) *Matrix {
	out := NewMatrix(count, m.Cols)
	for i, g := range groups {
		if g == None {
			continue
		}
		c := out.Row(g)
		for j, v := range m.Row(i) {
			c[j] += v
		}
	}
	out.Normalise()
	return out
}
