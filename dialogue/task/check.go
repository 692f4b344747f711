package task

import (
	"maps"
	"regexp"
	"slices"
	"strconv"

	"yingda/dialogue/internal/strict"
)

// checker is the work on one task.
type checker struct {
	*loader
	t *Task
	f *strict.File
	i int
}

// check compiles a task's patterns and reports names that lead nowhere.
func (l *loader) check(t *Task) {
	c := &checker{l, t, l.where[t].file, l.where[t].i}
	c.slots()
	c.about()
	c.checks()
	c.call("lookup", t.Lookup)
	c.call("call", t.Call)
	c.branches()
	c.steps()
	c.rest()
}

func (c *checker) addf(at []any, format string, args ...any) {
	c.f.Addf(append([]any{"tasks", c.i}, at...), format, args...)
}

// declare notes that the task knows a slot and reports one that is declared nowhere.
func (c *checker) declare(n string, at ...any) {
	if c.set.slots[n] == nil {
		c.addf(at, "%q is not declared under slots of any file", n)
		return
	}
	if !slices.Contains(c.t.declared, n) {
		c.t.declared = append(c.t.declared, n)
	}
}

func (c *checker) slots() {
	t := c.t
	for j, n := range t.Needs {
		c.declare(n, "needs", j)
	}
	for j, group := range t.Any {
		if len(group) < 2 {
			c.addf([]any{"any", j}, "needs at least two slots; a single one belongs under needs")
		}
		for k, n := range group {
			c.declare(n, "any", j, k)
		}
	}
	for j, n := range t.Takes {
		c.declare(n, "takes", j)
	}
	for j, st := range t.Steps {
		for k, n := range st.Ask {
			c.declare(n, "steps", j, "ask", k)
		}
	}
	if len(t.Toward) > 0 && len(t.Steps) == 0 {
		c.addf([]any{"toward"}, "is for tasks with steps; other tasks are always come back to")
	}
	for field, list := range map[string][]string{"fresh": t.Fresh, "adds": t.Adds} {
		for j, n := range list {
			if !slices.Contains(t.declared, n) {
				c.addf([]any{field, j}, "%q is not a slot of this task; add it to needs, any or takes", n)
			}
		}
	}
}

func (c *checker) about() {
	a := c.t.About
	if a == nil {
		return
	}
	if a.Kind == "" {
		c.addf([]any{"about", "kind"}, "is missing; e.g. order")
	}
	if a.Fits != "" {
		a.fits = compile(c.f, []any{"tasks", c.i, "about", "fits"}, "(?i)"+a.Fits)
	}
	if a.Unfit != "" {
		a.unfit = compile(c.f, []any{"tasks", c.i, "about", "unfit"}, "(?i)"+a.Unfit)
	}
}

func (c *checker) checks() {
	for j, k := range c.t.Checks {
		if !slices.Contains(c.t.declared, k.Slot) {
			c.addf([]any{"checks", j, "slot"}, "%q is not a slot of this task", k.Slot)
		}
		switch k.Is {
		case IsFuture, IsPast:
		case IsDifferent, IsSame:
			if c.set.slots[k.Than] == nil {
				c.addf([]any{"checks", j, "than"}, "%q is not a slot", k.Than)
			}
		case IsAtLeast, IsAtMost:
			if _, err := strconv.ParseFloat(k.Than, 64); err != nil && c.set.slots[k.Than] == nil {
				c.addf([]any{"checks", j, "than"}, "%q is neither a number nor a slot", k.Than)
			}
		default:
			c.addf([]any{"checks", j, "is"}, "is %q; known are future, past, different, same, at_least, at_most", k.Is)
		}
	}
}

