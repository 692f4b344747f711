package server

import (
	"time"

	"github.com/gin-gonic/gin"

	"yingda/dialogue"
	"yingda/dialogue/proactive"
	"yingda/nlu"
)

func (s *Server) followUps() (FollowUps, error) {
	if s.o.FollowUps == nil {
		return nil, notConfigured("follow-ups")
	}
	return s.o.FollowUps, nil
}

// followUpView is a message that the customer did not ask for.
type followUpView struct {
	ID           string            `json:"id"`
	Kind         string            `json:"kind"`
	Status       string            `json:"status"` // pending, sending, sent, delivered, read, failed, expired, stopped, cancelled, suppressed
	Reason       string            `json:"reason,omitempty"`
	Conversation string            `json:"conversation,omitempty"`
	Customer     string            `json:"customer"`
	Due          time.Time         `json:"due"`
	Expires      time.Time         `json:"expires"`
	Script       string            `json:"script"`
	Vars         map[string]string `json:"vars,omitempty"`
	Zone         string            `json:"zone,omitempty"`
	Language     string            `json:"language,omitempty"`
	Channels     []string          `json:"channels"`
	Source       string            `json:"source"` // turn, event, api
	By           string            `json:"by,omitempty"`
	Cause        string            `json:"cause,omitempty"`
	Created      *time.Time        `json:"created,omitempty"`
	Ended        *time.Time        `json:"ended,omitempty"`
	Tries        []proactive.Try   `json:"tries"`
	Seq          uint64            `json:"seq,omitempty"` // of the message in the conversation
}

func viewFollowUp(f *proactive.FollowUp) followUpView {
	return followUpView{ID: f.ID, Kind: f.Kind, Status: string(f.Status), Reason: f.Reason, Conversation: f.Conversation, Customer: f.Customer, Due: f.Due,
		Expires: f.Expires, Script: f.Script, Vars: f.Vars, Zone: f.Zone, Language: string(f.Lang), Channels: texts(f.Channels), Source: f.Source,
		By: f.By, Cause: f.Cause, Created: moment(f.Created), Ended: moment(f.Ended), Tries: listed(f.Tries), Seq: f.Event}
}

// getFollowUps answers GET /v1/follow-ups.
func (s *Server) getFollowUps(c *gin.Context) error {
	ups, err := s.followUps()
	if err != nil {
		return err
	}
	limit, err := queryNumber(c, "limit", uint64(min(50, s.limits.Page)), uint64(s.limits.Page))
	if err != nil {
		return err
	}
	ctx, cancel, err := s.deadline(c, s.limits.Timeout)
	if err != nil {
		return err
	}
	defer cancel()
	found, err := ups.List(ctx, proactive.Filter{Tenant: callerOf(c).Tenant, Conversation: c.Query("conversation"), Customer: c.Query("customer"),
		Kind: c.Query("kind"), Status: proactive.Status(c.Query("status")), After: c.Query("after"), Limit: max(int(limit), 1)})
	return answer(c, err, func() any {
		list := make([]followUpView, len(found))
		next := ""
		for i := range found {
			list[i] = viewFollowUp(&found[i])
		}
		if n := len(list); n == max(int(limit), 1) {
			next = list[n-1].ID
		}
		return map[string]any{"follow_ups": list, "next": next, "kinds": texts(ups.Kinds())}
	})
}

// followUpRequest is the body of POST /v1/follow-ups.
type followUpRequest struct {
	ID           string            `json:"id"` // the same again makes nothing new
	Kind         string            `json:"kind"`
	Conversation string            `json:"conversation"`
	Customer     string            `json:"customer"`
	At           time.Time         `json:"at"`
	Script       string            `json:"script"`
	Vars         map[string]string `json:"vars"`
	Zone         string            `json:"zone" most:"64"`
	Language     string            `json:"language"`
	Channels     []string          `json:"channels"`
}

// postFollowUp answers POST /v1/follow-ups.
func (s *Server) postFollowUp(c *gin.Context) error {
	ups, err := s.followUps()
	if err != nil {
		return err
	}
	var q followUpRequest
	if err := s.readInto(c, &q); err != nil {
		return err
	}
	ck := &checker{limits: &s.limits}
	lang := ck.language("language", q.Language)
	if err := joinFaults(ck.faults); err != nil {
		return err
	}
	who := callerOf(c)
	f, err := ups.Create(c.Request.Context(), proactive.Request{Key: dialogue.Key{Tenant: who.Tenant, Conversation: q.Conversation}, ID: q.ID, Kind: q.Kind,
		Customer: q.Customer, At: q.At, Script: q.Script, Vars: q.Vars, Zone: q.Zone, Lang: string(lang), Channels: q.Channels, By: who.By()})
	return answer(c, err, func() any { return viewFollowUp(&f) })
}

