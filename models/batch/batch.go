// Package batch puts a queue in front of a [models.Backend]: requests from many connections share runs.
//
// There is no timer. An idle worker takes what is queued at once, so a lone request waits for nothing; while all workers are
// busy requests pile up, and the next free worker takes the oldest one together with others of similar length, up to a token
// budget. A request whose caller has gone or whose deadline has passed is dropped before it costs anything. When too many
// tokens are queued, new requests are refused at once with [models.ErrOverloaded].
package batch

import (
	"context"
	"fmt"
	"sync"
	"time"

	"yingda/models"
)

// Options tune a queue. Zero values mean the defaults.
type Options struct {
	// Workers is the number of runs at a time. Default 1; set it to the number of cores.
	Workers int
	// MaxTokens is the padded token budget of a run. Default 128: larger batches fall out of the second-level cache and gain
	// nothing. A single longer text still runs, alone.
	MaxTokens int
	// QueueTokens is how many tokens may wait. Default 16384, some seconds of work; lower it to refuse earlier.
	QueueTokens int
	// MaxWait is the longest time in the queue. Default 2 s. A request that waited longer gets ErrOverloaded.
	MaxWait time.Duration
	// Pad is the id that fills short rows.
	Pad int64
}

// Result is the outcome for one text.
type Result struct {
	Logits []models.Logits // one a head
	Queue  time.Duration   // time spent waiting for a worker
	Run    time.Duration   // time of the run it was part of
	Rows   int             // how many texts shared the run
}

// Stats is a snapshot of a queue's counters.
type Stats struct {
	QueuedTexts, QueuedTokens   int
	Runs, Texts, Tokens, Padded int64 // totals; Padded counts the tokens of padding
	Refused, Dropped            int64 // ErrOverloaded at the door; gone or late in the queue
}

// Queue feeds a backend. Safe for concurrent use.
type Queue struct {
	backend models.Backend
	o       Options

	mu     sync.Mutex
	wake   *sync.Cond
	items  []*item // oldest first
	idle   int     // workers waiting
	closed bool
	stats  Stats

	workers sync.WaitGroup
}

type item struct {
	ctx    context.Context
	ids    []int64
	queued time.Time
	done   chan struct{}
	result Result
	err    error
}

// New starts the workers. Close stops them.
func New(backend models.Backend, o Options) *Queue {
	if o.Workers <= 0 {
		o.Workers = 1
	}
	if o.MaxTokens <= 0 {
		o.MaxTokens = 128
	}
	if o.QueueTokens <= 0 {
		o.QueueTokens = 16384
	}
	if o.MaxWait <= 0 {
		o.MaxWait = 2 * time.Second
	}
	q := &Queue{backend: backend, o: o}
	q.wake = sync.NewCond(&q.mu)
	q.workers.Add(o.Workers)
	for range o.Workers {
		go q.work()
	}
	return q
}

// Do runs one or more token sequences and waits for all of them. Either all are queued or none. The error is ErrOverloaded,
// ErrClosed, the context's, or the backend's.
func (q *Queue) Do(ctx context.Context, texts ...[]int64) ([]Result, error) {
	items := make([]*item, len(texts))
	now, total := time.Now(), 0
	for i, ids := range texts {
		items[i] = &item{ctx: ctx, ids: ids, queued: now, done: make(chan struct{})}
		total += len(ids)
	}
	if err := q.enqueue(items, total); err != nil {
		return nil, err
	}
	results := make([]Result, len(items))
	for i, it := range items {
		select {
		case <-it.done:
		case <-ctx.Done():
			return nil, ctx.Err() // workers drop what they have not begun
		}
		if it.err != nil {
			return nil, it.err
		}
		results[i] = it.result
	}
	return results, nil
}

func (q *Queue) enqueue(items []*item, tokens int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return models.ErrClosed
	}
	if q.stats.QueuedTokens > 0 && q.stats.QueuedTokens+tokens > q.o.QueueTokens {
		q.stats.Refused += int64(len(items))
		return fmt.Errorf("%w: %d tokens are waiting", models.ErrOverloaded, q.stats.QueuedTokens)
	}
	q.items = append(q.items, items...)
	q.stats.QueuedTexts += len(items)
	q.stats.QueuedTokens += tokens
	if len(items) == 1 {
		q.wake.Signal()
	} else {
		q.wake.Broadcast()
	}
	return nil
}

// Stats returns the counters.
func (q *Queue) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stats
}

// Close lets queued requests finish, refuses new ones, and waits for the workers. It does not close the backend.
func (q *Queue) Close() error {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.wake.Broadcast()
	q.workers.Wait()
	return nil
}
