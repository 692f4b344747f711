package tokenizer_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"yingda/models/tokenizer"
)

// small returns a tokenizer file with the given parts; an empty model is a Unigram one with a few tokens.
func small(parts string) string {
	if !strings.Contains(parts, `"model"`) {
		parts = strings.TrimPrefix(parts+`,"model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0],["a",-1],["b",-2],["ab",-2.5]]}`, ",")
	}
	return `{"version":"1.0",` + parts + `}`
}

// MustParse parses a tokenizer file.
func MustParse(tb testing.TB, data string) *tokenizer.Tokenizer {
	tb.Helper()
	tok, err := tokenizer.Parse([]byte(data))
	if err != nil {
		tb.Fatal(err)
	}
	return tok
}

// MustEncode encodes a text.
func MustEncode(tb testing.TB, tok *tokenizer.Tokenizer, text string, maxTokens int) tokenizer.Encoding {
	tb.Helper()
	enc, err := tok.Encode(text, maxTokens)
	if err != nil {
		tb.Fatal(err)
	}
	return enc
}

// bert is the start of a WordPiece model.
const bert = `"model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":9,`

// parseFaults are files that cannot be used, with the field and cause that the error names.
var parseFaults = []struct{ name, data, field, cause string }{
	{"ErrNoJSON", `nonsense`, "", "invalid character"},
	{"ErrNoModel", `{"version":"1.0"}`, "model", "missing"},
	{"ErrVersion", small(`"version":"2.0"`), "version", `"2.0" is not known`},
	{"ErrBPE", small(`"model":{"type":"BPE","vocab":{},"merges":[]}`), "model", `"BPE" is not supported`},
	{"ErrWordLevel", small(`"model":{"type":"WordLevel","vocab":{}}`), "model", `"WordLevel" is not supported`},
	{"ErrVocab", small(bert + `"vocab":{}}`), "model.vocab", "empty"},
	{"ErrVocabKind", small(bert + `"vocab":{"a":"x"}}`), "model.vocab", "want uint32, not string"},
	{"ErrScore", small(`"model":{"type":"Unigram","vocab":[["a"]]}`), "model", "pair"},
	{"ErrScoreRange", small(`"model":{"type":"Unigram","vocab":[["a",1e999]]}`), "model", "out of range"},
	{"ErrUnkID", small(`"model":{"type":"Unigram","unk_id":7,"vocab":[["a",-1]]}`), "model.unk_id", "7 is not in"},
	{"ErrNormalizer", small(`"normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"ByteLevel"}]}`),
		"normalizer.normalizers[1]", `"ByteLevel" is not supported`},
	{"ErrRegex", small(`"normalizer":{"type":"Replace","pattern":{"Regex":"a(?=b)"},"content":""}`),
		"normalizer.pattern", "look-around"},
	{"ErrEmptyMatch", small(`"normalizer":{"type":"Replace","pattern":{"Regex":" *"},"content":""}`),
		"normalizer.pattern", "empty string"},
	{"ErrCharsmap", small(`"normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAAAA=="}`),
		"normalizer.precompiled_charsmap", "trie of 0 bytes"},
	{"ErrPreTokenizer", small(`"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"ByteLevel"}]}`),
		"pre_tokenizer.pretokenizers[0]", `"ByteLevel" is not supported`},
	{"ErrMetaspace", small(`"pre_tokenizer":{"type":"Metaspace","replacement":"xy"}`),
		"pre_tokenizer.replacement", "not one character"},
	{"ErrBehavior", small(`"pre_tokenizer":{"type":"Punctuation","behavior":"Gone"}`), "pre_tokenizer.behavior", "Gone"},
	{"ErrTemplate", small(`"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"X"}}],"special_tokens":{}}`),
		"post_processor.single[0]", `"X" is not in special_tokens`},
	{"ErrTemplateTwice", small(`"post_processor":{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A"}},{"Sequence":{"id":"A"}}]}`),
		"post_processor.single[1]", "once"},
	{"ErrPair", small(`"post_processor":{"type":"BertProcessing","sep":["[SEP]"],"cls":["[CLS]",1]}`), "post_processor", "pair"},
	{"ErrDeep", small(`"normalizer":` + strings.Repeat(`{"type":"Sequence","normalizers":[`, 40) + strings.Repeat(`]}`, 40)),
		"", "nested"},
}

func TestParseErrors(t *testing.T) {
	for _, tt := range parseFaults {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tokenizer.Parse([]byte(tt.data))
			var fault *tokenizer.FormatError
			if !errors.As(err, &fault) {
				t.Fatalf("error is %v, want a FormatError", err)
			}
			if tt.field != "" && fault.Field != tt.field {
				t.Errorf("field is %q, want %q", fault.Field, tt.field)
			}
			if !strings.Contains(err.Error(), tt.cause) {
				t.Errorf("error is %q, want it to say %q", err, tt.cause)
			}
		})
	}
}

