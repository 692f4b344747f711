package profile

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"yingda/dialogue"
)

// Identity says which ids are the same person. A person has one main id, under which the operator's systems know them; the others point
// to it.
type Identity struct {
	Main    string   `json:"main,omitempty"`    // empty = this is a main id, or stands alone
	Members []string `json:"members,omitempty"` // of a main id: the ids that point to it, sorted
}

// Errors of links.
var (
	// ErrLinked is returned when an id is linked to another main id already: unlink it first.
	ErrLinked = errors.New("linked to another customer already; unlink it first")
)

func (s *Service) identity(ctx context.Context, tenant, customer string) (Identity, error) {
	var id Identity
	err := s.docs.read(ctx, identityName(tenant, customer), &id)
	return id, err
}

// group returns all ids of the person, the one asked for first.
func (s *Service) group(ctx context.Context, tenant, customer string) (Identity, []string, error) {
	own, err := s.identity(ctx, tenant, customer)
	if err != nil {
		return own, []string{customer}, err
	}
	ids := []string{customer}
	members := own.Members
	if own.Main != "" {
		main, err := s.identity(ctx, tenant, own.Main)
		if err != nil {
			return own, ids, err
		}
		ids, members = append(ids, own.Main), main.Members
	}
	for _, m := range members {
		if !slices.Contains(ids, m) {
			ids = append(ids, m)
		}
	}
	return own, ids, nil
}

// Identities returns all ids of the person, the one given first.
func (s *Service) Identities(ctx context.Context, tenant, customer string) ([]string, error) {
	_, ids, err := s.group(ctx, tenant, customer)
	return ids, err
}

// Same tells whether two ids are one person.
func (s *Service) Same(ctx context.Context, tenant, a, b string) (bool, error) {
	_, ids, err := s.group(ctx, tenant, a)
	return slices.Contains(ids, b), err
}

// Link says that customer is the same person as main. Where main itself is linked the link goes to its main id, and the members of
// customer come along. Doing it again changes nothing. Errors: ErrLinked, dialogue.ErrConflict when both are being linked the other way
// round, an *dialogue.InputError.
func (s *Service) Link(ctx context.Context, tenant, customer, main, by string) error {
	if err := checkLink(customer, main); err != nil {
		return err
	}
	to, err := s.identity(ctx, tenant, main)
	if err != nil {
		return err
	}
	main = cmp.Or(to.Main, main)
	if main == customer {
		return nil // main points to customer: they are the same already
	}
	from, err := s.identity(ctx, tenant, customer)
	if err != nil {
		return err
	}
	for _, id := range append(slices.Clone(from.Members), customer) {
		if err := s.linkOne(ctx, tenant, id, main, customer, by); err != nil {
			return err
		}
	}
	_, group, err := s.group(ctx, tenant, main)
	s.cache.relinked(tenant, group...)
	return err
}

func checkLink(customer, main string) error {
	switch {
	case customer == "" || len(customer) > 128:
		return &dialogue.InputError{Field: "customer", Reason: "want 1 to 128 bytes"}
	case main == "" || len(main) > 128:
		return &dialogue.InputError{Field: "main", Reason: "want 1 to 128 bytes"}
	case main == customer:
		return &dialogue.InputError{Field: "main", Reason: "a customer cannot be linked to themselves"}
	case strings.HasPrefix(main, anonymous):
		return &dialogue.InputError{Field: "main", Reason: "an anonymous customer cannot be the main id; link the anonymous one to the known one"}
	}
	return nil
}

// linkOne points one id to main, first there, then here: a crash between leaves a link that works from the id's side, and that doing it
// again completes. old is the main id that it may point to.
func (s *Service) linkOne(ctx context.Context, tenant, id, main, old, by string) error {
	var before Identity
	err := s.changeIdentity(ctx, tenant, id, by, func(i *Identity) error {
		if i.Main != "" && i.Main != main && i.Main != old {
			return ErrLinked
		}
		before = *i
		i.Main, i.Members = main, nil
		return nil
	})
	if err != nil {
		return err
	}
	err = s.changeIdentity(ctx, tenant, main, by, func(i *Identity) error {
		if i.Main != "" {
			return dialogue.ErrConflict // another one links main to something at the same time
		}
		if !slices.Contains(i.Members, id) {
			i.Members = append(i.Members, id)
			slices.Sort(i.Members)
		}
		return nil
	})
	if errors.Is(err, dialogue.ErrConflict) {
		undo := s.changeIdentity(ctx, tenant, id, by, func(i *Identity) error { *i = before; return nil })
		return errors.Join(err, undo)
	}
	return err
}

