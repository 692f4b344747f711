package readout

import (
	"fmt"
	"strings"
	"time"

	"yingda/analytics"
)

// Report shows the results as a table that package report renders: a row a metric and variant, the decision as notes.
func (r *Result) Report(lang string, taken time.Time) *analytics.Report {
	rep := &analytics.Report{
		Name:    "experiment-" + r.Plan.Name,
		Title:   both("实验 %[1]s 的结果", "Results of the experiment %[1]s", r.Plan.Name),
		Filter:  analytics.Filter{Tenant: r.Plan.Tenant, From: r.Plan.From, To: r.Plan.To, Zone: time.UTC},
		Columns: columns(), Through: r.Through, Taken: taken,
	}
	in := func(t analytics.Text) string {
		if lang == "zh" {
			return t.ZH
		}
		return t.EN
	}
	for i := range r.Metrics {
		m := &r.Metrics[i]
		for _, a := range m.Arms {
			rep.Rows = append(rep.Rows, row(m, &a, comparisonOf(m, a.Arm), in))
		}
	}
	d := &r.Decision
	rep.Notes = append(rep.Notes, d.Text)
	rep.Notes = append(rep.Notes, d.Reasons...)
	rep.Notes = append(rep.Notes, d.Warnings...)
	rep.Notes = append(rep.Notes, r.sayArms())
	rep.Notes = append(rep.Notes, r.sayLooks()...)
	if r.Next != nil {
		rep.Notes = append(rep.Notes, r.sayNext())
	}
	for i := range r.Cuts {
		if c := &r.Cuts[i]; c.Comparison.tested {
			rep.Notes = append(rep.Notes, r.sayCut(c))
		}
	}
	return rep
}

func columns() []analytics.Column {
	text := func(zh, en string) analytics.Text { return analytics.Text{ZH: zh, EN: en} }
	return []analytics.Column{
		{Name: "metric", Kind: analytics.Label, Title: text("指标", "metric"), Definition: text("见指标定义", "see the metrics' definitions")},
		{Name: "role", Kind: analytics.Label, Title: text("角色", "role"), Definition: text("primary 决定结论；guardrail 不得变差；secondary 仅供参考，已做多重比较校正", "primary decides; guardrail must not get worse; secondary is looked at, corrected for how many there are")},
		{Name: "variant", Kind: analytics.Label, Title: text("分组", "variant"), Definition: text("第一个是对照组", "the first is the control")},
		{Name: "customers", Kind: analytics.Count, Title: text("客户", "customers"), Definition: text("只进入过这一个分组的客户", "customers who met this variant and no other")},
		{Name: "value", Kind: analytics.Findings, Title: text("数值", "value"), Definition: text("未校正的数值与区间；同一客户的会话彼此相关，区间已考虑", "value and interval, not adjusted; the interval allows for a customer's sessions being alike")},
		{Name: "difference", Kind: analytics.Findings, Title: text("与对照组之差", "difference"), Definition: text("与对照组之差与区间", "treatment less control, with its interval")},
		{Name: "lift", Kind: analytics.Findings, Title: text("相对变化", "lift"), Definition: text("相对对照组的变化与区间", "relative to the control, with its interval")},
		{Name: "p", Kind: analytics.Findings, Title: text("p 值", "p"), Definition: text("差值的 p 值，已按比较次数校正", "of the difference, corrected for how many comparisons there are")},
		{Name: "win", Kind: analytics.Findings, Title: text("更好的概率", "chance to win"), Definition: text("贝叶斯后验：优于对照组的概率", "posterior probability of being better than the control")},
		{Name: "verdict", Kind: analytics.Label, Title: text("结论", "verdict"), Definition: text("better、worse；护栏为 kept、harmed、unclear", "better, worse; of guardrails kept, harmed, unclear")},
	}
}

// row is a line of the table; c is nil for the control.
func row(m *MetricResult, a *ArmValue, c *Comparison, in func(analytics.Text) string) []any {
	show := func(v float64) string { return value(&m.Metric, v) }
	interval := func(e *Effect, write func(float64) string) string {
		return fmt.Sprintf("%s (%s … %s)", write(e.Value), end(e.Low, write), end(e.High, write))
	}
	shown := "–"
	if a.Value != nil {
		shown = show(*a.Value)
		if a.Low != nil && a.High != nil {
			shown += fmt.Sprintf(" (%s – %s)", show(*a.Low), show(*a.High))
		}
	}
	diff, lift, p, win, verdict := "–", "–", "–", "–", "–"
	switch {
	case c == nil:
	case c.Note != nil:
		diff = in(*c.Note)
	default:
		diff = interval(c.Difference, func(v float64) string { return amount(&m.Metric, v) })
		p = strings.TrimPrefix(strings.TrimPrefix(probability(c.PAdjusted), "p "), "= ")
		if c.Lift != nil {
			lift = interval(c.Lift, percent)
		}
		if c.Bayes != nil {
			win = fmt.Sprintf("%.1f %%", 100*c.Bayes.Better)
		}
		switch {
		case c.Guard != nil:
			verdict = string(c.Guard.Verdict)
		case c.Better:
			verdict = "better"
		case c.Worse:
			verdict = "worse"
		}
	}
	return []any{in(m.Metric.Title), string(m.Role), a.Arm, a.Units, shown, diff, lift, p, win, verdict}
}

