package recognizer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer"
)

func analysisOf(text string) *nlu.Analysis {
	return &nlu.Analysis{Utterance: nlu.Utterance{Text: text, Reference: reference}, Normal: norm.Fold(text, norm.Matching), Language: nlu.Detect(text)}
}

// messages are those of the corpus of the default bundle that have 18 to 22 characters, marks of entities removed.
func messages(tb testing.TB) []*nlu.Analysis {
	tb.Helper()
	files, err := filepath.Glob("../../training/corpus/data/*/*.yml")
	if err != nil || len(files) == 0 {
		tb.Fatal("no corpus: ", err)
	}
	var as []*nlu.Analysis
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			text, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "    - ")
			if n := utf8.RuneCountInString(text); ok && n >= 18 && n <= 22 && !strings.Contains(text, "](") {
				as = append(as, analysisOf(text))
			}
		}
	}
	return as
}

// BenchmarkValuesMessages times all kinds of values on real messages of about 20 characters and reports the median message, each at its best of five.
func BenchmarkValuesMessages(b *testing.B) {
	v, err := recognizer.DefaultValues()
	if err != nil {
		b.Fatal(err)
	}
	as := messages(b)
	var dst []nlu.Entity
	for b.Loop() {
		took := make([]time.Duration, len(as))
		for i, a := range as {
			for k := range 5 {
				start := time.Now()
				dst = v.FindValues(dst[:0], a)
				if t := time.Since(start); k == 0 || t < took[i] {
					took[i] = t
				}
			}
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1e3, "µs-median")
		b.ReportMetric(float64(took[len(took)*95/100].Nanoseconds())/1e3, "µs-p95")
		b.ReportMetric(float64(len(as)), "messages")
	}
}

// BenchmarkValuesLength shows that time grows with the length, on texts that are full of values.
func BenchmarkValuesLength(b *testing.B) {
	v, err := recognizer.DefaultValues()
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range []struct{ name, text string }{
		{"zh", "我上周三下午三点付了一百二十三块五买的两件外套，退款怎么三天了还没到账？"},
		{"en", "I paid $14.99 last Tuesday at half past three for two jackets, where is my refund? "},
	} {
		for _, n := range []int{10, 100, 1000, 2000} {
			runes := []rune(strings.Repeat(s.text, n/30+1))
			a := analysisOf(string(runes[:n]))
			b.Run(fmt.Sprint(s.name, n), func(b *testing.B) {
				var dst []nlu.Entity
				for b.Loop() {
					dst = v.FindValues(dst[:0], a)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/1e3/float64(b.N)/float64(n), "µs/char")
			})
		}
	}
}
