package server_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"yingda/models"
	"yingda/nlu"
	"yingda/server"
)

type problem struct {
	Type, Title, Code, Detail, Instance string
	Status                              int
	RequestID                           string `json:"request_id"`
	Errors                              []struct{ Field, Reason string }
}

// badInputs is the table of everything that /v1/parse refuses. Each detail must name the thing.
var badInputs = []struct {
	name, body string
	header     string
	status     int
	code       string
	says       string // part of the detail
	field      string // of errors; "" = none expected
}{
	{"empty body", ``, "", 400, "empty_body", "empty", ""},
	{"blank body", " \n\t ", "", 400, "empty_body", "empty", ""},
	{"not JSON", `hello`, "", 400, "invalid_json", "at byte 0 there is 'h'", ""},
	{"cut off", `{"text":"a"`, "", 400, "invalid_json", "at byte 11 the body ends", ""},
	{"syntax", `{"text" "a"}`, "", 400, "invalid_json", "at byte 8 there is '\"' where ':'", ""},
	{"single quotes", `{'text':'a'}`, "", 400, "invalid_json", "a field name in double quotes", ""},
	{"trailing comma", `{"text":"a",}`, "", 400, "invalid_json", "a value after ','", ""},
	{"leading zero", `{"text":"a","top":01}`, "", 400, "invalid_json", "at byte 19", ""},
	{"bare minus", `{"text":"a","top":-}`, "", 400, "invalid_json", "a digit", ""},
	{"misspelt literal", `{"text":"a","debug":tru}`, "", 400, "invalid_json", "a value", ""},
	{"control character", "{\"text\":\"a\nb\"}", "", 400, "invalid_json", "control character", ""},
	{"bad escape", `{"text":"a\x"}`, "", 400, "invalid_json", "after '\\'", ""},
	{"bad hex", `{"text":"a\u12g4"}`, "", 400, "invalid_json", "four hexadecimal digits", ""},
	{"string not ended", `{"text":"a`, "", 400, "invalid_json", "at the end of the string", ""},
	{"NUL byte", "{\"text\":\x00}", "", 400, "invalid_json", `'\x00'`, ""},
	{"two objects", `{"text":"a"}{"text":"b"}`, "", 400, "trailing_data", "byte 12", ""},
	{"trailing words", `{"text":"a"} etc`, "", 400, "trailing_data", "byte 13", ""},
	{"Latin-1", "{\"text\":\"caf\xe9\"}", "", 400, "not_utf8", "byte 12", ""},
	{"GBK", "{\"text\":\"\xc4\xe3\xba\xc3\"}", "", 400, "not_utf8", "byte 9", ""},
	{"UTF-16", "\xff\xfe{\x00\"\x00", "", 400, "not_utf8", "byte 0", ""},
	{"encoded surrogate", "{\"text\":\"\xed\xa0\x80\"}", "", 400, "not_utf8", "byte 9", ""},
	{"lone high surrogate", `{"text":"a\ud83d"}`, "", 400, "not_utf8", `\ud83d at byte 10 is half`, ""},
	{"lone low surrogate", `{"text":"\ude42b"}`, "", 400, "not_utf8", `\ude42`, ""},
	{"two high surrogates", `{"text":"\ud83d\ud83d"}`, "", 400, "not_utf8", `\ud83d`, ""},
	{"high surrogate and n", `{"text":"\ud83d\n"}`, "", 400, "not_utf8", `\ud83d`, ""},
	{"too deep", strings.Repeat("[", 100000), "", 400, "json_too_deep", "deeper than 32", ""},
	{"too deep in text", `{"text":` + strings.Repeat(`{"a":`, 40) + `1` + strings.Repeat(`}`, 41), "", 400, "json_too_deep", "deeper than 32", ""},
	{"not an object", `["a"]`, "", 400, "wrong_type", "body must be an object, got an array", "body"},
	{"null", `null`, "", 400, "wrong_type", "body must be an object, got null", "body"},
	{"a number", `12`, "", 400, "wrong_type", "body must be an object, got a number", "body"},
	{"unknown field", `{"text":"a","txet":1}`, "", 400, "unknown_field", "txet is not a field; allowed there are", "txet"},
	{"wrong case", `{"Text":"a"}`, "", 400, "unknown_field", "did you mean text?", "Text"},
	{"unknown inner field", `{"utterances":[{"text":"a"},{"text":"b","lang":"zh"}]}`, "", 400, "unknown_field", "utterances[1].lang is not a field; allowed in utterances[1] are", "utterances[1].lang"},
	{"long unknown field", `{"` + strings.Repeat("x", 500) + `":1}`, "", 400, "unknown_field", "…", "\"" + strings.Repeat("x", 64) + "…\""},
	{"field twice", `{"text":"a","text":"b"}`, "", 400, "duplicate_field", "text is given twice", "text"},
	{"field twice, once escaped", `{"text":"a","t\u0065xt":"b"}`, "", 400, "duplicate_field", "text is given twice", "text"},
	{"text a number", `{"text":1}`, "", 400, "wrong_type", "text must be a string, got a number", "text"},
	{"text a list", `{"text":["a"]}`, "", 400, "wrong_type", "text must be a string, got an array", "text"},
	{"texts a string", `{"texts":"a"}`, "", 400, "wrong_type", "texts must be an array, got a string", "texts"},
	{"texts of null", `{"texts":["a",null]}`, "", 400, "wrong_type", "texts[1] must be a string, got null", "texts[1]"},
	{"utterances of strings", `{"utterances":["a"]}`, "", 400, "wrong_type", "utterances[0] must be an object", "utterances[0]"},
	{"top a string", `{"text":"a","top":"5"}`, "", 400, "wrong_type", "top must be a number, got a string", "top"},
	{"top a fraction", `{"text":"a","top":1.5}`, "", 400, "wrong_type", "top must be a whole number, got 1.5", "top"},
	{"huge number", `{"text":"a","top":1e999}`, "", 400, "wrong_type", "top must be a number that fits", "top"},
	{"debug a number", `{"text":"a","debug":1}`, "", 400, "wrong_type", "debug must be true or false, got a number", "debug"},
	{"no text", `{}`, "", 400, "missing_text", "give text (one)", ""},
	{"text null", `{"text":null}`, "", 400, "missing_text", "has no text", ""},
	{"no texts", `{"texts":[]}`, "", 400, "missing_text", "texts is empty", "texts"},
	{"utterance without text", `{"utterances":[{"text":"a"},{}]}`, "", 400, "missing_text", "utterances[1] has no text", "utterances[1]"},
	{"alternative without text", `{"utterances":[{"text":"a","alternatives":[{"confidence":1}]}]}`, "", 400, "missing_text", "alternatives[0] has no text", "utterances[0].alternatives[0]"},
	{"two kinds of text", `{"text":"a","texts":["b"]}`, "", 400, "conflicting_fields", "text and texts", ""},
	{"empty text", `{"text":""}`, "", 422, "empty_text", "text is empty", "text"},
	{"white space", `{"text":" \t\n\u3000\u00a0\u200b\ufeff"}`, "", 422, "empty_text", "only white space", "text"},
	{"an empty one among texts", `{"texts":["a"," "]}`, "", 422, "empty_text", "texts[1] is empty", "texts[1]"},
	{"empty alternative", `{"utterances":[{"text":"a","alternatives":[{"text":""}]}]}`, "", 422, "empty_text", "alternatives[0].text is empty", "utterances[0].alternatives[0].text"},
	{"too many characters", `{"text":"` + strings.Repeat("好", 2001) + `"}`, "", 422, "text_too_long", "text has 2001 characters, at most 2000", "text"},
	{"long alternative", `{"utterances":[{"text":"a","alternatives":[{"text":"` + strings.Repeat("a", 2001) + `"}]}]}`, "", 422, "text_too_long", "alternatives[0].text has 2001", "utterances[0].alternatives[0].text"},
	{"too many texts", `{"texts":["a"` + strings.Repeat(`,"a"`, 64) + `]}`, "", 422, "too_many_texts", "texts has 65 texts, at most 64", "texts"},
	{"far too many texts", `{"texts":["a"` + strings.Repeat(`,"a"`, 200000) + `]}`, "", 422, "too_many_texts", "200001", "texts"},
	{"too many utterances", `{"utterances":[{"text":"a"}` + strings.Repeat(`,{"text":"a"}`, 64) + `]}`, "", 422, "too_many_texts", "utterances has 65", "utterances"},
	{"too many alternatives", `{"utterances":[{"text":"a","alternatives":[{"text":"a"}` + strings.Repeat(`,{"text":"a"}`, 10) + `]}]}`, "", 422, "too_many_alternatives", "more than 10", "utterances[0].alternatives"},
	{"language", `{"text":"a","language":"fr"}`, "", 422, "bad_language", `language is "fr": send one of zh, en`, "language"},
	{"inner language", `{"utterances":[{"text":"a","language":"中文"}]}`, "", 422, "bad_language", "utterances[0].language", "utterances[0].language"},
	{"reference time", `{"text":"a","reference_time":"yesterday"}`, "", 422, "bad_reference_time", "RFC 3339", "reference_time"},
	{"reference time without zone", `{"text":"a","reference_time":"2026-11-22T09:30:00"}`, "", 422, "bad_reference_time", "with a zone", "reference_time"},
	{"span unit", `{"text":"a","span_unit":"rune"}`, "", 422, "bad_span_unit", "codepoint, byte, utf16", "span_unit"},
	{"confidence", `{"utterances":[{"text":"a","alternatives":[{"text":"b","confidence":1.1}]}]}`, "", 422, "bad_confidence", "from 0 to 1", "utterances[0].alternatives[0].confidence"},
	{"negative confidence", `{"utterances":[{"text":"a","alternatives":[{"text":"b","confidence":-0.1}]}]}`, "", 422, "bad_confidence", "-0.1", "utterances[0].alternatives[0].confidence"},
	{"top", `{"text":"a","top":101}`, "", 422, "top_out_of_range", "from 0 to 100", "top"},
	{"negative top", `{"text":"a","top":-1}`, "", 422, "top_out_of_range", "from 0 to 100", "top"},
	{"enormous top", `{"text":"a","top":1e300}`, "", 422, "top_out_of_range", "from 0 to 100", "top"},
	{"large body", `{"text":"` + strings.Repeat(" ", 1<<20) + `"}`, "", 413, "body_too_large", "1048576 bytes", ""},
	{"form", `text=a`, "Content-Type: application/x-www-form-urlencoded", 415, "unsupported_content_type", "application/json", ""},
	{"text/plain", `{"text":"a"}`, "Content-Type: text/plain", 415, "unsupported_content_type", "text/plain", ""},
	{"broken type", `{"text":"a"}`, "Content-Type: ;;;", 415, "unsupported_content_type", ";;;", ""},
	{"charset", `{"text":"a"}`, "Content-Type: application/json; charset=gbk", 415, "unsupported_content_type", "gbk", ""},
	{"brotli", `x`, "Content-Encoding: br", 415, "unsupported_encoding", `"br"`, ""},
	{"two encodings", `x`, "Content-Encoding: gzip, gzip", 415, "unsupported_encoding", "gzip, gzip", ""},
	{"not gzip", `{"text":"a"}`, "Content-Encoding: gzip", 400, "bad_gzip", "gzip", ""},
	{"empty gzip", ``, "Content-Encoding: gzip", 400, "empty_body", "empty", ""},
	{"timeout word", `{"text":"a"}`, "X-Timeout-Ms: soon", 400, "bad_timeout", `"soon"`, ""},
	{"timeout zero", `{"text":"a"}`, "X-Timeout-Ms: 0", 400, "bad_timeout", `"0"`, ""},
	{"timeout huge", `{"text":"a"}`, "X-Timeout-Ms: 99999999999999999999", 400, "bad_timeout", "whole milliseconds", ""},
}

