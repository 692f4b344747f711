package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestWhole walks through a conversation with everything real but the model: a task, a person, and back.
func TestWhole(t *testing.T) {
	w := mustWhole(t)
	h := mustServer(t, w.options()).Handler()
	first := mustRead[messageAnswer](t, say(h, "web-1", `{"id":"m-1","text":"收到的杯子碎了，我要退款","profile":{"tier":"vip"}}`), 200)
	if len(first.Replies) == 0 || first.Action != "ask" {
		t.Errorf("first %+v", first)
	}
	handed := mustRead[messageAnswer](t, say(h, "web-1", `{"id":"m-2","text":"转人工"}`), 200)
	if handed.HandOff == nil || handed.Owner.Kind != "queue" {
		t.Fatalf("handed over %+v", handed)
	}
	do := func(method, path, body string) *httptest.ResponseRecorder {
		return call(h, method, path, strings.NewReader(body))
	}
	if r := do("PUT", "/v1/agents/a1", `{"name":"小李","capacity":3}`); r.Code != 200 {
		t.Fatalf("agent: %d %s", r.Code, r.Body)
	}
	checkProblem(t, do("POST", "/v1/agents/a1/heartbeat", `{}`), 409, "agent_not_there", "presence", "/v1/agents/a1/heartbeat")
	if r := do("PUT", "/v1/agents/a1/presence", `{"status":"available"}`); r.Code != 200 {
		t.Fatalf("presence: %d %s", r.Code, r.Body)
	}
	const at = "/v1/agents/a1/conversations/web-1/"
	held := claim(t, h, "a1", "web-1")
	checkProblem(t, do("POST", at+"say", `{"token":1,"text":"您好"}`), 409, "stale_owner", `agent "a1" speaks`, at+"say")
	mustRead[heldAnswer](t, do("POST", at+"say", `{"token":`+mustJSON(t, held.Owner.Token)+`,"text":"您好，我来帮您"}`), 200)
	if silent := mustRead[messageAnswer](t, say(h, "web-1", `{"id":"m-3","text":"谢谢"}`), 200); len(silent.Replies) > 0 || silent.Action != "silent" {
		t.Errorf("the robot speaks too: %+v", silent)
	}
	pack := do("GET", "/v1/conversations/web-1/package?language=zh", "")
	if pack.Code != 200 || !strings.Contains(pack.Body.String(), "收到的杯子碎了") {
		t.Errorf("package: %d %s", pack.Code, pack.Body)
	}
	back := mustRead[heldAnswer](t, do("POST", at+"return", `{"token":`+mustJSON(t, held.Owner.Token)+`}`), 200)
	if back.Owner.Kind != "robot" {
		t.Errorf("returned %+v", back)
	}
	if again := mustRead[messageAnswer](t, say(h, "web-1", `{"id":"m-4","text":"你好"}`), 200); len(again.Replies) == 0 {
		t.Errorf("the robot stays silent: %+v", again)
	}
}

type heldAnswer struct {
	Conversation string
	Owner        struct {
		Kind, Agent string
		Token       uint64
	}
}

// claim waits until the conversation is with the agent: routing may have given it to them already.
func claim(t *testing.T, h http.Handler, agent, conversation string) (held heldAnswer) {
	t.Helper()
	within(t, "the claim", func() bool {
		w := call(h, "POST", "/v1/agents/"+agent+"/conversations/"+conversation+"/claim", strings.NewReader(`{}`))
		if w.Code == 200 {
			held = mustRead[heldAnswer](t, w, 200)
		}
		return w.Code == 200
	})
	return held
}
