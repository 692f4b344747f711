package server

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"yingda/dialogue"
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

// FuzzDecodeMessage: what is taken as a message is JSON that encoding/json reads in the same way, has something to say and nothing beyond
// the limits; everything else is a fault with a code and a sentence.
func FuzzDecodeMessage(f *testing.F) {
	for _, s := range []string{
		`{"id":"m-1","customer":"u","channel":"web","time":"2026-11-22T09:30:00+08:00","language":"zh","text":"退款","confidence":0.5}`,
		`{"text":"a","alternatives":[{"text":"b","confidence":1}],"metadata":{"k":"v"},"span_unit":"utf16"}`,
		`{"attachments":[{"type":"image","url":"https://a.b/c","size":1},{"type":"location","lat":1.5,"lon":-2}],"payload":"/affirm"}`,
		`{"profile":{"tier":"vip","history":[{"kind":"order","time":"2026-11-22T09:30:00Z"}],"consent":{"marketing":false}},"text":"a"}`,
		`{"type":"message","text":"a"}`, `{"text":null,"payload":"x"}`, `{"attachments":[null]}`, `{"metadata":{"a":"1","a":"2"}}`, `{"attachments":[{"size":1e3}]}`, "\ufeff{}", `[]`, ``,
	} {
		f.Add([]byte(s))
	}
	limits := Limits{}.withDefaults()
	f.Fuzz(func(t *testing.T, body []byte) {
		var q messageRequest
		err := decodeInto(body, limits.JSONDepth, false, &q)
		var m dialogue.Message
		if err == nil {
			m, _, err = q.message(dialogue.Key{Tenant: "default", Conversation: "c"}, &limits)
		}
		if err != nil {
			var fl *fault
			if !errors.As(err, &fl) || kindOf[fl.code] == nil || !strings.HasSuffix(fl.detail, ".") || !utf8.ValidString(fl.detail) {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		var want struct {
			Text, Payload string
			Attachments   []struct{ URL string }
		}
		if err := json.Unmarshal([]byte(strings.TrimPrefix(string(body), "\ufeff")), &want); err != nil {
			t.Fatalf("%q was read, encoding/json says %v", body, err)
		}
		if m.Text != want.Text || m.Payload != want.Payload || len(m.Attachments) != len(want.Attachments) || m.ID == "" {
			t.Fatalf("%q became %+v", body, m)
		}
		if blank(m.Text) && m.Payload == "" && len(m.Attachments) == 0 || len(m.Attachments) > limits.Attachments || utf8.RuneCountInString(m.Text) > limits.Characters {
			t.Fatalf("%q was taken: %+v", body, m)
		}
	})
}

// FuzzInto holds the reader of requests against encoding/json: what it takes, that takes too, with the same values.
func FuzzInto(f *testing.F) {
	type inner struct {
		N int64             `json:"n"`
		U uint64            `json:"u"`
		M map[string]string `json:"m"`
		P *bool             `json:"p"`
	}
	type outer struct {
		inner
		S []inner         `json:"s"`
		F float64         `json:"f"`
		R json.RawMessage `json:"r"`
		A any             `json:"a"`
	}
	for _, s := range []string{`{"n":-1,"u":18446744073709551615,"m":{"a":"b"},"p":true,"s":[{"n":1}],"f":1e-3,"r":{"x":[1]},"a":[null,1]}`, `{"u":-1}`, `{"n":1.0}`, `{"s":{}}`, `{"m":{"":""}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got, want outer
		if err := decodeInto(body, 32, false, &got); err != nil {
			return
		}
		if err := json.Unmarshal([]byte(strings.TrimPrefix(string(body), "\ufeff")), &want); err != nil {
			t.Fatalf("%q was read, encoding/json says %v", body, err)
		}
		if got.N != want.N || got.U != want.U || got.F != want.F || len(got.S) != len(want.S) || !reflect.DeepEqual(got.A, want.A) {
			t.Fatalf("%q: %+v, want %+v", body, got, want)
		}
	})
}

// FuzzKeys: a key file is read or refused, never more.
func FuzzKeys(f *testing.F) {
	f.Add([]byte("keys:\n- {id: x, hash: 'sha256:" + strings.Repeat("0", 64) + "', roles: [read], expires: 2027-01-01}"))
	f.Add([]byte(`{"keys":[{"id":"x","hash":"$argon2id$v=19$m=8192,t=1,p=1$MDEyMzQ1Njc4OQ$MDEyMzQ1Njc4OWFiY2RlZg","roles":["admin"]}]}`))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := parseKeys("keys.yaml", data)
		for id, k := range keys {
			if err == nil && (id != k.Key || !keyID.MatchString(id) || k.access == 0 || k.rate <= 0 || k.burst < 1 || len(k.hash.sum) == 0) {
				t.Fatalf("%q: %+v", data, k)
			}
		}
	})
}

// FuzzDialects: the lenient decoders never crash and accept only JSON.
func FuzzDialects(f *testing.F) {
	f.Add([]byte(`{"text":"a","message_id":"x","y":[1,{"z":null}]}`))
	f.Add([]byte(`{"sender":"u","message":"/affirm","metadata":{"a":[1]},"input_channel":"app"}`))
	f.Add([]byte(`{"kind":"Conversation","analysisInput":{"conversationItem":{"text":"a"}},"parameters":{"stringIndexType":"Utf16CodeUnit"}}`))
	limits := Limits{}.withDefaults()
	f.Fuzz(func(t *testing.T, body []byte) {
		plain := []byte(strings.TrimPrefix(string(body), "\ufeff"))
		if _, err := decodeRasa(body, &limits); err == nil && !json.Valid(plain) {
			t.Fatalf("Rasa: %q is not JSON", body)
		}
		if _, err := decodeRasaMessage(body, "default", &limits); err == nil && !json.Valid(plain) {
			t.Fatalf("Rasa's REST channel: %q is not JSON", body)
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
