package server

import (
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// Headers by which the analytics half learns for whom it answers. They are never taken from outside.
const (
	headTenant = "X-Yingda-Tenant"
	headActor  = "X-Yingda-Actor"
)

// analyticsLimit bounds how long an answer of analytics may take to be written: exports are long.
const analyticsLimit = 10 * time.Minute

// passed are the headers of an answer of analytics that go on to the caller. The rest are this server's.
var passed = []string{"Content-Type", "Content-Length", "Content-Disposition", "Content-Language", "Content-Security-Policy", "Etag", "Last-Modified", "Retry-After"}

// analytics passes a request on to the analytics half, which has its routes from here: who may ask has been checked, for whom is said by
// headers. Reports, results of experiments, the unrecognised, labels and exports are answered by it.
func (s *Server) analytics(c *gin.Context) error {
	if s.o.Analytics == nil {
		return notConfigured("analytics")
	}
	who := callerOf(c)
	r := c.Request.Clone(c.Request.Context())
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Yingda-") {
			r.Header.Del(name)
		}
	}
	r.Header.Set(headTenant, who.Tenant)
	r.Header.Set(headActor, who.By())
	r.Header.Set("X-Request-Id", requestID(c))
	r.Header.Del("Authorization") // it has been checked, and is nobody else's business
	r.Header.Del("X-Api-Key")
	r.Body = http.MaxBytesReader(c.Writer, r.Body, int64(s.limits.BodyBytes))
	http.NewResponseController(c.Writer).SetWriteDeadline(time.Now().Add(analyticsLimit)) // where it cannot be set there is none
	s.o.Analytics.ServeHTTP(&passing{to: c.Writer, header: http.Header{}}, r)
	return nil
}

// passing is the answer of analytics on its way out.
type passing struct {
	to     gin.ResponseWriter
	header http.Header
	begun  bool
}

// Header returns the headers that are still to be sent.
func (p *passing) Header() http.Header { return p.header }

// WriteHeader sends the headers that go on.
func (p *passing) WriteHeader(status int) {
	if p.begun || status < 200 {
		return
	}
	p.begun = true
	for _, name := range passed {
		if vs := p.header.Values(name); len(vs) > 0 {
			p.to.Header()[name] = vs
		}
	}
	p.to.WriteHeader(status)
}

// Write writes a part of the body.
func (p *passing) Write(b []byte) (int, error) {
	p.WriteHeader(http.StatusOK)
	return p.to.Write(b)
}

// Flush sends what was written.
func (p *passing) Flush() {
	p.WriteHeader(http.StatusOK)
	p.to.Flush()
}
