package server_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"yingda/server"
)

func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

// TestPages: complete, nothing from elsewhere, and the policy allows exactly the style and script that stand in the page.
func TestPages(t *testing.T) {
	h := mustServer(t, server.Options{}).Handler()
	for path, words := range map[string][]string{
		"/":      {"试聊", "Customer", "Agent", "/v1/conversations/", "人工坐席"},
		"/parse": {"试一试", "Try it", "/v1/parse", "1.2.3"},
		"/docs":  {"/v1/parse", "/v1/conversations/{conversation}/messages", "stale_owner", "/language/:analyze-conversations", "text_too_long", "我的订单怎么还没发货", "curl -s", "1.2.3", "ParseRequest"},
	} {
		w := call(h, "GET", path, nil)
		page, csp := w.Body.String(), w.Header().Get("Content-Security-Policy")
		if w.Code != 200 || w.Header().Get("Content-Type") != "text/html; charset=utf-8" || !strings.HasSuffix(strings.TrimSpace(page), "</html>") {
			t.Errorf("%s: %d %s", path, w.Code, w.Header().Get("Content-Type"))
		}
		for _, s := range words {
			if !strings.Contains(page, s) {
				t.Errorf("%s has no %q", path, s)
			}
		}
		if m := regexp.MustCompile(`(?i)(src|href|action)="(https?:)?//[^"]*"|@import|(?-i:\burl\()|\sstyle="|\son[a-z]+="|ZgotmplZ`).FindString(page); m != "" {
			t.Errorf("%s has %q", path, m)
		}
		for _, tag := range []string{"style", "script"} {
			for _, m := range regexp.MustCompile(`(?s)<`+tag+`>(.*?)</`+tag+`>`).FindAllStringSubmatch(page, -1) {
				sum := sha256.Sum256([]byte(m[1]))
				if want := tag + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(csp, want) {
					t.Errorf("%s: the %s would be blocked by %s", path, tag, csp)
				}
			}
		}
	}
	if strings.Contains(call(h, "GET", "/docs", nil).Body.String(), "<script") {
		t.Error("/docs has a script")
	}
}
