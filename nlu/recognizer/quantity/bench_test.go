package quantity_test

import (
	"fmt"
	"strings"
	"testing"

	"yingda/nlu"
	"yingda/nlu/recognizer/quantity"
	"yingda/nlu/recognizer/value"
)

// BenchmarkFind reads ordinary messages of about 20 characters, with and without finds, and long ones.
func BenchmarkFind(b *testing.B) {
	for _, c := range []struct {
		name string
		lang nlu.Lang
		text string
	}{
		{"zh/none", nlu.Chinese, "我的订单怎么还没有发货啊能不能帮我催一下"},
		{"zh/money", nlu.Chinese, "上周买的耳机花了三百二十块五能不能退差价"},
		{"zh/count", nlu.Chinese, "我要退两件衣服,一共是129.9元,还有3斤苹果"},
		{"en/none", nlu.English, "where is my parcel?"},
		{"en/money", nlu.English, "refund me $25.50 now"},
		{"en/weight", nlu.English, "it weighs 5 lbs 3 oz"},
	} {
		f := mustNew(b, quantity.Options{Lang: c.lang})
		b.Run(c.name, func(b *testing.B) {
			var dst []value.Find
			for b.Loop() {
				dst = f.FindValues(dst[:0], c.text, value.Context{})
			}
		})
	}
	for _, lang := range []nlu.Lang{nlu.Chinese, nlu.English} {
		text := map[nlu.Lang]string{nlu.Chinese: "我要退两件衣服,一共是129.9元,运费三块五,", nlu.English: "two pairs of shoes for $25.50 and 3 kg of rice, "}[lang]
		f := mustNew(b, quantity.Options{Lang: lang})
		for _, n := range []int{10, 100, 1000, 2000} {
			r := []rune(strings.Repeat(text, n/10+1))
			long := string(r[:n])
			b.Run(fmt.Sprintf("%s/%d", lang, n), func(b *testing.B) {
				var dst []value.Find
				for b.Loop() {
					dst = f.FindValues(dst[:0], long, value.Context{})
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/char")
			})
		}
	}
}
