package recognizer

import "slices"

// Types returns the entity types that the rules find, sorted.
func (r *Rules) Types() []string {
	var types []string
	for i := range r.rules {
		types = append(types, r.rules[i].Type)
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// Types returns the entity types of the lists, sorted.
func (x *Index) Types() []string {
	var types []string
	for i := range x.lists {
		types = append(types, x.lists[i].Type)
	}
	slices.Sort(types)
	return slices.Compact(types)
}
