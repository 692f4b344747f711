package recognizer_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer"
)

// normaliser stands for the component that folds texts.
type normaliser struct{}

func (normaliser) Name() string          { return "norm@1" }
func (normaliser) Requires() []nlu.Field { return []nlu.Field{nlu.FieldText} }
func (normaliser) Assigns() []nlu.Field  { return []nlu.Field{nlu.FieldNormal, nlu.FieldLanguage} }
func (normaliser) Annotate(_ context.Context, as []*nlu.Analysis) error {
	for _, a := range as {
		a.Normal = norm.Fold(a.Text, norm.Matching)
	}
	return nil
}

func TestPipeline(t *testing.T) {
	p, err := nlu.NewPipeline(append([]nlu.Component{normaliser{}}, all(t)...)...)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"norm@1", "regex@1", "lookup@1", "fuzzy@1", "values@1", "merge@1", "synonyms@1", "roles@1"}
	if got := p.Components(); !slices.Equal(got, want) {
		t.Errorf("components %v", got)
	}
	if _, err := nlu.NewPipeline(normaliser{}, recognizer.Merge{}); err == nil {
		t.Error("merge without candidates is accepted")
	}
	as, err := p.Analyse(context.Background(), nlu.Utterance{Text: "訂單號８８０１２４５６７０３從北京寄到上海，順風快遞，加大号"})
	if err != nil {
		t.Fatal(err)
	}
	same(t, as[0].Text, as[0].Entities, []string{
		"order_id ８８０１２４５６７０３ => 88012456703", "location 北京 @from", "location 上海 @to", "carrier 順風快遞 => 顺丰速运",
	})
}

// finder finds the first digit as a number.
type finder struct{}

func (finder) FindValues(dst []nlu.Entity, a *nlu.Analysis) []nlu.Entity {
	for i := range a.Text {
		if c := a.Text[i]; '0' <= c && c <= '9' {
			return append(dst, nlu.Entity{Span: nlu.Span{Start: i, End: i + 1}, Type: "number", Text: a.Text[i : i+1], Value: int(c - '0'), Score: 1})
		}
	}
	return dst
}

func TestValuesHook(t *testing.T) {
	a := analyse(t, "我要3件", recognizer.NewValues(finder{}), recognizer.Merge{})
	if len(a.Entities) != 1 || a.Entities[0].Source != nlu.SourceValue || a.Entities[0].Value != 3 {
		t.Errorf("%v", a.Entities)
	}
}

// TestMergePrecedence lets a model's entities meet those of the rules.
func TestMergePrecedence(t *testing.T) {
	cs := all(t)
	for _, c := range []struct {
		name, text string
		model      []textCase // surface → type
		want       []string
	}{
		{"regex beats model", "订单号88012456703", []textCase{{"订单号88012456703", []string{"product"}}}, []string{"order_id 88012456703"}},
		{"lookup beats an equal model", "顺丰到哪了", []textCase{{"顺丰", []string{"brand"}}}, []string{"carrier 顺丰 => 顺丰速运"}},
		{"model around lookup wins", "寄到上海市静安区南京西路1号", []textCase{{"上海市静安区南京西路1号", []string{"address"}}}, []string{"address 上海市静安区南京西路1号 @to"}},
		{"model around a rule's of its type wins", "at Flat 2, 14 Kings Road please", []textCase{{"Flat 2, 14 Kings Road", []string{"address"}}}, []string{"address Flat 2, 14 Kings Road"}},
		{"rule around model's of its type wins", "改成广州天河区体育东路16号", []textCase{{"天河区", []string{"address"}}}, []string{"address 广州天河区体育东路16号 @new"}},
		{"model inside lookup loses", "京东快递到了", []textCase{{"京东", []string{"brand"}}}, []string{"carrier 京东快递"}},
		{"model beats fuzzy", "神通快递来了", []textCase{{"神通", []string{"product"}}}, []string{"product 神通"}},
		{"lookup beats fuzzy", "顺丰块递来了", nil, []string{"carrier 顺丰 => 顺丰速运"}},
		{"synonyms reach the model's", "要大号的", []textCase{{"大号", []string{"attribute"}}}, []string{"attribute 大号 => L"}},
		{"url around digits", "https://x.com/88012456703", nil, []string{"url https://x.com/88012456703"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &nlu.Analysis{Utterance: nlu.Utterance{Text: c.text}, Normal: norm.Fold(c.text, norm.Matching)}
			for _, m := range c.model {
				i := index(t, c.text, m.Text)
				a.Candidates = append(a.Candidates, nlu.Entity{Span: nlu.Span{Start: i, End: i + len(m.Text)}, Text: m.Text, Type: m.Want[0], Score: 0.9, Source: nlu.SourceModel})
			}
			for _, comp := range cs {
				if err := comp.Annotate(context.Background(), []*nlu.Analysis{a}); err != nil {
					t.Fatal(err)
				}
			}
			same(t, c.text, a.Entities, c.want)
		})
	}
}

