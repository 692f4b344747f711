package readout

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"yingda/analytics"
	"yingda/analytics/abtest"
	"yingda/dialogue/experiment"
)

// LookAt is one of the planned looks of a group-sequential plan. A look is at the data as they were when its customers had come, whenever the
// results are asked for: so asking more often is not looking more often.
type LookAt struct {
	Number    int       `json:"number"`            // from 1
	Share     float64   `json:"share"`             // of the planned customers; of a look that was taken, what had come
	Customers int64     `json:"customers"`         // the same in customers
	Taken     bool      `json:"taken"`             // its customers have come
	Skipped   bool      `json:"skipped,omitempty"` // the next one came within the same hour
	At        time.Time `json:"at,omitzero"`       // data before it count
	Level     float64   `json:"level,omitempty"`   // p-value of a fixed test from which on a difference counts at this look
	P         float64   `json:"p,omitempty"`       // least repeated p-value of the deciding metric, corrected for how many variants there are
	Crossed   bool      `json:"crossed,omitempty"` // the bound was crossed: the experiment might have been stopped here

	look *abtest.Look
}

// settle is how long after a look its data are waited for: sessions end by silence.
const settle = time.Hour

// spendings are the ways to spend alpha over looks.
var spendings = map[string]abtest.Spending{"": abtest.OBrienFleming, experiment.OBrienFleming: abtest.OBrienFleming, experiment.Pocock: abtest.Pocock}

func (p *Plan) checkLooks(fault func(format string, args ...any)) {
	if len(p.Looks) == 0 {
		return
	}
	if p.Units <= 0 {
		fault("planned looks need the number of planned customers")
	}
	if p.Sequential {
		fault("planned looks and sequential are two ways to look more than once")
	}
	if spendings[p.Spending] == nil {
		fault("there is no spending %q: %s, %s", p.Spending, experiment.OBrienFleming, experiment.Pocock)
	}
	before := 0.0
	for _, t := range p.Looks {
		if !(t > before && t <= 1) {
			fault("looks at %v do not rise to 1", p.Looks)
			break
		}
		before = t
	}
}

// takeLooks finds out which looks' customers have come, and when. An experiment that ended before its last look has one at its end.
func (r *Result) takeLooks(a arrivals) error {
	p := &r.Plan
	var come, before int64
	var times []float64
	at := 0 // in a.hours: arrivals before it are in come
	for k, share := range p.Looks {
		l := LookAt{Number: k + 1, Share: share, Customers: int64(math.Ceil(share * float64(p.Units)))}
		for at < len(a.hours) && come < l.Customers {
			for hour := a.hours[at].hour; at < len(a.hours) && a.hours[at].hour.Equal(hour); at++ {
				if p.hasArm(a.hours[at].variant) {
					come += a.hours[at].n
				}
			}
		}
		switch {
		case come >= l.Customers && at > 0:
			l.At = a.hours[at-1].hour.Add(p.step())
			if l.At.After(p.To) {
				l.At = p.To
			}
			l.Taken = !p.Running || !r.Through.Before(l.At.Add(settle))
		case !p.Running && come > before: // it ended before
			l.At, l.Taken = p.To, true
		}
		if l.Taken {
			if n := len(r.Looks); n > 0 && r.Looks[n-1].Taken && !r.Looks[n-1].At.Before(l.At) {
				r.Looks[n-1].Taken, r.Looks[n-1].Skipped = false, true
				times = times[:len(times)-1]
			}
			before = come
			times = append(times, math.Min(1, float64(come)/float64(p.Units)))
			if err := l.take(p, come, times); err != nil {
				return err
			}
		}
		r.Looks = append(r.Looks, l)
	}
	if l := r.lastLook(); l != nil {
		p.To, p.look = l.At, l.look
	}
	return nil
}

// take fills in what a look that was taken really was: with so many customers, after looks at the times before the last of times.
func (l *LookAt) take(p *Plan, come int64, times []float64) (err error) {
	l.Customers, l.Share = come, times[len(times)-1]
	if l.look, err = abtest.NewLook(abtest.Design{Times: slices.Clone(times), Spend: spendings[p.Spending]}, len(times)-1); err != nil {
		return fmt.Errorf("%w: %w", ErrPlan, err)
	}
	l.Level = l.look.Level(p.Alpha, false)
	return nil
}

