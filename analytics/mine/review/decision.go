package review

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"yingda/analytics"
	"yingda/analytics/mine"
)

// Action is what is done with a group.
type Action string

// The actions.
const (
	Accept Action = "accept" // as a new intent
	Assign Action = "assign" // its texts are examples of an intent that exists
	Rename Action = "rename"
	Merge  Action = "merge" // into another group: its texts go along when that one is accepted or assigned
	Refuse Action = "refuse"
	Reopen Action = "reopen" // takes the last decision back
)

// Text is a text that a decision took along.
type Text struct {
	Key   string   `json:"key"`
	Text  string   `json:"text"`
	Lang  string   `json:"lang"`
	Count int      `json:"count"`
	Turns []string `json:"turns"` // hashes of turn ids
}

// Decision is a line of decisions.jsonl.
type Decision struct {
	Time   time.Time      `json:"time"`
	Actor  string         `json:"actor"`
	Action Action         `json:"action"`
	Group  string         `json:"group"`
	Intent string         `json:"intent,omitempty"` // of Accept, Assign
	Into   string         `json:"into,omitempty"`   // of Merge
	Name   analytics.Text `json:"name,omitzero"`    // of Rename; an empty one stays
	Leave  []string       `json:"leave,omitempty"`  // keys of texts that do not belong, of Accept, Assign
	Core   bool           `json:"core,omitempty"`   // only the texts of the cores are taken along, of Accept, Assign; the store adds the others to Leave
	Note   string         `json:"note,omitempty"`
	Bundle string         `json:"bundle,omitempty"` // of the run that found the group
	Texts  []Text         `json:"texts,omitempty"`  // set by the store, of Accept, Assign
}

// Decisions returns all decisions of a tenant, oldest first.
func (s *Store) Decisions(tenant string) ([]Decision, error) {
	path, err := s.path(tenant, "decisions.jsonl")
	if err != nil {
		return nil, err
	}
	return readLines[Decision](path)
}

// state is what decisions come to for a group.
type state struct {
	status    Status
	intent    string
	into      string
	name      analytics.Text
	texts     map[string]bool // keys that were taken along
	decisions []Decision
	standing  []int // decisions that took texts along and were not taken back, by their place
}

func fold(ds []Decision) map[string]*state {
	out := map[string]*state{}
	for i, d := range ds {
		st := out[d.Group]
		if st == nil {
			st = &state{status: Waiting, texts: map[string]bool{}}
			out[d.Group] = st
		}
		st.decisions = append(st.decisions, d)
		switch d.Action {
		case Accept, Assign:
			st.status, st.intent = Accepted, d.Intent
			if d.Action == Assign {
				st.status = Assigned
			}
			st.standing = append(st.standing, i)
			for _, t := range d.Texts {
				st.texts[t.Key] = true
			}
			for _, k := range d.Leave { // seen, and not wanted
				st.texts[k] = true
			}
		case Rename:
			st.name = named(st.name, d.Name)
		case Merge:
			st.status, st.into = Merged, d.Into
		case Refuse:
			st.status = Refused
		case Reopen:
			st.status, st.intent, st.into, st.standing = Waiting, "", "", nil
			clear(st.texts)
		}
	}
	return out
}

// intentName is what names of intents look like, e.g. "order.gift_card".
var intentName = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$`)

// Decide checks a decision, adds time, bundle and texts, and keeps it. The decision as kept is returned.
func (s *Store) Decide(tenant string, d Decision) (Decision, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list, err := s.entries(tenant)
	if err != nil {
		return d, err
	}
	e := find(list, d.Group)
	if e == nil {
		return d, fmt.Errorf("%w: there is no group %q in the last run", ErrNotFound, d.Group)
	}
	if err := check(d, e, list); err != nil {
		return d, err
	}
	res, err := s.Run(tenant)
	if err != nil {
		return d, err
	}
	d.Time, d.Bundle, d.Texts = s.now().UTC(), string(res.Bundle), nil
	if d.Action == Accept || d.Action == Assign {
		if d.Core {
			d.Leave = append(slices.Clone(d.Leave), around(d, list)...)
		}
		if d.Texts = take(d, list); len(d.Texts) == 0 {
			return d, fmt.Errorf("%w: no text is left of group %s", ErrInvalid, d.Group)
		}
	}
	if err := s.appendTo(tenant, "decisions.jsonl", d); err != nil {
		return d, fmt.Errorf("keep decision: %w", err)
	}
	return d, nil
}

func find(list []Entry, id string) *Entry {
	i := slices.IndexFunc(list, func(e Entry) bool { return e.ID == id })
	if i < 0 {
		return nil
	}
	return &list[i]
}

// check tells what is wrong with a decision about e.
func check(d Decision, e *Entry, list []Entry) error {
	if strings.TrimSpace(d.Actor) == "" {
		return fmt.Errorf("%w: a decision needs an actor", ErrInvalid)
	}
	settled := e.Status == Merged || e.Status == Refused
	switch d.Action {
	case Accept, Assign:
		if !intentName.MatchString(d.Intent) {
			return fmt.Errorf("%w: intent %q: names are lower-case words with dots, as order.gift_card", ErrInvalid, d.Intent)
		}
		if settled || e.Intent != "" && e.Intent != d.Intent {
			return fmt.Errorf("%w: group %s is %s already; reopen it first", ErrConflict, e.ID, e.Status)
		}
	case Merge:
		into := find(list, d.Into)
		switch {
		case into == nil:
			return fmt.Errorf("%w: there is no group %q to merge into", ErrNotFound, d.Into)
		case d.Into == d.Group || into.Status == Merged:
			return fmt.Errorf("%w: group %s cannot be merged into %s", ErrConflict, d.Group, d.Into)
		case e.Status != Waiting || slices.ContainsFunc(list, func(o Entry) bool { return o.Into == e.ID }):
			return fmt.Errorf("%w: group %s is %s, or has others merged into it; reopen first", ErrConflict, e.ID, e.Status)
		}
	case Rename:
		if d.Name == (analytics.Text{}) {
			return fmt.Errorf("%w: a new name is missing", ErrInvalid)
		}
	case Refuse:
		if e.Status != Waiting {
			return fmt.Errorf("%w: group %s is %s already; reopen it first", ErrConflict, e.ID, e.Status)
		}
	case Reopen:
	default:
		return fmt.Errorf("%w: action %q: accept, assign, rename, merge, refuse or reopen", ErrInvalid, d.Action)
	}
	return nil
}

// around lists the keys of the texts of a group, and of those that were merged into it, that are in no core. A group without a core is one as a whole.
func around(d Decision, list []Entry) []string {
	var out []string
	for _, e := range list {
		if e.Core == 0 || e.ID != d.Group && e.Into != d.Group {
			continue
		}
		for _, m := range e.Members {
			if !m.Core {
				out = append(out, m.Key)
			}
		}
	}
	return out
}

// take returns the texts of a group and of those that were merged into it, without those to be left.
func take(d Decision, list []Entry) []Text {
	var out []Text
	for _, e := range list {
		if e.ID != d.Group && e.Into != d.Group {
			continue
		}
		for _, m := range e.Members {
			if !slices.Contains(d.Leave, m.Key) {
				out = append(out, textOf(m))
			}
		}
	}
	return out
}

func textOf(m mine.Member) Text {
	return Text{Key: m.Key, Text: m.Text, Lang: m.Lang, Count: m.Count, Turns: m.Turns}
}
