package tokenizer_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"yingda/models/tokenizer"
)

// checkInvariants checks what holds for every encoding of every text.
func checkInvariants(tb testing.TB, tok *tokenizer.Tokenizer, text string) {
	tb.Helper()
	enc, err := tok.Encode(text, 0)
	if err != nil {
		return
	}
	n := enc.Len()
	if len(enc.Spans) != n || len(enc.Special) != n || len(enc.Words) != n {
		tb.Fatalf("%q: slices of unequal length", text)
	}
	last, word := 0, 0
	for i, s := range enc.Spans {
		if enc.Special[i] {
			if s != (tokenizer.Span{}) || enc.Words[i] != -1 {
				tb.Fatalf("%q: special token %d has span %v and word %d", text, i, s, enc.Words[i])
			}
			continue
		}
		if s.Start < last || s.End < s.Start || s.End > len(text) || enc.Words[i] < word {
			tb.Fatalf("%q: token %d has span %v after start %d, word %d after %d", text, i, s, last, enc.Words[i], word)
		}
		if utf8.ValidString(text) && !utf8.ValidString(text[s.Start:s.End]) {
			tb.Fatalf("%q: span %v cuts a character", text, s)
		}
		last, word = s.Start, enc.Words[i]
	}
	if !utf8.ValidString(text) {
		valid, err := tok.Encode(string([]rune(text)), 0)
		if err != nil || differs(&enc, ints(valid.IDs), enc.Spans) != "" {
			tb.Fatalf("%q: ids %v, with U+FFFD %v (%v)", text, enc.IDs, valid.IDs, err)
		}
	}
}

func ints(ids []int64) []int {
	out := make([]int, len(ids))
	for i, id := range ids {
		out[i] = int(id)
	}
	return out
}

func FuzzEncode(f *testing.F) {
	for _, g := range MustReadGolden(f)[:400] {
		f.Add(g.Text)
	}
	f.Add("a\xff\xe4\xbdb\x80")
	f.Add(strings.Repeat("\u0301", 300) + "\xed\xa0\x80")
	var toks []*tokenizer.Tokenizer
	for _, name := range []string{"wordpiece-uncased", "unigram-nfkc", "unigram-precompiled", "parts-nfc", "parts-split", "bundle"} {
		if tok := MustLoad(f, name); tok != nil {
			toks = append(toks, tok)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, tok := range toks {
			checkInvariants(t, tok, text)
		}
	})
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.json")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		// The vocabularies are too long to be changed with effect; what is around them is not.
		if lo, hi := strings.Index(string(data), `"vocab":`), strings.LastIndex(string(data), `}}`); hi > lo && lo > 0 {
			if data[lo+len(`"vocab":`)] == '{' {
				f.Add(append(data[:lo:lo], `"vocab":{"[UNK]":0,"a":1,"##b":2}}}`...))
			} else {
				f.Add(append(data[:lo:lo], `"vocab":[["<unk>",0],["▁a",-1.5],["b",-2e0]]}}`...))
			}
		}
	}
	f.Add([]byte(small(`"added_tokens":[{"content":"退款","lstrip":true,"normalized":true}]`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		tok, err := tokenizer.Parse(data)
		if err != nil {
			return
		}
		for _, text := range []string{"", "a b ab", "我要退款 ﷺ e\u0301 \x00\xff", " a  [MASK] \r\n"} {
			checkInvariants(t, tok, text)
		}
	})
}
