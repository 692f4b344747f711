package server

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// access is a set of roles. The zero value is the safe one: admin alone.
type access uint8

const (
	accessRuntime access = 1 << iota
	accessAgent
	accessManager
	accessRead
	accessAdmin
	accessPublic // no key is asked for

	// accessStaff are the people of the operator.
	accessStaff = accessAgent | accessManager
	// accessNotes are those who may see what the robot is made of, which tells nothing of customers.
	accessNotes = accessStaff | accessRead
	// accessAll is every key.
	accessAll = accessNotes | accessRuntime
)

var accessOf = map[Role]access{RoleRuntime: accessRuntime, RoleAgent: accessAgent, RoleManager: accessManager, RoleRead: accessRead, RoleAdmin: accessAdmin}

func (a access) String() string {
	var names []string
	for _, r := range Roles {
		if a&accessOf[r] != 0 {
			names = append(names, string(r))
		}
	}
	return strings.Join(names, ", ")
}

// keyCaller is where a request's Caller is kept.
const keyCaller = "caller"

// local is the caller where no keys are needed.
var local = &Caller{Tenant: DefaultTenant, access: accessAdmin}

// callerOf returns who makes the request; admit has found it out.
func callerOf(c *gin.Context) *Caller {
	if who, ok := c.Value(keyCaller).(*Caller); ok {
		return who
	}
	return &Caller{Tenant: DefaultTenant} // of a public route: nobody
}

// admit lets a request in or says why not: where it comes from, who makes it, whether they may, and not too often.
func (s *Server) admit(c *gin.Context, need access) error {
	if err := s.checkOrigin(c.Request); err != nil {
		return err
	}
	if s.o.Keys == nil {
		c.Set(keyCaller, local)
		return nil
	}
	if need&accessPublic != 0 {
		return nil
	}
	who, err := s.authenticate(c)
	if err != nil {
		return err
	}
	c.Set(keyCaller, who)
	if wait := s.rates.take(who.Key, who.rate, who.burst, s.now()); wait > 0 {
		return tooFast(wait, "The key %s may make %g requests a second: try again after Retry-After.", quote(who.Key), who.rate)
	}
	if who.access&(need|accessAdmin) == 0 {
		return newFault(CodeForbidden, "The key %s has the role %s; this needs %s: use another key.", quote(who.Key), who.access, need|accessAdmin)
	}
	return nil
}

// Failed attempts to name a key that one address may make: a few a second, so that none is found by trying.
const (
	guessRate  = 2
	guessBurst = 20
)

func (s *Server) authenticate(c *gin.Context) (*Caller, error) {
	from := c.RemoteIP()
	if wait := s.guesses.peek(from, guessRate, guessBurst, s.now()); wait > 0 {
		return nil, tooFast(wait, "Too many wrong API keys came from this address: try again after Retry-After.")
	}
	credential, ok := credentialOf(c.Request)
	if !ok {
		return nil, newFault(CodeUnauthorized, "An API key is needed: send the header Authorization: Bearer with it.")
	}
	key, why := s.o.Keys.find(credential)
	if key == nil {
		s.guesses.take(from, guessRate, guessBurst, s.now())
		return nil, newFault(CodeUnauthorized, "%s: send one that is in the key file.", why)
	}
	return &key.Caller, nil
}

// wsKeyPrefix begins the subprotocol by which a browser's WebSocket, which can send no header, names its key.
const wsKeyPrefix = "yingda.key."

// credentialOf finds the key of a request. It is never taken from the URL, which ends in logs.
func credentialOf(r *http.Request) (string, bool) {
	if scheme, v, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(v), true
	}
	if v := r.Header.Get("X-Api-Key"); v != "" {
		return v, true
	}
	for _, line := range r.Header.Values("Sec-WebSocket-Protocol") {
		for p := range strings.SplitSeq(line, ",") {
			if v, ok := strings.CutPrefix(strings.TrimSpace(p), wsKeyPrefix); ok {
				return v, true
			}
		}
	}
	return "", false
}

// checkOrigin refuses requests that another site's page makes a browser send. Where no keys are needed it also refuses requests to any
// name but this machine's: else a page could reach the server by a name of its own that it lets point here.
func (s *Server) checkOrigin(r *http.Request) error {
	if s.o.Keys == nil && !loopbackHost(r.Host) {
		return newFault(CodeWrongHost, "The Host %s is not this machine: without API keys only localhost is answered.", quote(r.Host))
	}
	origin := r.Header.Get("Origin")
	if origin == "" || slices.Contains(s.o.Origins, origin) {
		return nil
	}
	if u, err := url.Parse(origin); err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host) {
		return nil
	}
	return newFault(CodeCrossOrigin, "A page of %s may not call this server: its operator can allow the origin.", quote(origin))
}

// allowPage tells a browser that a page of an origin which the operator named may read the answer, and answers its question before the
// request itself. It returns true when that was all. Pages of other origins are told nothing, so their browsers refuse.
func (s *Server) allowPage(c *gin.Context) bool {
	origin := c.Request.Header.Get("Origin")
	if origin == "" || !slices.Contains(s.o.Origins, origin) {
		return false
	}
	h := c.Writer.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "X-Request-Id, X-Bundle, Retry-After")
	h.Add("Vary", "Origin")
	if c.Request.Method != http.MethodOptions || c.Request.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID, X-Api-Key, X-Request-Id, X-Timeout-Ms")
	h.Set("Access-Control-Max-Age", "600")
	c.AbortWithStatus(http.StatusNoContent)
	return true
}

// loopbackHost tells whether a Host header names this machine.
func loopbackHost(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.Trim(host, "[]"), ".")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// CheckBinding refuses to listen where others can reach the server without API keys. addr is as for Options.Addr.
func CheckBinding(addr string, keys *Keys) error {
	if keys != nil {
		return nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("listen address %q: %w; want host:port such as 127.0.0.1:8080", addr, err)
	}
	if host == "" || !loopbackHost(host) {
		return fmt.Errorf("listen address %q can be reached by others: give a file of API keys, or listen at 127.0.0.1", addr)
	}
	return nil
}
