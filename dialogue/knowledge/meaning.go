package knowledge

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"yingda/models"
)

// Meaning knows the vectors of texts by one bundle. It grows by Add and is safe for concurrent use.
type Meaning struct {
	Bundle models.BundleID
	space  *space

	mu    sync.RWMutex
	known map[TextKey]vector
	file  string // that keeps them; "" = nowhere
	lost  error  // why the file was given up
}

// ErrNoEmbedding is returned for a bundle that does not embed: its questions are compared by words alone.
var ErrNoEmbedding = errors.New("the bundle gives no embeddings")

// embedBatch is how many texts go to the embedder at a time: enough to fill a run, few enough to let customers' messages in between.
const embedBatch = 8

// NewMeaning fits the space of a bundle on the built-in reference sentences: about a second of one core.
func NewMeaning(ctx context.Context, e Embedder) (*Meaning, error) {
	bundle := e.Bundle()
	xs, err := embedAll(ctx, e, reference())
	if err != nil {
		return nil, fmt.Errorf("fit the space of bundle %s: %w", bundle, err)
	}
	return &Meaning{Bundle: bundle, space: fitSpace(xs), known: map[TextKey]vector{}}, nil
}

// Add computes the vectors of the texts that are not known yet and returns how many there were. progress may be nil; it is told how many
// are done, of how many.
func (m *Meaning) Add(ctx context.Context, e Embedder, texts []string, progress func(done, total int)) (int, error) {
	if e.Bundle() != m.Bundle {
		return 0, fmt.Errorf("add vectors of bundle %s to those of %s: they cannot be compared", e.Bundle(), m.Bundle)
	}
	missing := m.missing(texts)
	for at := 0; at < len(missing); at += embedBatch {
		part := missing[at:min(at+embedBatch, len(missing))]
		if err := m.add(ctx, e, part); err != nil {
			return at, err
		}
		if progress != nil {
			progress(at+len(part), len(missing))
		}
	}
	return len(missing), nil
}

// add computes the vectors of texts. That they could not be kept for the next run is no reason not to use them now.
func (m *Meaning) add(ctx context.Context, e Embedder, texts []string) error {
	xs, err := embedAll(ctx, e, texts)
	if err != nil {
		return err
	}
	if e.Bundle() != m.Bundle || len(xs[0]) != m.space.dim {
		return fmt.Errorf("the embedder went over from bundle %s to %s", m.Bundle, e.Bundle())
	}
	keys, vs := make([]TextKey, len(texts)), make([]vector, len(texts))
	for i, x := range xs {
		keys[i], vs[i] = KeyOf(texts[i]), vector{parts: make([]int8, m.space.dim)}
		if y := m.space.apply(x); y != nil {
			vs[i] = pack(y)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, k := range keys {
		m.known[k] = vs[i]
	}
	if err := m.keep(keys, vs); err != nil {
		m.file, m.lost = "", err
	}
	return nil
}

// giveUp returns, once, why vectors are not kept for the next run any more.
func (m *Meaning) giveUp() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	err := m.lost
	m.lost = nil
	return err
}

// forget drops vectors of texts that are no longer used, once they are the most part.
func (m *Meaning) forget(used []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.known) < 2*len(used)+1000 {
		return
	}
	kept := make(map[TextKey]vector, len(used))
	for _, t := range used {
		if v, ok := m.known[KeyOf(t)]; ok {
			kept[KeyOf(t)] = v
		}
	}
	m.known = kept
}

// missing returns the texts without a vector, each once, in order.
func (m *Meaning) missing(texts []string) []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var out []string
	seen := map[TextKey]bool{}
	for _, t := range texts {
		k := KeyOf(t)
		if _, ok := m.known[k]; !ok && !seen[k] {
			seen[k] = true
			out = append(out, t)
		}
	}
	return out
}

func (m *Meaning) vector(text string) (vector, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	v, ok := m.known[KeyOf(text)]
	return v, ok
}

// embedAll embeds texts in small batches. An embedder that goes over to another bundle meanwhile gives an error: what it gave then is of both.
func embedAll(ctx context.Context, e Embedder, texts []string) ([][]float32, error) {
	bundle := e.Bundle()
	var out [][]float32
	for at := 0; at < len(texts); at += embedBatch {
		part := texts[at:min(at+embedBatch, len(texts))]
		xs, err := e.Embed(ctx, part...)
		switch {
		case err != nil:
			return nil, err
		case len(xs) == 0 || len(xs[0]) == 0:
			return nil, ErrNoEmbedding
		case len(xs) != len(part):
			return nil, fmt.Errorf("the embedder gave %d vectors for %d texts", len(xs), len(part))
		}
		for _, x := range xs {
			if len(x) != len(xs[0]) || len(out) > 0 && len(x) != len(out[0]) {
				return nil, fmt.Errorf("the embedder gave vectors of %d and %d numbers", len(x), len(xs[0]))
			}
			out = append(out, x)
		}
	}
	if now := e.Bundle(); now != bundle {
		return nil, fmt.Errorf("the embedder went over from bundle %s to %s: try again", bundle, now)
	}
	return out, nil
}
