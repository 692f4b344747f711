package server_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"yingda/nlu"
	"yingda/server"
)

func indent(tb testing.TB, data []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, data, "", "  "); err != nil {
		tb.Fatalf("answer is not JSON: %v\n%s", err, data)
	}
	return b.Bytes()
}

func mustJSON(tb testing.TB, v any) string {
	tb.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return string(data)
}

// TestGolden pins the JSON of the three dialects.
func TestGolden(t *testing.T) {
	h := mustServer(t, server.Options{}).Handler()
	text := mustJSON(t, order)
	clu := func(text, unit string) string {
		return `{"kind":"Conversation","analysisInput":{"conversationItem":{"id":"1","participantId":"1","text":` + text +
			`,"modality":"text","language":"zh-CN"}},"parameters":{"projectName":"p","deploymentName":"d","verbose":true,"isLoggingEnabled":false,` +
			`"stringIndexType":"` + unit + `","directTarget":null,"targetProjectParameters":{"x":[1,{"y":"z"}]}}}`
	}
	const cluPath = "/language/:analyze-conversations?api-version=2023-04-01"
	for _, tc := range []struct{ golden, path, body string }{
		{"parse_one.json", "/v1/parse", `{"text":` + text + `}`},
		{"parse_byte_debug.json", "/v1/parse", `{"text":` + text + `,"span_unit":"byte","debug":true,"top":1}`},
		{"parse_utf16.json", "/v1/parse", `{"text":` + text + `,"span_unit":"utf16","top":0}`},
		{"parse_batch.json", "/v1/parse", `{"texts":["退款吧","what?"],"top":2}`},
		{"parse_alternatives.json", "/v1/parse", `{"utterances":[{"text":"退或","alternatives":[{"text":"退货","confidence":0.4}],"language":"zh"}]}`},
		{"rasa.json", "/model/parse", `{"text":` + text + `,"message_id":"m1","project":"ignored"}`},
		{"rasa_fallback.json", "/model/parse", `{"text":"what?"}`},
		{"clu_grapheme.json", cluPath, clu(text, "TextElement_V8")},
		{"clu_utf16.json", cluPath, clu(text, "Utf16CodeUnit")},
		{"clu_none.json", cluPath, clu(`"what?"`, "UnicodeCodePoint")},
	} {
		t.Run(tc.golden, func(t *testing.T) {
			w := call(h, "POST", tc.path, strings.NewReader(tc.body))
			if w.Code != 200 {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			if got := w.Header().Get("X-Bundle"); got != "zh-en-5f0c1a2b9d3e" {
				t.Errorf("X-Bundle is %q", got)
			}
			checkGolden(t, tc.golden, indent(t, w.Body.Bytes()))
		})
	}
}

// TestOptions checks what reaches the Parser.
func TestOptions(t *testing.T) {
	f := &fake{}
	h := mustServer(t, server.Options{Parser: f}).Handler()
	w := call(h, "POST", "/v1/parse", strings.NewReader("\ufeff"+` { "language":"zh-TW", "reference_time":"2026-11-22T09:30:00+08:00", "bundle":"challenger", "top":null,
		"utterances":[{"text":"a\u0000\"\ud83d\ude42","alternatives":[{"text":"b"},{"text":"c","confidence":1e-1}]},{"text":"d","language":"EN","reference_time":"2025-01-01T00:00:00Z","alternatives":null}]}`))
	if w.Code != 200 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	ref := time.Date(2026, 11, 22, 1, 30, 0, 0, time.UTC)
	switch us := f.us; {
	case f.bundle != "challenger", len(us) != 2:
		t.Errorf("bundle %q, %d utterances", f.bundle, len(us))
	case us[0].Text != "a\x00\"🙂", us[0].Lang != nlu.Chinese, !us[0].Reference.Equal(ref), len(us[0].Alternatives) != 2, us[0].Alternatives[1].Confidence != 0.1:
		t.Errorf("first utterance %+v", us[0])
	case us[1].Lang != nlu.English, us[1].Reference.Year() != 2025, us[1].Alternatives != nil:
		t.Errorf("second utterance %+v", us[1])
	}
}

func TestReading(t *testing.T) {
	f := &fake{}
	f.parse = nil
	h := mustServer(t, server.Options{Parser: &secondBest{f}}).Handler()
	w := call(h, "POST", "/v1/parse", strings.NewReader(`{"utterances":[{"text":"退或","alternatives":[{"text":"推货"},{"text":"退货"}]}]}`))
	if !strings.Contains(w.Body.String(), `"text":"退货","reading":2,`) {
		t.Errorf("answer %s", w.Body)
	}
}

// secondBest chooses the last alternative.
type secondBest struct{ *fake }

func (s *secondBest) Parse(ctx ctxt, bundle string, us []nlu.Utterance) ([]*nlu.Analysis, error) {
	as, err := s.fake.Parse(ctx, bundle, us)
	for i, a := range as {
		if n := len(us[i].Alternatives); n > 0 {
			a.Text = us[i].Alternatives[n-1].Text
		}
	}
	return as, err
}

func gz(tb testing.TB, data []byte) *bytes.Buffer {
	tb.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return &b
}

func TestGzip(t *testing.T) {
	f := &fake{}
	h := mustServer(t, server.Options{Parser: f}).Handler()
	for range 3 { // the reader is reused
		w := call(h, "POST", "/v1/parse", gz(t, []byte(`{"text":"退款吧"}`)), "Content-Encoding: gzip")
		if w.Code != 200 || f.us[0].Text != "退款吧" {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
		if w := call(h, "POST", "/v1/parse", strings.NewReader("rubbish"), "Content-Encoding: gzip"); w.Code != 400 {
			t.Fatalf("rubbish: status %d", w.Code)
		}
	}
}

func TestDeadline(t *testing.T) {
	f := &fake{parse: func(ctx ctxt, us []nlu.Utterance) ([]*nlu.Analysis, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	h := mustServer(t, server.Options{Parser: f}).Handler()
	start := time.Now()
	w := call(h, "POST", "/v1/parse", strings.NewReader(`{"text":"x"}`), "X-Timeout-Ms: 20")
	if took := time.Since(start); w.Code != 504 || took > time.Second {
		t.Errorf("status %d after %s: %s", w.Code, took, w.Body)
	}
	h = mustServer(t, server.Options{Parser: f, Limits: server.Limits{Timeout: 10 * time.Millisecond}}).Handler()
	w = call(h, "POST", "/v1/parse", strings.NewReader(`{"text":"x"}`), "X-Timeout-Ms: 60000")
	if w.Code != 504 {
		t.Errorf("a caller got more time than the server allows: %d", w.Code)
	}
}

// TestEmptyAnalysis: a bundle without heads answers too.
func TestEmptyAnalysis(t *testing.T) {
	f := &fake{parse: func(_ ctxt, us []nlu.Utterance) ([]*nlu.Analysis, error) {
		return []*nlu.Analysis{{Utterance: us[0]}}, nil
	}}
	h := mustServer(t, server.Options{Parser: f}).Handler()
	w := call(h, "POST", "/v1/parse", strings.NewReader(`{"text":"x"}`))
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"emotion":null`) || !strings.Contains(w.Body.String(), `"understood":false`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w = call(h, "POST", "/model/parse", strings.NewReader(`{"text":"x"}`))
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"intent":{"name":null,"confidence":0}`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestBadAnalysis: what JSON cannot hold, and spans outside of the text, neither crash nor reach the caller.
func TestBadAnalysis(t *testing.T) {
	bad := func(change func(*nlu.Analysis)) http.Handler {
		return mustServer(t, server.Options{Parser: &fake{parse: func(_ ctxt, us []nlu.Utterance) ([]*nlu.Analysis, error) {
			a := handMade(us[0])
			change(a)
			return []*nlu.Analysis{a}, nil
		}}}).Handler()
	}
	body := `{"text":` + mustJSON(t, order) + `}`
	for name, h := range map[string]http.Handler{
		"NaN":     bad(func(a *nlu.Analysis) { a.OOS = math.NaN() }),
		"Inf":     bad(func(a *nlu.Analysis) { a.Entities[0].Score = math.Inf(1) }),
		"channel": bad(func(a *nlu.Analysis) { a.Entities[0].Value = make(chan int) }),
		"nil": mustServer(t, server.Options{Parser: &fake{parse: func(ctxt, []nlu.Utterance) ([]*nlu.Analysis, error) {
			return []*nlu.Analysis{nil}, nil
		}}}).Handler(),
		"none": mustServer(t, server.Options{Parser: &fake{parse: func(ctxt, []nlu.Utterance) ([]*nlu.Analysis, error) { return nil, nil }}}).Handler(),
	} {
		if w := call(h, "POST", "/v1/parse", strings.NewReader(body)); w.Code != 500 {
			t.Errorf("%s: status %d: %s", name, w.Code, w.Body)
		}
	}
	h := bad(func(a *nlu.Analysis) {
		a.Entities[0].Span = nlu.Span{Start: -3, End: 1000}
		a.Entities[1].Span = nlu.Span{Start: 9, End: 2}
	})
	for _, path := range []string{"/v1/parse", "/model/parse"} {
		w := call(h, "POST", path, strings.NewReader(body))
		if w.Code != 200 || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: status %d: %s", path, w.Code, w.Body)
		}
	}
}
