package experiment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"yingda/dialogue"
)

// Bounds of what a replica holds of pins.
const (
	pinQueue    = 4096             // exposures that wait to be written; more are not pinned
	pinCache    = 16384            // customers
	pinFresh    = time.Minute      // how long a customer's pins are believed
	pinFlush    = 2 * time.Second  // for what waits at the end
	pinAttempts = 4                // at writing a customer's document, against other replicas
	pinTimeout  = 10 * time.Second // of one writing
)

// pins remembers in which variant customers were first exposed: one document a customer, sealed with their key. The writing is behind the turn and may
// be lost in a crash; then the customer follows the hash, which tells the same as long as nothing moved.
type pins struct {
	docs  dialogue.Documents
	log   *slog.Logger
	now   func() time.Time
	queue chan Exposure

	mu    sync.Mutex
	cache map[customer]pinned
	lost  int64
}

// customer is one, by tenant and the id that the channel knows.
type customer struct{ tenant, id string }

// pinned is what a document said.
type pinned struct {
	variants map[string]string // by experiment; not to be changed
	read     time.Time
}

func newPins(docs dialogue.Documents, log *slog.Logger, now func() time.Time) *pins {
	return &pins{docs: docs, log: log, now: now, queue: make(chan Exposure, pinQueue), cache: map[customer]pinned{}}
}

// pinName is the name of a customer's document. The id is hashed because it may be longer than a name and hold anything.
func pinName(tenant, id string) string {
	sum := sha256.Sum256([]byte(id))
	return "arm/" + tenant + "/" + hex.EncodeToString(sum[:16])
}

// of returns a customer's pins by experiment, as they were after since. The map is not to be changed.
func (p *pins) of(ctx context.Context, tenant, id string, since time.Time) (map[string]string, error) {
	c, now := customer{tenant, id}, p.now()
	p.mu.Lock()
	got, ok := p.cache[c]
	p.mu.Unlock()
	if ok && now.Sub(got.read) < pinFresh && !got.read.Before(since) {
		return got.variants, nil
	}
	_, variants, err := p.read(ctx, c)
	if err != nil {
		return nil, err
	}
	p.keep(c, variants)
	return variants, nil
}

func (p *pins) read(ctx context.Context, c customer) (revision uint64, variants map[string]string, err error) {
	d, err := p.docs.Get(ctx, pinName(c.tenant, c.id))
	if errors.Is(err, dialogue.ErrUnknown) || errors.Is(err, dialogue.ErrErased) {
		return d.Revision, nil, nil
	}
	if err != nil {
		return 0, nil, err
	}
	if err := json.Unmarshal(d.Body, &variants); err != nil {
		return 0, nil, fmt.Errorf("read pins: %w", err)
	}
	return d.Revision, variants, nil
}

func (p *pins) keep(c customer, variants map[string]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for other := range p.cache { // any one goes: all can be read again
		if len(p.cache) < pinCache {
			break
		}
		delete(p.cache, other)
	}
	p.cache[c] = pinned{variants, p.now()}
}

func (p *pins) forget(tenant string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.DeleteFunc(p.cache, func(c customer, _ pinned) bool { return c.tenant == tenant })
}

// add queues an exposure to be written, unless it is known to be.
func (p *pins) add(x Exposure) {
	p.mu.Lock()
	_, known := p.cache[customer{x.Tenant, x.Customer}].variants[x.Experiment]
	p.mu.Unlock()
	if known {
		return
	}
	select {
	case p.queue <- x:
	default:
		p.mu.Lock()
		p.lost++
		first := p.lost == 1
		p.mu.Unlock()
		if first {
			p.log.Warn("exposures come faster than they can be pinned; some customers will follow new weights", "tenant", x.Tenant, "experiment", x.Experiment)
		}
	}
}

// run writes what is queued until ctx is done, then what still waits.
func (p *pins) run(ctx context.Context) {
	for {
		select {
		case x := <-p.queue:
			p.write(context.WithoutCancel(ctx), x)
		case <-ctx.Done():
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), pinFlush)
			defer cancel()
			for len(p.queue) > 0 && end.Err() == nil {
				p.write(end, <-p.queue)
			}
			return
		}
	}
}

// write pins one exposure. The first one counts.
func (p *pins) write(ctx context.Context, x Exposure) {
	ctx, cancel := context.WithTimeout(ctx, pinTimeout)
	defer cancel()
	c := customer{x.Tenant, x.Customer}
	var err error
	for range pinAttempts {
		var revision uint64
		var old map[string]string
		if revision, old, err = p.read(ctx, c); err != nil {
			break
		}
		if _, done := old[x.Experiment]; done {
			p.keep(c, old)
			return
		}
		variants := maps.Clone(old)
		if variants == nil {
			variants = map[string]string{}
		}
		variants[x.Experiment] = x.Variant
		var body []byte
		if body, err = json.Marshal(variants); err != nil {
			break
		}
		d := dialogue.Document{Name: pinName(x.Tenant, x.Customer), Body: body, Revision: revision, Customer: x.Customer, Brief: true}
		if _, err = p.docs.Put(ctx, d); err == nil {
			p.keep(c, variants)
			return
		}
		if !errors.Is(err, dialogue.ErrConflict) {
			break
		}
	}
	p.log.Warn("a customer could not be pinned to a variant", "tenant", x.Tenant, "experiment", x.Experiment, "error", err)
}
