package models_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"yingda/internal/testenv"
	"yingda/models"
)

// engine is what runs a bundle in these tests: it knows whose it is and how often it was closed.
type engine struct {
	id     models.BundleID
	open   *atomic.Int64
	closed atomic.Int64
}

func (e *engine) Close() error {
	e.closed.Add(1)
	e.open.Add(-1)
	return nil
}

// answer pretends to compute: it fails when the engine is closed before or while it does.
func (e *engine) answer() (models.BundleID, error) {
	if e.closed.Load() != 0 {
		return "", errors.New("the engine is closed before the request")
	}
	time.Sleep(50 * time.Microsecond)
	if e.closed.Load() != 0 {
		return "", errors.New("the engine was closed during the request")
	}
	return e.id, nil
}

// factory builds engines and remembers them. Bundles whose version is "broken" cannot be built.
type factory struct {
	mu   sync.Mutex
	made []*engine
	open atomic.Int64
}

func (f *factory) build(b *models.Bundle) (*engine, error) {
	if b.Manifest.Version == "broken" {
		return nil, errors.New("cannot be built")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	e := &engine{id: b.Manifest.ID, open: &f.open}
	f.open.Add(1)
	f.made = append(f.made, e)
	return e, nil
}

func (f *factory) registry(s *models.Store) *models.Registry[*engine] {
	return models.NewRegistry(s, f.build, testenv.Logger())
}

// mustBundles are two good ones and one that cannot be built.
func mustBundles(tb testing.TB) (a, b, broken *models.Bundle) {
	tb.Helper()
	return testenv.MustTiny(tb, testenv.Tiny{Version: "a"}), testenv.MustTiny(tb, testenv.Tiny{Version: "b", Scale: 2}), testenv.MustTiny(tb, testenv.Tiny{Version: "broken"})
}

func wantChampion(tb testing.TB, r *models.Registry[*engine], want models.BundleID) {
	tb.Helper()
	l, err := r.Acquire("")
	if err != nil {
		tb.Errorf("no champion: %v", err)
		return
	}
	defer l.Release()
	if l.Manifest.ID != want || l.Engine.id != want {
		tb.Errorf("champion %s with the engine of %s, want %s", l.Manifest.ID, l.Engine.id, want)
	}
	if _, err := l.Engine.answer(); err != nil {
		tb.Error(err)
	}
}

func TestRegistry(t *testing.T) {
	a, b, broken := mustBundles(t)
	s, builtin := mustBuiltinStore(t, a, b, broken)
	f := &factory{}
	r := f.registry(s)
	ctx := t.Context()
	if _, err := r.Acquire(""); !errors.Is(err, models.ErrNoBundle) {
		t.Errorf("empty: %v", err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(r.Sync(ctx))
	wantChampion(t, r, builtin)
	must(r.Activate(ctx, models.Champion, a.Manifest.ID))
	wantChampion(t, r, a.Manifest.ID)
	must(r.Activate(ctx, models.Challenger, b.Manifest.ID))
	for _, ref := range []string{"challenger", string(b.Manifest.ID)} {
		l, err := r.Acquire(ref)
		if err != nil || l.Engine.id != b.Manifest.ID {
			t.Errorf("%s: %v", ref, err)
			continue
		}
		l.Release()
	}
	if _, err := r.Acquire("nothing"); !errors.Is(err, models.ErrNoBundle) || !strings.Contains(err.Error(), string(b.Manifest.ID)) {
		t.Errorf("unknown: %v", err)
	}
	for _, id := range []models.BundleID{broken.Manifest.ID, "nothing-000000000000"} {
		if err := r.Activate(ctx, models.Champion, id); err == nil || !strings.Contains(err.Error(), string(id)) {
			t.Errorf("activate %s: %v", id, err)
		}
		wantChampion(t, r, a.Manifest.ID)
	}
	if state, err := s.State(); err != nil || state.Current(models.Champion) != a.Manifest.ID {
		t.Errorf("the store says %s (%v)", state.Current(models.Champion), err)
	}
	if id, err := r.Rollback(ctx, models.Champion); err != nil || id != builtin {
		t.Errorf("rolled back to %s: %v", id, err)
	}
	wantChampion(t, r, builtin)
	if _, err := r.Rollback(ctx, models.Champion); !errors.Is(err, models.ErrNoBundle) {
		t.Errorf("rolled back past the first: %v", err)
	}
	wantChampion(t, r, builtin)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := r.Activate(cancelled, models.Champion, a.Manifest.ID); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if got := f.open.Load(); got != 2 {
		t.Errorf("%d engines are open, want those of champion and challenger", got)
	}
	must(r.Close(ctx))
	if got := f.open.Load(); got != 0 {
		t.Errorf("%d engines are open after Close", got)
	}
}

// TestRegistrySync: what another process does to the store is followed, and what cannot be loaded leaves things as they are.
func TestRegistrySync(t *testing.T) {
	a, b, broken := mustBundles(t)
	s, builtin := mustBuiltinStore(t, a, b, broken)
	other, err := models.OpenStore(s.Dir(), nil, builtin)
	if err != nil {
		t.Fatal(err)
	}
	f := &factory{}
	r := f.registry(s)
	ctx := t.Context()
	set := func(role models.Role, id models.BundleID) {
		t.Helper()
		if err := other.SetRole(role, id); err != nil {
			t.Fatal(err)
		}
	}
	set(models.Champion, a.Manifest.ID)
	set(models.Shadow, b.Manifest.ID)
	if err := r.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	wantChampion(t, r, a.Manifest.ID)
	if err := r.Sync(ctx); err != nil || len(f.made) != 2 {
		t.Errorf("nothing changed, but %d engines were made (%v)", len(f.made), err)
	}
	set(models.Champion, broken.Manifest.ID)
	set(models.Shadow, "")
	if err := r.Sync(ctx); err == nil || !strings.Contains(err.Error(), "cannot be built") {
		t.Errorf("broken: %v", err)
	}
	wantChampion(t, r, a.Manifest.ID)
	if _, err := r.Acquire("shadow"); !errors.Is(err, models.ErrNoBundle) {
		t.Errorf("the shadow is still there: %v", err)
	}
	loaded := r.Loaded()
	if len(loaded) != 1 || loaded[0].Manifest.ID != a.Manifest.ID || !strings.Contains(loaded[0].Problem, "cannot be built") {
		t.Errorf("loaded: %+v", loaded)
	}
	if err := r.Sync(ctx); err != nil {
		t.Errorf("the same failure is reported twice: %v", err)
	}
	if _, err := other.Rollback(models.Champion); err != nil {
		t.Fatal(err)
	}
	if err := r.Sync(ctx); err != nil || r.Loaded()[0].Problem != "" {
		t.Errorf("after going back: %v, problem %q", err, r.Loaded()[0].Problem)
	}
	set(models.Champion, b.Manifest.ID)
	if err := r.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	wantChampion(t, r, b.Manifest.ID)
	mustWriteFile(t, []byte("damaged"), s.Dir(), models.StateName)
	if err := r.Sync(ctx); err == nil {
		t.Error("a damaged state was followed")
	}
	if err := r.Activate(ctx, models.Champion, a.Manifest.ID); err == nil {
		t.Error("an activation that cannot be recorded succeeded")
	}
	wantChampion(t, r, b.Manifest.ID) // on any error the role keeps what it had
	if got := f.open.Load(); got != 1 {
		t.Errorf("%d engines are open", got)
	}
}

// TestRegistryRetry: a bundle that failed is tried again once someone has asked for it again.
func TestRegistryRetry(t *testing.T) {
	a, b, _ := mustBundles(t)
	s, _ := mustBuiltinStore(t, a)
	f := &factory{}
	r := f.registry(s)
	testenv.MustWrite(t, t.TempDir(), b) // gives it an id
	if err := s.SetRole(models.Champion, b.Manifest.ID); err != nil {
		t.Fatal(err)
	}
	if err := r.Sync(t.Context()); !errors.Is(err, models.ErrNoBundle) {
		t.Fatalf("absent: %v", err)
	}
	testenv.MustWrite(t, s.Dir(), b)
	if err := r.Sync(t.Context()); err != nil || len(f.made) != 0 {
		t.Errorf("tried again although nobody asked: %v", err)
	}
	time.Sleep(time.Millisecond)
	if err := s.SetRole(models.Champion, b.Manifest.ID); err != nil {
		t.Fatal(err)
	}
	if err := r.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantChampion(t, r, b.Manifest.ID)
}

// TestRegistryLease: a request keeps the engine it began with, and Close waits for it.
func TestRegistryLease(t *testing.T) {
	a, b, _ := mustBundles(t)
	s, _ := mustBuiltinStore(t, a, b)
	synctest.Test(t, func(t *testing.T) {
		f := &factory{}
		r := f.registry(s)
		ctx := t.Context()
		if err := r.Activate(ctx, models.Champion, a.Manifest.ID); err != nil {
			t.Fatal(err)
		}
		old, err := r.Acquire("")
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Activate(ctx, models.Champion, b.Manifest.ID); err != nil {
			t.Fatal(err)
		}
		if id, err := old.Engine.answer(); err != nil || id != a.Manifest.ID {
			t.Errorf("the old engine answers %s, %v", id, err)
		}
		old.Release()
		if f.made[0].closed.Load() != 1 || f.made[1].closed.Load() != 0 {
			t.Error("after the last request the old engine should be closed, and only it")
		}
		last, err := r.Acquire("champion")
		if err != nil || r.Loaded()[0].Requests != 1 {
			t.Fatalf("%v, %+v", err, r.Loaded())
		}
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if err := r.Close(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close returned %v while a request ran", err)
		}
		if f.made[1].closed.Load() != 0 {
			t.Error("the engine was closed under a request")
		}
		last.Release()
		if f.made[1].closed.Load() != 1 {
			t.Error("the engine was not closed after the last request")
		}
	})
}

func TestRegistryCloseWaits(t *testing.T) {
	a, _, _ := mustBundles(t)
	s, _ := mustBuiltinStore(t, a)
	synctest.Test(t, func(t *testing.T) {
		f := &factory{}
		r := f.registry(s)
		if err := r.Activate(t.Context(), models.Champion, a.Manifest.ID); err != nil {
			t.Fatal(err)
		}
		l, err := r.Acquire("")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- r.Close(context.Background()) }()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("Close did not wait: %v", err)
		default:
		}
		if _, err := r.Acquire(""); !errors.Is(err, models.ErrClosed) {
			t.Errorf("a request came in while closing: %v", err)
		}
		l.Release()
		if err := <-done; err != nil {
			t.Error(err)
		}
		for name, call := range map[string]func() error{
			"Activate": func() error { return r.Activate(t.Context(), models.Champion, a.Manifest.ID) },
			"Sync":     func() error { return r.Sync(t.Context()) },
			"Acquire":  func() error { _, err := r.Acquire("champion"); return err },
		} {
			if err := call(); !errors.Is(err, models.ErrClosed) {
				t.Errorf("%s after Close: %v", name, err)
			}
		}
		if got := f.open.Load(); got != 0 {
			t.Errorf("%d engines are open after Close", got)
		}
	})
}

// TestRegistryStress swaps while requests run: none fails, none sees another version's engine, each engine is closed exactly once.
func TestRegistryStress(t *testing.T) {
	swaps := 1000
	if testing.Short() {
		swaps = 100
	}
	a, b, broken := mustBundles(t)
	s := testenv.MustStore(t, a, b, broken)
	f := &factory{}
	r := f.registry(s)
	ctx := t.Context()
	if err := r.Activate(ctx, models.Champion, a.Manifest.ID); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var served atomic.Int64
	for range 8 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				l, err := r.Acquire("")
				if err != nil {
					t.Error(err)
					return
				}
				id, err := l.Engine.answer()
				if err != nil || id != l.Manifest.ID {
					t.Errorf("%v; manifest %s, engine %s", err, l.Manifest.ID, id)
				}
				l.Release()
				served.Add(1)
			}
		})
	}
	for i := range swaps {
		var err error
		switch i % 4 {
		case 0:
			err = r.Activate(ctx, models.Champion, b.Manifest.ID)
		case 1:
			if r.Activate(ctx, models.Champion, broken.Manifest.ID) == nil {
				err = errors.New("the broken bundle was activated")
			}
		case 2:
			_, err = r.Rollback(ctx, models.Champion)
		case 3:
			err = errors.Join(s.SetRole(models.Champion, b.Manifest.ID), r.Sync(ctx), s.SetRole(models.Champion, a.Manifest.ID), r.Sync(ctx))
		}
		if err != nil {
			t.Fatal(fmt.Errorf("swap %d: %w", i, err))
		}
	}
	close(stop)
	wg.Wait()
	if err := r.Close(ctx); err != nil {
		t.Fatal(err)
	}
	for i, e := range f.made {
		if n := e.closed.Load(); n != 1 {
			t.Errorf("engine %d was closed %d times", i, n)
		}
	}
	t.Logf("%d swaps, %d engines, %d requests", swaps, len(f.made), served.Load())
}
