package recognizer_test

import (
	"testing"

	"yingda/nlu"
	"yingda/nlu/recognizer"
)

func TestFuzzy(t *testing.T) {
	x := mustIndex(t)
	lk, fz := recognizer.NewLookup(x), recognizer.NewFuzzy(x, recognizer.FuzzyOptions{})
	for _, c := range mustCases[textCase](t, "fuzzy.yaml") {
		a := analyse(t, c.Text, lk, fz, recognizer.Merge{})
		same(t, c.Text, a.Entities, c.Want)
		for _, ent := range a.Candidates {
			if ent.Source == nlu.SourceFuzzy && ent.Score >= 1 {
				t.Errorf("%q: score %v", c.Text, ent.Score)
			}
		}
	}
}

func TestFuzzyPairs(t *testing.T) {
	l := recognizer.List{Name: "n", Type: "t", Fuzzy: true, Near: []string{"店"}, Names: []recognizer.Name{
		{Value: "上海滩火锅"}, {Value: "陈能生"}, {Value: "银行卡中心"}, {Value: "花城"}, {Value: "重庆小面"}, {Value: "Lululemon"}, {Value: "Dell"}, {Value: "RTX4090"}, {Value: "中国人民解放军总医院"},
	}}
	fz := recognizer.NewFuzzy(recognizer.NewIndex(l), recognizer.FuzzyOptions{Common: []string{"delly"}})
	for _, c := range []textCase{
		{"桑海摊火锅", []string{"t 桑海摊火锅 => 上海滩火锅"}}, // s sh, homophones
		{"城冷声", []string{"t 城冷声 => 陈能生"}},       // en eng, n l
		{"因航卡宗信", []string{"t 因航卡宗信 => 银行卡中心"}}, // 行 read hang, in ing, zh z
		{"发程", nil}, // two Han without a word beside
		{"花成的店", []string{"t 花成 => 花城"}},     // and with one
		{"从庆小面", []string{"t 从庆小面 => 重庆小面"}}, // 重 read chong
		{"lululemn", []string{"t lululemn => Lululemon"}},
		{"luluelmon", []string{"t luluelmon => Lululemon"}}, // swap
		{"lulumon", []string{"t lulumon => Lululemon"}},     // two
		{"luluon", nil}, // three
		{"Delll", nil},  // the fold makes it Dell, which lookup finds
		{"delly", nil},  // declared common
		{"dxll", []string{"t dxll => Dell"}},
		{"bell", nil},    // short: the first letter must be right
		{"RTX4080", nil}, // digits are never a typing error
		{"中国人民姐放军总医院", []string{"t 中国人民姐放军总医院 => 中国人民解放军总医院"}},
		{"上海滩火国", []string{"t 上海滩火国 => 上海滩火锅"}},
	} {
		same(t, c.Text, analyse(t, c.Text, fz).Candidates, c.Want)
	}
}
