package models

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// Role is what a bundle is used for.
type Role string

// The roles. A request that names no bundle is answered by the champion.
const (
	Champion   Role = "champion"   // answers customers
	Challenger Role = "challenger" // answers those an experiment sends to it, and whoever asks for it
	Shadow     Role = "shadow"     // is run beside the champion for comparison only
)

// Roles lists the roles.
var Roles = []Role{Champion, Challenger, Shadow}

// Registry holds the bundles in memory, one engine a role, and swaps them while requests are running: a request keeps the
// engine it began with, and an engine is closed when its last request has ended. E is whatever runs a bundle.
// Safe for concurrent use.
type Registry[E io.Closer] struct {
	store *Store
	build func(*Bundle) (E, error)
	log   *slog.Logger

	change sync.Mutex // one activation at a time
	mu     sync.RWMutex
	slots  map[Role]*engine[E]
	failed map[Role]failure // why the wanted bundle is not the one loaded
	closed bool
}

// failure is a bundle that could not be loaded. It is tried again when the store's state was written anew since: someone has asked again.
type failure struct {
	id      BundleID
	changed time.Time
	why     string
}

type engine[E io.Closer] struct {
	manifest *Manifest
	value    E
	refs     atomic.Int64 // requests under way, plus one while it has a role
	close    sync.Once
	onClosed chan struct{}
}

// NewRegistry makes an empty registry over a store. build turns a verified bundle into an engine; it must fail rather than
// return an engine that answers wrongly.
func NewRegistry[E io.Closer](store *Store, build func(*Bundle) (E, error), log *slog.Logger) *Registry[E] {
	return &Registry[E]{store: store, build: build, log: log, slots: map[Role]*engine[E]{}, failed: map[Role]failure{}}
}

// Lease is the use of an engine by one request. Release it exactly once.
type Lease[E io.Closer] struct {
	Engine   E
	Manifest *Manifest
	e        *engine[E]
}

// Release ends the use.
func (l Lease[E]) Release() { l.e.release() }

func (e *engine[E]) release() {
	if e.refs.Add(-1) == 0 {
		e.close.Do(func() {
			_ = e.value.Close()
			close(e.onClosed)
		})
	}
}

// Acquire returns the engine with that role or bundle id; "" means the champion. ErrNoBundle says which there are.
func (r *Registry[E]) Acquire(ref string) (Lease[E], error) {
	if ref == "" {
		ref = string(Champion)
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.closed {
		return Lease[E]{}, ErrClosed
	}
	if e, ok := r.slots[Role(ref)]; ok {
		return e.lease(), nil
	}
	for _, e := range r.slots {
		if string(e.manifest.ID) == ref {
			return e.lease(), nil
		}
	}
	return Lease[E]{}, fmt.Errorf("%w: %q is not loaded; loaded are %v", ErrNoBundle, ref, r.loadedNames())
}

// ID returns the bundle that is loaded for the role, or "". It costs next to nothing.
func (r *Registry[E]) ID(role Role) BundleID {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if e, ok := r.slots[role]; ok {
		return e.manifest.ID
	}
	return ""
}

// Requests returns how many requests hold the role's engine. It costs next to nothing.
func (r *Registry[E]) Requests(role Role) int64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if e, ok := r.slots[role]; ok {
		return e.refs.Load() - 1
	}
	return 0
}

func (e *engine[E]) lease() Lease[E] {
	e.refs.Add(1)
	return Lease[E]{Engine: e.value, Manifest: e.manifest, e: e}
}

func (r *Registry[E]) loadedNames() []string {
	var names []string
	for role, e := range r.slots {
		names = append(names, string(role), string(e.manifest.ID))
	}
	sort.Strings(names)
	return names
}

// Activate loads the bundle, gives it the role and records that in the store. On any error the role keeps the bundle it had.
func (r *Registry[E]) Activate(ctx context.Context, role Role, id BundleID) error {
	r.change.Lock()
	defer r.change.Unlock()
	e, err := r.load(ctx, id)
	if err == nil {
		if err = r.store.SetRole(role, id); err != nil {
			e.release()
		}
	}
	if err != nil {
		return fmt.Errorf("activate %s as %s: %w", id, role, err)
	}
	r.install(role, e)
	return nil
}

