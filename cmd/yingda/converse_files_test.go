package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"yingda/dialogue/proactive"
)

// TestDeliveryByItsOwnChannel gives a channel of its own and one for all others: a message goes out by its own, in whatever order they are
// read.
func TestDeliveryByItsOwnChannel(t *testing.T) {
	got := make(chan string, 1)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.URL.Path }))
	defer hook.Close()
	t.Setenv("YINGDA_SECRET_HOOK", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz")
	file := filepath.Join(t.TempDir(), "deliver.yaml")
	text := "'*': {url: '" + hook.URL + "/rest', secret: hook, allow: [127.0.0.1]}\nsms: {url: '" + hook.URL + "/sms', secret: hook, allow: [127.0.0.1]}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 20 { // maps are read in any order
		away := proactive.ChannelFunc(func(context.Context, proactive.Delivery) (proactive.Status, error) {
			return "", proactive.ErrUnreachable
		})
		channels := map[string]proactive.Channel{"*": away}
		if err := openDelivery(file, channels); err != nil {
			t.Fatal(err)
		}
		if _, err := channels["sms"].Deliver(t.Context(), proactive.Delivery{ID: "f-1"}); err != nil {
			t.Fatal(err)
		}
		if path := <-got; path != "/sms" {
			t.Fatalf("a text message went to %s", path)
		}
	}
}
