package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	neturl "net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"yingda/server"
)

// browser is a tab of headless Chromium, and what it complained about.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
}

// mustBrowser starts a tab. Without Chromium the test is skipped, and says so.
func mustBrowser(t *testing.T, width, height int) *browser {
	t.Helper()
	path := os.Getenv("CHROMIUM")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path == "" {
			path, _ = exec.LookPath(name)
		}
	}
	if path == "" {
		t.Skip("SKIPPED: there is no Chromium here (set CHROMIUM to its path); the chat page is not tested in a browser")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(width, height),
		chromedp.Flag("accept-lang", "zh-CN"), chromedp.Flag("disable-dev-shm-usage", true))
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx}
	if err := chromedp.Do(ctx); err != nil { // starts it; a time limit on this context would end it
		t.Fatal(err)
	}
	b.run(chromedp.EmulateViewport(int64(width), int64(height)))
	err := chromedp.Listen(ctx, func(ev any) {
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			b.complain("exception: " + ev.ExceptionDetails.Text)
		case *cdplog.EventEntryAdded: // violations of the content security policy among them
			if ev.Entry.Source != cdplog.EntrySourceNetwork && ev.Entry.Source != cdplog.EntrySourceRecommendation {
				b.complain(string(ev.Entry.Source) + ": " + ev.Entry.Text)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *browser) complain(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.complaints = append(b.complaints, text)
}

type action = chromedp.Action[chromedp.Void]

func (b *browser) run(actions ...action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

func click(selector string) action { return chromedp.Click(chromedp.CSS(selector)) }

func keys(selector, text string) action { return chromedp.SendKeys(chromedp.CSS(selector), text) }

// eval returns what a JavaScript expression gives.
func (b *browser) eval(expression string) (s string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[any](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	if text, ok := v.(string); ok {
		return text
	}
	return mustJSON(b.t, v)
}

// see waits until the expression is true.
func (b *browser) see(what, expression string) {
	b.t.Helper()
	for deadline := time.Now().Add(15 * time.Second); b.eval("Boolean("+expression+")") != "true"; time.Sleep(30 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.shot("failed.png")
			b.t.Fatalf("waited 15 s to see %s; the page says:\n%s\ncomplaints: %q", what, b.eval("document.body.innerText"), b.complaints)
		}
	}
}

// says waits until an element shows a text.
func (b *browser) says(selector, text string) {
	b.t.Helper()
	b.see(selector+" to say "+text, "[...document.querySelectorAll("+quoteJS(selector)+")].some((e) => e.innerText.includes("+quoteJS(text)+"))")
}

func quoteJS(s string) string {
	data, _ := json.Marshal(s)
	return string(data)
}

// say types a message and sends it with Enter.
func (b *browser) say(text string) {
	b.t.Helper()
	b.run(keys("#text", text+"\n"))
}

// shot keeps a picture of the page where YINGDA_SHOTS says.
func (b *browser) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("YINGDA_SHOTS")
	if dir == "" {
		return
	}
	b.run(chromedp.Sleep(250 * time.Millisecond))
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// content checks that nothing was complained about.
func (b *browser) content() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complaints {
		b.t.Errorf("the browser complains: %s", c)
	}
}

// TestChatPage: a customer's chat in a browser: text, buttons, cards, an attachment, the panel, thumbs, stars, a reload, the language.
func TestChatPage(t *testing.T) {
	b := mustBrowser(t, 1280, 860)
	url := startTalk(t, newTalk(), server.Options{})
	b.run(chromedp.Navigate(url + "/"))
	b.says("#empty", "您好")
	b.shot("chat_empty.png")
	b.say("收到的杯子碎了，我要退款")
	b.says(".line.customer .words", "收到的杯子碎了")
	b.says(".line.robot .words", "请问是哪一笔订单")
	b.says(".product", "蓝色水杯")
	b.says("#p-intents", "order.urge_shipment")
	b.says("#p-decision", "ask · slot")
	b.says("#p-decision", "refund.request")
	b.says("#p-slots", "质量问题")
	b.says("#p-emotion", "anxious")
	b.shot("chat.png")
	b.run(click(`.choices button`))
	b.says(".line.customer .words", "尾号 8832")
	b.run(click("#attach summary"), keys("#a-url", "https://cdn.example/1.jpg"),
		keys("#a-caption", "碎了的杯子"))
	b.shot("chat_attach.png")
	b.run(click("#send"))
	b.says(".line.customer .attached", "碎了的杯子")
	b.run(click(".thumbs button"))
	b.says(".event", "评价 👍")
	b.run(click("#end"))
	b.says("#stars", "怎么样")
	b.run(click("#stars button:nth-of-type(4)"))
	b.says(".event", "★★★★☆")
	if got := b.eval("document.querySelectorAll('.pending').length"); got != "0" {
		t.Errorf("%s messages are still being sent", got)
	}
	before := b.eval("document.querySelectorAll('.event').length")
	b.run(chromedp.Reload())
	b.see("the same conversation after a reload", "document.querySelectorAll('.event').length == "+before)
	b.run(click("#lang"))
	b.says("#new", "New chat")
	b.shot("chat_end.png")
	b.run(click("#new"))
	b.says("#empty", "What can we do")
	b.content()
}

// TestChatElsewhere: what is said on another replica or by a person appears by itself.
func TestChatElsewhere(t *testing.T) {
	b := mustBrowser(t, 390, 844)
	talk := newTalk()
	url := startTalk(t, talk, server.Options{})
	b.run(chromedp.Navigate(url + "/"))
	b.say("你好")
	b.says(".line.robot", "记下了")
	post(t, url, b.eval("customer.id"), `{"text":"从手机发的"}`)
	b.says(".line.customer", "从手机发的")
	b.shot("phone.png")
	if wide := b.eval("document.documentElement.scrollWidth > window.innerWidth"); wide != "false" {
		t.Error("the page is wider than a phone")
	}
	b.content()
}

// TestChatIsKeyboardFriendly: everything can be reached and done without a mouse.
func TestChatIsKeyboardFriendly(t *testing.T) {
	b := mustBrowser(t, 1280, 860)
	url := startTalk(t, newTalk(), server.Options{})
	b.run(chromedp.Navigate(url + "/"))
	b.see("the message field to be ready", "document.activeElement.id == 'text'")
	b.run(chromedp.KeyEvent("我要退款\r"))
	b.says(".line.robot .words", "哪一笔订单")
	nameless := b.eval(`[...document.querySelectorAll("button, input, select, textarea, a[href]")].filter((e) =>
		!(e.innerText || "").trim() && !e.textContent.trim() && !e.getAttribute("aria-label") && !(e.labels && e.labels.length)).map((e) => e.outerHTML)`)
	if nameless != "[]" {
		t.Errorf("elements without a name: %s", nameless)
	}
	b.run(chromedp.Focus(chromedp.CSS("#tab-customer")), chromedp.KeyEvent(kb.ArrowRight))
	b.see("the agent's side", "!document.getElementById('side-agent').hidden && document.activeElement.id == 'tab-agent'")
	b.content()
}

// TestAgentPage: a customer asks for a person; an agent takes over in another tab, answers, and gives the conversation back.
func TestAgentPage(t *testing.T) {
	w := mustWhole(t)
	url, stop, done := start(t, mustServer(t, w.options()))
	t.Cleanup(func() { stop(); <-done })
	c := mustBrowser(t, 1280, 860)
	c.run(chromedp.Navigate(url + "/"))
	c.say("收到的杯子碎了，我要退款")
	c.says(".line.robot .words", "")
	c.shot("whole.png")
	c.say("转人工")
	c.says("#p-decision", "handoff · request")
	c.says("#p-owner", "队列 general")
	c.shot("handoff.png")

	a := mustBrowser(t, 1360, 860)
	a.run(chromedp.Navigate(url+"/"), click("#tab-agent"))
	a.says("#d-tickets", c.eval("customer.id"))
	a.shot("agent_queue.png")
	a.run(click("#presence button"))
	a.see("the agent to be available", "document.querySelector('[data-status=available]').getAttribute('aria-pressed') == 'true'")
	a.see("the conversation to be the agent's, by routing or by hand", `(() => {
		const claim = document.querySelector('.ticket .main');
		if (claim) claim.click();
		const mine = [...document.querySelectorAll('.ticket .tag')].some((e) => e.textContent == '我的会话');
		if (mine && document.getElementById('d-text').disabled) document.querySelector('.pick').click();
		return mine && !document.getElementById('d-text').disabled; })()`)
	a.says("#d-summary", "退款")
	a.says("#d-talk", "收到的杯子碎了")
	a.run(keys("#d-text", "您好，我是小李，马上为您处理退款。\n"))
	a.says("#d-talk .line.agent", "我是小李")
	a.shot("agent.png")
	c.says("#talk .line.agent", "我是小李")
	c.say("谢谢")
	a.says("#d-talk .line.customer", "谢谢")
	c.shot("person.png")
	a.run(click("[data-act=return]"))
	a.says("#d-title", "机器人")
	c.says("#talk .system", "机器人继续服务")
	c.say("你好")
	c.see("the robot to speak again", "[...document.querySelectorAll('#talk .event')].at(-1).querySelector('.line.robot')")
	c.content()
	a.content()
}

// TestXSS: nothing that a customer, an agent or a system says runs or loads anything.
func TestXSS(t *testing.T) {
	b := mustBrowser(t, 1280, 860)
	talk := newTalk()
	url := startTalk(t, talk, server.Options{Limits: server.Limits{Pace: 1000}})
	b.run(chromedp.Navigate(url+"/"), chromedp.Evaluate[chromedp.Void]("window.alert = window.confirm = window.prompt = () => { window.hacked = true; }; true"))
	strings := xssStrings(t)
	id := b.eval("customer.id")
	for _, s := range strings {
		talk.append(talk.load(key(id)), hostileEvent(s))
	}
	b.see("all events", "talk.events.size == "+mustJSON(t, len(strings)))
	b.see("the panel", "document.getElementById('p-owner').textContent.length > 0")
	b.run(chromedp.Evaluate[chromedp.Void]("for (const e of document.querySelectorAll('.choices button, .info')) { try { e.click(); } catch {} }; true"))
	time.Sleep(500 * time.Millisecond)
	if got := b.eval("String(window.hacked)"); got != "undefined" {
		t.Error("a script ran")
	}
	if got := b.eval("document.querySelectorAll('#talk script, #talk iframe, #talk object, #talk embed, #talk svg, #talk form, #talk base, #talk meta, #talk link, #talk style').length"); got != "0" {
		t.Errorf("%s elements came out of words", got)
	}
	if got := b.eval(`JSON.stringify([...document.querySelectorAll('#talk a, #talk img')].map((e) => e.href || e.src).filter((a) => !/^https?:/.test(a)))`); got != "[]" {
		t.Errorf("addresses that are not of the web: %s", got)
	}
	b.content()
	t.Logf("%d strings", len(strings))
}

// TestXSSAgent: what customers and colleagues write does nothing on the agent's side either: the list, the package, the transcript.
func TestXSSAgent(t *testing.T) {
	w := mustWhole(t)
	o := w.options()
	o.Limits = server.Limits{Pace: 1000}
	s := mustServer(t, o)
	url, stop, done := start(t, s)
	t.Cleanup(func() { stop(); <-done })
	for i, attack := range xssStrings(t) {
		id := "hostile"
		if i%20 == 0 {
			id = fmt.Sprintf("web-%d\"><img/src=x/onerror=alert(1)>", i)
		}
		body := map[string]any{"text": attack, "customer": attack, "profile": map[string]any{"name": attack, "tier": "standard", "preferences": map[string]string{"carrier": attack}}}
		if r := call(s.Handler(), "POST", "/v1/conversations/"+neturl.PathEscape(id)+"/messages", strings.NewReader(mustJSON(t, body))); r.Code != 200 && r.Code != 404 {
			t.Fatalf("%d %s", r.Code, r.Body)
		}
	}
	mustRead[messageAnswer](t, say(s.Handler(), "hostile", `{"text":"转人工"}`), 200)
	b := mustBrowser(t, 1280, 860)
	b.run(chromedp.Navigate(url+"/"), chromedp.Evaluate[chromedp.Void]("void (window.alert = () => { window.hacked = true; })"), click("#tab-agent"))
	b.says("#d-tickets", "hostile")
	b.run(click(".pick"))
	b.see("the transcript and the package", "heard.events.size > 40 && document.getElementById('d-facts').textContent.length > 0")
	time.Sleep(500 * time.Millisecond)
	if got := b.eval("String(window.hacked)"); got != "undefined" {
		t.Error("a script ran")
	}
	if got := b.eval("document.querySelectorAll('#side-agent script, #side-agent iframe, #side-agent img, #side-agent object, #side-agent svg, #side-agent form, #side-agent style').length"); got != "0" {
		t.Errorf("%s elements came out of words", got)
	}
	b.content()
}
