package eval

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// notes says what a reader of the figures must know.
func (b *bench) notes() []string {
	notes := []string{}
	add := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if ex := b.entities.excluded; len(ex) > 0 {
		n := 0
		for _, name := range ex {
			n += b.entities.types[name].gold
		}
		add("Entity figures leave out %s (%d marked): no component of this bundle finds them yet.", strings.Join(ex, ", "), n)
	}
	if len(b.o.Unmarked) > 0 {
		add("Finds of %s are neither right nor wrong: the data does not mark them.", strings.Join(b.o.Unmarked, ", "))
	}
	if foreign := b.foreign(); len(foreign) > 0 {
		add("%d intents of the data are not in the bundle's label space and cannot be right: %s.", len(foreign), strings.Join(foreign, ", "))
	}
	for _, c := range []struct {
		format string
		is     func(*row) bool
	}{
		{"%d messages were refused as too long; they count as not understood.", func(r *row) bool { return r.refused }},
		{"%d messages did not fit the model and were read in part.", func(r *row) bool { return r.a.Encoding.Cut > 0 }},
		{"%d messages have no intent labels and do not count for intents and out of scope.", func(r *row) bool { return !r.labelled }},
		{"%d messages were answered without a ranking of intents; figures that need it count them as wrong.", func(r *row) bool { return !r.refused && r.labelled && len(r.a.Ranking) == 0 }},
	} {
		n := 0
		for _, r := range b.rows {
			if c.is(r) {
				n++
			}
		}
		if n > 0 {
			add(c.format, n)
		}
	}
	return notes
}

// foreign lists intents of the data that no ranking mentions.
func (b *bench) foreign() []string {
	known, foreign := map[string]bool{}, map[string]bool{}
	for _, r := range b.rows {
		for _, p := range r.a.Ranking {
			known[p.Label] = true
		}
	}
	for _, r := range b.rows {
		for _, l := range r.eg.Intents {
			if len(known) > 0 && !known[l] {
				foreign[l] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(foreign))
}
