"""Texts, pieces of text and code point ranges that tokenizers get wrong. golden.py mixes them."""

SENTENCES = """
我昨天买的手机，今天能退款吗？
請問我的訂單什麼時候會到貨？謝謝！
订单号：SF1234567890，快递还没到……怎么办？？？
你好hello世界world，Ｈｅｌｌｏ　Ｗｏｒｌｄ１２３！
我的email是 test.user+tag@example.com，电话+86-138-0000-0000
https://www.example.com/path?q=退款&lang=zh-CN#top
价格￥99.99，优惠①②③，面积50㎡，重量3㎏
Can't you refund my order #12345? I'll call the bank on Monday!
I don’t want it… “really” — no, thanks.
Where is my parcel?   It was    shipped 3 days ago.\t\tHelp!
The naïve café résumé of Zoë, straße, Ångström, ﬁnancial oﬃce
E=mc² x₁+x₂≠½ ∑∫√ ℃ ℉ № ™ ® © ㍿ ㌀ ㋿
👨‍👩‍👧‍👦 家庭 👍🏽👍🏿 🇨🇳🇺🇸🇯 1️⃣ ☁️ ❤️‍🔥 🏴󠁧󠁢󠁥󠁮󠁧󠁿
한국어 조사 처리 각 ᄒ�ᅡᆫ ᄀᄀᄀ 각각
ｶﾞｷﾞｸﾞ ガギグ か゛ がぎぐ ヷヸ
שָׁלוֹם עולם שּׁ יִ
مَرْحَبًا بالعالم ﷺ ﷲ ﻻ ﻼ ٠١٢٣ ؀١
नमस्ते क्षत्रिय ज़मीन क़ क्‍ष
สวัสดีครับ น้ำ กำ ຳ
Tiếng Việt ệ ệ ệ Việt
İstanbul ISTANBUL ıi ΣΑΣ ΟΔΟΣ ǅ ŉ ẞ ß ﬃ
a\u0323\u0307 a\u0307\u0323 a\u0327\u0301\u0316 \u0344 \u0f73\u0f71 \u1dfa\u0301
\u202eRTL override\u202c \u2066isolate\u2069 \u200eLRM\u200f
\ufeffBOM first, \ufeff then later
nul\u0000inside\u0000 bell\u0007 esc\u001b[0m del\u007f c1\u0085\u009f
soft\u00adhyphen zero\u200bwidth non\u200cjoiner joi\u200dner word\u2060joiner
\ue000\uf8ff\U000f0000\U0010fffd private \ufffd\ufffe\uffff \U0001fffe
nbsp\u00a0thin\u2009ideographic\u3000ogham\u1680line\u2028para\u2029nel\u0085end
Not One Not Oneness aNot One Not One, 退款单 退款单x café CAFE\u0301 Café
 [MASK] a [MASK]b <mask> <mask> [CLS][SEP] <s></s> <pad><unk> [UNK] [PAD]
##ing ## ##s play##ing <0x41> <0xE4> ▁▁ ▁a _ __a _b
""".strip("\n").replace("\\t", "\t")
SENTENCES = [
    line.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    for raw in SENTENCES.split("\n")
    for line in (raw, raw + " ", "  " + raw, raw.upper(), raw.lower(), raw[::-1])
] + ["", " ", "  ", "\n", "\u3000", "\u200b", "\x00", "a", "。", "\u0301", "\u0301a", "▁", " ▁", "▁ ", "ooccc", "roocccx", "ooccc ooccc"]

