package knowledge

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"
)

// Run reads the documents, follows their changes and keeps indexes and vectors up to date until ctx is done; it returns nil then, and the
// error of Documents.Watch when that ends earlier. It is called once.
func (b *Base) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	watched := make(chan error, 1)
	if b.o.Documents == nil {
		b.caughtUp()
	} else {
		go func() { watched <- b.o.Documents.Watch(ctx, prefix, b.caughtUp, b.apply) }()
	}
	b.signal()
	err := b.work(ctx, watched)
	stop()
	if b.o.Documents != nil && err == nil { // the watcher has not been heard yet
		err = <-watched
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// work indexes and embeds whenever it is woken.
func (b *Base) work(ctx context.Context, watched <-chan error) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-watched:
			if ctx.Err() != nil && err == nil {
				err = ctx.Err()
			}
			if err == nil {
				err = errors.New("the documents are not watched any more")
			}
			return err
		case <-b.wake:
		}
		select { // changes come in crowds: an import, a restart
		case <-time.After(b.o.Settle):
		case <-ctx.Done():
			return nil
		}
		b.reindex()
		if err := b.embed(ctx); err != nil && ctx.Err() == nil {
			b.o.Log.Warn("knowledge is searched by words alone for now", slog.Any("err", err))
			b.retry(ctx)
		}
	}
}

// retryAfter is how long a failed run of the embedder is left alone.
const retryAfter = 5 * time.Second

func (b *Base) retry(ctx context.Context) {
	t := time.AfterFunc(retryAfter, b.signal)
	context.AfterFunc(ctx, func() { t.Stop() })
}

// caughtUp notes that all documents there were have been read.
func (b *Base) caughtUp() {
	b.reading.Do(func() {
		b.reindex()
		close(b.read)
	})
}

// Ready is closed when the documents have been read and can be found by words. Vectors may still be under way; see [Base.Status].
func (b *Base) Ready() <-chan struct{} { return b.read }

// SetEmbedder replaces the embedder, for instance after a new champion took over. Vectors are computed in the background by Run; until they are
// there, queries with vectors of the new bundle are answered by words alone.
func (b *Base) SetEmbedder(e Embedder) {
	b.mu.Lock()
	b.embedder = e
	b.mu.Unlock()
	b.signal()
}

// reindex makes the indexes of tenants whose entries changed.
func (b *Base) reindex() {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := *b.indexes.Load()
	all := maps.Clone(old)
	if b.stale {
		all[""] = newIndex(b.recordsOf(""), b.o.Params, b.meaning)
	}
	for name, t := range b.tenants {
		if t.dirty || b.stale {
			all[name] = newIndex(b.recordsOf(name), b.o.Params, b.meaning)
			t.dirty = false
		}
	}
	b.stale = false
	b.indexes.Store(&all)
}

// embed computes the vectors that are missing and then makes the indexes that wanted them.
func (b *Base) embed(ctx context.Context) error {
	b.mu.Lock()
	e, m := b.embedder, b.meaning
	b.mu.Unlock()
	if e == nil {
		return nil
	}
	if m == nil || m.Bundle != e.Bundle() {
		var err error
		if m, err = b.newMeaning(ctx, e); m == nil {
			return err
		}
	}
	texts := b.texts()
	b.setPending(len(m.missing(texts)))
	defer b.setPending(0)
	n, err := m.Add(ctx, e, texts, func(done, total int) { b.setPending(total - done) })
	if err != nil {
		return err
	}
	if !b.adopt(e, m, n) {
		return nil
	}
	m.forget(texts)
	if err := m.giveUp(); err != nil {
		b.o.Log.Warn("vectors are not kept between runs", slog.Any("err", err))
	}
	return nil
}

// newMeaning goes over to another bundle's vectors, nil when it gives none.
func (b *Base) newMeaning(ctx context.Context, e Embedder) (*Meaning, error) {
	m, err := NewMeaning(ctx, e)
	if errors.Is(err, ErrNoEmbedding) {
		b.o.Log.Info("the bundle gives no embeddings: knowledge is searched by words alone", slog.String("bundle", string(e.Bundle())))
		b.dropEmbedder(e)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := m.Open(b.o.CacheDir); err != nil {
		b.o.Log.Warn("vectors are not kept between runs", slog.Any("err", err))
	}
	return m, nil
}

// adopt indexes anew when there are new vectors; it reports false when e was replaced meanwhile, whose own signal is pending then.
func (b *Base) adopt(e Embedder, m *Meaning, added int) bool {
	b.mu.Lock()
	current := b.embedder == e
	changed := current && (b.meaning != m || added > 0)
	if changed {
		b.meaning, b.stale = m, true
	}
	b.mu.Unlock()
	if changed {
		b.reindex()
		b.o.Log.Debug("knowledge embedded", slog.Int("questions", added), slog.String("bundle", string(m.Bundle)))
	}
	return current
}

func (b *Base) dropEmbedder(e Embedder) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.embedder == e {
		b.embedder = nil
	}
}

func (b *Base) setPending(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending = n
}

// texts lists the questions of all tenants.
func (b *Base) texts() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	add := func(r *record) {
		for i := range r.items {
			out = append(out, r.items[i].text)
		}
	}
	for _, r := range b.recordsOf("") {
		add(r)
	}
	for _, t := range b.tenants {
		for _, r := range t.records {
			add(r)
		}
	}
	return out
}

// recordsOf returns a tenant's entries: the defaults in their order with the tenant's changes, then its own by id. b.mu is held or b is new.
func (b *Base) recordsOf(name string) []*record {
	own := map[string]*record{}
	if t := b.tenants[name]; t != nil {
		own = t.records
	}
	ids := make([]string, 0, len(b.o.Defaults)+len(own))
	for i := range b.o.Defaults {
		ids = append(ids, b.o.Defaults[i].ID)
	}
	for _, id := range slices.Sorted(maps.Keys(own)) {
		if b.defaults[id] == nil {
			ids = append(ids, id)
		}
	}
	out := make([]*record, 0, len(ids))
	for _, id := range ids {
		r := own[id]
		if r == nil {
			r = b.defaults[id]
		}
		if !r.Deleted {
			out = append(out, r)
		}
	}
	return out
}

// Status is how far a tenant's knowledge is indexed.
type Status struct {
	Entries   int    `json:"entries"`
	Questions int    `json:"questions"`
	Bundle    string `json:"bundle,omitempty"`  // whose vectors are compared; empty = by words alone
	Pending   int    `json:"pending,omitempty"` // questions, of all tenants, whose vectors are being computed
}

// Status tells how far a tenant's knowledge is indexed.
func (b *Base) Status(tenant string) Status {
	x := b.index(tenant)
	s := Status{Bundle: string(x.Bundle())}
	s.Entries, s.Questions = x.Len()
	b.mu.Lock()
	defer b.mu.Unlock()
	s.Pending = b.pending
	return s
}
