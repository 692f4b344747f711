package knowledge_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
	"yingda/dialogue/knowledge"
)

func mustLog(tb testing.TB, dir string) *eventlog.Log {
	tb.Helper()
	l, err := eventlog.Open(tb.Context(), eventlog.Options{Dir: dir, Master: bytes.Repeat([]byte{7}, 32), MaxBytes: 1 << 30, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := l.Close(); err != nil {
			tb.Error(err)
		}
	})
	return l
}

// TestEdit walks an entry through its life on two replicas that share one log.
func TestEdit(t *testing.T) {
	l := mustLog(t, t.TempDir())
	replica, err := l.Replica(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { replica.Close() })
	f := newFake()
	a := mustBase(t, knowledge.Options{Defaults: shop(), Documents: l, Embedder: f})
	b := mustBase(t, knowledge.Options{Defaults: shop(), Documents: replica, Embedder: f})
	mustRun(t, a)
	mustRun(t, b)
	ctx := t.Context()

	v, err := a.Put(ctx, "default", entry("parking", "zh", "有，免费两小时。", "门口能停车吗"), 0, "ann")
	if err != nil || v.Revision == 0 || v.By != "ann" {
		t.Fatalf("%+v, %v", v, err)
	}
	if got, err := a.Get("default", "parking"); err != nil || got.Answer == "" {
		t.Errorf("what was written is not read: %v", err)
	}
	both := func(what string, ok func(*knowledge.Base) bool) {
		t.Helper()
		eventually(t, what, func() bool { return ok(a) && ok(b) })
	}
	asked := dialogue.Asked{Tenant: "default", Text: "门口停车", Lang: "zh"}
	found := func(id string) func(*knowledge.Base) bool {
		return func(x *knowledge.Base) bool { return first(mustFind(t, x, asked)) == id }
	}
	both("the new entry", found("parking"))
	both("its vectors", func(x *knowledge.Base) bool {
		return x.Status("default").Bundle != "" && x.Status("default").Pending == 0
	})
	if got := first(mustFind(t, b, dialogue.Asked{Tenant: "other", Text: "门口停车", Lang: "zh"})); got == "parking" {
		t.Error("another tenant sees the entry")
	}

	if _, err := b.Put(ctx, "default", entry("parking", "zh", "没有。", "门口能停车吗"), 0, "bob"); !errors.Is(err, dialogue.ErrConflict) {
		t.Errorf("a stale change gives %v", err)
	}
	v, err = b.Put(ctx, "default", entry("parking", "zh", "没有。", "门口能停车吗"), v.Revision, "bob")
	if err != nil {
		t.Fatal(err)
	}
	both("the change", func(x *knowledge.Base) bool {
		got, err := x.Get("default", "parking")
		return err == nil && got.Answer == "没有。" && got.By == "bob"
	})
	if err := a.Delete(ctx, "default", "parking", v.Revision, "ann"); err != nil {
		t.Fatal(err)
	}
	both("its end", found(""))
	if _, err := b.Get("default", "parking"); !errors.Is(err, dialogue.ErrUnknown) {
		t.Errorf("got %v", err)
	}
	h, err := a.History(ctx, "default", "parking", 10)
	if err != nil || len(h) != 3 || !h[0].Deleted || h[1].Answer != "没有。" || h[2].By != "ann" {
		t.Errorf("history %+v, %v", h, err)
	}
}

