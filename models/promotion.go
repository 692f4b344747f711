package models

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// PromotionsName is the file in a store that every change of roles is appended to, one JSON object a line. Nothing is ever taken out of it.
const PromotionsName = "promotions.jsonl"

// ErrTransition is returned when a bundle may not go from the role it has to the one asked for; see [NextRole].
var ErrTransition = errors.New("not the next role")

// transitions lists the roles that a bundle may be promoted to, by the one it has: it is set beside the champion, then run beside it, then
// takes over. A bundle that fails as shadow can be set back. Where nobody is champion, any bundle may become it.
var transitions = map[Role][]Role{
	"":         {Challenger},
	Challenger: {Shadow},
	Shadow:     {Champion, Challenger},
	Champion:   {},
}

// NextRole returns the role that follows on the way to champion; "" after that.
func NextRole(has Role) Role {
	if next := transitions[has]; len(next) > 0 {
		return next[0]
	}
	return ""
}

// RoleOf returns the role of a bundle, the highest if it has several: champion, shadow, challenger, or "".
func (s *State) RoleOf(id BundleID) Role {
	for _, r := range []Role{Champion, Shadow, Challenger} {
		if id != "" && s.Current(r) == id {
			return r
		}
	}
	return ""
}

// RoleChange is a line of [PromotionsName].
type RoleChange struct {
	Time     time.Time      `json:"time"`
	By       string         `json:"by"` // ByPromotion, ByHand or ByRollback
	Bundle   BundleID       `json:"bundle,omitempty"`
	From     Role           `json:"from"` // that the bundle had; "" = none
	To       Role           `json:"to"`
	Replaced BundleID       `json:"replaced,omitempty"` // who had the role before
	Forced   bool           `json:"forced"`             // against the gate or the order of roles
	Reason   string         `json:"reason,omitempty"`   // of whoever forced it
	Figures  map[string]any `json:"figures,omitempty"`  // what the decision was based on
	Failed   string         `json:"failed,omitempty"`   // the change was not made, and why
}

// Who changed a role.
const (
	ByPromotion = "promote"  // after the gate, or in spite of it
	ByHand      = "activate" // without any measurement
	ByRollback  = "rollback"
)

// Promotion asks for a role after a measurement.
type Promotion struct {
	Bundle  BundleID
	To      Role
	Against BundleID // the champion that it was measured against, "" = there was none
	Forced  bool
	Reason  string // required when forced
	Figures map[string]any
}

// CheckPromotion tells whether the bundle may be given the role. Errors match ErrTransition; a forced promotion may leave out steps, but it
// does not take the champion's role away without giving it to another.
func (s *Store) CheckPromotion(state *State, id BundleID, to Role, forced bool) error {
	if !slices.Contains(Roles, to) {
		return fmt.Errorf("promote %s: unknown role %q; known are %v", id, to, Roles)
	}
	champion := s.champion(state)
	has := state.RoleOf(id)
	if id == champion {
		has = Champion
	}
	switch {
	case has == to:
		return fmt.Errorf("promote %s: %w: it is the %s already", id, ErrTransition, to)
	case has == Champion:
		return fmt.Errorf("promote %s: %w: it is the champion; promote another bundle, or roll back", id, ErrTransition)
	case forced || slices.Contains(transitions[has], to) || champion == "" && to == Champion:
		return nil
	case has == "":
		return fmt.Errorf("promote %s to %s: %w: it has no role yet and becomes %s first", id, to, ErrTransition, NextRole(has))
	}
	return fmt.Errorf("promote %s to %s: %w: it is the %s and becomes %s next", id, to, ErrTransition, has, NextRole(has))
}

// champion is who answers customers: the one of the state, else the built-in one.
func (s *Store) champion(state *State) BundleID {
	if id := state.Current(Champion); id != "" {
		return id
	}
	return s.builtinID
}

// Promote gives the bundle the role, takes the one it had from it, and logs that. It fails, and changes nothing, when the champion is no longer
// the one that it was measured against. It does not check that the bundle can be loaded.
func (s *Store) Promote(p Promotion) (RoleChange, error) {
	entry := RoleChange{By: ByPromotion, Bundle: p.Bundle, To: p.To, Forced: p.Forced, Reason: p.Reason, Figures: p.Figures}
	if p.Forced && p.Reason == "" {
		return entry, fmt.Errorf("promote %s: a forced promotion needs a reason", p.Bundle)
	}
	err := s.update(&entry, func(state *State) error {
		if now := s.champion(state); now != p.Against {
			return fmt.Errorf("promote %s: the champion is %q now, and it was measured against %q: measure again", p.Bundle, now, p.Against)
		}
		if err := s.CheckPromotion(state, p.Bundle, p.To, p.Forced); err != nil {
			return err
		}
		entry.From, entry.Replaced = state.RoleOf(p.Bundle), state.Current(p.To)
		if p.To == Champion {
			entry.Replaced = s.champion(state)
		}
		for _, r := range Roles {
			if state.Current(r) == p.Bundle {
				delete(state.Roles, r)
			}
		}
		s.give(state, p.To, p.Bundle)
		return nil
	})
	return entry, err
}

// give appends the bundle to the role's history.
func (s *Store) give(state *State, role Role, id BundleID) {
	h := state.Roles[role]
	if len(h) == 0 && role == Champion && s.builtinID != "" && id != s.builtinID {
		h = []BundleID{s.builtinID} // so that the first activation can be rolled back
	}
	h = append(h, id)
	state.Roles[role] = slices.Clone(h[max(0, len(h)-maxHistory):])
}

// log appends a line and makes sure that it is on disk. The caller holds the lock.
func (s *Store) log(entry *RoleChange) error {
	data, err := json.Marshal(entry)
	if err != nil {
		return fmt.Errorf("log promotion: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(s.dir, PromotionsName), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("log promotion: %w", err)
	}
	_, err = f.Write(append(data, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("log promotion: %w", err)
	}
	return nil
}
