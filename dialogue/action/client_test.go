package action_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"yingda/dialogue"
	"yingda/dialogue/action"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is an operator's system whose answers a test writes.
type server struct {
	*httptest.Server
	mu    sync.Mutex
	ids   []string // of the requests, in order
	times []time.Time
	stamp []string
}

func newServer(tb testing.TB, h http.HandlerFunc) *server {
	tb.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.ids, s.times = append(s.ids, r.Header.Get(action.HeaderID)), append(s.times, time.Now())
		s.stamp = append(s.stamp, r.Header.Get(action.HeaderTimestamp))
		s.mu.Unlock()
		body, _ := io.ReadAll(r.Body) // or the server would not notice that the client has gone
		r.Body = io.NopCloser(bytes.NewReader(body))
		h(w, r)
	}))
	tb.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s
}

func (s *server) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.ids...)
}

// system is a system at the test server with short times.
func system(s *server) action.System {
	return action.System{URL: s.URL, Allow: []string{"127.0.0.1"}, Timeout: 300 * time.Millisecond, Deadline: time.Second, Retries: 2, Idempotent: true,
		Concurrency: 4, MaxAnswer: 4096, Breaker: action.Breaker{Failures: 100, Window: 100, Pause: 50 * time.Millisecond}}
}

func mustClient(tb testing.TB, sys action.System, change ...func(*action.Options)) *action.Client {
	tb.Helper()
	o := action.Options{
		Config: action.Config{Systems: map[string]action.System{"shop": sys}, Routes: map[string]action.Route{"*": {System: "shop"}, "order.get": {System: "shop", Read: true}}},
		Secret: func(string) (string, error) { return testSecret, nil }, Jitter: func() float64 { return 0 },
	}
	for _, f := range change {
		f(&o)
	}
	c, err := action.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}

func answer(w http.ResponseWriter, code int, body string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	io.WriteString(w, body)
}

var call = dialogue.Call{Name: "order.cancel", Args: map[string]string{"order_id": "8832"}, Key: "default/网页-7f3a/m.1/0", Tenant: "default", Customer: "demo-zh", Lang: "zh"}