func TestBadInput(t *testing.T) {
	h := mustServer(t, server.Options{}).Handler()
	for _, tc := range badInputs {
		t.Run(tc.name, func(t *testing.T) {
			var header []string
			if tc.header != "" {
				header = []string{tc.header}
			}
			w := call(h, "POST", "/v1/parse", strings.NewReader(tc.body), header...)
			checkProblem(t, w, tc.status, tc.code, tc.says, "/v1/parse")
			var p problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatal(err)
			}
			if len(p.Errors) > 0 && p.Errors[0].Field != tc.field || len(p.Errors) == 0 && tc.field != "" {
				t.Errorf("errors %v, want field %q", p.Errors, tc.field)
			}
		})
	}
}

func checkProblem(t *testing.T, w *httptest.ResponseRecorder, status int, code, says, instance string) {
	t.Helper()
	var p problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("not JSON: %v: %s", err, w.Body)
	}
	if w.Code != status || p.Status != status || p.Code != code || !strings.Contains(p.Detail, says) {
		t.Errorf("got %d %+v\nwant %d %s with %q", w.Code, p, status, code, says)
	}
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %q", got)
	}
	if p.Type != "/docs#"+p.Code || p.Title == "" || p.Instance != instance || p.RequestID == "" || p.RequestID != w.Header().Get("X-Request-Id") {
		t.Errorf("incomplete problem %+v", p)
	}
	if len(p.Detail) > 500 || !strings.HasSuffix(p.Detail, ".") {
		t.Errorf("detail is not a sentence: %q", p.Detail)
	}
}

