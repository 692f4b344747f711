package eventlog

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

const (
	readyTimeout  = 30 * time.Second // of the embedded server; recovery of a large store takes its time
	maxPayload    = 8 << 20
	guardInterval = 250 * time.Millisecond
)

// embedded is a NATS server in this process that nobody outside can reach.
type embedded struct {
	srv    *server.Server
	dir    string
	unlock func()
	budget int64 // bytes on disk for all streams
	free   freeFunc
	lazy   bool // sync at the end only
	log    *slog.Logger

	reserve int64
	full    atomic.Bool
	logs    atomic.Int32 // that are open on it
}

// freeFunc returns the bytes of the disk that holds dir: free for this process, and in all.
type freeFunc func(dir string) (free, total int64, err error)

// startEmbedded locks the folder and starts a server on it.
func startEmbedded(o Options, free freeFunc) (*embedded, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	unlock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	e := &embedded{dir: dir, unlock: unlock, free: free, lazy: o.lazySync, log: o.Logger}
	if err := e.measure(o); err == nil {
		err = e.start()
	}
	if err != nil {
		unlock()
		return nil, err
	}
	return e, nil
}

// measure sets budget and reserve from the options and the disk.
func (e *embedded) measure(o Options) error {
	free, total, err := e.free(e.dir)
	if err != nil {
		return fmt.Errorf("free space of %s: %w", e.dir, err)
	}
	e.reserve = o.Reserve
	setDefault(&e.reserve, min(max(total/50, minReserve), maxReserve))
	e.budget = o.MaxBytes
	if e.budget == 0 {
		e.budget = int64(math.Round(diskShare * float64(free+sizeOf(e.dir))))
	}
	e.full.Store(free < e.reserve)
	return nil
}

func (e *embedded) start() error {
	srv, err := server.NewServer(&server.Options{
		ServerName: "yingda", DontListen: true, NoSigs: true, NoSystemAccount: false,
		JetStream: true, StoreDir: e.dir, SyncAlways: !e.lazy,
		JetStreamMaxStore: e.storeLimit(), JetStreamMaxMemory: 64 << 20,
		MaxPayload: maxPayload, MaxPending: 64 << 20,
	})
	if err != nil {
		return fmt.Errorf("embedded NATS server: %w", err)
	}
	srv.SetLoggerV2(serverLog{e.log}, false, false, false)
	e.srv = srv
	srv.Start()
	if !srv.ReadyForConnections(readyTimeout) {
		e.stop()
		return fmt.Errorf("embedded NATS server in %s was not ready after %v", e.dir, readyTimeout)
	}
	if !srv.JetStreamEnabled() {
		e.stop()
		return fmt.Errorf("embedded NATS server could not open its store in %s: see the log", e.dir)
	}
	return nil
}

// storeLimit leaves room above the streams' own limits, which are the ones that should be met first.
func (e *embedded) storeLimit() int64 { return e.budget + e.budget/8 + 64<<20 }

func (e *embedded) connect() (*nats.Conn, error) {
	return nats.Connect("", nats.InProcessServer(e.srv), nats.MaxReconnects(-1), nats.ReconnectBufSize(-1), nats.Name("yingda"))
}

// guard watches the disk: writes are refused below the reserve, and taken again above it and a quarter. If the server has shut its store
// down in spite of it (the disk filled within a tick), the store is opened again as soon as there is room.
func (e *embedded) guard(ctx context.Context) {
	tick := time.NewTicker(guardInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			e.look()
		}
	}
}

func (e *embedded) look() {
	free, _, err := e.free(e.dir)
	if err != nil {
		e.log.Warn("free space of the event log is unknown", "dir", e.dir, "error", err)
		return
	}
	switch was := e.full.Load(); {
	case !was && free < e.reserve:
		e.full.Store(true)
		e.log.Error("the disk of the event log is full: no more is written until there is room", "dir", e.dir, "free", free, "reserve", e.reserve)
	case was && free >= e.reserve+e.reserve/4:
		e.full.Store(false)
		e.log.Info("the disk of the event log has room again", "dir", e.dir, "free", free)
	}
	if !e.full.Load() && !e.srv.JetStreamEnabled() && e.srv.Running() {
		err := e.srv.EnableJetStream(&server.JetStreamConfig{
			StoreDir: e.dir, SyncAlways: !e.lazy, MaxStore: e.storeLimit(), MaxMemory: 64 << 20,
		})
		e.log.Warn("the server had closed its store and opens it again", "dir", e.dir, "error", err)
	}
}

// release is called for each log that is closed; the last one stops the server.
func (e *embedded) release() {
	if e.logs.Add(-1) == 0 {
		e.stop()
		e.unlock()
	}
}

func (e *embedded) stop() {
	e.srv.Shutdown()
	e.srv.WaitForShutdown()
}

// dial connects to an external cluster.
func dial(o Options) (*nats.Conn, error) {
	opts := []nats.Option{
		nats.Name("yingda"), nats.MaxReconnects(-1), nats.ReconnectBufSize(-1), // a write that was not sent must fail, not wait in a buffer
		nats.ReconnectWait(200 * time.Millisecond), nats.Timeout(o.Timeout),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				o.Logger.Warn("connection to the event log lost", "error", err)
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			o.Logger.Info("connected to the event log again", "server", nc.ConnectedUrlRedacted())
		}),
	}
	if o.Credentials != "" {
		opts = append(opts, nats.UserCredentials(o.Credentials))
	}
	if t := o.TLS; t != nil {
		opts = append(opts, nats.Secure(tlsConfig()))
		if t.CA != "" {
			opts = append(opts, nats.RootCAs(t.CA))
		}
		if t.Cert != "" {
			opts = append(opts, nats.ClientCert(t.Cert, t.Key))
		}
	}
	nc, err := nats.Connect(o.URL, opts...)
	if err != nil {
		return nil, fmt.Errorf("connect to the NATS cluster: %w", err)
	}
	return nc, nil
}

// sizeOf returns the bytes of all files below dir.
func sizeOf(dir string) (sum int64) {
	_ = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // a file that has just gone takes no room
		}
		if info, err := d.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	return sum
}

// serverLog passes what the server has to say to slog.
type serverLog struct{ log *slog.Logger }

func (l serverLog) Noticef(format string, v ...any) {
	l.log.Debug("nats: " + fmt.Sprintf(format, v...))
}
func (l serverLog) Warnf(format string, v ...any)  { l.log.Warn("nats: " + fmt.Sprintf(format, v...)) }
func (l serverLog) Errorf(format string, v ...any) { l.log.Error("nats: " + fmt.Sprintf(format, v...)) }
func (l serverLog) Fatalf(format string, v ...any) { l.log.Error("nats: " + fmt.Sprintf(format, v...)) }
func (l serverLog) Debugf(string, ...any)          {}
func (l serverLog) Tracef(string, ...any)          {}

var _ server.Logger = serverLog{}
