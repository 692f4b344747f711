package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"yingda/dialogue"
	"yingda/models"
)

// Why a live connection was ended from this side.
var (
	errSlow    = errors.New("the connection was too slow: resume after the last sequence that arrived")
	errLogGap  = errors.New("the event log was interrupted: resume after the last sequence that arrived")
	errClosing = errors.New("the server is shutting down: resume at another one")
)

// hub hands the events of the log to live connections. It never waits for one: a connection whose backlog is full is dropped and resumes
// from the log. One goroutine, run, feeds it.
type hub struct {
	most, backlog int

	mu     sync.Mutex
	by     map[dialogue.Key]map[*subscription]struct{}
	open   int
	closed bool
}

// subscription is what one live connection hears: the events of a conversation.
type subscription struct {
	key    dialogue.Key
	events chan *dialogue.Event
	end    chan struct{} // closed when the hub drops the subscription
	why    error         // set before end is closed
}

func newHub(most, backlog int) *hub {
	return &hub{most: most, backlog: backlog, by: map[dialogue.Key]map[*subscription]struct{}{}}
}

// subscribe begins to hear of a conversation. The caller ends it with unsubscribe.
func (h *hub) subscribe(k dialogue.Key) (*subscription, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, models.ErrClosed
	}
	if h.open >= h.most {
		return nil, fmt.Errorf("%w: %d live connections", models.ErrOverloaded, h.open)
	}
	sub := &subscription{key: k, events: make(chan *dialogue.Event, h.backlog), end: make(chan struct{})}
	if h.by[k] == nil {
		h.by[k] = map[*subscription]struct{}{}
	}
	h.by[k][sub] = struct{}{}
	h.open++
	return sub, nil
}

func (h *hub) unsubscribe(sub *subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(sub, nil)
}

// drop forgets a subscription; with mu held.
func (h *hub) drop(sub *subscription, why error) {
	subs := h.by[sub.key]
	if _, ok := subs[sub]; !ok {
		return
	}
	delete(subs, sub)
	if len(subs) == 0 {
		delete(h.by, sub.key)
	}
	h.open--
	sub.why = why
	close(sub.end)
}

func (h *hub) dropAll(why error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = h.closed || errors.Is(why, errClosing)
	for _, subs := range h.by {
		for sub := range subs {
			h.drop(sub, why)
		}
	}
}

// publish hands an event to those who hear of its conversation.
func (h *hub) publish(ev *dialogue.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for sub := range h.by[ev.Key] {
		select {
		case sub.events <- ev:
		default:
			h.drop(sub, errSlow)
		}
	}
}

// connected tells whether anyone hears of a conversation here.
func (h *hub) connected(k dialogue.Key) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.by[k]) > 0
}

// connections tells how many live connections there are.
func (h *hub) connections() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.open
}

// run feeds the hub from the log until ctx is done. When the log fails all connections are dropped, as events may have been missed, and
// it tries again.
func (h *hub) run(ctx context.Context, follow Follower, log *slog.Logger) {
	defer h.dropAll(errClosing)
	for wait := time.Second; ; wait = min(2*wait, 30*time.Second) {
		began := time.Now()
		err := follow.Follow(ctx, h.publish)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > time.Minute {
			wait = time.Second
		}
		log.Error("live connections lost the event log", "error", err, "retry", wait)
		h.dropAll(errLogGap)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// Connected tells whether the customer of a conversation, or anyone else, follows it live on this server.
func (s *Server) Connected(k dialogue.Key) bool { return s.hub != nil && s.hub.connected(k) }
