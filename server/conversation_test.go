package server_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/nlu"
	"yingda/server"
)

// withTalk is a server in front of a fake robot.
func withTalk(tb testing.TB, talk *fakeTalk, o server.Options) *server.Server {
	tb.Helper()
	o.Robot, o.Conversations, o.Follow = talk, talk, talk
	return mustServer(tb, o)
}

func say(h http.Handler, conversation, body string, header ...string) *httptest.ResponseRecorder {
	return call(h, "POST", "/v1/conversations/"+conversation+"/messages", strings.NewReader(body), header...)
}

// mustRead decodes an answer.
func mustRead[T any](tb testing.TB, w *httptest.ResponseRecorder, status int) (v T) {
	tb.Helper()
	if w.Code != status {
		tb.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		tb.Fatalf("%v: %s", err, w.Body)
	}
	return v
}

var took = regexp.MustCompile(`"total":[0-9.]+`)

// TestMessageGolden pins the answers of the conversation's routes.
func TestMessageGolden(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	h := withTalk(t, newTalk(), server.Options{Now: func() time.Time { at = at.Add(5 * time.Millisecond); return at }}).Handler()
	for _, tc := range []struct{ golden, method, path, body string }{
		{"message_ask.json", "POST", "/messages", `{"id":"m-1","customer":"u-42","channel":"app","text":"收到的杯子碎了，我要退款","span_unit":"utf16"}`},
		{"message_image.json", "POST", "/messages", `{"id":"m-2","attachments":[{"type":"image","url":"https://cdn.example/1.jpg","mime":"image/jpeg","size":52000,"caption":"碎了的杯子"}]}`},
		{"message_handoff.json", "POST", "/messages", `{"id":"m-3","payload":"/agent"}`},
		{"rating.json", "POST", "/rating", `{"id":"r-1","score":2,"resolved":false,"text":"等太久"}`},
		{"conversation.json", "GET", "", ""},
		{"history.json", "GET", "/messages", ""},
		{"history_page.json", "GET", "/messages?after=1&limit=2", ""},
		{"close.json", "POST", "/close", ""},
	} {
		t.Run(tc.golden, func(t *testing.T) {
			w := call(h, tc.method, "/v1/conversations/web-1"+tc.path, strings.NewReader(tc.body))
			if w.Code != 200 {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			body := regexp.MustCompile(`"id":"[0-9a-f]{16}"`).ReplaceAll(w.Body.Bytes(), []byte(`"id":"…"`))
			checkGolden(t, tc.golden, indent(t, took.ReplaceAll(body, []byte(`"total":0`))))
		})
	}
}

type messageAnswer struct {
	ID        string
	Seq       uint64
	Duplicate bool
	Action    string
	Replies   []struct{ Text string }
	Owner     struct{ Kind, Queue, Agent string }
	HandOff   *struct{ Queue, Why string }
}

func TestMessageIdempotent(t *testing.T) {
	talk := newTalk()
	h := withTalk(t, talk, server.Options{}).Handler()
	first := mustRead[messageAnswer](t, say(h, "web-1", `{"id":"m-1","text":"我要退款"}`), 200)
	again := mustRead[messageAnswer](t, say(h, "web-1", `{"id":"m-1","text":"我要退款"}`), 200)
	if first.Duplicate || !again.Duplicate || again.Seq != first.Seq || len(again.Replies) != 1 || again.Replies[0] != first.Replies[0] {
		t.Errorf("first %+v, again %+v", first, again)
	}
	if n := len(talk.events[dialogue.Key{Tenant: "default", Conversation: "web-1"}]); n != 1 {
		t.Errorf("%d events", n)
	}
	if other := mustRead[messageAnswer](t, say(h, "web-2", `{"id":"m-1","text":"我要退款"}`), 200); other.Duplicate {
		t.Error("ids of one conversation count in another")
	}
	if named := mustRead[messageAnswer](t, say(h, "web-1", `{"text":"你好"}`), 200); named.ID == "" || named.Duplicate {
		t.Errorf("without an id: %+v", named)
	}
}

// TestMessageReachesRobot: everything that a message may carry arrives.
func TestMessageReachesRobot(t *testing.T) {
	talk := newTalk()
	h := withTalk(t, talk, server.Options{}).Handler()
	body := `{"id":"m-1","customer":"u-42","channel":"voice","time":"2026-11-22T09:30:00+08:00","language":"zh-CN","text":"我要退或😡","confidence":0.7,
		"alternatives":[{"text":"我要退货","confidence":0.6}],"attachments":[{"type":"image","url":"http://x.example/a.png","caption":"a"},{"type":"location","lat":31.2,"lon":121.5},
		{"type":"link","url":"https://shop.example/p/1"},{"type":"sticker","caption":"哭"}],"payload":"/deny","metadata":{"page":"cart"},
		"profile":{"name":"王","tier":"vip","history":[{"kind":"order","order_id":"8832","time":"2026-11-20T08:00:00Z"}],"preferences":{"carrier":"顺丰"},"consent":{"marketing":false}}}`
	mustRead[messageAnswer](t, say(h, "web-1", body), 200)
	m := talk.handed[0]
	if m.Tenant != "default" || m.ID != "m-1" || m.Customer != "u-42" || m.Channel != "voice" || m.Lang != nlu.Chinese || m.Text != "我要退或😡" ||
		m.Time.Format(time.RFC3339) != "2026-11-22T09:30:00+08:00" || len(m.Alternatives) != 1 || m.Alternatives[0].Text != "我要退货" ||
		len(m.Attachments) != 4 || m.Attachments[1].Lat != 31.2 || m.Payload != "/deny" || m.Metadata["page"] != "cart" || m.Profile.Tier != "vip" ||
		m.Profile.History[0].OrderID != "8832" || m.Profile.Preferences["carrier"] != "顺丰" || m.Confidence != 0.7 {
		t.Errorf("the robot got %+v", m)
	}
}

// badMessages is what POST …/messages refuses.
var badMessages = []struct {
	name, body, header string
	status             int
	code, says, field  string
}{
	{"empty body", ``, "", 400, "empty_body", "empty", ""},
	{"not an object", `[]`, "", 400, "wrong_type", "body must be an object", "body"},
	{"unknown field", `{"txt":"a"}`, "", 400, "unknown_field", "txt is not a field", "txt"},
	{"unknown inner field", `{"attachments":[{"typ":"image"}]}`, "", 400, "unknown_field", "attachments[0].typ", "attachments[0].typ"},
	{"field twice", `{"text":"a","text":"b"}`, "", 400, "duplicate_field", "text is given twice", "text"},
	{"metadata twice", `{"text":"a","metadata":{"x":"1","x":"2"}}`, "", 400, "duplicate_field", "metadata.x is given twice", "metadata.x"},
	{"metadata number", `{"text":"a","metadata":{"x":1}}`, "", 400, "wrong_type", "metadata.x must be a string", "metadata.x"},
	{"text a number", `{"text":1}`, "", 400, "wrong_type", "text must be a string", "text"},
	{"size a fraction", `{"attachments":[{"type":"image","url":"http://a.b/c","size":1.5}]}`, "", 400, "wrong_type", "attachments[0].size must be a whole number, got 1.5", "attachments[0].size"},
	{"attachments an object", `{"attachments":{}}`, "", 400, "wrong_type", "attachments must be an array", "attachments"},
	{"trailing", `{"text":"a"} x`, "", 400, "trailing_data", "more follows", ""},
	{"Latin-1", "{\"text\":\"caf\xe9\"}", "", 400, "not_utf8", "byte 12", ""},
	{"nothing said", `{"id":"m-1"}`, "", 422, "empty_text", "neither an attachment nor a payload", "text"},
	{"white space", `{"text":" \u200b"}`, "", 422, "empty_text", "text is empty", "text"},
	{"long text", `{"text":"` + strings.Repeat("好", 2001) + `"}`, "", 422, "text_too_long", "2001 characters", "text"},
	{"long id", `{"id":"` + strings.Repeat("x", 129) + `","text":"a"}`, "", 422, "bad_value", "id has 129 bytes", "id"},
	{"long payload", `{"payload":"` + strings.Repeat("x", 1025) + `"}`, "", 422, "bad_value", "payload has 1025 bytes", "payload"},
	{"channel", `{"text":"a","channel":"Web Chat"}`, "", 422, "bad_value", "channel is", "channel"},
	{"language", `{"text":"a","language":"fr"}`, "", 422, "bad_language", "zh, en", "language"},
	{"time", `{"text":"a","time":"now"}`, "", 422, "bad_value", "RFC 3339", "time"},
	{"confidence", `{"text":"a","confidence":2}`, "", 422, "bad_confidence", "from 0 to 1", "confidence"},
	{"alternatives without text", `{"alternatives":[{"text":"a"}],"payload":"/affirm"}`, "", 422, "empty_text", "although there are alternatives", "text"},
	{"empty alternative", `{"text":"a","alternatives":[{"text":""}]}`, "", 422, "empty_text", "alternatives[0].text", "alternatives[0].text"},
	{"many alternatives", `{"text":"a","alternatives":[{"text":"a"}` + strings.Repeat(`,{"text":"a"}`, 10) + `]}`, "", 422, "too_many_alternatives", "more than 10", "alternatives"},
	{"kind of attachment", `{"attachments":[{"type":"hologram","url":"http://a.b/c"}]}`, "", 422, "bad_value", "send one of image link", "attachments[0].type"},
	{"attachment without address", `{"attachments":[{"type":"image"}]}`, "", 422, "bad_value", "where the channel keeps it", "attachments[0].url"},
	{"data inside", `{"attachments":[{"type":"image","url":"data:image/png;base64,AAAA"}]}`, "", 422, "bad_value", "http or https", "attachments[0].url"},
	{"script address", `{"attachments":[{"type":"link","url":"javascript:alert(1)"}]}`, "", 422, "bad_value", "http or https", "attachments[0].url"},
	{"oversized media", `{"attachments":[{"type":"video","url":"http://a.b/c","size":20971521}]}`, "", 413, "media_too_large", "20971521 bytes, at most 20971520", "attachments[0].size"},
	{"many attachments", `{"attachments":[{"type":"sticker","caption":"a"}` + strings.Repeat(`,{"type":"sticker","caption":"a"}`, 10) + `]}`, "", 422, "bad_value", "11 attachments, at most 10", "attachments"},
	{"no place", `{"attachments":[{"type":"location"}]}`, "", 422, "bad_value", "has no place", "attachments[0]"},
	{"off the earth", `{"attachments":[{"type":"location","lat":91,"lon":1}]}`, "", 422, "bad_value", "lat from -90", "attachments[0]"},
	{"span unit", `{"text":"a","span_unit":"rune"}`, "", 422, "bad_span_unit", "codepoint, byte, utf16", "span_unit"},
	{"timeout", `{"text":"a"}`, "X-Timeout-Ms: 0", 400, "bad_timeout", "whole milliseconds", ""},
	{"a robot's own webhook", `{"text":"a"}`, "Webhook-Id: msg_1", 508, "loop_detected", "sent to a robot", ""},
	{"another site's page", `{"text":"a"}`, "Origin: https://evil.example", 403, "cross_origin", "https://evil.example", ""},
	{"an opaque origin", `{"text":"a"}`, "Origin: null", 403, "cross_origin", "null", ""},
	{"another name of this machine", `{"text":"a"}`, "Host: evil.example:8080", 421, "wrong_host", "evil.example", ""},
}

func TestBadMessage(t *testing.T) {
	talk := newTalk()
	h := withTalk(t, talk, server.Options{}).Handler()
	const path = "/v1/conversations/web-1/messages"
	for _, tc := range badMessages {
		t.Run(tc.name, func(t *testing.T) {
			var header []string
			if tc.header != "" {
				header = []string{tc.header}
			}
			w := say(h, "web-1", tc.body, header...)
			checkProblem(t, w, tc.status, tc.code, tc.says, path)
			var p problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatal(err)
			}
			if len(p.Errors) > 0 && p.Errors[0].Field != tc.field || len(p.Errors) == 0 && tc.field != "" {
				t.Errorf("errors %v, want field %q", p.Errors, tc.field)
			}
		})
	}
	if len(talk.handed) > 0 {
		t.Errorf("the robot got %+v", talk.handed)
	}
	w := say(h, "web-1", `{"channel":"X","language":"fr","confidence":7}`)
	checkProblem(t, w, 422, "bad_language", "3 more values are wrong", path)
	long := strings.Repeat("x", 129)
	checkProblem(t, say(h, long, `{"text":"a"}`), 422, "bad_value", "want 1 to 128", "/v1/conversations/"+long+"/messages")
	checkProblem(t, say(h, "a%20b", `{"text":"a"}`), 422, "bad_value", "without spaces", "/v1/conversations/a b/messages")
}