// TestAllFaults: several bad values are reported at once.
func TestAllFaults(t *testing.T) {
	h := mustServer(t, server.Options{}).Handler()
	w := call(h, "POST", "/v1/parse", strings.NewReader(`{"texts":[""," ","a"],"language":"fr","top":-1}`))
	checkProblem(t, w, 422, "bad_language", "3 more values are wrong, see errors.", "/v1/parse")
	if got := strings.Count(w.Body.String(), `"field"`); got != 4 {
		t.Errorf("%d errors: %s", got, w.Body)
	}
}

func TestGzipLimits(t *testing.T) {
	h := mustServer(t, server.Options{}).Handler()
	bomb := gz(t, bytes.Repeat([]byte(" "), 64<<20))
	if bomb.Len() > 1<<17 {
		t.Fatalf("the bomb is %d bytes", bomb.Len())
	}
	checkProblem(t, call(h, "POST", "/v1/parse", bomb, "Content-Encoding: gzip"), 413, "body_too_large", "after unpacking", "/v1/parse")
	cut := gz(t, []byte(`{"text":"退款吧"}`))
	cut.Truncate(cut.Len() - 4)
	checkProblem(t, call(h, "POST", "/v1/parse", cut, "Content-Encoding: gzip"), 400, "bad_gzip", "whole", "/v1/parse")
	// The length is unknown until the limit is passed.
	endless := io.MultiReader(strings.NewReader(`{"text":"`), endlessReader{})
	checkProblem(t, call(h, "POST", "/v1/parse", endless), 413, "body_too_large", "1048576", "/v1/parse")
}

