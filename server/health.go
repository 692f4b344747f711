package server

import (
	"github.com/gin-gonic/gin"

	"yingda/models"
)

// healthz tells that the process answers. It says nothing about the model: a restart would not bring one.
func (s *Server) healthz(c *gin.Context) error {
	writeBytes(c, 200, "application/json", []byte("{\"status\":\"ok\"}\n"))
	return nil
}

type readyAnswer struct {
	Ready   bool     `json:"ready"`
	Reasons []string `json:"reasons"`
}

// readyz tells whether requests should be sent here.
func (s *Server) readyz(c *gin.Context) error {
	answer := readyAnswer{Reasons: s.notReady()}
	status := 503
	if answer.Ready = len(answer.Reasons) == 0; answer.Ready {
		status, answer.Reasons = 200, []string{}
	}
	writeJSON(c, status, "application/json", answer)
	return nil
}

func (s *Server) notReady() []string {
	var reasons []string
	if s.draining.Load() {
		reasons = append(reasons, "shutting down")
	}
	if s.champion() == nil {
		reasons = append(reasons, "no champion is loaded; see /v1/bundles")
	}
	if s.o.NotReady != nil {
		reasons = append(reasons, s.o.NotReady()...)
	}
	return reasons
}

// champion returns the manifest of the bundle in charge, or nil.
func (s *Server) champion() *models.Manifest {
	for _, l := range s.o.Bundles.Loaded() {
		if l.Role == models.Champion {
			return l.Manifest
		}
	}
	return nil
}
