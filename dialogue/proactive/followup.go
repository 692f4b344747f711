package proactive

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"yingda/dialogue"
	"yingda/nlu"
)

// Status tells where a follow-up is.
type Status string

// The statuses. Pending and Sending are under way, Sent, Delivered and Read tell how far a message got; the others are ends without one,
// or with one that did not arrive.
const (
	Pending    Status = "pending"
	Sending    Status = "sending" // a scheduler has it
	Sent       Status = "sent"
	Delivered  Status = "delivered"
	Read       Status = "read"
	Failed     Status = "failed"     // no channel took it; it stands in the conversation
	Expired    Status = "expired"    // could not be sent in time
	Stopped    Status = "stopped"    // made pointless by what the customer did
	Cancelled  Status = "cancelled"  // by someone
	Suppressed Status = "suppressed" // no consent
)

// Open tells whether the follow-up may still be sent.
func (s Status) Open() bool { return s == Pending || s == Sending }

// FollowUp is one message that may go out.
type FollowUp struct {
	dialogue.Key
	// ID begins with the time at which it was due first, so that names sort by it, e.g. "20261201T093000Z-5e884898da28047151d0".
	ID       string            `json:"id"`
	Kind     string            `json:"kind"`
	Customer string            `json:"customer"`
	Status   Status            `json:"status"`
	Reason   string            `json:"reason,omitempty"` // why it waits longer, or why it ended
	Due      time.Time         `json:"due"`              // not before
	Expires  time.Time         `json:"expires"`          // not after
	Script   string            `json:"script"`
	Vars     map[string]string `json:"vars,omitempty"`
	Zone     string            `json:"zone,omitempty"` // IANA name of the customer's, if it is known
	Lang     nlu.Lang          `json:"lang,omitempty"` // when the conversation has none yet
	Channels []string          `json:"channels,omitempty"`

	Source  string    `json:"source"`           // what made it: "turn", "event", "api"
	By      string    `json:"by,omitempty"`     // who asked for it
	Cause   string    `json:"cause,omitempty"`  // id of the turn or event
	Seq     uint64    `json:"seq,omitempty"`    // of the turn
	Armed   time.Time `json:"armed"`            // a reply after this stops it
	Created time.Time `json:"created"`          // in the log
	Ended   time.Time `json:"ended,omitzero"`   // or sent
	Lease   *Lease    `json:"lease,omitempty"`  // while it is being sent
	Tries   []Try     `json:"tries,omitempty"`  // deliveries, oldest first, at most 20
	Step    int       `json:"step,omitempty"`   // place in Channels
	Failed  int       `json:"failed,omitempty"` // tries in a row that failed on this channel
	Event   uint64    `json:"event,omitempty"`  // sequence of the message in the log; 0 = not written yet
}

// Lease says which scheduler is sending a follow-up, and until when nobody else may.
type Lease struct {
	Owner string    `json:"owner"`
	Until time.Time `json:"until"`
}

// Try is one delivery, or what a receipt told of it.
type Try struct {
	Channel string    `json:"channel"`
	Time    time.Time `json:"time"`
	Status  Status    `json:"status"`
	Detail  string    `json:"detail,omitempty"`
}

const (
	maxTries = 20
	docKind  = "followup/"
	idTime   = "20060102T150405Z"
)

// newID makes an id of the due time and what makes the follow-up unique; without that it is random.
func newID(due time.Time, unique ...string) string {
	tail := strings.ToLower(rand.Text()[:20])
	if len(unique) > 0 {
		h := sha256.New()
		for _, u := range unique {
			fmt.Fprintf(h, "%d:%s", len(u), u)
		}
		tail = hex.EncodeToString(h.Sum(nil)[:10])
	}
	return due.UTC().Format(idTime) + "-" + tail
}

func docName(tenant, id string) string { return docKind + tenant + "/" + id }

// document writes f down over a revision.
func (f *FollowUp) document(revision uint64, by string) (dialogue.Document, error) {
	body, err := json.Marshal(f)
	if err != nil {
		return dialogue.Document{}, fmt.Errorf("follow-up %s: %w", f.ID, err)
	}
	return dialogue.Document{Name: docName(f.Tenant, f.ID), Body: body, Revision: revision, By: by, Customer: f.Customer, Brief: true}, nil
}

func parseFollowUp(d dialogue.Document) (*FollowUp, error) {
	f := &FollowUp{}
	if err := json.Unmarshal(d.Body, f); err != nil {
		return nil, fmt.Errorf("read follow-up %s: %w", strings.TrimPrefix(d.Name, docKind), err)
	}
	return f, nil
}

// clone returns a copy that can be changed.
func (f *FollowUp) clone() *FollowUp {
	n := *f
	n.Vars = maps.Clone(f.Vars)
	n.Tries = append([]Try(nil), f.Tries...)
	n.Channels = append([]string(nil), f.Channels...)
	if f.Lease != nil {
		l := *f.Lease
		n.Lease = &l
	}
	return &n
}

// end finishes f.
func (f *FollowUp) end(s Status, reason string, now time.Time) {
	f.Status, f.Reason, f.Ended, f.Lease = s, reason, now, nil
}

// tried notes a delivery.
func (f *FollowUp) tried(t Try) {
	f.Tries = append(f.Tries, t)
	if n := len(f.Tries) - maxTries; n > 0 {
		f.Tries = f.Tries[n:]
	}
}

// eventID is the id of the message in its conversation: of the latest turn that armed the follow-up, so that the log itself tells whether
// what that turn asked for was sent.
func (f *FollowUp) eventID() string {
	if f.Source == fromTurn {
		return "follow:" + f.Kind + ":" + f.Cause
	}
	return "follow:" + f.ID
}

// Sources.
const (
	fromTurn  = "turn"
	fromEvent = "event"
	fromAPI   = "api"
)

// wake is when something has to be done about f, and whether anything has.
func (f *FollowUp) wake(keep time.Duration) time.Time {
	switch f.Status {
	case Pending:
		return f.Due
	case Sending:
		if f.Lease == nil {
			return f.Due
		}
		return f.Lease.Until
	default:
		return f.Ended.Add(keep)
	}
}
