package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"
)

// Options say what is delivered from where. Config, Dir and Querier must be set.
type Options struct {
	Config *Config
	Dir    string // folder of the analytics process: journals are in Dir/deliver, exports in Dir/exports
	Querier
	// Keep is for how long the warehouse keeps days. Default forever. Days that it has forgotten, or a part of them, are not exported any more.
	Keep time.Duration
	// Every is how often the warehouse is asked for finished sessions. Default 5 s.
	Every time.Duration
	Seed  uint64                                 // of the jitter between attempts
	Now   func() time.Time                       // default time.Now
	After func(d time.Duration) <-chan time.Time // of Now's clock; default time.After
	Log   *slog.Logger                           // default slog.Default()
}

// Windows of what is looked at. A session is over at most a day after its last event, when people are in it; what comes later than a week after
// (ratings, repaired logs) does not change what was delivered.
const (
	soon    = 26 * time.Hour
	late    = 7 * 24 * time.Hour
	lateDue = 10 * time.Minute // how often the long window is looked at
)

// Deliverer delivers. It is safe for concurrent use.
type Deliverer struct {
	o       Options
	senders []*sender
	exports sync.Mutex // held by who writes exports
}

// New opens the journals. Close closes them.
func New(o Options) (*Deliverer, error) {
	if o.Every <= 0 {
		o.Every = 5 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	d := &Deliverer{o: o}
	for i := range o.Config.Webhooks {
		w := &o.Config.Webhooks[i]
		since := w.since
		if since.IsZero() {
			since = o.Now()
		}
		j, err := openJournal(filepath.Join(o.Dir, "deliver", w.Name+".jsonl"), since)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("deliver to %s: %w", w.Name, err), d.Close())
		}
		d.senders = append(d.senders, newSender(w, j, &o))
	}
	return d, nil
}

// Close closes the journals. Run must have ended.
func (d *Deliverer) Close() error {
	var errs []error
	for _, s := range d.senders {
		errs = append(errs, s.journal.close())
	}
	return errors.Join(errs...)
}

// Run delivers and exports until ctx is done. What is under way then is sent again by the next Run, with the same key.
func (d *Deliverer) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, s := range d.senders {
		wg.Add(2)
		go func() { defer wg.Done(); s.run(ctx) }()
		go func() { defer wg.Done(); d.feed(ctx, s) }()
	}
	for i := range d.o.Config.Exports {
		wg.Add(1)
		go func() { defer wg.Done(); d.schedule(ctx, &d.o.Config.Exports[i]) }()
	}
	<-ctx.Done()
	return nil
}

// feed asks for finished sessions again and again.
func (d *Deliverer) feed(ctx context.Context, s *sender) {
	var long time.Time // when the long window was looked at
	for ctx.Err() == nil {
		now := d.o.Now()
		from := now.Add(-soon)
		if now.Sub(long) >= lateDue {
			from, long = s.journal.begin(), now
		}
		if err := d.fill(ctx, s, from); err != nil && ctx.Err() == nil {
			d.o.Log.Error("finished sessions cannot be read", "webhook", s.w.Name, "error", err)
			long = time.Time{}
		} else if from.Equal(s.journal.begin()) {
			if err := s.journal.forget(s.settled(now.Add(-late))); err != nil {
				d.o.Log.Error("journal of deliveries", "webhook", s.w.Name, "error", err)
			}
		}
		if !pause(ctx, d.o.Every) {
			return
		}
	}
}

// fill puts what is new since a time into a sender's queue.
func (d *Deliverer) fill(ctx context.Context, s *sender, from time.Time) error {
	if begin := s.journal.begin(); from.Before(begin) {
		from = begin
	}
	q := query{span: span{by: "ended", from: from, to: d.o.Now().Add(time.Hour)}, links: d.o.Config.Links, texts: s.w.Texts, want: s.wantsRecord}
	return q.each(ctx, d.o.Querier, func(rs []Record) error {
		s.offer(rs)
		return ctx.Err()
	})
}

// pause waits, and tells whether ctx still runs.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// Status returns how the webhooks do; with a tenant, of its records alone where that can be told apart.
func (d *Deliverer) Status(tenant string) []Status {
	out := []Status{}
	for _, s := range d.senders {
		if wants(s.w.Tenants, tenant) || tenant == "" {
			out = append(out, s.status(tenant))
		}
	}
	return out
}

// Dead returns the records of a tenant ("" = all) that a webhook did not take in time, oldest first. Errors: ErrUnknown.
func (d *Deliverer) Dead(name, tenant string) ([]Dead, error) {
	s, err := d.sender(name)
	if err != nil {
		return nil, err
	}
	return s.dead(tenant), nil
}

// Resend makes records of a tenant ("" = all) that were given up wait again: those with the ids, or all of them. It returns how many. Errors:
// ErrUnknown; those of the warehouse and the disk.
func (d *Deliverer) Resend(ctx context.Context, name, tenant string, ids []string) (int, error) {
	s, err := d.sender(name)
	if err != nil {
		return 0, err
	}
	pick := map[string]bool{}
	for _, id := range ids {
		pick[id] = true
	}
	n := 0
	oldest := d.o.Now()
	for _, ft := range s.journal.list(dead) {
		if len(ids) > 0 && !pick[ft.ID] || tenant != "" && ft.Tenant != tenant {
			continue
		}
		ft.State, ft.First, ft.Attempts, ft.At = trying, d.o.Now().UTC(), 0, d.o.Now().UTC()
		if err := s.journal.set(ft); err != nil {
			return n, err
		}
		if ft.Ended.Before(oldest) {
			oldest = ft.Ended
		}
		n++
	}
	if n == 0 {
		return 0, nil
	}
	return n, s.reopen(oldest, func(from time.Time) error { return d.fill(ctx, s, from) })
}

// reopen moves the beginning back where older records are to be read again.
func (s *sender) reopen(from time.Time, fill func(time.Time) error) error {
	s.journal.mu.Lock()
	var err error
	if from.Before(s.journal.since) {
		s.journal.since = from
		err = s.journal.rewrite()
	}
	s.journal.mu.Unlock()
	if err != nil {
		return err
	}
	return fill(from)
}

func (d *Deliverer) sender(name string) (*sender, error) {
	for _, s := range d.senders {
		if s.w.Name == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("webhook %q: %w", name, ErrUnknown)
}

// ErrUnknown is returned for a webhook or an export that is not configured.
var ErrUnknown = errors.New("there is none of that name")
