package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"yingda/dialogue"
	"yingda/server"
)

// startTalk serves a fake robot until the test ends.
func startTalk(t *testing.T, talk *fakeTalk, o server.Options) string {
	t.Helper()
	url, stop, done := start(t, withTalk(t, talk, o))
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if n := talk.following(); n != 0 {
			t.Errorf("%d followers are left", n)
		}
	})
	for deadline := time.Now().Add(5 * time.Second); talk.following() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the log is not followed")
		}
	}
	return url
}

func post(t *testing.T, url, conversation, body string) {
	t.Helper()
	r, err := http.Post(url+"/v1/conversations/"+conversation+"/messages", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != 200 {
		t.Fatalf("status %d", r.StatusCode)
	}
}

// liveFrame is what comes over a WebSocket.
type liveFrame struct {
	Type         string
	Conversation string
	After        uint64
	ID           string
	Event        struct {
		Seq     uint64
		ID      string
		Kind    string
		Message struct{ Text string }
	}
	Answer  messageAnswer
	Problem problem
}

type liveClient struct {
	t *testing.T
	*websocket.Conn
}

func dial(t *testing.T, url, path string, protocols ...string) liveClient {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), strings.Replace(url, "http", "ws", 1)+path, &websocket.DialOptions{Subprotocols: protocols})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return liveClient{t, conn}
}

func (c liveClient) send(frame string) {
	c.t.Helper()
	if err := c.Write(c.t.Context(), websocket.MessageText, []byte(frame)); err != nil {
		c.t.Fatal(err)
	}
}

// next returns the next frame of the type; others are left out.
func (c liveClient) next(kind string) liveFrame {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 10*time.Second)
	defer cancel()
	for {
		_, data, err := c.Read(ctx)
		if err != nil {
			c.t.Fatalf("waiting for %s: %v", kind, err)
		}
		var f liveFrame
		if err := json.Unmarshal(data, &f); err != nil {
			c.t.Fatalf("%v: %s", err, data)
		}
		if f.Type == kind {
			return f
		}
	}
}

// TestLive: a conversation over one WebSocket, and what comes from elsewhere.
func TestLive(t *testing.T) {
	talk := newTalk()
	url := startTalk(t, talk, server.Options{})
	c := dial(t, url, "/v1/conversations/web-1/live", "yingda.v1")
	if c.Subprotocol() != "yingda.v1" {
		t.Errorf("protocol %q", c.Subprotocol())
	}
	if f := c.next("ready"); f.Conversation != "web-1" || f.After != 0 {
		t.Errorf("ready %+v", f)
	}
	c.send(`{"type":"message","id":"m-1","text":"我要退款"}`)
	if f := c.next("answer"); f.Answer.ID != "m-1" || f.Answer.Action != "ask" {
		t.Errorf("answer %+v", f.Answer)
	}
	c.send(`{"type":"ping"}`)
	c.next("pong")
	post(t, url, "web-2", `{"text":"someone else's"}`)
	post(t, url, "web-1", `{"id":"m-2","text":"从别处来"}`)
	var got []string
	for len(got) < 1 || got[len(got)-1] != "m-2" {
		f := c.next("event")
		got = append(got, f.Event.ID)
	}
	if len(got) > 2 {
		t.Errorf("events %v", got)
	}
	for frame, code := range map[string]string{
		`{"type":"message","id":"m-3"}`: "empty_text", `{"type":"mesage","text":"a"}`: "bad_value", `{`: "invalid_json", `{"type":"message","txt":"a"}`: "unknown_field",
		`{"type":"message","text":"` + strings.Repeat("a", 2001) + `"}`: "text_too_long",
	} {
		c.send(frame)
		if f := c.next("problem"); f.Problem.Code != code {
			t.Errorf("%.40s: %+v", frame, f.Problem)
		}
	}
	if _, _, err := websocket.Dial(t.Context(), strings.Replace(url, "http", "ws", 1)+"/v1/conversations/web-1/live",
		&websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"https://evil.example"}}}); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("another site's page: %v", err)
	}
	if code, body := get(t, url+"/v1/conversations/web-1/live"); code != 426 || !strings.Contains(body, "upgrade_required") {
		t.Errorf("without an upgrade: %d %s", code, body)
	}
	if err := c.Write(t.Context(), websocket.MessageBinary, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusUnsupportedData {
		t.Errorf("a binary frame: %v", err)
	}
}

