package action

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"yingda/dialogue"
)

// cause says in one word why a call failed; logs and counters use it.
type cause string

const (
	causeSetup     cause = "setup"     // the configuration or the task file is wrong
	causeBlocked   cause = "blocked"   // the guard said no
	causeBusy      cause = "busy"      // too many calls under way
	causeOpen      cause = "open"      // the circuit breaker said no
	causeConnect   cause = "connect"   // no connection, or it broke
	causeTimeout   cause = "timeout"   // no answer in time
	causeCancelled cause = "cancelled" // the caller gave up
	causeHTTP      cause = "http"      // an HTTP status that says nothing about the call
	causeAnswer    cause = "answer"    // an answer that cannot be believed
	causeSaid      cause = "said"      // the system itself says that it failed
)

// failure is why an attempt failed.
type failure struct {
	cause   cause
	err     error         // for the log
	again   bool          // another attempt may help
	sent    bool          // the system may have seen the request
	neutral bool          // says nothing about the health of the host
	after   time.Duration // that the system asks to wait
}

// public is the failure for agents, without addresses.
func (f *failure) public() string {
	switch f.cause {
	case causeSetup, causeBlocked:
		return "the call is not set up rightly; the log of the robot says what to change"
	case causeBusy:
		return "too many calls of the system are under way"
	case causeOpen:
		return "the system failed several times and is left alone for a moment"
	case causeConnect:
		return "the system cannot be reached"
	case causeTimeout:
		return "the system did not answer in time"
	case causeCancelled:
		return "the call was given up"
	case causeSaid:
		return "the system says that it cannot do this now"
	}
	return "the system gave an answer that cannot be used"
}

// guarded makes an attempt when there is a free slot and the breaker agrees, and tells the breaker how it went.
func (c *Client) guarded(ctx context.Context, t *target, name, id string, body []byte) (dialogue.Result, *failure) {
	ctx, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	t.host.waiting.Add(1)
	select {
	case t.host.slots <- struct{}{}:
		t.host.waiting.Add(-1)
		defer func() { <-t.host.slots }()
	case <-ctx.Done():
		t.host.waiting.Add(-1)
		return dialogue.Result{}, &failure{cause: causeBusy, err: fmt.Errorf("%d calls of %s were under way all the time", cap(t.host.slots), t.host.name)}
	}
	if !t.host.breaker.TryAcquirePermit() {
		left := t.host.breaker.RemainingDelay().Round(time.Millisecond)
		return dialogue.Result{}, &failure{cause: causeOpen, err: fmt.Errorf("%s failed too often; it is tried again in %v", t.host.name, left)}
	}
	res, f := c.attempt(ctx, t, name, id, body)
	switch {
	case f == nil:
		t.host.breaker.RecordSuccess()
	case !f.neutral || t.host.breaker.IsHalfOpen(): // a trial that was given up must end too, or there would never be another
		t.host.breaker.RecordFailure()
	}
	return res, f
}

// attempt sends the request once and reads the answer.
func (c *Client) attempt(ctx context.Context, t *target, name, id string, body []byte) (dialogue.Result, *failure) {
	var sent atomic.Bool // the transport's goroutine sets it
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	req, err := http.NewRequestWithContext(traced, http.MethodPost, strings.ReplaceAll(t.URL, "{call}", name), bytes.NewReader(body))
	if err != nil {
		return dialogue.Result{}, &failure{cause: causeSetup, err: err, neutral: true}
	}
	for k, v := range t.extra {
		req.Header[k] = v
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "yingda")
	req.Header.Set(HeaderID, id)
	if t.Idempotent || t.read {
		req.Header.Set("Idempotency-Key", id) // Go's transport repeats requests that carry this on a broken connection
	} else {
		req.GetBody = nil // and may not repeat this one
	}
	if len(t.keys) > 0 {
		Sign(req.Header, t.keys, id, c.now(), body)
	}
	resp, err := t.client.Do(req)
	if err != nil {
		return dialogue.Result{}, broken(ctx, err, sent.Load())
	}
	defer resp.Body.Close()
	return c.read(ctx, t, id, resp)
}

