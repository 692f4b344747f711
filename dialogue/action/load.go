package action

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"yingda/dialogue/internal/strict"
)

// Load reads and checks a configuration file. The error joins a [*strict.Fault] for everything that is wrong.
func Load(fsys fs.FS, name string) (Config, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return Config{}, fmt.Errorf("load calls: %w", err)
	}
	return Parse(name, data)
}

// Parse is [Load] for a file that was read already.
func Parse(file string, data []byte) (Config, error) {
	l := &loader{file: file}
	c := Config{Systems: map[string]System{}, Routes: map[string]Route{}}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		l.add(nil, "", fmt.Errorf("this is not YAML: %w", err))
		return Config{}, l.err()
	}
	if len(doc.Content) == 0 {
		l.add(nil, "", errors.New("the file is empty; it needs version, systems and calls"))
		return Config{}, l.err()
	}
	root := doc.Content[0]
	version := 0
	l.fields(root, "", fields{
		"version": func(n *yaml.Node, at string) { version = l.number(n, at, 1, 1) },
		"systems": func(n *yaml.Node, at string) {
			l.entries(n, at, func(name string, n *yaml.Node, at string) { c.Systems[name] = l.system(n, at) })
		},
		"calls": func(n *yaml.Node, at string) {
			l.entries(n, at, func(name string, n *yaml.Node, at string) { c.Routes[name] = l.route(name, n, at, &c) })
		},
	})
	if version == 0 {
		l.add(root, "version", errors.New("is missing; write version: 1"))
	}
	l.systems(root, &c)
	if err := l.err(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// loader reads one file and collects what is wrong with it.
type loader struct {
	file   string
	errs   []error
	routed []routedTo // checked when all systems are known
}

type routedTo struct {
	n      *yaml.Node
	at     string
	system string
}

type fields map[string]func(n *yaml.Node, at string)

func (l *loader) add(n *yaml.Node, at string, err error) {
	line := 0
	if n != nil {
		line = n.Line
	}
	l.errs = append(l.errs, &strict.Fault{File: l.file, Line: line, Field: at, Reason: err.Error()})
}

func (l *loader) addf(n *yaml.Node, at, format string, args ...any) {
	l.add(n, at, fmt.Errorf(format, args...))
}

func (l *loader) err() error { return errors.Join(l.errs...) }

// entries calls f for each key of a mapping.
func (l *loader) entries(n *yaml.Node, at string, f func(key string, n *yaml.Node, at string)) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		l.addf(n, at, "want names with values below them")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		name := strings.TrimPrefix(at+"."+k.Value, ".")
		switch {
		case k.Kind != yaml.ScalarNode || k.Tag == "!!merge":
			l.addf(k, at, "want a plain name here; merge keys and lists as keys are not read")
		case seen[k.Value]:
			l.addf(k, name, "is there twice")
		default:
			seen[k.Value] = true
			for v.Kind == yaml.AliasNode {
				v = v.Alias
			}
			f(k.Value, v, name)
		}
	}
}

// fields calls the function of each field and reports fields that are not known.
func (l *loader) fields(n *yaml.Node, at string, known fields) {
	l.entries(n, at, func(key string, v *yaml.Node, at string) {
		if f := known[key]; f != nil {
			f(v, at)
			return
		}
		names := make([]string, 0, len(known))
		for k := range known {
			names = append(names, k)
		}
		slices.Sort(names)
		l.addf(v, at, "is not a field; known are %s", strings.Join(names, ", "))
	})
}

func (l *loader) text(n *yaml.Node, at string) string {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		l.addf(n, at, "want a text")
		return ""
	}
	return n.Value
}

func (l *loader) number(n *yaml.Node, at string, low, high int) int {
	v, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || v < low || v > high {
		l.addf(n, at, "%q: want a number from %d to %d", n.Value, low, high)
		return low
	}
	return v
}

func (l *loader) truth(n *yaml.Node, at string) bool {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		l.addf(n, at, "%q: want true or false", n.Value)
	}
	return n.Value == "true"
}