// TestLiveResume: who comes back gets what was missed, each event once and in order, while more come in.
func TestLiveResume(t *testing.T) {
	talk := newTalk()
	url := startTalk(t, talk, server.Options{Limits: server.Limits{Page: 7, Pace: 1000}})
	for i := range 40 {
		post(t, url, "web-1", fmt.Sprintf(`{"id":"m-%d","text":"%d"}`, i, i))
	}
	var more sync.WaitGroup
	more.Go(func() {
		for i := 40; i < 80; i++ {
			post(t, url, "web-1", fmt.Sprintf(`{"id":"m-%d","text":"%d"}`, i, i))
		}
	})
	c := dial(t, url, "/v1/conversations/web-1/live?after=10")
	for i := 10; i < 80; i++ {
		if f := c.next("event"); f.Event.ID != fmt.Sprintf("m-%d", i) || f.Event.Seq != uint64(i+1) {
			t.Fatalf("event %d is %+v", i, f.Event)
		}
	}
	more.Wait()
}

// TestLiveLimits: frames beyond the body's limit, connections beyond the most, and a reader that is too slow are ended.
func TestLiveLimits(t *testing.T) {
	talk := newTalk()
	url := startTalk(t, talk, server.Options{Limits: server.Limits{BodyBytes: 2000, Live: 2, LiveBacklog: 4}})
	big := dial(t, url, "/v1/conversations/web-1/live")
	dial(t, url, "/v1/conversations/web-1/live")
	_, r, err := websocket.Dial(t.Context(), strings.Replace(url, "http", "ws", 1)+"/v1/conversations/web-1/live", nil)
	if err == nil || r.StatusCode != 503 {
		t.Errorf("a third connection: %v", err)
	}
	big.send(`{"type":"message","text":"` + strings.Repeat("a", 3000) + `"}`)
	for err = nil; err == nil; {
		_, _, err = big.Read(t.Context())
	}
	if websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
		t.Errorf("a large frame: %v", err)
	}
}

func TestSlowReader(t *testing.T) {
	h := server.NewHub(10, 4)
	k := dialogue.Key{Tenant: "default", Conversation: "web-1"}
	slow, err := h.Subscribe(k)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		h.Publish(&dialogue.Event{Key: k, Seq: uint64(i + 1)})
	}
	if !h.Ended(slow) || h.Open() != 0 {
		t.Error("a slow connection stays")
	}
	h.Publish(&dialogue.Event{Key: k, Seq: 7}) // nobody listens
}

// TestEvents: server-sent events outlive the limits on requests and resume by Last-Event-ID.
func TestEvents(t *testing.T) {
	talk := newTalk()
	url := startTalk(t, talk, server.Options{Limits: server.Limits{BodyTimeout: 100 * time.Millisecond, HeaderTimeout: 100 * time.Millisecond}})
	post(t, url, "web-1", `{"id":"m-1","text":"a"}`)
	events, end := listen(t, url+"/v1/conversations/web-1/events", "")
	time.Sleep(300 * time.Millisecond) // longer than a request may take to be read
	post(t, url, "web-1", `{"id":"m-2","text":"b\nc"}`)
	if e := <-events; e.id != "2" || e.kind != "turn" || !strings.Contains(e.data, `"b\nc"`) {
		t.Errorf("event %+v", e)
	}
	end()
	post(t, url, "web-1", `{"id":"m-3","text":"c"}`)
	events, end = listen(t, url+"/v1/conversations/web-1/events", "1")
	for _, id := range []string{"2", "3"} {
		if e := <-events; e.id != id {
			t.Errorf("event %+v, want %s", e, id)
		}
	}
	end()
	if code, body := get(t, url+"/v1/conversations/web-1/events?after=x"); code != 400 || !strings.Contains(body, "bad_query") {
		t.Errorf("%d %s", code, body)
	}
}

type sse struct{ id, kind, data string }

// listen reads server-sent events.
func listen(t *testing.T, url, last string) (<-chan sse, func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if ct := resp.Header.Get("Content-Type"); resp.StatusCode != 200 || !strings.HasPrefix(ct, "text/event-stream") {
		t.Fatalf("%d %s", resp.StatusCode, ct)
	}
	events := make(chan sse, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(events)
		defer resp.Body.Close()
		var e sse
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				e.id = value
			case "event":
				e.kind = value
			case "data":
				e.data = value
			case "":
				if e.data != "" {
					events <- e
				}
				e = sse{}
			}
		}
	}()
	return events, func() { cancel(); <-done }
}

// TestLiveShutdown: live connections do not keep a server from ending, and are told to go elsewhere.
func TestLiveShutdown(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	talk := newTalk()
	url, stop, done := start(t, withTalk(t, talk, server.Options{}))
	client := dial(t, url, "/v1/conversations/web-1/live")
	client.next("ready")
	events, end := listen(t, url+"/v1/conversations/web-1/events", "")
	began := time.Now()
	stop()
	if _, _, err := client.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("the WebSocket ended with %v", err)
	}
	for range events {
	}
	end()
	if err := <-done; err != nil || time.Since(began) > 5*time.Second {
		t.Errorf("Serve: %v after %s", err, time.Since(began))
	}
	http.DefaultClient.CloseIdleConnections()
}