// sayArms says how many customers there are, and what the split looks like.
func (r *Result) sayArms() analytics.Text {
	var arms []string
	for _, a := range r.Arms {
		arms = append(arms, fmt.Sprintf("%s %d (%.0f)", a.Name, a.Units, a.Expected))
	}
	return both("客户数（预期）：%[1]s；分流检验 %[2]s，逐日检验 %[3]s；进入多个分组而剔除 %[4]d。", "Customers (expected): %[1]s; split %[2]s, day by day %[3]s; %[4]d who met several variants were left out.",
		strings.Join(arms, ", "), probability(r.Split.P), probability(r.Split.SequentialP), r.Split.Crossed)
}

// sayNext says how a bandit would go on.
func (r *Result) sayNext() analytics.Text {
	var arms []string
	for i, a := range r.Plan.Arms {
		arms = append(arms, fmt.Sprintf("%s=%.3f", a.Name, r.Next.Weights[i]))
	}
	list := strings.Join(arms, " ")
	if !r.Next.Ready {
		return both("分配建议：%[1]s（客户还太少，平均分配）。", "Weights to go on with: %[1]s (even: there are too few customers yet).", list)
	}
	return both("分配建议：%[1]s。", "Weights to go on with: %[1]s.", list)
}

func (r *Result) sayCut(c *Cut) analytics.Text {
	m := metricOf(r.Plan.Primary)
	diff := func(v float64) string { return amount(m, v) }
	e := c.Comparison.Difference
	return both("%[1]s=%[2]s（%[3]d 位客户）%[4]s：%[5]s（%[6]s 到 %[7]s），%[8]s（校正后）。", "%[1]s=%[2]s (%[3]d customers) %[4]s: %[5]s (%[6]s to %[7]s), %[8]s after correction.",
		c.Dimension, c.Value, c.Units, c.Comparison.Arm, diff(e.Value), end(e.Low, diff), end(e.High, diff), probability(c.Comparison.PAdjusted))
}

// Report shows the changes as a table; what is said of all messages are notes.
func (r *ShadowResult) Report(ask ShadowQuestion, through, taken time.Time) *analytics.Report {
	text := func(zh, en string) analytics.Text { return analytics.Text{ZH: zh, EN: en} }
	rep := &analytics.Report{
		Name: "shadows", Title: text("两个模型在相同消息上的分歧", "Two bundles on the same messages"), Through: through, Taken: taken,
		Filter: analytics.Filter{Tenant: ask.Tenant, From: ask.From, To: ask.To, Zone: time.UTC},
		Columns: []analytics.Column{
			{Name: "was", Kind: analytics.Label, Title: text("现用模型", "bundle"), Definition: text("现用模型的理解；空为未理解", "what the bundle took it for; empty = not understood")},
			{Name: "became", Kind: analytics.Label, Title: text("影子模型", "shadow"), Definition: text("影子模型的理解；空为未理解", "what the shadow took it for; empty = not understood")},
			{Name: "messages", Kind: analytics.Count, Title: text("消息", "messages"), Definition: text("两者理解不同的消息", "messages that the two take to mean different things")},
		},
	}
	for _, c := range r.Changes {
		rep.Rows = append(rep.Rows, []any{c.From, c.To, c.Count})
	}
	if r.Pairs == 0 {
		rep.Notes = append(rep.Notes, text("这段时间没有被两个模型都解析过的消息。", "No message of this period was parsed by two bundles."))
		return rep
	}
	rate := func(v float64) string { return fmt.Sprintf("%.2f %%", 100*v) }
	points := func(v float64) string { return fmt.Sprintf("%+.2f pp", 100*v) }
	if d := r.Disagree; d.Value != nil {
		rep.Notes = append(rep.Notes, both("%[1]d 条消息（%[2]d 个会话）中，%[3]s 理解不同（%[4]s 到 %[5]s）。", "Of %[1]d messages (%[2]d conversations) %[3]s are taken to mean different things (%[4]s to %[5]s).",
			r.Pairs, r.Conversations, rate(*d.Value), end(d.Low, rate), end(d.High, rate)))
	}
	u := r.Understood
	rep.Notes = append(rep.Notes, both("都理解 %[1]d，仅现用模型 %[2]d，仅影子模型 %[3]d，都不理解 %[4]d。", "Understood by both %[1]d, by the bundle alone %[2]d, by the shadow alone %[3]d, by neither %[4]d.",
		int64(u.Both), int64(u.FirstOnly), int64(u.SecondOnly), int64(u.Neither)))
	if e := r.Difference; e != nil {
		rep.Notes = append(rep.Notes, both("影子模型的理解率相差 %[1]s（%[2]s 到 %[3]s，%[4]s，按会话；McNemar %[5]s）。理解得多不等于理解得对：请看消息本身。", "The shadow understands %[1]s more (%[2]s to %[3]s, %[4]s, by conversation; McNemar %[5]s). To understand more is not to be right more often: look at the messages.",
			points(e.Value), end(e.Low, points), end(e.High, points), probability(r.P), probability(r.McNemarP)))
	}
	return rep
}
