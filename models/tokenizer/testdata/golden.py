#!/usr/bin/env python3
"""Write the tokenizer files of this folder and golden.jsonl.gz, what the Python package makes of hard texts.

Run: /path/to/venv/bin/python golden.py [bundle/tokenizer.json]      (pip install tokenizers==0.23.3)

Each line of golden.jsonl.gz is [text, {file: [ids, gaps, lengths]}]; gaps are the code points between the end of a token
and the start of the next, lengths those of the token. The first line says which version of the package was used.
"""
import gzip
import json
import os
import random
import struct
import sys
import unicodedata

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from hardtexts import PIECES, RANGES, SENTENCES

HERE = os.path.dirname(os.path.abspath(__file__))
BUNDLE = os.path.join(HERE, "..", "..", "default", "bundle", "tokenizer.json")
RND = random.Random(20240611)

WORDS = """the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which
refund order pay card ship deliver cancel account help call can will do does don't hello world token play ##ing ##ed ##s
##er ##ly un ##able re ##pay ##ment app ##le straße cafe café naïve resume ##ume 12 123 2024 ##4 ##00 https www com
我 你 他 的 是 了 在 不 退 款 货 到 付 吗 请 问 怎 么 办 订 单 号 快 递 ##款 ##货 ##单 退款 订单 客服 请问 怎么办 ア ン カ ## ##\u0301
한국 한 국 ##국 שלום مرحبا ال ##سلام नम ##स्ते สวัสดี ก ##ำ""".split()


def chars():
    """Single characters for the vocabularies: enough that words are cut fine, with gaps so that some stay unknown."""
    out = [chr(c) for c in range(0x21, 0x7F)]
    for lo, hi, step in [(0xA1, 0x250, 2), (0x300, 0x370, 3), (0x370, 0x530, 2), (0x5D0, 0x5EB, 1), (0x620, 0x660, 1),
                         (0x900, 0x980, 2), (0xE00, 0xE60, 2), (0x1100, 0x1200, 7), (0x2010, 0x2030, 3),
                         (0x2190, 0x2600, 11), (0x3001, 0x3100, 1), (0x4E00, 0x9FA6, 29), (0xAC00, 0xD7A4, 97),
                         (0xE000, 0xF900, 501), (0xFB00, 0xFEFF, 13), (0xFF01, 0xFFEF, 5), (0x1F300, 0x1F700, 7),
                         (0x20000, 0x2A6E0, 1999)]:
        out += [chr(c) for c in range(lo, hi, step)]
    return out


def wordpiece(name, normalizer, pre, post=None, added=(), max_chars=100):
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    for w in WORDS + chars() + ["##" + c for c in chars()]:
        if w not in vocab[-1:]:
            vocab.append(w)
    ids = {}
    for w in vocab:
        ids.setdefault(w, len(ids))
    tok = Tokenizer(models.WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=max_chars))
    return finish(tok, name, normalizer, pre, post, ["[PAD]", "[UNK]", "[CLS]", "[SEP]"], added)


def unigram(name, normalizer, pre, post=None, added=(), byte_fallback=False):
    vocab = {"<s>": 0.0, "<pad>": 0.0, "</s>": 0.0, "<unk>": 0.0}
    if byte_fallback:
        vocab.update({"<0x%02X>" % b: -20.0 for b in range(256)})
    score = -3.0
    for w in WORDS:
        score -= RND.random() / 8
        vocab.setdefault(w[2:] if w.startswith("##") and len(w) > 2 else "▁" + w, round(score, 13))
    for c in ["▁"] + chars():
        score -= RND.random() / 64
        vocab.setdefault(c, round(score, 14))
    tok = Tokenizer(models.Unigram(list(vocab.items()), unk_id=3, byte_fallback=byte_fallback))
    return finish(tok, name, normalizer, pre, post, ["<s>", "<pad>", "</s>", "<unk>"], added)


def finish(tok, name, normalizer, pre, post, specials, added):
    if normalizer:
        tok.normalizer = normalizer
    if pre:
        tok.pre_tokenizer = pre
    tok.add_special_tokens(specials)
    for t in added:
        (tok.add_special_tokens if t.special else tok.add_tokens)([t])
    if post:
        tok.post_processor = post
    path = os.path.join(HERE, name + ".json")
    tok.save(path, pretty=False)
    return name, Tokenizer.from_file(path)


def charsmap():
    """A normaliser in SentencePiece's binary form, made from NFKC and a few rules of its own."""
    rules = {}
    for lo, hi in [(0xA0, 0x250), (0x1E00, 0x1EFA), (0x2000, 0x2200), (0x2460, 0x24FF), (0x3000, 0x3100),
                   (0x3200, 0x3400), (0xF900, 0xF980), (0xFB00, 0xFB50), (0xFDF0, 0xFDFD), (0xFF01, 0xFFEF)]:
        for c in range(lo, hi):
            k, d = unicodedata.normalize("NFKC", chr(c)), unicodedata.normalize("NFD", chr(c))
            if k != chr(c):
                rules[chr(c)] = k
            elif len(d) > 1:
                rules[d] = chr(c)
    rules.update({"\r\n": " ", "\n": " ", "\t": " ", "\u200b": "", "\u200d": "", "\x7f": "", "\x1e": "", "が": "か゛",
                  "\u1100\u1161": "가", "각": "ABC", "👍🏽": "+", "क्": "k", "ष": "S", "ij": "ij", "e": "e", "\ufeff": ""})
    return pack(rules)


