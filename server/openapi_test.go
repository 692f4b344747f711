package server_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"yingda/models"
	"yingda/server"
)

func mustOpenAPI(tb testing.TB, s *server.Server) *openapi3.T {
	tb.Helper()
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(call(s.Handler(), "GET", "/openapi.json", nil).Body.Bytes())
	if err != nil {
		tb.Fatal(err)
	}
	if err := doc.Validate(loader.Context); err != nil { // examples are validated too
		tb.Fatal(err)
	}
	return doc
}

// TestOpenAPIRoutes: what is served is described, and nothing else is.
func TestOpenAPIRoutes(t *testing.T) {
	s := mustServer(t, server.Options{})
	doc := mustOpenAPI(t, s)
	if doc.Info.Version != "1.2.3" {
		t.Errorf("version %q", doc.Info.Version)
	}
	var described, served, table []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	for _, r := range s.GinRoutes() {
		if r[0] != "HEAD" {
			served = append(served, r[0]+" "+openAPIPath(r[1]))
		}
	}
	for _, r := range s.Routes() {
		table = append(table, r[0]+" "+r[1])
	}
	slices.Sort(described)
	slices.Sort(served)
	slices.Sort(table)
	if !slices.Equal(described, served) || !slices.Equal(served, table) {
		t.Errorf("described %q\nserved %q\ntable %q", described, served, table)
	}
}

// openAPIPath turns gin's way to write a path into OpenAPI's. A parameter is a whole segment; a colon in a name is a colon.
func openAPIPath(path string) string {
	segments := strings.Split(strings.ReplaceAll(path, `\:`, ":"), "/")
	for i, seg := range segments {
		if name, ok := strings.CutPrefix(seg, ":"); ok && !strings.Contains(name, "-") {
			segments[i] = "{" + name + "}"
		}
	}
	return strings.Join(segments, "/")
}

// TestOpenAPIAnswers validates real answers, with every field that is not described counted as a fault.
func TestOpenAPIAnswers(t *testing.T) {
	s := mustServer(t, server.Options{})
	doc := mustOpenAPI(t, s)
	closed := false
	for _, ref := range doc.Components.Schemas {
		closeSchema(ref.Value, &closed)
	}
	text := `{"text":` + mustJSON(t, order) + `,"debug":true}`
	clu := `{"kind":"Conversation","analysisInput":{"conversationItem":{"text":` + mustJSON(t, order) + `}}}`
	notReady := mustServer(t, server.Options{Bundles: bundles{}, Parser: &fake{err: models.ErrNoBundle}})
	shadowed := mustServer(t, server.Options{Shadow: mustShadow(t).Report})
	noted := mustServer(t, server.Options{Parses: &parseLog{}})
	for _, tc := range []struct {
		s                  *server.Server
		method, path, body string
		status             int
	}{
		{s, "POST", "/v1/parse", text, 200},
		{s, "POST", "/v1/parse", `{"texts":["a","b?"],"debug":true}`, 200},
		{s, "POST", "/v1/parse", `{"utterances":[{"text":"a","alternatives":[{"text":"b"}]}]}`, 200},
		{s, "POST", "/v1/parse", `{"texts":[""]}`, 422},
		{notReady, "POST", "/v1/parse", text, 503},
		{s, "GET", "/v1/bundles", "", 200},
		{notReady, "GET", "/v1/bundles", "", 200},
		{s, "GET", "/v1/limits", "", 200},
		{s, "GET", "/v1/shadow", "", 200},
		{s, "GET", "/v1/parse-log", "", 200},
		{shadowed, "GET", "/v1/shadow", "", 200},
		{noted, "GET", "/v1/parse-log", "", 200},
		{noted, "POST", "/v1/parse", `{"text":"a","customer":"u-1"}`, 200},
		{s, "GET", "/healthz", "", 200},
		{s, "GET", "/readyz", "", 200},
		{notReady, "GET", "/readyz", "", 503},
		{s, "POST", "/model/parse", text, 200},
		{s, "POST", "/model/parse", `{"text":"b?"}`, 200},
		{s, "POST", "/model/parse", `{"text":""}`, 400},
		{s, "GET", "/version", "", 200},
		{s, "GET", "/status", "", 200},
		{notReady, "GET", "/status", "", 409},
		{s, "POST", "/language/:analyze-conversations", clu, 200},
		{s, "POST", "/language/:analyze-conversations", "{}", 400},
		{s, "GET", "/openapi.json", "", 200},
		{s, "POST", "/webhooks/rest/webhook", `{"sender":"u-1","message":"我要退款"}`, 200},
		{s, "POST", "/webhooks/rest/webhook?stream=true", `{"sender":"u-1","message":"我要退款"}`, 200},
		{s, "POST", "/webhooks/rest/webhook", `{"sender":"u-1"}`, 400},
		{s, "GET", "/webhooks/rest/", "", 200},
	} {
		t.Run(fmt.Sprintf("%s %s %d %.20s", tc.method, tc.path, tc.status, tc.body), func(t *testing.T) {
			w := call(tc.s.Handler(), tc.method, tc.path, strings.NewReader(tc.body))
			path, _, _ := strings.Cut(tc.path, "?")
			checkDescribed(t, doc, tc.method, path, tc.status, w)
		})
	}
	if !closed {
		t.Error("no schema was closed: the test proves nothing")
	}
}

