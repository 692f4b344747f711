package readout

import (
	"fmt"
	"math"
	"strings"

	"yingda/analytics"
	"yingda/analytics/abtest"
)

// both makes a text of both languages; the same values are put into each.
func both(zh, en string, values ...any) analytics.Text {
	if len(values) == 0 {
		return analytics.Text{ZH: zh, EN: en}
	}
	return analytics.Text{ZH: fmt.Sprintf(zh, values...), EN: fmt.Sprintf(en, values...)}
}

// percent writes a lift: +3.2 %.
func percent(v float64) string { return fmt.Sprintf("%+.1f %%", 100*v) }

// amount writes a difference of a metric: percentage points, milliseconds or a plain number.
func amount(m *Metric, v float64) string {
	switch m.Kind {
	case analytics.Share:
		return fmt.Sprintf("%+.2f pp", 100*v)
	case analytics.Millis:
		return fmt.Sprintf("%+.1f ms", v)
	}
	return fmt.Sprintf("%+.3g", v)
}

// value writes a metric's value.
func value(m *Metric, v float64) string {
	switch m.Kind {
	case analytics.Share:
		return fmt.Sprintf("%.1f %%", 100*v)
	case analytics.Millis:
		return fmt.Sprintf("%.1f ms", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// probability writes a p-value.
func probability(p float64) string {
	if p < 0.0001 {
		return "p < 0.0001"
	}
	return fmt.Sprintf("p = %.4f", p)
}

// end writes an end of an interval.
func end(v *float64, write func(float64) string) string {
	if v == nil {
		return "∞"
	}
	return write(*v)
}

func sayNoData(arms int) analytics.Text {
	if arms < 2 {
		return both("只见到一个分组，没有可以比较的对象。", "Only one variant was seen; there is nothing to compare it with.")
	}
	return both("还没有客户进入实验。", "No customer has been exposed yet.")
}

func sayNothing(m *MetricResult) analytics.Text {
	return both("%[1]s 还没有足够的数据来比较。", "There is not enough data yet to compare %[2]s.", m.Metric.Title.ZH, m.Metric.Title.EN)
}

func sayBroken(r *Result) analytics.Text {
	var counts []string
	for _, a := range r.Arms {
		counts = append(counts, fmt.Sprintf("%s %d (%.0f)", a.Name, a.Units, a.Expected))
	}
	p := r.Split.P
	if r.Plan.Running {
		p = r.Split.SequentialP
	}
	return both("分流比例异常，不能得出任何结论：各组客户数（预期）为 %[1]s，%[2]s。少掉的客户很可能不是随机缺失的。请先查明原因：曝光日志丢失、跳转、缓存、机器人流量，或某个分组出错；修好后换一个 salt 重新开始。",
		"The split is not what was planned, so nothing may be concluded: customers by variant (expected) are %[1]s, %[2]s. Those who are missing are hardly missing at random. Find the cause first — lost exposures, redirects, caches, bots, a variant that fails — and start again with a new salt.",
		strings.Join(counts, ", "), probability(p))
}

// say is the conclusion in one or two sentences.
func (r *Result) say(v Verdict, c *Comparison, m *MetricResult) analytics.Text {
	arm, zh, en := c.Arm, m.Metric.Title.ZH, m.Metric.Title.EN
	switch v {
	case Early:
		if r.Plan.Sequential || len(r.Plan.Looks) > 0 {
			return both("还太早：到目前为止的结果支持上线 %[1]s，但计划至少要运行 %[2]d 天，一周里的每一天都不一样。", "Too early: what there is so far speaks for %[1]s, but at least %[2]d days were planned, and weekdays differ.", arm, r.Plan.Days)
		}
		return both("还太早：计划只看一次结果，现在的数字不能用来下结论，也不能因为“看起来显著”就提前停止。请等到计划的客户数和天数。",
			"Too early: one look was planned, so the numbers so far decide nothing, and stopping now because they look significant would be wrong. Wait for the planned customers and days.")
	case Better:
		if !r.hasGuards() {
			return both("可以上线 %[1]s：%[2]s 确有改善。没有设置护栏指标，其他方面是否变差未经检查。", "%[1]s may be rolled out: %[3]s is better, and that is not chance. No guardrails were planned, so whether anything else got worse was not checked.", arm, zh, en)
		}
		return both("可以上线 %[1]s：%[2]s 确有改善，护栏指标都守住了。", "%[1]s may be rolled out: %[3]s is better, and that is not chance; all guardrails are kept.", arm, zh, en)
	case GuardUnclear:
		if !c.Better {
			return both("%[1]s 的 %[2]s 没有值得关注的变化，但还不能排除某个护栏指标变差超过允许范围。继续实验，直到护栏有结论。", "%[1]s makes no difference worth having in %[3]s, but that a guardrail is worse than allowed cannot be excluded yet. Go on until it is known.", arm, zh, en)
		}
		return both("%[1]s 的 %[2]s 有改善，但还不能排除某个护栏指标变差超过允许范围。继续实验，直到护栏有结论。", "%[3]s of %[1]s is better, but that a guardrail is worse than allowed cannot be excluded yet. Go on until it is known.", arm, zh, en)
	case Harm:
		return both("不要上线 %[1]s：有护栏指标变差，超过了允许范围。", "Do not roll %[1]s out: a guardrail is worse than allowed.", arm)
	case Worse:
		return both("停止 %[1]s：%[2]s 变差了，这不是偶然。", "Stop %[1]s: %[3]s is worse, and that is not chance.", arm, zh, en)
	case NoDifference:
		return both("%[1]s 与对照组没有值得关注的差别：%[2]s 的变化小于 %[4]s。可以按成本或其他理由选择。", "%[1]s makes no difference worth having: %[3]s changes by less than %[4]s. Choose by cost or other reasons.", arm, zh, en, percent(r.Plan.Effect))
	}
	return both("没有定论：%[2]s 的差异可能只是偶然。这不等于“没有差别”。", "No conclusion: the difference in %[3]s may be chance. That is not the same as no difference.", arm, zh, en)
}

func (r *Result) hasGuards() bool { return len(r.Plan.Guardrails) > 0 }

// sayEffect says how large the effect is, and how sure.
func (r *Result) sayEffect(c *Comparison, m *MetricResult) []analytics.Text {
	level := fmt.Sprintf("%.4g %%", 100*(1-r.Plan.Alpha))
	diff := func(v float64) string { return amount(&m.Metric, v) }
	out := []analytics.Text{both("%[1]s：%[3]s（%[4]s 区间 %[5]s 到 %[6]s），%[7]s（校正后），方法 %[8]s。", "%[2]s: %[3]s (%[4]s interval %[5]s to %[6]s), %[7]s after correction, by %[8]s.",
		m.Metric.Title.ZH, m.Metric.Title.EN, diff(c.Difference.Value), level, end(c.Difference.Low, diff), end(c.Difference.High, diff), probability(c.PAdjusted), c.Difference.Method)}
	if c.Lift != nil {
		out = append(out, both("相对对照组 %[1]s（%[2]s 到 %[3]s）。", "Relative to the control %[1]s (%[2]s to %[3]s).", percent(c.Lift.Value), end(c.Lift.Low, percent), end(c.Lift.High, percent)))
	} else {
		out = append(out, both("对照组的数值可能为 0，相对变化没有意义，只看差值。", "The control may be 0, so a relative change means nothing; look at the difference."))
	}
	if c.Bayes != nil {
		out = append(out, both("贝叶斯视角：优于对照组的概率 %[1]s；若选错，平均损失 %[2]s（选它）与 %[3]s（不选）。", "Bayesian view: better than the control with probability %[1]s; choosing wrongly loses %[2]s on average by taking it, %[3]s by not taking it.",
			fmt.Sprintf("%.1f %%", 100*c.Bayes.Better), risk(&m.Metric, c.Bayes, c.Bayes.RiskTreatment), risk(&m.Metric, c.Bayes, c.Bayes.RiskControl)))
	}
	if c.CUPED != nil && c.CUPED.Cut >= 0.005 {
		out = append(out, both("用实验前 %[1]d 天的数据校正（CUPED），方差减少 %[2]s。", "Adjusted by the %[1]d days before (CUPED), which takes %[2]s of the variance away.", r.Plan.Lookback, fmt.Sprintf("%.0f %%", 100*c.CUPED.Cut)))
	}
	return out
}

func risk(m *Metric, b *Bayes, v float64) string {
	if b.Relative {
		return fmt.Sprintf("%.2f %%", 100*v)
	}
	return strings.TrimPrefix(amount(m, v), "+")
}

func sayGuard(m *MetricResult, c *Comparison) analytics.Text {
	zh, en := m.Metric.Title.ZH, m.Metric.Title.EN
	if c.Guard == nil {
		return both("护栏 %[1]s：数据不足，无法判断。", "Guardrail %[2]s: not enough data to tell.", zh, en)
	}
	margin := fmt.Sprintf("%.4g %%", 100*c.Guard.Margin)
	bound := end(c.Guard.Bound, percent)
	switch c.Guard.Verdict {
	case abtest.Kept:
		return both("护栏 %[1]s：守住了，最坏 %[4]s，允许变差 %[3]s。", "Guardrail %[2]s: kept, at worst %[4]s where %[3]s is allowed.", zh, en, margin, bound)
	case abtest.Harmed:
		return both("护栏 %[1]s：变差超过允许的 %[3]s。", "Guardrail %[2]s: worse by more than the %[3]s that is allowed.", zh, en, margin)
	}
	return both("护栏 %[1]s：还不清楚，最坏可能 %[4]s，允许变差 %[3]s。", "Guardrail %[2]s: not known yet, at worst %[4]s where %[3]s is allowed.", zh, en, margin, bound)
}

// sayPower says what could have been found, and what is missing.
func (r *Result) sayPower(m *MetricResult) []analytics.Text {
	if r.Power == nil {
		return nil
	}
	power := fmt.Sprintf("%.0f %%", 100*r.Plan.Power)
	out := []analytics.Text{both("以 %[1]d 位客户，能以 %[2]s 的把握发现 %[3]s 以上的差异。", "With %[1]d customers, differences from %[3]s on are found with %[2]s power.", r.Power.Units, power, strings.TrimPrefix(amount(&m.Metric, r.Power.Detectable), "+"))}
	effect := percent(r.Plan.Effect)
	switch {
	case r.Plan.Effect <= 0:
	case r.Power.More < 0:
		out = append(out, both("要发现 %[1]s 的相对变化需要的客户数不现实。", "A lift of %[1]s would need more customers than any service has.", effect))
	case r.Power.More > 0:
		out = append(out, both("要发现 %[1]s 的相对变化，还需约 %[2]d 位客户（按目前速度约 %[3]d 天）。", "A lift of %[1]s needs about %[2]d more customers (some %[3]d days at the present pace).", effect, int64(r.Power.More), int64(math.Ceil(r.Power.MoreDays))))
	}
	return out
}

// warn lists what stands in the way of any conclusion.
func (r *Result) warn() {
	w := &r.Decision.Warnings
	add := func(t analytics.Text) { *w = append(*w, t) }
	if r.Plan.Assumed {
		add(both("没有找到实验定义：分组取自数据，比例按相等处理；主要指标是默认的。", "No definition was found: variants are those in the data, taken to have equal weights, and the metric is the default."))
	}
	if r.Split.CrossedRate > crossedMax {
		add(both("%[1]d 位客户（%[2]s）进入过多个分组，已剔除；超过 1%%，结果不可靠，请检查客户标识是否稳定。", "%[1]d customers (%[2]s) met more than one variant and were left out; above 1 %% results are not reliable: check that customers are recognised again.", r.Split.Crossed, fmt.Sprintf("%.1f %%", 100*r.Split.CrossedRate)))
	}
	for _, name := range sortedKeys(r.Split.Unknown, strings.Compare) {
		add(both("%[2]d 位客户在分组 %[1]q 中，但计划里没有（或比例为 0）。", "%[2]d customers are in the variant %[1]q, which the plan does not have or gives nobody.", name, r.Split.Unknown[name]))
	}
	if len(r.Plan.Phases) > 1 {
		add(both("实验期间比例改变了 %d 次：若客流随时间变化，合并比较会有偏差，差值只能粗看。", "Weights changed %d times: if traffic changed with time too, the pooled comparison is biased; read differences as rough.", len(r.Plan.Phases)-1))
	}
	if r.Days > 0 && r.Days < float64(r.Plan.Days) {
		add(both("只有 %[1]s 天的数据，少于计划的 %[2]d 天；一周里的每一天都不一样。", "There are %[1]s days of data, fewer than the %[2]d planned; weekdays differ.", fmt.Sprintf("%.1f", r.Days), r.Plan.Days))
	}
	if r.Split.Broken && r.Plan.ShowBroken {
		add(both("应要求仍显示数字，它们不能用于决策。", "Numbers are shown because they were asked for; they are no ground for a decision."))
	}
	if len(r.Cuts) > 0 {
		add(both("按维度拆分只用于提出问题：拆得多了，总有一个看起来显著。", "Cuts are there to raise questions: of many, one always looks significant."))
	}
}
