package eventlog_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"yingda/dialogue"
)

// TestBriefDocument rewrites documents whose history does not count: one version of each is kept.
func TestBriefDocument(t *testing.T) {
	for _, customer := range []string{"", "u-1"} {
		l := mustOpen(t, options(t.TempDir()))
		d := dialogue.Document{Name: "ticket/default/u-1", Customer: customer, Brief: true}
		keep := mustPut(t, l, dialogue.Document{Name: "ticket/default/other", Body: []byte("stays")})
		for i := range 20 {
			d.Body = fmt.Append(nil, i)
			d.Revision = mustPut(t, l, d)
		}
		h, err := l.History(t.Context(), d.Name, 0)
		if err != nil || len(h) != 1 || string(h[0].Body) != "19" || h[0].Revision != d.Revision {
			t.Errorf("history %+v %v, want the latest version only", h, err)
		}
		stale := d
		stale.Revision = keep
		if _, err := l.Put(t.Context(), stale); !errors.Is(err, dialogue.ErrConflict) {
			t.Errorf("over an old revision: %v, want ErrConflict", err)
		}
		d.Body = nil
		mustPut(t, l, d)
		if _, err := l.Get(t.Context(), d.Name); !errors.Is(err, dialogue.ErrUnknown) {
			t.Errorf("after deletion: %v", err)
		}
		d.Body, d.Revision = []byte("again"), 0
		mustPut(t, l, d)
		if all, err := l.List(t.Context(), "ticket/"); err != nil || len(all) != 2 {
			t.Errorf("%d documents, %v", len(all), err)
		}
	}
}

// TestBriefWhileListed lists and watches documents while others rewrite them: none is missing, none is stale in the end, nobody hangs.
func TestBriefWhileListed(t *testing.T) {
	l := mustOpen(t, options(t.TempDir()))
	const docs, rounds, writers = 40, 12, 4
	name := func(i int) string { return fmt.Sprint("ticket/default/", i) }
	revs := make([]uint64, docs)
	for i := range docs {
		revs[i] = mustPut(t, l, dialogue.Document{Name: name(i), Body: []byte("0"), Brief: true})
	}
	var mu sync.Mutex
	latest := map[string]string{}
	ready := make(chan bool)
	go func() {
		_ = l.Watch(t.Context(), "ticket/default/", func() { close(ready) }, func(d dialogue.Document) {
			mu.Lock()
			defer mu.Unlock()
			latest[d.Name] = string(d.Body)
		})
	}()
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for n := range rounds {
				for i := w; i < docs; i += writers {
					rev, err := l.Put(t.Context(), dialogue.Document{Name: name(i), Body: fmt.Append(nil, n+1), Revision: revs[i], Brief: true})
					if err != nil {
						t.Error(err)
						return
					}
					revs[i] = rev
				}
			}
		})
	}
	done := make(chan bool)
	go func() { writing.Wait(); close(done) }()
	for lists, busy := 0, true; busy; lists++ {
		select {
		case <-done:
			busy = false
		default:
		}
		began := time.Now()
		got, err := l.List(t.Context(), "ticket/default/")
		seen := map[string]bool{}
		for _, d := range got {
			seen[d.Name] = true
		}
		if err != nil || len(seen) != docs || len(got) != docs {
			t.Fatalf("list %d: %d of %d documents, %d different, %v after %v", lists, len(got), docs, len(seen), err, time.Since(began))
		}
	}
	<-ready
	eventually(t, "the watcher sees the latest of all", func() bool {
		mu.Lock()
		defer mu.Unlock()
		for i := range docs {
			if latest[name(i)] != fmt.Sprint(rounds) {
				return false
			}
		}
		return true
	})
}
