package task

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"yingda/dialogue/internal/strict"
)

// Set is all tasks of a service pack. It is immutable and safe for concurrent use.
type Set struct {
	slots  map[string]*Slot
	tasks  []*Task
	intent map[string]*Task
	byType map[string][]string
	field  map[string]string
}

// taskFile is the YAML form of one file.
type taskFile struct {
	Version int              `yaml:"version"`
	Slots   map[string]*Slot `yaml:"slots"`
	Tasks   []*Task          `yaml:"tasks"`
}

// Load reads all *.yaml files below dir of fsys. Slots declared in any file are known in all. The error joins a [*strict.Fault] for everything
// that is wrong in any of the files.
func Load(fsys fs.FS, dir string) (*Set, error) {
	l := &loader{set: &Set{slots: map[string]*Slot{}, intent: map[string]*Task{}, byType: map[string][]string{}, field: map[string]string{}}, where: map[*Task]place{}}
	err := fs.WalkDir(fsys, dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".yaml" && path.Ext(name) != ".yml" {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		l.read(name, data)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read tasks: %w", err)
	}
	return l.finish()
}

// Parse reads tasks from one file.
func Parse(name string, data []byte) (*Set, error) {
	l := &loader{set: &Set{slots: map[string]*Slot{}, intent: map[string]*Task{}, byType: map[string][]string{}, field: map[string]string{}}, where: map[*Task]place{}}
	l.read(name, data)
	return l.finish()
}

// loader collects files, then checks what refers to what.
type loader struct {
	set   *Set
	files []*strict.File
	where map[*Task]place
}

// place is where a task is declared.
type place struct {
	file *strict.File
	i    int
}

func (l *loader) read(name string, data []byte) {
	var raw taskFile
	f := strict.Decode(name, data, &raw)
	l.files = append(l.files, f)
	if raw.Version != 1 {
		f.Addf([]any{"version"}, "is %d; this program reads 1", raw.Version)
	}
	for _, n := range slices.Sorted(maps.Keys(raw.Slots)) {
		s := raw.Slots[n]
		if s == nil {
			s = &Slot{}
		}
		if l.set.slots[n] != nil {
			f.Addf([]any{"slots", n}, "is declared twice; keep one")
			continue
		}
		s.Name = n
		l.slot(f, s)
		l.set.slots[n] = s
	}
	for i, t := range raw.Tasks {
		if t == nil || len(t.Intents) == 0 {
			f.Addf([]any{"tasks", i, "intents"}, "is missing; name at least one intent that the task serves")
			continue
		}
		t.name = t.Intents[0]
		l.where[t] = place{f, i}
		l.set.tasks = append(l.set.tasks, t)
		for j, in := range t.Intents {
			if old := l.set.intent[in]; old != nil {
				f.Addf([]any{"tasks", i, "intents", j}, "%s is served by the task %s already; an intent has one task", in, old.name)
				continue
			}
			l.set.intent[in] = t
		}
	}
}

func (l *loader) slot(f *strict.File, s *Slot) {
	at := func(field string) []any { return []any{"slots", s.Name, field} }
	if !slotName.MatchString(s.Name) {
		f.Addf([]any{"slots", s.Name}, "is not a name of a slot: want a–z, 0–9 and _, beginning with a letter")
	}
	if len(s.Types) == 0 && !s.Local {
		s.Types = []string{s.Name}
	}
	if s.Pattern != "" {
		s.pattern = compile(f, at("pattern"), `(?i)^(?:`+s.Pattern+`)$`)
	}
	if s.Find != "" {
		s.find = compile(f, at("find"), "(?i)"+s.Find)
	}
	if s.Trim != "" {
		s.trim = compile(f, at("trim"), "(?i)"+s.Trim)
	}
	switch s.Mask {
	case MaskNone, MaskID, MaskCard, MaskPhone, MaskEmail:
	default:
		f.Addf(at("mask"), "is %q; known are id, card, phone, email", s.Mask)
	}
	switch s.Keep {
	case KeepTask, KeepTopic, KeepDialogue:
	default:
		f.Addf(at("keep"), "is %q; known are topic, dialogue", s.Keep)
	}
	if s.Field != "" && !slices.Contains(historyFields, s.Field) {
		f.Addf(at("field"), "is %q; a history item has %s", s.Field, strings.Join(historyFields, ", "))
	}
}

var slotName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// historyFields are the fields of a history item that can fill a slot.
var historyFields = []string{"order_id", "ticket_id", "product", "attribute", "plan", "topic"}

// compile reports a pattern that is none.
func compile(f *strict.File, at []any, pattern string) *regexp.Regexp {
	re, err := regexp.Compile(pattern)
	if err != nil {
		f.Addf(at, "is not a regular expression (RE2): %v", err)
		return nil
	}
	return re
}

// finish checks all tasks against all slots and intents.
func (l *loader) finish() (*Set, error) {
	for _, t := range l.set.tasks {
		l.check(t)
	}
	var faults []error
	for _, f := range l.files {
		faults = append(faults, f.Err())
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	for _, n := range slices.Sorted(maps.Keys(l.set.slots)) {
		if field := l.set.slots[n].Field; field != "" && l.set.field[field] == "" {
			l.set.field[field] = n
		}
		for _, typ := range l.set.slots[n].Types {
			l.set.byType[typ] = append(l.set.byType[typ], n)
		}
	}
	return l.set, nil
}

// Task returns the task that serves an intent, nil when there is none.
func (s *Set) Task(intent string) *Task { return s.intent[intent] }

// Tasks returns all tasks in the order of their files. It must not be changed.
func (s *Set) Tasks() []*Task { return s.tasks }

// Slot returns a slot, nil when it is not declared.
func (s *Set) Slot(name string) *Slot { return s.slots[name] }

// SlotsOf returns the names of the slots that an entity type fills, sorted. It must not be changed.
func (s *Set) SlotsOf(entityType string) []string { return s.byType[entityType] }

// SlotFor returns the slot that a field of a history item fills, empty when none does.
func (s *Set) SlotFor(field string) string { return s.field[field] }

// Intents returns the intents that have a task, sorted.
func (s *Set) Intents() []string { return slices.Sorted(maps.Keys(s.intent)) }
