package measure

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"yingda/dialogue/knowledge"
	"yingda/nlu"
)

func TestStats(t *testing.T) {
	f := share(8, 10) // Wilson: 0.490–0.943
	if math.Abs(f.Low-0.4902) > 1e-3 || math.Abs(f.High-0.9433) > 1e-3 || f.Value != 0.8 {
		t.Errorf("share %+v", f)
	}
	if f := share(0, 0); f.N != 0 || f.String() != "–" {
		t.Errorf("share of nothing %+v", f)
	}
	ps := []scoredPair{{0.9, true}, {0.8, true}, {0.7, false}, {0.6, true}, {0.5, false}, {0.1, false}}
	if f := auc(ps); math.Abs(f.Value-8.0/9) > 1e-9 || f.Low >= f.Value || f.High > 1 {
		t.Errorf("auc %+v", f)
	}
	if f := auc([]scoredPair{{1, true}, {1, false}, {1, true}, {1, false}}); f.Value != 0.5 {
		t.Errorf("auc of ties %+v", f)
	}
	if cut := bestCut(ps); accuracy(ps, cut).Value < 5.0/6 {
		t.Errorf("cut %v gives %+v", cut, accuracy(ps, cut))
	}
	if m := mean([]float64{0, 1, 1, 0}); m.Value != 0.5 || m.N != 4 {
		t.Errorf("mean %+v", m)
	}
	var sure []scoredPair
	for i := range 1000 {
		sure = append(sure, scoredPair{float64(i) / 1000, float64(i*7919%1000) < float64(i)})
	}
	if e := calibrationError(sure); e > 0.06 {
		t.Errorf("calibration error %v of scores that are right", e)
	}
}

func TestLogistic(t *testing.T) {
	var xs [][]float64
	var ys []float64
	for i := range 4000 {
		x := float64(i%41)/10 - 2
		p := sigmoid(0.5 + 1.5*x)
		y := 0.0
		if float64(i*7919%4001)/4001 < p {
			y = 1
		}
		xs, ys = append(xs, []float64{1, x}), append(ys, y)
	}
	if w := logistic(xs, ys); math.Abs(w[0]-0.5) > 0.15 || math.Abs(w[1]-1.5) > 0.15 {
		t.Errorf("weights %v, want 0.5 and 1.5", w)
	}
}

func TestPlain(t *testing.T) {
	p := newPlain([]string{"运费怎么算", "怎么开发票", "how much is shipping"})
	if got := p.search("运费多少"); len(got) != 1 || got[0] != 0 {
		t.Errorf("got %v", got)
	}
	if got := p.entries("怎么", []string{"a", "a", "b"}, 10); !slices.Equal(got, []string{"a"}) {
		t.Errorf("got %v", got)
	}
	if l := p.likeness("运费怎么算", "运费怎么算"); l != 1 {
		t.Errorf("likeness to itself is %v", l)
	}
}

// pack is a folder of tiny data sets in the forms of the real ones.
func pack(tb testing.TB) fstest.MapFS {
	tb.Helper()
	zip := func(s string) *fstest.MapFile {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write([]byte(s)); err != nil {
			tb.Fatal(err)
		}
		if err := z.Close(); err != nil {
			tb.Fatal(err)
		}
		return &fstest.MapFile{Data: b.Bytes()}
	}
	things := strings.Fields("运费 发票 积分 会员 密码 地址 退款 门店 保修 快递 优惠券 尺码 验证码 余额 订单 客服 赠品 礼品卡 分期 隐私")
	var csv, tsv strings.Builder
	csv.WriteString("sentence1,sentence2,label\n")
	for i, a := range things {
		b := things[(i+1)%len(things)]
		for _, f := range []string{"%s怎么查", "在哪里看%s", "%s有问题找谁", "我想改一下%s"} {
			fmt.Fprintf(&csv, "%s,请问%s呢,1\n%s,%s,0\n", fmt.Sprintf(f, a), fmt.Sprintf(f, a), fmt.Sprintf(f, a), fmt.Sprintf(f, b))
			fmt.Fprintf(&tsv, "%s\t那个%s？\t1\n%s\t%s\t0\n", fmt.Sprintf(f, a), fmt.Sprintf(f, a), fmt.Sprintf(f, a), fmt.Sprintf(f, b))
		}
	}
	var bank strings.Builder
	bank.WriteString("text,category\n")
	for _, c := range strings.Fields("card loan account transfer fee branch rate limit pin app") {
		for i := range 12 {
			fmt.Fprintf(&bank, "\"question %d, about my %s\",%s\n", i, c, c)
		}
	}
	return fstest.MapFS{"bq_corpus/dev.csv.gz": zip(csv.String()), "bq_corpus/test.csv.gz": zip(csv.String()), "lcqmc/dev.tsv.gz": zip(tsv.String()), "lcqmc/test.tsv.gz": zip(tsv.String()),
		"banking77/train.csv.gz": zip(bank.String()), "banking77/test.csv.gz": zip(bank.String())}
}

