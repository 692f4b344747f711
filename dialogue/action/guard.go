package action

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// BlockedError is returned when a guard does not let a request go where it wants to.
type BlockedError struct {
	Host   string
	Addr   netip.Addr // zero when the URL alone was enough
	Reason string     // what is wrong and what to do
}

func (e *BlockedError) Error() string {
	if e.Addr.IsValid() {
		return fmt.Sprintf("host %q resolves to %v: %s", e.Host, e.Addr, e.Reason)
	}
	return fmt.Sprintf("host %q: %s", e.Host, e.Reason)
}

// Guard keeps requests away from addresses that only the inside of a network can reach: loopback, private and link-local ones, the
// metadata services of clouds, and the same hidden in IPv6. It looks at a URL, and at every address right before it is dialled, after the
// name was resolved; so a name that resolves differently the second time gains nothing. Nil allows public addresses only. It is safe for
// concurrent use.
type Guard struct {
	hosts map[string]bool
	nets  []netip.Prefix
}

// NewGuard makes a guard with exceptions: host names ("crm.internal"), addresses ("127.0.0.1") and ranges ("10.2.0.0/16"). A host that is
// named may have a loopback or private address. Ranges admit any address but those of metadata services.
func NewGuard(allow []string) (*Guard, error) {
	g := &Guard{hosts: map[string]bool{}}
	var errs []error
	for _, a := range allow {
		if err := g.allow(strings.TrimSpace(a)); err != nil {
			errs = append(errs, err)
		}
	}
	return g, errors.Join(errs...)
}

func (g *Guard) allow(a string) error {
	if p, err := netip.ParsePrefix(a); err == nil {
		g.nets = append(g.nets, p.Masked())
		return nil
	}
	if ip, err := netip.ParseAddr(strings.Trim(a, "[]")); err == nil && ip.Zone() == "" {
		g.nets = append(g.nets, netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen()))
		return nil
	}
	host := hostName(a)
	if !goodHost(host) {
		return fmt.Errorf("%q is neither a host name, an address nor a range such as 10.2.0.0/16", a)
	}
	g.hosts[host] = true
	return nil
}

// CheckURL tells what is wrong with a URL before anything is resolved: its scheme, a password in it, a host that is an inner address or
// an address in disguise. Plain http is for allowed hosts only. Errors: *BlockedError.
func (g *Guard) CheckURL(u *url.URL) error {
	host := hostName(u.Hostname())
	blocked := func(reason string) error { return &BlockedError{Host: host, Reason: reason} }
	if u.Scheme != "https" && u.Scheme != "http" {
		return blocked(fmt.Sprintf("scheme %q is not allowed; use https", u.Scheme))
	}
	if u.User != nil {
		return blocked("names and passwords in addresses are not allowed; use a header")
	}
	if p := u.Port(); p != "" || strings.HasSuffix(u.Host, ":") {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return blocked(fmt.Sprintf("port %q is none", p))
		}
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		if u.Scheme == "http" && !g.allowsAddr(ip) {
			return blocked("http is for allowed hosts only; use https or allow it")
		}
		return g.CheckAddr(host, ip)
	}
	if !goodHost(host) {
		return blocked("this is no host name")
	}
	if u.Scheme == "http" && !g.allowsHost(host) {
		return blocked("http is for allowed hosts only; use https or allow it")
	}
	return nil
}

// CheckAddr tells whether an address that host resolved to may be dialled. Errors: *BlockedError.
func (g *Guard) CheckAddr(host string, ip netip.Addr) error {
	host = hostName(host)
	blocked := func(reason string) error { return &BlockedError{Host: host, Addr: ip, Reason: reason} }
	if ip.Zone() != "" {
		return blocked("addresses of one interface are not allowed")
	}
	kind := classify(ip)
	switch {
	case kind == public:
		return nil
	case kind == metadata:
		return blocked("this is the metadata service of a cloud, which is never called")
	case kind == unspecified:
		return blocked("this is no address of a host")
	case g.allowsAddr(ip):
		return nil
	case kind == inner && g.allowsHost(host):
		return nil
	}
	return blocked("only public addresses may be called; if this is meant, add the host or the address to 'allow'")
}

func (g *Guard) allowsHost(host string) bool { return g != nil && g.hosts[host] }

func (g *Guard) allowsAddr(ip netip.Addr) bool {
	if g == nil {
		return false
	}
	ip = ip.Unmap()
	for _, p := range g.nets {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// Transport returns a transport that dials nothing that the guard forbids. It uses no proxy, asks for no compression, and limits headers.
// resolver may be nil; perHost caps the connections to one host.
func (g *Guard) Transport(resolver *net.Resolver, perHost int) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			d := net.Dialer{Resolver: resolver, Timeout: 5 * time.Second, KeepAlive: 30 * time.Second, Control: g.control(host)}
			return d.DialContext(ctx, network, address)
		},
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		MaxIdleConnsPerHost:    perHost,
		MaxConnsPerHost:        perHost,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    5 * time.Second,
		MaxResponseHeaderBytes: 32 << 10,
	}
}

// control is called by the dialer with the address itself, for each that the host resolved to.
func (g *Guard) control(host string) func(network, address string, _ syscall.RawConn) error {
	return func(network, address string, _ syscall.RawConn) error {
		if network != "tcp4" && network != "tcp6" {
			return &BlockedError{Host: host, Reason: fmt.Sprintf("network %q is not allowed", network)}
		}
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return &BlockedError{Host: host, Reason: "its address cannot be read"}
		}
		return g.CheckAddr(host, ap.Addr())
	}
}

// hostName is a host name in the form in which they are compared.
func hostName(h string) string { return strings.ToLower(strings.TrimSuffix(h, ".")) }

// goodHost tells whether h is a name and not a number that some resolvers take for an address (2130706433, 0x7f.1, 0177.0.0.1).
func goodHost(h string) bool {
	if h == "" || len(h) > 253 {
		return false
	}
	for _, r := range h {
		if r < 0x80 && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != '_' {
			return false
		}
	}
	last := h[strings.LastIndexByte(h, '.')+1:]
	_, err := strconv.ParseUint(last, 0, 64)
	return err != nil && last != "" && strings.Trim(last, "0123456789") != "" && !strings.HasPrefix(last, "0x")
}
