#!/usr/bin/env python3
"""Write ../unicode.bin.gz: the character properties that Hugging Face `tokenizers` works with.

Run: /path/to/venv/bin/python unidata.py   (needs: pip install tokenizers==0.23.3 regex)

The Rust crates behind `tokenizers` use several Unicode versions at once (normalisation 9.0, categories 8.0, letter
case and words newer). So the tables are measured: each code point goes through the Python package once per property.
Grapheme break classes cannot be measured that way; they come from the `regex` package, less those that the Python
package turns out not to know because its Unicode version is older.

Layout, all unsigned varints:
  properties   (run length, value) until 0x110000 code points are covered; value bits are listed in unidata.go
  lower, nfd, nfkd   count, then (code point - previous one, n, n code points); nfkd only where it differs from nfd
  compositions count, then (composed - previous one, first, second)
Hangul syllables are left out of nfd and compositions: they follow a formula.
"""
import gzip
import os

import regex
import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers
import unicodedata

from golden import pack

ALL = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
SPACE, PUNCT, OTHER, MN, MARK, NUMERIC, WORD, PATTERN_WORD = (1 << i for i in range(8))
PATTERN_DIGIT = 1 << 28
GCB = ["Other", "CR", "LF", "Control", "Extend", "ZWJ", "Regional_Indicator", "Prepend", "SpacingMark",
       "L", "V", "T", "LV", "LVT"]
PICTOGRAPHIC = 1 << 20
INCB = {"Linker": 1 << 21, "Consonant": 2 << 21, "Extend": 3 << 21}

NFD, NFKD, NFC = normalizers.NFD(), normalizers.NFKD(), normalizers.NFC()


def varint(out, n):
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)


def flags(c, tools):
    ch = chr(c)
    word = "a" + ch + "a"
    v = 0
    if len(tools["space"].pre_tokenize_str(word)) == 2:
        v |= SPACE
    if len(tools["punct"].pre_tokenize_str(word)) == 3:
        v |= PUNCT
    if tools["clean"].normalize_str(word) == "aa":
        v |= OTHER
    if tools["accents"].normalize_str(word) == "aa":
        v |= MN
    if tools["marks"].normalize_str(word) == "aa":
        v |= MARK
    if len(tools["digits"].pre_tokenize_str(word)) == 3:
        v |= NUMERIC
    if len(tools["word"].pre_tokenize_str(word)) == 1:
        v |= WORD
    if tools["pattern word"].normalize_str(ch) == "":
        v |= PATTERN_WORD
    if tools["pattern digit"].normalize_str(ch) == "":
        v |= PATTERN_DIGIT
    assert (tools["pattern space"].normalize_str(ch) == "") == bool(v & SPACE)
    return v


def combining_classes():
    """The canonical combining class of each code point, found by how NFD orders it among marks of known class."""
    old = unicodedata.ucd_3_2_0
    known = {}
    for c in ALL:
        k = old.combining(chr(c))
        if k and not old.decomposition(chr(c)):
            known.setdefault(k, chr(c))
    classes = sorted(known)
    before = lambda a, b: NFD.normalize_str(b + a) == a + b and a != b
    out = {}
    for c in ALL:
        ch = chr(c)
        if NFD.normalize_str(ch) != ch:
            continue
        if before(ch, known[classes[-1]]):
            lo, hi = 0, len(classes) - 1  # not before classes[lo] ... before classes[hi]
            while hi - lo > 1:
                mid = (lo + hi) // 2
                if before(ch, known[classes[mid]]):
                    hi = mid
                else:
                    lo = mid
            out[c] = classes[lo]
        elif before(known[classes[0]], ch):
            out[c] = classes[-1]
    return out