// TestRobotErrors: each way in which a turn can fail has a problem of its own, and an unknown error tells nothing.
func TestRobotErrors(t *testing.T) {
	for _, tc := range []struct {
		err    error
		status int
		code   string
		says   string
	}{
		{fmt.Errorf("append: %w", dialogue.ErrLogFull), 503, "log_full", "nothing was written"},
		{fmt.Errorf("append: %w", dialogue.ErrUnavailable), 503, "log_unavailable", "same message id"},
		{fmt.Errorf("x: %w", dialogue.ErrConflict), 409, "conflict", "Someone else wrote first"},
		{dialogue.ErrErased, 410, "erased", "at the customer's wish"},
		{&dialogue.InputError{Field: "attachments[0].url", Reason: "cannot be reached: send another one"}, 422, "bad_value", "attachments[0].url cannot be reached"},
		{&nlu.TooLongError{Tokens: 600, Limit: 512}, 422, "too_many_tokens", "text has 600 tokens"},
		{errors.New("secret"), 500, "internal_error", "request id"},
	} {
		talk := newTalk()
		talk.fail = tc.err
		h := withTalk(t, talk, server.Options{}).Handler()
		w := say(h, "web-1", `{"text":"a"}`)
		checkProblem(t, w, tc.status, tc.code, tc.says, "/v1/conversations/web-1/messages")
		if retry := w.Header().Get("Retry-After"); (retry != "") != (tc.status == 503) {
			t.Errorf("%s: Retry-After %q", tc.code, retry)
		}
	}
}

