package action

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	mrand "math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"time"

	"yingda/dialogue"
	"yingda/nlu"
)

// Options of a client.
type Options struct {
	// Config says which system answers which call.
	Config Config
	// Secret looks up a secret by the name that Config uses; see ParseSecrets for its form. Needed when Config names any.
	Secret func(name string) (string, error)
	// Resolver of host names; nil = the system's.
	Resolver *net.Resolver
	// Log gets one line a failed call, without arguments or answers. Nil = none.
	Log *slog.Logger
	// Now is the clock that timestamps come from; nil = time.Now.
	Now func() time.Time
	// Jitter returns 0 to 1 and spreads repeated calls; nil = random.
	Jitter func() float64
}

// Client calls the operator's systems over HTTP. It is safe for concurrent use. Close it to give its connections back.
type Client struct {
	log    *slog.Logger
	now    func() time.Time
	jitter func() float64

	routes map[string]*target
	hosts  []*host
	stats  counters
}

var _ dialogue.Caller = (*Client)(nil)

// New makes a client. The error joins everything that is wrong with the configuration: systems that are not there, secrets that cannot be
// found, URLs that the guard would block.
func New(o Options) (*Client, error) {
	c := &Client{log: o.Log, now: o.Now, jitter: o.Jitter, routes: map[string]*target{}}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.jitter == nil {
		c.jitter = mrand.Float64
	}
	systems, errs := c.systems(o)
	hosts := map[string]*host{}
	for name, r := range o.Config.Routes {
		base, ok := systems[r.System]
		if !ok {
			if _, there := o.Config.Systems[r.System]; !there {
				errs = append(errs, fmt.Errorf("call %s: there is no system %q", name, r.System))
			}
			continue
		}
		t := *base
		t.System, t.read = effective(base.System, r).withDefaults(), r.Read
		if err := checkURL(t.URL, t.Allow); err != nil {
			errs = append(errs, fmt.Errorf("call %s: %w", name, err))
			continue
		}
		u, _ := url.Parse(strings.ReplaceAll(t.URL, "{call}", "call")) // checkURL has parsed it
		id := t.name + "/" + u.Host
		if hosts[id] == nil {
			hosts[id] = newHost(id, t.System, c.log)
			c.hosts = append(c.hosts, hosts[id])
		}
		t.host = hosts[id]
		c.routes[name] = &t
	}
	if err := errors.Join(errs...); err != nil {
		c.Close()
		return nil, fmt.Errorf("set up calls: %w", err)
	}
	sort.Slice(c.hosts, func(i, j int) bool { return c.hosts[i].name < c.hosts[j].name })
	return c, nil
}

