package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/action"
)

// TestDemoShop runs the command and calls the shop with the configuration that it wrote.
func TestDemoShop(t *testing.T) {
	dir := t.TempDir()
	secret, actions, state := filepath.Join(dir, "shop.secret"), filepath.Join(dir, "actions.yaml"), filepath.Join(dir, "shop.json")
	ctx, stop := context.WithCancel(t.Context())
	var out lockedBuffer
	done := make(chan error, 1)
	go func() {
		done <- runDemoShop(ctx, []string{"--addr", "127.0.0.1:0", "--secret-file", secret, "--write-actions", actions, "--state", state}, stdio{out: &out, err: &out})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	address := ""
	for deadline := time.Now().Add(10 * time.Second); address == "" && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if m := regexp.MustCompile(`serves at (http://\S+)`).FindStringSubmatch(out.String()); m != nil {
			address = m[1]
		}
	}
	cfg, err := action.Load(os.DirFS(dir), "actions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := action.New(action.Options{Config: cfg, Secret: func(name string) (string, error) {
		data, err := os.ReadFile(name)
		return string(data), err
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	res := c.Call(t.Context(), dialogue.Call{Name: "order.cancel", Args: map[string]string{"order_id": "0055"}, Key: "k", Customer: "demo-zh"})
	if res.Status != dialogue.CallOK || !strings.Contains(string(res.Data), "8801240055") {
		t.Errorf("result is %+v", res)
	}
	if info, err := os.Stat(secret); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("secret file: %v %v", info, err)
	}
	if _, err := os.Stat(state); err != nil {
		t.Error(err)
	}
	resp, err := http.Get(address + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
}

func TestDemoShopFaults(t *testing.T) {
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--addr", "0.0.0.0:8091"}, {"--addr", "nowhere"}, {"extra"}, {"--secret-file", short}, {"--robot-key-file", short + "x"}} {
		err := runDemoShop(t.Context(), args, stdio{err: &lockedBuffer{}})
		if err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("%v: error is %v", args, err)
		}
	}
}
