package action_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/action"
	"yingda/dialogue/internal/strict"
)

func TestLoadGood(t *testing.T) {
	c, err := action.Load(os.DirFS("testdata"), "calls.good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	shop, crm := c.Systems["shop"], c.Systems["crm"]
	if shop.Timeout != 2*time.Second || shop.Retries != 3 || !shop.Idempotent || !shop.SignedAnswers || shop.Breaker.Window != 6 || shop.Headers["X-Shop"] != "7" {
		t.Errorf("shop is %+v", shop)
	}
	if crm.Timeout != 3*time.Second || crm.Idempotent || crm.Concurrency != 16 || crm.MaxAnswer != 256<<10 {
		t.Errorf("crm is %+v", crm)
	}
	if r := c.Routes["order.get"]; !r.Read || *r.Retries != 0 || r.Timeout != 10*time.Second {
		t.Errorf("order.get is %+v", r)
	}
	client, err := action.New(action.Options{Config: c, Secret: func(string) (string, error) { return testSecret, nil }})
	if err != nil {
		t.Fatal(err)
	}
	client.Close()
}

func TestLoadBad(t *testing.T) {
	_, err := action.Load(os.DirFS("testdata"), "calls.bad.yaml")
	if err == nil {
		t.Fatal("there is no error")
	}
	for _, want := range []string{
		"calls.bad.yaml:1: version", "calls.bad.yaml:2: colour: is not a field", "systems.shop.url: ", "systems.shop.timeout: \"soon\"", "systems.shop.deadline: \"1h\"",
		"systems.shop.retries: \"-1\"", "systems.shop.retries: is there twice", "systems.shop.idempotent", "systems.shop.concurrency", "systems.shop.max_answer",
		"systems.shop: signed_answers needs secret", "headers.Host", "headers.X Y", "headers.Webhook-Id", "systems.shop.allow", "systems.shop.breaker: 9 failures of the last 3",
		"breaker.pause", "breaker.extra: is not a field", "systems.crm.url", "systems.meta.url", "systems.none.url: is missing", "calls.Order.Get", "calls.order.get: there is no system \"nowhere\"",
		"calls.order.list.read", "calls.order.list.url", "calls.order.slow: deadline 1s is shorter",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q", want)
		}
	}
	var f *strict.Fault
	if !errors.As(err, &f) || f.Line == 0 {
		t.Errorf("the error holds no *Fault: %v", err)
	}
	if t.Failed() {
		t.Log(err)
	}
	for _, text := range []string{"", "[1, 2]", "version: 1", "\t", "version: 1\nsystems: {}\ncalls: {}", "a: &a [*a]"} {
		if _, err := action.Load(fstest.MapFS{"x.yaml": {Data: []byte(text)}}, "x.yaml"); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"calls.good.yaml", "calls.bad.yaml"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := action.Parse("x.yaml", data)
		if err != nil {
			return
		}
		client, err := action.New(action.Options{Config: c, Secret: func(string) (string, error) { return testSecret, nil }})
		if err != nil {
			t.Fatalf("a file that was accepted makes no client: %v", err)
		}
		client.Close()
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add(200, `{"status":"ok","data":{"a":[{"b":1}]},"message":"好"}`)
	f.Add(404, `{"status":"not_found"}`)
	f.Add(200, `{"status":"refused","message":"\u0000\u202e"}`)
	f.Fuzz(func(t *testing.T, code int, body string) {
		r, err := action.ParseAnswer(code, "application/json", []byte(body))
		if err != nil {
			return
		}
		if r.Data != nil && r.Data[0] != '{' || len([]rune(r.Message)) > 300 || strings.ContainsAny(r.Message, "\x00\n\u202e") {
			t.Fatalf("%q is taken for %+v", body, r)
		}
	})
}

func TestRecorded(t *testing.T) {
	rec := func(name, id, data string) dialogue.CallRecord {
		return dialogue.CallRecord{Call: dialogue.Call{Name: name, Args: map[string]string{"order_id": id}, Key: "k"}, Result: dialogue.Result{Status: dialogue.CallOK, Data: []byte(data)}}
	}
	r := action.NewRecorded([]dialogue.CallRecord{rec("order.get", "1", `{"n":1}`), rec("order.get", "1", `{"n":2}`), rec("order.get", "2", `{"n":3}`), rec("order.list", "", `{}`)})
	for i, c := range []struct{ id, want string }{{"1", `{"n":1}`}, {"2", `{"n":3}`}, {"1", `{"n":2}`}, {"1", `{"n":2}`}, {"9", ``}} {
		got := r.Call(context.Background(), dialogue.Call{Name: "order.get", Args: map[string]string{"order_id": c.id}, Key: "other"})
		if string(got.Data) != c.want || (c.want == "") != (got.Status == dialogue.CallFailed) {
			t.Errorf("call %d: %+v, want %s", i, got, c.want)
		}
	}
	if m := r.Missing(); len(m) != 1 || m[0].Args["order_id"] != "9" {
		t.Errorf("missing are %+v", m)
	}
	if u := r.Unused(); len(u) != 1 || u[0].Call.Name != "order.list" {
		t.Errorf("unused are %+v", u)
	}
}
