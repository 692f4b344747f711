package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"

	"yingda/dialogue/action"
)

// Errors of links.
var (
	// ErrHost is returned for links to hosts that the operator does not list.
	ErrHost = errors.New("host is not allowed")
	// ErrPage is returned when a page has no title that could be read.
	ErrPage = errors.New("page has no readable title")
)

// LinkOptions say which pages are looked at.
type LinkOptions struct {
	// Hosts whose pages may be fetched: "shop.example", or "*.shop.example" for it and all below it; another port than the scheme's own is
	// named: "shop.example:8443". Empty = none are.
	Hosts []string
	// Allow are hosts and address ranges that may be dialled although they are not public; see [action.NewGuard].
	Allow []string
	// Timeout of one page, redirects included. Default 2 s.
	Timeout time.Duration
	// MaxBytes is how much of a page is read. Default 256 KiB: titles stand at the top.
	MaxBytes int64
	// Resolver of host names; nil = the system's.
	Resolver *net.Resolver
}

// Links reads the titles of pages. It is safe for concurrent use.
type Links struct {
	o      LinkOptions
	exact  map[string]bool
	below  []string // ".shop.example"
	guard  *action.Guard
	client *http.Client
}

// maxRedirects is enough for http → https → www → the page.
const maxRedirects = 3

// maxTitle is the longest title, in code points.
const maxTitle = 120

// NewLinks checks the options.
func NewLinks(o LinkOptions) (*Links, error) {
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Second
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 256 << 10
	}
	g, err := action.NewGuard(o.Allow)
	if err != nil {
		return nil, fmt.Errorf("links: allow: %w", err)
	}
	l := &Links{o: o, exact: map[string]bool{}, guard: g}
	for _, h := range o.Hosts {
		name := strings.ToLower(strings.TrimSuffix(strings.TrimSpace(h), "."))
		rest, wild := strings.CutPrefix(name, "*.")
		if rest == "" || strings.ContainsAny(rest, "*/@ ") || wild && (!strings.Contains(rest, ".") || strings.Contains(rest, ":")) {
			return nil, fmt.Errorf("links: host %q: want shop.example, shop.example:8443 or *.shop.example", h)
		}
		l.exact[rest] = true
		if wild {
			l.below = append(l.below, "."+rest)
		}
	}
	l.client = &http.Client{Transport: g.Transport(o.Resolver, 4), CheckRedirect: l.redirect}
	return l, nil
}

// Close gives back idle connections.
func (l *Links) Close() { l.client.CloseIdleConnections() }

// allowed tells whether a page may be looked at: its host is listed and the guard agrees.
func (l *Links) allowed(u *url.URL) error {
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	own := map[string]string{"https": "443", "http": "80"}[u.Scheme]
	if p := u.Port(); p != "" && p != own {
		host = net.JoinHostPort(host, p)
	}
	listed := l.exact[host]
	for _, b := range l.below {
		listed = listed || strings.HasSuffix(host, b)
	}
	if !listed {
		return fmt.Errorf("%w: %.100q", ErrHost, host)
	}
	return l.guard.CheckURL(u)
}

func (l *Links) redirect(r *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("%w: more than %d redirects", ErrPage, maxRedirects)
	}
	if via[len(via)-1].URL.Scheme == "https" && r.URL.Scheme != "https" {
		return fmt.Errorf("%w: it leads from https to %s", ErrPage, r.URL.Scheme)
	}
	r.Header.Del("Referer") // a customer's link may hold what is theirs
	return l.allowed(r.URL)
}

// Title fetches a page and returns its title in one line. Errors: ErrHost, ErrPage, *action.BlockedError, those of the network.
func (l *Links) Title(ctx context.Context, link string) (string, error) {
	u, err := url.Parse(link)
	if err != nil {
		return "", fmt.Errorf("%w: it is not a URL", ErrPage)
	}
	if u.Scheme == "http" && u.Port() == "" && l.guard.CheckURL(u) != nil {
		u.Scheme = "https" // what people paste often lacks the s
	}
	if err := l.allowed(u); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, l.o.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrPage, err)
	}
	r.Header.Set("User-Agent", "yingda (link preview)")
	r.Header.Set("Accept", "text/html,application/xhtml+xml")
	resp, err := l.client.Do(r)
	if err != nil {
		return "", reason(err)
	}
	defer resp.Body.Close()
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case resp.StatusCode != http.StatusOK:
		return "", fmt.Errorf("%w: HTTP status %d", ErrPage, resp.StatusCode)
	case err != nil || kind != "text/html" && kind != "application/xhtml+xml":
		return "", fmt.Errorf("%w: it is of type %.60q", ErrPage, kind)
	case resp.Header.Get("Content-Encoding") != "" && resp.Header.Get("Content-Encoding") != "identity":
		return "", fmt.Errorf("%w: it is packed although that was not asked for", ErrPage)
	}
	return readTitle(io.LimitReader(resp.Body, l.o.MaxBytes), resp.Header.Get("Content-Type"))
}

// reason drops the URL from an error of the client: it is the customer's.
func reason(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// readTitle finds the title in the head of a page of any charset: og:title if there is one, for it names the thing and not the site.
func readTitle(page io.Reader, contentType string) (string, error) {
	decoded, err := charset.NewReader(page, contentType)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrPage, err)
	}
	z := html.NewTokenizer(decoded)
	z.SetMaxBuf(64 << 10)
	title, inTitle := "", false
	for {
		switch z.Next() {
		case html.ErrorToken:
			return finish(title, z.Err())
		case html.TextToken:
			if inTitle && title == "" {
				title = oneLine(string(z.Text()))
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			inTitle = false
			if atom.Lookup(name) == atom.Head {
				return finish(title, nil)
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			switch atom.Lookup(name) {
			case atom.Title:
				inTitle = title == ""
			case atom.Meta:
				if t := ogTitle(z, more); t != "" {
					return t, nil
				}
			case atom.Body:
				return finish(title, nil)
			}
		}
	}
}

func finish(title string, err error) (string, error) {
	if title != "" {
		return title, nil
	}
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("%w: %w", ErrPage, err)
	}
	return "", ErrPage
}

// ogTitle returns the content of <meta property="og:title">, "" for other tags.
func ogTitle(z *html.Tokenizer, more bool) string {
	property, content := "", ""
	for more {
		var k, v []byte
		k, v, more = z.TagAttr()
		switch string(k) {
		case "property", "name":
			property = string(v)
		case "content":
			content = string(v)
		}
	}
	if property != "og:title" {
		return ""
	}
	return oneLine(content)
}

// oneLine makes a title of what others wrote.
func oneLine(s string) string { return oneLineOf(s, maxTitle) }

// oneLineOf makes a line of at most that many code points: no control characters, none that turn the direction of writing, one space
// between words.
func oneLineOf(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError || unicode.In(r, unicode.Cf) && r != '\u200d' {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > most {
		s = strings.TrimSpace(string([]rune(s)[:most-1])) + "…"
	}
	return s
}
