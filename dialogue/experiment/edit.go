package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"yingda/dialogue"
)

// Errors of changes. Callers test with errors.Is; the text says what to do.
var (
	// ErrState is returned for an act that an experiment in its state does not allow.
	ErrState = errors.New("the experiment's state does not allow it")
	// ErrClash is returned for a start beside another running experiment that changes the same.
	ErrClash = errors.New("another running experiment changes the same")
	// ErrInput is returned for values that cannot be taken.
	ErrInput = errors.New("the value cannot be taken")
)

// Edit names an experiment and says who changes it. Revision is that of the [Experiment] the change is based on: if someone else wrote in between
// the change is refused with dialogue.ErrConflict. Pause and Stop take 0 for "whatever it is": what must end ends.
type Edit struct {
	Tenant   string
	Name     string
	Revision uint64 // 0 = there is none yet
	By       string // required
	Reason   string // why; optional
}

// List returns all experiments of a tenant, by name.
func (s *Service) List(ctx context.Context, tenant string) ([]Experiment, error) {
	if err := checkTenant(tenant); err != nil {
		return nil, fmt.Errorf("list experiments: %w", err)
	}
	docs, err := s.docs.List(ctx, docName(tenant, ""))
	if err != nil {
		return nil, fmt.Errorf("list experiments: %w", err)
	}
	out := []Experiment{}
	for _, d := range docs {
		if e, err := read(d); err == nil && e != nil {
			out = append(out, *e)
		}
	}
	slices.SortFunc(out, func(a, b Experiment) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// Get returns one experiment. Errors: dialogue.ErrUnknown.
func (s *Service) Get(ctx context.Context, tenant, name string) (Experiment, error) {
	e, err := s.get(ctx, tenant, name)
	if err != nil {
		return Experiment{}, fmt.Errorf("get experiment %s: %w", name, err)
	}
	return *e, nil
}

func (s *Service) get(ctx context.Context, tenant, name string) (*Experiment, error) {
	if err := place(tenant, name); err != nil {
		return nil, err
	}
	d, err := s.docs.Get(ctx, docName(tenant, name))
	if err != nil {
		return nil, err
	}
	e, err := read(d)
	if err == nil && e == nil {
		err = dialogue.ErrUnknown
	}
	return e, err
}

// Save writes a definition: a new experiment as a draft, or the definition of one. Of one that was started only the note, the plan and the bandit may
// change; for coverage and weights there are Ramp and SetWeights. Errors: ErrState, dialogue.ErrConflict.
func (s *Service) Save(ctx context.Context, by Edit, d Definition) (Experiment, error) {
	by.Name = d.Name
	return s.change(ctx, by, "save", func(e *Experiment) error {
		d.fill()
		if e.Revision == 0 {
			e.State = Draft
		}
		if e.State != Draft {
			if frozen := frozenFields(&e.Definition, &d); len(frozen) > 0 {
				return fmt.Errorf("%w: it is %s, and %s cannot change any more; stop it and begin another under a new name", ErrState, e.State, strings.Join(frozen, ", "))
			}
		}
		e.Definition, e.Act = d, Saved
		return nil
	})
}

// Start lets customers get variants, on all replicas: a draft, or one that was paused. Errors: ErrState, ErrClash, those of Options.Check,
// dialogue.ErrConflict.
func (s *Service) Start(ctx context.Context, by Edit) (Experiment, error) {
	return s.change(ctx, by, "start", func(e *Experiment) error {
		if e.State != Draft && e.State != Paused {
			return fmt.Errorf("%w: it is %s; a draft or a paused one can be started", ErrState, e.State)
		}
		if err := s.o.Check(e.Tenant, &e.Definition); err != nil {
			return err
		}
		running, err := s.List(ctx, e.Tenant)
		if err != nil {
			return err
		}
		for i := range running {
			if o := &running[i]; o.State == Running && o.Name != e.Name {
				if what := clash(&e.Definition, &o.Definition); what != "" {
					return fmt.Errorf("%w: %s changes %s too; stop it, or give both parts of one namespace that do not overlap", ErrClash, o.Name, what)
				}
			}
		}
		now := s.o.Now().UTC()
		if e.State == Paused {
			e.resume(now)
		} else {
			e.Started, e.Phases = now, e.schedule(now)
		}
		e.State, e.Act = Running, Started
		return nil
	})
}

// Pause takes everybody out until the next start, on all replicas. Errors: ErrState, dialogue.ErrConflict.
func (s *Service) Pause(ctx context.Context, by Edit) (Experiment, error) {
	return s.end(ctx, by, "pause", func(e *Experiment) error {
		if e.State != Running {
			return fmt.Errorf("%w: it is %s; only a running one can be paused", ErrState, e.State)
		}
		e.State, e.Act, e.Held = Paused, Held, s.o.Now().UTC()
		return nil
	})
}

// Stop ends an experiment for good, on all replicas. Errors: ErrState, dialogue.ErrConflict.
func (s *Service) Stop(ctx context.Context, by Edit) (Experiment, error) {
	return s.end(ctx, by, "stop", func(e *Experiment) error {
		if e.State != Running && e.State != Paused {
			return fmt.Errorf("%w: it is %s; only a running or paused one can be stopped", ErrState, e.State)
		}
		now := s.o.Now().UTC()
		e.State, e.Act, e.Ended, e.Held = Stopped, Ended, now, time.Time{}
		e.Phases = slices.DeleteFunc(slices.Clone(e.Phases), func(p Phase) bool { return p.Since.After(now) })
		return nil
	})
}

// end is change that takes revision 0 for the latest, whatever others write meanwhile.
func (s *Service) end(ctx context.Context, by Edit, verb string, do func(*Experiment) error) (Experiment, error) {
	if by.Revision != 0 {
		return s.change(ctx, by, verb, do)
	}
	for {
		e, err := s.get(ctx, by.Tenant, by.Name)
		if err != nil {
			return Experiment{}, fmt.Errorf("%s experiment %s: %w", verb, by.Name, err)
		}
		by.Revision = e.Revision
		out, err := s.change(ctx, by, verb, do)
		if !errors.Is(err, dialogue.ErrConflict) || ctx.Err() != nil {
			return out, err
		}
	}
}

// change reads an experiment, lets do change it and writes it if nobody else did.
func (s *Service) change(ctx context.Context, by Edit, verb string, do func(*Experiment) error) (Experiment, error) {
	fail := func(err error) (Experiment, error) {
		return Experiment{}, fmt.Errorf("%s experiment %s: %w", verb, by.Name, err)
	}
	if strings.TrimSpace(by.By) == "" {
		return fail(fmt.Errorf("%w: who changes it must be named", ErrInput))
	}
	e, err := s.get(ctx, by.Tenant, by.Name)
	if errors.Is(err, dialogue.ErrUnknown) && by.Revision == 0 && verb == "save" {
		e, err = &Experiment{Tenant: by.Tenant}, nil
	}
	if err != nil {
		return fail(err)
	}
	if e.Revision != by.Revision {
		return fail(fmt.Errorf("%w: it is at revision %d, the change is based on %d; load it again", dialogue.ErrConflict, e.Revision, by.Revision))
	}
	if err := do(e); err != nil {
		return fail(err)
	}
	e.Reason, e.By, e.Time = by.Reason, by.By, s.o.Now().UTC()
	body, err := json.Marshal(e)
	if err != nil {
		return fail(err)
	}
	d := dialogue.Document{Name: docName(by.Tenant, by.Name), Body: body, Revision: e.Revision, By: by.By, Time: e.Time}
	if d.Revision, err = s.docs.Put(ctx, d); err != nil {
		return fail(err)
	}
	s.apply(d) // this replica need not wait for the watch
	e.Revision = d.Revision
	return *e, nil
}

// maxHistory bounds how many acts are returned.
const maxHistory = 1000

// History returns the versions of an experiment, newest first, at most limit (0 = 50): each says who did what, when and why, and how it stood then.
// Errors: dialogue.ErrUnknown.
func (s *Service) History(ctx context.Context, tenant, name string, limit int) ([]Experiment, error) {
	if limit <= 0 {
		limit = 50
	}
	err := place(tenant, name)
	var docs []dialogue.Document
	if err == nil {
		docs, err = s.docs.History(ctx, docName(tenant, name), min(limit, maxHistory))
	}
	if err != nil {
		return nil, fmt.Errorf("history of experiment %s: %w", name, err)
	}
	out := []Experiment{}
	for _, d := range docs {
		if e, err := read(d); err == nil && e != nil {
			out = append(out, *e)
		}
	}
	return out, nil
}

// place checks who and what is meant before the documents are asked.
func place(tenant, name string) error {
	if err := checkTenant(tenant); err != nil {
		return err
	}
	if !validName.MatchString(name) {
		return fmt.Errorf("%w: %q is no name of an experiment; want 1 to 64 of a–z, 0–9, _, - and ., beginning with a letter or digit", ErrInput, name)
	}
	return nil
}

func checkTenant(tenant string) error {
	return dialogue.Key{Tenant: tenant, Conversation: "-"}.Validate()
}