func (p *Plan) hasArm(name string) bool {
	return slices.ContainsFunc(p.Arms, func(a Arm) bool { return a.Name == name })
}

// lastLook is the latest look that was taken, nil if none was.
func (r *Result) lastLook() *LookAt {
	for i := len(r.Looks) - 1; i >= 0; i-- {
		if r.Looks[i].Taken {
			return &r.Looks[i]
		}
	}
	return nil
}

// nextLook is the first one that is still to come, nil if none is.
func (r *Result) nextLook() *LookAt {
	for i := range r.Looks {
		if l := &r.Looks[i]; !l.Taken && !l.Skipped && r.Plan.Running {
			return l
		}
	}
	return nil
}

// lookBack judges the deciding metric at the looks before the last one, and gives each comparison the least of its p-values: what a look found stands, since
// the experiment might have been stopped there.
func (r *Result) lookBack(ctx context.Context, q Querier) error {
	last := r.lastLook()
	if last == nil {
		return nil
	}
	primary := r.primary()
	latest := slices.Clone(primary.Comparisons)
	for i := range r.Looks {
		l := &r.Looks[i]
		if !l.Taken {
			continue
		}
		res := MetricResult{Comparisons: latest}
		if l != last {
			p := r.Plan
			p.To, p.look = l.At, l.look
			var err error
			if res, err = p.one(ctx, q, metricOf(p.Primary)); err != nil {
				return err
			}
		}
		if err := l.judge(&res, r.Plan.Alpha); err != nil {
			return err
		}
		for j := range res.Comparisons {
			if c, then := &primary.Comparisons[j], &res.Comparisons[j]; c.tested && then.tested && (l == last && c.Look == 0 || then.P < c.P) {
				c.P, c.PAdjusted, c.Look, c.up = then.P, then.P, l.Number, then.Difference.Value > 0
			}
		}
	}
	return nil
}

// judge says whether a look's bound was crossed.
func (l *LookAt) judge(res *MetricResult, alpha float64) error {
	var ps []float64
	for _, c := range res.Comparisons {
		if c.tested {
			ps = append(ps, c.P)
		}
	}
	l.P = 1
	adjusted, err := abtest.Adjust(ps, abtest.Holm)
	if err != nil {
		return err
	}
	for _, p := range adjusted {
		l.P = math.Min(l.P, p)
	}
	l.Crossed = l.P < alpha
	return nil
}

// one computes one metric of all variants, as primary.
func (p *Plan) one(ctx context.Context, q Querier, m *Metric) (MetricResult, error) {
	ro := role{m.Name, Primary, 0}
	if m.quantile > 0 {
		return p.compareQuantile(ctx, q, m, ro)
	}
	got, err := p.sums(ctx, q, m.source, []*Metric{m}, "")
	if err != nil {
		return MetricResult{}, err
	}
	sums := map[string]armSums{}
	for variant, list := range got[""] {
		sums[variant] = list[0]
	}
	return p.compareSums(m, ro, sums), nil
}

// crossedAt is the first look at which a bound was crossed, 0 if none was.
func (r *Result) crossedAt() int {
	for _, l := range r.Looks {
		if l.Taken && l.Crossed {
			return l.Number
		}
	}
	return 0
}

// sayBefore is the conclusion before the first look.
func (r *Result) sayBefore() analytics.Text {
	l := r.nextLook()
	if l == nil {
		return both("没有可用的数据。", "There are no data to look at.")
	}
	var come int64
	for _, a := range r.Arms {
		come += a.Units
	}
	return both("还没到第一次查看：计划查看 %[1]d 次，第一次在 %[2]d 位客户时，现在有 %[3]d 位。在此之前不看效果，也不能下结论；分流比例可以随时检查。",
		"Not at the first look yet: %[1]d looks were planned, the first at %[2]d customers, and %[3]d have come. Until then effects are not looked at and nothing may be concluded; the split may be checked at any time.",
		len(r.Looks), l.Customers, come)
}