// TestAnswers is what may come back, and what is made of it.
func TestAnswers(t *testing.T) {
	long := strings.Repeat("很", 1000)
	for _, c := range []struct {
		name, body string
		code       int
		want       dialogue.CallStatus
		requests   int
	}{
		{"OK", `{"status":"ok","data":{"order_id":"8832","items":[{"a":1}]}}`, 200, dialogue.CallOK, 1},
		{"OKNoData", `{"status":"ok"}`, 200, dialogue.CallOK, 1},
		{"OKNullData", `{"status":"ok","data":null,"message":"done","extra":[1]}`, 201, dialogue.CallOK, 1},
		{"NotFound", `{"status":"not_found"}`, 200, dialogue.CallNotFound, 1},
		{"NotFound404", `{"status":"not_found"}`, 404, dialogue.CallNotFound, 1},
		{"Refused", `{"status":"refused","message":"已发货"}`, 200, dialogue.CallRefused, 1},
		{"Refused409", `{"status":"refused","message":"已发货"}`, 409, dialogue.CallRefused, 1},
		{"Refused422", `{"status":"refused","message":"` + long + `"}`, 422, dialogue.CallRefused, 1},
		{"ErrSaid", `{"status":"failed","message":"database"}`, 200, dialogue.CallFailed, 1},
		{"ErrBare404", `<html>nothing here</html>`, 404, dialogue.CallFailed, 1},
		{"ErrStatus", `{"status":"success"}`, 200, dialogue.CallFailed, 1},
		{"ErrStatusCase", `{"Status":"ok"}`, 200, dialogue.CallFailed, 1},
		{"ErrStatusType", `{"status":1}`, 200, dialogue.CallFailed, 1},
		{"ErrStatusNull", `{"status":null}`, 200, dialogue.CallFailed, 1},
		{"ErrNoStatus", `{"data":{}}`, 200, dialogue.CallFailed, 1},
		{"ErrContradiction", `{"status":"ok"}`, 404, dialogue.CallFailed, 1},
		{"ErrContradiction2", `{"status":"not_found"}`, 409, dialogue.CallFailed, 1},
		{"ErrDataList", `{"status":"ok","data":[1]}`, 200, dialogue.CallFailed, 1},
		{"ErrDataText", `{"status":"ok","data":"8832"}`, 200, dialogue.CallFailed, 1},
		{"ErrMessageType", `{"status":"refused","message":{}}`, 200, dialogue.CallFailed, 1},
		{"ErrList", `[{"status":"ok"}]`, 200, dialogue.CallFailed, 1},
		{"ErrNull", `null`, 200, dialogue.CallFailed, 1},
		{"ErrEmpty", ``, 200, dialogue.CallFailed, 1},
		{"ErrTwo", `{"status":"ok"}{"status":"refused"}`, 200, dialogue.CallFailed, 1},
		{"ErrTwice", `{"status":"refused","status":"ok"}`, 200, dialogue.CallFailed, 1},
		{"ErrTwiceDeep", `{"status":"ok","data":{"a":[{"b":1,"b":2}]}}`, 200, dialogue.CallFailed, 1},
		{"ErrCut", `{"status":"ok","data":{"a":`, 200, dialogue.CallFailed, 1},
		{"ErrUTF8", "{\"status\":\"ok\",\"message\":\"\xff\"}", 200, dialogue.CallFailed, 1},
		{"ErrDeep", `{"status":"ok","data":{"a":` + strings.Repeat("[", 9) + strings.Repeat("]", 9) + `}}`, 200, dialogue.CallFailed, 1},
		{"ErrLong", `{"status":"ok","data":{"a":"` + strings.Repeat("a", 5000) + `"}}`, 200, dialogue.CallFailed, 1},
		{"Err400", `{}`, 400, dialogue.CallFailed, 1},
		{"Err401", `{}`, 401, dialogue.CallFailed, 1},
		{"Err403", `{}`, 403, dialogue.CallFailed, 1},
		{"Err408", `{}`, 408, dialogue.CallFailed, 3},
		{"Err429", `{}`, 429, dialogue.CallFailed, 3},
		{"Err500", `{}`, 500, dialogue.CallFailed, 3},
		{"Err501", `{}`, 501, dialogue.CallFailed, 1},
		{"Err503", `{}`, 503, dialogue.CallFailed, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, c.code, c.body) })
			res := mustClient(t, system(s)).Call(context.Background(), call)
			if res.Status != c.want {
				t.Errorf("status is %q (%s), want %q", res.Status, res.Message, c.want)
			}
			ids := s.requests()
			if len(ids) != c.requests {
				t.Errorf("%d requests, want %d", len(ids), c.requests)
			}
			for _, id := range ids {
				if id != ids[0] {
					t.Errorf("attempts have the ids %v, want the same", ids)
				}
			}
			if res.Took <= 0 || res.Status == dialogue.CallFailed && (res.Message == "" || strings.Contains(res.Message, "127.0.0.1") || res.Data != nil) {
				t.Errorf("result is %+v", res)
			}
			if n := len([]rune(res.Message)); n > 300 {
				t.Errorf("message has %d characters", n)
			}
		})
	}
}

// TestRequest is what a system gets.
func TestRequest(t *testing.T) {
	secrets := mustSecrets(t, testSecret)
	v := action.Verifier{Secrets: secrets}
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if _, err := v.Request(r.Header, body); err != nil {
			t.Errorf("signature: %v", err)
		}
		var got, want any
		json.Unmarshal(body, &got)
		json.Unmarshal([]byte(`{"call":"order.cancel","args":{"order_id":"8832"},"tenant":"default","customer":"demo-zh","lang":"zh"}`), &want)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("body is %s", body)
		}
		if r.URL.Path != "/robot/order.cancel" || r.Header.Get("X-Key") != testSecret || r.Header.Get("X-Shop") != "7" || r.Header.Get("Idempotency-Key") != r.Header.Get(action.HeaderID) {
			t.Errorf("%s %v", r.URL.Path, r.Header)
		}
		answer(w, 200, `{"status":"ok"}`)
	})
	sys := system(s)
	sys.URL += "/robot/{call}"
	sys.Secret = "shop"
	sys.Headers = map[string]string{"X-Key": "secret:key", "X-Shop": "7"}
	c := mustClient(t, sys)
	for range 2 {
		if res := c.Call(context.Background(), call); res.Status != dialogue.CallOK {
			t.Errorf("result is %+v", res)
		}
	}
	other := call
	other.Key = "other"
	c.Call(context.Background(), other)
	ids := s.requests()
	if len(ids) != 3 || ids[0] != ids[1] || ids[0] == ids[2] {
		t.Errorf("ids are %v: one key, one id", ids)
	}
}

