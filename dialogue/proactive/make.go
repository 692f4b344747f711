package proactive

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"yingda/dialogue"
	"yingda/nlu"
)

// Limits of what is asked for from outside.
const (
	maxVars     = 50
	maxVarBytes = 2000
	maxAhead    = 400 * 24 * time.Hour
	maxIDBytes  = 128
)

func goodID(id string) bool {
	return id != "" && len(id) <= maxIDBytes && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r == '/' || r > '~' })
}

func splitName(name string) (tenant, id string, ok bool) {
	rest, ok := strings.CutPrefix(name, docKind)
	if !ok {
		return "", "", false
	}
	return cut(rest)
}

func cut(rest string) (tenant, id string, ok bool) {
	tenant, id, ok = strings.Cut(rest, "/")
	return tenant, id, ok && tenant != "" && goodID(id)
}

func input(field, format string, args ...any) error {
	return &dialogue.InputError{Field: field, Reason: fmt.Sprintf(format, args...)}
}

// fromRequest makes a follow-up of a request, checked.
func (s *Service) fromRequest(ctx context.Context, r Request) (*FollowUp, error) {
	ks := s.config()
	k, ok := ks.Kinds[r.Kind]
	now := s.o.Now()
	switch {
	case !ok:
		return nil, input("kind", "%.40q is not one of %s", r.Kind, strings.Join(slices.Sorted(maps.Keys(ks.Kinds)), ", "))
	case !r.At.IsZero() && r.At.After(now.Add(maxAhead)):
		return nil, input("at", "%s is more than 400 days ahead", r.At.Format(time.RFC3339))
	case !r.At.IsZero() && now.After(r.At.Add(k.Expire)):
		return nil, input("at", "%s is over; follow-ups of kind %s expire %v after it", r.At.Format(time.RFC3339), r.Kind, k.Expire)
	case r.ID != "" && !goodID(r.ID):
		return nil, input("id", "want 1 to %d printable ASCII characters without spaces and slashes", maxIDBytes)
	}
	if err := checkVars(r.Vars); err != nil {
		return nil, err
	}
	if err := checkZone(r.Zone); err != nil {
		return nil, err
	}
	for i, c := range r.Channels {
		if len(r.Channels) > 5 || c == "" || len(c) > maxChannelBytes {
			return nil, input(fmt.Sprintf("channels[%d]", i), "want at most 5 names of 1 to %d bytes", maxChannelBytes)
		}
	}
	key, customer, err := s.whereTo(ctx, r.Key, r.Customer)
	if err != nil {
		return nil, err
	}
	due := r.At
	if due.IsZero() {
		due = now.Add(k.Delay)
	}
	f := s.fresh(&k, key, customer, due)
	f.Source, f.By, f.Cause, f.Vars, f.Zone, f.Lang, f.Channels = fromAPI, r.By, r.ID, maps.Clone(r.Vars), r.Zone, nlu.Lang(r.Lang), r.Channels
	if r.Script != "" {
		f.Script = r.Script
	}
	if r.ID != "" {
		// Without a time of its own a repeated request is due later, so the due time in the id is not taken from the clock.
		f.ID = newID(r.At, key.Tenant, fromAPI, r.ID)
	} else {
		f.ID = newID(due)
	}
	return f, nil
}

func checkVars(vars map[string]string) error {
	if len(vars) > maxVars {
		return input("vars", "%d of them; want at most %d", len(vars), maxVars)
	}
	for k, v := range vars {
		if len(k) == 0 || len(k) > 64 || len(v) > maxVarBytes {
			return input("vars", "%.64q: want names of 1 to 64 bytes and values of at most %d bytes", k, maxVarBytes)
		}
	}
	return nil
}

func checkZone(zone string) error {
	if zone == "" {
		return nil
	}
	if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
		return input("zone", "%.40q is no time zone; send one such as Asia/Shanghai", zone)
	}
	return nil
}

// fresh returns a pending follow-up without an id.
func (s *Service) fresh(k *Kind, key dialogue.Key, customer string, due time.Time) *FollowUp {
	now := s.o.Now()
	return &FollowUp{
		Key: key, Kind: k.Name, Customer: customer, Status: Pending, Due: due, Expires: due.Add(k.Expire), Script: k.Script, Armed: now, Created: now,
	}
}

// whereTo finds the conversation and the customer of a request that may name only one of them.
func (s *Service) whereTo(ctx context.Context, key dialogue.Key, customer string) (dialogue.Key, string, error) {
	if key.Conversation == "" {
		if customer == "" {
			return key, "", input("customer", "send a customer, a conversation or both")
		}
		if s.o.People == nil {
			return key, "", input("conversation", "is missing")
		}
		cs, err := s.o.People.Conversations(ctx, key.Tenant, customer)
		if err != nil {
			return key, "", err
		}
		// Who has never written gets a conversation that their answer will belong to.
		key.Conversation = "follow-" + strings.ToLower(rand.Text()[:16])
		if len(cs) > 0 {
			key.Conversation = cs[len(cs)-1].ID
		}
	}
	if err := key.Validate(); err != nil {
		return key, "", input("conversation", "%v", err)
	}
	t, err := s.o.Conversations.Load(ctx, key)
	if err != nil {
		return key, "", err
	}
	switch {
	case customer == "" && t.Customer == "":
		return key, "", input("customer", "is missing, and nobody has written in the conversation yet")
	case customer == "":
		customer = t.Customer
	case t.Customer != "" && t.Customer != customer:
		if same, err := s.samePerson(ctx, key.Tenant, customer, t.Customer); err != nil || !same {
			return key, "", errors.Join(err, input("conversation", "is of another customer"))
		}
		customer = t.Customer // the conversation's own key seals what is in it
	}
	if len(customer) > 256 {
		return key, "", input("customer", "has %d bytes; want at most 256", len(customer))
	}
	return key, customer, nil
}

func (s *Service) samePerson(ctx context.Context, tenant, a, b string) (bool, error) {
	if a == b || s.o.People == nil {
		return a == b, nil
	}
	ids, err := s.o.People.Identities(ctx, tenant, a)
	return slices.Contains(ids, b), err
}