func index(t testing.TB, text, part string) int {
	t.Helper()
	for i := range text {
		if len(text)-i >= len(part) && text[i:i+len(part)] == part {
			return i
		}
	}
	t.Fatalf("no %q in %q", part, text)
	return -1
}

func TestAlignment(t *testing.T) {
	cs := all(t)
	for _, c := range []textCase{
		{"🙂订单号88012456703🙂", []string{"order_id 88012456703"}},
		{"单号\u200b8801245\u200b6703", []string{"order_id 8801245\u200b6703 => 88012456703"}},
		{"ｏｒｄｅｒ　Ａ－２０９３１", []string{"order_id Ａ－２０９３１ => A-20931"}},
		{"訂單號\n\n88012456703", []string{"order_id 88012456703"}},
		{"單號①②③④⑤⑥", []string{"order_id ①②③④⑤⑥ => 123456"}},
		{"郵箱AAAA@QQ.COM", []string{"email AAAA@QQ.COM"}},
		{"順豐，，，，，韻達", []string{"carrier 順豐 => 顺丰速运", "carrier 韻達 => 韵达快递"}},
	} {
		same(t, c.Text, analyse(t, c.Text, cs...).Entities, c.Want)
	}
}

func FuzzRecognise(f *testing.F) {
	for _, file := range []string{"regex.yaml", "lookup.yaml", "fuzzy.yaml"} {
		for _, c := range mustCases[textCase](f, file) {
			f.Add(c.Text)
		}
	}
	for _, text := range mustCases[string](f, "regex_none.yaml") {
		f.Add(text)
	}
	f.Add("ﬁ㈱½①①①①\u0301e\u0301 1\u030788012456703\u20dd")
	cs := all(f)
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		a := analyse(t, text, cs...)
		for _, ents := range [][]nlu.Entity{a.Candidates, a.Entities} {
			checkSpans(t, text, ents)
			for _, ent := range ents {
				if !utf8.ValidString(ent.Text) {
					t.Errorf("%q: %v is not on rune boundaries", text, ent.Span)
				}
			}
		}
		for i := 1; i < len(a.Entities); i++ {
			if a.Entities[i-1].End > a.Entities[i].Start {
				t.Errorf("%q: entities overlap", text)
			}
		}
	})
}

func BenchmarkRules(b *testing.B) {
	cs := all(b)
	for _, bm := range []struct{ name, text string }{
		{"zh-plain", "我的订单怎么还没发货都等了三天了急用啊"},
		{"zh-id", "订单号88012456703的顺丰快递到哪了"},
		{"en-plain", "where is my parcel please"},
		{"en-id", "order A-20931 from Leeds"},
	} {
		b.Run(bm.name, func(b *testing.B) {
			normal := norm.Fold(bm.text, norm.Matching)
			a := &nlu.Analysis{Utterance: nlu.Utterance{Text: bm.text}, Normal: normal}
			as := []*nlu.Analysis{a}
			b.ReportAllocs()
			for b.Loop() {
				a.Candidates, a.Entities = a.Candidates[:0], nil
				for _, c := range cs {
					if err := c.Annotate(context.Background(), as); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func BenchmarkIndex50000(b *testing.B) {
	names := randomNames(50_000)
	for b.Loop() {
		recognizer.NewIndex(recognizer.List{Name: "n", Type: "t", Names: names})
	}
}

func BenchmarkDefaults(b *testing.B) {
	for b.Loop() {
		all(b)
	}
}

// TestHostile runs texts that make matchers slow when their time grows faster than the text.
func TestHostile(t *testing.T) {
	cs := all(t)
	start := time.Now()
	for _, piece := range []string{"1 ", "12345678901 ", "a-", "订单", "订单1", "快递12345678 ", "北京到", "a1b2", "1-", "(1", "paypa ", "@a.", "http://a", "sf ", "AAAA"} {
		text := strings.Repeat(piece, 8000/len(piece))
		checkSpans(t, text, analyse(t, text, cs...).Entities)
	}
	if took := time.Since(start); took > slower*10*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestAddresses(t *testing.T) {
	cs := all(t)
	for text, want := range map[string][]string{
		"上海市静安区南京西路1266号恒隆二座":                                     {"address 上海市静安区南京西路1266号恒隆二座"},
		"寄到浙江省杭州市西湖区文三路478号A座1201室，别送错":                           {"address 浙江省杭州市西湖区文三路478号A座1201室 @to"},
		"It's 27 Maple Court, Flat 3, Minhang District, Shanghai": {"address 27 Maple Court, Flat 3, Minhang District, Shanghai"},
		"we moved to 9 st. mary's road, leeds ls1 4ab.":           {"address 9 st. mary's road, leeds ls1 4ab @to"},
		"3 of the items went to court":                            {},
		"上海到南京的路有300公里":                                           {"location 上海 @from", "location 南京 @to"},
	} {
		a := &nlu.Analysis{Utterance: nlu.Utterance{Text: text}, Normal: norm.Fold(text, norm.Matching)}
		for _, comp := range cs {
			if err := comp.Annotate(t.Context(), []*nlu.Analysis{a}); err != nil {
				t.Fatal(err)
			}
		}
		same(t, text, a.Entities, want)
	}
}
