package mine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"yingda/analytics/mine"
	"yingda/models"
	"yingda/nlu"
)

func TestNormal(t *testing.T) {
	for in, want := range map[string]string{
		"  我的訂單 12345 到哪了？？":    "我的订单 0 到哪了",
		"Where's my ORDER #99?": "where s my order 0",
		"":                      "",
		"！！！":                   "",
	} {
		if got := mine.Normal(in); got != want {
			t.Errorf("Normal(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzNormal(f *testing.F) {
	for _, s := range []string{"", "退款 100 元", "a\xffb", "ＡＢＣ 12"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := mine.Normal(s)
		if again := mine.Normal(n); again != n {
			t.Errorf("Normal(%q) = %q, then %q", s, n, again)
		}
		mine.Terms(s)
	})
}

func candidate(id, text string) mine.Candidate {
	return mine.Candidate{ID: id, Customer: "c" + id, Time: start.Add(time.Hour), Lang: "zh", Text: text, Reasons: []mine.Reason{mine.Fallback}}
}

var start = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func TestDedupe(t *testing.T) {
	items := mine.Dedupe([]mine.Candidate{
		candidate("1", "礼品卡怎么用呢，我不太会操作"), candidate("2", "礼品卡怎么用呢，我不太会操作！"), candidate("3", "礼品卡怎么用呢，我不太会操作啊"), candidate("4", "刻字要多久"),
	})
	if len(items) != 2 || items[0].Count != 3 || len(items[0].Customers) != 3 || len(items[0].Turns) != 3 || items[0].Reasons[mine.Fallback] != 3 || items[1].Count != 1 {
		t.Errorf("items %+v", items)
	}
}

// TestUnnamed: messages of which nobody is named are counted apart, each as a customer of its own.
func TestUnnamed(t *testing.T) {
	named, nobody := candidate("1", "礼品卡怎么用呢，我不太会操作"), candidate("2", "礼品卡怎么用呢，我不太会操作")
	nobody.Customer = ""
	items := mine.Dedupe([]mine.Candidate{named, nobody, nobody})
	if len(items) != 1 || items[0].Count != 3 || len(items[0].Customers) != 1 {
		t.Fatalf("items %+v", items)
	}
	for _, c := range []struct {
		customers, unnamed int
		noise              bool
	}{{0, 2, true}, {2, 0, true}, {1, 2, false}, {0, 3, false}, {3, 0, false}} {
		if got := mine.FewAsked(c.customers, c.unnamed); got != c.noise {
			t.Errorf("%d customers and %d unnamed messages are noise: %v", c.customers, c.unnamed, got)
		}
	}
}

func TestCTFIDF(t *testing.T) {
	data, err := os.ReadFile("cluster/testdata/clrefs.json")
	if err != nil {
		t.Fatal(err)
	}
	var refs struct {
		C struct {
			Counts [][]float64 `json:"counts"`
			W      [][]float64 `json:"W"`
			Evened [][]float64 `json:"W_reduce_frequent"`
		} `json:"ctfidf"`
	}
	if err := json.Unmarshal(data, &refs); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		evened bool
		want   [][]float64
	}{{false, refs.C.W}, {true, refs.C.Evened}} {
		got := mine.CTFIDF(refs.C.Counts, c.evened)
		for i := range c.want {
			for j := range c.want[i] {
				if math.Abs(got[i][j]-c.want[i][j]) > 1e-12 {
					t.Errorf("evened %v: W[%d][%d] = %v, want %v", c.evened, i, j, got[i][j], c.want[i][j])
				}
			}
		}
	}
}

// topics is an engine by hand: texts of a topic lie together, and "known …" is understood.
type topics struct{ id models.BundleID }

func (e topics) Manifest() *models.Manifest { return &models.Manifest{ID: e.id} }

func (e topics) Analyse(_ context.Context, us ...nlu.Utterance) ([]*nlu.Analysis, error) {
	out := make([]*nlu.Analysis, len(us))
	for i, u := range us {
		var topic, n int
		a := &nlu.Analysis{Utterance: u, OOS: 0.9, Embedding: make([]float32, 16), Ranking: []nlu.Prediction{{Label: "a.b", Score: 0.2}, {Label: "c.d", Score: 0.1}}}
		if _, err := fmt.Sscanf(u.Text, "topic %c word%d", &topic, &n); err != nil {
			a.Intents, a.OOS = []nlu.Intent{{}}, 0
		}
		if topic == 'm' {
			a.OOS, a.Ranking = 0.2, []nlu.Prediction{{Label: "refund.status", Score: 0.55}, {Label: "c.d", Score: 0.1}}
		}
		a.Embedding[topic%16] = 1
		a.Embedding[(n*7+topic)%16] += 0.2
		out[i] = a
	}
	return out, nil
}

func candidates(letters string, each int) []mine.Candidate {
	var out []mine.Candidate
	for _, l := range letters {
		for i := range each {
			c := candidate(fmt.Sprintf("%c%d", l, i), fmt.Sprintf("topic %c word%d %s", l, i%26, string(rune('a'+i%26))+string(rune('a'+l%13))+"zz"))
			c.Lang, c.Handed = "en", i%2 == 0
			out = append(out, c)
		}
	}
	return append(out, candidate("k", "known thing entirely"))
}

func mustRun(t *testing.T, o mine.Options) *mine.Result {
	t.Helper()
	o.From, o.To, o.Tenant = start, start.AddDate(0, 0, 14), "t"
	o.Now = func() time.Time { return o.To }
	res, err := mine.Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestRun(t *testing.T) {
	o := mine.Options{Candidates: candidates("efgm", 40), Engine: topics{"b1"}, NextID: 7, Label: 20}
	o.Cluster.Space.Dim, o.Cluster.Resolution = 8, 1
	res := mustRun(t, o)
	if res.Counts.Understood != 1 || len(res.Groups) != 4 || len(res.Queue) != 20 {
		t.Fatalf("%d understood, %d groups, %d to be labelled", res.Counts.Understood, len(res.Groups), len(res.Queue))
	}
	ids, kinds, total := map[string]string{}, map[mine.Kind]int{}, res.Loose+res.Counts.Understood
	for _, g := range res.Groups {
		ids[g.Examples[0][:7]] = g.ID
		kinds[g.Verdict.Kind]++
		total += g.Count
		if want := 8*float64(g.Handed) + 0.5*float64(g.Count); g.Impact != want {
			t.Errorf("group %s: impact %v, want %v", g.ID, g.Impact, want)
		}
		if g.Verdict.Kind == mine.MissingExamples && (g.Verdict.Intent != "refund.status" || g.Examples[0][:7] != "topic m") {
			t.Errorf("group %s: %+v", g.ID, g.Verdict)
		}
	}
	if total != len(o.Candidates) {
		t.Errorf("%d of %d candidates are accounted for", total, len(o.Candidates))
	}
	if kinds[mine.NewIntent] != 3 || kinds[mine.MissingExamples] != 1 || ids["topic e"] < "u-000007" {
		t.Errorf("kinds %v, ids %v", kinds, ids)
	}
	slicesOf := map[mine.Slice]int{}
	for _, p := range res.Queue {
		slicesOf[p.Slice]++
	}
	if slicesOf[mine.Random] != 2 || slicesOf[mine.CoreSet] != 6 || slicesOf[mine.Medoid]+slicesOf[mine.Uncertain] != 12 {
		t.Errorf("slices %v", slicesOf)
	}

	t.Run("ids stay", func(t *testing.T) {
		for _, bundle := range []models.BundleID{"b1", "b2"} {
			next := o
			next.Engine, next.Candidates, next.Before, next.NextID = topics{bundle}, candidates("hgfe", 30), res.Groups, 11
			again := mustRun(t, next)
			for _, g := range again.Groups {
				if id := ids[g.Examples[0][:7]]; id != "" && id != g.ID {
					t.Errorf("bundle %s: %s was %s, is %s", bundle, g.Examples[0][:7], id, g.ID)
				}
			}
			if !slices.Equal(again.Gone, []string{ids["topic m"]}) {
				t.Errorf("bundle %s: gone %v, want %s", bundle, again.Gone, ids["topic m"])
			}
		}
	})
	t.Run("nothing", func(t *testing.T) {
		if res := mustRun(t, mine.Options{Engine: topics{"b1"}}); len(res.Groups) != 0 || len(res.Queue) != 0 {
			t.Errorf("nothing gave %d groups", len(res.Groups))
		}
	})
}
