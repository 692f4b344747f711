package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"yingda/analytics/report"
	"yingda/analytics/report/render"
	"yingda/analytics/warehouse"
	"yingda/analytics/web"
	"yingda/dialogue"
	"yingda/nlu"
)

var now = time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)

// mustReports opens a warehouse with a few days of one shop in it.
func mustReports(tb testing.TB) *web.Reports {
	tb.Helper()
	w, err := warehouse.Open(tb.Context(), warehouse.Options{Dir: tb.TempDir(), Now: func() time.Time { return now }})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { w.Close() })
	var events []dialogue.Event
	for i := range 200 {
		ev := dialogue.Event{ID: fmt.Sprint("m", i), Kind: dialogue.TurnTaken, Key: dialogue.Key{Tenant: "t1", Conversation: fmt.Sprint("c", i/2)}, Customer: fmt.Sprint("u", i%30), Channel: []string{"web", "app"}[i%2],
			Time: now.Add(time.Duration(i-200) * 97 * time.Minute), Seq: uint64(i + 1), Turn: &dialogue.TurnBody{Redacted: "=HYPERLINK(\"http://x\")", Lang: "zh", Owner: "robot", Bundle: "b1",
				Intents: []nlu.Prediction{{Label: "order.status", Score: 0.9}}, Ranking: []nlu.Prediction{{Label: "order.status", Score: 0.9}}, Emotion: dialogue.Emotion{Label: "neutral"},
				Decision: dialogue.Decision{Action: dialogue.Answer, Reason: dialogue.IntentKnown}, Millis: map[string]float64{"total": float64(20 + i%50)}}}
		if i%9 == 0 {
			ev.Turn.Decision = dialogue.Decision{Action: dialogue.HandOff, HandOff: &dialogue.HandOffAsk{Queue: "general", Why: dialogue.ByRequest}}
		}
		events = append(events, ev)
	}
	if err := w.Ingest(tb.Context(), events); err != nil {
		tb.Fatal(err)
	}
	if err := w.Refresh(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return &web.Reports{Querier: w, Now: func() time.Time { return now }}
}

func get(tb testing.TB, rs *web.Reports, path string, headers ...string) *httptest.ResponseRecorder {
	tb.Helper()
	r := httptest.NewRequestWithContext(context.Background(), "GET", path, nil)
	r.Header.Set(web.TenantHeader, "t1")
	r.Header.Set("X-Request-Id", "r-1")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	web.New(web.Options{Reports: rs}).ServeHTTP(w, r)
	return w
}

