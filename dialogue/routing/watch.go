package routing

import (
	"context"
	"sync"
)

// Update is the latest state of a ticket or an agent: one of Conversation and AgentID is set.
type Update struct {
	Tenant       string  `json:"tenant"`
	Conversation string  `json:"conversation,omitempty"`
	Ticket       *Ticket `json:"ticket,omitempty"` // nil = the conversation neither waits nor is with an agent any more
	AgentID      string  `json:"agent_id,omitempty"`
	Agent        *Agent  `json:"agent,omitempty"` // nil = removed
}

// hub passes updates to those who watch. A slow watcher gets the latest state of each thing, not every state.
type hub struct {
	mu       sync.Mutex
	watchers map[*watcher]struct{}
}

type watcher struct {
	tenant  string
	mu      sync.Mutex
	pending map[string]Update
	order   []string
	wake    chan struct{}
}

func (h *hub) publish(u Update) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.watchers {
		if w.tenant == u.Tenant {
			w.put(u)
		}
	}
}

func (w *watcher) put(u Update) {
	name := "c/" + u.Conversation
	if u.AgentID != "" {
		name = "a/" + u.AgentID
	}
	w.mu.Lock()
	if _, ok := w.pending[name]; !ok {
		w.order = append(w.order, name)
	}
	w.pending[name] = u
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// drain returns what is pending, the longest known first.
func (w *watcher) drain() []Update {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]Update, len(w.order))
	for i, name := range w.order {
		out[i] = w.pending[name]
	}
	clear(w.pending)
	w.order = nil
	return out
}

// Watch calls fn with the present state of all tickets and agents of the tenant, then with what changes, until ctx is done or fn fails.
// fn is called from one goroutine and may take its time: meanwhile changes of the same thing are merged.
func (s *Service) Watch(ctx context.Context, tenant string, fn func(Update) error) error {
	w := &watcher{tenant: tenant, pending: map[string]Update{}, wake: make(chan struct{}, 1)}
	s.mu.Lock() // nothing is published between the state and the watch
	v := s.viewOf(tenant)
	for _, a := range v.board.Agents() {
		w.put(Update{Tenant: tenant, AgentID: a.ID, Agent: a})
	}
	for _, e := range v.board.tickets {
		w.put(Update{Tenant: tenant, Conversation: e.Conversation, Ticket: e.Ticket})
	}
	s.live.mu.Lock()
	s.live.watchers[w] = struct{}{}
	s.live.mu.Unlock()
	s.mu.Unlock()
	defer func() {
		s.live.mu.Lock()
		delete(s.live.watchers, w)
		s.live.mu.Unlock()
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.wake:
		}
		for _, u := range w.drain() {
			if err := fn(u); err != nil {
				return err
			}
		}
	}
}
