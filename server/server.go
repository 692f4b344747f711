// Package server answers HTTP: it decodes requests strictly, hands texts to a [Parser] and writes analyses in three dialects:
// its own (/v1/parse), Rasa's (/model/parse) and Microsoft CLU's (/language/:analyze-conversations).
//
// gin lives here and nowhere else. The package runs no model and reads no configuration: cmd/yingda injects both through [Options].
// One resource a file; [errorKinds] in error.go is the one table from failures to statuses and codes; openapi.json is the
// description that tests hold the routes and the answers against.
//
// Texts of customers are never logged.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"yingda/dialogue"
	"yingda/models"
	"yingda/models/batch"
	"yingda/nlu"
	"yingda/nlu/shadow"
)

// Parser understands utterances. It is safe for concurrent use.
type Parser interface {
	// Parse returns one analysis an utterance, in order. bundle is an id or a role, "" the champion.
	//
	// Errors: models.ErrNoBundle, models.ErrOverloaded, models.ErrClosed, *nlu.TooLongError, the context's. Any other error
	// is answered as internal_error and its text goes to the log, so it must not contain the utterance.
	Parse(ctx context.Context, bundle string, us []nlu.Utterance) ([]*nlu.Analysis, error)
}

// Bundles tells which bundles are in memory; models.Registry does.
type Bundles interface {
	Loaded() []models.LoadedBundle
}

// Queue is the state of one role's queue, for metrics.
type Queue struct {
	Role  models.Role
	Stats batch.Stats
}

