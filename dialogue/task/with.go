package task

import "slices"

// With returns a copy of the set in which the tasks and slots of a file (as [Parse] reads it) take the place of those that serve the same intents or
// have the same names. It is how a variant of an experiment changes tasks. The error joins a fault for everything that is wrong in
// the file.
func (s *Set) With(name string, data []byte) (*Set, error) {
	l := &loader{set: &Set{slots: map[string]*Slot{}, intent: map[string]*Task{}, byType: map[string][]string{}, field: map[string]string{}}, where: map[*Task]place{}}
	l.read(name, data)
	own := slices.Clone(l.set.tasks)
	for n, slot := range s.slots {
		if l.set.slots[n] == nil {
			l.set.slots[n] = slot
		}
	}
	var kept []*Task
	for _, t := range s.tasks {
		if slices.ContainsFunc(t.Intents, func(in string) bool { return l.set.intent[in] != nil }) {
			continue
		}
		kept = append(kept, t)
		for _, in := range t.Intents {
			l.set.intent[in] = t
		}
	}
	l.set.tasks = own // the others were checked, and their slots are still there
	set, err := l.finish()
	if err != nil {
		return nil, err
	}
	set.tasks = append(kept, own...)
	return set, nil
}
