package server

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// dialect is the family of shapes that a caller expects, errors included.
type dialect int

const (
	dialectNative dialect = iota // RFC 9457 problem+json
	dialectRasa
	dialectCLU
)

// dialectOf tells the dialect from the path, so that also a wrong method or a panic is answered in it.
func dialectOf(path string) dialect {
	switch {
	case path == "/version", path == "/status", strings.HasPrefix(path, "/model/"), strings.HasPrefix(path, "/webhooks/"):
		return dialectRasa
	case strings.HasPrefix(path, "/language/"):
		return dialectCLU
	}
	return dialectNative
}

// problem is RFC 9457's object. Type points to the code's paragraph in the documentation.
type problem struct {
	Type      string       `json:"type"`
	Title     string       `json:"title"`
	Status    int          `json:"status"`
	Code      Code         `json:"code"`
	Detail    string       `json:"detail"`
	Instance  string       `json:"instance"`
	RequestID string       `json:"request_id"`
	Errors    []fieldError `json:"errors,omitempty"`
	Owner     *ownerView   `json:"owner,omitempty"` // of stale_owner: who speaks now
}

// fail answers with the error in the caller's dialect. It is the only place that writes errors.
func (s *Server) fail(c *gin.Context, err error) {
	f := asFault(err)
	k := kindOf[f.code]
	path, id := c.Request.URL.Path, requestID(c)
	c.Set(keyCode, f.code)
	if f.code == CodeInternal {
		s.log.Error("request failed", "request_id", id, "route", c.FullPath(), "error", errors.Unwrap(f))
	}
	if c.Writer.Written() {
		return // the answer has begun; the connection's end tells the caller
	}
	h := c.Writer.Header()
	h.Set("Content-Language", "en")
	if k.retries() {
		seconds := int((f.after + time.Second - 1) / time.Second)
		h.Set("Retry-After", strconv.Itoa(max(seconds, 1)+rand.IntN(3))) // spread, or all callers come back at once
	}
	switch f.code {
	case CodeUnauthorized:
		h.Set("WWW-Authenticate", "Bearer")
	case CodeUpgradeRequired:
		h.Set("Upgrade", "websocket")
	case CodeShuttingDown, CodeBodyTimeout, CodeBodyTooLarge:
		h.Set("Connection", "close")
	case CodeUnsupportedEncoding:
		h.Set("Accept-Encoding", "gzip, identity") // RFC 9110 §12.5.3
	}
	switch dialectOf(path) {
	case dialectRasa:
		writeJSON(c, rasaStatus(k), "application/json", s.rasaError(f, k))
	case dialectCLU:
		writeJSON(c, cluStatus(k), "application/json", cluError(f, k))
	default:
		writeJSON(c, k.Status, "application/problem+json", problemOf(f, path, id))
	}
}

func problemOf(f *fault, path, id string) problem {
	k := kindOf[f.code]
	return problem{Type: "/docs#" + string(f.code), Title: k.Title, Status: k.Status, Code: f.code,
		Detail: f.detail, Instance: path, RequestID: id, Errors: f.fields, Owner: f.owner}
}

// writeJSON is for answers that are not on the hot path.
func writeJSON(c *gin.Context, status int, contentType string, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		status, data = http.StatusInternalServerError, []byte(`{"code":"internal_error","detail":"The answer could not be encoded."}`)
	}
	writeBytes(c, status, contentType, append(data, '\n'))
}

func writeBytes(c *gin.Context, status int, contentType string, data []byte) {
	h := c.Writer.Header()
	h["Content-Type"] = []string{contentType}
	h["Content-Length"] = []string{strconv.Itoa(len(data))}
	c.Writer.WriteHeader(status)
	_, _ = c.Writer.Write(data) // an error means that the caller has left
}

// notFound and notAllowed answer for gin; it has set the Allow header.
func (s *Server) notFound(c *gin.Context) {
	s.fail(c, newFault(CodeNotFound, "There is nothing at %s: see /docs for the paths there are.", quote(c.Request.URL.Path)))
}

func (s *Server) notAllowed(c *gin.Context) {
	s.fail(c, newFault(CodeMethodNotAllowed, "%s does not take %s: use %s.",
		quote(c.Request.URL.Path), quote(c.Request.Method), c.Writer.Header().Get("Allow")))
}

// quote shows a piece of the request in a message, shortened visibly.
func quote(s string) string {
	const most = 64
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strconv.Quote(s)
}
