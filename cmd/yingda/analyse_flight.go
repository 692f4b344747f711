package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"yingda/analytics/flight"
	"yingda/server"
)

// flightFlags are those of the Arrow Flight SQL endpoint.
type flightFlags struct {
	addr, keys, cert, key string
	time                  time.Duration
	rows                  int64
	memory                int64 // MiB
	queries               int
}

func (f *flightFlags) register(fs *flag.FlagSet, prefix string) {
	fs.StringVar(&f.addr, prefix+"flight", "", "listen `address` for SQL over Arrow Flight, e.g. 127.0.0.1:31337 (default: none); anything but loopback needs keys and TLS")
	fs.StringVar(&f.keys, prefix+"flight-keys", "", "`file` of API keys whose managers may ask SQL, each of its tenant's rows; as that of 'yingda serve --keys'")
	fs.StringVar(&f.cert, prefix+"flight-cert", "", "PEM `file` with the certificate for TLS")
	fs.StringVar(&f.key, prefix+"flight-key", "", "PEM `file` with the certificate's key")
	fs.DurationVar(&f.time, prefix+"flight-time", time.Minute, "how long a query may take")
	fs.Int64Var(&f.rows, prefix+"flight-rows", 50_000_000, "`rows` that an answer may have")
	fs.Int64Var(&f.memory, prefix+"flight-memory", 4096, "`MiB` of the analytics process above which the newest query is stopped")
	fs.IntVar(&f.queries, prefix+"flight-queries", 4, "queries at once")
}

// args are the flags for a child.
func (f *flightFlags) args() []string {
	if f.addr == "" {
		return nil
	}
	return []string{"--flight", f.addr, "--flight-keys", f.keys, "--flight-cert", f.cert, "--flight-key", f.key, "--flight-time", f.time.String(),
		"--flight-rows", strconv.FormatInt(f.rows, 10), "--flight-memory", strconv.FormatInt(f.memory, 10), "--flight-queries", strconv.Itoa(f.queries)}
}

// serve answers SQL until ctx is done; without an address it does nothing.
func (f *flightFlags) serve(ctx context.Context, w flight.Warehouse, log *slog.Logger) error {
	if f.addr == "" {
		return nil
	}
	o := flight.Options{Warehouse: w, Tenant: server.DefaultTenant, Time: f.time, Rows: f.rows, Memory: f.memory << 20, Queries: f.queries, Log: log}
	keys, err := f.secure(&o)
	if err != nil {
		return fmt.Errorf("--flight: %w", err)
	}
	s, err := flight.New(o)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", f.addr)
	if err != nil {
		return fmt.Errorf("--flight: %w", err)
	}
	if keys != nil {
		followed := make(chan struct{})
		following, stop := context.WithCancel(ctx)
		go func() {
			defer close(followed)
			keys.Follow(following, log)
		}()
		defer func() {
			stop()
			<-followed
		}()
	}
	log.Info("Flight SQL is answered", "addr", ln.Addr().String(), "tls", o.TLS != nil, "keys", keys != nil)
	return s.Serve(ctx, ln)
}

// secure sets who may ask and how the way there is encrypted. A key is a secret: it is not sent to another machine in the clear.
func (f *flightFlags) secure(o *flight.Options) (keys *server.Keys, err error) {
	if f.keys != "" {
		if keys, err = server.OpenKeys(f.keys, time.Now); err != nil {
			return nil, err
		}
		o.Authenticate = func(_ context.Context, credential string) (flight.Caller, error) {
			c, err := keys.Check(credential, server.RoleManager)
			if err != nil {
				return flight.Caller{}, fmt.Errorf("%w: %w", flight.ErrCredential, err)
			}
			return flight.Caller{Name: c.By(), Tenant: c.Tenant}, nil
		}
	}
	if err := server.CheckBinding(f.addr, keys); err != nil {
		return nil, err
	}
	if f.cert != "" || f.key != "" {
		pair, err := tls.LoadX509KeyPair(f.cert, f.key)
		if err != nil {
			return nil, fmt.Errorf("certificate %s, key %s: %w", f.cert, f.key, err)
		}
		o.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2"}}
		return keys, nil
	}
	if server.CheckBinding(f.addr, nil) != nil {
		return nil, errors.New("listen address " + f.addr + " can be reached by others: give --flight-cert and --flight-key, or listen at 127.0.0.1 behind a proxy that has TLS")
	}
	return keys, nil
}