// Options are what a server needs. Parser and Bundles must be set; zero values of the others mean the defaults.
type Options struct {
	// Parser does the understanding. Required.
	Parser Parser
	// Bundles lists what is loaded. Required.
	Bundles Bundles
	// ListBundles names all bundles there are, loaded or not. Default: none besides the loaded ones. Called on each /v1/bundles.
	ListBundles func() ([]models.BundleID, error)
	// Queues reads the queues' counters when metrics are scraped. Default: no queue metrics.
	Queues func() []Queue
	// Shadow reads how the shadow compares with the champion, for /v1/shadow and metrics. Default: nothing is compared.
	Shadow func() shadow.Report
	// Parses notes texts that are analysed without a conversation. Default: nothing is noted.
	Parses ParseLog
	// Robot answers messages of conversations. Default: none; its routes answer not_configured.
	Robot dialogue.Robot
	// Conversations reads conversations and changes them besides the robot's turns: state, history, ratings, ends. Default: none.
	Conversations dialogue.Conversations
	// Follow tells of every event of the log, for live chat and agents' screens; dialogue.Log is one. Default: live routes answer
	// not_configured.
	Follow Follower
	// Routing brings customers and agents together. Default: the agents' routes answer not_configured.
	Routing Routing
	// Scripts are the robot's texts, Tasks what it does, Knowledge what it can answer. Default of each: its routes answer not_configured.
	Scripts   Scripts
	Tasks     Tasks
	Knowledge Knowledge
	// Experiments are trials of variants of the robot. Default: their routes answer not_configured.
	Experiments Experiments
	// Profiles knows customers, FollowUps writes to them. Default of each: its routes answer not_configured.
	Profiles  Profiles
	FollowUps FollowUps
	// Records erases customers and copies the log. Default: its routes answer not_configured.
	Records Records
	// Analytics answers reports, results of experiments, the unrecognised, labels and exports; requests are passed on to it with the headers
	// X-Yingda-Tenant and X-Yingda-Actor. Default: its routes answer not_configured.
	Analytics http.Handler
	// Keys says who may call what. Default: nobody needs a key, and only this machine may call: requests whose Host or Origin names
	// another one are refused. Whoever binds another address than loopback must give Keys; see [CheckBinding].
	Keys *Keys
	// Origins are other origins whose pages may call, e.g. "https://shop.example". Default: only pages that this server sent.
	Origins []string
	// NotReady names reasons besides a missing champion why requests should go elsewhere. Default: none. It must be quick.
	NotReady func() []string
	// Addr is where Run listens. Default 127.0.0.1:8080, this machine only.
	Addr string
	// Limits bound requests; see there for defaults.
	Limits Limits
	// DrainDelay is how long requests are still taken after the end was asked for, while /readyz says no. Set it to a little more
	// than the interval at which a load balancer asks. Default 0: there is no balancer.
	DrainDelay time.Duration
	// ShutdownTimeout is how long requests under way may take to end. Default 10 s.
	ShutdownTimeout time.Duration
	// Version is shown by /version, /metrics and the documentation. Default "dev".
	Version string
	// Log gets failures, and at debug level one line a request. Default slog.Default().
	Log *slog.Logger
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// Server is an HTTP server in front of a Parser.
type Server struct {
	o       Options
	limits  Limits
	log     *slog.Logger
	now     func() time.Time
	parser  Parser
	metrics *metrics
	engine  *gin.Engine
	pages   *pages

	hub     *hub
	rates   *limiters // by key
	guesses *limiters // by address: wrong keys
	paces   *limiters // by conversation

	parsing  atomic.Int64   // requests in the Parser
	turning  atomic.Int64   // messages in the Robot
	live     sync.WaitGroup // WebSockets, which net/http's Shutdown does not wait for
	draining atomic.Bool
}

// keptLimiters bounds the token buckets that are kept of each kind: some 200 bytes each.
const keptLimiters = 20000

// New builds a server. It does not listen yet.
func New(o Options) (*Server, error) {
	if o.Parser == nil || o.Bundles == nil {
		return nil, errors.New("new server: Options.Parser and Options.Bundles are required")
	}
	if o.Addr == "" {
		o.Addr = "127.0.0.1:8080"
	}
	if o.ShutdownTimeout <= 0 {
		o.ShutdownTimeout = 10 * time.Second
	}
	if o.Version == "" {
		o.Version = "dev"
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{o: o, limits: o.Limits.withDefaults(), log: o.Log, now: o.Now, parser: o.Parser}
	s.hub = newHub(s.limits.Live, s.limits.LiveBacklog)
	s.rates, s.guesses, s.paces = newLimiters(keptLimiters), newLimiters(keptLimiters), newLimiters(keptLimiters)
	s.metrics = newMetrics(s)
	var err error
	if s.pages, err = newPages(o.Version); err != nil {
		return nil, fmt.Errorf("new server: %w", err)
	}
	if s.engine, err = s.newEngine(); err != nil {
		return nil, fmt.Errorf("new server: %w", err)
	}
	return s, nil
}

// Handler returns the routes, for tests and for other servers.
func (s *Server) Handler() http.Handler { return s.engine }

// Run listens on Options.Addr and serves until ctx is done; see Serve.
func (s *Server) Run(ctx context.Context) error {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", s.o.Addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	return s.Serve(ctx, ln)
}

// Serve serves on the listener, which it closes, until ctx is done. Then it drains: /readyz says no, requests are still taken for
// DrainDelay, the listener closes, and requests under way end. It returns nil when all have ended within ShutdownTimeout;
// the Parser may be closed after it returns.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	srv := s.httpServer()
	stop := s.background(context.WithoutCancel(ctx))
	defer stop()
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	s.log.Info("serving", "address", ln.Addr().String())
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", ln.Addr(), err)
	case <-ctx.Done():
	}
	s.draining.Store(true)
	s.log.Info("draining", "delay", s.o.DrainDelay)
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", ln.Addr(), err)
	case <-time.After(s.o.DrainDelay):
	}
	stop() // live connections have no end of their own
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.o.ShutdownTimeout)
	defer cancel()
	if err := srv.Shutdown(end); err != nil {
		return errors.Join(fmt.Errorf("shut down: requests did not end within %s: %w", s.o.ShutdownTimeout, err), srv.Close())
	}
	s.log.Info("stopped")
	return nil
}

// background starts what runs beside the requests: the feed of live connections and the watch of the key file. stop ends both and waits
// for them and for the WebSockets; it may be called twice.
func (s *Server) background(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	if s.o.Follow != nil {
		running.Go(func() { s.hub.run(ctx, s.o.Follow, s.log) })
	}
	if s.o.Keys != nil {
		running.Go(func() { s.o.Keys.watch(ctx, s.log) })
	}
	return func() {
		cancel()
		running.Wait()
		s.hub.dropAll(errClosing)
		s.live.Wait()
	}
}

func (s *Server) httpServer() *http.Server {
	l := s.limits
	return &http.Server{
		Handler:           s.engine,
		ReadHeaderTimeout: l.HeaderTimeout,
		ReadTimeout:       l.BodyTimeout, // from the first byte of the request to the last
		WriteTimeout:      l.BodyTimeout + max(l.Timeout, l.TurnTimeout) + 15*time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // what broken clients cause
	}
}