// checkDescribed holds an answer against the description of its operation.
func checkDescribed(t *testing.T, doc *openapi3.T, method, path string, status int, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	responses := doc.Paths.Find(path).GetOperation(method).Responses
	ref := responses.Status(status)
	if ref == nil {
		ref = responses.Default()
	}
	kind := w.Header().Get("Content-Type")
	media := ref.Value.Content.Get(kind)
	if media == nil {
		t.Fatalf("content type %q is not described", kind)
	}
	if !strings.Contains(kind, "json") || strings.Contains(kind, "ndjson") {
		return
	}
	var v any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	if err := media.Schema.Value.VisitJSON(v, openapi3.MultiErrors()); err != nil {
		t.Errorf("%v\n%s", err, w.Body)
	}
}

// closeSchema forbids fields that are not described. Free maps stay free.
func closeSchema(s *openapi3.Schema, closed *bool) {
	if len(s.Properties) > 0 && s.AdditionalProperties.Has == nil && s.AdditionalProperties.Schema == nil {
		no := false
		s.AdditionalProperties.Has = &no
		*closed = true
	}
	for _, p := range s.Properties {
		if p.Ref == "" {
			closeSchema(p.Value, closed)
		}
	}
	if s.Items != nil && s.Items.Ref == "" {
		closeSchema(s.Items.Value, closed)
	}
}

// TestOpenAPIMatchesCode: codes and limits in the description are those of the code.
func TestOpenAPIMatchesCode(t *testing.T) {
	s := mustServer(t, server.Options{})
	doc := mustOpenAPI(t, s)
	var codes []any
	for _, row := range server.ErrorTable() {
		codes = append(codes, string(row.Code))
	}
	described := doc.Components.Schemas["Problem"].Value.Properties["code"].Value.Enum
	if len(codes) != len(described) || slices.ContainsFunc(codes, func(c any) bool { return !slices.Contains(described, c) }) {
		t.Errorf("codes %v\ndescribed %v", codes, described)
	}
	var limits map[string]any
	if err := json.Unmarshal(call(s.Handler(), "GET", "/v1/limits", nil).Body.Bytes(), &limits); err != nil {
		t.Fatal(err)
	}
	req := doc.Components.Schemas["ParseRequest"].Value.Properties
	utt := doc.Components.Schemas["Utterance"].Value.Properties
	for name, got := range map[string]uint64{
		"characters": *req["text"].Value.MaxLength, "texts": *req["texts"].Value.MaxItems, "alternatives": *utt["alternatives"].Value.MaxItems,
		"top": uint64(*req["top"].Value.Max), "top_default": uint64(req["top"].Value.Default.(float64)),
	} {
		if limits[name] != float64(got) {
			t.Errorf("%s: described %d, served %v", name, got, limits[name])
		}
	}
	want := []string{}
	for _, u := range req["span_unit"].Value.Enum {
		want = append(want, u.(string))
	}
	if fmt.Sprint(limits["span_units"]) != fmt.Sprint(want) {
		t.Errorf("span units: described %v, served %v", want, limits["span_units"])
	}
}

// TestOpenAPIRequests: the body of each example and of each curl line is taken. What it names may not be there, or be in another state.
func TestOpenAPIRequests(t *testing.T) {
	s := mustServer(t, mustWhole(t).options())
	doc := mustOpenAPI(t, s)
	n := 0
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			at := path
			for _, p := range op.Parameters {
				if p.Value.In == "path" {
					at = strings.ReplaceAll(at, "{"+p.Value.Name+"}", p.Value.Example.(string))
				}
			}
			for _, body := range requestsOf(t, op) {
				n++
				w := call(s.Handler(), method, at, strings.NewReader(body))
				elsewhere := strings.Contains(path, "{") || path == "/v1/receipts" || path == "/v1/labels"
				if w.Code != 200 && !(elsewhere && (w.Code == 404 || w.Code == 409)) || strings.Contains(w.Body.String(), `"not_configured"`) {
					t.Errorf("%s %s with %s: %d %s", method, at, body, w.Code, w.Body)
				}
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d requests found", n)
	}
}

func requestsOf(t *testing.T, op *openapi3.Operation) (bodies []string) {
	t.Helper()
	if op.RequestBody != nil {
		bodies = append(bodies, mustJSON(t, op.RequestBody.Value.Content.Get("application/json").Example))
	}
	lines, _ := op.Extensions["x-curl"].([]any)
	for _, line := range lines {
		if _, body, ok := strings.Cut(line.(string), "-d '"); ok {
			bodies = append(bodies, strings.TrimSuffix(body, "'"))
		}
	}
	return bodies
}
