package corpus_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"yingda/training/corpus"
)

// mustJSONL reads lines of this project's notation.
func mustJSONL(tb testing.TB, file string, lines ...string) *corpus.Corpus {
	tb.Helper()
	c, err := corpus.ReadJSONL(file, []byte(strings.Join(lines, "\n")))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// kinds writes findings in short.
func kinds(f *corpus.Findings) (out []string) {
	for _, x := range f.List {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %.2f", x.Kind, x.Origin, x.Other, x.Similarity)))
	}
	return out
}

func TestCheck(t *testing.T) {
	c := mustJSONL(t, "c",
		/* 1 */ `{"text":"取消訂單！","intents":["cancel"],"emotion":"neutral","entities":[]}`,
		/* 2 */ `{"text":"取消订单!","intents":["cancel"],"emotion":"neutral","entities":[]}`,
		/* 3 */ `{"text":"取消订单","intents":["cancel"],"emotion":"angry"}`,
		/* 4 */ `{"text":"取消 订单","intents":["return"],"emotion":"neutral"}`,
		/* 5 */ `{"text":"取消订单!","intents":["cancel"],"emotion":"angry"}`,
		/* 6 */ `{"text":"麻烦把我昨天买的保温杯退了谢谢你","intents":["return"],"entities":[{"type":"product","text":"保温杯"}]}`,
		/* 7 */ `{"text":"麻烦把我昨天买的保温杯退了谢谢","intents":["return"],"entities":[]}`,
		/* 8 */ `{"text":"麻烦把我昨天买的保温杯退了谢谢","intents":["return"],"entities":[{"type":"product","text":"保温杯"}]}`,
		/* 9 */ `{"text":"我的订单12345678到底什么时候才能发货","intents":["urge"]}`,
		/* 10 */ `{"text":"我的订单87654321到底什么时候才能发货","intents":["urge"]}`,
		/* 11 */ `{"text":"退货","intents":["return"]}`,
		/* 12 */ `{"text":"不退货","intents":["keep"]}`,
		/* 13 */ `{"text":"cancel order","intents":["cancel"]}`,
		/* 14 */ `{"text":"please cancel my order","intents":["cancel"]}`,
		/* 15 */ `{"text":"I would like to change the delivery address please","intents":["address"]}`,
		/* 16 */ `{"text":"？？？","intents":[]}`,
		/* 17 */ `{"text":"！！","intents":["x"]}`,
	)
	dev := mustJSONL(t, "dev",
		`{"text":"Please, cancel my order!","intents":["cancel"]}`,
		`{"text":"CANCEL ORDER","intents":["cancel"]}`,
		`{"text":"退貨","intents":["return"]}`,
		`{"text":"退貨","intents":["keep"]}`,
		`{"text":"i'd like to change the delivery address please","intents":["address"]}`,
		`{"text":"dev only says this dev only says this","intents":["a"]}`,
		`{"text":"dev only says this, dev only says this","intents":["b"]}`,
	)
	f := corpus.Check(c, corpus.CheckOptions{}, corpus.Split{Name: "dev", Corpus: dev})
	want := []string{
		"contradiction c:4 c:1 1.00", "contradiction c:5 c:1 1.00", "contradiction c:8 c:7 1.00",
		"leak c:14 dev:1 1.00", "near-leak c:15 dev:5 0.85",
		"near-contradiction c:3 c:1 1.00", "near-contradiction c:7 c:6 0.93",
		"duplicate c:2 c:1 1.00", "near-duplicate c:10 c:9 1.00",
	}
	got := kinds(f)
	for i := range max(len(got), len(want)) {
		if at(got, i) != at(want, i) {
			t.Errorf("finding %d is %s, want %s", i, at(got, i), at(want, i))
		}
	}
	if f.Shared != 3 || f.Held != 7 || f.Examples != 17 || f.Serious() != 5 || f.Counts[corpus.Leak] != 1 {
		t.Errorf("%+v", f)
	}
	if f := corpus.Check(c, corpus.CheckOptions{Near: 0.95}); f.Counts[corpus.NearDuplicate] != 1 || f.Counts[corpus.NearContradiction] != 1 {
		t.Errorf("with another threshold: %v", kinds(f))
	}
}

// TestCheck_Partitions: in a file with several parts, a text of one in another is a leak.
func TestCheck_Partitions(t *testing.T) {
	c, err := corpus.ReadCLINC("x", []byte(`{"train": [["please tell me the time now", "time"], ["what is on my calendar today", "day"], ["hi", "greet"]],
"test": [["please tell me the time, now", "clock"], ["hi", "greet"]]}`), corpus.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f := corpus.Check(c, corpus.CheckOptions{})
	if got := kinds(f); !slices.Equal(got, []string{"leak x:2 x:1 1.00"}) || f.Shared != 1 {
		t.Errorf("got %v, %d short", got, f.Shared)
	}
}

func TestCheck_Labels(t *testing.T) {
	c := mustJSONL(t, "zh.jsonl", `{"text":"甲","intents":["order.cancel"],"emotion":"angry"}`, `{"text":"乙","intents":["order.cancel","x.y"],"entities":[{"type":"zz","text":"乙"}]}`,
		`{"text":"丙","intents":["x.y"],"lang":"en"}`, `{"text":"丁","intents":[]}`, `{"text":"戊"}`)
	f := corpus.Check(c, corpus.CheckOptions{MinPerClass: 2, Taxonomy: corpus.DefaultTaxonomy()})
	var got []string
	for _, x := range f.List {
		got = append(got, x.String())
	}
	want := []string{
		"zh.jsonl:2: unknown-intent: x.y", "zh.jsonl:3: unknown-intent: x.y", `zh.jsonl:2: unknown-entity: zz of "乙"`,
		"thin-class: intent order.cancel has 0 of 2 examples in en", "thin-class: intent x.y has 1 of 2 examples in en", "thin-class: intent x.y has 1 of 2 examples in zh",
		"thin-class: emotion angry has 1 of 2 examples in zh", "thin-class: entity zz has 1 of 2 examples in zh", "zh.jsonl:5: unlabelled: no intents",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var text, doc bytes.Buffer
	if err := f.Text(&text, 2); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"ERROR: 2 unknown-intent\n  zh.jsonl:2: unknown-intent: x.y\n", "warning: 5 thin-class", "  … and 3 more\n", "5 examples: 3 errors, 6 warnings\n",
		"zh        4         1             1                2        1         1\n", "zh intents: order.cancel 2, x.y 1\n"} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("%q is not in\n%s", part, text.String())
		}
	}
	if err := f.JSON(&doc); err != nil {
		t.Fatal(err)
	}
	var back corpus.Findings
	if err := json.Unmarshal(doc.Bytes(), &back); err != nil || len(back.List) != len(want) || back.Labels.Intents["zh"]["order.cancel"] != 2 {
		t.Errorf("JSON %v: %+v", err, back)
	}
}

