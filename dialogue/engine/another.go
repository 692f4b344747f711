package engine

import (
	"context"
	"fmt"

	"yingda/dialogue"
)

// found returns the conversation as the customer of the message finds it: as it is, unless somebody else spoke in it before.
func (w *work) found(ctx context.Context, t *dialogue.Tracker) (*dialogue.Tracker, error) {
	if w.m.Customer == "" || t.Customer == "" {
		return t, nil // who does not say who they are is who spoke before
	}
	same, err := w.e.same(ctx, t.Key, t.Customer, w.m.Customer)
	if err != nil || same {
		return t, err
	}
	return t.Another(), nil
}

// same tells whether who speaks now is who spoke before. One who was anonymous until now has logged in: what they said is theirs. The other way round
// nobody knows, so it is not.
func (e *Engine) same(ctx context.Context, k dialogue.Key, before, now string) (bool, error) {
	switch {
	case before == now, before == anonymous(k):
		return true, nil
	case e.o.Same == nil:
		return false, nil
	}
	same, err := e.o.Same(ctx, k.Tenant, before, now)
	if err != nil {
		return false, fmt.Errorf("whether the customer is the one before: %w", err)
	}
	return same, nil
}
