package deliver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"yingda/dialogue/action"
)

// maxAnswer is how much of an answer is read: acknowledgements are empty or short.
const maxAnswer = 64 << 10

// Bounds of back-off: what is between attempts at one record, and how long a system that fails is left alone.
const (
	firstWait = 5 * time.Second
	longWait  = 15 * time.Minute
	longPause = time.Minute
)

// envelope is what is posted.
type envelope struct {
	Type string    `json:"type"` // conversation.finished, or conversation.updated for a later revision
	Time time.Time `json:"timestamp"`
	Data *Record   `json:"data"`
}

// sender brings records to one webhook.
type sender struct {
	w       *Webhook
	journal *journal
	client  *http.Client
	verify  action.Verifier
	now     func() time.Time
	after   func(time.Duration) <-chan time.Time
	log     *slog.Logger
	jitter  func() float64 // 0–1

	mu      sync.Mutex
	waiting map[string]*item // by record id
	failed  int              // attempts in a row
	paused  time.Time        // nothing is sent before
	last    string           // reason of the latest failure
	sent    int64
	wake    chan struct{}
}

// item is a record that waits.
type item struct {
	record   Record
	again    bool // an earlier revision was acknowledged
	attempts int
	first    time.Time
	next     time.Time
	busy     bool
}

func newSender(w *Webhook, j *journal, o *Options) *sender {
	t := w.guard.Transport(nil, w.Concurrency)
	seed := rand.New(rand.NewPCG(o.Seed, uint64(len(w.Name))))
	var mu sync.Mutex
	return &sender{
		w: w, journal: j, now: o.Now, after: o.After, log: o.Log, waiting: map[string]*item{}, wake: make(chan struct{}, 1),
		client: &http.Client{Transport: t, Timeout: w.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		verify: action.Verifier{Secrets: w.keys, Now: o.Now},
		jitter: func() float64 { mu.Lock(); defer mu.Unlock(); return seed.Float64() },
	}
}

// wantsRecord tells whether a session is to be delivered: it is not acknowledged, given up or waiting in this revision.
func (s *sender) wantsRecord(r *Record) bool {
	if !wants(s.w.Tenants, r.Tenant) {
		return false
	}
	if ft, ok := s.journal.get(r.ID); ok && ft.Revision == r.Revision && ft.State != trying {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	it := s.waiting[r.ID]
	return it == nil || it.record.Revision != r.Revision && !it.busy
}

// offer puts records into the queue.
func (s *sender) offer(rs []Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range rs {
		it := &item{record: r}
		if ft, ok := s.journal.get(r.ID); ok {
			it.again = ft.Revision != r.Revision && ft.State == acked
			if ft.State == trying && ft.Revision == r.Revision {
				it.first, it.attempts = ft.First, ft.Attempts
			}
		}
		s.waiting[r.ID] = it
	}
	s.signal()
}

// settled is the time, at most before, up to which all that was offered has its fate: what waits has to be read from the warehouse again after a crash.
func (s *sender) settled(before time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, it := range s.waiting {
		if it.record.Ended.Before(before) {
			before = it.record.Ended
		}
	}
	return before
}

func (s *sender) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run sends until ctx is done.
func (s *sender) run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, s.w.Concurrency)
	for {
		it, wait := s.pick()
		if it == nil {
			select {
			case <-ctx.Done():
				return
			case <-s.wake:
			case <-s.after(wait):
			}
			continue
		}
		select {
		case <-ctx.Done():
			return
		case slots <- struct{}{}:
		}
		wg.Add(1)
		go func() {
			defer wg.Done()
			s.attempt(ctx, it)
			<-slots
			s.signal()
		}()
	}
}

// pick takes the record that is due and ended first, or says how long there is none. While the system fails only one is tried at a time.
func (s *sender) pick() (*item, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, wait := s.now(), time.Minute
	if left := s.paused.Sub(now); left > 0 {
		return nil, min(left, wait)
	}
	var best *item
	for _, it := range s.waiting {
		switch left := it.next.Sub(now); {
		case it.busy:
			if s.failed > 0 {
				return nil, wait
			}
		case left > 0:
			wait = min(wait, left)
		case best == nil || it.record.Ended.Before(best.record.Ended):
			best = it
		}
	}
	if best != nil {
		best.busy = true
	}
	return best, wait
}

