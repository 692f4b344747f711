package demoshop_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yingda/dialogue"
	"yingda/dialogue/action"
	"yingda/dialogue/demoshop"
)

func TestIdempotency(t *testing.T) {
	s := mustShop(t)
	call := dialogue.Call{Name: "topup.create", Args: map[string]string{"money": "10"}, Key: "one", Customer: "demo-zh"}
	first := s.Call(context.Background(), call)
	for range 3 {
		if again := s.Call(context.Background(), call); string(again.Data) != string(first.Data) {
			t.Errorf("again: %s, first: %s", again.Data, first.Data)
		}
	}
	if _, data := do(s, "demo-zh", "account.balance"); data["balance_cny"] != 96.5 {
		t.Errorf("balance is %v", data)
	}
	call.Args = map[string]string{"money": "20"}
	if res := s.Call(context.Background(), call); res.Status != dialogue.CallFailed {
		t.Errorf("the key with another request: %+v", res)
	}
}

// TestConcurrent sends each change several times at once; each must be done once.
func TestConcurrent(t *testing.T) {
	s := mustShop(t, func(o *demoshop.Options) { o.File = filepath.Join(t.TempDir(), "shop.json") })
	var wg sync.WaitGroup
	for i := range 40 {
		for range 5 {
			wg.Go(func() {
				s.Call(context.Background(), dialogue.Call{Name: "topup.create", Args: map[string]string{"money": "1"}, Key: fmt.Sprint("t", i), Customer: "demo-zh"})
			})
		}
		wg.Go(func() { do(s, "demo-zh", "order.cancel order_id=8801240055") })
	}
	wg.Wait()
	if _, data := do(s, "demo-zh", "account.balance"); data["balance_cny"] != 126.5 {
		t.Errorf("balance is %v, want 126.50", data["balance"])
	}
	if _, data := do(s, "demo-zh", "refund.get order_id=8801240055"); data["amount"] != "459 元" {
		t.Errorf("refund is %v", data)
	}
}

// TestMoney makes random calls and looks after each whether money, points and stock add up.
func TestMoney(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := demoshop.New(demoshop.Options{Now: func() time.Time { return noon }})
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 25).Draw(t, "calls") {
			name := rapid.SampledFrom([]string{"order.cancel", "refund.create", "return.create", "exchange.create", "price_protection.create", "order.change_items", "order.place",
				"topup.create", "points.redeem", "membership.join", "payment.check", "coupon.claim"}).Draw(t, "call")
			id := rapid.SampledFrom([]string{"6620018832", "8801240055", "8801239917", "8801240208", "8801235163", "7700112420", ""}).Draw(t, "order")
			line := fmt.Sprintf("%s order_id=%s;money=%d;quantity=%d;points=%d;product=%s;coupon_code=%s", name, id, rapid.IntRange(-10, 600).Draw(t, "money"),
				rapid.IntRange(-1, 60).Draw(t, "quantity"), rapid.IntRange(0, 4000).Draw(t, "points"), rapid.SampledFrom([]string{"", "保温杯", "耳机", "帆布袋"}).Draw(t, "product"),
				rapid.SampledFrom([]string{"", "NEW20", "PT50", "SAVE50"}).Draw(t, "coupon"))
			do(s, rapid.SampledFrom([]string{"demo-zh", "demo-en", "vip-zh"}).Draw(t, "customer"), line)
			if err := s.Audit(); err != nil {
				t.Fatalf("after %s: %v", line, err)
			}
		}
	})
}

