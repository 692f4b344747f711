package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
)

// TestWalkReadable reads what Walk reads, in the same order, and passes over what is damaged.
func TestWalkReadable(t *testing.T) {
	var damaged atomic.Pointer[eventlog.Damage]
	o := options(t.TempDir())
	o.OnDamage = func(d eventlog.Damage) { damaged.Store(&d) }
	l := mustOpen(t, o)
	write(t, l, key("a"), "u", 20)
	for _, raw := range []string{"no frame", ""} {
		if err := l.Raw(t.Context(), key("b"), []byte(raw)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, l, key("c"), "v", 20)
	for _, after := range []uint64{0, 7, 21, 41, 42, 1000} {
		var want, got []string
		err := l.Walk(t.Context(), after, func(ev *dialogue.Event, last uint64) error {
			want = append(want, fmt.Sprint(ev.Seq, last))
			return nil
		})
		err2 := l.WalkReadable(t.Context(), after, func(seq uint64, readable []byte, last uint64) error {
			got = append(got, fmt.Sprint(seq, last))
			if readable[0] != '{' {
				return fmt.Errorf("%q", readable)
			}
			return nil
		})
		if err := errors.Join(err, err2); err != nil || !slices.Equal(got, want) {
			t.Errorf("after %d: %v %v, want %v", after, got, err, want)
		}
	}
	if d := damaged.Load(); d == nil || d.Subject == "" || d.Seq != 21 && d.Seq != 22 {
		t.Errorf("reported %+v", d)
	}
	stop := errors.New("stop")
	if err := l.WalkReadable(t.Context(), 0, func(uint64, []byte, uint64) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v, want that of the function", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := l.WalkReadable(ctx, 0, func(uint64, []byte, uint64) error { cancel(); return ctx.Err() }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want canceled", err)
	}
}

// TestBulk reads streams of several batches, with and without gaps, as reading with headers does.
func TestBulk(t *testing.T) {
	o := options(t.TempDir())
	o.History = 2
	l := mustOpen(t, o)
	write(t, l, key("a"), "u", 30)
	body := make([]byte, 200_000)
	for range 3 { // the first versions go
		for i := range 20 {
			for j := range body {
				body[j] = byte(rand.Uint32())
			}
			name := fmt.Sprintf("script/default/%d", i)
			var rev uint64
			if d, err := l.Get(t.Context(), name); err == nil {
				rev = d.Revision
			}
			mustPut(t, l, dialogue.Document{Name: name, Body: body, Revision: rev})
		}
	}
	for stream, want := range map[string]int{"turns": 30, "documents": 40} {
		bulk, headers, err := l.Read(t.Context(), stream)
		if err != nil || len(headers) != want || !slices.Equal(bulk, headers) {
			t.Errorf("%s: %d in bulk, %d with headers, %v; want %d, the same", stream, len(bulk), len(headers), err, want)
		}
	}
}
