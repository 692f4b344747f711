package cluster_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"yingda/analytics/mine/cluster"
)

type references struct {
	Metrics []struct {
		True []int   `json:"true"`
		Pred []int   `json:"pred"`
		NMI  float64 `json:"nmi_arith"`
		ARI  float64 `json:"ari"`
		ACC  float64 `json:"acc_hungarian"`
	} `json:"cluster_metrics"`
	HDBSCAN labelling `json:"hdbscan"`
}

type labelling struct {
	Points         [][]float32 `json:"points"`
	MinClusterSize int         `json:"min_cluster_size"`
	MinSamples     int         `json:"min_samples"`
	Labels         []int       `json:"labels"`
	Prob           []float64   `json:"prob"`
}

func mustRead(tb testing.TB, path string, into any) {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

func within(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }

func TestCompare(t *testing.T) {
	var refs references
	mustRead(t, "testdata/clrefs.json", &refs)
	for i, r := range refs.Metrics {
		a, err := cluster.Compare(r.True, r.Pred)
		if err != nil {
			t.Fatal(err)
		}
		if !within(a.NMI, r.NMI, 1e-12) || !within(a.ARI, r.ARI, 1e-12) || !within(a.ACC, r.ACC, 1e-12) {
			t.Errorf("case %d: NMI %v ARI %v ACC %v, want %v %v %v", i, a.NMI, a.ARI, a.ACC, r.NMI, r.ARI, r.ACC)
		}
	}
	if _, err := cluster.Compare([]int{1}, nil); err == nil {
		t.Error("lists of different length were compared")
	}
}

// TestHDBSCAN compares with the Python package: labels up to their numbers (adjusted Rand index), and probabilities.
func TestHDBSCAN(t *testing.T) {
	var refs references
	mustRead(t, "testdata/clrefs.json", &refs)
	var more []labelling
	mustRead(t, "testdata/hdbscan.json", &more)
	for i, r := range append([]labelling{refs.HDBSCAN}, more...) {
		d, err := cluster.HDBSCAN(context.Background(), cluster.FromRows(r.Points), nil, cluster.HDBSCANOptions{MinClusterSize: r.MinClusterSize, MinSamples: r.MinSamples, Raw: true})
		if err != nil {
			t.Fatal(err)
		}
		a, err := cluster.Compare(r.Labels, d.Groups)
		if err != nil {
			t.Fatal(err)
		}
		off := 0
		for k, p := range d.Probability {
			if !within(p, r.Prob[k], 1e-4) {
				off++
			}
		}
		t.Logf("case %d: %d points, %d groups, ARI %.4f, %d probabilities differ", i, len(r.Points), d.Count, a.ARI, off)
		if a.ARI < 0.98 || off > len(r.Points)/50 {
			t.Errorf("case %d: ARI %.4f, %d of %d probabilities differ", i, a.ARI, off, len(r.Points))
		}
	}
}

// blobs are n unit vectors around k directions, with their labels.
func blobs(n, k, dim int, spread float64, seed uint64) (*cluster.Matrix, []int) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	centres := cluster.NewMatrix(k, dim)
	for i := range centres.Data {
		centres.Data[i] = float32(rnd.NormFloat64())
	}
	centres.Normalise()
	m, labels := cluster.NewMatrix(n, dim), make([]int, n)
	for i := range n {
		labels[i] = i % k
		for j := range dim {
			m.Row(i)[j] = centres.Row(labels[i])[j] + float32(spread*rnd.NormFloat64()/math.Sqrt(float64(dim)))
		}
	}
	m.Normalise()
	return m, labels
}

