package datetime_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"yingda/nlu"
	"yingda/nlu/recognizer/datetime"
	"yingda/nlu/recognizer/value"
)

// Texts of customers, folded: with and without a time.
var benchTexts = map[string][2]string{
	"en": {"can you deliver it next tuesday between 3 and 5 pm, i ordered on may 3rd ", "i would like to know where the parcel with my new shoes may be at "},
	"zh": {"我下周二下午三点到五点在家，五月三号下的单，", "我想问一下我的包裹到哪里了呀，为什么还没有发货呢，"},
}

func BenchmarkFind(b *testing.B) {
	now := time.Date(2018, 8, 8, 10, 30, 0, 0, time.UTC)
	for _, lang := range []nlu.Lang{nlu.English, nlu.Chinese} {
		f, err := datetime.New(datetime.Options{Lang: lang})
		if err != nil {
			b.Fatal(err)
		}
		for i, kind := range []string{"times", "none"} {
			for _, n := range []int{10, 20, 100, 1000, 2000} {
				text := []rune(strings.Repeat(benchTexts[string(lang)][i], n/20+1))[:n]
				b.Run(fmt.Sprintf("%s/%s/%d", lang, kind, n), func(b *testing.B) {
					s := string(text)
					c := value.Context{Lang: lang, Reference: now}
					var dst []value.Find
					b.ReportAllocs()
					for b.Loop() {
						dst = f.FindValues(dst[:0], s, c)
					}
				})
			}
		}
	}
}

// A text without a time may cost two allocations in the whole pipeline: this part of it takes none.
func TestEmptyAllocations(t *testing.T) {
	if race {
		t.Skip("the race detector makes pools forget")
	}
	for _, lang := range []nlu.Lang{nlu.English, nlu.Chinese} {
		f, err := datetime.New(datetime.Options{Lang: lang})
		if err != nil {
			t.Fatal(err)
		}
		text := benchTexts[string(lang)][1]
		c := value.Context{Lang: lang, Reference: time.Date(2018, 8, 8, 10, 30, 0, 0, time.UTC)}
		if finds := f.FindValues(nil, text, c); len(finds) > 0 {
			t.Fatalf("%s: found %v in %q", lang, finds, text)
		}
		if n := testing.AllocsPerRun(100, func() { f.FindValues(nil, text, c) }); n > 1 {
			t.Errorf("%s: %g allocations for a text without a time", lang, n)
		}
	}
}
