package knowledge

import (
	"slices"

	"yingda/dialogue"
)

// ChangeKind says what importing an entry does. The zero value is invalid.
type ChangeKind string

// The kinds of changes.
const (
	Created   ChangeKind = "created"
	Replaced  ChangeKind = "replaced"
	Unchanged ChangeKind = "unchanged"
)

// Change is what importing a draft does, and the revision that it is based on.
type Change struct {
	Draft
	Kind     ChangeKind
	Revision uint64
}

// Plan compares drafts with what a tenant has ([Base.List]); nothing is written. The drafts' order is kept.
func Plan(existing []Version, drafts []Draft) []Change {
	byID := make(map[string]*Version, len(existing))
	for i := range existing {
		byID[existing[i].ID] = &existing[i]
	}
	out := make([]Change, len(drafts))
	for i, d := range drafts {
		out[i] = Change{Draft: d, Kind: Created}
		v := byID[d.ID]
		if v == nil {
			continue
		}
		out[i].Revision = v.Revision
		switch {
		case v.Deleted:
		case equal(&v.Entry, &d.Entry):
			out[i].Kind = Unchanged
		default:
			out[i].Kind = Replaced
		}
	}
	return out
}

// equal compares entries; an empty list is as good as none.
func equal(a, b *dialogue.Entry) bool {
	lists := func(x, y []string) bool { return len(x) == 0 && len(y) == 0 || slices.Equal(x, y) }
	return a.Lang == b.Lang && a.Answer == b.Answer && a.Image == b.Image && lists(a.Questions, b.Questions) &&
		lists(a.Links, b.Links) && lists(a.Intents, b.Intents) && lists(a.Tags, b.Tags) && lists(a.Next, b.Next)
}