// TestCheck_FindsAllPairs compares with the comparison of all pairs.
func TestCheck_FindsAllPairs(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("where is my parcel please now order number cancel it the my refund today 订单 怎么 还没 发货 我的 退款 什么时候")
	var texts []string
	for range 60 {
		var b []string
		for range 5 + rng.IntN(6) {
			b = append(b, words[rng.IntN(len(words))])
		}
		texts = append(texts, strings.Join(b, " "))
		for range rng.IntN(3) { // and some that are like it
			b[rng.IntN(len(b))] = words[rng.IntN(len(words))]
			texts = append(texts, strings.Join(b, " "))
		}
	}
	slices.Sort(texts)
	texts = slices.Compact(texts)
	c := &corpus.Corpus{}
	for i, text := range texts {
		c.Examples = append(c.Examples, corpus.Example{Text: text, Origin: fmt.Sprint(i)})
	}
	for _, near := range []float64{0.3, 0.5, 0.75, 1} {
		found := map[string]float64{}
		for _, f := range corpus.Check(c, corpus.CheckOptions{Near: near}).List {
			found[f.Other+" "+f.Origin] = f.Similarity
		}
		n := 0
		for i := range texts {
			for j := range i {
				s := corpus.Similarity(texts[i], texts[j])
				if s < near-1e-9 || !corpus.Comparable(texts[i]) || !corpus.Comparable(texts[j]) {
					continue
				}
				n++
				if got := max(found[fmt.Sprint(j, " ", i)], found[fmt.Sprint(i, " ", j)]); math.Abs(got-s) > 1e-9 {
					t.Errorf("near %.2f: %q and %q have %.3f, found %.3f", near, texts[i], texts[j], s, got)
				}
			}
		}
		if n != len(found) || near < 1 && n < 5 {
			t.Errorf("near %.2f: found %d pairs of %d", near, len(found), n)
		}
	}
}

func TestSimilarity(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want float64
	}{
		{"取消訂單！", "取消订单", 1}, {"Where is it?", "where, is it", 1}, {"订单123", "订单98765", 1}, {"abcd", "abce", 1.0 / 3}, {"退货", "退货", 0}, {"", "", 0}, {"abc", "xyz", 0},
	} {
		if got := corpus.Similarity(tt.a, tt.b); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%q and %q: %.3f, want %.3f", tt.a, tt.b, got, tt.want)
		}
	}
	for text, want := range map[string]bool{"你好": false, "退货": false, "cancel order": false, "我的快递怎么还没": true, "我的快递怎么还": false, "where is my order now": true,
		"where is my order": false, "帮我 check 一下 order": false, "帮我check一下这个order到哪": true} {
		if got := corpus.Comparable(text); got != want {
			t.Errorf("%q is comparable: %v", text, got)
		}
	}
}
