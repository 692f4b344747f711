package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"yingda/internal/testenv"
	"yingda/models"
)

// shadowed reads the counters of a pair of bundles from a running server.
func (s *runningServer) shadowed(tb testing.TB, champion, rival models.BundleID) (offered, compared, dropped float64, raw string) {
	tb.Helper()
	status, answer, err := s.send("GET", "/v1/shadow", "")
	if err != nil || status != http.StatusOK {
		tb.Fatalf("status %d, %v", status, err)
	}
	data, err := json.Marshal(answer)
	if err != nil {
		tb.Fatal(err)
	}
	pairs, _ := answer["pairs"].([]any)
	for _, p := range pairs {
		p := p.(map[string]any)
		if p["champion"] != string(champion) || p["shadow"] != string(rival) {
			continue
		}
		for _, n := range p["dropped"].(map[string]any) {
			dropped += n.(float64)
		}
		return p["offered"].(float64), p["compared"].(float64), dropped, string(data)
	}
	return 0, 0, 0, string(data)
}

// TestServeShadow: a shadow that the store names is run beside the champion without restart, its answers reach nobody, and when it becomes champion
// the comparison ends.
func TestServeShadow(t *testing.T) {
	store, champion, rival := mustTinyStore(t)
	s := mustServe(t, "--bundles", store.Dir())
	ask := func(n int) {
		t.Helper()
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				status, answer, err := s.send("POST", "/v1/parse", fmt.Sprintf(`{"text": %q}`, []string{"退", "cancel", "天", "单"}[i%4]))
				if err != nil || status != http.StatusOK || answer["bundle"] != s.bundle(t, "champion") {
					t.Errorf("status %d, %v, %v", status, answer, err)
				}
			})
		}
		wg.Wait()
	}
	ask(4)
	if _, _, _, raw := s.shadowed(t, champion, rival); !strings.Contains(raw, `"pairs":[]`) || !strings.Contains(raw, `"share":1`) {
		t.Errorf("without a shadow: %s", raw)
	}
	if err := store.SetRole(models.Shadow, rival); err != nil {
		t.Fatal(err)
	}
	mustEventually(t, "the shadow", func() bool { return s.bundle(t, "shadow") == string(rival) })
	ask(40)
	mustEventually(t, "40 comparisons", func() bool {
		offered, compared, dropped, _ := s.shadowed(t, champion, rival)
		return offered == 40 && compared+dropped == 40 && compared > 0
	})
	if _, _, _, raw := s.shadowed(t, champion, rival); !strings.Contains(raw, `"all":{"of":`) || strings.Contains(raw, "退") {
		t.Errorf("%s", raw)
	}
	if _, err := store.Promote(models.Promotion{Bundle: rival, To: models.Champion, Against: champion}); err != nil {
		t.Fatal(err)
	}
	mustEventually(t, "the shadow as champion", func() bool { return s.bundle(t, "champion") == string(rival) && s.bundle(t, "shadow") == "" })
	ask(4)
	if offered, _, _, _ := s.shadowed(t, champion, rival); offered != 40 {
		t.Errorf("%g texts offered after the shadow was gone", offered)
	}
	s.stop()
	if err := <-s.done; err != nil {
		t.Error(err)
	}
	if strings.Contains(s.log.String(), "退") {
		t.Errorf("the log holds a text:\n%s", s.log)
	}
}

// bundle tells which bundle a running server has loaded for a role.
func (s *runningServer) bundle(tb testing.TB, role string) string {
	tb.Helper()
	_, answer, err := s.send("GET", "/v1/bundles", "")
	if err != nil {
		tb.Fatal(err)
	}
	roles, _ := answer["roles"].(map[string]any)
	id, _ := roles[role].(string)
	return id
}

// TestServeShadowOff: a share of 0 compares nothing, one out of range is refused.
func TestServeShadowOff(t *testing.T) {
	store, champion, rival := mustTinyStore(t)
	if err := store.SetRole(models.Shadow, rival); err != nil {
		t.Fatal(err)
	}
	s := mustServe(t, "--bundles", store.Dir(), "--shadow-share", "0")
	s.bundleOf(t)
	if offered, _, _, raw := s.shadowed(t, champion, rival); offered != 0 || !strings.Contains(raw, `"share":0`) {
		t.Errorf("%s", raw)
	}
	if _, _, err := call(t, "", "serve", "--parse-only", "--shadow-share", "1.5", "--ort-lib", testenv.ForTest(t)); err == nil || !strings.Contains(err.Error(), "want 0 to 1") {
		t.Error(err)
	}
}