// getFollowUp answers GET /v1/follow-ups/{follow_up}.
func (s *Server) getFollowUp(c *gin.Context) error {
	ups, err := s.followUps()
	if err != nil {
		return err
	}
	f, err := ups.Get(c.Request.Context(), callerOf(c).Tenant, c.Param("follow_up"))
	return answer(c, err, func() any { return viewFollowUp(&f) })
}

// deleteFollowUp answers DELETE /v1/follow-ups/{follow_up}?reason=: it is cancelled if it was not sent.
func (s *Server) deleteFollowUp(c *gin.Context) error {
	ups, err := s.followUps()
	if err != nil {
		return err
	}
	who := callerOf(c)
	f, err := ups.Cancel(c.Request.Context(), who.Tenant, c.Param("follow_up"), who.By(), clipRunes(c.Query("reason"), 200))
	return answer(c, err, func() any { return viewFollowUp(&f) })
}

// incomingRequest is the body of POST /v1/events.
type incomingRequest struct {
	ID           string         `json:"id"`
	Type         string         `json:"type"`
	Conversation string         `json:"conversation"`
	Customer     string         `json:"customer"`
	Time         time.Time      `json:"time"`
	Zone         string         `json:"zone" most:"64"`
	Language     string         `json:"language"`
	Data         map[string]any `json:"data"`
}

// incomingAnswer tells what an event did.
type incomingAnswer struct {
	ID        string   `json:"id"`
	FollowUps []string `json:"follow_ups"` // ids of those that it made
	Cancelled []string `json:"cancelled"`  // ids of those that it made pointless
	Duplicate bool     `json:"duplicate"`
	Ignored   bool     `json:"ignored"` // no kind of follow-up listens to this type
}

// postIncoming answers POST /v1/events: something happened in the operator's systems.
func (s *Server) postIncoming(c *gin.Context) error {
	ups, err := s.followUps()
	if err != nil {
		return err
	}
	var q incomingRequest
	if err := s.readInto(c, &q); err != nil {
		return err
	}
	ck := &checker{limits: &s.limits}
	lang := ck.language("language", q.Language)
	if err := joinFaults(ck.faults); err != nil {
		return err
	}
	in := proactive.Incoming{Key: dialogue.Key{Tenant: callerOf(c).Tenant, Conversation: q.Conversation}, ID: q.ID, Type: q.Type, Customer: q.Customer,
		Time: q.Time, Zone: q.Zone, Lang: nlu.Lang(lang), Data: q.Data}
	a, err := ups.Accept(c.Request.Context(), in)
	return answer(c, err, func() any {
		return incomingAnswer{q.ID, texts(a.FollowUps), texts(a.Cancelled), a.Duplicate, a.Ignored}
	})
}

// receiptRequest is the body of POST /v1/receipts.
type receiptRequest struct {
	FollowUp string    `json:"follow_up" most:"128"`
	Status   string    `json:"status" most:"32"`
	Channel  string    `json:"channel" most:"40"`
	Time     time.Time `json:"time"`
	Detail   string    `json:"detail" most:"4000"`
}

// postReceipt answers POST /v1/receipts: what became of a message that a channel took.
func (s *Server) postReceipt(c *gin.Context) error {
	ups, err := s.followUps()
	if err != nil {
		return err
	}
	var q receiptRequest
	if err := s.readInto(c, &q); err != nil {
		return err
	}
	ck := &checker{limits: &s.limits}
	ck.required("follow_up", q.FollowUp)
	ck.required("status", q.Status)
	if err := joinFaults(ck.faults); err != nil {
		return err
	}
	f, err := ups.Receipt(c.Request.Context(), proactive.ReceiptFor{Tenant: callerOf(c).Tenant, FollowUp: q.FollowUp, Status: proactive.Status(q.Status),
		Channel: q.Channel, Time: q.Time, Detail: q.Detail})
	return answer(c, err, func() any { return viewFollowUp(&f) })
}
