package action_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"yingda/dialogue/action"
)

func mustGuard(tb testing.TB, allow ...string) *action.Guard {
	tb.Helper()
	g, err := action.NewGuard(allow)
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// inside are URLs that lead, or try to lead, where only the inside of a network can go. None may pass without being allowed.
var inside = []string{
	"https://127.0.0.1/", "https://127.1.2.3/", "https://127.255.255.254:8080/", "https://localhost./x", // names are checked when dialled, see below
	"https://0.0.0.0/", "https://0.1.2.3/", "https://10.0.0.1/", "https://10.255.255.255/", "https://172.16.0.1/", "https://172.31.255.254/",
	"https://192.168.0.1/", "https://192.168.1.1:443/", "https://100.64.0.1/", "https://100.127.255.255/", "https://100.100.100.200/latest/meta-data/",
	"https://169.254.169.254/latest/meta-data/", "https://169.254.170.2/v2/credentials", "https://169.254.0.1/", "https://192.0.0.192/opc/v2/",
	"https://168.63.129.16/", "https://192.0.2.1/", "https://198.18.0.1/", "https://198.19.255.255/", "https://198.51.100.7/", "https://203.0.113.9/",
	"https://192.88.99.1/", "https://224.0.0.1/", "https://239.255.255.250/", "https://240.0.0.1/", "https://255.255.255.255/",
	"https://[::]/", "https://[::1]/", "https://[0:0:0:0:0:0:0:1]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::ffff:10.0.0.1]/",
	"https://[::ffff:169.254.169.254]/", "https://[::ffff:a9fe:a9fe]/", "https://[::127.0.0.1]/", "https://[::7f00:1]/", "https://[64:ff9b::127.0.0.1]/",
	"https://[64:ff9b::7f00:1]/", "https://[64:ff9b::a9fe:a9fe]/", "https://[64:ff9b::10.1.2.3]/", "https://[64:ff9b:1::1]/", "https://[fe80::1]/", "https://[fe80::1%25eth0]/",
	"https://[fec0::1]/", "https://[fc00::1]/", "https://[fd00::1]/", "https://[fd00:ec2::254]/latest/", "https://[fd20:ce::254]/", "https://[2002:7f00:1::]/",
	"https://[2002:a9fe:a9fe::]/", "https://[2001::1]/", "https://[2001:db8::1]/", "https://[3fff::1]/", "https://[ff02::1]/", "https://[100::1]/", "https://[4000::1]/",
	"https://2130706433/", "https://017700000001/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://127.1/", "https://127.0.1/", "https://0177.0.0.1/",
	"https://127.0.0.1./", "https://10.0.0.1.:443/", "https://169.254.43518/", "https://0xa9.0xfe.0xa9.0xfe/", "https://[::ffff:0:127.0.0.1]/",
	"http://example.com/", "http://93.184.215.14/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "javascript:alert(1)", "//example.com/",
	"https://user:pw@example.com/", "https://127.0.0.1@example.com/", "https://example.com:0/", "https://example.com:99999/", "https://example.com:/", "https:///nohost", "https://exa mple.com/",
}

func TestGuardURLs(t *testing.T) {
	g := mustGuard(t)
	blocked := 0
	for _, s := range inside {
		u, err := url.Parse(s)
		if err != nil {
			blocked++
			continue
		}
		if strings.HasPrefix(u.Host, "localhost") {
			continue // a name: what it resolves to is checked at the dial
		}
		var b *action.BlockedError
		if err := g.CheckURL(u); !errors.As(err, &b) {
			t.Errorf("%s: error is %v, want it blocked", s, err)
			continue
		}
		blocked++
	}
	if blocked < 60 {
		t.Errorf("only %d cases", blocked)
	}
	for _, s := range []string{"https://example.com/", "https://example.com:8443/x", "https://93.184.215.14/", "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/",
		"https://[64:ff9b::5db8:d70e]/", "https://[::ffff:93.184.215.14]/", "https://xn--fiqs8s.example/", "https://商店.example/", "https://a_b.example.com/", "https://1.example2.com/"} {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := g.CheckURL(u); err != nil {
			t.Errorf("%s is blocked: %v", s, err)
		}
	}
}

func TestGuardAllow(t *testing.T) {
	for _, c := range []struct {
		name, allow, host, addr string
		ok                      bool
	}{
		{"OKHostLoopback", "crm.internal", "crm.internal", "127.0.0.1", true},
		{"OKHostCase", "CRM.Internal.", "crm.internal", "10.1.1.1", true},
		{"OKRange", "10.2.0.0/16", "any.example", "10.2.3.4", true},
		{"OKRangeMapped", "10.2.0.0/16", "any.example", "::ffff:10.2.3.4", true},
		{"OKAddress", "127.0.0.1", "any.example", "127.0.0.1", true},
		{"OKAddress6", "[::1]", "any.example", "::1", true},
		{"OKLinkLocalRange", "169.254.7.0/24", "any.example", "169.254.7.1", true},
		{"ErrOtherHost", "crm.internal", "evil.example", "127.0.0.1", false},
		{"ErrSubdomain", "crm.internal", "x.crm.internal", "127.0.0.1", false},
		{"ErrOutsideRange", "10.2.0.0/16", "any.example", "10.3.0.1", false},
		{"ErrOneAddress", "127.0.0.1", "any.example", "127.0.0.2", false},
		{"ErrHostMetadata", "crm.internal", "crm.internal", "169.254.169.254", false},
		{"ErrHostLinkLocal", "crm.internal", "crm.internal", "169.254.1.1", false},
		{"ErrRangeMetadata", "169.254.0.0/16", "any.example", "169.254.169.254", false},
		{"ErrAlibaba", "100.64.0.0/10", "any.example", "100.100.100.200", false},
		{"ErrUnspecified", "0.0.0.0/0", "any.example", "0.0.0.0", false},
		{"ErrUnspecified6", "::/0", "any.example", "::", false},
		{"ErrMulticast", "0.0.0.0/0", "any.example", "224.0.0.1", false},
		{"ErrZone", "fe80::/10", "any.example", "fe80::1%eth0", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := mustGuard(t, c.allow).CheckAddr(c.host, netip.MustParseAddr(c.addr))
			if (err == nil) != c.ok {
				t.Errorf("error is %v", err)
			}
		})
	}
	for _, bad := range []string{"", "10.0.0.0/99", "two words", "https://x.example", "127.1", "a/b"} {
		if _, err := action.NewGuard([]string{bad}); err == nil {
			t.Errorf("%q may be allowed", bad)
		}
	}
}

