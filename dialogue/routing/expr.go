package routing

import (
	"slices"
	"strings"

	"yingda/nlu"
)

// Expr is a demand on an agent. The fields that are set must all hold; the zero value holds for everybody.
type Expr struct {
	Skill    string // the agent has it at Level or better
	Level    int    // 1–5
	Asked    int    // > 0: the agent has every skill that the handover asked for at this level or better
	Language string // a language, or "customer": that of the customer, everybody's when unknown
	Agent    string // an agent's id, or "last": who spoke with the customer before
	All, Any []Expr
	Not      *Expr
}

// Words of expressions that mean somebody of the conversation at hand.
const (
	CustomersLanguage = "customer"
	LastAgent         = "last"
)

// IsZero tells whether the expression asks for nothing.
func (e *Expr) IsZero() bool {
	return e.Skill == "" && e.Asked == 0 && e.Language == "" && e.Agent == "" && len(e.All) == 0 && len(e.Any) == 0 && e.Not == nil
}

// Holds tells whether the agent meets the demand for the ticket.
func (e *Expr) Holds(t *Ticket, p *Member) bool {
	switch {
	case e.Skill != "" && p.Skills[e.Skill] < max(e.Level, 1),
		e.Asked > 0 && !hasAll(p, t.Skills, e.Asked),
		e.Language != "" && !e.language(t, p),
		e.Agent != "" && !e.agent(t, p),
		e.Not != nil && e.Not.Holds(t, p):
		return false
	}
	for i := range e.All {
		if !e.All[i].Holds(t, p) {
			return false
		}
	}
	return len(e.Any) == 0 || slices.ContainsFunc(e.Any, func(x Expr) bool { return x.Holds(t, p) })
}

func (e *Expr) language(t *Ticket, p *Member) bool {
	lang := nlu.Lang(e.Language)
	if e.Language == CustomersLanguage {
		lang = t.Lang
	}
	return lang == "" || p.speaks(lang)
}

func (e *Expr) agent(t *Ticket, p *Member) bool {
	if e.Agent == LastAgent {
		return t.LastAgent == p.ID
	}
	return e.Agent == p.ID
}

// personal tells whether the answer depends on who the customer spoke with, so that it cannot be shared between tickets.
func (e *Expr) personal() bool {
	return e.Agent == LastAgent || e.Not != nil && e.Not.personal() ||
		slices.ContainsFunc(e.All, func(x Expr) bool { return x.personal() }) ||
		slices.ContainsFunc(e.Any, func(x Expr) bool { return x.personal() })
}

// String is a short form for explanations, e.g. "returns ≥ 3 and language customer".
func (e Expr) String() string {
	var parts []string
	add := func(s string) { parts = append(parts, s) }
	if e.Skill != "" {
		add(e.Skill + " ≥ " + string(rune('0'+max(e.Level, 1))))
	}
	if e.Asked > 0 {
		add("skills asked for ≥ " + string(rune('0'+e.Asked)))
	}
	if e.Language != "" {
		add("language " + e.Language)
	}
	if e.Agent != "" {
		add("agent " + e.Agent)
	}
	for _, x := range e.All {
		add(x.String())
	}
	if len(e.Any) > 0 {
		some := make([]string, len(e.Any))
		for i, x := range e.Any {
			some[i] = x.String()
		}
		add("(" + strings.Join(some, " or ") + ")")
	}
	if e.Not != nil {
		add("not (" + e.Not.String() + ")")
	}
	if len(parts) == 0 {
		return "anybody of the queue"
	}
	return strings.Join(parts, " and ")
}

func hasAll(p *Member, skills []string, level int) bool {
	for _, s := range skills {
		if p.Skills[s] < level {
			return false
		}
	}
	return true
}
