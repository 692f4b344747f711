package task

import (
	"maps"
	"slices"
	"strings"
)

// Keys returns every script key that the tasks use with the variables that its words may hold. Besides these, words may hold the fields of
// the result of the task's call, as the operator's system names them.
func (s *Set) Keys() map[string][]string {
	k := keys{set: s, out: map[string]map[string]bool{}}
	for _, t := range s.tasks {
		k.task(t)
	}
	out := make(map[string][]string, len(k.out))
	for key, vars := range k.out {
		out[key] = slices.Sorted(maps.Keys(vars))
	}
	return out
}

type keys struct {
	set *Set
	out map[string]map[string]bool
}

// add notes a key; slots are among the variables of all keys of a task.
func (k *keys) add(t *Task, key string, vars ...string) {
	m := k.out[key]
	if m == nil {
		m = map[string]bool{}
		k.out[key] = m
	}
	for _, v := range append(slices.Clone(t.declared), vars...) {
		m[v] = true
	}
}

func (k *keys) task(t *Task) {
	for _, n := range t.Needs {
		k.ask(t, n)
	}
	for _, g := range t.Any {
		k.ask(t, g[0])
	}
	for _, c := range t.Checks {
		k.add(t, "wrong."+c.Slot, "value")
	}
	for _, in := range t.Intents {
		k.intent(t, in)
	}
	for i := range t.Branches {
		if b := &t.Branches[i]; b.Say != "" {
			k.add(t, b.Say)
		}
	}
	for i := range t.Steps {
		st := &t.Steps[i]
		k.add(t, "step."+t.name+"."+st.Name)
		for _, n := range st.Ask {
			k.pattern(t, n)
		}
	}
	if t.Follow != nil {
		k.add(t, t.Follow.Key(), "task")
	}
}

// intent adds the keys that end or begin a task.
func (k *keys) intent(t *Task, in string) {
	if len(t.Steps) == 0 {
		switch t.Mode {
		case ModeDone:
			k.add(t, "done."+in)
		case ModeRecommend:
			k.add(t, "recommend")
		default:
			k.add(t, "answer."+in)
		}
	} else {
		k.add(t, "solved."+in)
	}
	if t.Confirm {
		k.add(t, "confirm."+in)
	}
	if t.Call != nil || t.Lookup != nil {
		k.add(t, "failed."+in)
		k.add(t, "refused."+in, "reason")
		k.add(t, "notfound."+in)
	}
	for _, slots := range t.Alters { // asked for when the customer wants to change them before saying yes
		if len(slots) > 0 {
			k.add(t, "ask."+in+"."+slots[0])
		}
	}
	if len(t.declared) > 0 || len(t.Steps) > 0 || t.Confirm {
		k.add(t, "cancelled."+in)
		k.add(t, "resume."+in, "missing")
	}
}

func (k *keys) ask(t *Task, slot string) {
	for _, in := range t.Intents {
		k.add(t, "ask."+in+"."+slot)
	}
	k.pattern(t, slot)
}

// pattern adds the words for a value that the slot refuses.
func (k *keys) pattern(t *Task, slot string) {
	if s := k.set.slots[slot]; s != nil && (s.Pattern != "" || len(s.Values) > 0) {
		k.add(t, "wrong."+slot, "value")
	}
}

// Key returns the script of the message.
func (f *Follow) Key() string {
	if f.Say != "" {
		return f.Say
	}
	return "follow." + strings.TrimPrefix(f.Kind, "follow.")
}
