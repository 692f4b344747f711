package proactive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"yingda/dialogue"
	"yingda/nlu"
)

// Incoming is an event of the operator's systems.
type Incoming struct {
	dialogue.Key                // without a conversation: the one in which the customer wrote last
	ID           string         `json:"id"`   // the same id again does nothing again, for 30 days
	Type         string         `json:"type"` // e.g. "order.delayed"
	Customer     string         `json:"customer,omitempty"`
	Time         time.Time      `json:"time,omitzero"` // at which it happened; zero = now
	Zone         string         `json:"zone,omitempty"`
	Lang         nlu.Lang       `json:"lang,omitempty"`
	Data         map[string]any `json:"data,omitempty"` // flat: texts, numbers, true and false; variables of the words
}

// Accepted tells what an event did.
type Accepted struct {
	FollowUps []string `json:"follow_ups,omitempty"` // ids of those that it made
	Cancelled []string `json:"cancelled,omitempty"`  // ids of those that it made pointless
	Duplicate bool     `json:"duplicate,omitempty"`  // it had come before
	Ignored   bool     `json:"ignored,omitempty"`    // no kind of follow-up listens to this type
}

// plan is what an event does, written down before it is done, so that a crash between does not lose or double anything.
type plan struct {
	At        time.Time  `json:"at"`
	FollowUps []FollowUp `json:"follow_ups,omitempty"`
	Done      bool       `json:"done,omitempty"`
	Cancelled []string   `json:"cancelled,omitempty"`
}

const (
	planKind = "incoming/"
	planKeep = 30 * 24 * time.Hour
)

// Accept takes an event of the operator's systems. It returns after what it makes is durable; sending it again after any error is right.
// Errors: *dialogue.InputError, those of the store.
func (s *Service) Accept(ctx context.Context, in Incoming) (Accepted, error) {
	vars, err := s.checkIncoming(&in)
	if err != nil {
		return Accepted{}, err
	}
	ks := s.config()
	if len(ks.triggers[in.Type]) == 0 && len(ks.lifters[in.Type]) == 0 {
		return Accepted{Ignored: true}, nil
	}
	key, customer, err := s.whereTo(ctx, in.Key, in.Customer)
	if err != nil {
		return Accepted{}, err
	}
	name := planKind + in.Tenant + "/" + newID(time.Time{}, in.Tenant, fromEvent, in.ID)
	p, rev, duplicate, err := s.plan(ctx, name, customer, func() plan { return s.planOf(&in, ks, key, customer, vars) })
	if err != nil {
		return Accepted{}, err
	}
	out := Accepted{Duplicate: duplicate, Cancelled: p.Cancelled}
	for i := range p.FollowUps {
		out.FollowUps = append(out.FollowUps, p.FollowUps[i].ID)
	}
	if p.Done {
		return out, nil
	}
	if out.Cancelled, err = s.lift(ctx, &in, ks, customer, vars); err != nil {
		return Accepted{}, err
	}
	for i := range p.FollowUps {
		if _, err := s.create(ctx, &p.FollowUps[i]); err != nil {
			return Accepted{}, err
		}
	}
	p.Done, p.Cancelled = true, out.Cancelled
	if err := s.putPlan(ctx, name, customer, p, rev); err != nil && !errors.Is(err, dialogue.ErrConflict) {
		return Accepted{}, err
	}
	return out, nil
}

// checkIncoming tells what is wrong with an event, fills what is missing and writes its data as variables.
func (s *Service) checkIncoming(in *Incoming) (map[string]string, error) {
	switch {
	case !goodID(in.ID):
		return nil, input("id", "want 1 to %d printable ASCII characters without spaces and slashes", maxIDBytes)
	case len(in.Type) > maxIDBytes || !typeForm.MatchString(in.Type):
		return nil, input("type", "want words of a–z, 0–9 and _ joined by dots, e.g. order.delayed")
	}
	if in.Time.IsZero() {
		in.Time = s.o.Now()
	}
	if in.Time.After(s.o.Now().Add(24 * time.Hour)) {
		return nil, input("time", "%s is in the future; send when it happened", in.Time.Format(time.RFC3339))
	}
	vars := map[string]string{}
	for _, k := range slices.Sorted(maps.Keys(in.Data)) {
		switch v := in.Data[k].(type) {
		case string:
			vars[k] = v
		case bool:
			vars[k] = strconv.FormatBool(v)
		case float64:
			vars[k] = strconv.FormatFloat(v, 'f', -1, 64)
		case json.Number:
			vars[k] = v.String()
		case nil:
		default:
			return nil, input("data."+k, "want text, a number, true or false: data is flat")
		}
	}
	if err := checkVars(vars); err != nil {
		return nil, err
	}
	return vars, checkZone(in.Zone)
}