// attempt sends a record once and writes down what became of it.
func (s *sender) attempt(ctx context.Context, it *item) {
	began := s.now()
	after, err := s.post(ctx, it)
	if ctx.Err() != nil && err != nil {
		return // not the system's fault
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	it.busy = false
	it.attempts++
	if it.first.IsZero() {
		it.first = began
	}
	ft := fate{ID: it.record.ID, Tenant: it.record.Tenant, Revision: it.record.Revision, Ended: it.record.Ended, State: acked, At: s.now().UTC(), Attempts: it.attempts}
	if err == nil {
		s.failed, s.paused = 0, time.Time{}
	} else {
		ft.State, ft.First, ft.Reason = trying, it.first.UTC(), err.Error()
		s.failed++
		s.last = ft.Reason
		s.paused = s.now().Add(min(longPause, backoff(s.failed-1, s.jitter())))
		it.next = s.now().Add(max(after, backoff(it.attempts-1, s.jitter())))
		if s.now().Sub(it.first) >= s.w.DeadAfter {
			ft.State = dead
			s.log.Error("a record is given up", "webhook", s.w.Name, "record", ft.ID, "attempts", ft.Attempts, "reason", ft.Reason)
		}
	}
	if err := s.journal.set(ft); err != nil { // it is sent again, with the same key
		s.log.Error("what became of a record could not be written down", "webhook", s.w.Name, "record", ft.ID, "error", err)
		it.next = s.now().Add(longPause)
		return
	}
	if ft.State == acked {
		s.sent++
	}
	if ft.State != trying {
		delete(s.waiting, it.record.ID)
	}
}

// backoff is how long to wait after n failures: doubling from five seconds to a quarter of an hour, a fifth more or less.
func backoff(n int, jitter float64) time.Duration {
	d := longWait
	if n < 8 {
		d = min(longWait, firstWait<<n)
	}
	return time.Duration(float64(d) * (0.8 + 0.4*jitter))
}

// post sends a record and returns nil when it is acknowledged: any 2xx, signed if the configuration asks for that. after is when the system wants to be asked again.
func (s *sender) post(ctx context.Context, it *item) (after time.Duration, err error) {
	kind := "conversation.finished"
	if it.again {
		kind = "conversation.updated"
	}
	now := s.now()
	body, err := json.Marshal(envelope{kind, now.UTC(), &it.record})
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.w.URL, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	key := it.record.key()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "yingda")
	req.Header.Set("Idempotency-Key", key)
	for k, v := range s.w.Headers {
		req.Header.Set(k, v)
	}
	action.Sign(req.Header, s.w.keys, key, now, body)
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("no answer: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return retryAfter(resp.Header.Get("Retry-After")), fmt.Errorf("it answers %d", resp.StatusCode)
	case err != nil:
		return 0, fmt.Errorf("its answer breaks off: %w", err)
	case len(answer) > maxAnswer:
		return 0, fmt.Errorf("its answer is longer than %d bytes", maxAnswer)
	case s.w.SignedAnswers:
		if err := s.verify.Answer(resp.Header, key, answer); err != nil {
			return 0, fmt.Errorf("its answer: %w", err)
		}
	}
	return 0, nil
}

// retryAfter reads a number of seconds, at most the longest wait.
func retryAfter(s string) time.Duration {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(n)*time.Second, longWait)
}

// Status is how a webhook does.
type Status struct {
	Name     string    `json:"name"`
	Waiting  int       `json:"waiting"`
	Sent     int64     `json:"sent"` // since the process started
	Dead     int       `json:"dead"`
	Oldest   time.Time `json:"oldest,omitzero"` // end of the oldest session that waits
	Failures int       `json:"failures"`        // attempts in a row that failed
	Reason   string    `json:"reason,omitempty"`
	Since    time.Time `json:"since"` // sessions that ended before are done with
}

// status tells how it does; what is counted by record, of one tenant or of all ("").
func (s *sender) status(tenant string) Status {
	given := s.dead(tenant)
	begin := s.journal.begin()
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Status{Name: s.w.Name, Sent: s.sent, Dead: len(given), Failures: s.failed, Since: begin}
	if s.failed > 0 {
		st.Reason = s.last
	}
	for _, it := range s.waiting {
		if tenant != "" && it.record.Tenant != tenant {
			continue
		}
		st.Waiting++
		if st.Oldest.IsZero() || it.record.Ended.Before(st.Oldest) {
			st.Oldest = it.record.Ended
		}
	}
	return st
}

// Dead is a record that was given up.
type Dead struct {
	ID       string    `json:"id"`
	Ended    time.Time `json:"ended"`
	Attempts int       `json:"attempts"`
	Since    time.Time `json:"first_attempt"`
	At       time.Time `json:"given_up"`
	Reason   string    `json:"reason"`
}

func (s *sender) dead(tenant string) []Dead {
	out := []Dead{}
	for _, ft := range s.journal.list(dead) {
		if tenant != "" && ft.Tenant != tenant {
			continue
		}
		out = append(out, Dead{ft.ID, ft.Ended, ft.Attempts, ft.First, ft.At, ft.Reason})
	}
	slices.SortFunc(out, func(a, b Dead) int { return a.Ended.Compare(b.Ended) })
	return out
}