// sayLook says which look this is and what may be concluded at it.
func (r *Result) sayLook() analytics.Text {
	l, n := r.lastLook(), len(r.Looks)
	head := both("这是计划的 %[2]d 次查看中的第 %[1]d 次（%[3]d 位客户，计划共 %[4]d 位），只算到 %[5]s 为止的数据；本次查看的界限是 p < %[6]s，区间与 p 值已考虑多次查看。",
		"This is look %[1]d of the %[2]d planned, at %[3]d of %[4]d customers, with the data up to %[5]s; its bound is p < %[6]s of a fixed test, and intervals and p-values allow for all looks.",
		l.Number, n, l.Customers, r.Plan.Units, l.At.Format("2006-01-02 15:04"), fmt.Sprintf("%.2g", l.Level))
	next := r.nextLook()
	var tail analytics.Text
	switch first := r.crossedAt(); {
	case first > 0:
		tail = both("第 %[1]d 次查看时越过了界限：实验可以停止，不必等到计划的客户数。", "The bound was crossed at look %[1]d: the experiment may be stopped without waiting for the planned customers.", first)
	case next != nil:
		tail = both("界限没有越过：继续到第 %[1]d 次查看（%[2]d 位客户）；两次查看之间的数字不作判断。", "No bound was crossed: go on until look %[1]d, at %[2]d customers; what is seen between looks is not judged.", next.Number, next.Customers)
	default:
		tail = both("界限没有越过，而这是最后一次查看：再加客户、再看一次，误报率就超过 %[1]s 了。", "No bound was crossed, and this was the last look: adding customers and looking again would give false alarms more often than %[1]s.", fmt.Sprintf("%.4g %%", 100*r.Plan.Alpha))
	}
	return analytics.Text{ZH: head.ZH + tail.ZH, EN: head.EN + " " + tail.EN}
}

// sayLooks lists the looks, for the report's notes.
func (r *Result) sayLooks() []analytics.Text {
	var out []analytics.Text
	for _, l := range r.Looks {
		switch {
		case l.Skipped:
			out = append(out, both("第 %[1]d 次查看：与下一次落在同一小时，已跳过。", "Look %[1]d: in the same hour as the next one, left out.", l.Number))
		case !l.Taken:
			out = append(out, both("第 %[1]d 次查看：%[2]d 位客户时。", "Look %[1]d: at %[2]d customers.", l.Number, l.Customers))
		case l.Crossed:
			out = append(out, both("第 %[1]d 次查看（%[2]d 位客户，界限 p < %[3]s）：越过，%[4]s。", "Look %[1]d (%[2]d customers, bound p < %[3]s): crossed, %[4]s.", l.Number, l.Customers, fmt.Sprintf("%.2g", l.Level), probability(l.P)))
		default:
			out = append(out, both("第 %[1]d 次查看（%[2]d 位客户，界限 p < %[3]s）：未越过，%[4]s。", "Look %[1]d (%[2]d customers, bound p < %[3]s): not crossed, %[4]s.", l.Number, l.Customers, fmt.Sprintf("%.2g", l.Level), probability(l.P)))
		}
	}
	return out
}

// PlannedLooks are the looks of a plan before anybody came, each with its level, and how many times the customers of a single look they need at most for
// the same power. Errors: ErrPlan.
func PlannedLooks(p *experiment.Plan) (looks []LookAt, inflation float64, err error) {
	d := abtest.Design{Times: p.Looks.Times(), Alpha: p.Alpha, Spend: spendings[p.Looks.Spending]}
	b, err := d.Bounds()
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrPlan, err)
	}
	for k, t := range d.Times {
		l, err := abtest.NewLook(d, k)
		if err != nil {
			return nil, 0, fmt.Errorf("%w: %w", ErrPlan, err)
		}
		looks = append(looks, LookAt{Number: k + 1, Share: t, Customers: int64(math.Ceil(t * float64(p.Units))), Level: l.Level(p.Alpha, false)})
	}
	return looks, b.Inflation(p.Power), nil
}
