package server

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"
)

// Keys of values that travel with a request.
const (
	keyRequestID = "request_id"
	keyCode      = "code"
)

// Headers that every answer carries. The slices are shared and never changed.
var (
	headNoSniff    = []string{"nosniff"}
	headNoReferrer = []string{"no-referrer"}
	headNoStore    = []string{"no-store"}
	headDeny       = []string{"DENY"}
	headSameOrigin = []string{"same-origin"}
	headCSP        = []string{"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"}
)

// observe is the one middleware: request id, security headers, panics, metrics and the access log. One function, because every
// further layer costs each request.
func (s *Server) observe(c *gin.Context) {
	start := s.now()
	id := c.Request.Header.Get("X-Request-Id")
	if !saneID(id) {
		id = newID()
	}
	c.Set(keyRequestID, id)
	h := c.Writer.Header()
	h["X-Request-Id"] = []string{id}
	h["X-Content-Type-Options"] = headNoSniff
	h["Referrer-Policy"] = headNoReferrer
	h["Cache-Control"] = headNoStore
	h["X-Frame-Options"] = headDeny
	h["Cross-Origin-Resource-Policy"] = headSameOrigin
	h["Cross-Origin-Opener-Policy"] = headSameOrigin
	h["Content-Security-Policy"] = headCSP // pages set their own
	s.metrics.inFlight.Inc()
	defer s.observed(c, id, start)
	if !s.allowPage(c) {
		c.Next()
	}
}

// observed ends a request: it answers a panic and counts.
func (s *Server) observed(c *gin.Context, id string, start time.Time) {
	s.metrics.inFlight.Dec()
	abort := false
	if v := recover(); v != nil {
		if abort = v == http.ErrAbortHandler; !abort {
			s.log.Error("panic", "request_id", id, "route", c.FullPath(), "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			s.fail(c, newFault(CodeInternal, "The server failed to answer; this is not the request's fault. Report the request id to whoever runs this server."))
		}
	}
	took, status := s.now().Sub(start), c.Writer.Status()
	code, _ := c.Value(keyCode).(Code)
	s.metrics.served(c.Request.Method, c.FullPath(), status, code, took)
	if s.log.Enabled(c.Request.Context(), slog.LevelDebug) {
		s.log.Debug("request", "request_id", id, "method", c.Request.Method, "route", c.FullPath(), "status", status,
			"code", code, "bytes_in", c.Request.ContentLength, "bytes_out", c.Writer.Size(), "duration", took, "remote", c.RemoteIP())
	}
	if abort {
		panic(http.ErrAbortHandler) // net/http's way to drop a connection
	}
}

func requestID(c *gin.Context) string { return c.GetString(keyRequestID) }

// saneID accepts ids that are safe in logs and headers.
func saneID(id string) bool {
	if len(id) == 0 || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}

// newID makes an id that is unlikely to occur twice; it is no secret.
func newID() string {
	var b [16]byte
	x := rand.Uint64()
	for i := range b {
		b[i] = hexDigits[x>>(4*i)&15]
	}
	return string(b[:])
}
