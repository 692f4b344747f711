package deliver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"yingda/dialogue/action"
)

// Config says where records go. See docs/analytics/crm.md for every key.
type Config struct {
	Version  int       `yaml:"version"` // 1
	Webhooks []Webhook `yaml:"webhooks"`
	Exports  []Export  `yaml:"exports"`
	// Links are addresses in records, e.g. {conversation: "https://desk.example.com/c/{conversation}"}. {tenant}, {conversation} and {customer} are filled in.
	Links map[string]string `yaml:"links"`
}

// Webhook is a system that gets each record as it is finished.
type Webhook struct {
	Name   string `yaml:"name"` // of the journal and in reports, e.g. "crm"
	URL    string `yaml:"url"`  // https, unless its host is in Allow
	Secret string `yaml:"secret"`
	// SignedAnswers counts an answer as an acknowledgement only if it is signed with the secret too.
	SignedAnswers bool              `yaml:"signed_answers"`
	Allow         []string          `yaml:"allow"`   // hosts and ranges that may be called although they are not public
	Headers       map[string]string `yaml:"headers"` // sent with each record
	Tenants       []string          `yaml:"tenants"` // empty = all
	// Since is the day from which on sessions are sent. Default: those that end after the webhook was first started.
	Since       string        `yaml:"since"`
	Texts       bool          `yaml:"texts"`       // with the customer's redacted messages
	Timeout     time.Duration `yaml:"timeout"`     // of an attempt. Default 10s, at most 2m
	Concurrency int           `yaml:"concurrency"` // attempts at once. Default 4, at most 64
	DeadAfter   time.Duration `yaml:"dead_after"`  // from the first attempt. Default 72h

	since time.Time
	url   *url.URL
	guard *action.Guard
	keys  []action.Secret
}

// Export is a file a day.
type Export struct {
	Name    string   `yaml:"name"`
	Format  string   `yaml:"format"`  // parquet (default), csv
	Tenants []string `yaml:"tenants"` // empty = all
	Zone    string   `yaml:"zone"`    // whose days. Default UTC
	At      string   `yaml:"at"`      // when yesterday is written, in that zone. Default "03:00"
	Texts   bool     `yaml:"texts"`

	zone *time.Location
	at   time.Duration // after midnight
}

// Defaults of Webhook and Export.
const (
	defaultTimeout     = 10 * time.Second
	defaultConcurrency = 4
	defaultDeadAfter   = 72 * time.Hour
)

var goodName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// ParseConfig reads a configuration. secret turns the name of a secret into its text, as action.ParseSecrets reads it. All that is wrong comes back
// together, with the file's name.
func ParseConfig(file string, data []byte, secret func(name string) (string, error)) (*Config, error) {
	c := &Config{}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(c); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the file is empty")
		}
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var faults []error
	bad := func(where, format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s: %s: %s", file, where, fmt.Sprintf(format, args...)))
	}
	if c.Version != 1 {
		bad("version", "want 1")
	}
	names := map[string]bool{}
	for i := range c.Webhooks {
		w := &c.Webhooks[i]
		where := fmt.Sprintf("webhooks[%d]", i)
		checkName(w.Name, names, func(f string, a ...any) { bad(where, f, a...) })
		w.check(secret, func(f string, a ...any) { bad(where, f, a...) })
	}
	for i := range c.Exports {
		e := &c.Exports[i]
		where := fmt.Sprintf("exports[%d]", i)
		checkName(e.Name, names, func(f string, a ...any) { bad(where, f, a...) })
		e.check(func(f string, a ...any) { bad(where, f, a...) })
	}
	return c, errors.Join(faults...)
}

func checkName(name string, seen map[string]bool, bad func(string, ...any)) {
	if !goodName.MatchString(name) {
		bad("name: %q: want 1 to 64 of a–z, 0–9, _ and -", name)
	} else if seen[name] {
		bad("name: %q is there twice", name)
	}
	seen[name] = true
}

func (w *Webhook) check(secret func(string) (string, error), bad func(string, ...any)) {
	var err error
	if w.guard, err = action.NewGuard(w.Allow); err != nil {
		bad("allow: %v", err)
	}
	if w.url, err = url.Parse(w.URL); err != nil || w.URL == "" {
		bad("url: %q is no address", w.URL)
	} else if err := w.guard.CheckURL(w.url); err != nil {
		bad("url: %v", err)
	}
	switch text, err := secret(w.Secret); {
	case w.Secret == "":
		bad("secret: say which secret records are signed with")
	case err != nil:
		bad("secret: %v", err)
	default:
		if w.keys, err = action.ParseSecrets(text); err != nil {
			bad("secret: %v", err)
		}
	}
	for name := range w.Headers {
		if k := http.CanonicalHeaderKey(name); strings.HasPrefix(k, "Webhook-") || k == "Host" || k == "Content-Length" || k == "Content-Type" || k == "Idempotency-Key" {
			bad("headers: %s is set by the sender", name)
		}
	}
	if w.Since != "" {
		if w.since, err = time.Parse(time.DateOnly, w.Since); err != nil {
			bad("since: %q: write a day such as 2026-11-01", w.Since)
		}
	}
	bound(&w.Timeout, defaultTimeout, time.Second/10, 2*time.Minute, func(f string, a ...any) { bad("timeout: "+f, a...) })
	bound(&w.Concurrency, defaultConcurrency, 1, 64, func(f string, a ...any) { bad("concurrency: "+f, a...) })
	bound(&w.DeadAfter, defaultDeadAfter, time.Second, 90*24*time.Hour, func(f string, a ...any) { bad("dead_after: "+f, a...) })
}

func bound[T int | time.Duration](v *T, standard, least, most T, bad func(string, ...any)) {
	if *v == 0 {
		*v = standard
	}
	if *v < least || *v > most {
		bad("%v: want %v to %v", *v, least, most)
	}
}

func (e *Export) check(bad func(string, ...any)) {
	if e.Format == "" {
		e.Format = "parquet"
	}
	if e.Format != "parquet" && e.Format != "csv" {
		bad("format: %q: want parquet or csv", e.Format)
	}
	if e.Zone == "" {
		e.Zone = "UTC"
	}
	var err error
	if e.zone, err = time.LoadLocation(e.Zone); err != nil || e.Zone == "Local" {
		bad("zone: %q is no time zone: write e.g. Asia/Shanghai", e.Zone)
		e.zone = time.UTC
	}
	if e.At == "" {
		e.At = "03:00"
	}
	at, err := time.Parse("15:04", e.At)
	if err != nil {
		bad("at: %q: write a time of day such as 03:00", e.At)
	}
	e.at = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
}

// wants tells whether a tenant's records are for it. No list means all.
func wants(tenants []string, tenant string) bool {
	return len(tenants) == 0 || slices.Contains(tenants, tenant)
}
