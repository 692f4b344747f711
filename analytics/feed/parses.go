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
	"strconv"
	"sync"
	"time"
)

// ParsesLog is the log whose stream of parses is sent: *eventlog.Log.
type ParsesLog interface {
	// ReadParses calls fn with the packs above a sequence that are in the stream now, in order, as JSON of a dialogue.ParsedPack; a damaged one is nil.
	ReadParses(ctx context.Context, after uint64, fn func(seq uint64, pack []byte) error) error
	// ParsesAt returns the id of the pack with a sequence, empty where there is none, and which sequences the stream has.
	ParsesAt(ctx context.Context, seq uint64) (id string, first, last uint64, err error)
	// Alias returns a pseudonym, see [Log].
	Alias(tenant, customer string) string
}

// ParsesFeeder sends the packs of a log's stream of parses to a receiver, in order, for as long as it runs. Where it is, is known to the receiver
// alone; the log keeps packs for a time whether they were read or not. It looks for new ones twice a second.
type ParsesFeeder struct {
	log    ParsesLog
	client *http.Client
	url    string
	slog   *slog.Logger
	name   string
	every  time.Duration

	mu   sync.Mutex
	last Health
	err  error
	gone uint64
}

// ParsesStatus tells how a feeder does.
type ParsesStatus struct {
	Position uint64 // of the receiver
	Gone     uint64 // packs that the log dropped, by age or size, before they were sent
	Err      error  // of the last attempt
}

const (
	parsesEvery    = 500 * time.Millisecond // between looks
	parsesPatience = 20                     // faults in a row before it is said: a process that starts takes a while
)

// Bounds of a request.
const (
	packsAtOnce     = 512
	packsBodyAtOnce = 8 << 20
)

// NewParsesFeeder returns a feeder to the receiver that client reaches at base.
func NewParsesFeeder(log ParsesLog, client *http.Client, base string, logger *slog.Logger) *ParsesFeeder {
	return &ParsesFeeder{log: log, client: client, url: base, slog: logger, name: log.Alias("yingda", "log"), every: parsesEvery}
}

// Run sends until ctx is done. Faults are logged, and tried again.
func (f *ParsesFeeder) Run(ctx context.Context) {
	for failed := 0; ctx.Err() == nil; {
		err := f.CatchUp(ctx)
		if failed++; err == nil {
			failed = 0
		} else if failed == parsesPatience {
			f.slog.Warn("texts that were only analysed are not counted for now; the log keeps them", "error", err)
		}
		t := time.NewTimer(f.every)
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		t.Stop()
	}
}

// Status returns how the feeder does.
func (f *ParsesFeeder) Status() ParsesStatus {
	f.mu.Lock()
	defer f.mu.Unlock()
	return ParsesStatus{f.last.Parses, f.gone, f.err}
}

// CatchUp sends what the receiver lacks of what is in the stream now, and returns.
func (f *ParsesFeeder) CatchUp(ctx context.Context) error {
	err := f.send(ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
	if err != nil {
		f.last.Boot = "" // ask again before the next one
		return fmt.Errorf("feed analytics with parses: %w", err)
	}
	return nil
}

func (f *ParsesFeeder) send(ctx context.Context) error {
	have, err := f.attached(ctx)
	if err != nil {
		return err
	}
	b := packBatch{f: f, after: have.Parses, through: have.Parses}
	err = f.log.ReadParses(ctx, have.Parses, func(seq uint64, pack []byte) error { return b.add(ctx, seq, pack) })
	if err != nil {
		return err
	}
	return b.flush(ctx)
}

// attached returns what the receiver has of this log's stream.
func (f *ParsesFeeder) attached(ctx context.Context) (Health, error) {
	f.mu.Lock()
	have := f.last
	f.mu.Unlock()
	if have.Boot != "" {
		return have, nil
	}
	have, err := f.post(ctx, "/internal/log", map[string]any{"log": f.name, "again": false})
	if err != nil {
		return have, err
	}
	same, err := f.same(ctx, have)
	if err != nil {
		return have, err
	}
	if !same {
		f.slog.Warn("the log's stream of parses is not what it was when analytics read it; all of it is sent again, and what is in is left out", "position", have.Parses)
		have, err = f.post(ctx, "/internal/parses/again", map[string]any{})
	}
	return have, err
}

// same tells whether the stream still is the one that the receiver has read: the last moments before a power cut may be missing, and others in their
// place. Packs that went by age are not missed.
func (f *ParsesFeeder) same(ctx context.Context, have Health) (bool, error) {
	if have.Parses == 0 {
		return true, nil
	}
	id, first, last, err := f.log.ParsesAt(ctx, have.Parses)
	switch {
	case err != nil:
		return false, err
	case have.Parses > last:
		return false, nil
	case have.Parses < first:
		return true, nil
	}
	return id == have.ParsesPack, nil
}

// packBatch collects packs.
type packBatch struct {
	f              *ParsesFeeder
	after, through uint64
	pack           string // id of the last
	n              int
	body           bytes.Buffer
}

func (b *packBatch) add(ctx context.Context, seq uint64, pack []byte) error {
	if seq > b.through+1 && b.through > 0 {
		b.f.missed(seq - b.through - 1)
	}
	var head struct {
		ID string `json:"id"`
	}
	if pack != nil { // else it is damaged, which the log has said
		if err := json.Unmarshal(pack, &head); err != nil {
			return fmt.Errorf("pack %d: %w", seq, err)
		}
		fmt.Fprintf(&b.body, `{"seq":%d,"pack":%s}`+"\n", seq, pack)
	}
	b.through, b.pack, b.n = seq, head.ID, b.n+1
	if b.n >= packsAtOnce || b.body.Len() >= packsBodyAtOnce {
		return b.flush(ctx)
	}
	return nil
}

// missed counts packs that had gone before they were sent.
func (f *ParsesFeeder) missed(n uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gone += n
	f.slog.Warn("the log dropped packs of parses before analytics had read them", "packs", n)
}

func (b *packBatch) flush(ctx context.Context) error {
	if b.n == 0 {
		return nil
	}
	b.f.mu.Lock()
	boot := b.f.last.Boot
	b.f.mu.Unlock()
	q := url.Values{"boot": {boot}, "after": {strconv.FormatUint(b.after, 10)}, "through": {strconv.FormatUint(b.through, 10)}, "pack": {b.pack}}
	if _, err := b.f.postBody(ctx, "/internal/parses?"+q.Encode(), "application/x-ndjson", b.body.Bytes()); err != nil {
		return err
	}
	b.after, b.n = b.through, 0
	b.body.Reset()
	return nil
}

func (f *ParsesFeeder) post(ctx context.Context, path string, v any) (Health, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return Health{}, err
	}
	return f.postBody(ctx, path, "application/json", body)
}

// postBody sends and remembers the answer.
func (f *ParsesFeeder) postBody(ctx context.Context, path, kind string, body []byte) (Health, error) {
	h, err := ask(ctx, f.client, f.url+path, kind, body)
	if err != nil {
		return h, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = h
	return h, nil
}

// ask posts to a receiver and reads its answer.
func ask(ctx context.Context, client *http.Client, to, kind string, body []byte) (h Health, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return h, err
	}
	req.Header.Set("Content-Type", kind)
	return do(client, req)
}

// do sends a request and reads the answer.
func do(client *http.Client, req *http.Request) (h Health, err error) {
	resp, err := client.Do(req)
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
	if h.Boot == "" {
		return h, errors.New("the analytics process did not say which one it is")
	}
	return h, nil
}
