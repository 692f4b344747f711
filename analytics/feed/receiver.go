package feed

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"yingda/analytics"
)

// Warehouse takes events in: *warehouse.Warehouse.
type Warehouse interface {
	// TakeParts takes in events that come in parts, and the position of the last part, in one transaction; an event that is in already is left out.
	// With a position below after it returns analytics.ErrGap.
	TakeParts(ctx context.Context, after uint64, parts iter.Seq2[analytics.Part, error]) error
	// Attach says which log the positions are of, and with again that its events are to be sent from the beginning.
	Attach(ctx context.Context, log string, again bool) error
	// Source returns the log's name and the position.
	Source() (log string, position uint64)
	Through() time.Time
	// TakeParses takes in rows of packs and the mark up to where the stream of parses is in, in one transaction; a row that is in already is left out.
	TakeParses(ctx context.Context, rows *analytics.ParseRows, to analytics.PackMark) error
	// ParsesAgain puts the mark to the beginning.
	ParsesAgain(ctx context.Context) error
	// Parses returns the mark.
	Parses() analytics.PackMark
}

// Receiver is the side of the warehouse. It is safe for concurrent use.
type Receiver struct {
	w        Warehouse
	log      *slog.Logger
	boot     string
	onEvents func()
	mux      *http.ServeMux
	taken    atomic.Uint64
	refused  atomic.Uint64

	mu   sync.Mutex
	last <-chan struct{} // is closed when the newest request for events has ended; nil = it has
}

// NewReceiver returns the handler of /internal/. onEvents, which may be nil, is called after events were taken in.
func NewReceiver(w Warehouse, onEvents func(), log *slog.Logger) *Receiver {
	if onEvents == nil {
		onEvents = func() {}
	}
	r := &Receiver{w: w, log: log, boot: rand.Text(), onEvents: onEvents, mux: http.NewServeMux()}
	r.mux.HandleFunc("GET /internal/health", func(rw http.ResponseWriter, _ *http.Request) { r.answer(rw) })
	r.mux.HandleFunc("POST /internal/log", r.attach)
	r.mux.HandleFunc("POST /internal/events", r.events)
	r.mux.HandleFunc("POST /internal/parses", r.parses)
	r.mux.HandleFunc("POST /internal/parses/again", r.parsesAgain)
	return r
}

// ServeHTTP implements [http.Handler].
func (r *Receiver) ServeHTTP(rw http.ResponseWriter, req *http.Request) { r.mux.ServeHTTP(rw, req) }

// Health returns what GET /internal/health answers.
func (r *Receiver) Health() Health {
	log, position := r.w.Source()
	packs := r.w.Parses()
	return Health{Boot: r.boot, PID: os.Getpid(), Log: log, Position: position, Through: r.w.Through(), Taken: r.taken.Load(), Refused: r.refused.Load(),
		Parses: packs.Position, ParsesPack: packs.Pack}
}

func (r *Receiver) answer(rw http.ResponseWriter) {
	rw.Header().Set("Content-Type", "application/json")
	json.NewEncoder(rw).Encode(r.Health()) // the caller may be gone
}

func (r *Receiver) attach(rw http.ResponseWriter, req *http.Request) {
	var body struct {
		Log   string `json:"log"`
		Again bool   `json:"again"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(rw, req.Body, 1<<20)).Decode(&body); err != nil || body.Log == "" {
		http.Error(rw, fmt.Sprintf("want {\"log\": …}: %v", err), http.StatusBadRequest)
		return
	}
	if err := r.w.Attach(req.Context(), body.Log, body.Again); err != nil {
		r.fail(rw, err)
		return
	}
	r.answer(rw)
}

func (r *Receiver) fail(rw http.ResponseWriter, err error) {
	r.log.Error("taking events in failed", "error", err)
	http.Error(rw, err.Error(), http.StatusInternalServerError)
}
