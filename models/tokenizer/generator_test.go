package tokenizer_test

import (
	"math/rand/v2"
	"strings"
)

// generator makes random texts of many scripts, with the characters that tokenizers get wrong.
type generator struct {
	r     *rand.Rand
	words []string
}

func newGenerator(r *rand.Rand, words []string) *generator { return &generator{r, words} }

// ranges are code points by kind, half-open; a text takes most of its characters from a few of them.
var ranges = [][2]rune{
	{0x20, 0x7F}, {0x20, 0x7F}, {0x61, 0x7B}, {0x30, 0x3A}, {0x00, 0x20}, {0x7F, 0xA1}, {0xA0, 0x180}, {0x180, 0x2B0},
	{0x2B0, 0x370}, {0x300, 0x370}, {0x370, 0x530}, {0x590, 0x700}, {0x700, 0x900}, {0x900, 0xE00}, {0xE00, 0x1100},
	{0x1100, 0x1200}, {0x1200, 0x1E00}, {0x1AB0, 0x1B00}, {0x1DC0, 0x1F00}, {0x1F00, 0x2000}, {0x2000, 0x2070},
	{0x2070, 0x2200}, {0x2200, 0x2E80}, {0x2460, 0x2500}, {0x2E80, 0x3000}, {0x3000, 0x3100}, {0x3100, 0x3400},
	{0x3400, 0x4E00}, {0x4E00, 0xA000}, {0x4E00, 0x5200}, {0x4E00, 0x9000}, {0xA000, 0xAC00}, {0xAC00, 0xD7B0},
	{0xD7B0, 0xD800}, {0xE000, 0xF900}, {0xF900, 0xFB00}, {0xFB00, 0xFE00}, {0xFE00, 0xFF00}, {0xFF00, 0x10000},
	{0xFF01, 0xFF5F}, {0x10000, 0x11000}, {0x11000, 0x12000}, {0x12000, 0x1B000}, {0x1B000, 0x1D000},
	{0x1D000, 0x1D400}, {0x1D400, 0x1D800}, {0x1D800, 0x1F000}, {0x1F100, 0x1F200}, {0x1F300, 0x1F700},
	{0x1F1E6, 0x1F200}, {0x1F900, 0x20000}, {0x20000, 0x2A6E0}, {0x2A700, 0x2F800}, {0x2F800, 0x2FA20},
	{0x30000, 0x32000}, {0xE0000, 0xE0200}, {0xF0000, 0x110000}, {0x0, 0xD800}, {0xE000, 0x110000},
}

// pieces are short texts with a history of trouble.
var pieces = []string{
	" ", "  ", "   ", "\t", "\n", "\r\n", "\r", "\u3000", "\u00a0", "\u2009", "\u200b", "\u200d", "\ufe0f", "\ufeff",
	"\x00", "\ufffd", "\u2581", "\u2581\u2581", "\u0301", "\u0327\u0301", "\u0301\u0327", "e\u0301", "\u00e9", "\u1e69",
	"s\u0323\u0307", "s\u0307\u0323", "\u0344", "\u0f73", "\u0f71\u0f72", "\u0958", "\u0915\u093c", "\u0915\u094d\u0937",
	"\u1100\u1161\u11a8", "\uac00\u11a8", "\u1100\uac00", "\ufdfa", "\ufb01", "\ufb2c", "\u212b", "\u2126", "\u2122",
	"\u2122\u200d\u2122\u0301", "\u3300", "\u32ff", "\u33ff", "\uff76\uff9e", "\u30ab\u3099", "\uff21\uff11\uff0c\uff01",
	"\u0130", "\u0131", "\u03a3\u03c2", "\u1e9e", "\u0149", "\u01c5", "\u1f88", "👨\u200d👩\u200d👧", "🇨🇳🇺", "👍🏽", "☁\ufe0f",
	"1\ufe0f\u20e3", "\U000e0067\U000e007f", "\U0001d15e", "\U0002f800", "\U00011099\U000110ba", "\u202e", "\u2066",
	"你好", "我要退款", "請問貨到付款嗎", "订单号12345", "怎么办？", "https://example.com/a?b=1&c=%E4%BD%A0", "hello world",
	"Can't", "don’t", "...", "……", "——", "《》", "①②", "½", "x²", "㎏", "ⅷ", "㈱", "<s>", "</s>", "<pad>", "<unk>", "[CLS]",
	"[SEP]", "[UNK]", "[MASK]", "<mask>", " <mask> ", "##ing", "<0x41>", "\u0e33", "\u0e19\u0e33", "\u0600\u0661",
	"\u0e01\u0e34\u0e4c", "\u180e", "\u061c", "\u17b4", "\u0ce6\u0cd5", "a\u0308b\u0323", "\u1fee", "\u1fef", "\u037e",
}

// text returns one text.
func (g *generator) text() string {
	var b strings.Builder
	own := [3][2]rune{}
	for i := range own {
		own[i] = ranges[g.r.IntN(len(ranges))]
	}
	n := g.r.IntN(24)
	if g.r.IntN(50) == 0 {
		n = 200
	}
	style := g.r.IntN(4)
	for range n {
		switch k := g.r.IntN(10); {
		case k < 2 || style == 1 && k < 6:
			b.WriteString(pieces[g.r.IntN(len(pieces))])
		case k < 3 || style == 2 && k < 8:
			b.WriteString(strings.TrimPrefix(g.words[g.r.IntN(len(g.words))], "##"))
			if g.r.IntN(3) == 0 {
				b.WriteByte(' ')
			}
		case k < 4:
			g.rune(&b, ranges[g.r.IntN(len(ranges))])
		default:
			g.rune(&b, own[g.r.IntN(len(own))])
		}
	}
	if g.r.IntN(200) == 0 {
		return strings.Repeat(b.String(), 1+g.r.IntN(8))
	}
	return b.String()
}

// rune writes a code point of a range, sometimes several times; surrogates become U+FFFD.
func (g *generator) rune(b *strings.Builder, in [2]rune) {
	r := in[0] + g.r.Int32N(in[1]-in[0])
	b.WriteRune(r)
	for g.r.IntN(12) == 0 {
		b.WriteRune(r)
	}
}
