package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// mustKnow waits until the robot has heard from the shop who the customers are: a turn waits a tenth of a second for that, which a busy
// machine may miss, and then goes on without.
func mustKnow(tb testing.TB, r *robot) {
	tb.Helper()
	for customer, name := range map[string]string{"demo-zh": "林晓", "demo-en": "Emma", "vip-zh": "周启明", "vip-en": "James"} {
		mustEventually(tb, "the profile of "+customer, func() bool {
			var profile any
			r.call("GET", "/v1/profiles/"+customer, nil, &profile)
			data, _ := json.Marshal(profile)
			return strings.Contains(string(data), name)
		})
	}
}

// mustClaim makes an agent, has them take a conversation from a queue and read its package, and returns their token.
func mustClaim(tb testing.TB, r *robot, conversation, agent, lang, queue string) (token uint64) {
	tb.Helper()
	var a said
	must := func(method, path string, body, into any) {
		tb.Helper()
		if status := r.call(method, path, body, into); status >= 300 {
			tb.Fatalf("%s %s: status %d %+v", method, path, status, into)
		}
	}
	must("PUT", "/v1/agents/"+agent, map[string]any{"name": agent, "queues": []string{queue}, "capacity": 3, "languages": []string{lang}}, &a)
	must("PUT", "/v1/agents/"+agent+"/presence", map[string]any{"status": "available"}, &a)
	must("POST", "/v1/agents/"+agent+"/conversations/"+conversation+"/claim", map[string]any{}, &a)
	if a.Owner.Kind != "agent" || a.Owner.Agent != agent {
		tb.Fatalf("claimed, and the owner is %+v", a.Owner)
	}
	var pkg struct{ Summary struct{ Text string } }
	must("GET", "/v1/conversations/"+conversation+"/package?lang="+lang, nil, &pkg)
	if pkg.Summary.Text == "" {
		tb.Error("the package for the agent has no summary")
	}
	r.paper.note("人工认领，先读到："+pkg.Summary.Text, "an agent claims the conversation and reads: "+pkg.Summary.Text)
	return a.Owner.Token
}

func mustAgentSay(tb testing.TB, r *robot, conversation, agent string, token uint64, text string) {
	tb.Helper()
	if status := r.call("POST", "/v1/agents/"+agent+"/conversations/"+conversation+"/say", map[string]any{"text": text, "token": token}, nil); status != 200 {
		tb.Fatalf("say: status %d", status)
	}
	r.paper.agent(text)
}

func mustReturn(tb testing.TB, r *robot, conversation, agent string, token uint64) {
	tb.Helper()
	if status := r.call("POST", "/v1/agents/"+agent+"/conversations/"+conversation+"/return", map[string]any{"token": token}, nil); status != 200 {
		tb.Fatalf("return: status %d", status)
	}
	r.paper.note("人工交还给机器人", "the agent gives the conversation back to the robot")
}

func walkRefundInEnglish(t *testing.T, r *robot) {
	r.say("w7", "demo-en", "I want a refund").must(t, "ask")
	r.say("w7", "demo-en", "how much is shipping?").must(t, "answer", "¥10")
	r.say("w7", "demo-en", "ok go on").must(t, "ask")
	r.say("w7", "demo-en", "the one ending in 2345").must(t, "confirm", "earbuds", "2345")
	r.say("w7", "demo-en", "no, I mean the camping chair order").must(t, "confirm", "chair", "2398")
	r.say("w7", "demo-en", "yes").must(t, "answer", "318")
}

func walkToAgentInEnglish(t *testing.T, r *robot) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r.say("w8", "vip-en", "hello").must(t, "answer")
	lines := r.hear(ctx, "w8")
	a := r.say("w8", "vip-en", "this is ridiculous, I have been waiting for days and nobody cares! I am furious!!").must(t, "handoff", "sorry", "anger", "understand", "apolog")
	token := mustClaim(t, r, "w8", "ann", "en", a.Owner.Queue)
	mustAgentSay(t, r, "w8", "ann", token, "Hello, this is Ann. I am looking into it right now.")
	mustHear(t, lines, "this is Ann")
	r.say("w8", "vip-en", "please hurry").must(t, "silent")
	mustReturn(t, r, "w8", "ann", token)
	r.say("w8", "vip-en", "how can I pay?").must(t, "answer", "pay", "Pay")
}

