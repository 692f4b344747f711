package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"yingda/dialogue/action"
	"yingda/dialogue/demoshop"
)

// demoShopFlags are those of "yingda demo-shop".
type demoShopFlags struct {
	addr, secretFile, state, robot, robotKeyFile, actions string
	invent                                                bool
}

func runDemoShop(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "demo-shop", "", "Serves a small shop that answers every call of the default service pack, to try the robot out against a real system.")
	var f demoShopFlags
	fs.StringVar(&f.addr, "addr", "127.0.0.1:8091", "listen `address`; anything but loopback needs --secret-file")
	fs.StringVar(&f.secretFile, "secret-file", "", "`file` with the secret that requests are signed with; it is written if it is not there. Without one, anyone on this machine may call")
	fs.StringVar(&f.state, "state", "", "`file` that keeps the state over restarts; without one the shop forgets")
	fs.StringVar(&f.robot, "robot", "", "`URL` of the robot, e.g. http://127.0.0.1:8080, which is told when something happens to an order")
	fs.StringVar(&f.robotKeyFile, "robot-key-file", "", "`file` with the robot's API key, if it asks for one")
	fs.StringVar(&f.actions, "write-actions", "", "write the robot's actions.yaml for this shop to a `file`, and begin")
	fs.BoolVar(&f.invent, "invent", false, "make up an order for any number that looks like one")
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("demo-shop: unexpected argument %q", fs.Arg(0))
	}
	return f.serve(ctx, std)
}

func (f *demoShopFlags) serve(ctx context.Context, std stdio) error {
	ap, err := netip.ParseAddrPort(f.addr)
	if err != nil {
		return fmt.Errorf("demo-shop: --addr %q: want an address and a port, e.g. 127.0.0.1:8091", f.addr)
	}
	if f.secretFile == "" && !ap.Addr().IsLoopback() {
		return fmt.Errorf("demo-shop: --addr %s can be reached by others; add --secret-file", f.addr)
	}
	o := demoshop.Options{File: f.state, Robot: f.robot, Invent: f.invent, Log: newLogger(std.err, slog.LevelInfo)}
	if f.secretFile != "" {
		if o.Secrets, err = demoShopSecrets(f.secretFile); err != nil {
			return fmt.Errorf("demo-shop: %w", err)
		}
	}
	if f.robotKeyFile != "" {
		key, err := os.ReadFile(f.robotKeyFile)
		if err != nil {
			return fmt.Errorf("demo-shop: robot's key: %w", err)
		}
		o.RobotKey = strings.TrimSpace(string(key))
	}
	shop, err := demoshop.New(o)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", f.addr)
	if err != nil {
		return fmt.Errorf("demo-shop: %w", err)
	}
	address := "http://" + ln.Addr().String()
	if f.actions != "" {
		if err := os.WriteFile(f.actions, []byte(demoshop.ActionsFile(address, f.secretFile)), 0o644); err != nil {
			ln.Close()
			return fmt.Errorf("demo-shop: write actions: %w", err)
		}
	}
	fmt.Fprintf(std.out, "\nThe demo shop serves at %s  —  its customers and their orders:\n\n%s\nSomething happens to an order:\n\n  curl -X POST '%s/admin/exception?kind=delay&customer=demo-zh'\n\n",
		address, shop.Overview(), address)
	return serveUntil(ctx, ln, shop)
}

// serveUntil serves until ctx is done, then lets requests under way end.
func serveUntil(ctx context.Context, ln net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	select {
	case err := <-failed:
		return fmt.Errorf("demo-shop: %w", err)
	case <-ctx.Done():
	}
	closing, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := srv.Shutdown(closing); err != nil {
		srv.Close()
	}
	<-failed
	return nil
}

// demoShopSecrets reads the secrets of a file, after writing one if there is none.
func demoShopSecrets(name string) ([]action.Secret, error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		raw := make([]byte, 32)
		rand.Read(raw) // never fails
		data = []byte("whsec_" + base64.StdEncoding.EncodeToString(raw) + "\n")
		if err := os.WriteFile(name, data, 0o600); err != nil {
			return nil, fmt.Errorf("write secret: %w", err)
		}
	} else if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	secrets, err := action.ParseSecrets(string(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return secrets, nil
}