var callName = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$`)

// place holders of arguments
var holder = regexp.MustCompile(`\{([a-z0-9_]*)\}`)

func (c *checker) call(field string, call *Call, at ...any) {
	if call == nil {
		return
	}
	at = append(at, field)
	if !callName.MatchString(call.Name) {
		c.addf(append(at, "name"), "is %q; want a dotted name such as order.get", call.Name)
	}
	for _, arg := range slices.Sorted(maps.Keys(call.Args)) {
		for _, m := range holder.FindAllStringSubmatch(call.Args[arg], -1) {
			if m[1] != "text" && c.set.slots[m[1]] == nil {
				c.addf(append(slices.Clone(at), "args", arg), "{%s} is neither a slot nor {text}", m[1])
			}
		}
	}
}

func (c *checker) branches() {
	for j := range c.t.Branches {
		b := &c.t.Branches[j]
		at := func(field ...any) []any { return append([]any{"branches", j}, field...) }
		if len(b.When) == 0 {
			c.addf(at("when"), "is missing; a branch without a condition always hides those after it")
		}
		b.when = c.patterns(b.When, at("when"))
		if !slices.Contains(actions, b.Action) {
			c.addf(at("action"), "is %q; known are answer, ask, confirm, clarify, soothe, recommend", b.Action)
		}
		if b.Start != "" && c.set.intent[b.Start] == nil {
			c.addf(at("start"), "no task serves %q", b.Start)
		}
		for k, in := range b.Offer {
			if c.set.intent[in] == nil {
				c.addf(at("offer", k), "no task serves %q", in)
			}
		}
		if b.Start != "" && len(b.Offer) > 0 || b.HandOff && (b.Start != "" || len(b.Offer) > 0) {
			c.addf(at(), "has more than one of start, offer and handoff; keep one")
		}
		if b.Start == c.t.name {
			c.addf(at("start"), "begins the same task again, for ever; begin another one")
		}
	}
}

var actions = []string{"", "answer", "ask", "confirm", "clarify", "soothe", "recommend"}

// patterns compiles the conditions of a branch or step.
func (c *checker) patterns(when map[string]string, at []any) map[string]*regexp.Regexp {
	out := map[string]*regexp.Regexp{}
	for _, k := range slices.Sorted(maps.Keys(when)) {
		full := append(append([]any{"tasks", c.i}, at...), k)
		if re := compile(c.f, full, "(?i)"+when[k]); re != nil {
			out[k] = re
		}
	}
	return out
}

func (c *checker) steps() {
	seen := map[string]bool{}
	for j := range c.t.Steps {
		s := &c.t.Steps[j]
		if !slotName.MatchString(s.Name) {
			c.addf([]any{"steps", j, "name"}, "is %q; want a–z, 0–9 and _, beginning with a letter", s.Name)
		}
		if seen[s.Name] {
			c.addf([]any{"steps", j, "name"}, "%q is there twice; no step is given twice", s.Name)
		}
		seen[s.Name] = true
		s.when = c.patterns(s.When, []any{"steps", j, "when"})
		for _, n := range slices.Sorted(maps.Keys(s.When)) {
			if c.set.slots[n] == nil {
				c.addf([]any{"steps", j, "when", n}, "is not a slot")
			}
		}
		if s.Tried != "" {
			s.tried = compile(c.f, []any{"tasks", c.i, "steps", j, "tried"}, "(?i)"+s.Tried)
		}
		c.call("call", s.Call, "steps", j)
	}
	if len(c.t.Steps) > 0 && c.t.Confirm {
		c.addf([]any{"confirm"}, "does not go with steps; let a branch offer the task that changes something")
	}
}

func (c *checker) rest() {
	t := c.t
	switch t.Mode {
	case "":
		t.Mode = ModeAnswer
		if t.Confirm {
			t.Mode = ModeDone
		}
	case ModeAnswer, ModeDone, ModeRecommend, ModeKnowledge:
	default:
		c.addf([]any{"mode"}, "is %q; known are answer, done, recommend, knowledge", t.Mode)
	}
	if t.Confirm && t.Call == nil && !t.People {
		c.addf([]any{"confirm"}, "asks before nothing: name the call that is made after a yes")
	}
	for _, in := range slices.Sorted(maps.Keys(t.Alters)) {
		for j, n := range t.Alters[in] {
			if !slices.Contains(t.declared, n) {
				c.addf([]any{"alters", in, j}, "%q is not a slot of this task", n)
			}
		}
	}
	if t.List != nil {
		if c.set.slots[t.List.Type] == nil {
			c.addf([]any{"list", "type"}, "%q is not a slot", t.List.Type)
		}
		if t.List.Value == "" {
			c.addf([]any{"list", "value"}, "is missing; name the field of an item that is its value")
		}
	}
	if t.Follow != nil && (t.Follow.Kind == "" || t.Follow.After <= 0) {
		c.addf([]any{"follow"}, "needs a kind and a time after which it is sent, e.g. {kind: interrupted_task, after: 30m}")
	}
}
