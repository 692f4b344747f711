package profile

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/action"
)

// HTTPOptions describe a system that answers by HTTP.
type HTTPOptions struct {
	// URL has {customer} and may have {tenant}, e.g. "https://crm.example/customers/{customer}?tenant={tenant}". Both are escaped.
	URL string
	// Secrets sign each request; see [HTTP]. None = requests are not signed.
	Secrets []action.Secret
	// Header goes with each request, e.g. Authorization.
	Header http.Header
	// Guard says which addresses may be called. Nil = public ones only.
	Guard *action.Guard
	// MaxBytes bounds the answer. Default 1 MiB.
	MaxBytes int64
	// Now is the clock of signatures. Default time.Now.
	Now func() time.Time
}

// HTTP asks by GET. The answer is a dialogue.Profile as JSON; fields that are not known are ignored, 404 and 410 mean an unknown customer.
//
// Requests are signed as the calls of package action are; since a GET has no body, what is signed in its place is the line
// "GET <path and query>", e.g. "GET /customers/42?tenant=default".
type HTTP struct {
	o      HTTPOptions
	client *http.Client
}

var _ Provider = (*HTTP)(nil)

// NewHTTP checks the options.
func NewHTTP(o HTTPOptions) (*HTTP, error) {
	u, err := url.Parse(strings.NewReplacer("{customer}", "c", "{tenant}", "t").Replace(o.URL))
	if err != nil {
		return nil, fmt.Errorf("profile URL: %w", err)
	}
	if !strings.Contains(o.URL, "{customer}") {
		return nil, fmt.Errorf("profile URL %s has no {customer}: every customer would have the same profile", o.URL)
	}
	if host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(o.URL, "https://"), "http://"), "/"); strings.ContainsAny(host, "{}") {
		return nil, fmt.Errorf("profile URL %s: {customer} and {tenant} may stand in the path and the query only", o.URL)
	}
	if err := o.Guard.CheckURL(u); err != nil {
		return nil, fmt.Errorf("profile URL: %w", err)
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 1 << 20
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	client := &http.Client{
		Transport:     o.Guard.Transport(nil, 32),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &HTTP{o, client}, nil
}

// Fetch implements Provider. It sets no time limit of its own: the context's counts.
func (h *HTTP) Fetch(ctx context.Context, tenant, customer string) (dialogue.Profile, error) {
	r, err := h.request(ctx, tenant, customer)
	if err != nil {
		return dialogue.Profile{}, err
	}
	resp, err := h.client.Do(r)
	if err != nil {
		return dialogue.Profile{}, fmt.Errorf("ask for the profile: %w", hideURL(err))
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone:
		return dialogue.Profile{}, fmt.Errorf("customer: %w", dialogue.ErrUnknown)
	case resp.StatusCode != http.StatusOK:
		return dialogue.Profile{}, fmt.Errorf("ask for the profile: the system answered with status %d, want 200 or 404", resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, h.o.MaxBytes+1))
	if err != nil {
		return dialogue.Profile{}, fmt.Errorf("read the profile: %w", err)
	}
	if int64(len(data)) > h.o.MaxBytes {
		return dialogue.Profile{}, fmt.Errorf("read the profile: more than %d bytes", h.o.MaxBytes)
	}
	return decode(data)
}

func (h *HTTP) request(ctx context.Context, tenant, customer string) (*http.Request, error) {
	fill := func(escape func(string) string) *strings.Replacer {
		return strings.NewReplacer("{customer}", escape(customer), "{tenant}", escape(tenant))
	}
	path, query, found := strings.Cut(h.o.URL, "?")
	address := fill(pathEscape).Replace(path)
	if found {
		address += "?" + fill(url.QueryEscape).Replace(query)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("ask for the profile: %w", hideURL(err))
	}
	for k, vs := range h.o.Header {
		r.Header[k] = vs
	}
	r.Header.Set("Accept", "application/json")
	if len(h.o.Secrets) > 0 {
		action.Sign(r.Header, h.o.Secrets, "profile-"+rand.Text(), h.o.Now(), []byte("GET "+r.URL.RequestURI()))
	}
	return r, nil
}

// pathEscape leaves no segment that a server could take for a step up or for nothing at all.
func pathEscape(s string) string {
	switch e := url.PathEscape(s); e {
	case ".", "..":
		return strings.ReplaceAll(e, ".", "%2E")
	default:
		return e
	}
}

// decode reads a profile as JSON.
func decode(data []byte) (dialogue.Profile, error) {
	var p dialogue.Profile
	if err := json.Unmarshal(data, &p); err != nil {
		return dialogue.Profile{}, fmt.Errorf("the answer is no profile: %w", err)
	}
	return tidy(p), nil
}

// hideURL takes the address, which names the customer, out of an error that goes to a log.
func hideURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