func TestUnknownConversation(t *testing.T) {
	h := withTalk(t, newTalk(), server.Options{}).Handler()
	for _, r := range []struct{ method, path, body string }{
		{"GET", "", ""}, {"GET", "/messages", ""}, {"POST", "/rating", `{"score":5}`}, {"POST", "/close", ""},
	} {
		w := call(h, r.method, "/v1/conversations/nobody"+r.path, strings.NewReader(r.body))
		checkProblem(t, w, 404, "unknown_conversation", `"nobody"`, "/v1/conversations/nobody"+r.path)
	}
	say(h, "web-1", `{"text":"a"}`)
	for _, query := range []string{"after=x", "after=-1", "limit=9999", "limit=a"} {
		checkProblem(t, call(h, "GET", "/v1/conversations/web-1/messages?"+query, nil), 400, "bad_query", "whole number", "/v1/conversations/web-1/messages")
	}
}

// TestNotConfigured: a server without a robot says so, everywhere.
func TestNotConfigured(t *testing.T) {
	s, err := server.New(server.Options{Parser: &fake{}, Bundles: loaded()})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range s.Routes() {
		if !strings.Contains(r[1], "{") {
			continue
		}
		path := regexp.MustCompile(`{[a-z_]+}`).ReplaceAllString(r[1], "x-1")
		w := call(s.Handler(), r[0], path, strings.NewReader(`{}`), "Connection: Upgrade", "Upgrade: websocket")
		if w.Code != 404 && w.Code != 422 || w.Code == 404 && !strings.Contains(w.Body.String(), `"not_configured"`) {
			t.Errorf("%s %s: %d %s", r[0], path, w.Code, w.Body)
		}
	}
}

