package number_test

import (
	"fmt"
	"strings"
	"testing"

	"yingda/nlu"
	"yingda/nlu/recognizer/number"
	"yingda/nlu/recognizer/value"
)

// zhLine is a message as customers write them, with a number in every other clause.
const zhLine = "我上个月买的那件外套花了三百五十块，现在打八五折，能不能把差价退给我，谢谢客服帮忙看看订单12345到哪里了。"

func mustNew(t testing.TB, o number.Options) *number.Finder {
	t.Helper()
	f, err := number.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// sized cuts a text to so many characters.
func sized(line string, n int) string {
	r := []rune(strings.Repeat(line, 1+n/len([]rune(line))))
	return string(r[:n])
}

func BenchmarkChinese(b *testing.B) {
	f := mustNew(b, number.Options{Lang: nlu.Chinese})
	for _, n := range []int{10, 20, 100, 1000, 2000} {
		text := sized(zhLine, n)
		b.Run(fmt.Sprintf("%d", n), func(b *testing.B) {
			b.ReportAllocs()
			var finds []value.Find
			for b.Loop() {
				finds = f.FindValues(finds[:0], text, value.Context{})
			}
		})
	}
	b.Run("none", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f.FindValues(nil, "请问你们的客服电话是多少，谢谢你啦哈哈", value.Context{})
		}
	})
}