// TestGuardDial dials for real: whatever a name resolves to is seen by the guard after the resolving.
func TestGuardDial(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "inside") }))
	defer srv.Close()
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	get := func(g *action.Guard, r *net.Resolver, u string) error {
		tr := g.Transport(r, 2)
		defer tr.CloseIdleConnections()
		resp, err := (&http.Client{Transport: tr, Timeout: 3 * time.Second}).Get(u)
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	var blocked *action.BlockedError
	for _, u := range []string{srv.URL, "http://localhost:" + port, "http://[::ffff:127.0.0.1]:" + port, "http://0.0.0.0:" + port, "http://１２７.0.0.1:" + port} {
		if err := get(mustGuard(t), nil, u); !errors.As(err, &blocked) {
			t.Errorf("%s: error is %v, want it blocked", u, err)
		}
	}
	if err := get(nil, nil, srv.URL); !errors.As(err, &blocked) {
		t.Errorf("the nil guard lets through: %v", err)
	}
	if err := get(mustGuard(t, "127.0.0.1"), nil, srv.URL); err != nil {
		t.Errorf("an allowed address: %v", err)
	}
	if err := get(mustGuard(t, "localhost"), nil, "http://localhost:"+port); err != nil {
		t.Errorf("an allowed host: %v", err)
	}
}

// TestGuardRebinding resolves a name to a public address first and to this machine from then on, as DNS rebinding does.
func TestGuardRebinding(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "inside") }))
	defer srv.Close()
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	var asked atomic.Int64
	resolver := fakeDNS(t, func() [4]byte {
		if asked.Add(1) == 1 {
			return [4]byte{192, 0, 2, 1} // where a public address would be; nothing answers there
		}
		return [4]byte{127, 0, 0, 1}
	})
	g := mustGuard(t)
	for range 3 {
		tr := g.Transport(resolver, 2)
		_, err := (&http.Client{Transport: tr, Timeout: 2 * time.Second}).Get("http://rebind.example:" + port)
		tr.CloseIdleConnections()
		var blocked *action.BlockedError
		if !errors.As(err, &blocked) {
			t.Errorf("error is %v, want it blocked", err)
		}
	}
	if asked.Load() < 2 {
		t.Errorf("the name was resolved %d times", asked.Load())
	}
}

// fakeDNS is a resolver whose A records come from a function; there are no AAAA records.
func fakeDNS(tb testing.TB, next func() [4]byte) *net.Resolver {
	tb.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			m.Header = dnsmessage.Header{ID: m.ID, Response: true, Authoritative: true}
			m.Additionals = nil
			if q.Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}, Body: &dnsmessage.AResource{A: next()}}}
			}
			if out, err := m.Pack(); err == nil {
				pc.WriteTo(out, from)
			}
		}
	}()
	tb.Cleanup(func() { pc.Close(); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", pc.LocalAddr().String())
	}}
}

func FuzzGuardURL(f *testing.F) {
	for _, s := range inside {
		f.Add(s)
	}
	g, err := action.NewGuard(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := url.Parse(s)
		if err != nil || g.CheckURL(u) != nil {
			return
		}
		if ip, err := netip.ParseAddr(u.Hostname()); err == nil && (ip.Unmap().IsLoopback() || ip.Unmap().IsPrivate() || ip.Unmap().IsLinkLocalUnicast() || ip.IsUnspecified()) {
			t.Fatalf("%q passes", s)
		}
		if u.Scheme != "https" || u.User != nil {
			t.Fatalf("%q passes", s)
		}
	})
}