func TestRead(t *testing.T) {
	sets, err := Read(pack(t))
	if err != nil || len(sets) != 3 {
		t.Fatalf("%d sets, %v", len(sets), err)
	}
	if n := len(sets[0].Dev.Pairs); n != 160 || !sets[0].Dev.Pairs[0].Same || sets[0].Dev.Pairs[1].Same {
		t.Errorf("%d pairs, the first %+v", n, sets[0].Dev.Pairs[0])
	}
	b := sets[2]
	if len(b.Dev.Entries) != 6 || len(b.Dev.Entries[0].Questions) != wordingsAnEntry || b.Lang != nlu.English {
		t.Errorf("%d entries: %+v", len(b.Dev.Entries), b.Dev.Entries)
	}
	none := 0
	for _, q := range b.Test.Asked {
		if q.Entry == "" {
			none++
		}
	}
	if none != 48 {
		t.Errorf("%d of %d questions have no answer, want 48", none, len(b.Test.Asked))
	}
	if _, err := Read(fstest.MapFS{}); err == nil {
		t.Error("an empty folder is taken")
	}
	if _, err := Read(fstest.MapFS{"bq_corpus/dev.csv.gz": {Data: []byte("x")}}); err == nil {
		t.Error("a damaged file is taken")
	}
}

func TestTrials(t *testing.T) {
	sets, err := Read(pack(t))
	if err != nil {
		t.Fatal(err)
	}
	s := searchTrial("bq", nlu.Chinese, sets[0].Test.Pairs)
	if len(s.Entries) != 80 || len(s.Asked) != 80 {
		t.Errorf("%d entries, %d questions", len(s.Entries), len(s.Asked))
	}
	for _, a := range answerTrials("bq", nlu.Chinese, sets[0].Test.Pairs, 20, 1) {
		ids := map[string]bool{}
		for _, e := range a.Entries {
			ids[e.ID] = true
		}
		with, without := 0, 0
		for _, q := range a.Asked {
			if len(q.Right) == 0 {
				without++
			} else if with++; !ids[q.Right[0]] {
				t.Errorf("%q is answered by nothing in the base", q.Text)
			}
		}
		if with == 0 || math.Abs(float64(without)/float64(with)-unanswerable) > 0.2 {
			t.Errorf("%d questions with an answer, %d without", with, without)
		}
	}
}

// TestEvaluate measures words on the tiny sets: they are easy, and the report is whole.
func TestEvaluate(t *testing.T) {
	sets, err := Read(pack(t))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Evaluate(t.Context(), sets, nil, nil, Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Pairs) != 4 || len(r.Search) != 6 || len(r.Answers) != 3 {
		t.Fatalf("%d, %d, %d rows", len(r.Pairs), len(r.Search), len(r.Answers))
	}
	for _, x := range r.Pairs {
		if x.Method == ByWords && x.AUC.Value < 0.95 {
			t.Errorf("%+v", x)
		}
	}
	for _, x := range r.Search {
		if x.Set != "banking77" && x.First.Value < 0.9 || x.Three.Value < x.First.Value || x.MRR.Value < x.First.Value-1e-9 {
			t.Errorf("%+v", x)
		}
	}
}

// TestSigns keeps evidence from counting the wrong way in the parameters that are shipped.
func TestSigns(t *testing.T) {
	for name, w := range knowledge.DefaultParams().Weights {
		for k, s := range signs {
			if s != 0 && w.Rank[k]*s < least[k] {
				t.Errorf("%s: weight %d is %v", name, k, w.Rank[k])
			}
		}
		if w.Score[1] <= 0 || w.Score[2] < 0 {
			t.Errorf("%s: a better rank gives a lower score: %v", name, w.Score)
		}
	}
}
