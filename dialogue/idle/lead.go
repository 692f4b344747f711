package idle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"yingda/dialogue"
)

// leadName is the document of the lease.
const leadName = "idle/default/lead"

// lead says which replica closes conversations, and from where it would have to read the log again.
type lead struct {
	Replica string    `json:"replica"`
	Until   time.Time `json:"until"`
	After   uint64    `json:"after"` // sequence; 0 = from the beginning

	revision uint64
}

// hold takes the lease or prolongs it, and tells whether this replica has it.
func (s *Service) hold(ctx context.Context) (bool, error) {
	d, err := s.o.Documents.Get(ctx, leadName)
	var now lead
	switch {
	case errors.Is(err, dialogue.ErrUnknown):
	case err != nil:
		return false, fmt.Errorf("who closes idle conversations: %w", err)
	default:
		if err := json.Unmarshal(d.Body, &now); err != nil { // by another version: begun anew
			s.o.Logger.Warn("the lease for closing idle conversations cannot be read and is taken", "err", err)
			now = lead{}
		}
		now.revision = d.Revision
	}
	left := now.Until.Sub(s.o.Now())
	if now.Replica != s.o.Replica && left > 0 && left <= 2*s.o.Lease { // a longer one was given before the clock was set back
		return false, nil
	}
	if s.open != nil && now.Replica == s.o.Replica {
		now.After = s.mark()
	} else {
		s.open = nil // what this replica knew is old
	}
	now.Replica, now.Until = s.o.Replica, s.o.Now().Add(s.o.Lease)
	return s.write(ctx, now)
}

// keep prolongs the lease while there is much to do.
func (s *Service) keep(ctx context.Context) (bool, error) {
	if s.lead.Until.Sub(s.o.Now()) > s.o.Lease/2 {
		return true, nil
	}
	return s.hold(ctx)
}

func (s *Service) write(ctx context.Context, l lead) (bool, error) {
	body, err := json.Marshal(l)
	if err != nil {
		return false, err
	}
	rev, err := s.o.Documents.Put(ctx, dialogue.Document{Name: leadName, Body: body, Revision: l.revision, By: "robot", Brief: true})
	switch {
	case errors.Is(err, dialogue.ErrConflict): // another replica was quicker
		return false, nil
	case err != nil:
		return false, fmt.Errorf("who closes idle conversations: %w", err)
	}
	l.revision = rev
	s.lead = l
	return true, nil
}