// Unlink says that customer is not the same person as the others any more. What was learnt under each id stays with it.
func (s *Service) Unlink(ctx context.Context, tenant, customer, by string) error {
	own, group, err := s.group(ctx, tenant, customer)
	if err != nil {
		return err
	}
	if len(group) == 1 {
		return fmt.Errorf("link of the customer: %w", dialogue.ErrUnknown)
	}
	alone := func(i *Identity) error { *i = Identity{}; return nil }
	for _, m := range own.Members { // of a main id all links go
		if err := s.changeIdentity(ctx, tenant, m, by, alone); err != nil {
			return err
		}
	}
	if err := s.changeIdentity(ctx, tenant, customer, by, alone); err != nil {
		return err
	}
	if own.Main != "" {
		err = s.changeIdentity(ctx, tenant, own.Main, by, func(i *Identity) error {
			i.Members = slices.DeleteFunc(i.Members, func(m string) bool { return m == customer })
			return nil
		})
	}
	s.cache.relinked(tenant, group...)
	return err
}

func (s *Service) changeIdentity(ctx context.Context, tenant, id, by string, f func(*Identity) error) error {
	return s.docs.update(ctx, id, identityName(tenant, id), by, func(old []byte) ([]byte, error) {
		var i Identity
		if old != nil {
			if err := json.Unmarshal(old, &i); err != nil {
				return nil, fmt.Errorf("read identity: %w", err)
			}
		}
		before := Identity{i.Main, slices.Clone(i.Members)}
		if err := f(&i); err != nil {
			return nil, err
		}
		if i.Main == before.Main && slices.Equal(i.Members, before.Members) {
			return nil, errUnchanged
		}
		return json.Marshal(i)
	})
}

// Consent is what a customer said about one category of messages or uses.
type Consent struct {
	Allowed bool      `json:"allowed"`
	Time    time.Time `json:"time"`
	Source  string    `json:"source,omitempty"` // where it was said: "chat", "web form", an agent's id
}

// Consents are the statements of a customer by category, e.g. "service", "marketing", [MiningConsent].
type Consents map[string]Consent

// merge takes the later statement of each category; of two at the same time the refusal.
func (c Consents) merge(other Consents) {
	for k, o := range other {
		mine, ok := c[k]
		if !ok || o.Time.After(mine.Time) || o.Time.Equal(mine.Time) && !o.Allowed {
			c[k] = o
		}
	}
}

// Consents returns what the person said under any id, the latest statement of each category. It reads what is there now.
func (s *Service) Consents(ctx context.Context, tenant, customer string) (Consents, error) {
	_, group, err := s.group(ctx, tenant, customer)
	if err != nil {
		return nil, err
	}
	out := Consents{}
	for _, id := range group {
		c := Consents{}
		if err := s.docs.read(ctx, consentName(tenant, id), &c); err != nil {
			return nil, err
		}
		out.merge(c)
	}
	return out, nil
}

// SetConsent notes a statement. Earlier ones stay in the history of the document.
func (s *Service) SetConsent(ctx context.Context, tenant, customer, category string, allowed bool, source string) error {
	if !preferenceName.MatchString(category) {
		return &dialogue.InputError{Field: "category", Reason: fmt.Sprintf("%.40q: want 1 to 32 of a–z, 0–9 and _, beginning with a letter", category)}
	}
	if customer == "" {
		return &dialogue.InputError{Field: "customer", Reason: "is missing"}
	}
	now := s.o.Now()
	err := s.docs.update(ctx, customer, consentName(tenant, customer), source, func(old []byte) ([]byte, error) {
		c := Consents{}
		if old != nil {
			if err := json.Unmarshal(old, &c); err != nil {
				return nil, fmt.Errorf("read consent: %w", err)
			}
		}
		next := maps.Clone(c)
		next[category] = Consent{Allowed: allowed, Time: now, Source: source}
		return json.Marshal(next)
	})
	if err != nil {
		return err
	}
	_, group, err := s.group(ctx, tenant, customer)
	s.cache.changed(tenant, group...)
	return err
}