def known_break(c, kind):
    """Whether the package, too, joins (or for Control, does not join) c to its neighbour. Its Precompiled normaliser shows
    that: a cluster of up to five bytes is replaced as a whole when a key is its beginning."""
    name, ch = GCB[kind], chr(c)
    if name in ("Extend", "SpacingMark", "ZWJ"):
        return normalizers.Precompiled(pack({"a": "b"})).normalize_str("a" + ch) == "b"
    if name == "Prepend":
        return normalizers.Precompiled(pack({ch: "b"})).normalize_str(ch + "z") == "b"
    if name == "Control" and 0 < c < 0x10000:
        return normalizers.Precompiled(pack({ch: "b"})).normalize_str(ch + "\u0301") == "b\u0301"
    return True


def grapheme_bits():
    text = "".join(map(chr, ALL))
    bits = {}
    for i, name in enumerate(GCB[1:], 1):
        for ch in regex.findall(r"\p{GCB=%s}" % name, text):
            bits[ord(ch)] = i << 16
    for ch in regex.findall(r"\p{Extended_Pictographic}", text):
        bits[ord(ch)] = bits.get(ord(ch), 0) | PICTOGRAPHIC
    for c in [c for c in bits if not known_break(c, bits[c] >> 16 & 15)]:
        del bits[c]
    for name, bit in INCB.items():
        for ch in regex.findall(r"\p{InCB=%s}" % name, text):
            if name == "Consonant" or ord(ch) in bits:
                bits[ord(ch)] = bits.get(ord(ch), 0) | bit
    return bits


def write_map(out, entries):
    varint(out, len(entries))
    last = 0
    for c in sorted(entries):
        varint(out, c - last)
        last = c
        varint(out, len(entries[c]))
        for ch in entries[c]:
            varint(out, ord(ch))


def main():
    bert = lambda **on: normalizers.BertNormalizer(**{"clean_text": False, "handle_chinese_chars": False,
                                                      "strip_accents": False, "lowercase": False, **on})
    tools = {
        "space": pre_tokenizers.WhitespaceSplit(), "punct": pre_tokenizers.Punctuation("isolated"),
        "clean": bert(clean_text=True), "accents": bert(strip_accents=True), "marks": normalizers.StripAccents(),
        "digits": pre_tokenizers.Digits(individual_digits=True), "word": pre_tokenizers.Whitespace(),
        **{"pattern " + k: normalizers.Replace(Regex(p), "") for k, p in
           {"word": r"[\w]", "digit": r"\d", "space": r"\s"}.items()},
    }
    ccc, gcb = combining_classes(), grapheme_bits()
    out = bytearray()
    run, value = 0, None
    for c in range(0x110000):
        v = 0 if 0xD800 <= c < 0xE000 else flags(c, tools) | ccc.get(c, 0) << 8 | gcb.get(c, 0)
        if v != value and run:
            varint(out, run)
            varint(out, value)
            run = 0
        run, value = run + 1, v
    varint(out, run)
    varint(out, value)

    lower, nfd, nfkd, comp = {}, {}, {}, {}
    for c in ALL:
        ch = chr(c)
        if (low := normalizers.Lowercase().normalize_str(ch)) != ch:
            lower[c] = low
        if 0xAC00 <= c < 0xD7A4:
            continue
        d, k = NFD.normalize_str(ch), NFKD.normalize_str(ch)
        if d != ch:
            nfd[c] = d
        if k != d:
            nfkd[c] = k
        if len(d) > 1 and NFC.normalize_str(ch) == ch:
            first = NFC.normalize_str(d[:-1])
            assert len(first) == 1 and NFC.normalize_str(first + d[-1]) == ch, hex(c)
            comp[c] = (first, d[-1])
    for entries in (lower, nfd, nfkd):
        write_map(out, entries)
    write_map(out, comp)

    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "unicode.bin.gz")
    with open(path, "wb") as f:
        f.write(gzip.compress(bytes(out), 9, mtime=0))
    print("tokenizers", tokenizers.__version__, "regex", regex.__version__, "bytes", len(out),
          "lower", len(lower), "nfd", len(nfd), "nfkd", len(nfkd), "compositions", len(comp))


if __name__ == "__main__":
    main()
