package action

import (
	"time"
)

// Config says which system answers which call.
type Config struct {
	Systems map[string]System // by name, e.g. "shop"
	Routes  map[string]Route  // by call "order.get", family "order.*", or "*"; the most special one wins
}

// System is one of the operator's systems.
type System struct {
	// URL is where calls are POSTed; "{call}" in its path becomes the call's name. It must be https, unless its host is in Allow.
	URL string
	// Secret names the signing secret; Options.Secret turns it into bytes. Empty = requests are not signed, for systems that are
	// protected by a header alone.
	Secret string
	// SignedAnswers demands that answers are signed too, so that nobody between can make them up. Needs Secret.
	SignedAnswers bool
	// Timeout is for one attempt, the reading of the answer included. Default 3 s.
	Timeout time.Duration
	// Deadline is for the whole call, waiting and all attempts included: what a customer may have to wait. Default 8 s.
	Deadline time.Duration
	// Retries is how often a call is repeated at most. Default 2.
	Retries int
	// Idempotent says that the system gives one answer to one Idempotency-Key, however often it is asked. Where it does not, only reads
	// and requests that never reached it are repeated. Default true.
	Idempotent bool
	// Concurrency is how many calls may be under way at once per host. Further ones wait, up to Timeout. Default 16.
	Concurrency int
	// MaxAnswer is the longest answer that is read, in bytes. Default 256 KiB.
	MaxAnswer int
	// Headers are sent with each request. A value "secret:NAME" is looked up like Secret.
	Headers map[string]string
	// Allow lists hosts (crm.internal) and address ranges (10.2.0.0/16, 127.0.0.1) that may be dialled although they are not public.
	Allow []string
	// Breaker decides when the system is left alone.
	Breaker Breaker
}

// Breaker stops calls to a host that fails: after Failures of the last Window calls it refuses all for Pause, then lets one through.
type Breaker struct {
	Failures int           // default 5
	Window   int           // default 10
	Pause    time.Duration // default 10 s
}

// Route sends calls to a system. Zero fields are the system's own.
type Route struct {
	System   string
	URL      string // instead of System.URL
	Timeout  time.Duration
	Deadline time.Duration
	Retries  *int
	// Read says that the call changes nothing, so that it can always be repeated.
	Read bool
}

// defaultSystem is what fields that a file leaves out are.
func defaultSystem() System {
	return System{Timeout: 3 * time.Second, Deadline: 8 * time.Second, Retries: 2, Idempotent: true, Concurrency: 16, MaxAnswer: 256 << 10,
		Breaker: Breaker{Failures: 5, Window: 10, Pause: 10 * time.Second}}
}

// withDefaults fills zero fields; booleans and Retries stay as they are.
func (s System) withDefaults() System {
	d := defaultSystem()
	fill(&s.Timeout, d.Timeout)
	fill(&s.Deadline, max(d.Deadline, s.Timeout))
	fill(&s.Concurrency, d.Concurrency)
	fill(&s.MaxAnswer, d.MaxAnswer)
	fill(&s.Breaker.Failures, d.Breaker.Failures)
	fill(&s.Breaker.Window, max(d.Breaker.Window, s.Breaker.Failures))
	fill(&s.Breaker.Pause, d.Breaker.Pause)
	return s
}

func fill[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}
