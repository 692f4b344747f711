package flight

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
)

// Warehouse answers questions. *warehouse.Warehouse does. Both methods stop when ctx is done.
type Warehouse interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryArrow(ctx context.Context, query string, args ...any) (array.RecordReader, error)
}

// Caller is who asks.
type Caller struct {
	Name   string // for the log, e.g. the key's id
	Tenant string // whose rows are seen
}

// ErrCredential is what Options.Authenticate returns, wrapped or not, for a credential that is not good. Its text is told to the caller.
var ErrCredential = errors.New("the key is not known")

// Options say who may ask, and how much.
type Options struct {
	Warehouse Warehouse // required
	// Authenticate says whose credential it is: what follows "Bearer", or "user.password" where a client sends these. nil lets everybody in as
	// Tenant: for this machine alone.
	Authenticate func(ctx context.Context, credential string) (Caller, error)
	Tenant       string           // who asks where Authenticate is nil; default "default"
	TLS          *tls.Config      // default: none, for a loopback address or behind a proxy
	Time         time.Duration    // of one query; default 60 s
	Rows         int64            // of one answer; default 50 million. More is an error, never a silent cut
	Memory       int64            // bytes of the process above which the newest query is stopped; default 4 GiB; needs Linux
	Queries      int              // at once; default 4. More are refused
	Statements   int              // prepared ones kept; default 1,000. The one not used for longest goes
	Now          func() time.Time // default time.Now
	Log          *slog.Logger     // default slog.Default()
}

func (o Options) withDefaults() (Options, error) {
	if o.Warehouse == nil {
		return o, errors.New("no warehouse is given")
	}
	for _, d := range []struct {
		v    *int64
		name string
		def  int64
	}{{&o.Rows, "rows", 50_000_000}, {&o.Memory, "memory", 4 << 30}} {
		if *d.v < 0 {
			return o, fmt.Errorf("%s is %d: want 0 for the default, or more", d.name, *d.v)
		}
		if *d.v == 0 {
			*d.v = d.def
		}
	}
	if o.Tenant == "" {
		o.Tenant = "default"
	}
	if o.Time <= 0 {
		o.Time = time.Minute
	}
	if o.Queries <= 0 {
		o.Queries = 4
	}
	if o.Statements <= 0 {
		o.Statements = 1000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o, nil
}

// Server is the endpoint. It is safe for concurrent use; Serve may be called once.
type Server struct {
	o    Options
	gate *gate
	run  *runner
	grpc *grpc.Server
}

// New returns a server that does not listen yet.
func New(o Options) (*Server, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("flight: %w", err)
	}
	s := &Server{o: o, gate: newGate(o.Warehouse, o.Rows), run: newRunner(o)}
	opts := []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(s.unary), grpc.ChainStreamInterceptor(s.stream),
		grpc.MaxConcurrentStreams(64),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: time.Hour, Time: 30 * time.Second, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
	}
	if o.TLS != nil {
		opts = append(opts, grpc.Creds(credentials.NewTLS(o.TLS)))
	}
	s.grpc = grpc.NewServer(opts...)
	answers := &answers{BaseServer: flightsql.BaseServer{Alloc: alloc}, s: s, prepared: newStatements(o.Statements)}
	if err := answers.describe(); err != nil {
		return nil, fmt.Errorf("flight: %w", err)
	}
	flight.RegisterFlightServiceServer(s.grpc, flightsql.NewFlightServer(answers))
	return s, nil
}

// Serve answers on ln until ctx is done, then gives running queries five seconds and stops them. It closes ln. A stop by ctx is no error.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	var wg sync.WaitGroup
	watch, stop := context.WithCancel(context.Background())
	wg.Go(func() { s.run.watchMemory(watch) })
	wg.Go(func() {
		select {
		case <-ctx.Done():
		case <-watch.Done():
			return
		}
		hard := time.AfterFunc(5*time.Second, s.grpc.Stop)
		defer hard.Stop()
		s.grpc.GracefulStop()
	})
	err := s.grpc.Serve(ln)
	stop()
	wg.Wait()
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("flight: serve on %s: %w", ln.Addr(), err)
	}
	return nil
}

// alloc is where batches that are made here lie.
var alloc = memory.DefaultAllocator
