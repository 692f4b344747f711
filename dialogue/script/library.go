package script

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"yingda/dialogue"
)

// Errors of a library. Callers test with errors.Is.
var (
	// ErrNoDraft is returned when there is nothing to publish or to discard: save a draft first.
	ErrNoDraft = errors.New("the script has no draft")
	// ErrNoVersion is returned when a roll-back names a version that was never published or is too old to be kept.
	ErrNoVersion = errors.New("the script has no such version")
)

// Options tune a library. The zero value is ready to use.
type Options struct {
	// Offered tells which slots are filled when a key is said, false when it is not known. Drafts that use others are refused. nil = as the
	// book was told by Offering, else those that its script declares or uses.
	Offered func(key string) ([]string, bool)
	// Hosts that texts may link to, besides those of the book's settings.
	Hosts []string
	// Log takes warnings: keys without words, drafts of newer programs. nil = slog.Default().
	Log *slog.Logger
	// Retry is the pause before watching again after the documents did not answer; 0 = one second.
	Retry time.Duration
}

// Library is a book with what is edited at run time laid over it, by tenant. It is safe for concurrent use; Render takes no lock.
//
// A script's document holds what is said (published), what is being written (draft) and who did what last; its history is the audit.
type Library struct {
	docs  dialogue.Documents
	book  *Book // with Options.Hosts in its settings
	o     Options
	view  atomic.Pointer[view]
	stop  context.CancelFunc
	ended chan struct{}
	reports

	mu        sync.Mutex        // serialises changes of view
	revisions map[string]uint64 // by document name: the latest that view knows
}

// Open reads what was published and keeps up with what any replica publishes, until ctx is done or Close. It returns once all documents
// have been read.
func Open(ctx context.Context, docs dialogue.Documents, defaults *Book, o Options) (*Library, error) {
	if docs == nil || defaults == nil {
		return nil, errors.New("open scripts: documents and defaults are required")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Retry <= 0 {
		o.Retry = time.Second
	}
	book := *defaults
	book.settings.Hosts = append(slices.Clone(book.settings.Hosts), o.Hosts...)
	l := &Library{docs: docs, book: &book, o: o, ended: make(chan struct{}), revisions: map[string]uint64{}}
	l.log, l.keys = o.Log, map[[2]string]*Report{}
	l.view.Store(&view{book: &book})
	watching, stop := context.WithCancel(ctx)
	l.stop = stop
	ready, failed := make(chan struct{}), make(chan error, 1)
	go l.watch(watching, ready, failed)
	select {
	case <-ready:
		return l, nil
	case err := <-failed:
		stop()
		<-l.ended
		return nil, fmt.Errorf("open scripts: %w", err)
	case <-ctx.Done():
		stop()
		<-l.ended
		return nil, fmt.Errorf("open scripts: %w", ctx.Err())
	}
}

// Close stops keeping up. Render goes on with what is known.
func (l *Library) Close() {
	l.stop()
	<-l.ended
}

// Render puts words to w. It never fails and takes no lock.
func (l *Library) Render(w dialogue.Wording) dialogue.Reply {
	return l.view.Load().render(&w, &l.reports)
}

// Quiet says what Render would say, without a report of what is missing.
func (l *Library) Quiet(w dialogue.Wording) dialogue.Reply {
	return l.view.Load().render(&w, nil)
}

var _ dialogue.Scripts = (*Library)(nil)

// Reports lists keys that could not be said as they should, those asked for most first.
func (l *Library) Reports() []Report {
	l.reports.mu.Lock()
	defer l.reports.mu.Unlock()
	out := make([]Report, 0, len(l.keys))
	for _, r := range l.keys {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b Report) int {
		if na, nb := a.Unsaid+a.Short, b.Unsaid+b.Short; na != nb {
			return int(int64(nb) - int64(na))
		}
		return strings.Compare(a.Tenant+" "+a.Key, b.Tenant+" "+b.Key)
	})
	return out
}

// watch applies documents until ctx is done. A first failure goes to failed; later ones are tried again.
func (l *Library) watch(ctx context.Context, ready chan struct{}, failed chan error) {
	defer close(l.ended)
	var once sync.Once
	started := false
	for {
		err := l.docs.Watch(ctx, docPrefix, func() { once.Do(func() { started = true; close(ready) }) }, l.apply)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errors.New("watching ended")
		}
		if !started {
			failed <- err
			return
		}
		l.o.Log.Warn("watching scripts failed, trying again", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(l.o.Retry):
		}
	}
}

// apply puts a document into a new view, unless a newer one is known.
func (l *Library) apply(d dialogue.Document) {
	tenant, key, ok := splitName(d.Name)
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if d.Revision <= l.revisions[d.Name] {
		return
	}
	l.revisions[d.Name] = d.Revision
	s, err := l.published(key, d.Body)
	if err != nil {
		l.o.Log.Error("a published script cannot be read and is not said", "tenant", tenant, "key", key, "revision", d.Revision, "error", err)
	}
	old := l.view.Load()
	if s == nil && old.tenants[tenant][key] == nil {
		return
	}
	n := &view{book: old.book, tenants: maps.Clone(old.tenants)}
	if n.tenants == nil {
		n.tenants = map[string]map[string]*Script{}
	}
	own := maps.Clone(n.tenants[tenant])
	if own == nil {
		own = map[string]*Script{}
	}
	if s == nil {
		delete(own, key)
	} else {
		own[key] = s
	}
	n.tenants[tenant] = own
	l.view.Store(n)
}

// published returns the script of a document that is to be said, nil if that is the book's.
func (l *Library) published(key string, body []byte) (*Script, error) {
	if len(body) == 0 {
		return nil, nil
	}
	r, err := readRecord(body)
	if err != nil || r.Published == "" {
		return nil, err
	}
	s, err := l.book.parse(key, r.Published)
	if err != nil {
		return nil, err
	}
	s.Version = r.Version
	return s, nil
}