func TestEncodeErrors(t *testing.T) {
	t.Run("ErrTextTooLong", func(t *testing.T) {
		_, err := MustParse(t, small("")).Encode(strings.Repeat("a", tokenizer.MaxTextBytes+1), 0)
		if !errors.Is(err, tokenizer.ErrTextTooLong) {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("ErrMaxTokens", func(t *testing.T) {
		_, err := MustLoad(t, "wordpiece-cased").Encode("a", 1)
		if !errors.Is(err, tokenizer.ErrMaxTokens) {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("ErrNoUnknownToken", func(t *testing.T) {
		tok := MustParse(t, small(`"model":{"type":"Unigram","vocab":[["a",-1]]}`))
		enc, err := tok.Encode("ax", 0)
		if !errors.Is(err, tokenizer.ErrNoUnknownToken) || enc.Len() != 0 {
			t.Errorf("error is %v with %d tokens", err, enc.Len())
		}
	})
	t.Run("ErrExpansion", func(t *testing.T) {
		step := `{"type":"Replace","pattern":{"String":"a"},"content":"` + strings.Repeat("a", 99) + `"}`
		tok := MustParse(t, small(`"normalizer":{"type":"Sequence","normalizers":[`+strings.Repeat(step+",", 20)+step+`]}`))
		if _, err := tok.Encode("xaxa", 0); !errors.Is(err, tokenizer.ErrExpansion) {
			t.Errorf("error is %v", err)
		}
	})
}

// TestInvalidUTF8 checks that each bad byte is read as U+FFFD and covers itself.
func TestInvalidUTF8(t *testing.T) {
	for _, name := range []string{"unigram-nfkc", "parts-plain", "bundle"} {
		tok := MustLoad(t, name)
		if tok == nil {
			continue
		}
		bad, good := "a\xff\xe4\xbdb你\x80", "a\ufffd\ufffd\ufffdb你\ufffd"
		have, want := MustEncode(t, tok, bad, 0), MustEncode(t, tok, good, 0)
		if !slices.Equal(have.IDs, want.IDs) {
			t.Errorf("%s: ids %v, want %v", name, have.IDs, want.IDs)
		}
		at := map[int]int{0: 0, 1: 1, 4: 2, 7: 3, 10: 4, 11: 5, 14: 8, 17: 9}
		for i, s := range want.Spans {
			if w := (tokenizer.Span{Start: at[s.Start], End: at[s.End]}); have.Spans[i] != w {
				t.Errorf("%s: span %d is %v, want %v", name, i, have.Spans[i], w)
			}
		}
	}
}

func TestTruncation(t *testing.T) {
	tok := MustLoad(t, "unigram-nfkc")
	text := "hello world, 我要退款 please"
	full := MustEncode(t, tok, text, 0)
	for limit := tok.SpecialCount(); limit <= full.Len()+1; limit++ {
		enc := MustEncode(t, tok, text, limit)
		n := min(limit, full.Len())
		if enc.Len() != n || enc.Truncated != full.Len()-n {
			t.Fatalf("limit %d gives %d tokens, %d cut, of %d", limit, enc.Len(), enc.Truncated, full.Len())
		}
		if !slices.Equal(enc.IDs[:n-1], full.IDs[:n-1]) || enc.IDs[n-1] != full.IDs[full.Len()-1] || !enc.Special[n-1] {
			t.Fatalf("limit %d gives %v of %v", limit, enc.IDs, full.IDs)
		}
	}
	left := MustParse(t, small(`"truncation":{"direction":"Left","max_length":2,"strategy":"LongestFirst","stride":0}`))
	if enc := MustEncode(t, left, "bbbaa", left.MaxLength()); !slices.Equal(enc.IDs, []int64{1, 1}) || enc.Truncated != 3 {
		t.Errorf("left truncation gives %v, %d cut", enc.IDs, enc.Truncated)
	}
}

func TestVocabulary(t *testing.T) {
	tok := MustLoad(t, "wordpiece-uncased")
	id, ok := tok.TokenID("Not One")
	if !ok || tok.Token(int64(id)) != "Not One" || id >= tok.VocabSize() {
		t.Errorf("added token has id %d of %d, name %q", id, tok.VocabSize(), tok.Token(int64(id)))
	}
	if _, ok := tok.TokenID("no such token"); ok || tok.Token(-1) != "" || tok.Token(1<<40) != "" {
		t.Error("there are tokens that should not be")
	}
	if tok.PadID() != 0 || MustLoad(t, "unigram-nfkc").PadID() != 1 {
		t.Error("the padding id is not that of [PAD] or <pad>")
	}
	padded := MustParse(t, small(`"padding":{"strategy":"BatchLongest","pad_id":3,"pad_token":"ab"}`))
	if padded.PadID() != 3 {
		t.Errorf("padding id is %d, want that of the padding block", padded.PadID())
	}
	sparse := MustParse(t, small(`"model":{"type":"WordPiece","unk_token":"u","vocab":{"u":4000000000,"a":3},`+
		`"continuing_subword_prefix":"##","max_input_chars_per_word":5}`))
	if enc := MustEncode(t, sparse, "ab", 0); !slices.Equal(enc.IDs, []int64{4000000000}) || sparse.Token(4000000000) != "u" {
		t.Errorf("sparse vocabulary gives %v", enc.IDs)
	}
}

// TestConcurrent encodes the same texts from several goroutines.
func TestConcurrent(t *testing.T) {
	tok := MustLoad(t, "unigram-precompiled")
	texts := MustReadGolden(t)[:300]
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var enc tokenizer.Encoding
			for _, g := range texts {
				w := g.Files["unigram-precompiled"]
				if err := tok.EncodeInto(&enc, g.Text, 0); err != nil {
					t.Error(err)
				} else if diff := differs(&enc, w.ids(), w.spans(g.Text)); diff != "" {
					t.Errorf("%+q: %s", g.Text, diff)
				}
			}
		})
	}
	wg.Wait()
}
