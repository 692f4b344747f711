package demoshop

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/action"
)

// Options of a shop. The zero value is a shop in memory with the demo customers that asks for no signature.
type Options struct {
	// Secrets that requests must be signed with; answers are signed with them too. Empty = anyone may call: for tests and loopback only.
	Secrets []action.Secret
	// File keeps the state over restarts; empty = memory only.
	File string
	// Invent makes up an order for any number that looks like one, the same each time, for the customer who asks: test dialogues name
	// numbers that no shop has.
	Invent bool
	// Robot is the robot's address, e.g. "http://127.0.0.1:8080", that order exceptions are POSTed to, at /v1/events; empty = they are not.
	Robot string
	// RobotKey is the robot's API key, if it asks for one.
	RobotKey string
	// Now is the clock; nil = time.Now.
	Now func() time.Time
	// Log gets one line a refused request; nil = none.
	Log *slog.Logger
}

// Shop is the shop. It is safe for concurrent use.
type Shop struct {
	o      Options
	mux    *http.ServeMux
	client *http.Client
	faults faults
	goods  catalogue

	mu      sync.Mutex
	state   *state
	answers answers
}

var _ http.Handler = (*Shop)(nil)

// New opens a shop: with the state of Options.File if it is there, otherwise with the demo customers. The error says what is wrong with
// the file.
func New(o Options) (*Shop, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Shop{o: o, client: &http.Client{Timeout: 5 * time.Second}}
	seed, err := readSeed(o.Now())
	if err != nil {
		return nil, fmt.Errorf("demo shop: %w", err)
	}
	s.goods, s.state = seed.catalogue, seed.state
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("demo shop: %w", err)
	}
	s.mux = http.NewServeMux()
	s.mux.HandleFunc("POST /v1/call", s.serveCall)
	s.mux.HandleFunc("GET /profile", s.serveProfile)
	s.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	s.mux.HandleFunc("GET /{$}", s.serveOverview)
	s.mux.HandleFunc("POST /admin/fault", loopback(s.serveFault))
	s.mux.HandleFunc("POST /admin/exception", loopback(s.serveException))
	return s, nil
}

// ServeHTTP implements [http.Handler].
func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Call answers a call without HTTP, as a [dialogue.Caller] for tests that need no network. The key is honoured.
func (s *Shop) Call(_ context.Context, c dialogue.Call) dialogue.Result {
	start := time.Now()
	a := s.answer(c.Key, request{c.Name, c.Args, c.Tenant, c.Customer, string(c.Lang)})
	return dialogue.Result{Status: a.Status, Data: a.Data, Message: a.Message, Took: time.Since(start)}
}

var _ dialogue.Caller = (*Shop)(nil)

// Customers lists the ids of the customers, sorted.
func (s *Shop) Customers() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sortedKeys(s.state.Customers)
}
