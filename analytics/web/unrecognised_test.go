package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"yingda/analytics/mine"
	"yingda/analytics/mine/review"
	"yingda/analytics/web"
)

func TestUnrecognised(t *testing.T) {
	store, err := review.Open(review.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	m := mine.Member{Item: mine.Item{Key: mine.Key("gift card"), Text: "gift card", Lang: "en", Count: 2, Turns: []string{"h"}}}
	res := &mine.Result{Tenant: "a", Taken: time.Now(), Bundle: "b", Groups: []mine.Group{{ID: "u-000001", Count: 2, Members: []mine.Member{m}}}, Queue: []mine.Pick{{Member: m, Slice: mine.Random}}}
	if err := store.SaveRun(res); err != nil {
		t.Fatal(err)
	}
	h := web.New(web.Options{Reviews: store})
	ask := func(tenant, method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set(web.TenantHeader, tenant)
		r.Header.Set(web.ActorHeader, "ann")
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec
	}
	for _, c := range []struct {
		name, tenant, method, path, body string
		status                           int
		want                             string
	}{
		{"list", "a", "GET", "/v1/unrecognised", "", 200, `"id":"u-000001"`},
		{"list of another tenant", "b", "GET", "/v1/unrecognised", "", 200, `"run":null,"groups":[]`},
		{"ErrTenant", "", "GET", "/v1/unrecognised", "", 400, "bad_query"},
		{"group", "a", "GET", "/v1/unrecognised/u-000001", "", 200, `"text":"gift card"`},
		{"ErrGroup", "a", "GET", "/v1/unrecognised/u-000009", "", 404, "unknown_item"},
		{"ErrBody", "a", "POST", "/v1/unrecognised/u-000001", `{"burn":1}`, 422, "bad_value"},
		{"ErrIntent", "a", "POST", "/v1/unrecognised/u-000001", `{"action":"accept","intent":"Gift!"}`, 422, "bad_value"},
		{"accept", "a", "POST", "/v1/unrecognised/u-000001", `{"action":"accept","intent":"gift.card","actor":"somebody else"}`, 201, `"actor":"ann"`},
		{"ErrAgain", "a", "POST", "/v1/unrecognised/u-000001", `{"action":"assign","intent":"order.status"}`, 409, "conflict"},
		{"accepted", "a", "GET", "/v1/unrecognised?status=accepted", "", 200, `"intent":"gift.card"`},
		{"none waits", "a", "GET", "/v1/unrecognised?status=waiting", "", 200, `"groups":[]`},
		{"queue", "a", "GET", "/v1/labels?limit=5", "", 200, `"slice":"random"`},
		{"ErrLimit", "a", "GET", "/v1/labels?limit=x", "", 400, "bad_query"},
		{"label", "a", "POST", "/v1/labels", `{"key":"` + m.Key + `","intents":["gift.card"]}`, 201, `"slice":"random"`},
		{"ErrKey", "a", "POST", "/v1/labels", `{"key":"zz"}`, 404, "unknown_item"},
		{"export", "a", "GET", "/v1/labels/export", "", 200, `"intents":["gift.card"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec := ask(c.tenant, c.method, c.path, c.body)
			if rec.Code != c.status || !strings.Contains(rec.Body.String(), c.want) {
				t.Errorf("%d %s, want %d with %s", rec.Code, rec.Body, c.status, c.want)
			}
			if c.status >= 400 {
				var p struct{ Code string }
				if json.Unmarshal(rec.Body.Bytes(), &p); p.Code != c.want {
					t.Errorf("code %q, want %q", p.Code, c.want)
				}
			}
		})
	}
	t.Run("not set up", func(t *testing.T) {
		rec := httptest.NewRecorder()
		web.New(web.Options{}).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/v1/labels", nil))
		if rec.Code != http.StatusNotFound || !strings.Contains(rec.Body.String(), "not_configured") {
			t.Errorf("%d %s", rec.Code, rec.Body)
		}
	})
}