// planOf works out what an event makes.
func (s *Service) planOf(in *Incoming, ks *Kinds, key dialogue.Key, customer string, vars map[string]string) plan {
	p := plan{At: s.o.Now()}
	for _, n := range ks.triggers[in.Type] {
		k := ks.Kinds[n]
		tr := k.Events[in.Type]
		delay := k.Delay
		if tr.Delay >= 0 {
			delay = tr.Delay
		}
		due := later(in.Time.Add(delay), p.At)
		f := s.fresh(&k, key, customer, due)
		f.ID = newID(due, in.Tenant, fromEvent, in.ID, n)
		f.Source, f.By, f.Cause, f.Vars, f.Zone, f.Lang, f.Armed = fromEvent, "event", in.ID, vars, in.Zone, in.Lang, p.At
		if tr.Script != "" {
			f.Script = tr.Script
		}
		p.FollowUps = append(p.FollowUps, *f)
	}
	return p
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// plan writes the plan of an event down, or returns the one that an earlier try wrote.
func (s *Service) plan(ctx context.Context, name, customer string, make func() plan) (p plan, rev uint64, duplicate bool, err error) {
	for range changes {
		d, err := s.o.Documents.Get(ctx, name)
		switch {
		case err == nil && d.Body != nil:
			if err := json.Unmarshal(d.Body, &p); err != nil {
				return p, 0, false, fmt.Errorf("read event: %w", err)
			}
			return p, d.Revision, true, nil
		case err != nil && !errors.Is(err, dialogue.ErrUnknown) && !errors.Is(err, dialogue.ErrErased):
			return p, 0, false, fmt.Errorf("read event: %w", err)
		}
		p = make()
		rev, err := s.writePlan(ctx, name, customer, p, 0)
		if err == nil {
			return p, rev, false, nil
		}
		if !errors.Is(err, dialogue.ErrConflict) {
			return p, 0, false, err
		}
	}
	return p, 0, false, fmt.Errorf("event: %w", dialogue.ErrConflict)
}

func (s *Service) putPlan(ctx context.Context, name, customer string, p plan, rev uint64) error {
	p.FollowUps = slices.Clone(p.FollowUps)
	for i := range p.FollowUps {
		p.FollowUps[i] = FollowUp{ID: p.FollowUps[i].ID} // they have documents of their own now
	}
	_, err := s.writePlan(ctx, name, customer, p, rev)
	return err
}

func (s *Service) writePlan(ctx context.Context, name, customer string, p plan, rev uint64) (uint64, error) {
	body, err := json.Marshal(p)
	if err != nil {
		return 0, fmt.Errorf("write event: %w", err)
	}
	rev, err = s.o.Documents.Put(ctx, dialogue.Document{Name: name, Body: body, Revision: rev, By: "event", Customer: customer, Brief: true})
	if err != nil {
		return 0, fmt.Errorf("write event: %w", err)
	}
	return rev, nil
}

// lift cancels the open follow-ups that the event makes pointless.
func (s *Service) lift(ctx context.Context, in *Incoming, ks *Kinds, customer string, vars map[string]string) ([]string, error) {
	if len(ks.lifters[in.Type]) == 0 {
		return nil, nil
	}
	ids := []string{customer}
	if s.o.People != nil {
		var err error
		if ids, err = s.o.People.Identities(ctx, in.Tenant, customer); err != nil {
			return nil, err
		}
	}
	var out []string
	for _, id := range ids {
		for _, it := range s.index.ofCustomer(in.Tenant, id) {
			if !slices.Contains(ks.lifters[in.Type], it.kind) {
				continue
			}
			k := ks.Kinds[it.kind]
			done := false
			_, err := s.change(ctx, it.tenant, it.id, "event", func(f *FollowUp) (bool, error) {
				done = f.Status == Pending && f.Event == 0 && same(k.Same, f.Vars, vars)
				if done {
					f.end(Cancelled, "event "+in.Type, s.o.Now())
				}
				return done, nil
			})
			if gone(err) != nil {
				return nil, err
			}
			if done {
				out = append(out, it.id)
			}
		}
	}
	return out, nil
}

// same tells whether the fields have the same value in both, and one.
func same(fields []string, a, b map[string]string) bool {
	for _, f := range fields {
		if a[f] == "" || a[f] != b[f] {
			return false
		}
	}
	return true
}

// sweepPlans deletes the plans of events of long ago.
func (s *Service) sweepPlans(ctx context.Context) error {
	ds, err := s.o.Documents.List(ctx, planKind)
	if err != nil {
		return fmt.Errorf("sweep events: %w", err)
	}
	for _, d := range ds {
		var p plan
		if json.Unmarshal(d.Body, &p) == nil && s.o.Now().Sub(p.At) < planKeep {
			continue
		}
		d.Body, d.Brief = nil, true
		if _, err := s.o.Documents.Put(ctx, d); err != nil && !errors.Is(err, dialogue.ErrConflict) {
			return fmt.Errorf("sweep events: %w", err)
		}
	}
	return nil
}
