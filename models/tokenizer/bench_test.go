package tokenizer_test

import (
	"os"
	"testing"

	"yingda/models/tokenizer"
)

// benchTexts are of about twelve tokens each under the bundle's tokenizer.
var benchTexts = []struct{ name, text string }{
	{"zh", "我昨天买的手机，今天能申请退款吗？"},
	{"en", "Where is the parcel that I ordered last week?"},
}

// TestAllocations holds EncodeInto to its claim: it works in memory it has.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("under -race, sync.Pool drops what it holds at random")
	}
	for _, name := range []string{"bundle", "wordpiece-uncased", "unigram-precompiled"} {
		tok := MustLoad(t, name)
		if tok == nil {
			continue
		}
		for _, b := range benchTexts {
			var enc tokenizer.Encoding
			allocs := testing.AllocsPerRun(100, func() {
				if err := tok.EncodeInto(&enc, b.text, 0); err != nil {
					t.Fatal(err)
				}
			})
			if allocs > 2 {
				t.Errorf("%s %s: %v allocations, want at most 2", name, b.name, allocs)
			}
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, name := range []string{"bundle", "wordpiece-uncased"} {
		tok := MustLoad(b, name)
		if tok == nil {
			continue
		}
		for _, text := range benchTexts {
			b.Run(name+"/"+text.name, func(b *testing.B) {
				b.ReportAllocs()
				var enc tokenizer.Encoding
				for b.Loop() {
					if err := tok.EncodeInto(&enc, text.text, 0); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(enc.Len()), "tokens")
			})
		}
	}
}

func BenchmarkParse(b *testing.B) {
	data, err := os.ReadFile(bundleFile)
	if err != nil {
		b.Skip(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tokenizer.Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}