func (l *loader) duration(n *yaml.Node, at string, low, high time.Duration) time.Duration {
	v, err := time.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || v < low || v > high {
		l.addf(n, at, "%q: want a time from %v to %v, e.g. 3s or 500ms", n.Value, low, high)
		return low
	}
	return v
}

func (l *loader) texts(n *yaml.Node, at string) []string {
	if n.Kind != yaml.SequenceNode {
		l.addf(n, at, "want a list, e.g. [a, b]")
		return nil
	}
	var out []string
	for i, v := range n.Content {
		out = append(out, l.text(v, fmt.Sprintf("%s[%d]", at, i)))
	}
	return out
}

func (l *loader) system(n *yaml.Node, at string) System {
	s := defaultSystem()
	l.fields(n, at, fields{
		"url":            func(n *yaml.Node, at string) { s.URL = l.text(n, at) },
		"secret":         func(n *yaml.Node, at string) { s.Secret = l.text(n, at) },
		"signed_answers": func(n *yaml.Node, at string) { s.SignedAnswers = l.truth(n, at) },
		"timeout":        func(n *yaml.Node, at string) { s.Timeout = l.duration(n, at, minWait, maxWait) },
		"deadline":       func(n *yaml.Node, at string) { s.Deadline = l.duration(n, at, minWait, maxWait) },
		"retries":        func(n *yaml.Node, at string) { s.Retries = l.number(n, at, 0, 10) },
		"idempotent":     func(n *yaml.Node, at string) { s.Idempotent = l.truth(n, at) },
		"concurrency":    func(n *yaml.Node, at string) { s.Concurrency = l.number(n, at, 1, 10_000) },
		"max_answer":     func(n *yaml.Node, at string) { s.MaxAnswer = l.number(n, at, 1<<10, 16<<20) },
		"allow":          func(n *yaml.Node, at string) { s.Allow = l.allow(n, at) },
		"headers":        func(n *yaml.Node, at string) { s.Headers = l.headers(n, at) },
		"breaker": func(n *yaml.Node, at string) {
			l.fields(n, at, fields{
				"failures": func(n *yaml.Node, at string) { s.Breaker.Failures = l.number(n, at, 1, 1000) },
				"window":   func(n *yaml.Node, at string) { s.Breaker.Window = l.number(n, at, 1, 1000) },
				"pause":    func(n *yaml.Node, at string) { s.Breaker.Pause = l.duration(n, at, 10*time.Millisecond, time.Hour) },
			})
			if s.Breaker.Failures > s.Breaker.Window {
				l.addf(n, at, "%d failures of the last %d calls can never be; make window larger", s.Breaker.Failures, s.Breaker.Window)
			}
		},
	})
	if s.Deadline < s.Timeout {
		l.addf(n, at, "deadline %v is shorter than timeout %v: the whole call ends before one attempt may", s.Deadline, s.Timeout)
	}
	if s.SignedAnswers && s.Secret == "" {
		l.addf(n, at, "signed_answers needs secret")
	}
	if s.URL == "" {
		l.addf(n, at+".url", "is missing; write where the calls are POSTed to")
	} else if err := checkURL(s.URL, s.Allow); err != nil {
		l.add(n, at+".url", err)
	}
	return s
}

// Bounds of time limits: below, no system answers; above, no customer waits.
const (
	minWait = 10 * time.Millisecond
	maxWait = 2 * time.Minute
)

func (l *loader) allow(n *yaml.Node, at string) []string {
	list := l.texts(n, at)
	if _, err := NewGuard(list); err != nil {
		l.add(n, at, err)
		return nil
	}
	return list
}

func (l *loader) headers(n *yaml.Node, at string) map[string]string {
	h := map[string]string{}
	l.entries(n, at, func(name string, n *yaml.Node, at string) {
		h[name] = l.text(n, at)
		if err := checkHeader(name, h[name]); err != nil {
			l.add(n, at, err)
		}
	})
	return h
}