// read reads an answer and decides what to believe of it.
func (c *Client) read(ctx context.Context, t *target, id string, resp *http.Response) (dialogue.Result, *failure) {
	if f := unusable(resp); f != nil {
		return dialogue.Result{}, f
	}
	lie := func(err error) *failure { return &failure{cause: causeAnswer, err: err, sent: true} }
	if enc := resp.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return dialogue.Result{}, lie(fmt.Errorf("answer is encoded as %.40q although none was asked for", enc))
	}
	if resp.ContentLength > int64(t.MaxAnswer) {
		return dialogue.Result{}, lie(fmt.Errorf("answer has %d bytes, at most %d are read", resp.ContentLength, t.MaxAnswer))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(t.MaxAnswer)+1))
	switch {
	case err != nil:
		return dialogue.Result{}, broken(ctx, err, true)
	case len(body) > t.MaxAnswer:
		return dialogue.Result{}, lie(fmt.Errorf("answer is longer than %d bytes", t.MaxAnswer))
	}
	if t.SignedAnswers {
		v := Verifier{Secrets: t.keys, Now: c.now}
		if err := v.Answer(resp.Header, id, body); err != nil {
			return dialogue.Result{}, lie(fmt.Errorf("answer: %w", err))
		}
	}
	res, err := parseAnswer(resp.StatusCode, resp.Header.Get("Content-Type"), body)
	if err != nil {
		return dialogue.Result{}, lie(err)
	}
	if res.Status == dialogue.CallFailed {
		return dialogue.Result{}, &failure{cause: causeSaid, err: errors.New("the system answered that it failed"), sent: true}
	}
	return res, nil
}

// unusable sorts out answers by their HTTP status alone.
func unusable(resp *http.Response) *failure {
	f := &failure{cause: causeHTTP, err: fmt.Errorf("HTTP status %d", resp.StatusCode), sent: true}
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300, code == http.StatusNotFound, code == http.StatusConflict, code == http.StatusUnprocessableEntity:
		return nil
	case code >= 300 && code < 400:
		f.err = fmt.Errorf("HTTP status %d: calls follow no redirects; write the final address into 'url'", code)
		f.neutral = true
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		f.err = fmt.Errorf("HTTP status %d: the system does not accept our signature or headers; compare secrets and clocks", code)
		f.neutral = true
	case code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code == http.StatusTooEarly:
		f.again, f.after = true, retryAfter(resp.Header.Get("Retry-After"))
	case code >= 500:
		f.again, f.after = code != http.StatusNotImplemented, retryAfter(resp.Header.Get("Retry-After"))
	default:
		f.neutral = true
	}
	return f
}

// retryAfter reads a number of seconds; the other form, a date, depends on two clocks and is not worth waiting for within one turn.
func retryAfter(h string) time.Duration {
	n, err := strconv.Atoi(h)
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(min(n, 3600)) * time.Second
}

// broken tells what an error of the connection means.
func broken(ctx context.Context, err error, sent bool) *failure {
	var blocked *BlockedError
	var cert *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.As(err, &blocked):
		return &failure{cause: causeBlocked, err: blocked, neutral: true}
	case errors.Is(ctx.Err(), context.Canceled):
		return &failure{cause: causeCancelled, err: context.Canceled, sent: sent, neutral: true}
	case ctx.Err() != nil || errors.As(err, &timeout) && timeout.Timeout():
		return &failure{cause: causeTimeout, err: errors.New("no answer in time"), again: true, sent: sent}
	case errors.As(err, &cert):
		return &failure{cause: causeConnect, err: cert, sent: sent}
	}
	return &failure{cause: causeConnect, err: err, again: true, sent: sent}
}
