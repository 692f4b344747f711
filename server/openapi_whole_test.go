package server_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"yingda/server"
)

// walk goes through the API of a whole robot step by step and holds every answer against the description.
type walk struct {
	t    *testing.T
	s    *server.Server
	do   func(method, template, body string, status int) map[string]any
	seen map[string]bool
	vars map[string]string // of the paths
}

func newWalk(t *testing.T) *walk {
	t.Helper()
	s := mustServer(t, mustWhole(t).options())
	doc := mustOpenAPI(t, s)
	closed := false
	for _, ref := range doc.Components.Schemas {
		closeSchema(ref.Value, &closed)
	}
	w := &walk{t: t, s: s, seen: map[string]bool{}, vars: map[string]string{}}
	w.do = func(method, template, body string, status int) (answer map[string]any) {
		t.Helper()
		template, query, _ := strings.Cut(template, "?")
		path := template
		for name, v := range w.vars {
			path = strings.ReplaceAll(path, "{"+name+"}", v)
		}
		r := call(s.Handler(), method, path+"?"+query, strings.NewReader(body))
		checkDescribed(t, doc, method, template, status, r)
		w.seen[method+" "+template] = true
		if kind := r.Header().Get("Content-Type"); strings.Contains(kind, "json") && !strings.Contains(kind, "ndjson") {
			return decode(t, r)
		}
		return nil
	}
	return w
}

