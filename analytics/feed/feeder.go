package feed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"yingda/dialogue"
)

// Log is the log that a feeder reads: *eventlog.Log.
type Log interface {
	// Consume is dialogue.Log's.
	Consume(ctx context.Context, name string, fn func(context.Context, []dialogue.Event) error) error
	// WalkReadable calls fn with the readable part, in JSON, of every event with a sequence above after that was written before it was called, in order.
	WalkReadable(ctx context.Context, after uint64, fn func(seq uint64, readable []byte, last uint64) error) error
	// Alias returns a pseudonym: it depends on the log's own secret, and so tells one log from another.
	Alias(tenant, customer string) string
}

// Consumer is the durable name under which a feeder consumes the log.
const Consumer = "analytics"

// Feeder sends the events of a log to a receiver, in order, for as long as it runs.
type Feeder struct {
	log    Log
	client *http.Client
	url    string
	slog   *slog.Logger
	name   string

	mu   sync.Mutex
	last Health // of the receiver; Boot is empty before it was asked
	err  error  // of the last attempt
}

// NewFeeder returns a feeder to the receiver that client reaches at base, e.g. http://analyse.
func NewFeeder(log Log, client *http.Client, base string, logger *slog.Logger) *Feeder {
	return &Feeder{log: log, client: client, url: base, slog: logger, name: log.Alias("yingda", "log")}
}

// Run sends until ctx is done. The consumer tells that there is something new, and for how long it has to be kept; what is sent is decided by what
// the receiver has. While there is no receiver, the log keeps the events.
func (f *Feeder) Run(ctx context.Context) error {
	return f.log.Consume(ctx, Consumer, f.deliver)
}

// CatchUp sends what the receiver lacks of what is in the log now, and returns.
func (f *Feeder) CatchUp(ctx context.Context) error {
	f.mu.Lock()
	f.last.Boot = ""
	f.mu.Unlock()
	_, err := f.attached(ctx)
	return err
}

// Status returns what the receiver last said of itself, and the error of the last attempt to reach it.
func (f *Feeder) Status() (Health, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last, f.err
}

// deliver returns nil when all of the events are in.
func (f *Feeder) deliver(ctx context.Context, events []dialogue.Event) error {
	err := f.send(ctx, events)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
	if err != nil {
		f.last.Boot = "" // ask again before the next one
		return fmt.Errorf("feed analytics: %w", err)
	}
	return nil
}