def pack(rules):
    blob, offsets = b"", {}
    for v in sorted(set(rules.values())):
        offsets[v] = len(blob)
        blob += v.encode() + b"\0"
    root = {}
    for key, v in rules.items():
        node = root
        for b in key.encode():
            node = node.setdefault(b, {})
        node[0] = offsets[v]
    units, used, queue, start = {0: 0}, {0}, [(0, root)], 1
    for at, node in queue:
        base = start
        while any(base ^ label in used for label in node) or at ^ base >= 1 << 21:
            base += 1
        while start in used:
            start += 1
        units[at] = units.get(at, 0) | (at ^ base) << 10 | (1 << 8 if 0 in node else 0)
        for label, child in node.items():
            used.add(base ^ label)
            units[base ^ label] = child | 1 << 31 if label == 0 else label
            if label:
                queue.append((base ^ label, child))
    size = max(units) + 256
    trie = b"".join(struct.pack("<I", units.get(i, 0)) for i in range(size))
    return struct.pack("<I", len(trie)) + trie + blob


def tokenizer_files():
    template = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]",
                                             special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    xlm = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>",
                                        special_tokens=[("<s>", 0), ("</s>", 2)])
    n, p = normalizers, pre_tokenizers
    both = [
        wordpiece("wordpiece-uncased", n.BertNormalizer(), p.BertPreTokenizer(),
                  processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2)),
                  [AddedToken("[MASK]", lstrip=True, special=True), AddedToken("Not One", single_word=True),
                   AddedToken("退款单", rstrip=True), AddedToken("café")]),
        wordpiece("wordpiece-cased", n.BertNormalizer(lowercase=False), p.BertPreTokenizer(), template, max_chars=20),
        unigram("unigram-nfkc", n.Sequence([n.NFKC(), n.Replace(Regex(" {2,}"), " "), n.Lowercase()]),
                p.Metaspace("▁", "first"), xlm, [AddedToken("<mask>", lstrip=True, rstrip=True, special=True)],
                byte_fallback=True),
        unigram("unigram-precompiled", n.Sequence([n.Precompiled(charsmap()), n.Strip(), n.Replace(Regex(" {2,}"), "▁")]),
                p.Sequence([p.WhitespaceSplit(), p.Metaspace("▁", "always")]),
                processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=True),
                [AddedToken("<mask>", lstrip=True, rstrip=True, special=True)]),
    ]
    parts = [
        wordpiece("parts-nfd", n.Sequence([n.NFD(), n.StripAccents(), n.Lowercase(), n.Strip()]),
                  p.Sequence([p.Whitespace(), p.Digits(True)]), template),
        wordpiece("parts-nfc", n.Sequence([n.Nmt(), n.NFC(), n.Replace("ss", "ß"), n.Replace(Regex(r"[a-c]{2,3}"), "ab")]),
                  p.Sequence([p.Split(Regex(r"\s+"), "merged_with_next"), p.Punctuation("contiguous"), p.Digits()])),
        wordpiece("parts-nfkd", n.Sequence([n.NFKD(), n.Prepend("▁x"), n.Strip(True, False)]),
                  p.Sequence([p.Split(" ", "isolated"), p.Punctuation("merged_with_previous")])),
        wordpiece("parts-split", n.Sequence([n.Strip(False, True), n.Replace(Regex(r"\d+|\s\s"), "")]),
                  p.Sequence([p.Split(Regex(r"\w+|[^\w\s]+"), "removed", invert=True), p.CharDelimiterSplit("-")])),
        unigram("parts-plain", None, p.Metaspace("_", "never", split=False), xlm),
        unigram("parts-meta", n.Lowercase(), p.Sequence([p.Punctuation("merged_with_next"), p.Metaspace("▁", "first")]), xlm,
                byte_fallback=True),
    ]
    return both, parts


def texts():
    out = list(dict.fromkeys(SENTENCES + PIECES + ["a" + x + "b" for x in PIECES] + [x + x + " 退" for x in PIECES]))
    out += ["字" * 300, "a" * 101, "a" * 100, "ab" * 400, " " * 500, "\n\t" * 80, "é" * 99 + " " + "e\u0301" * 60]
    seen = set(out)
    while len(out) < 3300:
        own = [RND.choice(RANGES) for _ in range(3)]
        t = ""
        for _ in range(RND.randrange(1, 16)):
            k = RND.random()
            if k < 0.3:
                t += RND.choice(PIECES)
            elif k < 0.4:
                t += RND.choice(WORDS).lstrip("#") + RND.choice(["", " "])
            else:
                lo, hi = RND.choice(own if k < 0.9 else RANGES)
                t += chr(RND.randrange(lo, hi)) * RND.choice([1, 1, 1, 1, 1, 3])
        if t not in seen:
            seen.add(t)
            out.append(t)
    return out


def encode(tok, text):
    tok.no_truncation()
    e = tok.encode(text)
    gaps, lengths, last = [], [], 0
    for lo, hi in e.offsets:
        gaps.append(lo - last)
        lengths.append(hi - lo)
        last = hi
    return [e.ids, gaps, lengths]


def main():
    both, parts = tokenizer_files()
    both.append(("bundle", Tokenizer.from_file(sys.argv[1] if len(sys.argv) > 1 else BUNDLE)))
    lines = [json.dumps({"tokenizers": tokenizers.__version__})]
    for i, text in enumerate(texts()):
        use = both + [parts[i % len(parts)], parts[(i + 1) % len(parts)]]
        lines.append(json.dumps([text, {name: encode(tok, text) for name, tok in use}], separators=(",", ":")))
    with open(os.path.join(HERE, "golden.jsonl.gz"), "wb") as f:
        f.write(gzip.compress("\n".join(lines).encode(), 9, mtime=0))
    print("tokenizers", tokenizers.__version__, "texts", len(lines) - 1, "files", len(both) + len(parts))


if __name__ == "__main__":
    main()
