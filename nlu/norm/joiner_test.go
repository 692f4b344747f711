package norm_test

import (
	"strings"
	"testing"
	"unicode"

	unicodenorm "golang.org/x/text/unicode/norm"

	"yingda/nlu/norm"
)

// TestJoiners: a joiner or style mark that is not of an emoji is invisible and would only keep a word from being found.
func TestJoiners(t *testing.T) {
	for raw, want := range map[string]string{
		"退\u200d款":         "退款",
		"退\ufe0f款\u200d":   "退款",
		"\u200d退":          "退",
		"，\u200d退":         ",退",
		"㊗\ufe0f":          "祝", // NFKC has made it a letter
		"©\ufe0f 1\ufe0f⃣": "©\ufe0f 1\ufe0f⃣",
		"好👩‍💻的":            "好👩‍💻的",
		"☎️退❤️‍🔥款":         "☎️退❤️‍🔥款",
	} {
		if got := norm.Fold(raw, norm.Matching); got.Text != want {
			t.Errorf("%+q becomes %+q, want %+q", raw, got.Text, want)
		}
	}
}

// TestNFKC: folding piece by piece gives what Unicode's NFKC gives for the whole text, as long as there is nothing else to fold.
func TestNFKC(t *testing.T) {
	var texts []string
	for lo := rune(0x20); lo < 0x20000; lo += 16 { // every character once, in its neighbourhood; 16, because NFKC parts runs of more than 30 marks
		var b strings.Builder
		for r := lo; r < lo+16; r++ {
			if k := unicodenorm.NFKC.String(string(r)); !unicode.IsSpace(r) && !strings.ContainsFunc(k, func(r rune) bool {
				return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs) || r == '\ufe0f' || r == unicode.ReplacementChar
			}) {
				b.WriteRune(r)
			}
		}
		texts = append(texts, b.String())
	}
	texts = append(texts, "e\u0301\u0302\u0323x", "\u1100\u1161\u11a8\u1100\u1161", "ｶﾞｷﾞ", "ẛ\u0323", "\u0344\u0308")
	for _, text := range texts {
		if got, want := norm.Fold(text, norm.Options{}), unicodenorm.NFKC.String(text); got.Text != want {
			t.Errorf("%+q becomes\n%+q, NFKC is\n%+q", text, got.Text, want)
		}
	}
}
