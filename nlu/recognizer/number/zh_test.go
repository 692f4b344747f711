package number_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/number"
	"yingda/nlu/recognizer/value"
)

// shown writes finds as "surface=value", in the order of the text.
func shown(text string, finds []value.Find) string {
	at := map[int]string{}
	for _, f := range finds {
		s := ""
		switch v := f.Value.(type) {
		case value.Number:
			if s = number.Format(v); f.Kind == value.KindPercentage {
				s += "%"
			}
		case value.Range:
			s = number.FormatRange(v)
		case value.Ordinal:
			s = "#" + number.FormatOrdinal(v)
		}
		at[f.Start] = text[f.Start:f.End] + "=" + s
	}
	var out []string
	for i := range len(text) {
		if s := at[i]; s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, " ")
}

// TestChinese is a table of what customers write; all kinds compete.
func TestChinese(t *testing.T) {
	f := mustNew(t, number.Options{Lang: nlu.Chinese})
	for _, tt := range []struct{ text, want string }{
		// whole numbers
		{"我要退三件", "三=3"},
		{"一共一百二十块", "一百二十=120"},
		{"五十万零三", "五十万零三=500003"},
		{"一百十五", "一百十五=115"},
		{"壹佰贰拾元整", "壹佰贰拾=120"},
		{"貳仟參佰", "贰仟=2000"}, // 參 folds to 参, which is no figure alone
		{"廿五个", "廿五=25"},
		{"二零二六", "二零二六=2026"},
		{"房号幺零二", ""},
		{"负二十", "负二十=-20"},
		{"两万三", "两万三=23000"},
		{"借五百一个月", "五百=500 一=1"},
		{"三千三个月", "三千=3000 三=3"},
		{"我们俩", "俩=2"},
		{"一打鸡蛋", "一打=12"},
		{"满三打折", "三=3"},
		{"半打", "半打=6"},
		{"二十五千克", "二十五=25"},
		{"12345678901234567890", "12345678901234567890=1.23456789012346E+19"},
		// mixed and in figures
		{"3.2万粉丝", "3.2万=32000"},
		{"1,234.5", "1,234.5=1234.5"},
		{"3万5", "3万5=35000"},
		{"10w", "10w=100000"},
		{"15k", "15k=15000"},
		{"3/4", "3/4=0.75"},
		{"-7", "-7=-7"},
		{"等于-5", "等于-5=[-5,-5]"},
		{"歼-20", "20=20"},
		// fractions and decimals
		{"三分之二", "三分之二=0.666666666666667"},
		{"三点一四", "三点一四=3.14"},
		{"一又二分之一", "一又二分之一=1.5"},
		{"半个", "半=0.5"},
		{"三点五万", "三点五万=35000"},
		// ranks
		{"第三个", "第三=#3"},
		{"倒数第二", "倒数第二=#end-1"},
		{"最后一个", "最后一个=#end+0"},
		{"下一个订单", "下一个=#current+1"},
		{"首次购买", "首次=#1"},
		{"第12345678901234567890名", "12345678901234567890=1.23456789012346E+19"},
		// percentages
		{"百分之三十", "百分之三十=30%"},
		{"千分之五", "千分之五=0.5%"},
		{"打八五折", "八五折=85%"},
		{"打95折", "95折=95%"},
		{"打对折", "对折=50%"},
		{"三成半", "三成半=35%"},
		{"半成", "半成=5%"},
		{"降了2个百分点", "2个百分点=2%"},
		{"12.5%", "12.5%=12.5%"},
		{"负百分之三", "负百分之三=-3%"},
		{"三折叠屏", ""},
		{"三成本金", ""},
		{"一成不变", ""},
		// ranges
		{"大于10小于20", "大于10小于20=(10,20)"},
		{"20-100个", "20-100=[20,100)"},
		{"至少三个", "至少三=[3,)"},
		{"不超过五百", "不超过五百=(,500]"},
		{"二三十个", "二三十=[20,30]"},
		{"十五六岁", "十五六=[15,16]"},
		{"十几万", "十几万=(100000,)"},
		{"500多块", "500多=(500,)"},
		{"身高过180", "过180=(180,)"},
		{"买过3次", "3=3"},
		{"三十五以上", "三十五以上=(35,)"},
		{"百分之五到百分之十", "百分之五到百分之十=[5,10)"},
		{"010-12345678", "010=10 12345678=12345678"},
		{"2018-01-02", "2018=2018 01=1 02=2"},
		// words in which there is no number
		{"一点也不好", ""},
		{"吃三七粉", ""},
		{"一起去四川", ""},
		{"千万不要", ""},
		{"统一发货", ""},
		{"万一没货", ""},
		{"收拾一下", ""},
		{"十分满意", ""},
		{"十分钟", "十=10"},
		{"几十个", ""},
		{"上百", ""},
		{"七夕快乐", ""},
		{"五一放假吗", ""},
		{"星期三", ""},
		{"mate60pro", ""},
		{"v1.2.3", ""},
		{"", ""},
	} {
		text := norm.Fold(tt.text, norm.Matching).Text
		if got := shown(text, f.FindValues(nil, text, value.Context{Lang: nlu.Chinese})); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

// TestChineseScanners checks what other grammars are given: each numeral that begins at the place, and the longest number.
func TestChineseScanners(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"一百二十三", "numeral 一=1 numeral 一百=100 numeral 一百二=120 numeral 一百二十=120 numeral 一百二十三=123 number 一百二十三=123"},
		{"二零一八", "numeral 二=2 numeral 二零=20 numeral 二零一=201 numeral 二零一八=2018 number 二零一八=2018"},
		{"两", "numeral 两=2 number 两=2"},
		{"2.5k", "digits 2=2 number 2.5k=2500 number 2.5=2.5"},
		{"五千克", "numeral 五=5 numeral 五千=5000 number 五千=5000 number 五=5"},
		{"第三天", "ordinal 第三=3"},
		{"二三十", "numeral 二=2 numeral 二三=23 approx 二三十=[20,30]"},
		{"十几万", "numeral 十=10 number 十几万=100000 vague 十几万=(100000,)"},
		{"1234567890123456789", "digits 1234567890123456789=1234567890123456789 number 1234567890123456789=1.23456789012346E+18"},
	} {
		var got []string
		for _, s := range number.Scanners(nlu.Chinese) {
			if !s.First(tt.text[0]) {
				continue
			}
			s.Scan(tt.text, 0, func(category, end int, v any) {
				switch x := v.(type) {
				case value.Number:
					v = number.Format(x)
				case value.Range:
					v = number.FormatRange(x)
				}
				got = append(got, fmt.Sprint(s.Categories[category], " ", tt.text[:end], "=", v))
			})
		}
		if g := strings.Join(got, " "); g != tt.want {
			t.Errorf("%q: got %q, want %q", tt.text, g, tt.want)
		}
	}
}

