package routing

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"yingda/dialogue"
)

// Names of documents and of the consumer of the log.
const (
	ticketPrefix = "ticket/"    // ticket/<tenant>/<conversation>
	agentPrefix  = "agent/"     // agent/<tenant>/<id>
	lastPrefix   = "lastagent/" // lastagent/<tenant>/<pseudonym>: who spoke with a customer before
	consumerName = "routing"
)

// DefaultTenant is the tenant of the agents in routing.yaml.
const DefaultTenant = "default"

// tries is how often a document is changed anew after others changed it first.
const tries = 50

var agentID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func ticketName(k dialogue.Key) string { return ticketPrefix + k.Tenant + "/" + k.Conversation }

func agentName(tenant, id string) string { return agentPrefix + tenant + "/" + id }

func randomID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails, see crypto/rand
	return hex.EncodeToString(b[:])
}

// change replaces a document's value by what f makes of the latest one (nil = there is none), again after each conflict. f returns nil to
// delete and the same pointer to leave it. seen is what the view has: it saves the first reading.
func change[T any](ctx context.Context, docs dialogue.Documents, name, by string, seen *versioned[T], f func(*T) (*T, error)) (*T, uint64, error) {
	if seen == nil {
		var err error
		if seen, err = fetch[T](ctx, docs, name); err != nil {
			return nil, 0, err
		}
	}
	for range tries {
		next, err := f(seen.value)
		if err != nil || next == seen.value {
			return next, seen.revision, err
		}
		d := dialogue.Document{Name: name, Revision: seen.revision, By: by, Brief: true}
		if next != nil {
			if d.Body, err = json.Marshal(next); err != nil {
				return nil, 0, fmt.Errorf("write %s: %w", name, err)
			}
		}
		revision, err := docs.Put(ctx, d)
		if err == nil {
			return next, revision, nil
		}
		if !errors.Is(err, dialogue.ErrConflict) {
			return nil, 0, fmt.Errorf("write %s: %w", name, err)
		}
		if seen, err = fetch[T](ctx, docs, name); err != nil {
			return nil, 0, err
		}
	}
	return nil, 0, fmt.Errorf("write %s: others changed it %d times meanwhile: %w", name, tries, dialogue.ErrUnavailable)
}

// versioned is a value with its document's revision.
type versioned[T any] struct {
	value    *T
	revision uint64
}

// fetch reads a document; one that does not exist has no value and revision 0.
func fetch[T any](ctx context.Context, docs dialogue.Documents, name string) (*versioned[T], error) {
	d, err := docs.Get(ctx, name)
	if errors.Is(err, dialogue.ErrUnknown) {
		return &versioned[T]{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return decode[T](d)
}

func decode[T any](d dialogue.Document) (*versioned[T], error) {
	if d.Body == nil {
		return &versioned[T]{revision: d.Revision}, nil
	}
	v := new(T)
	if err := json.Unmarshal(d.Body, v); err != nil {
		return nil, fmt.Errorf("read %s: %w", d.Name, err)
	}
	return &versioned[T]{v, d.Revision}, nil
}

// changeAgent changes an agent's document and the view of it.
func (s *Service) changeAgent(ctx context.Context, tenant, id string, f func(*Agent) (*Agent, error)) (*Agent, error) {
	a, revision, err := change(ctx, s.o.Documents, agentName(tenant, id), id, s.seenAgent(tenant, id), f)
	if err != nil {
		return nil, err
	}
	s.showAgent(tenant, id, a, revision)
	return a, nil
}

// changeKnownAgent is changeAgent for one who must exist.
func (s *Service) changeKnownAgent(ctx context.Context, tenant, id string, f func(*Agent) (*Agent, error)) (*Agent, error) {
	return s.changeAgent(ctx, tenant, id, func(a *Agent) (*Agent, error) {
		if a == nil {
			return nil, fmt.Errorf("agent %q of tenant %q: %w; add them first", id, tenant, dialogue.ErrUnknown)
		}
		return f(a)
	})
}

// changeTicket changes a ticket's document and the view of it.
func (s *Service) changeTicket(ctx context.Context, k dialogue.Key, f func(*Ticket) (*Ticket, error)) (*Ticket, error) {
	t, revision, err := change(ctx, s.o.Documents, ticketName(k), consumerName, s.seenTicket(k), f)
	if err != nil {
		return nil, err
	}
	s.showTicket(k, t, revision, s.o.Now())
	return t, nil
}

// lastAgent is the document of who spoke with a customer.
type lastAgent struct {
	Agent string    `json:"agent"`
	Time  time.Time `json:"time"`
}

// remember notes who speaks with a customer, for the next time. It is a preference: a failure is logged and costs nothing else.
func (s *Service) remember(ctx context.Context, t *Ticket) {
	if t.Alias == "" || s.Config().Queue(t.Queue).LastAgent <= 0 {
		return
	}
	_, _, err := change(ctx, s.o.Documents, lastPrefix+t.Tenant+"/"+t.Alias, t.Agent, nil, func(*lastAgent) (*lastAgent, error) {
		return &lastAgent{t.Agent, t.Since}, nil
	})
	if err != nil {
		s.o.Logger.Warn("last agent not remembered", "tenant", t.Tenant, "conversation", t.Conversation, "err", err)
	}
}

// recall fills in who spoke with the customer in an earlier conversation.
func (s *Service) recall(ctx context.Context, t *Ticket) {
	q := s.Config().Queue(t.Queue)
	if t.LastAgent != "" || t.Alias == "" || q.LastAgent <= 0 {
		return
	}
	last, err := fetch[lastAgent](ctx, s.o.Documents, lastPrefix+t.Tenant+"/"+t.Alias)
	if err != nil {
		s.o.Logger.Warn("last agent not known", "tenant", t.Tenant, "conversation", t.Conversation, "err", err)
		return
	}
	if last.value != nil && t.Asked.Sub(last.value.Time) < q.Remember {
		t.LastAgent = last.value.Agent
	}
}