// systems makes a target of each system, without routes.
func (c *Client) systems(o Options) (map[string]*target, []error) {
	systems, errs := map[string]*target{}, []error(nil)
	for name, s := range o.Config.Systems {
		s = s.withDefaults()
		g, err := NewGuard(s.Allow)
		if err != nil {
			errs = append(errs, fmt.Errorf("system %s: allow: %w", name, err))
			continue
		}
		keys, extra, err := s.credentials(name, o.Secret)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if s.SignedAnswers && len(keys) == 0 {
			errs = append(errs, fmt.Errorf("system %s: signed answers need a secret", name))
			continue
		}
		hc := &http.Client{
			Transport:     g.Transport(o.Resolver, s.Concurrency),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
		systems[name] = &target{System: s, name: name, guard: g, keys: keys, extra: extra, client: hc}
	}
	return systems, errs
}

// Close gives back idle connections. Calls under way end as they would.
func (c *Client) Close() {
	for _, t := range c.routes {
		t.client.CloseIdleConnections()
	}
}

// Missing returns those of the calls that no system is set up for.
func (c *Client) Missing(calls ...string) []string {
	var out []string
	for _, name := range calls {
		if c.route(name) == nil {
			out = append(out, name)
		}
	}
	return out
}

// route finds where a call goes: "a.b.c", then "a.b.*", "a.*", "*".
func (c *Client) route(call string) *target {
	if !callName.MatchString(call) {
		return nil
	}
	if t := c.routes[call]; t != nil {
		return t
	}
	for name := call; ; {
		i := strings.LastIndexByte(name, '.')
		if i < 0 {
			return c.routes["*"]
		}
		name = name[:i]
		if t := c.routes[name+".*"]; t != nil {
			return t
		}
	}
}

// Bounds of what is sent.
const (
	maxArgs = 64
	maxBody = 64 << 10
)

// request is what is POSTed.
type request struct {
	Call     string            `json:"call"`
	Args     map[string]string `json:"args"`
	Tenant   string            `json:"tenant,omitempty"`
	Customer string            `json:"customer,omitempty"`
	Lang     nlu.Lang          `json:"lang,omitempty"`
}

// Call implements [dialogue.Caller]. It returns at the latest when ctx is done or the call's deadline has passed.
func (c *Client) Call(ctx context.Context, call dialogue.Call) dialogue.Result {
	start := time.Now() // measured on the monotonic clock, whatever Options.Now says
	t := c.route(call.Name)
	var out outcome
	if t == nil {
		out = fail(&failure{cause: causeSetup, err: fmt.Errorf("no system is set up for call %.64q; add it to 'calls'", call.Name)})
	} else {
		out = c.try(ctx, t, call)
	}
	out.Took = time.Since(start)
	c.account(ctx, t, call.Name, out)
	return out.Result
}

// outcome is a result and how it came about.
type outcome struct {
	dialogue.Result
	attempts int
	failure  *failure // nil unless Status is failed
}

func fail(f *failure) outcome {
	return outcome{Result: dialogue.Result{Status: dialogue.CallFailed, Message: f.public()}, failure: f}
}

// try makes attempts until one succeeds, none may follow, or the time is over.
func (c *Client) try(ctx context.Context, t *target, call dialogue.Call) outcome {
	if call.Args == nil {
		call.Args = map[string]string{}
	}
	body, err := json.Marshal(request{call.Name, call.Args, call.Tenant, call.Customer, call.Lang})
	if err != nil || len(call.Args) > maxArgs || len(body) > maxBody {
		return fail(&failure{cause: causeSetup, err: fmt.Errorf("%d arguments of %d bytes in all: at most %d and %d are sent", len(call.Args), len(body), maxArgs, maxBody)})
	}
	id := messageID(call)
	ctx, cancel := context.WithTimeout(ctx, t.Deadline)
	defer cancel()
	for n := 1; ; n++ {
		res, f := c.guarded(ctx, t, call.Name, id, body)
		if f == nil {
			return outcome{Result: res, attempts: n}
		}
		repeatable := f.again && (!f.sent || t.read || t.Idempotent)
		if !repeatable || n > t.Retries || !c.pause(ctx, n, f.after) {
			out := fail(f)
			out.attempts = n
			return out
		}
		c.log.DebugContext(ctx, "call is repeated", "call", call.Name, "system", t.name, "attempt", n, "cause", string(f.cause), "error", f.err)
	}
}

// pause waits before attempt n+1: 100 ms, doubled each time, of which a random half, or what the system asked for if that is longer. It
// returns false when the deadline would pass.
func (c *Client) pause(ctx context.Context, n int, asked time.Duration) bool {
	wait := 100 * time.Millisecond << min(n-1, 6)
	wait = wait/2 + time.Duration(c.jitter()*float64(wait/2))
	wait = max(wait, asked)
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// messageID is the id that all attempts carry: a hash, for a key may hold what a header cannot. A call without a key gets a new one.
func messageID(call dialogue.Call) string {
	if call.Key == "" {
		return "call_" + strings.ToLower(rand.Text())
	}
	sum := sha256.Sum256([]byte(call.Name + "\x00" + call.Key))
	return "call_" + hex.EncodeToString(sum[:16])
}
