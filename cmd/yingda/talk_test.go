package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"yingda/internal/testenv"
)

// binary builds the program once for all tests that need it as a process of its own: those that kill it.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "yingda-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "yingda")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

// robot is "yingda serve" as a process of its own.
type robot struct {
	client
	tb   testing.TB
	args []string
	cmd  *exec.Cmd
	log  *lockedBuffer
	dir  string // of the event log
	key  string // file of its master key
	n    int    // messages sent

	paper *transcript // takes what is said; nil = nothing does
}

// mustRobot starts a robot with the demo shop, an empty log and the built-in bundle.
func mustRobot(tb testing.TB, args ...string) *robot {
	tb.Helper()
	return mustPlainRobot(tb, append([]string{"--demo"}, args...)...)
}

// mustPlainRobot starts a robot without the demo shop: no system answers its calls. A --log or --master-key of args comes before its own.
func mustPlainRobot(tb testing.TB, args ...string) *robot {
	tb.Helper()
	lib := testenv.ForTest(tb)
	dir := tb.TempDir()
	r := &robot{tb: tb, log: &lockedBuffer{}, dir: filepath.Join(dir, "log"), key: mustKeyFile(tb, dir)}
	addr := mustAddr(tb)
	r.base = "http://" + addr
	r.args = append([]string{"serve", "--addr", addr, "--ort-lib", lib, "--bundles", filepath.Join(dir, "bundles"), "--log", r.dir, "--master-key", r.key}, args...)
	r.start()
	tb.Cleanup(r.kill)
	return r
}

func mustKeyFile(tb testing.TB, dir string) string {
	tb.Helper()
	path := filepath.Join(dir, "keys", "master.key")
	if err := newKeyFile(path); err != nil {
		tb.Fatal(err)
	}
	return path
}

// start starts the process and waits until it takes messages.
func (r *robot) start() time.Duration {
	r.tb.Helper()
	path, err := binary()
	if err != nil {
		r.tb.Fatal(err)
	}
	began := time.Now()
	r.cmd = exec.Command(path, r.args...)
	r.cmd.Stderr = r.log
	if err := r.cmd.Start(); err != nil {
		r.tb.Fatal(err)
	}
	for time.Since(began) < 30*time.Second {
		if status, _, err := r.send("GET", "/readyz", ""); err == nil && status == 200 {
			return time.Since(began)
		}
		time.Sleep(20 * time.Millisecond)
	}
	r.tb.Fatalf("the robot is not ready after 30 s; its log: %s", r.log)
	return 0
}

// kill ends the process as a power cut would, as far as a process can tell.
func (r *robot) kill() {
	if r.cmd != nil && r.cmd.Process != nil {
		r.cmd.Process.Signal(syscall.SIGKILL)
		r.cmd.Wait()
		r.cmd = nil
	}
}

// bubble is one reply.
type bubble struct {
	Text    string
	Buttons []struct{ Title string }
}

// said is what a message came to.
type said struct {
	Replies []bubble
	Action  string
	Reason  string
	Slots   map[string]struct{ Value string }
	Owner   struct {
		Kind, Queue, Agent string
		Token              uint64
	}
	Duplicate bool
	Seq       uint64
	Code      string // of a problem
	Detail    string
}

// say sends a message of a customer.
func (r *robot) say(conversation, customer, text string) said {
	r.tb.Helper()
	r.n++
	return r.message(conversation, map[string]any{"id": fmt.Sprint("m", r.n), "customer": customer, "text": text})
}

func (r *robot) message(conversation string, m map[string]any) said {
	r.tb.Helper()
	var a said
	status := r.call("POST", "/v1/conversations/"+conversation+"/messages", m, &a)
	if status != 200 {
		r.tb.Fatalf("%v: status %d, %s: %s", m, status, a.Code, a.Detail)
	}
	r.tb.Logf("%s\n  customer: %v\n  robot (%s, %s): %s", conversation, m["text"], a.Action, a.Reason, strings.ReplaceAll(a.words(), "\n", "\n         "))
	r.paper.turn(m["text"], a)
	return a
}

