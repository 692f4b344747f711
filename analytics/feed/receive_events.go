package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"yingda/analytics"
)

// throughTrailer is the header after the body that says up to where the events of a request go, where that was not known at its beginning.
const throughTrailer = "Through"

// bodyWait is for how long nothing may come of a body: who writes meanwhile would wait too.
const bodyWait = 30 * time.Second

// events takes a batch in. It is refused if it is not what comes next: the sender then asks from where on to send. One may come while the one
// before it is still being taken in; it is decoded meanwhile.
func (r *Receiver) events(rw http.ResponseWriter, req *http.Request) {
	after, err := strconv.ParseUint(req.URL.Query().Get("after"), 10, 64)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	done, turn := r.queue()
	defer done()
	_, position := r.w.Source()
	if req.URL.Query().Get("boot") != r.boot || after > position && turn == nil {
		r.conflict(rw)
		return
	}
	control := http.NewResponseController(rw)
	defer control.SetReadDeadline(time.Time{})
	parts := newPartReader(http.MaxBytesReader(rw, timedBody{req.Body, control}, maxEvents), func(why error) {
		r.refused.Add(1)
		r.log.Error("an event was refused", "after", after, "error", why)
	})
	defer parts.close()
	parts.fill()
	if !await(req.Context(), turn) {
		return // the sender has gone
	}
	if _, position := r.w.Source(); after > position {
		r.conflict(rw)
		return
	}
	r.takeIn(rw, req, after, parts)
}

// takeIn takes parts in and answers.
func (r *Receiver) takeIn(rw http.ResponseWriter, req *http.Request, after uint64, parts *partReader) {
	var unsaid error
	err := r.w.TakeParts(req.Context(), after, parts.all(func() (through uint64, err error) {
		through, unsaid = throughOf(req)
		return through, unsaid
	}))
	switch {
	case errors.Is(err, analytics.ErrGap):
		r.conflict(rw)
	case err != nil && (unsaid != nil || parts.err != nil && parts.err != io.EOF):
		http.Error(rw, err.Error(), http.StatusBadRequest)
	case err != nil:
		r.fail(rw, err)
	default:
		r.taken.Add(parts.taken)
		r.onEvents()
		r.answer(rw)
	}
}

// throughOf returns up to where the events of a request go. Its body has been read.
func throughOf(req *http.Request) (uint64, error) {
	s := req.URL.Query().Get("through")
	if s == "" {
		s = req.Trailer.Get(throughTrailer)
	}
	through, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("up to where the events go is not said: %w", err)
	}
	return through, nil
}

func (r *Receiver) conflict(rw http.ResponseWriter) {
	_, position := r.w.Source()
	http.Error(rw, fmt.Sprintf("events after %d are wanted", position), http.StatusConflict)
}

// queue puts a request in the row of those that are taken in one after another: its turn is when that channel is closed, and nil when there is nobody
// before it. It calls done at the end.
func (r *Receiver) queue() (done func(), turn <-chan struct{}) {
	mine := make(chan struct{})
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last != nil {
		turn = r.last
	}
	r.last = mine
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.last == mine {
			r.last = nil
		}
		close(mine)
	}, turn
}

// await waits for a channel to be closed, if there is one, and reports whether that happened before ctx was done.
func await(ctx context.Context, c <-chan struct{}) bool {
	if c == nil {
		return true
	}
	select {
	case <-c:
		return true
	case <-ctx.Done():
		return false
	}
}

// timedBody is a body that may not let wait for it.
type timedBody struct {
	io.ReadCloser
	control *http.ResponseController
}

func (b timedBody) Read(p []byte) (int, error) {
	b.control.SetReadDeadline(time.Now().Add(bodyWait)) // where it cannot be set, nothing is read from a connection
	n, err := b.ReadCloser.Read(p)
	if err != nil { // the connection stays, and is watched: without one there was no deadline either
		b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}
