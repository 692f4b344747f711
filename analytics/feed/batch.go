package feed

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// Bounds of what a feeder sends. All that is sent at once is one transaction there, and one with as many turns as the database stores together (a row
// group) is written once instead of three times.
const (
	batchSize   = 122_880   // events sent at once, at most
	batchBody   = 192 << 20 // bytes sent at once, if more than one event
	streamBytes = 1 << 20   // from how many on they are sent while others are still being read
)

// batch collects events that follow each other and sends them. Few are sent at once. Many are sent as they come, and the next ones follow before the
// answer has: two requests are on their way at most. Whoever made it calls close.
type batch struct {
	f              *Feeder
	after, through uint64
	n              int    // events since after
	size           int    // bytes of them that were sent
	body           []byte // that were not
	stream         *stream
	before         *stream // was sent, and has no answer yet
}

// stream is a request whose body is still being written.
type stream struct {
	body   *io.PipeWriter
	req    *http.Request
	answer chan error
}

func (f *Feeder) batch(after uint64) *batch { return &batch{f: f, after: after, through: after} }

// add takes the readable part of an event, in JSON.
func (b *batch) add(ctx context.Context, seq uint64, readable []byte) error {
	body, err := appendEvent(b.body, seq, readable)
	if err != nil {
		b.f.slog.Error("an event is left out of analytics", "seq", seq, "error", err)
	}
	b.body, b.through, b.n = body, seq, b.n+1
	if len(b.body) >= b.f.stream {
		if err := b.send(ctx); err != nil {
			return err
		}
	}
	if b.n >= b.f.most || b.size >= batchBody {
		return b.flush(ctx)
	}
	return nil
}

// send writes what was collected to the request that is under way, or to a new one.
func (b *batch) send(ctx context.Context) error {
	if b.stream == nil {
		var err error
		if b.stream, err = b.f.open(ctx, b.after); err != nil {
			return err
		}
	}
	n, err := b.stream.body.Write(b.body)
	b.size += n
	b.body = b.body[:0]
	if err != nil { // the request failed, and knows why
		failed := <-b.stream.answer
		b.stream = nil
		return errors.Join(failed, err)
	}
	return nil
}

// flush ends the request that is under way, or sends one of the little that was collected.
func (b *batch) flush(ctx context.Context) error {
	if b.n == 0 {
		return nil
	}
	if b.stream == nil {
		if err := b.wait(); err != nil {
			return err
		}
		_, err := b.f.post(ctx, b.f.eventsPath(b.after)+"&through="+strconv.FormatUint(b.through, 10), ndjson, b.body)
		b.sent()
		return err
	}
	if err := b.send(ctx); err != nil {
		return err
	}
	s := b.stream
	s.req.Trailer.Set(throughTrailer, strconv.FormatUint(b.through, 10))
	if err := s.body.Close(); err != nil {
		return err
	}
	err := b.wait()
	b.before, b.stream = s, nil
	b.sent()
	return err
}

func (b *batch) sent() { b.after, b.n, b.size, b.body = b.through, 0, 0, b.body[:0] }

// wait returns when the request that was sent before has its answer.
func (b *batch) wait() error {
	if b.before == nil {
		return nil
	}
	err := <-b.before.answer
	b.before = nil
	return err
}

// close sends the rest, unless something failed before, and waits for all answers.
func (b *batch) close(ctx context.Context, failed error) error {
	if failed == nil {
		failed = b.flush(ctx)
	}
	if b.stream != nil { // it must not become an event's end
		b.stream.body.CloseWithError(errors.Join(errors.New("the rest cannot be sent"), failed))
		<-b.stream.answer // is about that
		b.stream = nil
	}
	return errors.Join(failed, b.wait())
}

const ndjson = "application/x-ndjson"

func (f *Feeder) eventsPath(after uint64) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return "/internal/events?" + url.Values{"boot": {f.last.Boot}, "after": {strconv.FormatUint(after, 10)}}.Encode()
}

// open begins a request whose body is written while it is on its way.
func (f *Feeder) open(ctx context.Context, after uint64) (*stream, error) {
	from, to := io.Pipe()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url+f.eventsPath(after), from)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", ndjson)
	req.Trailer = http.Header{throughTrailer: nil}
	s := &stream{body: to, req: req, answer: make(chan error, 1)}
	go func() { // ends with the request
		h, err := do(f.client, req)
		if err == nil {
			f.mu.Lock()
			f.last = h
			f.mu.Unlock()
		}
		from.CloseWithError(errors.New("the request has ended"))
		s.answer <- err
	}()
	return s, nil
}

// attach tells the receiver which log is sent, and asks what it has of it.
func (f *Feeder) attach(ctx context.Context, again bool) (Health, error) {
	body, err := json.Marshal(map[string]any{"log": f.name, "again": again})
	if err != nil {
		return Health{}, err
	}
	return f.post(ctx, "/internal/log", "application/json", body)
}