type endlessReader struct{}

func (endlessReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func TestParserErrors(t *testing.T) {
	for _, tc := range []struct {
		err    error
		body   string
		status int
		code   string
		says   string
	}{
		{fmt.Errorf("encoder@1: %w", models.ErrOverloaded), `{"text":"a"}`, 503, "overloaded", "Retry-After"},
		{fmt.Errorf("queue: %w", models.ErrClosed), `{"text":"a"}`, 503, "shutting_down", "shutting down"},
		{fmt.Errorf("x: %w", models.ErrNoBundle), `{"text":"a"}`, 503, "not_ready", "/readyz"},
		{fmt.Errorf("x: %w", models.ErrNoBundle), `{"text":"a","bundle":"nope"}`, 404, "unknown_bundle", `"nope" is not loaded: choose one of champion, zh-en-5f0c1a2b9d3e`},
		{fmt.Errorf("x: %w", &nlu.TooLongError{Index: 0, Tokens: 700, Limit: 512}), `{"text":"a"}`, 422, "too_many_tokens", "text has 700 tokens, at most 512"},
		{&nlu.TooLongError{Index: 1, Tokens: 700, Limit: 512}, `{"texts":["a","b"]}`, 422, "too_many_tokens", "texts[1] has 700"},
		{&nlu.TooLongError{Index: 1, Tokens: 700, Limit: 512}, `{"utterances":[{"text":"a"},{"text":"b"}]}`, 422, "too_many_tokens", "utterances[1].text has 700"},
		{errors.New("secret /etc/path"), `{"text":"a"}`, 500, "internal_error", "request id"},
	} {
		var log bytes.Buffer
		h := mustServer(t, server.Options{Parser: &fake{err: tc.err}, Log: slog.New(slog.NewTextHandler(&log, nil))}).Handler()
		w := call(h, "POST", "/v1/parse", strings.NewReader(tc.body))
		checkProblem(t, w, tc.status, tc.code, tc.says, "/v1/parse")
		if retry := w.Header().Get("Retry-After"); (retry != "") != (tc.status == 503) {
			t.Errorf("%s: Retry-After %q", tc.code, retry)
		}
		if strings.Contains(w.Body.String(), "secret") || tc.status == 500 && !strings.Contains(log.String(), "secret") {
			t.Errorf("internal error: answer %s, log %s", w.Body, log.String())
		}
	}
}

func TestPanic(t *testing.T) {
	var log bytes.Buffer
	h := mustServer(t, server.Options{Parser: &fake{panic: "secret"}, Log: slog.New(slog.NewTextHandler(&log, nil))}).Handler()
	w := call(h, "POST", "/v1/parse", strings.NewReader(`{"text":"a"}`), "X-Request-Id: my-id.1")
	checkProblem(t, w, 500, "internal_error", "request id", "/v1/parse")
	if strings.Contains(w.Body.String(), "secret") || !strings.Contains(log.String(), "my-id.1") || !strings.Contains(log.String(), "secret") {
		t.Errorf("answer %s, log %s", w.Body, log.String())
	}
}

func TestDialectErrors(t *testing.T) {
	type tcase struct {
		path, body string
		parser     *fake
		status     int
		says       []string
	}
	const rasa, clu = "/model/parse", "/language/:analyze-conversations?api-version=1"
	item := func(s string) string {
		return `{"kind":"Conversation","analysisInput":{"conversationItem":` + s + `}}`
	}
	for _, tc := range []tcase{
		{rasa, ``, nil, 400, []string{`"status":"failure"`, `"reason":"BadRequest"`, `"code":400`, `"version":"3.`, `"help":"/docs#empty_body"`}},
		{rasa, `{"text":5}`, nil, 400, []string{`"parameter":"text"`, `"in":"body"`, `text must be a string`}},
		{rasa, `{"message_id":"x"}`, nil, 400, []string{`"code":"missing_text"`}},
		{rasa, `{"text":" "}`, nil, 400, []string{`"code":"empty_text"`, `"code":400`}},
		{rasa, `{"text":"` + strings.Repeat("a", 2001) + `"}`, nil, 400, []string{`"code":"text_too_long"`}},
		{rasa + "?emulation_mode=LUIS", `{"text":"a"}`, nil, 400, []string{`"in":"query"`, `emulation_mode`}},
		{rasa, `{"text":"a"}`, &fake{err: models.ErrNoBundle}, 409, []string{`"reason":"Conflict"`, `"code":409`}},
		{rasa, `{"text":"a"}`, &fake{err: models.ErrOverloaded}, 503, []string{`"reason":"ServiceUnavailable"`}},
		{rasa, `{"text":"a"}`, &fake{panic: "x"}, 500, []string{`"reason":"InternalError"`}},
		{"/model/nothing", `{}`, nil, 404, []string{`"reason":"NotFound"`, `/model/nothing`}},
		{clu, ``, nil, 400, []string{`{"error":{"code":"InvalidRequest"`, `"innererror":{"code":"empty_body"}`}},
		{clu, item(`{"text":""}`), nil, 400, []string{`"code":"InvalidArgument"`, `"target":"analysisInput.conversationItem.text"`}},
		{clu, item(`{"id":"1"}`), nil, 400, []string{`missing_text`}},
		{clu, `{"kind":"CustomX","analysisInput":{"conversationItem":{"text":"a"}}}`, nil, 400, []string{`unsupported_option`, `CustomX`}},
		{clu, item(`{"text":"a","modality":"transcript"}`), nil, 400, []string{`transcript`}},
		{clu, `{"kind":"Conversation","analysisInput":{"conversationItem":{"text":"a"}},"parameters":{"stringIndexType":"bytes"}}`, nil, 400, []string{`bad_span_unit`, `TextElement_V8`}},
		{clu, item(`{"text":"a"}`), &fake{err: models.ErrNoBundle}, 503, []string{`"code":"ServiceUnavailable"`, `not_ready`}},
		{clu, item(`{"text":"a"}`), &fake{err: &nlu.TooLongError{Tokens: 9, Limit: 8}}, 400, []string{`too_many_tokens`, `has 9 tokens`}},
		{"/language/:other", `{}`, nil, 404, []string{`"code":"NotFound"`}},
	} {
		o := server.Options{}
		if tc.parser != nil {
			o.Parser = tc.parser
		}
		w := call(mustServer(t, o).Handler(), "POST", tc.path, strings.NewReader(tc.body))
		if w.Code != tc.status || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: %d %s", tc.path, tc.body, w.Code, w.Header().Get("Content-Type"))
		}
		for _, s := range tc.says {
			if !strings.Contains(w.Body.String(), s) {
				t.Errorf("%s %.80s: no %s in %s", tc.path, tc.body, s, w.Body)
			}
		}
	}
}