func (f *Feeder) send(ctx context.Context, events []dialogue.Event) error {
	have, err := f.attached(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(events, func(a, b dialogue.Event) int { return int(min(1, max(-1, int64(a.Seq)-int64(b.Seq)))) })
	events = slices.DeleteFunc(events, func(ev dialogue.Event) bool { return ev.Seq <= have.Position })
	if len(events) == 0 {
		return nil
	}
	if events[0].Seq != have.Position+1 || events[len(events)-1].Seq != have.Position+uint64(len(events)) {
		return f.walk(ctx, have.Position) // others are missing, or are damaged
	}
	b := f.batch(have.Position)
	for i := 0; i < len(events) && err == nil; i++ {
		var readable []byte
		if readable, err = json.Marshal(&events[i]); err == nil {
			err = b.add(ctx, events[i].Seq, readable)
		}
	}
	return b.close(ctx, err)
}

// attached returns what the receiver has, after telling it which log is sent. One that is new, or was made again, gets at once all that it lacks.
func (f *Feeder) attached(ctx context.Context) (Health, error) {
	f.mu.Lock()
	have := f.last
	f.mu.Unlock()
	if have.Boot != "" {
		return have, nil
	}
	have, err := f.attach(ctx, false)
	if err != nil {
		return have, err
	}
	if have.Position > 0 {
		there, err := f.holds(ctx, have.Position)
		if err != nil {
			return have, err
		}
		if !there {
			f.slog.Warn("analytics is ahead of the log, which was restored: all events are sent again", "position", have.Position)
			if have, err = f.attach(ctx, true); err != nil {
				return have, err
			}
		}
	}
	if err := f.walk(ctx, have.Position); err != nil {
		return have, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last, nil
}

var errEnough = errors.New("enough")

// holds tells whether the log has an event with that sequence or a higher one.
func (f *Feeder) holds(ctx context.Context, seq uint64) (bool, error) {
	err := f.log.WalkReadable(ctx, seq-1, func(uint64, []byte, uint64) error { return errEnough })
	if errors.Is(err, errEnough) {
		return true, nil
	}
	return false, err
}

// walk sends all events above a sequence that are in the log now.
func (f *Feeder) walk(ctx context.Context, after uint64) error {
	b, began, told := f.batch(after), time.Now(), time.Now()
	err := f.log.WalkReadable(ctx, after, func(seq uint64, readable []byte, last uint64) error {
		if time.Since(told) > 10*time.Second {
			f.slog.Info("analytics reads the log", "at", seq, "of", last, "seconds", time.Since(began).Seconds())
			told = time.Now()
		}
		return b.add(ctx, seq, readable)
	})
	return b.close(ctx, err)
}

// batch collects events that follow each other. While one is on its way, the next is filled. Whoever made it calls close.
type batch struct {
	f              *Feeder
	after, through uint64
	n              int
	body, spare    []byte
	sent           chan error // of the one that is on its way; nil = none
}

func (f *Feeder) batch(after uint64) *batch { return &batch{f: f, after: after, through: after} }

// add takes the readable part of an event, in JSON.
func (b *batch) add(ctx context.Context, seq uint64, readable []byte) error {
	body, err := appendEvent(b.body, seq, readable)
	if err != nil {
		b.f.slog.Error("an event is left out of analytics", "seq", seq, "error", err)
	}
	b.body, b.through, b.n = body, seq, b.n+1
	if b.n >= batchSize || len(b.body) >= batchBody {
		return b.flush(ctx)
	}
	return nil
}

// flush sends what was collected, after the one before has arrived.
func (b *batch) flush(ctx context.Context) error {
	if err := b.wait(); err != nil || b.n == 0 {
		return err
	}
	b.f.mu.Lock()
	boot := b.f.last.Boot
	b.f.mu.Unlock()
	q := url.Values{"boot": {boot}, "after": {strconv.FormatUint(b.after, 10)}, "through": {strconv.FormatUint(b.through, 10)}}
	body, sent := b.body, make(chan error, 1)
	b.sent = sent
	go func() {
		_, err := b.f.post(ctx, "/internal/events?"+q.Encode(), "application/x-ndjson", body)
		sent <- err
	}()
	b.after, b.n = b.through, 0
	b.body, b.spare = b.spare[:0], body
	return nil
}

// wait returns when nothing is on its way.
func (b *batch) wait() error {
	if b.sent == nil {
		return nil
	}
	err := <-b.sent
	b.sent = nil
	return err
}

// close sends the rest, unless something failed before.
func (b *batch) close(ctx context.Context, failed error) error {
	if failed == nil {
		failed = b.flush(ctx)
	}
	return errors.Join(failed, b.wait())
}

// attach tells the receiver which log is sent, and asks what it has of it.
func (f *Feeder) attach(ctx context.Context, again bool) (Health, error) {
	body, err := json.Marshal(map[string]any{"log": f.name, "again": again})
	if err != nil {
		return Health{}, err
	}
	return f.post(ctx, "/internal/log", "application/json", body)
}

// post sends and remembers the answer.
func (f *Feeder) post(ctx context.Context, path, kind string, body []byte) (Health, error) {
	var h Health
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url+path, bytes.NewReader(body))
	if err != nil {
		return h, err
	}
	req.Header.Set("Content-Type", kind)
	resp, err := f.client.Do(req)
	if err != nil {
		return h, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return h, err
	}
	if resp.StatusCode != http.StatusOK {
		return h, fmt.Errorf("the analytics process says %s: %s", resp.Status, bytes.TrimSpace(text))
	}
	if err := json.Unmarshal(text, &h); err != nil {
		return h, fmt.Errorf("the analytics process: %w", err)
	}
	f.mu.Lock()
	f.last = h
	f.mu.Unlock()
	return h, nil
}