// Rollback gives the role back to the bundle that had it before.
func (r *Registry[E]) Rollback(ctx context.Context, role Role) (BundleID, error) {
	r.change.Lock()
	defer r.change.Unlock()
	state, err := r.store.State()
	if err != nil {
		return "", err
	}
	prev, err := state.previous(role)
	if err != nil {
		return "", err
	}
	e, err := r.load(ctx, prev)
	if err == nil {
		if _, err = r.store.Rollback(role); err != nil {
			e.release()
		}
	}
	if err != nil {
		return "", fmt.Errorf("roll back %s to %s: %w", role, prev, err)
	}
	r.install(role, e)
	return prev, nil
}

// Sync loads what the store's state asks for, as changed by another process. A bundle that cannot be loaded leaves the role
// as it is; the reason is logged once and shown by Loaded.
func (r *Registry[E]) Sync(ctx context.Context) error {
	r.change.Lock()
	defer r.change.Unlock()
	if r.isClosed() {
		return ErrClosed
	}
	state, err := r.store.State()
	if err != nil {
		return err
	}
	var errs []error
	for _, role := range Roles {
		want := state.Current(role)
		if want == "" && role == Champion {
			want = r.store.Builtin()
		}
		if err := r.syncRole(ctx, role, want, state.Changed); err != nil {
			errs = append(errs, fmt.Errorf("load %s as %s: %w", want, role, err))
		}
	}
	return errors.Join(errs...)
}

func (r *Registry[E]) syncRole(ctx context.Context, role Role, want BundleID, changed time.Time) error {
	r.mu.RLock()
	have := r.slots[role]
	failed := r.failed[role]
	r.mu.RUnlock()
	switch {
	case want == "":
		r.install(role, nil)
		return nil
	case have != nil && have.manifest.ID == want:
		r.setFailed(role, failure{})
		return nil
	case failed.id == want && failed.changed.Equal(changed):
		return nil // tried before
	}
	e, err := r.load(ctx, want)
	if err != nil {
		r.setFailed(role, failure{id: want, changed: changed, why: string(want) + ": " + err.Error()})
		return err
	}
	r.install(role, e)
	return nil
}

func (r *Registry[E]) setFailed(role Role, f failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f.why == "" {
		delete(r.failed, role)
		return
	}
	r.failed[role] = f
}

func (r *Registry[E]) isClosed() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.closed
}

// load makes an engine, with the one reference that a role holds.
func (r *Registry[E]) load(ctx context.Context, id BundleID) (*engine[E], error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.isClosed() {
		return nil, ErrClosed
	}
	b, err := r.store.Open(id)
	if err != nil {
		return nil, err
	}
	value, err := r.build(b)
	if err != nil {
		return nil, err
	}
	e := &engine[E]{manifest: b.Manifest, value: value, onClosed: make(chan struct{})}
	e.refs.Store(1)
	return e, nil
}

// install swaps the role's engine; nil empties the role.
func (r *Registry[E]) install(role Role, e *engine[E]) {
	r.mu.Lock()
	old := r.slots[role]
	if e == nil {
		delete(r.slots, role)
	} else {
		r.slots[role] = e
	}
	delete(r.failed, role)
	r.mu.Unlock()
	if e != nil {
		r.log.Info("bundle loaded", "role", role, "bundle", e.manifest.ID)
	}
	if old != nil {
		old.release()
	}
}

// LoadedBundle describes a role for people and monitoring.
type LoadedBundle struct {
	Role     Role
	Manifest *Manifest
	Requests int64  // under way
	Problem  string // why the bundle that the store asks for is not the one loaded
}

// Loaded lists the roles that have a bundle or a problem.
func (r *Registry[E]) Loaded() []LoadedBundle {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var list []LoadedBundle
	for _, role := range Roles {
		l := LoadedBundle{Role: role, Problem: r.failed[role].why}
		if e := r.slots[role]; e != nil {
			l.Manifest, l.Requests = e.manifest, e.refs.Load()-1
		}
		if l.Manifest != nil || l.Problem != "" {
			list = append(list, l)
		}
	}
	return list
}

// Close empties all roles and waits until the last request has ended or ctx is done.
func (r *Registry[E]) Close(ctx context.Context) error {
	r.change.Lock()
	defer r.change.Unlock()
	r.mu.Lock()
	r.closed = true
	old := r.slots
	r.slots = map[Role]*engine[E]{}
	r.mu.Unlock()
	for _, e := range old {
		e.release()
	}
	for role, e := range old {
		select {
		case <-e.onClosed:
		case <-ctx.Done():
			return fmt.Errorf("close %s: %w", role, ctx.Err())
		}
	}
	return nil
}