func TestSignedAnswers(t *testing.T) {
	secrets, other := mustSecrets(t, testSecret), mustSecrets(t, "the secret of someone else")
	const body = `{"status":"ok","data":{"a":"1"}}`
	for _, c := range []struct {
		name string
		sign func(h http.Header, id string)
		want dialogue.CallStatus
	}{
		{"OK", func(h http.Header, id string) { action.SignAnswer(h, secrets, id, time.Now(), []byte(body)) }, dialogue.CallOK},
		{"ErrUnsigned", func(http.Header, string) {}, dialogue.CallFailed},
		{"ErrForged", func(h http.Header, id string) { action.SignAnswer(h, other, id, time.Now(), []byte(body)) }, dialogue.CallFailed},
		{"ErrReplayed", func(h http.Header, _ string) {
			action.SignAnswer(h, secrets, "call_of_before", time.Now(), []byte(body))
		}, dialogue.CallFailed},
		{"ErrStale", func(h http.Header, id string) {
			action.SignAnswer(h, secrets, id, time.Now().Add(-time.Hour), []byte(body))
		}, dialogue.CallFailed},
		{"ErrReflected", func(h http.Header, id string) { action.Sign(h, secrets, id, time.Now(), []byte(body)) }, dialogue.CallFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
				c.sign(w.Header(), r.Header.Get(action.HeaderID))
				answer(w, 200, body)
			})
			sys := system(s)
			sys.Secret, sys.SignedAnswers = "shop", true
			if res := mustClient(t, sys).Call(context.Background(), call); res.Status != c.want {
				t.Errorf("result is %+v", res)
			}
		})
	}
}

func TestRoutes(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		answer(w, 200, `{"status":"ok","data":{"path":"`+r.URL.Path+`"}}`)
	})
	sys := system(s)
	c := mustClient(t, sys, func(o *action.Options) {
		o.Config.Routes = map[string]action.Route{"order.*": {System: "shop", URL: s.URL + "/family"}, "order.get": {System: "shop", URL: s.URL + "/one"}, "order.item.*": {System: "shop", URL: s.URL + "/deeper"}}
	})
	for name, want := range map[string]string{"order.get": "/one", "order.cancel": "/family", "order.item.get": "/deeper", "order.x.y": "/family"} {
		if res := c.Call(context.Background(), dialogue.Call{Name: name}); !strings.Contains(string(res.Data), want+`"`) {
			t.Errorf("%s went to %s %s, want %s", name, res.Data, res.Message, want)
		}
	}
	if got := c.Missing("order.get", "order.new", "parcel.track", "order", "../etc"); fmt.Sprint(got) != "[parcel.track order ../etc]" {
		t.Errorf("missing are %v", got)
	}
	if res := c.Call(context.Background(), dialogue.Call{Name: "parcel.track"}); res.Status != dialogue.CallFailed {
		t.Errorf("result is %+v", res)
	}
}

func TestTooLarge(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, `{"status":"ok"}`) })
	c := mustClient(t, system(s))
	many := map[string]string{}
	for i := range 65 {
		many[fmt.Sprint(i)] = "x"
	}
	for _, args := range []map[string]string{many, {"text": strings.Repeat("x", 70_000)}} {
		if res := c.Call(context.Background(), dialogue.Call{Name: "order.get", Args: args}); res.Status != dialogue.CallFailed {
			t.Errorf("result is %+v", res)
		}
	}
	if n := len(s.requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestNewFaults(t *testing.T) {
	none := func(string) (string, error) { return "", errors.New("no such file") }
	ok := action.System{URL: "https://shop.example/"}
	for name, o := range map[string]action.Options{
		"ErrSystem": {Config: action.Config{Routes: map[string]action.Route{"*": {System: "shop"}}}},
		"ErrURL":    {Config: action.Config{Systems: map[string]action.System{"shop": {URL: "http://10.0.0.1/"}}, Routes: map[string]action.Route{"*": {System: "shop"}}}},
		"ErrSecret": {Secret: none, Config: action.Config{Systems: map[string]action.System{"shop": {URL: ok.URL, Secret: "shop"}}, Routes: map[string]action.Route{"*": {System: "shop"}}}},
		"ErrNoSecrets": {Config: action.Config{Systems: map[string]action.System{"shop": {URL: ok.URL, Headers: map[string]string{"X-Key": "secret:key"}}},
			Routes: map[string]action.Route{"*": {System: "shop"}}}},
		"ErrSigned": {Config: action.Config{Systems: map[string]action.System{"shop": {URL: ok.URL, SignedAnswers: true}}, Routes: map[string]action.Route{"*": {System: "shop"}}}},
		"ErrAllow":  {Config: action.Config{Systems: map[string]action.System{"shop": {URL: ok.URL, Allow: []string{"two words"}}}, Routes: map[string]action.Route{"*": {System: "shop"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := action.New(o); err == nil {
				t.Error("there is no error")
			} else {
				t.Log(err)
			}
		})
	}
}