func (l *loader) route(name string, n *yaml.Node, at string, c *Config) Route {
	var r Route
	if !routeName.MatchString(name) {
		l.addf(n, at, "is neither a call (order.get), a family (order.*) nor *")
	}
	if n.Kind == yaml.ScalarNode {
		r.System = l.text(n, at)
	} else {
		l.fields(n, at, fields{
			"system":   func(n *yaml.Node, at string) { r.System = l.text(n, at) },
			"url":      func(n *yaml.Node, at string) { r.URL = l.text(n, at) },
			"timeout":  func(n *yaml.Node, at string) { r.Timeout = l.duration(n, at, minWait, maxWait) },
			"deadline": func(n *yaml.Node, at string) { r.Deadline = l.duration(n, at, minWait, maxWait) },
			"retries":  func(n *yaml.Node, at string) { v := l.number(n, at, 0, 10); r.Retries = &v },
			"read":     func(n *yaml.Node, at string) { r.Read = l.truth(n, at) },
		})
	}
	l.routed = append(l.routed, routedTo{n, at, r.System})
	return r
}

// systems checks what needs the whole file.
func (l *loader) systems(root *yaml.Node, c *Config) {
	if len(c.Systems) == 0 {
		l.addf(root, "systems", "there is none; name at least one with its url")
	}
	if len(c.Routes) == 0 {
		l.addf(root, "calls", `there is none; '"*": NAME' sends all calls to the system NAME`)
	}
	for _, r := range l.routed {
		sys, ok := c.Systems[r.system]
		if !ok {
			l.addf(r.n, r.at, "there is no system %q", r.system)
			continue
		}
		name := strings.TrimPrefix(r.at, "calls.")
		route := c.Routes[name]
		if route.URL != "" {
			if err := checkURL(route.URL, sys.Allow); err != nil {
				l.add(r.n, r.at+".url", err)
			}
		}
		if e := effective(sys, route); e.Deadline < e.Timeout {
			l.addf(r.n, r.at, "deadline %v is shorter than timeout %v", e.Deadline, e.Timeout)
		}
	}
}

// routeName is a call, a family of calls, or all.
var routeName = regexp.MustCompile(`^(\*|[a-z0-9_]+(\.[a-z0-9_]+)*(\.\*)?)$`)

// callName is a call. Nothing in it needs escaping in a path.
var callName = regexp.MustCompile(`^[a-z0-9_]{1,64}(\.[a-z0-9_]{1,64}){0,7}$`)

func checkURL(raw string, allow []string) error {
	u, err := url.Parse(strings.ReplaceAll(raw, "{call}", "call"))
	if err != nil {
		return fmt.Errorf("%q is not a URL: %w", raw, err)
	}
	if strings.Contains(raw, "{call}") && !strings.Contains(u.Path+"?"+u.RawQuery, "call") {
		return errors.New("{call} may stand in the path only")
	}
	if u.Fragment != "" || u.Opaque != "" {
		return fmt.Errorf("%q: want https://host/path", raw)
	}
	g, err := NewGuard(allow)
	if err != nil {
		return nil // reported with allow
	}
	return g.CheckURL(u)
}

// ownHeaders are written by the client.
var ownHeaders = []string{HeaderID, HeaderTimestamp, HeaderSignature, "Idempotency-Key", "Content-Type", "Content-Length", "Accept",
	"Accept-Encoding", "Host", "Connection", "Transfer-Encoding", "Upgrade", "Te", "Trailer", "User-Agent"}

func checkHeader(name, value string) error {
	canon := http.CanonicalHeaderKey(name)
	if slices.Contains(ownHeaders, canon) {
		return errors.New("is written by the client; leave it out")
	}
	if strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" || name == "" {
		return fmt.Errorf("%q is not the name of a header", name)
	}
	for _, r := range value {
		if r < ' ' || r > '~' {
			return errors.New("headers hold printable ASCII only")
		}
	}
	return nil
}