PIECES = (
    " |  |   |\t|\n|\r\n|\r|\u3000|\u00a0|\u2009|\u200b|\u200c|\u200d|\ufe0f|\ufeff|\x00|\x01|\x1c|\x1e|\x7f|\x85|\ufffd|▁|▁▁|"
    "\u0301|\u0327\u0301|\u0301\u0327|e\u0301|é|ṩ|s\u0323\u0307|s\u0307\u0323|\u0344|\u0f73|\u0f71\u0f72|\u0958|\u0915\u093c|"
    "\u0915\u094d\u0937|\u1100\u1161\u11a8|\uac00\u11a8|\u1100\uac00|\u1100\u1161|\u11a8|\u1161|ﷺ|ﬁ|\ufb2c|Å|Ω|™|™\u200d™\u0301|"
    "☁\u200d☁\u0301|㌀|㋿|㏿|ｶﾞ|カ\u3099|Ａ１，！|İ|ı|Σς|ẞ|ŉ|ǅ|ᾈ|👨\u200d👩\u200d👧|🇨🇳🇺|👍🏽|☁\ufe0f|1\ufe0f\u20e3|"
    "\U000e0067\U000e007f|\U0001d15e|\U0002f800|\U00011099\U000110ba|\u202e|\u2066|你好|我要退款|請問貨到付款嗎|订单号12345|怎么办？|"
    "https://example.com/a?b=1&c=%E4%BD%A0|hello world|Can't|don’t|...|……|——|《》|①②|½|x²|㎏|ⅷ|㈱|<s>|</s>|<pad>|<unk>|[CLS]|[SEP]|[UNK]|"
    "[MASK]| [MASK] |<mask>| <mask> |Not One|退款单|café|##ing|##|<0x41>|\u0e33|น\u0e33|\u0600\u0661|\u0e01\u0e34\u0e4c|\u180e|\u061c|"
    "\u17b4|\u0ce6\u0cd5|a\u0308b\u0323|\u1fee|\u1fef|\u037e|ABC|abc|aabbcc|ss|sss|12|3 4|1-2|-|_|a_b|x  y|  z|\u00c5\u0327|\u01d5|"
    "\U0001e900\U0001e921|\u13a0\uab70|\u10d0\u1c90|\u1e9b\u0323|\u2126\u0345|\ua64b\u1c88|\U0002b820|a\U0002b91fb|\U0002b920|\U0002ceaf\U0002ceb0|\uac00\u11a7|\u0915\u094d\u0937\u0301|<mask>  <mask>|\u0345\u0301|\u0390\u1fd3|\u1f80\u0301"
).split("|")

RANGES = [
    (0x20, 0x7F), (0x61, 0x7B), (0x30, 0x3A), (0x00, 0x20), (0x7F, 0xA1), (0xA0, 0x180), (0x180, 0x2B0), (0x2B0, 0x370),
    (0x300, 0x370), (0x370, 0x530), (0x590, 0x700), (0x700, 0x900), (0x900, 0xE00), (0xE00, 0x1100), (0x1100, 0x1200),
    (0x1200, 0x1E00), (0x1AB0, 0x1B00), (0x1DC0, 0x1F00), (0x1F00, 0x2000), (0x2000, 0x2070), (0x2070, 0x2200),
    (0x2200, 0x2E80), (0x2460, 0x2500), (0x2E80, 0x3000), (0x3000, 0x3100), (0x3100, 0x3400), (0x3400, 0x4E00),
    (0x4E00, 0xA000), (0x4E00, 0x9000), (0xA000, 0xAC00), (0xAC00, 0xD7B0), (0xD7B0, 0xD800), (0xE000, 0xF900),
    (0xF900, 0xFB00), (0xFB00, 0xFE00), (0xFE00, 0xFF00), (0xFF00, 0x10000), (0x10000, 0x12000), (0x12000, 0x1D000),
    (0x1D000, 0x1D800), (0x1F100, 0x1F200), (0x1F300, 0x1F700), (0x1F1E6, 0x1F200), (0x20000, 0x2A6E0),
    (0x2F800, 0x2FA20), (0x30000, 0x32000), (0xE0000, 0xE0200), (0xF0000, 0x110000), (0xE000, 0x110000), (0x0, 0xD800),
]
