package batch

import (
	"context"
	"fmt"
	"time"

	"yingda/models"
)

// lookahead bounds how far behind the oldest request a worker searches for companions of similar length.
const lookahead = 256

// work runs batches until the queue is closed and empty. The batch buffer is reused: backends retain nothing.
func (q *Queue) work() {
	defer q.workers.Done()
	var b models.Batch
	for {
		group := q.next()
		if group == nil {
			return
		}
		q.run(group, &b)
	}
}

// next waits for requests and takes a group of similar length off the queue; nil means closed and empty.
func (q *Queue) next() []*item {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		q.idle++
		for len(q.items) == 0 && !q.closed {
			q.wake.Wait()
		}
		q.idle--
		if len(q.items) == 0 {
			return nil
		}
		if group := q.take(); len(group) > 0 {
			return group
		}
	}
}

// take removes the oldest live request and companions from the queue. With idle workers about, it leaves them their share:
// two small batches on two cores beat one large batch on one.
func (q *Queue) take() []*item {
	now := time.Now()
	share := (len(q.items) + q.idle) / (q.idle + 1)
	var group []*item
	kept := q.items[:0]
	longest := 0
	for i, it := range q.items {
		if err := expired(it, now, q.o.MaxWait); err != nil {
			q.leave(it)
			q.stats.Dropped++
			it.err = err
			close(it.done)
			continue
		}
		if i < lookahead && len(group) < share && q.fits(group, longest, len(it.ids)) {
			q.leave(it)
			group = append(group, it)
			longest = max(longest, len(it.ids))
			continue
		}
		kept = append(kept, it)
	}
	clear(q.items[len(kept):])
	q.items = kept
	return group
}

// fits tells whether a text of n tokens may join: within the budget, and close enough in length that padding wastes at most a quarter.
func (q *Queue) fits(group []*item, longest, n int) bool {
	if len(group) == 0 {
		return true
	}
	width := max(longest, n)
	if width*(len(group)+1) > q.o.MaxTokens {
		return false
	}
	shortest := n
	for _, it := range group {
		shortest = min(shortest, len(it.ids))
	}
	return width-shortest <= max(2, width/4)
}

func (q *Queue) leave(it *item) {
	q.stats.QueuedTexts--
	q.stats.QueuedTokens -= len(it.ids)
}

func expired(it *item, now time.Time, maxWait time.Duration) error {
	if err := it.ctx.Err(); err != nil {
		return err
	}
	if w := now.Sub(it.queued); w > maxWait {
		return fmt.Errorf("%w: waited %s in the queue", models.ErrOverloaded, w.Round(time.Millisecond))
	}
	return nil
}

// run computes a group and hands each member its result, also when the backend fails or panics.
func (q *Queue) run(group []*item, b *models.Batch) {
	start := time.Now()
	padded := fill(b, group, q.o.Pad)
	results, err := q.forward(b)
	elapsed := time.Since(start)

	q.mu.Lock()
	q.stats.Runs++
	q.stats.Texts += int64(len(group))
	q.stats.Tokens += int64(b.Rows*b.Cols - padded)
	q.stats.Padded += int64(padded)
	q.mu.Unlock()
	for i, it := range group {
		if err != nil {
			it.err = err
		} else {
			it.result = Result{Logits: results[i], Queue: start.Sub(it.queued), Run: elapsed, Rows: len(group)}
		}
		close(it.done)
	}
}

func (q *Queue) forward(b *models.Batch) (results [][]models.Logits, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("run batch of %d: panic: %v", b.Rows, r)
		}
	}()
	// Not the callers' context: a run is shared, and one caller who leaves must not spoil the others' answer.
	results, err = q.backend.Forward(context.Background(), b)
	if err == nil && len(results) != b.Rows {
		err = fmt.Errorf("run batch: backend gave %d rows for %d", len(results), b.Rows)
	}
	return results, err
}

// fill writes the group's ids into b, padded on the right, and returns the number of padding tokens.
func fill(b *models.Batch, group []*item, pad int64) int {
	b.Rows, b.Cols = len(group), 0
	for _, it := range group {
		b.Cols = max(b.Cols, len(it.ids))
	}
	n := b.Rows * b.Cols
	b.IDs, b.Mask, b.Lens = grow(b.IDs, n), grow(b.Mask, n), grow(b.Lens, b.Rows)
	padded := 0
	for r, it := range group {
		b.Lens[r] = len(it.ids)
		row, mask := b.IDs[r*b.Cols:(r+1)*b.Cols], b.Mask[r*b.Cols:(r+1)*b.Cols]
		for i := range row {
			row[i], mask[i] = pad, 0
			if i < len(it.ids) {
				row[i], mask[i] = it.ids[i], 1
			}
		}
		padded += b.Cols - len(it.ids)
	}
	return padded
}

func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