// call sends JSON and reads JSON; it returns the status.
func (r *robot) call(method, path string, body, into any) int {
	r.tb.Helper()
	text := ""
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			r.tb.Fatal(err)
		}
		text = string(data)
	}
	status, got, err := r.send(method, path, text)
	if err != nil {
		r.tb.Fatalf("%s %s: %v; the robot's log: %s", method, path, err, r.log)
	}
	if into != nil {
		data, _ := json.Marshal(got)
		if err := json.Unmarshal(data, into); err != nil {
			r.tb.Fatalf("%s %s: %v in %s", method, path, err, data)
		}
	}
	return status
}

// must checks an answer.
func (a said) must(tb testing.TB, action string, words ...string) said {
	tb.Helper()
	all := a.words()
	if action != "" && a.Action != action {
		tb.Errorf("action %s (%s), want %s: %s", a.Action, a.Reason, action, all)
	}
	if !slices.ContainsFunc(words, func(w string) bool { return strings.Contains(all, w) }) && len(words) > 0 {
		tb.Errorf("none of %q in: %s", words, all)
	}
	return a
}

// hear follows a conversation as a connected customer does; the channel gets the text of every event.
func (r *robot) hear(ctx context.Context, conversation string) <-chan string {
	r.tb.Helper()
	req, err := http.NewRequestWithContext(ctx, "GET", r.base+"/v1/conversations/"+conversation+"/events", nil)
	if err != nil {
		r.tb.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.tb.Fatal(err)
	}
	if resp.StatusCode != 200 {
		r.tb.Fatalf("events: status %d", resp.StatusCode)
	}
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		defer resp.Body.Close()
		for sc := bufio.NewScanner(resp.Body); sc.Scan(); {
			if data, ok := strings.CutPrefix(sc.Text(), "data:"); ok {
				lines <- data
			}
		}
	}()
	return lines
}

func mustHear(tb testing.TB, lines <-chan string, words string) {
	tb.Helper()
	for timeout := time.After(10 * time.Second); ; {
		select {
		case line := <-lines:
			if strings.Contains(line, words) {
				return
			}
		case <-timeout:
			tb.Fatalf("the customer never heard %q", words)
		}
	}
}

// TestWalk goes through the product as its users do: over HTTP, with the demo shop as the operator's systems. With YINGDA_TRANSCRIPT set to
// a file it writes down there what was said ('make transcript').
func TestWalk(t *testing.T) {
	r := mustRobot(t)
	if os.Getenv(transcriptFile) != "" {
		r.paper = &transcript{}
	}
	scene := func(name, title string, walk func(*testing.T)) {
		r.paper.scene(title)
		t.Run(name, walk)
	}
	mustKnow(t, r)
	scene("order question", "订单到哪了", func(t *testing.T) {
		r.say("w1", "demo-zh", "我的快递到哪了").must(t, "answer", "顺丰", "运输中")
	})
	scene("refund with interruption and correction", "退款：缺什么问什么，打断后接着办，说错了可以改", func(t *testing.T) {
		r.say("w3", "demo-zh", "我要退款").must(t, "ask")
		r.say("w3", "demo-zh", "运费多少钱").must(t, "answer", "10元", "包邮")
		r.say("w3", "demo-zh", "好的接着办").must(t, "ask")
		r.say("w3", "demo-zh", "尾号8832那单").must(t, "confirm", "耳机", "8832")
		r.say("w3", "demo-zh", "不对，是保温杯那单").must(t, "confirm", "保温杯", "9917")
		r.say("w3", "demo-zh", "对").must(t, "answer", "退款")
	})
	scene("anger, agent, back to the robot", "生气的会员：安抚、转专属队列、人工接待、交还机器人", func(t *testing.T) { walkToAgent(t, r) })
	scene("a follow-up survives kill -9", "提醒：机器人被强行终止（kill -9）后重启，照样送达", func(t *testing.T) { walkFollowUp(t, r) })
	scene("order question in English", "Where is my order?", func(t *testing.T) {
		r.say("w2", "demo-en", "where is my order?").must(t, "answer", "speaker", "earbuds", "chair")
	})
	scene("refund in English", "A refund: asked for what is missing, interrupted, corrected", func(t *testing.T) { walkRefundInEnglish(t, r) })
	scene("anger in English", "A member grows angry: soothed, passed on, served by a person, and back", func(t *testing.T) { walkToAgentInEnglish(t, r) })
	r.paper.write(t)
	r.paper = nil
	t.Run("the same message twice", func(t *testing.T) {
		m := map[string]any{"id": "once", "customer": "demo-zh", "text": "你们几点上班"}
		first, second := r.message("w5", m), r.message("w5", m)
		if !second.Duplicate || second.Seq != first.Seq || second.words() != first.words() {
			t.Errorf("first %+v, second %+v", first, second)
		}
	})
	t.Run("bad input", func(t *testing.T) { walkBadInput(t, r) })
	t.Run("a shop that lies, loops and hangs", func(t *testing.T) { walkFaults(t, r) })
}

