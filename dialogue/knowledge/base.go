package knowledge

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"yingda/dialogue"
	"yingda/models"
)

// Embedder turns texts into vectors. Safe for concurrent use. The engine of a bundle is one.
type Embedder interface {
	// Bundle names the model: vectors of different bundles cannot be compared.
	Bundle() models.BundleID
	// Embed returns one vector of length 1 a text, all of one width, or nil when the bundle does not embed.
	Embed(ctx context.Context, texts ...string) ([][]float32, error)
}

// Options say what a base is made of. The zero value is an empty base that searches by words.
type Options struct {
	// Defaults are the entries that every tenant has until it changes them, in the order of their files; see [Load].
	Defaults []dialogue.Entry
	// Documents keeps what is edited, as knowledge/<tenant>/<id>. Nil = nothing can be edited.
	Documents dialogue.Documents
	// Embedder makes the vectors of entries. Nil = by words alone, until SetEmbedder.
	Embedder Embedder
	// CacheDir is a folder that keeps vectors between runs. Empty = they are computed anew at each start, about 3 ms of a core a question.
	CacheDir string
	// Params weigh the evidence. Nil = [DefaultParams].
	Params *Params
	// Settle is how long after a change the next one is waited for before the index is made anew. Default 100 ms.
	Settle time.Duration
	// Log is told of work in the background. Nil = nothing is logged.
	Log *slog.Logger
}

// Base is the knowledge of all tenants. Make it with New; Run keeps it up to date. Safe for concurrent use.
type Base struct {
	o        Options
	defaults map[string]*record
	order    map[string]int // of the defaults, by id

	mu       sync.Mutex // guards what follows
	tenants  map[string]*tenant
	embedder Embedder // nil = none yet, or it does not embed
	meaning  *Meaning // of embedder; nil until its space is fitted
	stale    bool     // the defaults' index is to be made anew
	pending  int      // questions whose vectors are being computed

	indexes atomic.Pointer[map[string]*Index] // by tenant; "" = the defaults alone
	wake    chan struct{}                     // something has to be indexed or embedded
	read    chan struct{}                     // closed when all documents have been read and indexed
	reading sync.Once
}

var _ dialogue.Knowledge = (*Base)(nil)

// tenant is what one tenant changed.
type tenant struct {
	records   map[string]*record // by id; replaces or hides the default of that id
	revisions map[string]uint64  // by id, of the document that was read last
	dirty     bool               // the index is older than the records
}

// New makes a base and indexes the defaults by words; Run adds the rest. It fails on defaults that are not sound or whose ids repeat.
func New(o Options) (*Base, error) {
	if o.Params == nil {
		o.Params = DefaultParams()
	}
	if o.Settle <= 0 {
		o.Settle = 100 * time.Millisecond
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	b := &Base{o: o, defaults: map[string]*record{}, order: map[string]int{}, tenants: map[string]*tenant{},
		embedder: o.Embedder, wake: make(chan struct{}, 1), read: make(chan struct{})}
	for i := range o.Defaults {
		e := o.Defaults[i]
		if err := Validate(&e); err != nil {
			return nil, fmt.Errorf("default entry %q: %w", e.ID, err)
		}
		if b.defaults[e.ID] != nil {
			return nil, fmt.Errorf("default entry %q is there twice", e.ID)
		}
		b.defaults[e.ID] = newRecord(Version{Entry: e, Default: true})
		b.order[e.ID] = i
	}
	b.indexes.Store(&map[string]*Index{"": newIndex(b.recordsOf(""), o.Params, nil)})
	return b, nil
}

// Find implements [dialogue.Knowledge]: the best entries first, at most q.Limit, none with a score below [Thresholds].Show. It
// looks at entries in the asked language and in that of the text; only where there are none at all, at those in other languages. The entry of
// q.ID is found whatever its language. It fails only when ctx is done.
func (b *Base) Find(ctx context.Context, q dialogue.Asked) ([]dialogue.Hit, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if q.ID != "" {
		v, err := b.Get(q.Tenant, q.ID)
		if err != nil {
			return nil, nil
		}
		return []dialogue.Hit{{Entry: v.Entry, Score: 1}}, nil
	}
	x := b.index(q.Tenant)
	if q.Bundle != "" && x.Bundle() != "" && q.Bundle != x.Bundle() {
		b.translate(ctx, x, &q)
	}
	found := x.Search(q)
	hits := make([]dialogue.Hit, len(found))
	for i := range found {
		hits[i] = found[i].Hit
	}
	return hits, nil
}

// translate gives a question the vector that the index compares with, where another bundle has understood it, as in a trial of one: else its customers
// would be searched for by words alone, and the bundle would be blamed for it.
func (b *Base) translate(ctx context.Context, x *Index, q *dialogue.Asked) {
	b.mu.Lock()
	e := b.embedder
	b.mu.Unlock()
	if e == nil || e.Bundle() != x.Bundle() {
		return
	}
	vs, err := e.Embed(ctx, q.Text)
	if err != nil || len(vs) != 1 || e.Bundle() != x.Bundle() {
		b.o.Log.Debug("a question of another bundle is compared by words alone", slog.String("bundle", string(q.Bundle)), slog.Any("error", err))
		return
	}
	q.Embedding, q.Bundle = vs[0], x.Bundle()
}

// Search is Find with what speaks for each hit.
func (b *Base) Search(q dialogue.Asked) []Match { return b.index(q.Tenant).Search(q) }

// Thresholds returns what the scores mean for an answer.
func (b *Base) Thresholds() Thresholds { return b.o.Params.Thresholds }

// index returns a tenant's index; one who changed nothing has the defaults.
func (b *Base) index(tenant string) *Index {
	all := *b.indexes.Load()
	if x := all[tenant]; x != nil {
		return x
	}
	return all[""]
}

// signal wakes Run.
func (b *Base) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}