// TestDefaults hides, changes and restores an entry of the service pack for one tenant.
func TestDefaults(t *testing.T) {
	a := mustBase(t, knowledge.Options{Defaults: shop(), Documents: mustLog(t, t.TempDir())})
	mustRun(t, a)
	ctx := t.Context()
	find := func() string {
		return first(mustFind(t, a, dialogue.Asked{Tenant: "t", Text: "客服几点上班", Lang: "zh"}))
	}
	if err := a.Delete(ctx, "t", "hours", 0, "ann"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it to be hidden", func() bool { return find() == "" })
	if got := first(mustFind(t, a, dialogue.Asked{Tenant: "u", Text: "客服几点上班"})); got != "hours" {
		t.Errorf("another tenant finds %q", got)
	}
	var hidden knowledge.Version
	for _, v := range a.List("t") {
		if v.Deleted {
			hidden = v
		}
	}
	if hidden.ID != "hours" || hidden.Revision == 0 {
		t.Fatalf("List shows %+v as deleted", hidden)
	}
	if err := a.Delete(ctx, "t", "hours", hidden.Revision, "ann"); !errors.Is(err, dialogue.ErrUnknown) {
		t.Errorf("deleting twice gives %v", err)
	}
	v, err := a.Reset(ctx, "t", "hours", hidden.Revision, "ann")
	if err != nil || !v.Default {
		t.Fatalf("%+v, %v", v, err)
	}
	eventually(t, "it to be back", func() bool { return find() == "hours" })
	if _, err := a.Reset(ctx, "t", "nothing", 0, ""); !errors.Is(err, dialogue.ErrUnknown) {
		t.Errorf("got %v", err)
	}
}

func TestErrors(t *testing.T) {
	a := mustBase(t, knowledge.Options{Defaults: shop()})
	mustRun(t, a)
	if _, err := a.Put(t.Context(), "t", entry("x", "zh", "答", "问"), 0, ""); !errors.Is(err, knowledge.ErrReadOnly) {
		t.Errorf("got %v", err)
	}
	b := mustBase(t, knowledge.Options{Documents: mustLog(t, t.TempDir())})
	mustRun(t, b)
	var field *knowledge.FieldError
	if _, err := b.Put(t.Context(), "t", entry("x", "zh", "", "问"), 0, ""); !errors.As(err, &field) {
		t.Errorf("got %v", err)
	}
	if _, err := b.Put(t.Context(), "Bad Tenant", entry("x", "zh", "答", "问"), 0, ""); err == nil {
		t.Error("a tenant with a space is taken")
	}
	if err := b.Delete(t.Context(), "t", "x", 0, ""); !errors.Is(err, dialogue.ErrUnknown) {
		t.Errorf("got %v", err)
	}
}

// TestForeignDocument leaves an entry alone that another version wrote in a form this one does not know.
func TestForeignDocument(t *testing.T) {
	l := mustLog(t, t.TempDir())
	for name, body := range map[string]string{"knowledge/t/new": `{"entry": {"id": "new", "shape": 9}}`, "knowledge/t/odd": `[`, "knowledge/t": `{}`} {
		if _, err := l.Put(t.Context(), dialogue.Document{Name: name, Body: []byte(body)}); err != nil {
			t.Logf("%s: %v", name, err)
		}
	}
	a := mustBase(t, knowledge.Options{Defaults: shop(), Documents: l})
	mustRun(t, a)
	if got := first(mustFind(t, a, dialogue.Asked{Tenant: "t", Text: "怎么开发票"})); got != "invoice" {
		t.Errorf("got %q", got)
	}
}

// TestRestart finds everything again, with vectors from the cache.
func TestRestart(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	f := newFake()
	l := mustLog(t, dir)
	a := mustBase(t, knowledge.Options{Defaults: shop(), Documents: l, Embedder: f, CacheDir: cache})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	<-a.Ready()
	if _, err := a.Put(ctx, "t", entry("parking", "zh", "有。", "门口能停车吗"), 0, ""); err != nil {
		t.Fatal(err)
	}
	eventually(t, "vectors", func() bool {
		return a.Status("t").Entries == 9 && a.Status("t").Bundle != "" && a.Status("t").Pending == 0
	})
	time.Sleep(20 * time.Millisecond)
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run ended with %v", err)
	}
	f.mu.Lock()
	f.calls = 0
	f.mu.Unlock()
	b := mustBase(t, knowledge.Options{Defaults: shop(), Documents: l, Embedder: f, CacheDir: cache})
	mustRun(t, b)
	eventually(t, "vectors", func() bool { return b.Status("t").Bundle != "" && b.Status("t").Entries == 9 })
	f.mu.Lock()
	defer f.mu.Unlock()
	if sentences := knowledge.ReferenceSize(); f.calls != sentences {
		t.Errorf("%d texts were embedded again, want the %d reference sentences only", f.calls, sentences)
	}
}

// TestConcurrent edits and searches at the same time; it is for the race detector.
func TestConcurrent(t *testing.T) {
	f := newFake()
	a := mustBase(t, knowledge.Options{Defaults: shop(), Documents: mustLog(t, t.TempDir()), Embedder: f})
	mustRun(t, a)
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := range 10 {
				e := entry(fmt.Sprintf("w%d-%d", w, i), "zh", "答", fmt.Sprintf("第%d号柜台卖什么%d", w, i))
				v, err := a.Put(t.Context(), "t", e, 0, "")
				if err != nil {
					t.Error(err)
				}
				if i%3 == 0 {
					if err := a.Delete(t.Context(), "t", e.ID, v.Revision, ""); err != nil {
						t.Error(err)
					}
				}
				mustFind(t, a, dialogue.Asked{Tenant: "t", Text: "柜台卖什么", Embedding: f.embed("柜台"), Bundle: "fake-1"})
				a.List("t")
			}
		})
	}
	all.Wait()
	eventually(t, "all entries", func() bool { return a.Status("t").Entries == 8+4*6 && a.Status("t").Pending == 0 })
}
