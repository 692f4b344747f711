package knowledge

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"yingda/dialogue"
	"yingda/models"
	"yingda/nlu"
)

// crowd embeds texts as points around some hundred centres, in as many dimensions as the default bundle has.
type crowd struct{ dim int }

func (crowd) Bundle() models.BundleID { return "crowd" }

func (c crowd) Embed(_ context.Context, texts ...string) ([][]float32, error) {
	out := make([][]float32, len(texts))
	for i, t := range texts {
		k := KeyOf(t)
		out[i] = c.point(uint64(k[0])<<8|uint64(k[1]), uint64(k[2])<<16|uint64(k[3])<<8|uint64(k[4]))
	}
	return out, nil
}

func (c crowd) point(a, b uint64) []float32 {
	centre, own := rand.New(rand.NewPCG(a%200, 1)), rand.New(rand.NewPCG(a, b))
	x := make([]float32, c.dim)
	for j := range x {
		x[j] = float32(1 + centre.NormFloat64()*0.6 + own.NormFloat64()*0.7)
	}
	n := float32(math.Sqrt(float64(dot(x, x))))
	for j := range x {
		x[j] /= n
	}
	return x
}

// mustCrowd makes n entries of four wordings, of characters that are as frequent as in real questions.
func mustCrowd(tb testing.TB, n, dim int) (*Index, crowd) {
	tb.Helper()
	var chars []rune
	for _, line := range reference() {
		for _, r := range line {
			if r > 0x2e80 {
				chars = append(chars, r)
			}
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	sentence := func() string {
		s := make([]rune, 6+rng.IntN(14))
		for i := range s {
			if s[i] = chars[rng.IntN(len(chars))]; i > 0 && rng.IntN(2) == 0 { // keep real pairs
				if k := slices.Index(chars, s[i-1]); k+1 < len(chars) {
					s[i] = chars[k+1]
				}
			}
		}
		return string(s)
	}
	entries := make([]dialogue.Entry, n)
	var texts []string
	for i := range entries {
		e := &entries[i]
		e.ID, e.Lang, e.Answer = fmt.Sprintf("e%d", i), nlu.Chinese, "答"
		for range 4 {
			e.Questions = append(e.Questions, sentence())
		}
		texts = append(texts, e.Questions...)
	}
	c := crowd{dim}
	m, err := NewMeaning(tb.Context(), c)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := m.Add(tb.Context(), c, texts, nil); err != nil {
		tb.Fatal(err)
	}
	return NewIndex(entries, DefaultParams(), m), c
}

// TestNearest counts what comparing signs first loses against comparing everything: among the ten nearest of 12,000.
func TestNearest(t *testing.T) {
	x, c := mustCrowd(t, 3000, 384)
	v := x.langs[nlu.Chinese].vectors
	lost, of := 0, 0
	for q := range uint64(100) {
		y := newProbe(x.space.apply(c.point(q*977, q)))
		all := newTop(10)
		for i := range v.scales {
			all.offer(int32(i), v.cosine(y, i))
		}
		got := v.nearest(y, 10)
		for _, i := range all.sorted() {
			of++
			if !slices.Contains(got, i) {
				lost++
			}
		}
	}
	if t.Logf("%d of %d lost", lost, of); lost*100 > of {
		t.Errorf("%d of %d of the nearest are lost", lost, of)
	}
}

func TestPack(t *testing.T) {
	c := crowd{384}
	for i := range uint64(50) {
		a, b := c.point(i, 1), c.point(i+1, 2)
		v := emptyVectors(384, 1)
		v.set(0, pack(a))
		if got, want := v.cosine(newProbe(b), 0), dot(a, b); math.Abs(float64(got-want)) > 0.005 {
			t.Errorf("cosine %v, packed %v", want, got)
		}
		if back := v.unpack(0); math.Abs(float64(dot(back, a))-1) > 0.005 {
			t.Errorf("a·a is %v", dot(back, a))
		}
	}
	if v := pack(make([]float32, 8)); v.scale != 0 {
		t.Errorf("zero has scale %v", v.scale)
	}
}

// TestSpace finds the direction that was put in, evens it out, and does the same each time.
func TestSpace(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var xs [][]float32
	for range 400 {
		x := make([]float32, 48)
		strong := rng.NormFloat64() * 10
		for j := range x {
			x[j] = float32(5 + rng.NormFloat64())
			if j < 4 {
				x[j] += float32(strong) / 2 // a direction over four components
			}
		}
		xs = append(xs, x)
	}
	s := fitSpace(xs)
	if math.Abs(math.Abs(float64(s.axes[0][0]))-0.5) > 0.02 || math.Abs(float64(s.mean[7])-5) > 0.2 {
		t.Errorf("axis %v, mean %v", s.axes[0][:5], s.mean[:8])
	}
	for i := range s.axes {
		for k := range i {
			if d := dot(s.axes[i], s.axes[k]); math.Abs(float64(d)) > 1e-3 {
				t.Errorf("axes %d and %d: %v", i, k, d)
			}
		}
	}
	along := 0.0
	for _, x := range xs {
		y := s.apply(x)
		if n := dot(y, y); math.Abs(float64(n)-1) > 1e-4 {
			t.Fatalf("length² %v", n)
		}
		along += float64(dot(y, s.axes[0])*dot(y, s.axes[0])) / float64(len(xs))
	}
	if along > 0.2 {
		t.Errorf("%.2f of the length still lies along the direction", along)
	}
	again := fitSpace(xs)
	for j := range s.mean {
		if s.axes[3][j] != again.axes[3][j] {
			t.Fatal("two fits differ")
		}
	}
	if s.apply(make([]float32, 3)) != nil || s.apply(s.mean) != nil || s.apply([]float32{float32(math.NaN())}) != nil {
		t.Error("what is no vector of a text is taken")
	}
}

func TestCache(t *testing.T) {
	dir, c := t.TempDir(), crowd{16}
	open := func() *Meaning {
		m, err := NewMeaning(t.Context(), c)
		if err == nil {
			err = m.Open(dir)
		}
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	texts := []string{"甲", "乙", "丙"}
	m := open()
	if n, err := m.Add(t.Context(), c, append(texts, "甲"), nil); err != nil || n != 3 {
		t.Fatalf("%d, %v", n, err)
	}
	again := open()
	for _, s := range texts {
		if x, y := m.Vector(s), again.Vector(s); x == nil || !slices.Equal(x, y) {
			t.Errorf("%s is %v, was %v", s, y, x)
		}
	}
	path := m.cacheFile(dir)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[m.recordSize()+20] ^= 1                    // damage in the second record
	data = append(data, data[:m.recordSize()/2]...) // a torn one at the end
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	third := open()
	if third.Vector("甲") == nil || third.Vector("乙") != nil || third.Vector("丙") == nil {
		t.Error("damage is not kept apart")
	}
	if n, err := third.Add(t.Context(), c, texts, nil); err != nil || n != 1 {
		t.Errorf("%d were computed again, %v", n, err)
	}
	if fourth := open(); fourth.Vector("乙") == nil {
		t.Error("what was computed again is not kept")
	}
}

func TestWords(t *testing.T) {
	if _, err := parseWords(wordsFile); err != nil {
		t.Fatal(err)
	}
	if _, err := ParseParams(paramsFile); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"version: 2", "version: 1\nshape: round", "fillers: 3"} {
		if _, err := parseWords([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	for a, b := range map[string]string{
		"请问如何取消订单？": "怎么撤销订单", "運費多少": "邮费多少", "ORDER Status": "order status", "can't pay": "cannot pay", "What is the delivery fee, please": "what is the shipping fee",
		"啥時候發貨": "什么时候发货",
	} {
		if x, y := analyse(a), analyse(b); string(x.runes) != string(y.runes) {
			t.Errorf("%q is %q, %q is %q", a, string(x.runes), b, string(y.runes))
		}
	}
	for w, want := range map[string]string{"orders": "order", "shipping": "ship", "shipped": "ship", "returned": "return", "policies": "policy", "boxes": "box", "change": "chang", "changing": "chang",
		"address": "address", "status": "status", "bring": "bring", "ring": "ring", "is": "is", "user's": "user", "运": "运"} {
		if got := stem(w); got != want {
			t.Errorf("stem(%q) = %q, want %q", w, got, want)
		}
	}
}

func TestEvidence(t *testing.T) {
	x := NewIndex([]dialogue.Entry{{ID: "a", Lang: "zh", Questions: []string{"能退货吗"}, Answer: "能"}}, DefaultParams(), nil)
	compare := func(a, b string) Evidence { return x.Compare(Query{Text: a, Lang: "zh"}, Query{Text: b, Lang: "zh"}) }
	for _, tt := range []struct {
		a, b string
		ok   func(e Evidence) bool
	}{
		{"能退货吗", "能退货吗？", func(e Evidence) bool { return e.Same == 1 && e.Order == 1 && e.Covered > 0.999 && e.Covers > 0.999 }},
		{"能退货", "不能退货", func(e Evidence) bool { return e.Turned == 1 }},
		{"支持不支持退货", "支持退货", func(e Evidence) bool { return e.Turned == 0 }},
		{"能不能退货", "可以退货", func(e Evidence) bool { return e.Turned == 0 }},
		{"不能退货", "退货不能", func(e Evidence) bool { return e.Turned == 0 }},
		{"i can pay", "i cannot pay", func(e Evidence) bool { return e.Turned == 1 }},
		{"7天能退吗", "15天能退吗", func(e Evidence) bool { return e.Numbers == 1 }},
		{"7天能退吗", "能退吗", func(e Evidence) bool { return e.Numbers == 0.5 }},
		{"什么时候退款", "怎么退款", func(e Evidence) bool { return e.Asks == 1 }},
		{"多久退款", "几天退款", func(e Evidence) bool { return e.Asks == 0 && e.Same == 1 }},
		{"", "怎么退款", func(e Evidence) bool { return e == Evidence{Longer: 1} }},
	} {
		if e := compare(tt.a, tt.b); !tt.ok(e) {
			t.Errorf("%q and %q: %+v", tt.a, tt.b, e)
		}
		e, back := compare(tt.a, tt.b), compare(tt.b, tt.a)
		if e.Order != back.Order || e.Turned != back.Turned || e.Numbers != back.Numbers || e.Asks != back.Asks || math.Abs(e.Covered-back.Covers) > 1e-6 {
			t.Errorf("%q and %q: %+v one way, %+v the other", tt.a, tt.b, e, back)
		}
	}
}

func TestNearRepeats(t *testing.T) {
	draft := func(id string, qs ...string) Draft {
		return Draft{Entry: dialogue.Entry{ID: id, Lang: "zh", Questions: qs, Answer: "答"}, File: "a.md", Line: len(id)}
	}
	ds := []Draft{draft("fee", "运费怎么算"), draft("ship", "快递费如何算", "几天能到"), draft("invoice", "怎么开发票"), draft("points", "积分会过期吗")}
	got := NearRepeats(ds, DefaultParams(), nil, 0.9)
	if len(got) != 1 || got[0].Entry.ID != "ship" || got[0].Other.ID != "fee" || got[0].Likeness != 1 || got[0].Wording != "运费怎么算" {
		t.Errorf("%+v", got)
	}
}