func walkToAgent(t *testing.T, r *robot) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r.say("w4", "vip-zh", "你好").must(t, "answer")
	lines := r.hear(ctx, "w4")
	a := r.say("w4", "vip-zh", "你们这什么破服务，等了三天没人管，气死我了！")
	if a.Action != "handoff" || a.Owner.Queue != "vip" && a.Owner.Queue != "complaint" {
		t.Fatalf("a very important customer's anger: %+v", a)
	}
	token := mustClaim(t, r, "w4", "li", "zh", a.Owner.Queue)
	mustAgentSay(t, r, "w4", "li", token, "您好，我是小李，马上为您处理。")
	mustHear(t, lines, "我是小李")
	if a := r.say("w4", "vip-zh", "那就快点"); a.Action != "silent" || len(a.Replies) != 0 {
		t.Errorf("the robot speaks beside the agent: %+v", a)
	}
	stale := map[string]any{"text": "…", "token": token - 1}
	var refused said
	if status := r.call("POST", "/v1/agents/li/conversations/w4/say", stale, &refused); status != 409 || refused.Code != "stale_owner" {
		t.Errorf("a stale token: status %d, %s; want 409", status, refused.Code)
	}
	mustReturn(t, r, "w4", "li", token)
	r.say("w4", "vip-zh", "你们支持哪些支付方式").must(t, "answer", "支付")
}

func walkFollowUp(t *testing.T, r *robot) {
	r.say("w6", "demo-zh", "你好")
	due := time.Now().Add(3 * time.Second).Format(time.RFC3339)
	var made struct{ ID, Code, Detail string }
	if status := r.call("POST", "/v1/follow-ups", map[string]any{"kind": "reminder", "customer": "demo-zh", "conversation": "w6", "at": due, "vars": map[string]string{"text": "交水费"}}, &made); status >= 300 {
		t.Fatalf("follow-up: status %d %+v", status, made)
	}
	r.paper.note("三秒后有一条提醒；现在 kill -9，再重启", "a reminder is due in three seconds; now kill -9, and a restart")
	r.kill()
	t.Logf("ready again after %s", r.start().Round(time.Millisecond))
	mustKnow(t, r)
	mustEventually(t, "the reminder", func() bool {
		var history map[string]any
		r.call("GET", "/v1/conversations/w6/messages", nil, &history)
		data, _ := json.Marshal(history)
		return strings.Contains(string(data), "交水费")
	})
	var history struct{ Events []said }
	r.call("GET", "/v1/conversations/w6/messages", nil, &history)
	r.paper.turn(nil, history.Events[len(history.Events)-1])
}
