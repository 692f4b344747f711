package nlu

import (
	"cmp"
	"slices"
)

// rank orders sources: the higher one wins where spans overlap.
var rank = map[Source]int{SourceRegex: 5, SourceValue: 4, SourceLookup: 3, SourceModel: 2, SourceFuzzy: 1}

// Merge resolves overlapping entities. The stronger source wins: regex, value, lookup, model, fuzzy. Between equals the longer
// span wins, then the higher score, then the earlier one. There is one exception: a model's entity that strictly contains a lookup's
// or value's (an address around a city, an organisation around a brand), or a rule's of the same type, wins, because the list or rule saw only a part of the name.
// Values for slots that ask for them ([SourceSlot]) are left out.
// The result is sorted by position and has no overlaps; candidates is not changed.
func Merge(candidates []Entity) []Entity {
	order := slices.Clone(candidates)
	slices.SortStableFunc(order, func(a, b Entity) int {
		return cmp.Or(cmp.Compare(rank[b.Source], rank[a.Source]), cmp.Compare(b.Len(), a.Len()), cmp.Compare(b.Score, a.Score), cmp.Compare(a.Start, b.Start))
	})
	var kept []Entity
	for _, e := range order {
		if e.Len() <= 0 || e.Source == SourceSlot {
			continue
		}
		part := func(k Entity) bool { // of a name that the model saw whole
			seen := k.Source == SourceLookup || k.Source == SourceValue || k.Source == SourceRegex && k.Type == e.Type
			return e.Source == SourceModel && seen && e.Contains(k.Span) && e.Len() > k.Len()
		}
		if !slices.ContainsFunc(kept, func(k Entity) bool { return k.Overlaps(e.Span) && !part(k) }) {
			kept = append(slices.DeleteFunc(kept, part), e)
		}
	}
	slices.SortFunc(kept, func(a, b Entity) int { return cmp.Compare(a.Start, b.Start) })
	return kept
}
