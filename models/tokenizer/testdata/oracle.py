#!/usr/bin/env python3
"""Encode texts with the Hugging Face package: one JSON string a line in, one [ids, starts, ends, words] a line out.

Usage: oracle.py tokenizer.json        offsets are code points of the text; words are -1 for special tokens
"""
import json
import sys

from tokenizers import Tokenizer


def main():
    tok = Tokenizer.from_file(sys.argv[1])
    tok.no_truncation()
    tok.no_padding()
    for line in sys.stdin:
        e = tok.encode(json.loads(line))
        words = [-1 if w is None else w for w in e.word_ids]
        print(json.dumps([e.ids, [o[0] for o in e.offsets], [o[1] for o in e.offsets], words], separators=(",", ":")))


if __name__ == "__main__":
    main()