func TestFile(t *testing.T) {
	c := &clock{now: noon}
	file := filepath.Join(t.TempDir(), "shop.json")
	with := func(o *demoshop.Options) { o.File, o.Now = file, c.Now }
	s := mustShop(t, with)
	call := dialogue.Call{Name: "order.cancel", Args: map[string]string{"order_id": "8801240055"}, Key: "cancel", Customer: "demo-zh"}
	first := s.Call(context.Background(), call)
	c.pass(time.Hour)
	s = mustShop(t, with)
	if again := s.Call(context.Background(), call); string(again.Data) != string(first.Data) || first.Status != dialogue.CallOK {
		t.Errorf("after a restart: %+v, before: %+v", again, first)
	}
	_, before := do(s, "demo-zh", "order.get order_id=8801238832")
	c.pass(10 * 24 * time.Hour)
	s = mustShop(t, with)
	if _, after := do(s, "demo-zh", "order.get order_id=8801238832"); after["status"] != before["status"] || after["eta"] != before["eta"] {
		t.Errorf("ten days later: %v, before: %v", after, before)
	}
	for _, bad := range []string{"{", `{"version": 9}`, `{"version": 1, "state": null}`, `{"version":1,"colour":2}`} {
		if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := demoshop.New(demoshop.Options{File: file}); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
	// A folder in place of the file cannot be replaced: the change must not be reported as done.
	blocked := filepath.Join(t.TempDir(), "no", "such", "folder.json")
	s = mustShop(t, func(o *demoshop.Options) { o.File = blocked })
	if res := s.Call(context.Background(), call); res.Status != dialogue.CallFailed {
		t.Errorf("a change that could not be saved: %+v", res)
	}
	if _, data := do(s, "demo-zh", "order.get order_id=8801240055"); data["state"] != "paid" {
		t.Errorf("it was done all the same: %v", data)
	}
}

func TestInventAndAdopt(t *testing.T) {
	s := mustShop(t, func(o *demoshop.Options) { o.Invent = true })
	_, first := do(s, "anonymous:web-1", "order.get order_id=201803994")
	_, again := do(s, "anonymous:web-1", "order.get order_id=201803994")
	if first["order_id"] != "201803994" || fmt.Sprint(first) != fmt.Sprint(again) {
		t.Errorf("invented %v, then %v", first, again)
	}
	if res, _ := do(s, "anonymous:web-1", "refund.get order_id=201803994"); res.Status != dialogue.CallOK {
		t.Errorf("refund: %+v", res)
	}
	s.Adopt("d12", dialogue.Profile{Tier: "vip", History: []dialogue.HistoryItem{{Kind: "order", OrderID: "V10093", Product: "烤箱", Status: "退款中"}, {Kind: "plan", Plan: "畅享59"}, {Kind: "order", Product: "纸尿裤", Attribute: "S码", Date: "2026-11-20", Status: "已完成"}}})
	if _, data := do(s, "d12", "refund.get product=烤箱"); data["order_id"] != "V10093" {
		t.Errorf("refund is %v", data)
	}
	if _, data := do(s, "d12", "order.get product=纸尿裤"); data["attribute"] != "S码" || data["state"] != "completed" {
		t.Errorf("order is %v", data)
	}
	if p, ok := s.Profile("d12"); !ok || p.Tier != "vip" || len(p.History) < 3 {
		t.Errorf("profile is %+v", p)
	}
	if err := s.Audit(); err != nil {
		t.Error(err)
	}
}

// TestOverHTTP lets the robot's client call the shop, with every fault in between.
func TestOverHTTP(t *testing.T) {
	secrets, err := action.ParseSecrets(secret)
	if err != nil {
		t.Fatal(err)
	}
	s := mustShop(t, func(o *demoshop.Options) { o.Secrets, o.Now = secrets, nil })
	srv := httptest.NewServer(s)
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	cfg, err := action.Parse("actions.yaml", []byte(demoshop.ActionsFile(srv.URL, "shop.secret")))
	if err != nil {
		t.Fatal(err)
	}
	shop := cfg.Systems["shop"]
	shop.Timeout, shop.Deadline, shop.Breaker = 200*time.Millisecond, 800*time.Millisecond, action.Breaker{Failures: 90, Window: 90, Pause: time.Second}
	cfg.Systems["shop"] = shop
	c, err := action.New(action.Options{Config: cfg, Secret: func(string) (string, error) { return secret, nil }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if m := c.Missing(demoshop.CallNames()...); len(m) > 0 {
		t.Errorf("no system for %v", m)
	}
	if res, data := do(c, "demo-en", "order.get order_id=2345"); res.Status != dialogue.CallOK || data["product"] != "wireless earbuds" {
		t.Fatalf("%+v", res)
	}
	for _, kind := range demoshop.FaultKinds {
		if kind == "none" {
			continue
		}
		if err := s.Fault(kind, "order.get", 0, 2*time.Second); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if res, _ := do(c, "demo-zh", "order.get order_id=8832"); res.Status != dialogue.CallFailed || time.Since(start) > 10*time.Second {
			t.Errorf("%s: %+v after %v", kind, res, time.Since(start))
		}
		if res, _ := do(c, "demo-zh", "parcel.track"); res.Status != dialogue.CallOK {
			t.Errorf("%s: another call: %+v", kind, res)
		}
	}
	if err := s.Fault("down", "", 2, 0); err != nil { // comes back within the retries
		t.Fatal(err)
	}
	if res, _ := do(c, "demo-zh", "topup.create money=10"); res.Status != dialogue.CallOK {
		t.Errorf("%+v", res)
	}
	if s.Fault("earthquake", "", 0, 0) == nil {
		t.Error("an unknown fault is accepted")
	}
	resp, err := http.Post(srv.URL+"/v1/call", "application/json", strings.NewReader(`{"call":"order.get"}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("an unsigned request: HTTP status %d", resp.StatusCode)
	}
}

// BenchmarkCall measures what a call of the shop costs the robot, over HTTP, signed both ways.
func BenchmarkCall(b *testing.B) {
	secrets, err := action.ParseSecrets(secret)
	if err != nil {
		b.Fatal(err)
	}
	s := mustShop(b, func(o *demoshop.Options) { o.Secrets, o.Now = secrets, nil })
	srv := httptest.NewServer(s)
	defer srv.Close()
	c, err := action.New(action.Options{Config: demoshop.Actions(srv.URL, "shop"), Secret: func(string) (string, error) { return secret, nil }})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	b.ReportAllocs()
	for b.Loop() {
		if res, _ := do(c, "demo-zh", "order.get order_id=8832"); res.Status != dialogue.CallOK {
			b.Fatal(res)
		}
	}
}
