package server_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"yingda/dialogue"
	"yingda/models"
	"yingda/server"
)

const webhook = "/webhooks/rest/webhook"

func TestRasaWebhook(t *testing.T) {
	talk := newTalk()
	h := withTalk(t, talk, server.Options{}).Handler()
	w := call(h, "POST", webhook, strings.NewReader(`{"sender":"u-1","message":"我要退款","metadata":{"a":[1]},"input_channel":"app","x":1}`), "Content-Type: text/plain")
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	var replies []struct {
		Recipient string `json:"recipient_id"`
		Text      string
		Buttons   []dialogue.Button
		Custom    struct{ Cards []dialogue.Card }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &replies); err != nil {
		t.Fatal(err)
	}
	if len(replies) != 1 || replies[0].Recipient != "u-1" || !strings.Contains(replies[0].Text, "哪一笔") || len(replies[0].Buttons) != 2 || len(replies[0].Custom.Cards) != 1 {
		t.Errorf("%s", w.Body)
	}
	if m := talk.handed[0]; m.Conversation != "u-1" || m.Customer != "u-1" || m.Channel != "app" || m.Text != "我要退款" {
		t.Errorf("the robot got %+v", m)
	}
	call(h, "POST", webhook, strings.NewReader(`{"sender":"u-1","message":"/slot order_id=8832"}`))
	if m := talk.handed[1]; m.Payload != "/slot order_id=8832" || m.Text != "" {
		t.Errorf("a button's payload became %+v", m)
	}
	call(h, "POST", webhook, strings.NewReader(`{"sender":"u-1","message":"/help me"}`))
	if m := talk.handed[2]; m.Text != "/help me" {
		t.Errorf("a text became %+v", m)
	}
	w = call(h, "POST", webhook+"?stream=true", strings.NewReader(`{"sender":"u-2","message":"我要退款"}`))
	if lines := strings.Split(strings.TrimSpace(w.Body.String()), "\n"); w.Code != 200 || len(lines) != 1 || !json.Valid([]byte(lines[0])) {
		t.Errorf("stream: %d %s", w.Code, w.Body)
	}
	if w := call(h, "GET", "/webhooks/rest/", nil); w.Code != 200 || !strings.Contains(w.Body.String(), `"ok"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestRasaWebhookIsHonest: a failure never looks like a robot with nothing to say.
func TestRasaWebhookIsHonest(t *testing.T) {
	for _, tc := range []struct {
		body   string
		err    error
		status int
		says   string
	}{
		{``, nil, 400, "empty_body"},
		{`{"sender":"u"}`, nil, 400, "missing_text"},
		{`{"sender":"u","message":" "}`, nil, 400, "empty_text"},
		{`{"sender":"a b","message":"a"}`, nil, 400, "sender is not usable"},
		{`{"sender":"u","message":1}`, nil, 400, "message must be a string"},
		{`{"sender":"u","message":"a"}`, dialogue.ErrLogFull, 503, "log_full"},
		{`{"sender":"u","message":"a"}`, models.ErrOverloaded, 503, "overloaded"},
		{`{"sender":"u","message":"a"}`, fmt.Errorf("boom"), 500, "internal_error"},
	} {
		talk := newTalk()
		talk.fail = tc.err
		w := call(withTalk(t, talk, server.Options{}).Handler(), "POST", webhook, strings.NewReader(tc.body))
		if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.says) || !strings.Contains(w.Body.String(), `"status":"failure"`) {
			t.Errorf("%s: %d %s", tc.body, w.Code, w.Body)
		}
	}
	if w := call(withTalk(t, newTalk(), server.Options{}).Handler(), "POST", webhook+"?stream=maybe", strings.NewReader(`{"message":"a"}`)); w.Code != 400 {
		t.Errorf("stream=maybe: %d %s", w.Code, w.Body)
	}
}