// TestReports holds the answer of every report against the server's description, and every format against its own.
func TestReports(t *testing.T) {
	rs := mustReports(t)
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromFile(filepath.Join("..", "..", "server", "openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	check := func(path, template string) {
		t.Helper()
		w := get(t, rs, path)
		if w.Code != 200 {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		var v any
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		media := doc.Paths.Find(template).Get.Responses.Status(200).Value.Content.Get(w.Header().Get("Content-Type"))
		if err := media.Schema.Value.VisitJSON(v, openapi3.MultiErrors()); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	check("/v1/reports", "/v1/reports")
	for _, name := range report.Names() {
		check("/v1/reports/"+name+"?days=14", "/v1/reports/{name}")
	}
	for _, f := range render.Formats {
		for _, w := range []*httptest.ResponseRecorder{get(t, rs, "/v1/reports/containment?format="+string(f)), get(t, rs, "/v1/reports/containment", "Accept", f.ContentType()+", */*;q=0.1")} {
			if w.Code != 200 || w.Header().Get("Content-Type") != f.ContentType() || w.Body.Len() == 0 {
				t.Errorf("%s: %d %s, %d bytes", f, w.Code, w.Header().Get("Content-Type"), w.Body.Len())
			}
			if doc.Paths.Find("/v1/reports/{name}").Get.Responses.Status(200).Value.Content[f.ContentType()] == nil {
				t.Errorf("%s is not described", f.ContentType())
			}
		}
	}
	if w := get(t, rs, "/v1/reports/containment?channel=app&format=json"); !strings.Contains(w.Body.String(), `"channels":["app"]`) {
		t.Errorf("the channel is lost: %.300s", w.Body)
	}
	if w := get(t, rs, "/v1/reports/top-questions?format=csv"); !strings.Contains(w.Body.String(), "'=hyperlink") {
		t.Errorf("a customer's formula gets into a spreadsheet: %s", w.Body)
	}
}

func TestReportPage(t *testing.T) {
	rs := mustReports(t)
	w := get(t, rs, "/v1/reports/all?channel=app&bundle=b1&zone=Asia/Shanghai", "Accept", "text/html,application/xhtml+xml", "Accept-Language", "zh-CN,zh;q=0.9")
	page := w.Body.String()
	if w.Code != 200 || w.Header().Get("Content-Security-Policy") != render.Policy || !strings.Contains(page, "<svg") || !strings.Contains(page, "自助完成率") || !strings.Contains(page, "不能按 bundle 筛选") {
		t.Errorf("%d %v\n%.2000s", w.Code, w.Header(), page)
	}
	if !strings.Contains(page, "/v1/reports/csat?bundle=b1&amp;channel=app&amp;format=html&amp;language=zh&amp;zone=Asia%2FShanghai") {
		t.Error("the links forget what was asked")
	}
	if bytes.Contains(w.Body.Bytes(), []byte("<script")) || bytes.Contains(w.Body.Bytes(), []byte("style=\"")) {
		t.Error("the page has a script, or a style that its policy forbids")
	}
	if dir := os.Getenv("YINGDA_SHOTS"); dir != "" {
		os.WriteFile(filepath.Join(dir, "reports.html"), w.Body.Bytes(), 0o644)
	}
}

// TestReportList: a browser gets the list with a form, and every link of it leads to an answer.
func TestReportList(t *testing.T) {
	rs := mustReports(t)
	w := get(t, rs, "/v1/reports?channel=app&bundle=b1&queue=&zone=Asia/Shanghai&days=7", "Accept", "text/html,application/xhtml+xml", "Accept-Language", "zh-CN,zh;q=0.9")
	page := w.Body.String()
	if w.Code != 200 || w.Header().Get("Content-Security-Policy") != render.ListPolicy || !strings.Contains(page, "自助完成率") || !strings.Contains(page, `name="channel" type="text" value="app"`) || !strings.Contains(page, "不能按 bundle 筛选") {
		t.Errorf("%d %v\n%.2000s", w.Code, w.Header(), page)
	}
	if strings.Contains(page, "<script") || strings.Contains(page, "style=\"") {
		t.Error("the page has a script, or a style that its policy forbids")
	}
	seen := 0
	for _, part := range strings.Split(page, `href="/v1/reports`)[1:] {
		link, _, _ := strings.Cut(part, `"`)
		if w := get(t, rs, "/v1/reports"+strings.ReplaceAll(link, "&amp;", "&")); w.Code != 200 {
			t.Errorf("%s: %d %s", link, w.Code, w.Body)
		}
		seen++
	}
	if want := 6 * len(report.Names()); seen < want {
		t.Errorf("%d links, want %d and more", seen, want)
	}
	for path, want := range map[string]string{"/v1/reports?from=yesterday&format=html": "want a day such as", "/v1/reports?colour=red&format=html": "is not known"} {
		if w := get(t, rs, path); w.Code != 400 || !strings.Contains(w.Body.String(), want) || !strings.Contains(w.Body.String(), "<form") {
			t.Errorf("%s: %d %.500s", path, w.Code, w.Body)
		}
	}
	if w := get(t, rs, "/v1/reports?format=html&channel=%22%3E%3Cscript%3E"); strings.Contains(w.Body.String(), "<script") {
		t.Error("a field gets into the page as it is")
	}
	if dir := os.Getenv("YINGDA_SHOTS"); dir != "" {
		os.WriteFile(filepath.Join(dir, "list.html"), w.Body.Bytes(), 0o644)
	}
}

func TestReportErrors(t *testing.T) {
	rs := mustReports(t)
	for path, want := range map[string]struct {
		status int
		code   string
	}{
		"/v1/reports/nothing":                                          {404, "unknown_item"},
		"/v1/reports/containment?from=yesterday":                       {400, "bad_query"},
		"/v1/reports/containment?from=2026-03-05&to=2026-03-01":        {400, "bad_query"},
		"/v1/reports/containment?channels=app":                         {400, "bad_query"},
		"/v1/reports/containment?queue=vip":                            {400, "bad_query"},
		"/v1/reports/containment?zone=Mars/Base":                       {400, "bad_query"},
		"/v1/reports/containment?zone=Local":                           {400, "bad_query"},
		"/v1/reports/containment?format=xls":                           {400, "bad_query"},
		"/v1/reports/containment?language=fr":                          {400, "bad_query"},
		"/v1/reports/containment?limit=0":                              {400, "bad_query"},
		"/v1/reports/containment?days=0":                               {400, "bad_query"},
		"/v1/reports/containment?days=3&from=2026-03-01&to=2026-03-02": {400, "bad_query"},
		"/v1/reports/first-response?hours=always":                      {400, "bad_query"},
		"/v1/reports/containment?exact=perhaps":                        {400, "bad_query"},
		"/v1/reports/drift?base=2027-01-01":                            {400, "bad_query"},
		"/v1/reports/all?format=csv":                                   {400, "bad_query"},
		"/v1/reports?format=csv":                                       {400, "bad_query"},
		"/v1/reports/a/b":                                              {404, "not_found"},
	} {
		w := get(t, rs, path)
		var p struct {
			Code, Detail string
			RequestID    string `json:"request_id"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != want.status || p.Code != want.code || p.Detail == "" || p.RequestID != "r-1" || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s %v", path, w.Code, w.Body, err)
		}
	}
	if w := get(t, nil, "/v1/reports"); w.Code != 404 || !strings.Contains(w.Body.String(), "not_configured") {
		t.Errorf("ErrNotConfigured: %d %s", w.Code, w.Body)
	}
	if w := get(t, rs, "/v1/reports/containment", web.TenantHeader, ""); w.Code != 400 {
		t.Errorf("ErrTenant: %d %s", w.Code, w.Body)
	}
	if w := get(t, rs, "/v1/reports/containment?days=14", web.TenantHeader, "t2"); w.Code != 200 || strings.Contains(w.Body.String(), `"rows":[[`) {
		t.Errorf("another tenant's data: %s", w.Body)
	}
}
