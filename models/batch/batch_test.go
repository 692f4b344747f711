package batch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"yingda/models"
	"yingda/models/batch"
)

func TestLoneRequestRunsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newBackend(3 * time.Millisecond)
		q := queue(t, f, batch.Options{Workers: 2})
		for i := range 5 {
			r, err := q.Do(t.Context(), text(int64(i), 9))
			if err != nil {
				t.Fatal(err)
			}
			wantAnswer(t, r[0], text(int64(i), 9))
			if r[0].Queue != 0 || r[0].Run != 3*time.Millisecond || r[0].Rows != 1 {
				t.Errorf("waited %v, ran %v with %d rows", r[0].Queue, r[0].Run, r[0].Rows)
			}
		}
		if got := time.Since(f.start); got != 15*time.Millisecond {
			t.Errorf("5 runs of 3 ms took %v", got)
		}
	})
}

func TestGrouping(t *testing.T) {
	tests := []struct {
		name   string
		budget int
		lens   []int // queued in this order while the worker is busy
		want   [][]int
	}{
		{"OKShared", 128, []int{10, 10, 10}, [][]int{{10, 10, 10}}},
		{"OKBudget", 32, []int{10, 10, 10, 10}, [][]int{{10, 10, 10}, {10}}},
		{"OKBudgetCountsPadding", 33, []int{10, 12, 10}, [][]int{{10, 12}, {10}}},
		{"OKLongAlone", 16, []int{500, 5}, [][]int{{500}, {5}}},
		{"OKSimilar", 512, []int{10, 100, 11, 104, 12}, [][]int{{10, 11, 12}, {100, 104}}},
		{"OKQuarter", 512, []int{30, 40, 41}, [][]int{{30, 40}, {41}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newBackend(time.Millisecond)
				q := queue(t, f, batch.Options{MaxTokens: tt.budget})
				texts := [][]int64{text(1, 1)}
				for i, n := range tt.lens {
					texts = append(texts, text(int64(i+2), n))
				}
				each(t, q, texts...).Wait()
				var got [][]int
				for _, r := range f.seen()[1:] {
					got = append(got, r.lens)
				}
				if fmt.Sprint(got) != fmt.Sprint(tt.want) {
					t.Errorf("runs of %v, want %v", got, tt.want)
				}
			})
		})
	}
}

// TestShares: a batch that finds several workers idle is divided among them.
func TestShares(t *testing.T) {
	for _, workers := range []int{1, 2, 4} {
		synctest.Test(t, func(t *testing.T) {
			f := newBackend(time.Millisecond)
			q := queue(t, f, batch.Options{Workers: workers})
			synctest.Wait() // until all are idle
			if _, err := q.Do(t.Context(), text(1, 10), text(2, 10), text(3, 10), text(4, 10)); err != nil {
				t.Fatal(err)
			}
			if runs := f.seen(); len(runs) != workers || time.Since(f.start) != time.Millisecond {
				t.Errorf("%d workers: runs %v, %v", workers, runs, time.Since(f.start))
			}
		})
	}
}

// TestFairness: a text of a length that goes with no other is the oldest after one run, and runs then.
func TestFairness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newBackend(time.Millisecond)
		q := queue(t, f, batch.Options{MaxTokens: 64, MaxWait: time.Hour})
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for i := range 20 { // short texts keep coming, more than a run takes
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if _, err := q.Do(context.Background(), text(int64(i), 8)); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		time.Sleep(10 * time.Millisecond)
		r, err := q.Do(context.Background(), text(9, 60))
		close(stop)
		wg.Wait()
		if err != nil {
			t.Fatal(err)
		}
		if r[0].Queue > 5*time.Millisecond || r[0].Rows != 1 {
			t.Errorf("waited %v and ran with %d rows", r[0].Queue, r[0].Rows)
		}
	})
}

func TestOverload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newBackend(time.Second)
		q := queue(t, f, batch.Options{MaxTokens: 10, QueueTokens: 25, MaxWait: time.Hour})
		wg := each(t, q, text(1, 10), text(2, 10), text(3, 10)) // one runs, two wait
		if s := q.Stats(); s.QueuedTexts != 2 || s.QueuedTokens != 20 {
			t.Errorf("%+v", s)
		}
		before := time.Now()
		_, err := q.Do(t.Context(), text(4, 6))
		if !errors.Is(err, models.ErrOverloaded) || time.Since(before) != 0 {
			t.Errorf("got %v after %v", err, time.Since(before))
		}
		if _, err := q.Do(t.Context(), text(5, 2), text(6, 4)); !errors.Is(err, models.ErrOverloaded) {
			t.Errorf("a batch of which half fits: %v", err)
		}
		if s := q.Stats(); s.Refused != 3 || s.QueuedTexts != 2 {
			t.Errorf("all or none should be queued: %+v", s)
		}
		wg2 := each(t, q, text(7, 5))
		wg.Wait()
		wg2.Wait()
		// A text that is longer than the whole queue is taken when nothing waits.
		if _, err := q.Do(t.Context(), text(8, 100)); err != nil {
			t.Error(err)
		}
	})
}

func TestMaxWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newBackend(3 * time.Second)
		q := queue(t, f, batch.Options{MaxTokens: 4, MaxWait: 2 * time.Second})
		wg := each(t, q, text(1, 4))
		_, err := q.Do(t.Context(), text(2, 4))
		if !errors.Is(err, models.ErrOverloaded) || !strings.Contains(err.Error(), "waited 3s") {
			t.Errorf("got %v", err)
		}
		wg.Wait()
		if s := q.Stats(); s.Dropped != 1 || s.Texts != 1 || len(f.seen()) != 1 {
			t.Errorf("it was computed all the same: %+v", s)
		}
	})
}