func TestRating(t *testing.T) {
	talk := newTalk()
	h := withTalk(t, talk, server.Options{}).Handler()
	say(h, "web-1", `{"id":"m-1","text":"a"}`)
	for body, says := range map[string]string{`{}`: "send a score from 1 to 5", `{"score":6}`: "score is 6", `{"thumb":2}`: "thumb is 2", `{"score":1,"about":"` + strings.Repeat("x", 129) + `"}`: "about has"} {
		checkProblem(t, call(h, "POST", "/v1/conversations/web-1/rating", strings.NewReader(body)), 422, "bad_value", says, "/v1/conversations/web-1/rating")
	}
	type changed struct {
		Seq       uint64
		Duplicate bool
	}
	first := mustRead[changed](t, call(h, "POST", "/v1/conversations/web-1/rating", strings.NewReader(`{"id":"r","thumb":-1,"about":"m-1"}`)), 200)
	again := mustRead[changed](t, call(h, "POST", "/v1/conversations/web-1/rating", strings.NewReader(`{"id":"r","thumb":-1,"about":"m-1"}`)), 200)
	if first.Duplicate || !again.Duplicate || first.Seq != again.Seq {
		t.Errorf("%+v %+v", first, again)
	}
	mustRead[changed](t, call(h, "POST", "/v1/conversations/web-1/close", nil), 200)
	if again := mustRead[changed](t, call(h, "POST", "/v1/conversations/web-1/close", nil), 200); !again.Duplicate {
		t.Error("closed twice")
	}
}

// TestPace: a conversation in which two robots answer each other is stopped; others are not.
func TestPace(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	h := withTalk(t, newTalk(), server.Options{Limits: server.Limits{Pace: 1}, Now: func() time.Time { return now }}).Handler()
	for range 10 {
		mustRead[messageAnswer](t, say(h, "web-1", `{"text":"a"}`), 200)
	}
	w := say(h, "web-1", `{"text":"a"}`)
	checkProblem(t, w, 429, "conversation_too_fast", "two robots", "/v1/conversations/web-1/messages")
	if w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	mustRead[messageAnswer](t, say(h, "web-2", `{"text":"a"}`), 200)
	now = now.Add(2 * time.Second)
	mustRead[messageAnswer](t, say(h, "web-1", `{"text":"a"}`), 200)
}
