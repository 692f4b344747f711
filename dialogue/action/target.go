package action

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

// target is where a call goes and how.
type target struct {
	System        // the effective settings
	name   string // of the system
	read   bool   // the call changes nothing
	guard  *Guard // of the system
	keys   []Secret
	extra  http.Header
	host   *host
	client *http.Client
}

// host is the state of one host of a system.
type host struct {
	name    string // "shop/127.0.0.1:8091"
	breaker circuitbreaker.CircuitBreaker[any]
	slots   chan struct{}
	waiting atomic.Int64
}

// effective returns the system's settings with the route's own in their place.
func effective(s System, r Route) System {
	if r.URL != "" {
		s.URL = r.URL
	}
	if r.Timeout > 0 {
		s.Timeout = r.Timeout
	}
	switch {
	case r.Deadline > 0:
		s.Deadline = r.Deadline
	case r.Timeout > s.Deadline:
		s.Deadline = r.Timeout // the longer time limit of one call stretches its deadline
	}
	if r.Retries != nil {
		s.Retries = *r.Retries
	}
	return s
}

func newHost(name string, s System, log *slog.Logger) *host {
	b := circuitbreaker.NewBuilder[any]().
		WithFailureThresholdRatio(uint(s.Breaker.Failures), uint(s.Breaker.Window)).
		WithSuccessThreshold(1).
		WithDelay(s.Breaker.Pause).
		OnStateChanged(func(e circuitbreaker.StateChangedEvent) {
			level := slog.LevelInfo
			if e.NewState == circuitbreaker.OpenState {
				level = slog.LevelWarn
			}
			log.Log(e.Context(), level, "circuit breaker", "host", name, "from", e.OldState.String(), "to", e.NewState.String())
		}).Build()
	return &host{name: name, breaker: b, slots: make(chan struct{}, s.Concurrency)}
}

// credentials looks up the secrets of a system.
func (s System) credentials(name string, lookup func(string) (string, error)) ([]Secret, http.Header, error) {
	var errs []error
	find := func(ref, what string) string {
		if lookup == nil {
			errs = append(errs, fmt.Errorf("system %s: %s needs secret %q, and no secrets are set up", name, what, ref))
			return ""
		}
		text, err := lookup(ref)
		if err != nil {
			errs = append(errs, fmt.Errorf("system %s: secret %q of %s: %w", name, ref, what, err))
		}
		return text
	}
	var keys []Secret
	if s.Secret != "" {
		if text := find(s.Secret, "signing"); text != "" {
			var err error
			if keys, err = ParseSecrets(text); err != nil {
				errs = append(errs, fmt.Errorf("system %s: secret %q: %w", name, s.Secret, err))
			}
		}
	}
	extra := http.Header{}
	for k, v := range s.Headers {
		if ref, ok := strings.CutPrefix(v, "secret:"); ok {
			v = strings.TrimSpace(find(ref, "header "+k))
		}
		if err := checkHeader(k, v); err != nil {
			errs = append(errs, fmt.Errorf("system %s: header %s: %w", name, k, err))
		}
		extra.Set(k, v)
	}
	return keys, extra, errors.Join(errs...)
}
