package eventlog_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"yingda/dialogue"
)

// TestErrorsDoNotNameCustomers looks for the third part of documents' names, which may say who a customer is, in errors.
func TestErrorsDoNotNameCustomers(t *testing.T) {
	l := mustOpen(t, options(t.TempDir()))
	const who = "13800138000"
	name := "memory/default/" + who
	_, get := l.Get(t.Context(), name)
	_, history := l.History(t.Context(), name, 0)
	_, put := l.Put(t.Context(), dialogue.Document{Name: name, Body: []byte("x"), Revision: 7})
	_, empty := l.Put(t.Context(), dialogue.Document{Name: name + "/", Body: []byte("x")})
	for what, err := range map[string]error{"get": get, "history": history, "put": put, "empty part": empty} {
		if err == nil || strings.Contains(err.Error(), who) || !strings.Contains(err.Error(), "memory/default/") {
			t.Errorf("%s: %v, want an error with the kind and the tenant of the document only", what, err)
		}
	}
}

// TestErasedWhileABatchFails tells that a batch which is handed over again does not bring back whom it held.
func TestErasedWhileABatchFails(t *testing.T) {
	l := mustOpen(t, options(t.TempDir()))
	write(t, l, key("c"), "u", 3)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var told atomic.Bool
	defer l.OnErase(func(string, string) { told.Store(true) })()
	tries := 0
	err := l.Consume(ctx, "projection", func(_ context.Context, evs []dialogue.Event) error {
		if tries++; tries == 1 {
			if _, err := l.Erase(t.Context(), "default", "u"); err != nil || !told.Load() {
				t.Errorf("%v, or those who asked were not told before Erase returned", err)
			}
			return errors.New("the database is away")
		}
		for _, ev := range evs {
			if ev.Private != nil {
				t.Errorf("try %d: event %s holds what was erased", tries, ev.ID)
			}
		}
		cancel()
		return nil
	})
	if err != nil || tries < 2 {
		t.Errorf("%v after %d tries", err, tries)
	}
}
