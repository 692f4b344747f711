package eval

import (
	"cmp"
	"slices"
)

// part is a slice of the data: the places of its rows.
type part struct {
	by, name string
	rows     []int
}

// of picks the part's rows.
func (p *part) of(rows []*row) []*row {
	out := make([]*row, len(p.rows))
	for i, at := range p.rows {
		out[i] = rows[at]
	}
	return out
}

// parts cuts the rows by language, length, group of intents and tag. A message may be in several slices of a kind.
func (b *bench) parts() []part {
	found := map[[2]string][]int{}
	put := func(by, name string, at int) {
		if name != "" {
			key := [2]string{by, name}
			found[key] = append(found[key], at)
		}
	}
	for i, r := range b.rows {
		for _, t := range slices.Compact(slices.Sorted(slices.Values(r.eg.Tags))) {
			put("tag", t, i)
		}
		put("language", r.lang(), i)
		put("length", lengthBucket(r.eg.Text), i)
		var groups []string
		for _, l := range r.eg.Intents {
			if g := b.group(l); !slices.Contains(groups, g) {
				groups = append(groups, g)
				put("group", g, i)
			}
		}
	}
	out := make([]part, 0, len(found))
	for key, rows := range found {
		out = append(out, part{key[0], key[1], rows})
	}
	slices.SortFunc(out, compareParts)
	return out
}

// sliceOrder is the order of breakdowns.
var sliceOrder = []string{"language", "length", "group", "tag"}

// SliceKinds lists by what breakdowns are made.
func SliceKinds() []string { return slices.Clone(sliceOrder) }

func compareParts(a, b part) int {
	if c := cmp.Compare(slices.Index(sliceOrder, a.by), slices.Index(sliceOrder, b.by)); c != 0 {
		return c
	}
	if a.by == "length" {
		return cmp.Compare(lengthOrder(a.name), lengthOrder(b.name))
	}
	return cmp.Compare(a.name, b.name)
}

func lengthOrder(name string) int {
	for i, l := range lengths {
		if l.name == name {
			return i
		}
	}
	return len(lengths)
}