func TestNew_Faults(t *testing.T) {
	if _, err := number.New(number.Options{Lang: "xx"}); err == nil {
		t.Error("no error for an unknown language")
	}
	if _, err := number.New(number.Options{Lang: nlu.Chinese, Kinds: []value.Kind{value.KindURL}}); err == nil {
		t.Error("no error for a kind that is no number")
	}
}

// TestChinese_NoAllocs: a message without numbers costs nothing.
func TestChinese_NoAllocs(t *testing.T) {
	if race {
		t.Skip("the race detector makes pools forget")
	}
	f := mustNew(t, number.Options{Lang: nlu.Chinese})
	for _, text := range []string{"请问你们的客服电话是多少", "", "hello"} {
		if n := testing.AllocsPerRun(100, func() { f.FindValues(nil, text, value.Context{}) }); n > 0 {
			t.Errorf("%q: %v allocations", text, n)
		}
	}
}

// FuzzChinese checks the contract of finders on any text.
func FuzzChinese(f *testing.F) {
	for _, s := range []string{"一百二十三", "4 6/3", "-1.1^--23", "百分之二三十", "大于10小于20,", "三又二分之一", "十几万多亿", "零零零", "两两", "第第一", "8.折",
		"99999999999999999999999亿亿亿", "一兆兆兆兆兆兆", "2^99999", "1e308", "...9", "五五开", "第 三", "三分之零", "3/0", "负负三", "百百百", "七八九十百千万亿"} {
		f.Add(s)
	}
	find := mustNew(f, number.Options{Lang: nlu.Chinese})
	f.Fuzz(func(t *testing.T, text string) {
		end := -1
		finds := find.FindValues(nil, text, value.Context{})
		covered := map[int]bool{}
		for _, v := range finds {
			if v.Start < 0 || v.End > len(text) || v.Start >= v.End || v.Value == nil || v.Rule == "" {
				t.Fatalf("%q: bad find %+v", text, v)
			}
			if !utf8.RuneStart(text[v.Start]) || v.End < len(text) && utf8.ValidString(text) && !utf8.RuneStart(text[v.End]) {
				t.Fatalf("%q: %d-%d cuts a character", text, v.Start, v.End)
			}
			for i := v.Start; i < v.End; i++ {
				if covered[i] {
					t.Fatalf("%q: overlapping finds at %d", text, i)
				}
				covered[i] = true
			}
			end = max(end, v.End)
		}
		_, _, _ = number.Figures(text, true)
		_, _, _, _ = number.ApproxFigures(text, false)
	})
}
