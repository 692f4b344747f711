package demoshop_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/action"
	"yingda/dialogue/demoshop"
)

// TestException lets something happen to an order and looks at what the robot hears of it.
func TestException(t *testing.T) {
	secrets, err := action.ParseSecrets(secret)
	if err != nil {
		t.Fatal(err)
	}
	var got []demoshop.Event
	robot := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		v := action.Verifier{Secrets: secrets}
		if _, err := v.Request(r.Header, body); err != nil || r.URL.Path != "/v1/events" || r.Header.Get("Authorization") != "Bearer robot-key" {
			t.Errorf("%s %v: %v", r.URL.Path, r.Header, err)
		}
		var ev demoshop.Event
		if err := json.Unmarshal(body, &ev); err != nil {
			t.Error(err)
		}
		got = append(got, ev)
	}))
	defer robot.Close()
	s := mustShop(t, func(o *demoshop.Options) {
		o.Secrets, o.Robot, o.RobotKey, o.Now = secrets, robot.URL, "robot-key", nil
	})
	srv := httptest.NewServer(s)
	defer srv.Close()
	post := func(path string, header ...string) int {
		r, err := http.NewRequest(http.MethodPost, srv.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if code := post("/admin/exception?kind=delay&order_id=8801238832"); code != 200 || len(got) != 1 {
		t.Fatalf("HTTP status %d, events %+v", code, got)
	}
	if ev := got[0]; ev.Type != "order.delayed" || ev.Customer != "demo-zh" || ev.Data["product"] != "蓝牙耳机" || ev.Data["reason"] == "" || ev.Language != "zh" || ev.ID == "" {
		t.Errorf("event is %+v", ev)
	}
	if _, data := do(s, "demo-zh", "order.get order_id=8801238832"); data["state"] != "delayed" {
		t.Errorf("order is %v", data)
	}
	for _, c := range []struct {
		path string
		code int
	}{
		{"/admin/exception?kind=cancelled&order_id=8801240055", 200}, {"/admin/exception?kind=delivered&customer=demo-en", 200}, {"/admin/exception?kind=flood&customer=demo-zh", 400},
		{"/admin/exception?kind=delay&order_id=1", 400}, {"/admin/fault?kind=slow&delay=1s&count=1", 200}, {"/admin/fault?kind=quake", 400}, {"/admin/fault?kind=slow&count=x", 400},
	} {
		if code := post(c.path); code != c.code {
			t.Errorf("%s: HTTP status %d, want %d", c.path, code, c.code)
		}
	}
	if code := post("/admin/fault?kind=none", "Origin", "https://evil.example"); code != http.StatusForbidden {
		t.Errorf("a web page may switch faults on: HTTP status %d", code)
	}
	if err := s.Audit(); err != nil {
		t.Error(err)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestAdminFromElsewhere(t *testing.T) {
	s := mustShop(t)
	for _, path := range []string{"POST /admin/fault?kind=down", "POST /admin/exception?kind=delay&customer=demo-zh", "GET /"} {
		method, target, _ := strings.Cut(path, " ")
		w, r := httptest.NewRecorder(), httptest.NewRequest(method, target, nil)
		r.RemoteAddr = "10.0.0.9:4711"
		s.ServeHTTP(w, r)
		if w.Code != http.StatusForbidden {
			t.Errorf("%s from another machine: HTTP status %d", path, w.Code)
		}
	}
}

func TestProfile(t *testing.T) {
	secrets, err := action.ParseSecrets(secret)
	if err != nil {
		t.Fatal(err)
	}
	s := mustShop(t, func(o *demoshop.Options) { o.Secrets = secrets })
	for _, c := range []struct {
		name, customer string
		prepare        func(r *http.Request)
		code           int
	}{
		{"OKBearer", "vip-zh", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) }, 200},
		{"OKSigned", "vip-zh", func(r *http.Request) {
			action.Sign(r.Header, secrets, "profile-1", noon, []byte("GET "+r.URL.RequestURI()))
		}, 200},
		{"ErrOtherSigned", "vip-zh", func(r *http.Request) {
			action.Sign(r.Header, secrets, "profile-1", noon, []byte("GET /profile?customer=demo-zh"))
		}, 401},
		{"ErrNothing", "vip-zh", func(*http.Request) {}, 401},
		{"ErrBearer", "vip-zh", func(r *http.Request) { r.Header.Set("Authorization", "Bearer no") }, 401},
		{"ErrUnknown", "nobody", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) }, 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/profile?customer="+c.customer, nil)
			c.prepare(r)
			s.ServeHTTP(w, r)
			if w.Code != c.code {
				t.Fatalf("HTTP status %d, want %d", w.Code, c.code)
			}
			if c.code != 200 {
				return
			}
			var p dialogue.Profile
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Tier != "vip" || p.Name == "" {
				t.Errorf("profile is %+v, %v", p, err)
			}
			for i := 1; i < len(p.History); i++ {
				if p.History[i].Time.Before(p.History[i-1].Time) {
					t.Errorf("history is not in order: %+v", p.History)
				}
			}
		})
	}
}

// TestReplay sends a signed request again, byte for byte, and later.
func TestReplay(t *testing.T) {
	secrets, err := action.ParseSecrets(secret)
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{now: noon}
	s := mustShop(t, func(o *demoshop.Options) { o.Secrets, o.Now = secrets, c.Now })
	body := `{"call":"topup.create","args":{"money":"10"},"customer":"demo-zh"}`
	h := http.Header{}
	action.Sign(h, secrets, "call_1", noon, []byte(body))
	send := func(body string) *httptest.ResponseRecorder {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/v1/call", strings.NewReader(body))
		r.Header = h.Clone()
		s.ServeHTTP(w, r)
		return w
	}
	first := send(body)
	if again := send(body); again.Code != 200 || again.Body.String() != first.Body.String() {
		t.Errorf("again: %d %s, first: %s", again.Code, again.Body, first.Body)
	}
	if _, data := do(s, "demo-zh", "account.balance"); data["balance_cny"] != 96.5 {
		t.Errorf("balance is %v: the money came twice", data)
	}
	if w := send(strings.Replace(body, "10", "99", 1)); w.Code != http.StatusUnauthorized {
		t.Errorf("a changed body: HTTP status %d", w.Code)
	}
	c.pass(301e9)
	if w := send(body); w.Code != http.StatusUnauthorized {
		t.Errorf("five minutes later: HTTP status %d", w.Code)
	}
}

func FuzzCall(f *testing.F) {
	f.Add("order.get", "8832", "尾号8832", "昨天")
	f.Add("topup.create", "1e300", "NaN", `{"amount": -1}`)
	f.Fuzz(func(t *testing.T, name, a, b, c string) {
		s := mustShop(t)
		args := map[string]string{"order_id": a, "money": b, "money_value": c, "quantity": a, "product": b, "attribute": c, "coupon_code": a, "datetime": b, "datetime_value": c,
			"phone_number": a, "email": b, "plan": c, "points": b, "location": a, "tax_number": b, "text": c}
		s.Call(t.Context(), dialogue.Call{Name: name, Args: args, Key: "k", Customer: "demo-zh"})
		for _, known := range demoshop.CallNames() {
			s.Call(t.Context(), dialogue.Call{Name: known, Args: args, Key: known, Customer: "vip-zh"})
		}
		if err := s.Audit(); err != nil {
			t.Fatal(err)
		}
	})
}
