package server

import (
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"yingda/nlu"
)

const family = "👨‍👩‍👧" // three people and two joiners: 5 code points, 18 bytes, 8 UTF-16 units, 1 grapheme

func TestSpans(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		span       nlu.Span
		want       [4][2]int // by unit: code points, bytes, UTF-16, graphemes
	}{
		{"ASCII", "hello", nlu.Span{Start: 1, End: 3}, [4][2]int{{1, 3}, {1, 3}, {1, 3}, {1, 3}}},
		{"CRLF", "a\r\nb", nlu.Span{Start: 3, End: 4}, [4][2]int{{3, 4}, {3, 4}, {3, 4}, {2, 3}}},
		{"traditional", "訂單號", nlu.Span{Start: 3, End: 9}, [4][2]int{{1, 3}, {3, 9}, {1, 3}, {1, 3}}},
		{"rare character", "𠮷野家", nlu.Span{Start: 4, End: 10}, [4][2]int{{1, 3}, {4, 10}, {2, 4}, {1, 3}}},
		{"family", "a" + family + "b", nlu.Span{Start: 19, End: 20}, [4][2]int{{6, 7}, {19, 20}, {9, 10}, {2, 3}}},
		{"whole family", family, nlu.Span{Start: 0, End: 18}, [4][2]int{{0, 5}, {0, 18}, {0, 8}, {0, 1}}},
		{"flag", "🇨🇳好", nlu.Span{Start: 8, End: 11}, [4][2]int{{2, 3}, {8, 11}, {4, 5}, {1, 2}}},
		{"skin tone", "👍🏽x", nlu.Span{Start: 8, End: 9}, [4][2]int{{2, 3}, {8, 9}, {4, 5}, {1, 2}}},
		{"combining", "e\u0301x", nlu.Span{Start: 3, End: 4}, [4][2]int{{2, 3}, {3, 4}, {2, 3}, {1, 2}}},
		{"variation selector", "❤️x", nlu.Span{Start: 6, End: 7}, [4][2]int{{2, 3}, {6, 7}, {2, 3}, {1, 2}}},
		{"cuts a character", "好好", nlu.Span{Start: 1, End: 4}, [4][2]int{{0, 2}, {1, 4}, {0, 2}, {0, 2}}},
		{"cuts a cluster", "a" + family + "b", nlu.Span{Start: 5, End: 8}, [4][2]int{{2, 3}, {5, 8}, {3, 4}, {1, 2}}},
		{"empty", "好好", nlu.Span{Start: 3, End: 3}, [4][2]int{{1, 1}, {3, 3}, {1, 1}, {1, 1}}},
		{"outside", "好", nlu.Span{Start: -5, End: 99}, [4][2]int{{0, 1}, {0, 3}, {0, 1}, {0, 1}}},
		{"backwards", "好好", nlu.Span{Start: 3, End: 0}, [4][2]int{{1, 1}, {3, 3}, {1, 1}, {1, 1}}},
		{"no text", "", nlu.Span{Start: 0, End: 0}, [4][2]int{{}, {}, {}, {}}},
	} {
		for u := unitCodePoint; u <= unitGrapheme; u++ {
			var s spans
			s.reset("something longer that was there before, 長一點", u)
			s.reset(tc.text, u)
			if a, b := s.convert(tc.span); a != tc.want[u][0] || b != tc.want[u][1] {
				t.Errorf("%s, unit %d: %d–%d, want %v", tc.name, u, a, b, tc.want[u])
			}
		}
	}
}

// FuzzSpans holds prefixes against counting from the start.
func FuzzSpans(f *testing.F) {
	for _, s := range []string{"", "hello", "訂單𠮷" + family, "a\r\n🇨🇳👍🏽"} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, text string, at int) {
		if !utf8.ValidString(text) || at < 0 || at > len(text) || at < len(text) && !utf8.RuneStart(text[at]) {
			return
		}
		want := []int{utf8.RuneCountInString(text[:at]), at, len(utf16.Encode([]rune(text[:at])))}
		var s spans
		for u, n := range want {
			s.reset(text, unit(u))
			if _, end := s.convert(nlu.Span{Start: 0, End: at}); end != n {
				t.Fatalf("%q[:%d] in unit %d is %d, want %d", text, at, u, end, n)
			}
		}
		s.reset(text, unitGrapheme)
		if _, end := s.convert(nlu.Span{Start: 0, End: len(text)}); end != uniseg.GraphemeClusterCount(text) {
			t.Fatalf("%q has %d graphemes, want %d", text, end, uniseg.GraphemeClusterCount(text))
		}
	})
}