func decode(t *testing.T, r *httptest.ResponseRecorder) (v map[string]any) {
	t.Helper()
	if err := json.Unmarshal(r.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// at reads a value of an answer, e.g. at(a, "owner", "token").
func at(v any, path ...string) any {
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// TestOpenAPIWhole validates the answers of all routes of the conversation, given by the real parts.
func TestOpenAPIWhole(t *testing.T) {
	w := newWalk(t)
	w.vars = map[string]string{"conversation": "web-1", "agent": "a1", "key": "ask.order_id", "entry": "test-entry", "customer": "u-42", "category": "marketing"}
	w.conversation()
	w.agents()
	w.scripts()
	w.experiments()
	w.knowledge()
	w.customers()
	w.analytics()
	live := []string{"GET /v1/conversations/{conversation}/live", "GET /v1/conversations/{conversation}/events", "GET /v1/agents/{agent}/events"} // tested as streams
	for _, r := range w.s.Routes() {
		if name := r[0] + " " + r[1]; strings.HasPrefix(r[1], "/v1/") && !w.seen[name] && !slices.Contains(live, name) &&
			!slices.Contains([]string{"/v1/parse", "/v1/bundles", "/v1/limits", "/v1/shadow", "/v1/parse-log"}, r[1]) {
			t.Errorf("%s is not walked through", name)
		}
	}
}

// analytics asks for what needs no database; package web holds the reports themselves against the description.
func (w *walk) analytics() {
	w.do("GET", "/v1/reports", "", 200)
	w.vars["name"] = "nothing"
	w.do("GET", "/v1/reports/{name}", "", 404)
	w.do("GET", "/v1/reports/{name}?from=yesterday", "", 400)
	w.do("GET", "/v1/reports/shadows", "", 404)
	w.do("GET", "/v1/experiments/{name}/results", "", 404)
	w.vars["group"] = "g-1"
	w.do("GET", "/v1/unrecognised", "", 200)
	w.do("GET", "/v1/unrecognised/{group}", "", 404)
	w.do("POST", "/v1/unrecognised/{group}", `{"action":"refuse"}`, 404)
	w.do("POST", "/v1/unrecognised/{group}", `{"verdict":1}`, 422)
	w.do("GET", "/v1/labels", "", 200)
	w.do("GET", "/v1/labels?limit=0", "", 400)
	w.do("POST", "/v1/labels", `{"key":"x","intents":[]}`, 404)
	w.do("GET", "/v1/labels/export", "", 200)
	w.vars["file"] = "2026-03-01.parquet"
	w.do("GET", "/v1/exports", "", 200)
	w.do("POST", "/v1/exports/{name}", `{"from":"2026-03-01","to":"2026-03-02"}`, 404)
	w.do("POST", "/v1/exports/{name}", `{"from":"2026-03-01","to":"march"}`, 400)
	w.do("GET", "/v1/exports/{name}/{file}", "", 404)
	w.do("GET", "/v1/exports/webhooks/{name}/dead", "", 404)
	w.do("POST", "/v1/exports/webhooks/{name}/resend", `{}`, 404)
}

func (w *walk) conversation() {
	const c = "/v1/conversations/{conversation}"
	w.do("POST", c+"/messages", `{"id":"m-1","customer":"u-42","text":"收到的杯子碎了，我要退款","profile":{"tier":"vip","name":"王"}}`, 200)
	w.do("POST", c+"/messages", `{"id":"m-1","text":"收到的杯子碎了，我要退款"}`, 200)
	w.do("POST", c+"/messages", `{"id":"m-2","attachments":[{"type":"image","url":"https://cdn.example/1.jpg","caption":"杯子"}]}`, 200)
	w.do("POST", c+"/messages", `{"id":"m-3","text":""}`, 422)
	w.do("GET", c, "", 200)
	w.do("GET", c+"/messages", "", 200)
	w.do("GET", c+"/messages?limit=x", "", 400)
	w.do("POST", c+"/rating", `{"score":4,"text":"还行"}`, 200)
	w.do("POST", c+"/enqueue", `{"queue":"nowhere"}`, 422)
	w.do("POST", c+"/enqueue", `{"queue":"vip"}`, 200)
	w.do("GET", c+"/place", "", 200)
	w.do("GET", c+"/package?language=en", "", 200)
	w.do("GET", "/v1/queues", "", 200)
	w.do("GET", "/v1/tickets", "", 200)
	w.do("GET", "/v1/tickets?state=sleeping", "", 400)
}

func (w *walk) agents() {
	const a, c = "/v1/agents/{agent}", "/v1/agents/{agent}/conversations/{conversation}"
	w.do("GET", a, "", 404)
	w.do("PUT", a, `{"name":"小李","queues":["nowhere"]}`, 422)
	w.do("PUT", a, `{"name":"小李","skills":{"returns":4},"languages":["zh"],"capacity":2}`, 200)
	w.do("POST", a+"/claim-next", `{}`, 409) // not there
	w.do("PUT", a+"/presence", `{"status":"asleep"}`, 422)
	w.do("PUT", a+"/presence", `{"status":"away"}`, 200)
	w.do("POST", a+"/heartbeat", ``, 200)
	w.do("GET", "/v1/agents", "", 200)
	w.do("GET", a, "", 200)
	w.do("POST", c+"/decline", `{}`, 409)
	token := func(answer map[string]any) string { return fmt.Sprintf(`{"token":%.0f}`, at(answer, "owner", "token")) }
	held := token(w.do("POST", c+"/claim", `{}`, 200))
	w.do("POST", c+"/say", `{"token":1,"text":"您好"}`, 409)
	w.do("POST", c+"/say", strings.Replace(held, "}", `,"replies":[{"text":"您好","links":["javascript:alert(1)"]}]}`, 1), 422)
	w.do("POST", c+"/say", strings.Replace(held, "}", `,"text":"您好"}`, 1), 200)
	w.do("GET", "/v1/conversations/{conversation}/package", "", 200)
	w.do("GET", "/v1/tickets?agent=a1", "", 200)
	w.do("POST", c+"/transfer", strings.Replace(held, "}", `,"queue":"tech"}`, 1), 200)
	held = token(w.do("POST", c+"/claim", `{}`, 200))
	w.do("POST", c+"/release", held, 200)
	w.do("PUT", a+"/presence", `{"status":"available"}`, 200)
	held = token(w.do("POST", c+"/claim", `{}`, 200))
	w.do("POST", c+"/return", held, 200)
	w.do("POST", a+"/claim-next", `{}`, 404) // nobody waits
	held = token(w.do("POST", c+"/claim", `{}`, 200))
	w.do("POST", c+"/close", held, 200)
	w.do("POST", "/v1/conversations/{conversation}/close", "", 200)
	w.do("DELETE", a, "", 200)
}

func (w *walk) scripts() {
	const k = "/v1/scripts/{key}"
	w.do("GET", "/v1/scripts?prefix=ask.", "", 200)
	w.do("GET", k, "", 200)
	revision := func(v any) string { return fmt.Sprintf(`{"revision":%.0f`, v) }
	faulty := w.do("PUT", k, `{"revision":0,"source":"zh: [1"}`, 200)
	at0 := revision(at(faulty, "script", "revision"))
	w.do("POST", k+"/publish", at0+`}`, 422)
	saved := w.do("PUT", k, at0+`,"source":"zh: 哪一笔订单？\nen: Which order?\n"}`, 200)
	w.do("PUT", k, `{"revision":0,"source":"zh: 旧\nen: old\n"}`, 409)
	w.do("POST", k+"/preview", `{"language":"zh"}`, 200)
	published := w.do("POST", k+"/publish", revision(at(saved, "script", "revision"))+`}`, 200)
	back := w.do("POST", k+"/rollback", revision(at(published, "revision"))+`,"version":0}`, 200)
	draft := w.do("PUT", k, revision(at(back, "revision"))+`,"source":"zh: 哪一单？\nen: Which one?\n"}`, 200)
	w.do("POST", k+"/discard", revision(at(draft, "script", "revision"))+`}`, 200)
	w.do("GET", k+"/history", "", 200)
	w.do("GET", "/v1/scripts/export", "", 200)
	w.do("POST", "/v1/scripts/import", `{"source":"version: 1\nscripts:\n  ask.order_id:\n    zh: 哪单？\n    en: Which?\n","dry_run":true}`, 200)
	w.do("GET", "/v1/scripts/reports", "", 200)
	w.do("GET", "/v1/tasks", "", 200)
	w.do("POST", "/v1/tasks/validate", `{"source":"version: 1\ntasks:\n  - intents: []\n    colour: red\n"}`, 422)
	w.do("POST", "/v1/tasks/validate", `{"source":"version: 1\ntasks:\n  - intents: [order.cancel]\n"}`, 200)
	w.do("POST", "/v1/tasks/reload", `{"dry_run":true}`, 200)
}

func (w *walk) experiments() {
	const e = "/v1/experiments/{name}"
	w.vars["name"] = "careful"
	source := func(more string) string {
		return fmt.Sprintf(`"source":%q`, `{"name":"careful","variants":[{"name":"plain"},{"name":"careful","settings":{"understanding.accept":0.6}}]`+more+`}`)
	}
	revision := func(v any) string { return fmt.Sprintf(`{"revision":%.0f`, at(v, "revision")) }
	w.do("GET", "/v1/experiments", "", 200)
	w.do("GET", e, "", 404)
	w.do("PUT", e, `{`+source(`,"colour":"red"`)+`}`, 422)
	w.do("PUT", e, `{"source":" "}`, 422)
	v := w.do("PUT", e, `{`+source(`,"coverage":0.1,"namespace":{"name":"n","from":0,"to":0.5},"target":{"lang":["zh"]},"bandit":{},"plan":{"metric":"resolved"}`)+`}`, 200)
	w.do("PUT", e, `{`+source("")+`}`, 409)
	w.do("POST", e+"/pause", `{}`, 409) // it does not run
	v = w.do("POST", e+"/start", revision(v)+`}`, 200)
	w.do("PUT", e, revision(v)+`,`+source("")+`}`, 409) // what runs is frozen
	w.do("POST", e+"/ramp", revision(v)+`}`, 422)
	w.do("POST", e+"/ramp", revision(v)+`,"coverage":2}`, 422)
	v = w.do("POST", e+"/ramp", revision(v)+`,"coverage":0.2,"steps":[{"after":"24h","coverage":1}]}`, 200)
	w.do("POST", e+"/weights", revision(v)+`,"weights":{"plain":1}}`, 422)
	w.do("POST", e+"/weights", revision(v)+`,"weights":{"plain":0.3,"careful":0.7}}`, 200)
	v = w.do("POST", e+"/pause", `{"reason":"a test"}`, 200)
	w.do("POST", e+"/start", revision(v)+`}`, 200)
	w.do("POST", e+"/stop", `{}`, 200)
	w.do("GET", e, "", 200)
	w.do("GET", e+"/history", "", 200)
	w.do("GET", "/v1/experiments", "", 200)
}

func (w *walk) knowledge() {
	const e = "/v1/knowledge/{entry}"
	w.do("GET", "/v1/knowledge?limit=2", "", 200)
	w.do("GET", "/v1/knowledge?after=nothing", "", 400)
	w.do("PUT", e, `{"questions":[]}`, 422)
	put := w.do("PUT", e, `{"lang":"zh","questions":["能开发票吗"],"answer":"可以，下单时选择开票即可。"}`, 200)
	w.do("GET", e, "", 200)
	w.do("GET", e+"/history", "", 200)
	w.do("POST", "/v1/knowledge/search", `{"text":"能开发票吗"}`, 200)
	w.do("POST", "/v1/knowledge/search", `{"text":" "}`, 422)
	w.do("GET", "/v1/knowledge/status", "", 200)
	w.do("POST", e+"/reset", fmt.Sprintf(`{"revision":%.0f}`, at(put, "revision")), 404) // it is none of the service pack's
	w.do("DELETE", fmt.Sprintf("%s?revision=%.0f", e, at(put, "revision")), "", 200)
	w.do("GET", e, "", 404)
}

func (w *walk) customers() {
	const p = "/v1/profiles/{customer}"
	w.do("GET", p, "", 200)
	w.do("PUT", p+"/consent/{category}", `{"allowed":true}`, 200)
	w.do("PUT", p+"/consent/{category}", `{}`, 422)
	w.do("PUT", p+"/link", `{"main":"crm-1"}`, 200)
	w.do("GET", p, "", 200)
	w.do("DELETE", p+"/link", "", 200)
	w.do("DELETE", p+"/preferences?name=carrier", "", 404)
	kinds := at(w.do("GET", "/v1/follow-ups", "", 200), "kinds").([]any)
	w.do("POST", "/v1/follow-ups", `{"kind":"no.such.kind","conversation":"web-1"}`, 422)
	made := w.do("POST", "/v1/follow-ups", fmt.Sprintf(`{"id":"f-1","kind":%q,"conversation":"web-1","customer":"u-42","at":%q}`,
		w.kind(kinds), time.Now().AddDate(0, 1, 0).Format(time.RFC3339)), 200)
	w.vars["follow_up"], _ = at(made, "id").(string)
	w.do("GET", "/v1/follow-ups/{follow_up}", "", 200)
	w.do("DELETE", "/v1/follow-ups/{follow_up}?reason=test", "", 200)
	w.do("POST", "/v1/events", `{"id":"e-1","type":"nothing.like.it","customer":"u-42","conversation":"web-1"}`, 200)
	w.do("POST", "/v1/events", `{"id":"","type":"x"}`, 422)
	w.do("POST", "/v1/receipts", `{"follow_up":"20260101T000000Z-0","status":"delivered"}`, 404)
	w.do("GET", "/v1/backup", "", 200)
	if gone := w.do("DELETE", "/v1/customers/{customer}", "", 200); at(gone, "keys") != float64(1) {
		w.t.Errorf("erased %v", gone)
	}
}

// kind is one that can be asked for.
func (w *walk) kind(kinds []any) string {
	for _, k := range kinds {
		if k == "reminder" {
			return "reminder"
		}
	}
	w.t.Fatalf("no kind of follow-up fits: %v", kinds)
	return ""
}