// TestDialectsAreLenient: what clients of the originals send is taken.
func TestDialectsAreLenient(t *testing.T) {
	f := &fake{}
	h := mustServer(t, server.Options{Parser: f}).Handler()
	w := call(h, "POST", "/model/parse", strings.NewReader(`{"text":"a","tracker":{"x":[1,2.5e3,true,false,null,"\u00e9"]}}`), "Content-Type: application/x-www-form-urlencoded")
	if w.Code != 200 {
		t.Errorf("Rasa: %d %s", w.Code, w.Body)
	}
	w = call(h, "POST", "/language/:analyze-conversations", strings.NewReader(`{"kind":"Conversation","analysisInput":{"conversationItem":{"text":"a","x":{}}},"parameters":{"deploymentName":"champion"}}`))
	if w.Code != 200 || f.bundle != "champion" {
		t.Errorf("CLU: %d bundle %q %s", w.Code, f.bundle, w.Body)
	}
	for body, code := range map[string]string{`{"text":"a","x":{"y":[1,}}`: "invalid_json", `{"text":"a","x":{1:2}}`: "invalid_json", `{"text":"a","x":"\ud800"}`: "not_utf8", `{"text":"a","x":nul}`: "invalid_json"} {
		if w := call(h, "POST", "/model/parse", strings.NewReader(body)); w.Code != 400 || !strings.Contains(w.Body.String(), code) {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
}

func TestNotFoundAndMethods(t *testing.T) {
	h := mustServer(t, server.Options{}).Handler()
	checkProblem(t, call(h, "GET", "/v2/parse", nil), 404, "not_found", "/v2/parse", "/v2/parse")
	checkProblem(t, call(h, "GET", "/docs/", nil), 404, "not_found", "/docs", "/docs/")
	w := call(h, "GET", "/v1/parse", nil)
	checkProblem(t, w, 405, "method_not_allowed", `does not take "GET": use POST`, "/v1/parse")
	if got := w.Header().Get("Allow"); got != "POST" {
		t.Errorf("Allow %q", got)
	}
	w = call(h, "DELETE", "/healthz", nil)
	checkProblem(t, w, 405, "method_not_allowed", "DELETE", "/healthz")
	if got := w.Header().Get("Allow"); !strings.Contains(got, "GET") || !strings.Contains(got, "HEAD") {
		t.Errorf("Allow %q", got)
	}
	if w := call(h, "GET", "/language/:analyze-conversations", nil); w.Code != 405 || !strings.Contains(w.Body.String(), `"error":{"code":"InvalidRequest"`) {
		t.Errorf("CLU with GET: %d %s", w.Code, w.Body)
	}
	if w := call(h, "HEAD", "/healthz", nil); w.Code != 200 {
		t.Errorf("HEAD: %d", w.Code)
	}
}

// TestErrorTable: every code has a row, a status and words, and is in docs/http-api.md.
func TestErrorTable(t *testing.T) {
	doc, err := os.ReadFile("../docs/http-api.md")
	if err != nil {
		t.Fatal(err)
	}
	h := mustServer(t, server.Options{}).Handler()
	page := call(h, "GET", "/docs", nil).Body.String()
	for _, row := range server.ErrorTable() {
		if row.Title == "" || row.Advice == "" || row.Rasa == "" || row.CLU == "" || http.StatusText(row.Status) == "" && row.Status != 499 {
			t.Errorf("%s: incomplete row %+v", row.Code, row)
		}
		if line := fmt.Sprintf("| `%s` | %d |", row.Code, row.Status); !strings.Contains(string(doc), line) {
			t.Errorf("docs/http-api.md has no %q", line)
		}
		if !strings.Contains(page, `id="`+string(row.Code)+`"`) {
			t.Errorf("/docs has no anchor for %s", row.Code)
		}
	}
}
