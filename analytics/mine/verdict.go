package mine

import (
	"cmp"
	"fmt"
	"slices"

	"yingda/analytics"
	"yingda/analytics/mine/cluster"
)

// VerdictOptions are the limits between kinds. The zero value is the default, chosen on generated traffic; see docs/analytics/unrecognised.md.
type VerdictOptions struct {
	MinCohesion  float64 // a group below is Noise; default 0.35
	MinCustomers int     // fewer are Noise; a message of which nobody is named counts as one; default 3
	// MinShare of a group's messages that the classifier ranks one intent first, and MinMean of its probability, make MissingExamples. Defaults
	// 0.6 and 0.4.
	MinShare, MinMean float64
	// MinCosine of the centres of group and intent makes MissingExamples where the classifier agrees by half of MinShare. Default 0.75.
	MinCosine float64
}

func (o VerdictOptions) withDefaults() VerdictOptions {
	if o.MinCohesion == 0 {
		o.MinCohesion = 0.35
	}
	if o.MinCustomers == 0 {
		o.MinCustomers = 3
	}
	if o.MinShare == 0 {
		o.MinShare = 0.6
	}
	if o.MinMean == 0 {
		o.MinMean = 0.4
	}
	if o.MinCosine == 0 {
		o.MinCosine = 0.75
	}
	return o
}

// nearKept is how many near intents a verdict names.
const nearKept = 5

// centre is the mean direction of an intent's texts.
type centre struct {
	intent string
	vector []float32
}

// nearest compares a group with the intents that exist.
func nearest(members []int, reads []reading, weights []int, mean []float32, known []centre) ([]Near, float64) {
	at, all, oos := map[string]*Near{}, 0.0, 0.0
	of := func(intent string) *Near {
		if at[intent] == nil {
			at[intent] = &Near{Intent: intent}
		}
		return at[intent]
	}
	for _, i := range members {
		w := float64(weights[i])
		all += w
		oos += w * reads[i].oos
		for k, p := range reads[i].ranking {
			n := of(p.Label)
			n.Mean += w * p.Score
			if k == 0 {
				n.Share += w
			}
		}
	}
	for _, c := range known {
		of(c.intent).Cosine = float64(cluster.Dot(mean, c.vector))
	}
	list := make([]Near, 0, len(at))
	for _, n := range at {
		n.Mean /= all
		n.Share /= all
		list = append(list, *n)
	}
	slices.SortFunc(list, func(a, b Near) int {
		return cmp.Or(cmp.Compare(b.Share+b.Mean+max(b.Cosine, 0), a.Share+a.Mean+max(a.Cosine, 0)), cmp.Compare(a.Intent, b.Intent))
	})
	return list[:min(nearKept, len(list))], oos / max(all, 1)
}

// judge says what a group is.
func judge(g *Group, near []Near, oos float64, o VerdictOptions) Verdict {
	v := Verdict{Kind: NewIntent, Near: near, OOS: oos}
	switch {
	case g.Cohesion < o.MinCohesion:
		v.Kind = Noise
		v.Why = analytics.Text{
			ZH: fmt.Sprintf("各条消息之间相似度低（凝聚度 %.2f，低于 %.2f）。", g.Cohesion, o.MinCohesion),
			EN: fmt.Sprintf("The messages have little in common (cohesion %.2f, below %.2f).", g.Cohesion, o.MinCohesion)}
		return v
	case g.Customers+g.Unnamed < o.MinCustomers:
		v.Kind = Noise
		v.Why = analytics.Text{
			ZH: fmt.Sprintf("只有 %d 位客户这样问过。", g.Customers+g.Unnamed),
			EN: fmt.Sprintf("Only %d customers asked this.", g.Customers+g.Unnamed)}
		return v
	}
	for _, n := range near {
		byModel := n.Share >= o.MinShare && n.Mean >= o.MinMean
		byPlace := n.Cosine >= o.MinCosine && n.Share >= o.MinShare/2
		if byModel || byPlace {
			v.Kind, v.Intent = MissingExamples, n.Intent
			v.Why = analytics.Text{
				ZH: fmt.Sprintf("%.0f%% 的消息被模型首选为 %s（平均概率 %.2f，中心余弦 %.2f），只是把握不足：补充例句即可。", 100*n.Share, n.Intent, n.Mean, n.Cosine),
				EN: fmt.Sprintf("The model ranks %s first for %.0f %% of the messages (mean probability %.2f, cosine of the centres %.2f), only not surely: examples are missing.", n.Intent, 100*n.Share, n.Mean, n.Cosine)}
			return v
		}
	}
	v.Why = analytics.Text{
		ZH: fmt.Sprintf("消息之间相似，但没有任何现有意图与之相符（域外概率平均 %.2f）。", oos),
		EN: fmt.Sprintf("The messages belong together, and no intent that exists fits them (mean out-of-scope probability %.2f).", oos)}
	if len(near) > 0 {
		v.Why.ZH += fmt.Sprintf("最接近的是 %s（首选占 %.0f%%）。", near[0].Intent, 100*near[0].Share)
		v.Why.EN += fmt.Sprintf(" The nearest is %s (first for %.0f %%).", near[0].Intent, 100*near[0].Share)
	}
	return v
}
