package norm_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"yingda/nlu/norm"
)

var folds = []struct {
	name, raw, want string
	o               norm.Options
}{
	{"FullWidth", "ＡＢＣ１２３！？", "ABC123!?", norm.Options{}},
	{"FullWidthLower", "ＡＢＣ", "abc", norm.Options{Lower: true}},
	{"HalfWidthKana", "ｶﾞ", "ガ", norm.Options{}},
	{"IdeographicSpace", "你　好", "你 好", norm.Options{}},
	{"Traditional", "我要退訂單，謝謝", "我要退订单,谢谢", norm.Options{Simplify: true}},
	{"TraditionalKept", "訂單", "訂單", norm.Options{}},
	{"Ligature", "ﬁne", "fine", norm.Options{}},
	{"Circled", "①②㊿", "1250", norm.Options{}},
	{"Square", "5㎏ ㍿", "5kg 株式会社", norm.Options{}},
	{"Expansion", "ﷺ", "صلى الله عليه وسلم", norm.Options{}},
	{"Fraction", "½", "1⁄2", norm.Options{}},
	{"Compose", "cafe\u0301", "café", norm.Options{}},
	{"ManyMarks", "a\u0301\u0302\u0303b", "á\u0302\u0303b", norm.Options{}},
	{"Hangul", "\u1112\u1161\u11ab", "한", norm.Options{}},
	{"ZeroWidth", "订\u200b单\u2060号\ufeff1\u00ad2", "订单号12", norm.Options{}},
	{"Bidi", "\u202eabc\u202c", "abc", norm.Options{}},
	{"Controls", "a\x00b\x07c\x7f", "abc", norm.Options{}},
	{"WhiteSpace", "  a\t\r\n b\u2028\u00a0c  ", "a b c", norm.Options{}},
	{"OnlySpace", " \t\u3000", "", norm.Options{}},
	{"Empty", "", "", norm.Options{}},
	{"Emoji", "好的👍", "好的👍", norm.Matching},
	{"EmojiFamily", "👨‍👩‍👧", "👨‍👩‍👧", norm.Matching},
	{"EmojiSkin", "👍🏽", "👍🏽", norm.Matching},
	{"EmojiHeart", "❤️‍🔥", "❤️‍🔥", norm.Matching},
	{"EmojiKeycap", "1️⃣", "1️⃣", norm.Matching},
	{"EmojiFlag", "🇨🇳", "🇨🇳", norm.Matching},
	{"EmojiEngland", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", norm.Matching},
	{"JoinerInText", "क\u200dष a\u200db", "कष ab", norm.Options{}},
	{"StyleInText", "a\ufe0fb", "ab", norm.Options{}},
	{"Squeeze", "好好好好好好", "好好好", norm.Options{Squeeze: true}},
	{"SqueezeLatin", "sooooo coooool", "soo cool", norm.Options{Squeeze: true}},
	{"SqueezeMarks", "！！！！！!!", "!!!", norm.Options{Squeeze: true}},
	{"SqueezeEmoji", "😡😡😡😡😡", "😡😡😡", norm.Options{Squeeze: true}},
	{"SqueezeOff", "好好好好好", "好好好好好", norm.Options{}},
	{"SqueezeAfterFold", "ＡAａa", "aa", norm.Options{Squeeze: true, Lower: true}},
	{"Digits", "订单1111000000", "订单1111000000", norm.Matching},
	{"DigitsFullWidth", "１１１１１", "11111", norm.Matching},
	{"DigitsArabic", "٣٣٣٣٣", "٣٣٣٣٣", norm.Matching},
	{"DigitsSpoken", "幺三八零零零零〇〇〇〇一一一一", "幺三八零零零零〇〇〇〇一一一一", norm.Matching},
	{"InvalidByte", "a\xffb", "a\ufffdb", norm.Options{}},
	{"InvalidCut", "订\xe5\x8d", "订\ufffd\ufffd", norm.Options{}},
	{"InvalidSurrogate", "\xed\xa0\x80", "\ufffd\ufffd\ufffd", norm.Options{}},
	{"Replacement", "a\ufffdb", "a\ufffdb", norm.Options{}},
	{"Turkish", "İ", "i", norm.Options{Lower: true}},
	{"GreekEnd", "ΣΑΣ", "σασ", norm.Options{Lower: true}},
}

func TestFold(t *testing.T) {
	for _, tt := range folds {
		t.Run(tt.name, func(t *testing.T) {
			got := norm.Fold(tt.raw, tt.o)
			if got.Text != tt.want {
				t.Errorf("%+q becomes %+q, want %+q", tt.raw, got.Text, tt.want)
			}
			checkAlignment(t, tt.raw, got)
		})
	}
}

// TestRaw tells which raw text a piece of the folded text stands for.
func TestRaw(t *testing.T) {
	tests := []struct{ raw, part, want string }{
		{"我的訂單ＡＢＣ１２３", "订单", "訂單"},
		{"我的訂單ＡＢＣ１２３", "abc123", "ＡＢＣ１２３"},
		{"好好好好好！", "好好好", "好好好好好"},
		{"sooooo bad", "soo", "sooooo"},
		{"订\u200b单", "订单", "订\u200b单"},
		{"a \t\n b", "a", "a"},
		{"重 5㎏ 的", "kg", "㎏"},
		{"重 5㎏ 的", "k", "㎏"}, // half of an expansion is all of it
		{"cafe\u0301!", "café", "cafe\u0301"},
		{"x\xffy", "y", "y"},
		{"  退款  ", "退款", "退款"},
	}
	for _, tt := range tests {
		f := norm.Fold(tt.raw, norm.Matching)
		i := strings.Index(f.Text, tt.part)
		if i < 0 {
			t.Errorf("%+q has no %q", f.Text, tt.part)
			continue
		}
		if s, e := f.Raw(i, i+len(tt.part)); tt.raw[s:e] != tt.want {
			t.Errorf("%q in %+q is %+q, want %+q", tt.part, tt.raw, tt.raw[s:e], tt.want)
		}
	}
	empty := norm.Fold("", norm.Matching)
	if s, e := empty.Raw(0, 0); s != 0 || e != 0 {
		t.Errorf("nothing is [%d, %d)", s, e)
	}
	f := norm.Fold(" ab ", norm.Matching)
	for i := range 3 {
		if s, e := f.Raw(i, i); s != e || s != i+1 {
			t.Errorf("empty range at %d is [%d, %d)", i, s, e)
		}
	}
}

// checkAlignment holds for every text: ranges lie within the raw text, never go back, and a whole rune stands for whole runes.
func checkAlignment(t *testing.T, raw string, f norm.Text) {
	t.Helper()
	if !utf8.ValidString(f.Text) {
		t.Fatalf("%+q becomes %+q, which is not UTF-8", raw, f.Text)
	}
	if s := strings.TrimSpace(f.Text); s != f.Text || strings.Contains(f.Text, "  ") {
		t.Errorf("%+q becomes %+q: spaces are left over", raw, f.Text)
	}
	valid := utf8.ValidString(raw)
	boundary := func(i int) bool { return i == len(raw) || utf8.RuneStart(raw[i]) }
	lastStart, lastEnd := 0, 0
	for i, r := range f.Text {
		s, e := f.Raw(i, i+utf8.RuneLen(r))
		if s < 0 || e > len(raw) || s >= e {
			t.Fatalf("%+q: %q at %d stands for [%d, %d) of %d bytes", raw, r, i, s, e, len(raw))
		}
		if s < lastStart || e < lastEnd {
			t.Fatalf("%+q: %q at %d goes back from [%d, %d) to [%d, %d)", raw, r, i, lastStart, lastEnd, s, e)
		}
		if valid && (!boundary(s) || !boundary(e)) {
			t.Fatalf("%+q: %q at %d stands for [%d, %d), which cuts a character", raw, r, i, s, e)
		}
		lastStart, lastEnd = s, e
	}
	if len(f.Text) > 0 {
		if s, e := f.Raw(0, len(f.Text)); valid && strings.TrimSpace(raw[:s]) != "" && norm.Fold(raw[:s], norm.Options{}).Text != "" || e > len(raw) {
			t.Errorf("%+q: the whole stands for %+q only", raw, raw[s:e])
		}
	}
}

// TestLong folds a long text in reasonable time and gives the same as its parts.
func TestLong(t *testing.T) {
	part := "我的訂單ＡＢＣ怎么还没发货呢?👨‍👩‍👧 ok. "
	whole := norm.Fold(strings.Repeat(part, 20000), norm.Matching)
	want := strings.TrimSpace(strings.Repeat(norm.Fold(part, norm.Matching).Text+" ", 20000))
	if whole.Text != want {
		t.Error("a long text folds otherwise than its parts")
	}
	marks := norm.Fold("a"+strings.Repeat("\u0301", 100000), norm.Matching) // "Zalgo"
	checkAlignment(t, "a"+strings.Repeat("\u0301", 100000), marks)
}

func TestSimplify(t *testing.T) {
	for from, to := range map[rune]rune{'訂': '订', '單': '单', '貨': '货', '發': '发', '裡': '里', '订': '订', 'a': 'a', '!': '!', '國': '国'} {
		if got := norm.Simplify(from); got != to {
			t.Errorf("%c becomes %c, want %c", from, got, to)
		}
	}
}

// TestRandom draws texts from the alphabets that folding treats in special ways.
func TestRandom(t *testing.T) {
	alphabet := []string{"a", "A", "1", " ", "\n", "好", "訂", "Ａ", "１", "①", "㎏", "\u0301", "\u200b", "\u200d", "\ufe0f", "👍", "🏽", "❤", "ﷺ", "\xff", "\xe5", "\ufffd", "ㄅ", "ｶ", "ﾞ", "\u1112", "\u1161", "İ", "\x00"}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		var b strings.Builder
		for range rng.IntN(12) {
			s := alphabet[rng.IntN(len(alphabet))]
			b.WriteString(strings.Repeat(s, 1+rng.IntN(2)*rng.IntN(5)))
		}
		o := norm.Options{Simplify: rng.IntN(2) == 0, Lower: rng.IntN(2) == 0, Squeeze: rng.IntN(2) == 0}
		checkAlignment(t, b.String(), norm.Fold(b.String(), o))
	}
}

func FuzzFold(f *testing.F) {
	for _, tt := range folds {
		f.Add(tt.raw, tt.o.Simplify, tt.o.Lower, tt.o.Squeeze)
	}
	f.Fuzz(func(t *testing.T, raw string, simplify, lower, squeeze bool) {
		checkAlignment(t, raw, norm.Fold(raw, norm.Options{Simplify: simplify, Lower: lower, Squeeze: squeeze}))
	})
}

func BenchmarkFold(b *testing.B) {
	for name, text := range map[string]string{"zh": "我的订单怎么还没发货，都三天了，帮我催一下", "en": "where is my order, it has been three days", "traditional": "我的訂單怎麼還沒發貨"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				norm.Fold(text, norm.Matching)
			}
		})
	}
}
