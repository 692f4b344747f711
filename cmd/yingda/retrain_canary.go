package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"yingda/dialogue/experiment"
	"yingda/training/retrain"
)

// canaryClient runs canaries through the HTTP API of a server.
type canaryClient struct {
	base, key string
	http      *http.Client
}

var _ retrain.Canary = (*canaryClient)(nil)

func newCanaryClient(base, key string) *canaryClient {
	return &canaryClient{strings.TrimRight(base, "/"), key, &http.Client{Timeout: 30 * time.Second}}
}

// errNotThere is returned by call when the server knows no such thing.
var errNotThere = errors.New("not there")

// errNotNow is returned by call when the server, or the part of it that answers, is not there for the moment.
var errNotNow = errors.New("not there for the moment")

// Start implements [retrain.Canary].
func (c *canaryClient) Start(ctx context.Context, t retrain.Trial) error {
	e, err := c.get(ctx, t.Name)
	if errors.Is(err, errNotThere) {
		e, err = c.save(ctx, t)
	}
	if err != nil || e.State == experiment.Running {
		return err
	}
	if e.State == experiment.Stopped {
		return fmt.Errorf("the experiment %s was stopped by %s: %s", e.Name, e.By, e.Reason)
	}
	return c.call(ctx, http.MethodPost, "/v1/experiments/"+url.PathEscape(t.Name)+"/start", map[string]any{"revision": e.Revision, "reason": "retrain run"}, nil)
}

func (c *canaryClient) get(ctx context.Context, name string) (e experiment.Experiment, err error) {
	return e, c.call(ctx, http.MethodGet, "/v1/experiments/"+url.PathEscape(name), nil, &e)
}

// save writes the experiment down.
func (c *canaryClient) save(ctx context.Context, t retrain.Trial) (e experiment.Experiment, err error) {
	d, err := experiment.Canary{
		Name: t.Name, Note: fmt.Sprintf("canary of %s against %s", t.Challenger, t.Champion), Champion: string(t.Champion), Challenger: string(t.Challenger), Share: t.Share,
		Plan: &experiment.Plan{Metric: t.Metric, Guardrails: t.Guardrails, Effect: t.Effect, Margin: t.Margin, Days: t.Days, Sequential: true},
	}.Definition()
	if err != nil {
		return e, err
	}
	source, err := json.Marshal(d)
	if err != nil {
		return e, err
	}
	return e, c.call(ctx, http.MethodPut, "/v1/experiments/"+url.PathEscape(t.Name), map[string]any{"source": string(source), "reason": "retrain run"}, &e)
}

// End implements [retrain.Canary].
func (c *canaryClient) End(ctx context.Context, name, why string) error {
	e, err := c.get(ctx, name)
	if err != nil || e.State == experiment.Stopped {
		return err
	}
	return c.call(ctx, http.MethodPost, "/v1/experiments/"+url.PathEscape(name)+"/stop", map[string]any{"revision": e.Revision, "reason": why}, nil)
}

// call sends a request with a JSON body and reads the answer.
func (c *canaryClient) call(ctx context.Context, method, path string, body, into any) error {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if c.key != "" {
		r.Header.Set("Authorization", "Bearer "+c.key)
	}
	res, err := c.http.Do(r)
	if err != nil {
		return fmt.Errorf("ask the server: %w", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 16<<20))
	if err != nil {
		return fmt.Errorf("ask the server: %w", err)
	}
	if res.StatusCode >= 300 {
		return problemOf(res.StatusCode, method, path, answer)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("the server's answer to %s %s: %w", method, path, err)
	}
	return nil
}

// problemOf is the error of an answer that is none.
func problemOf(status int, method, path string, answer []byte) error {
	var problem struct{ Code, Detail string }
	_ = json.Unmarshal(answer, &problem) // what is no problem document is told as it is
	if problem.Detail == "" {
		problem.Detail = http.StatusText(status)
	}
	err := fmt.Errorf("the server answers %s %s with %d: %s", method, path, status, problem.Detail)
	switch status {
	case http.StatusNotFound:
		return errors.Join(errNotThere, err)
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return errors.Join(errNotNow, err)
	}
	return err
}

// guardrailsOf reads the flag: nil for the default, empty for none.
func guardrailsOf(flag string) []string {
	switch flag {
	case "":
		return nil
	case "none":
		return []string{}
	}
	return strings.Split(flag, ",")
}
