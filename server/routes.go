package server

import (
	"strings"

	"github.com/gin-gonic/gin"
)

// route is one line of the table of routes. Path is as in openapi.json.
type route struct {
	method, path string
	handle       func(*gin.Context) error
}

// routes is the one table of what is served. A test holds it against openapi.json.
func (s *Server) routes() []route {
	return []route{
		{"POST", "/v1/parse", s.parse},
		{"GET", "/v1/bundles", s.getBundles},
		{"GET", "/v1/limits", s.getLimits},
		{"GET", "/v1/shadow", s.getShadow},
		{"GET", "/healthz", s.healthz},
		{"GET", "/readyz", s.readyz},
		{"GET", "/metrics", s.getMetrics},
		{"GET", "/openapi.json", s.getOpenAPI},
		{"GET", "/docs", s.getDocs},
		{"GET", "/", s.getHome},
		{"POST", "/model/parse", s.rasaParse},
		{"GET", "/version", s.rasaVersion},
		{"GET", "/status", s.rasaStatus},
		{"POST", "/language/:analyze-conversations", s.cluAnalyze},
	}
}

func (s *Server) newEngine() (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode) // or gin prints every route
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false // a redirect would lose a POST's body with many clients
	if err := e.SetTrustedProxies(nil); err != nil {
		return nil, err
	}
	e.Use(s.observe)
	e.NoRoute(s.notFound)
	e.NoMethod(s.notAllowed)
	for _, r := range s.routes() {
		handler := func(c *gin.Context) {
			if err := r.handle(c); err != nil {
				s.fail(c, err)
			}
		}
		path := strings.ReplaceAll(r.path, "/:", `/\:`) // a literal colon; ':' alone would begin a parameter
		e.Handle(r.method, path, handler)
		if r.method == "GET" {
			e.Handle("HEAD", path, handler) // net/http leaves the body out
		}
	}
	return e, nil
}
