"""Writes t2s.txt: one line a character whose simplified form differs, traditional then simplified.

Source: the character table of OpenCC (Apache-2.0) by way of the Python package opencc-python-reimplemented.
Only single characters are mapped: words whose simplification depends on context (乾, 著) keep the reading that is
more common in shops and service desks.
"""
import opencc

cc = opencc.OpenCC("t2s")
own = {"乾": "干", "著": "着", "妳": "你", "祢": "你", "牠": "它", "甚": "什", "麽": "么", "裏": "里", "裡": "里", "滙": "汇", "佈": "布", "週": "周", "嘸": "呒"}
keep = {"甚"}
lines = []
for cp in list(range(0x3400, 0x4DC0)) + list(range(0x4E00, 0xA000)) + list(range(0xF900, 0xFB00)):
    c = chr(cp)
    s = own.get(c) if c in own and c not in keep else cc.convert(c)
    if s and s != c and len(s) == 1 and ord(s) < 0x10000:
        lines.append(c + s)
open("t2s.txt", "w", encoding="utf-8").write("\n".join(lines) + "\n")
print(len(lines), "characters")