// walkBadInput: each mistake gets an error that says what is wrong, and changes nothing.
func walkBadInput(t *testing.T, r *robot) {
	before := r.say("w9", "demo-zh", "我要退款").must(t, "ask")
	const messages = "/v1/conversations/w9/messages"
	image := func(size int, url string) map[string]any {
		return map[string]any{"customer": "demo-zh", "attachments": []map[string]any{{"type": "image", "url": url, "size": size}}}
	}
	for _, tt := range []struct {
		method, path string
		body         any
		status       int
		code         string
	}{
		{"GET", "/v1/conversations/nobody", nil, 404, "unknown_conversation"},
		{"GET", "/v1/conversations/nobody/messages", nil, 404, "unknown_conversation"},
		{"GET", "/v1/conversations/nobody/package", nil, 404, "unknown_conversation"},
		{"POST", "/v1/conversations/nobody/close", map[string]any{}, 404, "unknown_conversation"},
		{"POST", "/v1/conversations/nobody/rating", map[string]any{"score": 5}, 404, "unknown_conversation"},
		{"POST", "/v1/agents/nobody/conversations/w9/claim", map[string]any{}, 404, "unknown_item"},
		{"POST", "/v1/agents/li/conversations/w9/say", map[string]any{"text": "x", "token": 1}, 409, "stale_owner"},
		{"POST", messages, image(50<<20, "https://shop.example/a.jpg"), 413, "media_too_large"},
		{"POST", messages, image(1000, "data:image/png;base64,AAAA"), 422, "bad_value"},
		{"POST", messages, map[string]any{"customer": "demo-zh", "text": strings.Repeat("退", 2001)}, 422, "text_too_long"},
		{"POST", messages, map[string]any{"customer": "demo-zh", "text": " \n"}, 422, "empty_text"},
		{"POST", messages, map[string]any{"customer": "demo-zh", "txt": "退款"}, 400, "unknown_field"},
		{"POST", messages, map[string]any{"customer": "demo-zh", "text": strings.Repeat("x", 2<<20)}, 413, "body_too_large"},
		{"POST", "/v1/conversations/a%20b/messages", map[string]any{"text": "退款"}, 422, ""},
		{"POST", "/v1/tasks/validate", map[string]any{"source": "tasks: {x: [}"}, 422, ""},
	} {
		var a said
		if status := r.call(tt.method, tt.path, tt.body, &a); status != tt.status || tt.code != "" && a.Code != tt.code || a.Detail == "" {
			t.Errorf("%s %s: status %d, %s: %q; want %d, %s", tt.method, tt.path, status, a.Code, a.Detail, tt.status, tt.code)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", r.base+messages, strings.NewReader(`{"text": "退款"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Webhook-Id", "call_1") // a robot's own call, sent to a robot
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var refused said
	if err := json.NewDecoder(resp.Body).Decode(&refused); err != nil || refused.Code != "loop_detected" {
		t.Errorf("a loop: %s, %s, %v", resp.Status, refused.Code, err)
	}
	var now struct {
		Seq   uint64
		Turns int
		Asked struct{ Slot string }
	}
	if r.call("GET", "/v1/conversations/w9", nil, &now); now.Seq != before.Seq || now.Turns != 1 || now.Asked.Slot != "order_id" {
		t.Errorf("the conversation has changed: %+v, was at %d", now, before.Seq)
	}
	r.say("w9", "demo-zh", "尾号8832那单").must(t, "", "8832", "耳机")
}

var shopAddress = regexp.MustCompile(`the demo shop runs" address=(http://\S+)`)

// walkFaults spoils the shop's answers: the robot says so in time, believes nothing that is false, and goes on when the shop is well again.
func walkFaults(t *testing.T, r *robot) {
	found := shopAddress.FindAllStringSubmatch(r.log.String(), -1)
	if len(found) == 0 {
		t.Fatalf("where is the shop? %s", r.log)
	}
	shop := client{found[len(found)-1][1]}
	fault := func(kind string) {
		t.Helper()
		if status, _, err := shop.send("POST", "/admin/fault?kind="+kind, ""); status != 200 || err != nil {
			t.Fatalf("fault %s: %d, %v", kind, status, err)
		}
	}
	for _, kind := range []string{"lie", "unsigned", "endless", "redirect", "hang"} {
		fault(kind)
		begun := time.Now()
		a := r.say("x-"+kind, "demo-zh", "我的快递到哪了")
		if took := time.Since(begun); a.Reason != "failure" || took > 12*time.Second {
			t.Errorf("%s: %s, %s after %v: %s", kind, a.Action, a.Reason, took, a.words())
		}
		a.must(t, "", "系统", "人工")
		if strings.Contains(a.words(), "顺丰") {
			t.Errorf("%s: the robot tells what nobody said: %s", kind, a.words())
		}
		fault("none")
		tries := 0
		mustEventually(t, "the robot to call the shop again", func() bool {
			tries++
			return strings.Contains(r.say(fmt.Sprint("y-", kind, tries), "demo-zh", "我的快递到哪了").words(), "顺丰")
		})
		r.say("x-"+kind, "demo-zh", "我的快递到哪了").must(t, "answer", "顺丰")
	}
}

// TestBrokenService: a service pack with mistakes is refused at start with all of them, and while the robot runs changes nothing.
func TestBrokenService(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "service")
	mustCall(t, "", "service", "export", dir)
	r := mustPlainRobot(t, "--service", dir)
	var sound struct{ Tasks []any }
	r.call("GET", "/v1/tasks", nil, &sound)
	path := filepath.Join(dir, "tasks", "orders.yaml")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := strings.Replace(string(good), "intents:", "intends:", 1) + "\n  extra: [}\n"
	if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
		t.Fatal(err)
	}
	var refused said
	if status := r.call("POST", "/v1/tasks/reload", map[string]any{}, &refused); status/100 != 4 || !strings.Contains(refused.Detail, "orders.yaml") {
		t.Errorf("reload: status %d, %s: %s", status, refused.Code, refused.Detail)
	}
	var still struct{ Tasks []any }
	if r.call("GET", "/v1/tasks", nil, &still); len(still.Tasks) == 0 || len(still.Tasks) != len(sound.Tasks) {
		t.Errorf("%d tasks, were %d", len(still.Tasks), len(sound.Tasks))
	}
	r.say("b1", "anyone", "我要退款").must(t, "ask")
	_, errOut, err := call(t, "", "serve", "--service", dir, "--addr", mustAddr(t), "--bundles", t.TempDir(), "--log", filepath.Join(t.TempDir(), "log"))
	if err == nil || !strings.Contains(err.Error(), "orders.yaml") {
		t.Errorf("a start with a broken pack: %v\n%s", err, errOut)
	}
}
