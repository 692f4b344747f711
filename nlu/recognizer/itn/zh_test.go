package itn_test

import (
	"fmt"
	"strings"
	"testing"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/itn"
)

func TestChinese(t *testing.T) {
	w := mustNew(t, itn.Options{Lang: nlu.Chinese})
	for _, tt := range []struct{ spoken, written string }{
		// numbers
		{"一百二十三", "123"},
		{"一共一千零一个", "一共1,001个"},
		{"十萬零五", "100,005"},
		{"三千億", "3,000億"},
		{"负三点五", "-3.5"},
		{"三分之一", "1/3"},
		{"正负二", "±2"},
		{"三五百人", "300~500人"},
		{"七八公斤", "7~8公斤"},
		{"等两三天", "等2~3天"},
		{"十五六岁", "15~16岁"},
		{"五", "5"},
		{"第一百零五名", "第105名"},
		// dates and times
		{"二零二六年十一月三号", "2026年11月3号"},
		{"零六年一月", "06年1月"},
		{"晚上八点半", "晚上8点半"},
		{"下午三点四十", "下午03:40"},
		{"八点零五分十秒", "08:05:10"},
		{"早上七点零五", "早上07:05"},
		{"九零后", "90后"},
		{"两小时三十分钟", "2小时30分钟"},
		// money and measures
		{"一百二十三块五", "¥123.5"},
		{"三元五角八分", "¥3.58"},
		{"五毛", "5毛"},
		{"两万美元", "US$2万"},
		{"八九千港币", "HK$8000~9000"},
		{"百分之三十到四十", "30~40%"},
		{"百分之百", "100%"},
		{"一米七五", "1米75"},
		{"二十五千克", "25千克"},
		{"打八五折", "打85折"},
		// digits read out one by one
		{"我的手机是幺三八零零幺三八零零零", "我的手机是13800138000"},
		{"尾号一二三四", "尾号1234"},
		{"地址是幺二七点零点零点幺", "地址是127.0.0.1"},
		{"车牌京A零七ZX三F", "车牌京A07ZX3F"},
		{"动三四五六次", "D3456次"},
		// formulas
		{"一加二等于三", "1+2=3"},
		{"比分七十八比九十六", "比分78:96"},
		{"五比三大", "五比三大"},
		// what is written already, and what stays words
		{"1000元", "1000元"},
		{"3点十五", "3点15"},
		{"第二天", "第二天"},
		{"十几万", "十几万"},
		{"几十个", "几十个"},
		{"一点也不好", "一点也不好"},
		{"一个人", "一个人"},
		{"三七粉", "三七粉"},
		{"三心二意", "三心二意"},
		{"一五一十", "一五一十"},
		{"十三五规划", "十三五规划"},
		{"双十一", "双十一"},
		{"千万别", "千万别"},
		{"十分满意", "十分满意"},
		{"八百一千", "八百一千"},
		{"借五百一个月", "借500一个月"},
		{"人力资源", "人力资源"},
		{"五月二十二买的", "5月22买的"},
		{"", ""},
	} {
		if got := w.Write(tt.spoken); got.Text != tt.written {
			t.Errorf("%q: got %q, want %q", tt.spoken, got.Text, tt.written)
		} else if got.Changed() != (tt.spoken != tt.written) {
			t.Errorf("%q: Changed is %v", tt.spoken, got.Changed())
		}
	}
}

func TestChinese_Abbreviate(t *testing.T) {
	w := mustNew(t, itn.Options{Lang: nlu.Chinese, Abbreviate: true})
	if got := w.Write("去自动取款机取三百块").Text; got != "去ATM取300块" {
		t.Errorf("got %q", got)
	}
}

// TestText_Spoken checks the way back: what was rewritten belongs together, the rest goes byte by byte.
func TestText_Spoken(t *testing.T) {
	w := mustNew(t, itn.Options{Lang: nlu.Chinese})
	spoken := "我要退一百二十三块五的订单，第五十个"
	text := w.Write(spoken)
	for _, tt := range []struct{ written, want string }{
		{"¥123.5", "一百二十三块五"},
		{"123", "一百二十三块五"},
		{"退¥", "退一百二十三块五"},
		{"的订单", "的订单"},
		{"我要退", "我要退"},
		{"第50", "第五十"},
		{"个", "个"},
		{text.Text, spoken},
	} {
		at := strings.Index(text.Text, tt.written)
		if at < 0 {
			t.Fatalf("%q is not in %q", tt.written, text.Text)
		}
		from, to := text.Spoken(at, at+len(tt.written))
		if got := spoken[from:to]; got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.written, got, tt.want)
		}
	}
}

func TestNew_Faults(t *testing.T) {
	if _, err := itn.New(itn.Options{Lang: "xx"}); err == nil {
		t.Error("no error for an unknown language")
	}
}

func TestChinese_NoAllocs(t *testing.T) {
	if race {
		t.Skip("the race detector makes pools forget")
	}
	w := mustNew(t, itn.Options{Lang: nlu.Chinese})
	text := "请问你们的客服电话是多少"
	folded := norm.Fold(text, norm.Matching)
	if n := testing.AllocsPerRun(100, func() { w.WriteFolded(text, &folded) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzChinese checks that the way back is monotonous and that what is not rewritten is kept.
func FuzzChinese(f *testing.F) {
	for _, s := range []string{"一百二十三块五", "幺三八零零幺三八零零零", "百分之三十到四十", "京A零七ZX三F", "八百一千", "１２３四", "十萬ﷺ五", "零点零点零点零"} {
		f.Add(s)
	}
	w := mustNew(f, itn.Options{Lang: nlu.Chinese, Abbreviate: true})
	f.Fuzz(func(t *testing.T, spoken string) {
		text := w.Write(spoken)
		if !text.Changed() && text.Text != spoken {
			t.Fatalf("%q became %q and is not changed", spoken, text.Text)
		}
		last := 0
		for at := 0; at < len(text.Text); at++ {
			from, to := text.Spoken(at, at+1)
			if from < last || to > len(spoken) || from >= to {
				t.Fatalf("%q → %q: byte %d stands for %d-%d", spoken, text.Text, at, from, to)
			}
			last = from
		}
		if again := w.Write(spoken); again.Text != text.Text {
			t.Fatalf("%q: %q, then %q", spoken, text.Text, again.Text)
		}
	})
}

func BenchmarkChinese(b *testing.B) {
	w := mustNew(b, itn.Options{Lang: nlu.Chinese})
	line := []rune(strings.Repeat("我上个月买的那件外套花了三百五十块，现在打八五折，能不能退到幺三八零零幺三八零零零这个号。", 60))
	for _, n := range []int{10, 20, 100, 1000, 2000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			text := string(line[:n])
			folded := norm.Fold(text, norm.Matching)
			b.ReportAllocs()
			for b.Loop() {
				w.WriteFolded(text, &folded)
			}
		})
	}
}
