package recognizer_test

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer"
)

var reference = time.Date(2026, 11, 22, 10, 0, 0, 0, time.FixedZone("", 8*3600))

// found runs the finders of values over a text.
func found(t testing.TB, text string) *nlu.Analysis {
	t.Helper()
	v, err := recognizer.DefaultValues()
	if err != nil {
		t.Fatal(err)
	}
	a := &nlu.Analysis{Utterance: nlu.Utterance{Text: text, Reference: reference}, Normal: norm.Fold(text, norm.Matching)}
	if a.Language = nlu.Chinese; nlu.Detect(text) == nlu.English {
		a.Language = nlu.English
	}
	for _, c := range []nlu.Component{recognizer.NewValues(v), recognizer.Merge{}} {
		if err := c.Annotate(context.Background(), []*nlu.Analysis{a}); err != nil {
			t.Fatal(err)
		}
	}
	checkSpans(t, text, a.Entities)
	checkSpans(t, text, a.Candidates)
	return a
}

func TestTypedValues(t *testing.T) {
	data, err := os.ReadFile("testdata/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Text       string
		Want, Slot []string
	}
	if err := yaml.UnmarshalWithOptions(data, &cases, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Text, func(t *testing.T) {
			a := found(t, c.Text)
			var got []string
			for _, ent := range a.Entities {
				v, err := json.Marshal(ent.Value)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, ent.Type+" "+ent.Text+" "+string(v))
			}
			if !slices.Equal(got, c.Want) {
				t.Errorf("got  %q\nwant %q", got, c.Want)
			}
			for _, s := range c.Slot {
				if !slices.ContainsFunc(a.Candidates, func(e nlu.Entity) bool { return e.Type+" "+e.Text == s && e.Source == nlu.SourceSlot }) {
					t.Errorf("no candidate %q in %v", s, a.Candidates)
				}
			}
		})
	}
}

// TestSpoken reads ids that were said aloud.
func TestSpoken(t *testing.T) {
	rules, err := recognizer.DefaultRules()
	if err != nil {
		t.Fatal(err)
	}
	s, err := recognizer.NewSpoken(rules)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text string
		lang nlu.Lang
		want []string
	}{
		{"订单号六六二零一九三八四七取消", nlu.Chinese, []string{"order_id 六六二零一九三八四七 => 6620193847"}},
		{"打我手机幺三八零零一三八零零零", nlu.Chinese, []string{"phone_number 幺三八零零一三八零零零 => 13800138000"}},
		{"my order eight eight oh one two four five six", nlu.English, []string{"order_id eight eight oh one two four five six => 88012456"}},
		{"订单号6620193847取消", nlu.Chinese, nil}, // written: the business of regex@1
		{"三四个人等了一二十天", nlu.Chinese, nil},
		{"one two three go", nlu.English, nil},
	} {
		t.Run(c.text, func(t *testing.T) {
			a := &nlu.Analysis{Utterance: nlu.Utterance{Text: c.text}, Normal: norm.Fold(c.text, norm.Matching), Language: c.lang}
			if err := s.Annotate(context.Background(), []*nlu.Analysis{a}); err != nil {
				t.Fatal(err)
			}
			same(t, c.text, a.Candidates, c.want)
		})
	}
}

// TestValuesWithoutFindsAllocateLittle bounds what a text without values costs.
func TestValuesWithoutFindsAllocateLittle(t *testing.T) {
	if slower > 1 {
		t.Skip("the race detector allocates")
	}
	v, err := recognizer.DefaultValues()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"我的订单怎么还没发货啊急死我了", "where is my parcel please tell me", "帮我转人工客服", "我想问一下你们这个怎么用", "can someone help me with the app"} {
		a := &nlu.Analysis{Utterance: nlu.Utterance{Text: text, Reference: reference}, Normal: norm.Fold(text, norm.Matching), Language: nlu.Detect(text)}
		if n := testing.AllocsPerRun(200, func() { v.FindValues(nil, a) }); n > 2 {
			t.Errorf("%q: %v allocations, want at most 2", text, n)
		}
	}
}

func BenchmarkValues(b *testing.B) {
	v, err := recognizer.DefaultValues()
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct{ name, text string }{
		{"zh20", "我上周三买的两件衣服退款怎么还没到账呢"},
		{"zh20/none", "我的订单怎么还没发货啊你们到底什么情况"},
		{"en20", "I paid $20 last week"},
		{"en60", "where is the parcel that i ordered three days ago for $14.99"},
	} {
		a := &nlu.Analysis{Utterance: nlu.Utterance{Text: c.text, Reference: reference}, Normal: norm.Fold(c.text, norm.Matching), Language: nlu.Detect(c.text)}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			var dst []nlu.Entity
			for b.Loop() {
				dst = v.FindValues(dst[:0], a)
			}
		})
	}
}
