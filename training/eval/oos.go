package eval

import (
	"cmp"
	"slices"
)

// scope tells which messages are in scope, and how far the others are from it.
type scope uint8

const (
	inScope  scope = iota
	outScope       // out of scope, neither tag
	outNear        // close to the domain: the words of a shop without a wish that it serves
	outFar         // about something else altogether
)

// The tags of examples that tell near and far out of scope apart.
const (
	tagNear = "oos_near"
	tagFar  = "oos_far"
)

func scopeOf(r *row) scope {
	switch {
	case len(r.gold) > 0:
		return inScope
	case slices.Contains(r.eg.Tags, tagNear):
		return outNear
	case slices.Contains(r.eg.Tags, tagFar):
		return outFar
	}
	return outScope
}

// oosScores lists the out-of-scope scores of labelled rows.
func oosScores(rows []*row) []scored {
	list := make([]scored, 0, len(rows))
	for _, r := range rows {
		if r.labelled {
			list = append(list, scored{r.oos, r.scope != inScope})
		}
	}
	return list
}

// oosFigures works on rows sorted once by score: the curves of all, near and far take what they need from them.
func oosFigures(rows []*row, out *[figCount]figure) {
	sorted := make([]*row, 0, len(rows))
	var total, refused [outFar + 1]int
	for _, r := range rows {
		if !r.labelled {
			continue
		}
		sorted = append(sorted, r)
		total[r.scope]++
		if len(r.pred) == 0 {
			refused[r.scope]++
		}
	}
	slices.SortFunc(sorted, func(a, b *row) int { return cmp.Compare(b.oos, a.oos) })
	list := oosScores(sorted)
	c := newCurve(list)
	out[figAUROC] = figure{c.auroc(), len(list)}
	out[figAUPR] = figure{c.aupr(), len(list)}
	out[figFPR95] = figure{c.falseAlarmAt(0.95), len(list)}
	all := total[outScope] + total[outNear] + total[outFar]
	not := refused[outScope] + refused[outNear] + refused[outFar]
	out[figOOSRecall] = share(not, all)
	out[figFalseAlarm] = share(refused[inScope], total[inScope])
	out[figCoverage] = share(len(sorted)-not-refused[inScope], len(sorted))
	for _, k := range []struct {
		scope         scope
		auroc, recall int
	}{{outNear, figNearAUROC, figNearRecall}, {outFar, figFarAUROC, figFarRecall}} {
		out[k.auroc] = figure{kindCurve(sorted, k.scope).auroc(), total[inScope] + total[k.scope]}
		out[k.recall] = share(refused[k.scope], total[k.scope])
	}
}

// kindCurve sets the rows in scope against those of one kind out of scope. It has no points when there are none of that kind.
func kindCurve(rows []*row, kind scope) *curve {
	list := make([]scored, 0, len(rows))
	met := false
	for _, r := range rows {
		if r.labelled && (r.scope == inScope || r.scope == kind) {
			list = append(list, scored{r.oos, r.scope == kind})
			met = met || r.scope == kind
		}
	}
	if !met {
		return &curve{}
	}
	return newCurve(list)
}

// oosKinds describes near and far out of scope, each against all messages with an intent; kinds without messages are left out.
func (b *bench) oosKinds() []OOSKind {
	var out []OOSKind
	for _, k := range []struct {
		name  string
		scope scope
	}{{"near", outNear}, {"far", outFar}} {
		n, refused := 0, 0
		for _, r := range b.rows {
			if r.labelled && r.scope == k.scope {
				n++
				if len(r.pred) == 0 {
					refused++
				}
			}
		}
		if n > 0 {
			c := kindCurve(b.rows, k.scope)
			out = append(out, OOSKind{k.name, n, Float(c.auroc()), Float(c.aupr()), Float(c.falseAlarmAt(0.95)), Float(ratio(refused, n))})
		}
	}
	return out
}
