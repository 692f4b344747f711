package number_test

import (
	"fmt"
	"strings"
	"testing"

	"yingda/nlu"
	"yingda/nlu/recognizer/number"
	"yingda/nlu/recognizer/value"
)

// enLine is a message as customers write them, with a number in every other clause.
const enLine = "i ordered twenty five shirts last month, at least 3 of them came late and half a dozen never did, so please refund 1,250.50 for order 48213. "

func BenchmarkEnglish(b *testing.B) {
	f := mustNew(b, number.Options{Lang: nlu.English})
	run := func(name, text string) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var finds []value.Find
			for b.Loop() {
				finds = f.FindValues(finds[:0], text, value.Context{})
			}
		})
	}
	for _, n := range []int{10, 20, 100, 1000, 2000} {
		run(fmt.Sprintf("%d", n), sized(enLine, n))
	}
	run("none", "i want my money back")
	run("worst", strings.Repeat("one million and two thousand and three hundred and forty five thousandths and ", 26))
}

func BenchmarkEnglishScanners(b *testing.B) {
	scanners := number.Scanners(nlu.English)
	text := sized(enLine, 100)
	emit := func(int, int, any) {}
	b.ReportAllocs()
	for b.Loop() {
		for at := range len(text) {
			for i := range scanners {
				if scanners[i].First(text[at]) {
					scanners[i].Scan(text, at, emit)
				}
			}
		}
	}
}
