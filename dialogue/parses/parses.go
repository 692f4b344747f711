// Package parses notes texts that callers have analysed without a conversation, so that what was not understood there is found as it is in
// conversations.
//
// [Recorder.Offer] is called when the answer has been sent. It never waits: the texts go into a bounded buffer, and one goroutine,
// [Recorder.Run], redacts and packs them and writes them to the log: the first after a pause within 5 ms, and while many come those of 50 ms, or 64,
// in one message. What finds no room, and what the log does not take, is dropped and counted.
//
// What is kept is for [Mode] and [Options].Sample to say. Counts of all texts, kept or not, are written along with them, so that the share that
// is understood is known whatever is kept. Only redacted text is written; a customer that the caller names becomes a pseudonym, as in
// conversations. What a process held when it was killed, some seconds of counts and milliseconds of texts, is lost.
package parses

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mrand "math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/redact"
	"yingda/nlu"
)

// Mode says which texts are kept.
type Mode string

// The modes. The zero value is Off.
const (
	Off    Mode = "off"    // none, and nothing is counted
	Misses Mode = "misses" // those that were not understood, or unsurely; see [dialogue.Unsure]
	All    Mode = "all"
)

// ParseMode reads a mode.
func ParseMode(s string) (Mode, error) {
	switch m := Mode(s); m {
	case Off, Misses, All:
		return m, nil
	}
	return Off, fmt.Errorf("%q: want off, misses or all", s)
}

// Log is where packs go: *eventlog.Log.
type Log interface {
	// AppendParses writes a pack. It may take some seconds, and fail.
	AppendParses(ctx context.Context, p *dialogue.ParsedPack) error
	// Alias returns the pseudonym of a customer.
	Alias(tenant, customer string) string
}

// Options tune a recorder. Log is required.
type Options struct {
	Log    Log
	Mode   Mode    // default Misses
	Sample float64 // share of the texts to be kept that are, 0–1; default 1. Counts are of all
	// Redact are the rules that texts are redacted by. Default: no entity of any type is shown.
	Redact redact.Rules
	// Buffer is how many texts may wait. Default 4096, some 30 MiB at worst; those beyond are dropped.
	Buffer int
	// Linger is how long the first text of a pack waits for others. Default 5 ms.
	Linger time.Duration
	// Breath is the least time from one message to the next that is not full: a message costs some 30 times as much as a text in it. Default 50 ms.
	Breath time.Duration
	// CountEvery is how often counts are written, if there is anything to count. Default 1 s.
	CountEvery time.Duration
	// Logger takes warnings. Default slog.Default().
	Logger *slog.Logger
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Seed draws the sample. Default: another one each time.
	Seed uint64
}

// Bounds of a pack.
const (
	mostTexts  = 64
	mostCounts = 256
	kept       = 5               // of a ranking
	writeTime  = 5 * time.Second // for one pack
)

func (o Options) withDefaults() (Options, error) {
	if o.Log == nil {
		return o, errors.New("Options.Log is required")
	}
	if o.Mode == "" {
		o.Mode = Misses
	}
	if _, err := ParseMode(string(o.Mode)); err != nil {
		return o, err
	}
	if o.Sample == 0 {
		o.Sample = 1
	}
	if !(o.Sample > 0 && o.Sample <= 1) {
		return o, fmt.Errorf("a sample of %g: want more than 0, up to 1", o.Sample)
	}
	if o.Buffer <= 0 {
		o.Buffer = 4096
	}
	if o.Linger <= 0 {
		o.Linger = 5 * time.Millisecond
	}
	if o.Breath <= 0 {
		o.Breath = 50 * time.Millisecond
	}
	if o.CountEvery <= 0 {
		o.CountEvery = time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Seed == 0 {
		o.Seed = mrand.Uint64()
	}
	return o, nil
}

// From says who asked.
type From struct {
	Tenant   string
	Customer string // as the caller names them; empty = nobody is named
	Channel  string // the dialect of the request, e.g. "parse"
}

// Stats counts texts since the recorder was made.
type Stats struct {
	Mode       Mode    `json:"mode"`
	Sample     float64 `json:"sample"`
	Texts      int64   `json:"texts"`       // offered
	Understood int64   `json:"understood"`  // of them
	Unsure     int64   `json:"unsure"`      // of those understood
	PassedOver int64   `json:"passed_over"` // not to be kept: understood and the mode is misses, or left out of the sample
	Kept       int64   `json:"kept"`        // written to the log
	Dropped    int64   `json:"dropped"`     // to be kept, and lost: there was no room, or the log did not take them
	Waiting    int64   `json:"waiting"`     // for the recorder
	Packs      int64   `json:"packs"`       // messages that were written
}

// Recorder notes texts. It is safe for concurrent use; Run writes.
type Recorder struct {
	o       Options
	boot    string
	ready   chan request
	waiting atomic.Int64 // texts in ready
	number  atomic.Uint64
	draw    *mrand.Rand // only Run uses it
	packs   uint64      // only Run uses it

	mu     sync.Mutex
	counts map[countKey]*dialogue.ParsedCount // since the last were written
	order  []countKey
	stats  Stats
	warned time.Time
}

// request is what a caller asked at once.
type request struct {
	from From
	at   time.Time
	id   string
	as   []*nlu.Analysis
}

// New makes a recorder.
func New(o Options) (*Recorder, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("new recorder of parses: %w", err)
	}
	return &Recorder{
		o: o, boot: strings.ToLower(rand.Text()[:16]), ready: make(chan request, o.Buffer), draw: mrand.New(mrand.NewPCG(o.Seed, 0x9e3779b97f4a7c15)),
		counts: map[countKey]*dialogue.ParsedCount{}, stats: Stats{Mode: o.Mode, Sample: o.Sample},
	}, nil
}

// Offer notes the texts of a request. It returns at once. The analyses are read later and not changed.
func (r *Recorder) Offer(from From, as []*nlu.Analysis) {
	if r.o.Mode == Off || len(as) == 0 {
		return
	}
	req := request{from: from, at: r.o.Now(), id: r.boot + strconv.FormatUint(r.number.Add(1), 36), as: as}
	n := int64(len(as))
	if r.waiting.Add(n) > int64(r.o.Buffer) {
		r.waiting.Add(-n)
		r.refuse(&req)
		return
	}
	r.ready <- req // has room: each request in it is a text at least
}

// Stats returns the counters.
func (r *Recorder) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stats
	s.Waiting = r.waiting.Load()
	return s
}

// wanted tells whether the mode keeps a text.
func (r *Recorder) wanted(a *nlu.Analysis) bool {
	return r.o.Mode == All || len(a.Intents) == 0 || dialogue.Unsure(a.Ranking)
}

// refuse counts a request for which there is no room.
func (r *Recorder) refuse(req *request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range req.as {
		c := r.count(req, a)
		if r.wanted(a) {
			c.Dropped++
			r.stats.Dropped++
		} else {
			r.stats.PassedOver++
		}
	}
	r.warn("texts come faster than they can be noted; some are left out", nil)
}

// warn says once a minute that something is lost. The caller holds mu.
func (r *Recorder) warn(what string, err error) {
	if now := r.o.Now(); now.Sub(r.warned) >= time.Minute {
		r.warned = now
		r.o.Logger.Warn(what, "dropped", r.stats.Dropped, "error", err)
	}
}