// TestCallerLeaves: whoever has gone costs nothing, and does not spoil what others share with them.
func TestCallerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newBackend(time.Second)
		q := queue(t, f, batch.Options{})
		wg := each(t, q, text(1, 4))
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		gone := make(chan error, 1)
		go func() { _, err := q.Do(ctx, text(2, 4)); gone <- err }()
		synctest.Wait()
		stays := each(t, q, text(3, 4))
		if err := <-gone; !errors.Is(err, context.DeadlineExceeded) || time.Since(f.start) != 100*time.Millisecond {
			t.Errorf("got %v after %v", err, time.Since(f.start))
		}
		wg.Wait()
		stays.Wait()
		if s := q.Stats(); s.Dropped != 1 || s.Texts != 2 {
			t.Errorf("%+v", s)
		}
		// One that leaves while it runs: the other in the same run still gets its answer.
		blocker := each(t, q, text(4, 4))
		ctx2, cancel2 := context.WithTimeout(context.Background(), 1500*time.Millisecond)
		defer cancel2()
		go func() { _, err := q.Do(ctx2, text(5, 4)); gone <- err }()
		synctest.Wait()
		other := each(t, q, text(6, 4))
		if err := <-gone; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		blocker.Wait()
		other.Wait()
		if last := f.seen()[len(f.seen())-1]; len(last.lens) != 2 {
			t.Errorf("the last run had %v", last.lens)
		}
	})
}

func TestBackendFails(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct {
		name string
		fail func(b *models.Batch) error
		want string
	}{
		{"ErrReturned", func(*models.Batch) error { return broken }, "broken"},
		{"ErrPanic", func(*models.Batch) error { panic("out of cheese") }, "panic: out of cheese"},
		{"ErrIndex", func(b *models.Batch) error { _ = b.IDs[len(b.IDs)]; return nil }, "panic: runtime error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newBackend(time.Millisecond)
				f.fail = func(b *models.Batch) error {
					if b.IDs[0] == 13 {
						return tt.fail(b)
					}
					return nil
				}
				q := queue(t, f, batch.Options{})
				for range 3 {
					if _, err := q.Do(t.Context(), text(13, 4)); err == nil || !strings.Contains(err.Error(), tt.want) {
						t.Errorf("got %v", err)
					}
					r, err := q.Do(t.Context(), text(1, 4)) // the worker lives on
					if err != nil {
						t.Fatal(err)
					}
					wantAnswer(t, r[0], text(1, 4))
				}
			})
		})
	}
}

// wrongRows answers fewer rows than asked for.
type wrongRows struct{ *backend }

func (f wrongRows) Forward(ctx context.Context, b *models.Batch) ([][]models.Logits, error) {
	out, err := f.backend.Forward(ctx, b)
	return out[:len(out)-1], err
}

func TestBackendRows(t *testing.T) {
	q := queue(t, wrongRows{newBackend(0)}, batch.Options{})
	if _, err := q.Do(t.Context(), text(1, 4)); err == nil || !strings.Contains(err.Error(), "0 rows for 1") {
		t.Errorf("got %v", err)
	}
}

func TestCloseDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newBackend(time.Second)
		q := batch.New(f, batch.Options{MaxTokens: 4, Pad: pad, MaxWait: time.Hour})
		wg := each(t, q, text(1, 4), text(2, 4), text(3, 4))
		closed := make(chan time.Duration, 1)
		go func() { _ = q.Close(); closed <- time.Since(f.start) }()
		synctest.Wait()
		if _, err := q.Do(t.Context(), text(4, 4)); !errors.Is(err, models.ErrClosed) {
			t.Errorf("got %v", err)
		}
		wg.Wait()
		if at := <-closed; at != 3*time.Second {
			t.Errorf("Close returned after %v, the three texts took 3 s", at)
		}
		if err := q.Close(); err != nil {
			t.Errorf("the second Close: %v", err)
		}
	})
}

func TestDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newBackend(time.Millisecond)
		q := queue(t, f, batch.Options{Workers: 2})
		if r, err := q.Do(t.Context()); err != nil || len(r) != 0 {
			t.Errorf("nothing: %v, %v", r, err)
		}
		var texts [][]int64
		for i := range 64 {
			texts = append(texts, text(int64(i), 1+i*7%40))
		}
		results, err := q.Do(t.Context(), texts...)
		if err != nil {
			t.Fatal(err)
		}
		total, padded := 0, 0
		for i, r := range results {
			wantAnswer(t, r, texts[i])
		}
		for _, r := range f.seen() {
			for _, n := range r.lens {
				total += n
				padded += r.cols - n
			}
		}
		if s := q.Stats(); s.Texts != 64 || s.Tokens != int64(total) || s.Padded != int64(padded) || s.Runs != int64(len(f.seen())) {
			t.Errorf("%+v, want %d tokens and %d of padding", s, total, padded)
		}
		if padded*4 > total {
			t.Errorf("%d tokens of padding for %d of text", padded, total)
		}
		done, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := q.Do(done, text(1, 4)); !errors.Is(err, context.Canceled) {
			t.Errorf("a caller that had gone before: %v", err)
		}
	})
}

// TestConcurrent is for the race detector: many callers, some of whom leave.
func TestConcurrent(t *testing.T) {
	q := queue(t, newBackend(50*time.Microsecond), batch.Options{Workers: 3, MaxTokens: 64})
	var wg sync.WaitGroup
	for c := range 16 {
		wg.Go(func() {
			for i := range 100 {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(1+i%7)*100*time.Microsecond)
				ids := text(int64(c*1000+i), 1+(c*i)%30)
				r, err := q.Do(ctx, ids)
				if err == nil {
					wantAnswer(t, r[0], ids)
				} else if !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
				cancel()
			}
		})
	}
	wg.Wait()
}
