package server

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzDecodeParse holds the request decoder against encoding/json: it never crashes, takes no JSON that encoding/json refuses, reads
// the same texts, and what it calls a fault of syntax is one.
func FuzzDecodeParse(f *testing.F) {
	for _, s := range []string{
		`{"text":"退款\ud83d\ude42\n"}`, `{"texts":["a","b"],"top":3,"debug":true,"span_unit":"byte"}`,
		`{"utterances":[{"text":"a","alternatives":[{"text":"b","confidence":0.5e-1}],"language":"zh"}],"bundle":"x"}`,
		`{"text":"a","reference_time":"2026-11-22T09:30:00+08:00","language":null}`, `{"text":"\ud800"}`, `{"text":1}`, `{"x":[{}]}`,
		"{\"text\":\"\xff\"}", `{"text":"a"} x`, `[[[[`, `{"top":-0.0e+1}`, "\ufeff{}", `{"text":"a","debug":tru}`, "",
	} {
		f.Add([]byte(s))
	}
	limits := Limits{}.withDefaults()
	f.Fuzz(func(t *testing.T, body []byte) {
		req, err := decodeParse(body, &limits)
		plain := []byte(strings.TrimPrefix(string(body), "\ufeff"))
		if err != nil {
			var fl *fault
			if !errors.As(err, &fl) || kindOf[fl.code] == nil || !strings.HasSuffix(fl.detail, ".") || !utf8.ValidString(fl.detail) {
				t.Fatalf("%q: %v", body, err)
			}
			if syntax := fl.code == CodeInvalidJSON || fl.code == CodeTrailingData; syntax && json.Valid(plain) {
				t.Fatalf("%q is valid JSON but: %v", body, err)
			}
			return
		}
		var want struct {
			Text       *string
			Texts      []string
			Utterances []struct{ Text string }
		}
		if err := json.Unmarshal(plain, &want); err != nil {
			t.Fatalf("%q was read, encoding/json says %v", body, err)
		}
		texts := want.Texts
		if want.Text != nil {
			texts = []string{*want.Text}
		}
		for _, u := range want.Utterances {
			texts = append(texts, u.Text)
		}
		if len(texts) != len(req.us) {
			t.Fatalf("%q: %d texts, want %d", body, len(req.us), len(texts))
		}
		for i, u := range req.us {
			if u.Text != texts[i] || blank(u.Text) || utf8.RuneCountInString(u.Text) > limits.Characters || len(u.Alternatives) > limits.Alternatives {
				t.Fatalf("%q: text %d is %q, want %q", body, i, u.Text, texts[i])
			}
		}
	})
}

// FuzzDialects: the lenient decoders never crash and accept only JSON.
func FuzzDialects(f *testing.F) {
	f.Add([]byte(`{"text":"a","message_id":"x","y":[1,{"z":null}]}`))
	f.Add([]byte(`{"kind":"Conversation","analysisInput":{"conversationItem":{"text":"a"}},"parameters":{"stringIndexType":"Utf16CodeUnit"}}`))
	limits := Limits{}.withDefaults()
	f.Fuzz(func(t *testing.T, body []byte) {
		plain := []byte(strings.TrimPrefix(string(body), "\ufeff"))
		if _, err := decodeRasa(body, &limits); err == nil && !json.Valid(plain) {
			t.Fatalf("Rasa: %q is not JSON", body)
		}
		if _, _, err := decodeCLU(body, &limits); err == nil && !json.Valid(plain) {
			t.Fatalf("CLU: %q is not JSON", body)
		}
	})
}

// FuzzAppendString holds the encoder against encoding/json.
func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "a\"\\\n\r\t\x00\x1f\x7f", "退款🙂\u2028\u2029", "bad\xff\xed\xa0\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		if err := json.Unmarshal(appendString(nil, s), &got); err != nil || got != strings.ToValidUTF8(s, "\ufffd") && utf8.ValidString(s) {
			t.Fatalf("%q became %q: %v", s, got, err)
		}
	})
}
