package eventlog_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"yingda/dialogue"
)

func TestDocuments(t *testing.T) {
	o := options(t.TempDir())
	o.History = 5
	l := mustOpen(t, o)
	other := mustReplica(t, l)
	ctx := t.Context()
	const name = "script/default/确认 退款.v1"

	if _, err := l.Get(ctx, name); !errors.Is(err, dialogue.ErrUnknown) {
		t.Errorf("before the first: %v, want ErrUnknown", err)
	}
	if _, err := l.History(ctx, name, 0); !errors.Is(err, dialogue.ErrUnknown) {
		t.Errorf("history before the first: %v, want ErrUnknown", err)
	}
	first := mustPut(t, l, dialogue.Document{Name: name, Body: []byte{}})
	if d, err := other.Get(ctx, name); err != nil || d.Body == nil || len(d.Body) != 0 || d.Revision != first || d.Time.IsZero() {
		t.Errorf("an empty body: %+v %v", d, err)
	}
	for _, rev := range []uint64{0, first + 1} {
		if _, err := l.Put(ctx, dialogue.Document{Name: name, Body: []byte("x"), Revision: rev}); !errors.Is(err, dialogue.ErrConflict) {
			t.Errorf("revision %d: %v, want ErrConflict", rev, err)
		}
	}
	rev := first
	for i := range 10 {
		rev = mustPut(t, other, dialogue.Document{Name: name, Body: fmt.Append(nil, i), Revision: rev, By: "wang"})
	}
	if h, err := l.History(ctx, name, 0); err != nil || len(h) != 5 || string(h[0].Body) != "9" || h[0].By != "wang" {
		t.Errorf("history: %+v %v", h, err)
	}
	rev = mustPut(t, l, dialogue.Document{Name: name, Revision: rev, By: "li"})
	if _, err := l.Get(ctx, name); !errors.Is(err, dialogue.ErrUnknown) {
		t.Errorf("after deletion: %v, want ErrUnknown", err)
	}
	if h, err := l.History(ctx, name, 1); err != nil || len(h) != 1 || h[0].Body != nil || h[0].By != "li" || h[0].Revision != rev {
		t.Errorf("history ends with a deletion: %+v %v", h, err)
	}
	mustPut(t, l, dialogue.Document{Name: name, Body: []byte("again")}) // revision 0: there is none

	for _, bad := range []string{"", "a//b", "/a", "a/", "a\nb", "\xff", strings.Repeat("x", 600)} {
		if _, err := l.Put(ctx, dialogue.Document{Name: bad, Body: []byte("x")}); err == nil {
			t.Errorf("name %q: no error", bad)
		}
	}
	if _, err := l.Put(ctx, dialogue.Document{Name: "a/b", Body: []byte("x"), Customer: "u"}); err == nil {
		t.Error("a customer's document without a tenant: no error")
	}
	if _, err := l.Put(ctx, dialogue.Document{Name: "a/b", Body: make([]byte, 9<<20)}); err != nil {
		t.Errorf("9 MiB of zeros, packed: %v", err)
	}
}

func TestList(t *testing.T) {
	l := mustOpen(t, options(t.TempDir()))
	all := []string{"a", "a/b", "a/b/c", "a/b/cd", "a/b/c/e", "ab/c", "脚本/default/问候", "z/default/u1"}
	for _, n := range all {
		d := dialogue.Document{Name: n, Body: []byte(n)}
		if strings.HasSuffix(n, "u1") {
			d.Customer = "u1"
		}
		mustPut(t, l, d)
	}
	for _, prefix := range append([]string{"", "a/", "a/b/", "a/b/c/", "z/default/", "脚", "none", "none/"}, all...) {
		var want []string
		for _, n := range all {
			if strings.HasPrefix(n, prefix) {
				want = append(want, n)
			}
		}
		got, err := l.List(t.Context(), prefix)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, d := range got {
			names = append(names, d.Name)
			if string(d.Body) != d.Name {
				t.Errorf("%s holds %q", d.Name, d.Body)
			}
		}
		if len(names) != len(want) {
			t.Errorf("list %q: %v, want %v", prefix, names, want)
		}
	}
}

func TestWatch(t *testing.T) {
	l := mustOpen(t, options(t.TempDir()))
	other := mustReplica(t, l)
	gone := mustPut(t, l, dialogue.Document{Name: "s/default/gone", Body: []byte("x")})
	mustPut(t, l, dialogue.Document{Name: "s/default/gone", Revision: gone})
	mustPut(t, l, dialogue.Document{Name: "s/default/a", Body: []byte("1")})
	mustPut(t, l, dialogue.Document{Name: "s/other/a", Body: []byte("1")})
	var mu sync.Mutex
	var before []string
	ready := make(chan bool)
	changes := make(chan dialogue.Document, 10)
	var began atomic.Bool
	go func() {
		_ = other.Watch(t.Context(), "s/default/", func() { began.Store(true); close(ready) }, func(d dialogue.Document) {
			if !began.Load() {
				mu.Lock()
				defer mu.Unlock()
				before = append(before, d.Name+"="+string(d.Body))
				return
			}
			changes <- d
		})
	}()
	<-ready
	mu.Lock()
	if len(before) != 1 || before[0] != "s/default/a=1" {
		t.Errorf("before ready: %v", before)
	}
	mu.Unlock()
	rev := mustPut(t, l, dialogue.Document{Name: "s/default/b", Body: []byte("2"), By: "li"})
	mustPut(t, l, dialogue.Document{Name: "s/other/b", Body: []byte("2")})
	mustPut(t, l, dialogue.Document{Name: "s/default/b", Revision: rev})
	if d := <-changes; d.Name != "s/default/b" || string(d.Body) != "2" || d.Revision != rev || d.By != "li" {
		t.Errorf("first change: %+v", d)
	}
	if d := <-changes; d.Name != "s/default/b" || d.Body != nil {
		t.Errorf("second change: %+v, want a deletion", d)
	}
}

// TestCounter has several writers count in one document by compare and set.
func TestCounter(t *testing.T) {
	l := mustOpen(t, options(t.TempDir()))
	other := mustReplica(t, l)
	var wg sync.WaitGroup
	for i := range 4 {
		log := l
		if i%2 == 1 {
			log = other
		}
		wg.Go(func() {
			for done := 0; done < 25; {
				d, err := log.Get(t.Context(), "count")
				if err != nil && !errors.Is(err, dialogue.ErrUnknown) {
					t.Error(err)
					return
				}
				n := 0
				if d.Body != nil {
					fmt.Sscan(string(d.Body), &n)
				}
				_, err = log.Put(t.Context(), dialogue.Document{Name: "count", Body: fmt.Append(nil, n+1), Revision: d.Revision})
				if err == nil {
					done++
				} else if !errors.Is(err, dialogue.ErrConflict) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if d, err := l.Get(t.Context(), "count"); err != nil || string(d.Body) != "100" {
		t.Errorf("counted to %s, want 100; %v", d.Body, err)
	}
}
