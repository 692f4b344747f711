package feed

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"yingda/dialogue"
)

// Warehouse takes events in: *warehouse.Warehouse.
type Warehouse interface {
	// Take takes in events and the position in one transaction; an event that is in already is left out.
	Take(ctx context.Context, events []dialogue.Event, through uint64) error
	// Attach says which log the positions are of, and with again that its events are to be sent from the beginning.
	Attach(ctx context.Context, log string, again bool) error
	// Source returns the log's name and the position.
	Source() (log string, position uint64)
	Through() time.Time
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
	return r
}

// ServeHTTP implements [http.Handler].
func (r *Receiver) ServeHTTP(rw http.ResponseWriter, req *http.Request) { r.mux.ServeHTTP(rw, req) }

// Health returns what GET /internal/health answers.
func (r *Receiver) Health() Health {
	log, position := r.w.Source()
	return Health{Boot: r.boot, PID: os.Getpid(), Log: log, Position: position, Through: r.w.Through(), Taken: r.taken.Load(), Refused: r.refused.Load()}
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

// events takes a batch in. It is refused if it is not what comes next: the sender then asks from where on to send.
func (r *Receiver) events(rw http.ResponseWriter, req *http.Request) {
	q := req.URL.Query()
	after, err := strconv.ParseUint(q.Get("after"), 10, 64)
	through, err2 := strconv.ParseUint(q.Get("through"), 10, 64)
	if err := errors.Join(err, err2); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	if _, position := r.w.Source(); q.Get("boot") != r.boot || after > position {
		http.Error(rw, fmt.Sprintf("events after %d are wanted", position), http.StatusConflict)
		return
	}
	events, err := readEvents(http.MaxBytesReader(rw, req.Body, maxBody), func(why error) {
		r.refused.Add(1)
		r.log.Error("an event was refused", "after", after, "through", through, "error", why)
	})
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	if err := r.w.Take(req.Context(), events, through); err != nil {
		r.fail(rw, err)
		return
	}
	r.taken.Add(uint64(len(events)))
	r.onEvents()
	r.answer(rw)
}

func (r *Receiver) fail(rw http.ResponseWriter, err error) {
	r.log.Error("taking events in failed", "error", err)
	http.Error(rw, err.Error(), http.StatusInternalServerError)
}
