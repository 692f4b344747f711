package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// startDemoShop runs the demo shop as a process of its own and sets --actions and --profiles to it. stop ends it.
func (f *serveFlags) startDemoShop(ctx context.Context, std stdio, log *slog.Logger) (stop func() error, err error) {
	if f.talk.actions != "" || f.talk.profile != "" {
		return nil, errors.New("serve: --demo brings its own --actions and --profiles: leave those out, or run 'yingda demo-shop' yourself")
	}
	dir, err := os.MkdirTemp("", "yingda-demo-")
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	actions, secret, profiles := filepath.Join(dir, "actions.yaml"), filepath.Join(dir, "secret"), filepath.Join(dir, "profiles.yaml")
	text := fmt.Sprintf("http: {url: 'http://%s/profile?customer={customer}', secret: %s, allow: [127.0.0.1]}\n", address, secret)
	if err := os.WriteFile(profiles, []byte(text), 0o600); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	self, err := os.Executable()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	cmd := exec.Command(self, "demo-shop", "--addr", address, "--secret-file", secret, "--write-actions", actions, "--robot", "http://"+f.addr)
	said := &lineLog{log: log.With("part", "demo-shop")}
	cmd.Stderr = said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C ends the robot first, which then ends the shop
	dieWithParent(cmd.SysProcAttr)
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("demo shop: %w", err), os.RemoveAll(dir))
	}
	stop = func() error {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait() // its own way of ending is of no interest; returns once all that it wrote was read
		said.flush()
		return os.RemoveAll(dir)
	}
	if err := waitFor(ctx, "http://"+address+"/healthz"); err != nil {
		return nil, errors.Join(fmt.Errorf("demo shop at %s: %w", address, err), stop())
	}
	f.talk.actions, f.talk.profile = actions, profiles
	log.Info("the demo shop runs", "address", "http://"+address)
	return stop, nil
}

// freeAddress returns a loopback address that nobody listens at now.
func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// waitFor returns when the address answers.
func waitFor(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("does not answer: %w", ctx.Err())
		case <-time.After(30 * time.Millisecond):
		}
	}
}
