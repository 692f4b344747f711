package action

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"yingda/dialogue"
)

// Stat counts the calls of one name since the client was made.
type Stat struct {
	Call    string                         `json:"call"`
	System  string                         `json:"system,omitempty"`
	Ends    map[dialogue.CallStatus]uint64 `json:"ends"`
	Causes  map[string]uint64              `json:"causes,omitempty"` // of those that failed: timeout, open, blocked, answer …
	Retries uint64                         `json:"retries"`
	Seconds float64                        `json:"seconds"` // all calls together, waiting included
}

// HostStat is the state of one host of a system.
type HostStat struct {
	Host     string `json:"host"`      // e.g. "shop/127.0.0.1:8091"
	Breaker  string `json:"breaker"`   // closed, open, half-open
	InFlight int    `json:"in_flight"` // calls under way
	Waiting  int    `json:"waiting"`   // for others to end
}

// maxStats bounds the names that are counted apart; names come from task files, of which there are not that many.
const maxStats = 1000

type counters struct {
	mu    sync.Mutex
	calls map[string]*Stat
}

// account counts a call and logs it if it failed.
func (c *Client) account(ctx context.Context, t *target, name string, out outcome) {
	system := ""
	if t != nil {
		system = t.name
	}
	c.stats.add(name, system, out)
	if out.failure == nil {
		c.log.DebugContext(ctx, "call", "call", name, "system", system, "status", string(out.Status), "attempts", out.attempts, "took", out.Took)
		return
	}
	level := slog.LevelWarn
	if out.failure.cause == causeCancelled {
		level = slog.LevelDebug
	}
	c.log.Log(ctx, level, "call failed", "call", name, "system", system, "cause", string(out.failure.cause), "attempts", out.attempts,
		"took", out.Took.Round(time.Millisecond), "error", out.failure.err)
}

func (s *counters) add(name, system string, out outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.calls[name]
	if st == nil {
		if len(s.calls) >= maxStats {
			name, system = "other", ""
		}
		if s.calls == nil {
			s.calls = map[string]*Stat{}
		}
		if st = s.calls[name]; st == nil {
			st = &Stat{Call: name, System: system, Ends: map[dialogue.CallStatus]uint64{}, Causes: map[string]uint64{}}
			s.calls[name] = st
		}
	}
	st.Ends[out.Status]++
	if out.failure != nil {
		st.Causes[string(out.failure.cause)]++
	}
	st.Retries += uint64(max(out.attempts-1, 0))
	st.Seconds += out.Took.Seconds()
}

// Stats returns the counters of all calls, by name.
func (c *Client) Stats() []Stat {
	c.stats.mu.Lock()
	defer c.stats.mu.Unlock()
	out := make([]Stat, 0, len(c.stats.calls))
	for _, st := range c.stats.calls {
		cp := *st
		cp.Ends, cp.Causes = maps.Clone(st.Ends), maps.Clone(st.Causes)
		out = append(out, cp)
	}
	slices.SortFunc(out, func(a, b Stat) int { return cmp.Compare(a.Call, b.Call) })
	return out
}

// Hosts returns the state of all hosts, by name.
func (c *Client) Hosts() []HostStat {
	out := make([]HostStat, len(c.hosts))
	for i, h := range c.hosts {
		out[i] = HostStat{Host: h.name, Breaker: h.breaker.State().String(), InFlight: len(h.slots), Waiting: int(h.waiting.Load())}
	}
	return out
}
