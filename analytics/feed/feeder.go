package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
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
	most   int // batchSize
	stream int // streamBytes

	mu   sync.Mutex
	last Health // of the receiver; Boot is empty before it was asked
	err  error  // of the last attempt
}

// NewFeeder returns a feeder to the receiver that client reaches at base, e.g. http://analyse.
func NewFeeder(log Log, client *http.Client, base string, logger *slog.Logger) *Feeder {
	return &Feeder{log: log, client: client, url: base, slog: logger, name: log.Alias("yingda", "log"), most: batchSize, stream: streamBytes}
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

// post sends and remembers the answer.
func (f *Feeder) post(ctx context.Context, path, kind string, body []byte) (Health, error) {
	h, err := ask(ctx, f.client, f.url+path, kind, body)
	if err != nil {
		return h, err
	}
	f.mu.Lock()
	f.last = h
	f.mu.Unlock()
	return h, nil
}
