package server

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// Records is the log of conversations as something to be looked after.
type Records interface {
	// Erase makes all that was said with a customer unreadable for ever, in every copy that is made from now on.
	Erase(ctx context.Context, tenant, customer string) (Erased, error)
	// Backup writes a copy of the log, a tar, while the log is in use. What was written is of no use when it fails.
	Backup(ctx context.Context, w io.Writer) error
}

// Erased says what was done at a customer's wish. Zero keys: nothing was kept of them.
type Erased struct {
	Customer  string    `json:"customer"`
	Alias     string    `json:"alias"` // the pseudonym by which reports still count them
	Keys      int       `json:"keys"`
	Documents int       `json:"documents"`
	Time      time.Time `json:"time"` // backups made before still have the keys
}

func (s *Server) records() (Records, error) {
	if s.o.Records == nil {
		return nil, notConfigured("a log of conversations")
	}
	return s.o.Records, nil
}

// deleteCustomer answers DELETE /v1/customers/{customer}.
func (s *Server) deleteCustomer(c *gin.Context) error {
	records, err := s.records()
	if err != nil {
		return err
	}
	customer, err := customerOf(c)
	if err != nil {
		return err
	}
	done, err := records.Erase(c.Request.Context(), callerOf(c).Tenant, customer)
	return answer(c, err, func() any { return done })
}

// getBackup answers GET /v1/backup. A backup takes as long as it takes; one that fails half-way ends the connection, so that nobody
// takes what came for a whole one.
func (s *Server) getBackup(c *gin.Context) error {
	records, err := s.records()
	if err != nil {
		return err
	}
	rc := http.NewResponseController(c.Writer)
	rc.SetWriteDeadline(time.Time{}) // where it cannot be set there is none
	rc.SetReadDeadline(time.Time{})
	h := c.Writer.Header()
	h.Set("Content-Type", "application/x-tar")
	h.Set("Content-Disposition", `attachment; filename="yingda-`+s.now().UTC().Format("20060102T150405Z")+`.tar"`)
	err = records.Backup(c.Request.Context(), c.Writer)
	if err == nil || !c.Writer.Written() {
		return err
	}
	s.log.Error("a backup ended half-way", "request_id", requestID(c), "error", err)
	panic(http.ErrAbortHandler)
}
