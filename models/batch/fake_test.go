package batch_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"yingda/models"
	"yingda/models/batch"
)

// run is what the fake backend saw of one call.
type run struct {
	lens []int
	cols int
	at   time.Duration // since the test began
}

// backend takes a fixed time a run and answers each row with its first id and its length. In a synctest bubble that time costs nothing.
type backend struct {
	takes time.Duration
	fail  func(b *models.Batch) error // may panic

	start time.Time
	mu    sync.Mutex
	runs  []run
}

func newBackend(takes time.Duration) *backend { return &backend{takes: takes, start: time.Now()} }

func (f *backend) Forward(_ context.Context, b *models.Batch) ([][]models.Logits, error) {
	f.mu.Lock()
	f.runs = append(f.runs, run{slices.Clone(b.Lens), b.Cols, time.Since(f.start)})
	f.mu.Unlock()
	time.Sleep(f.takes)
	if f.fail != nil {
		if err := f.fail(b); err != nil {
			return nil, err
		}
	}
	out := make([][]models.Logits, b.Rows)
	for r := range b.Rows {
		row, mask := b.IDs[r*b.Cols:(r+1)*b.Cols], b.Mask[r*b.Cols:(r+1)*b.Cols]
		for i := range row {
			if in := i < b.Lens[r]; in != (mask[i] == 1) || !in && row[i] != pad {
				return nil, fmt.Errorf("row %v with mask %v and length %d", row, mask, b.Lens[r])
			}
		}
		out[r] = []models.Logits{{Rows: 1, Cols: 2, Data: []float32{float32(row[0]), float32(b.Lens[r])}}}
	}
	return out, nil
}

func (f *backend) Close() error { return nil }

func (f *backend) seen() []run {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.runs)
}

const pad = 77

// text makes a sequence of n tokens that begins with id.
func text(id int64, n int) []int64 {
	ids := make([]int64, n)
	ids[0] = id
	return ids
}

// queue starts a queue; it is closed when the test ends.
func queue(t *testing.T, f models.Backend, o batch.Options) *batch.Queue {
	t.Helper()
	o.Pad = pad
	q := batch.New(f, o)
	t.Cleanup(func() {
		if err := q.Close(); err != nil {
			t.Error(err)
		}
		if s := q.Stats(); s.QueuedTexts != 0 || s.QueuedTokens != 0 {
			t.Errorf("left in the queue: %+v", s)
		}
	})
	return q
}

// wantAnswer checks that a result belongs to its text.
func wantAnswer(t *testing.T, r batch.Result, ids []int64) {
	t.Helper()
	if len(r.Logits) != 1 || r.Logits[0].Data[0] != float32(ids[0]) || r.Logits[0].Data[1] != float32(len(ids)) {
		t.Errorf("text %d of %d tokens got %+v", ids[0], len(ids), r.Logits)
	}
}

// each sends texts at the same moment, one a caller.
func each(t *testing.T, q *batch.Queue, texts ...[]int64) *sync.WaitGroup {
	t.Helper()
	var wg sync.WaitGroup
	for _, ids := range texts {
		wg.Go(func() {
			r, err := q.Do(context.Background(), ids)
			if err != nil {
				t.Error(err)
				return
			}
			wantAnswer(t, r[0], ids)
		})
		synctest.Wait() // so that they queue in this order
	}
	return &wg
}
