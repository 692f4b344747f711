package engine

import (
	"context"
	"sync"

	"yingda/dialogue"
)

// locks lets one in at a time in each conversation, so that senders of one process do not run into each other's conflicts. Between
// processes the log decides.
type locks struct {
	mu   sync.Mutex
	held map[dialogue.Key]*gate
}

// gate is the lock of one conversation while anyone holds it or waits for it.
type gate struct {
	pass  chan struct{} // full while held
	users int
}

func newLocks() *locks { return &locks{held: map[dialogue.Key]*gate{}} }

// lock waits until the conversation is free or ctx is done.
func (l *locks) lock(ctx context.Context, k dialogue.Key) (unlock func(), err error) {
	l.mu.Lock()
	g := l.held[k]
	if g == nil {
		g = &gate{pass: make(chan struct{}, 1)}
		l.held[k] = g
	}
	g.users++
	l.mu.Unlock()
	select {
	case g.pass <- struct{}{}:
		return func() { <-g.pass; l.leave(k, g) }, nil
	case <-ctx.Done():
		l.leave(k, g)
		return nil, ctx.Err()
	}
}

func (l *locks) leave(k dialogue.Key, g *gate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if g.users--; g.users == 0 {
		delete(l.held, k)
	}
}