func TestTexts(t *testing.T) {
	ctx := context.Background()
	m, labels := blobs(1200, 30, 48, 0.6, 7)
	for _, method := range []cluster.Method{cluster.ByCommunity, cluster.ByDensity} {
		t.Run(string(method), func(t *testing.T) {
			g, err := cluster.Texts(ctx, m, cluster.Options{Method: method})
			if err != nil {
				t.Fatal(err)
			}
			a, err := cluster.Compare(labels, g.Groups)
			if err != nil {
				t.Fatal(err)
			}
			if a.ARI < 0.95 || g.Count != 30 {
				t.Errorf("%d groups, ARI %.3f", g.Count, a.ARI)
			}
			again, err := cluster.Texts(ctx, m, cluster.Options{Method: method})
			if err != nil || !slices.Equal(again.Groups, g.Groups) {
				t.Errorf("the same texts gave other groups (%v)", err)
			}
			for i, s := range g.Strength {
				if s < 0 || s > 1 || g.Groups[i] == cluster.None && s != 0 {
					t.Fatalf("row %d: strength %v in group %d", i, s, g.Groups[i])
				}
			}
		})
	}
	t.Run("few", func(t *testing.T) {
		g, err := cluster.Texts(ctx, m.Pick([]int{0, 1, 2}), cluster.Options{})
		if err != nil || g.Count != 0 || g.Groups[0] != cluster.None {
			t.Errorf("three texts gave %d groups (%v)", g.Count, err)
		}
	})
	t.Run("equal", func(t *testing.T) {
		same := cluster.NewMatrix(50, 8)
		for i := range 50 {
			same.Row(i)[0] = 1
		}
		if _, err := cluster.Texts(ctx, same, cluster.Options{}); err != nil {
			t.Error(err)
		}
	})
	t.Run("ErrMethod", func(t *testing.T) {
		if _, err := cluster.Texts(ctx, m, cluster.Options{Method: "guess"}); err == nil {
			t.Error("an unknown method was taken")
		}
	})
	t.Run("ErrCanceled", func(t *testing.T) {
		done, stop := context.WithCancel(ctx)
		stop()
		if _, err := cluster.Texts(done, m, cluster.Options{}); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}

func TestNeighbours(t *testing.T) {
	ctx := context.Background()
	m, _ := blobs(3001, 40, 24, 0.8, 3)
	const k = 10
	exact, err := m.Neighbours(ctx, k)
	if err != nil {
		t.Fatal(err)
	}
	near, err := m.NeighboursNear(ctx, k, 1)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for i := range exact {
		if i%100 == 0 { // against the definition
			type pair struct {
				c float32
				j int
			}
			var all []pair
			for j := range m.Rows {
				if j != i {
					all = append(all, pair{cluster.Dot(m.Row(i), m.Row(j)), j})
				}
			}
			slices.SortFunc(all, func(a, b pair) int {
				if a.c > b.c {
					return -1
				}
				return 1
			})
			for r := range k {
				if !within(float64(exact[i][r].Cosine), float64(all[r].c), 1e-5) {
					t.Fatalf("row %d: neighbour %d at %v, want %v", i, r, exact[i][r].Cosine, all[r].c)
				}
			}
		}
		for _, e := range exact[i] {
			if slices.ContainsFunc(near[i], func(n cluster.Neighbour) bool { return n.Row == e.Row }) {
				found++
			}
		}
	}
	if recall := float64(found) / float64(k*m.Rows); recall < 0.93 {
		t.Errorf("cells find %.3f of the neighbours", recall)
	} else {
		t.Logf("cells find %.4f of the neighbours", recall)
	}
}

// TestGraphTree compares the tree of a graph of neighbours with the exact one.
func TestGraphTree(t *testing.T) {
	m, _ := blobs(1500, 20, 32, 0.5, 5)
	o := cluster.HDBSCANOptions{MinClusterSize: 10, MinSamples: 5}
	exact, err := cluster.HDBSCAN(context.Background(), m, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	g, err := m.Neighbours(context.Background(), 15)
	if err != nil {
		t.Fatal(err)
	}
	o.Exact = 1
	rough, err := cluster.HDBSCAN(context.Background(), m, g, o)
	if err != nil {
		t.Fatal(err)
	}
	a, err := cluster.Compare(exact.Groups, rough.Groups)
	t.Logf("%d and %d groups, ARI %.3f", exact.Count, rough.Count, a.ARI)
	if err != nil || a.ARI < 0.9 {
		t.Errorf("ARI %.3f between the two trees (%v)", a.ARI, err)
	}
}

func TestAssign(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		rows, cols := 1+rnd.IntN(5), 1+rnd.IntN(5)
		cost := make([][]float64, rows)
		for i := range cost {
			cost[i] = make([]float64, cols)
			for j := range cost[i] {
				cost[i][j] = math.Round(rnd.NormFloat64() * 10)
			}
		}
		sum, used := 0.0, map[int]bool{}
		for i, j := range cluster.Assign(cost) {
			if j < 0 {
				continue
			}
			if used[j] {
				t.Fatal("a column was taken twice")
			}
			used[j] = true
			sum += cost[i][j]
		}
		if len(used) != min(rows, cols) || sum > least(cost, 0, map[int]bool{}, min(rows, cols))+1e-9 {
			t.Fatalf("cost %v for %v", sum, cost)
		}
	}
}

// least tries all assignments of want rows.
func least(cost [][]float64, row int, used map[int]bool, want int) float64 {
	if want == 0 {
		return 0
	}
	if row == len(cost) {
		return math.Inf(1)
	}
	best := least(cost, row+1, used, want)
	for j, c := range cost[row] {
		if !used[j] {
			used[j] = true
			best = min(best, c+least(cost, row+1, used, want-1))
			delete(used, j)
		}
	}
	return best
}

func BenchmarkTexts(b *testing.B) {
	m, _ := blobs(8000, 100, 384, 1, 9)
	for b.Loop() {
		if _, err := cluster.Texts(context.Background(), m, cluster.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// pairs are blobs of which each two lie near each other.
func pairs(n, k, dim int, seed uint64) (*cluster.Matrix, []int) {
	m, labels := blobs(n, k, dim, 0.5, seed)
	rnd := rand.New(rand.NewPCG(seed, 2))
	aside := cluster.NewMatrix(k, dim)
	for i := range aside.Data {
		aside.Data[i] = float32(0.9 * rnd.NormFloat64() / math.Sqrt(float64(dim)))
	}
	for i := range n {
		side := i / k % 2
		for j := range dim {
			m.Row(i)[j] += float32(side) * aside.Row(labels[i])[j]
		}
		labels[i] = 2*labels[i] + side
	}
	m.Normalise()
	return m, labels
}

// TestTexts_Split parts groups that are dense in two places, and finds cores that hold less of other labels than whole groups do.
func TestTexts_Split(t *testing.T) {
	ctx := context.Background()
	m, labels := pairs(900, 15, 32, 11)
	coarse := cluster.Options{Resolution: 0.5, Neighbours: 90, MinSize: 4} // so that a community holds both of a pair
	whole, err := cluster.Texts(ctx, m, coarse)
	if err != nil {
		t.Fatal(err)
	}
	coarse.Split = 0.1
	parted, err := cluster.Texts(ctx, m, coarse)
	if err != nil {
		t.Fatal(err)
	}
	before, _ := cluster.Compare(labels, whole.Groups)
	after, _ := cluster.Compare(labels, parted.Groups)
	if whole.Count >= 30 || parted.Count <= whole.Count || after.NMI <= before.NMI {
		t.Errorf("%d groups with NMI %.2f were parted into %d with %.2f", whole.Count, before.NMI, parted.Count, after.NMI)
	}
	var inCore, ofCore []int
	for i, c := range parted.Core {
		if whole.Core[i] != (whole.Groups[i] != cluster.None) || c && parted.Groups[i] == cluster.None {
			t.Fatalf("row %d: core %v of group %d, core %v of group %d before", i, c, parted.Groups[i], whole.Core[i], whole.Groups[i])
		}
		if c {
			inCore, ofCore = append(inCore, labels[i]), append(ofCore, parted.Groups[i])
		}
	}
	core, err := cluster.Compare(ofCore, ofCore)
	if err != nil || core.Groups != parted.Count {
		t.Errorf("%d of %d groups have a core (%v)", core.Groups, parted.Count, err)
	}
	if core, _ = cluster.Compare(inCore, ofCore); core.Purity < after.Purity {
		t.Errorf("cores are %.3f pure, groups %.3f", core.Purity, after.Purity)
	}
}
