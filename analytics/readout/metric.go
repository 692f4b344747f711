package readout

import (
	"slices"

	"yingda/analytics"
)

// Metric is something that experiments are judged by: sum of numerators over sum of denominators of a variant's customers.
type Metric struct {
	Name       string         `json:"name"`
	Title      analytics.Text `json:"title"`
	Definition analytics.Text `json:"definition"`
	Kind       analytics.Kind `json:"kind"` // Share, Number or Millis
	// LowerIsBetter says which way is good.
	LowerIsBetter bool `json:"lower_is_better"`

	source   source
	num, den string  // SQL of a row; an empty den counts each customer once
	quantile float64 // instead of a ratio, of num over rows
}

// source is the table whose rows a metric adds up.
type source int

const (
	ofSessions source = iota
	ofTurns
)

// Sessions that have not ended are left out, see queries.
var metrics = []Metric{
	{Name: "containment", Kind: analytics.Share, num: "CASE WHEN s.handed THEN 0 ELSE 1 END", den: "1",
		Title:      analytics.Text{ZH: "自助完结率", EN: "containment"},
		Definition: analytics.Text{ZH: "未转人工的会话 / 已结束的会话", EN: "sessions that no person took part in / ended sessions"}},
	{Name: "contained_72h", Kind: analytics.Share,
		num:        "CASE WHEN NOT s.handed AND (s.back_at IS NULL OR s.back_at >= s.ended + INTERVAL 72 HOUR) AND s.ended + INTERVAL 72 HOUR <= :through THEN 1 ELSE 0 END",
		den:        "CASE WHEN s.ended + INTERVAL 72 HOUR <= :through THEN 1 ELSE 0 END",
		Title:      analytics.Text{ZH: "自助完结且 72 小时内未再来", EN: "contained, not back within 72 h"},
		Definition: analytics.Text{ZH: "未转人工且同一客户 72 小时内未再来的会话 / 结束已满 72 小时的会话", EN: "sessions without a person whose customer was not back within 72 h / sessions that ended at least 72 h ago"}},
	{Name: "handoff", Kind: analytics.Share, LowerIsBetter: true, num: "CASE WHEN s.handed THEN 1 ELSE 0 END", den: "1",
		Title:      analytics.Text{ZH: "转人工率", EN: "handover"},
		Definition: analytics.Text{ZH: "转人工的会话 / 已结束的会话", EN: "sessions handed over / ended sessions"}},
	{Name: "abandonment", Kind: analytics.Share, LowerIsBetter: true, num: "CASE WHEN s.asked_last AND NOT s.handed THEN 1 ELSE 0 END", den: "1",
		Title:      analytics.Text{ZH: "中途离开率", EN: "abandonment"},
		Definition: analytics.Text{ZH: "未转人工且机器人的提问未得到回答的会话 / 已结束的会话", EN: "sessions without a person that ended on an unanswered question of the robot / ended sessions"}},
	{Name: "fallback", Kind: analytics.Share, LowerIsBetter: true, num: "s.fallbacks", den: "s.turns",
		Title:      analytics.Text{ZH: "未理解率", EN: "fallback"},
		Definition: analytics.Text{ZH: "机器人未理解的消息 / 客户消息", EN: "messages that were not understood / messages of customers"}},
	{Name: "csat", Kind: analytics.Share, num: "CASE WHEN s.score >= 4 THEN 1 ELSE 0 END", den: "CASE WHEN s.score IS NULL THEN 0 ELSE 1 END",
		Title:      analytics.Text{ZH: "满意度", EN: "satisfaction"},
		Definition: analytics.Text{ZH: "评 4–5 星的会话 / 有评分的会话", EN: "sessions with 4–5 stars / rated sessions"}},
	{Name: "score", Kind: analytics.Number, num: "coalesce(s.score, 0)", den: "CASE WHEN s.score IS NULL THEN 0 ELSE 1 END",
		Title:      analytics.Text{ZH: "平均评分", EN: "mean stars"},
		Definition: analytics.Text{ZH: "星级之和 / 有评分的会话", EN: "sum of stars / rated sessions"}},
	{Name: "response_rate", Kind: analytics.Share, num: "CASE WHEN s.score IS NULL THEN 0 ELSE 1 END", den: "1",
		Title:      analytics.Text{ZH: "评价率", EN: "rated"},
		Definition: analytics.Text{ZH: "有评分的会话 / 已结束的会话", EN: "rated sessions / ended sessions"}},
	{Name: "resolved", Kind: analytics.Share, num: "CASE WHEN s.resolved THEN 1 ELSE 0 END", den: "CASE WHEN s.resolved IS NULL THEN 0 ELSE 1 END",
		Title:      analytics.Text{ZH: "已解决（客户确认）", EN: "resolved, said the customer"},
		Definition: analytics.Text{ZH: "客户表示已解决的会话 / 客户作答的会话", EN: "sessions whose customer said yes / sessions whose customer answered"}},
	{Name: "angry", Kind: analytics.Share, LowerIsBetter: true, num: "CASE WHEN s.angry THEN 1 ELSE 0 END", den: "1",
		Title:      analytics.Text{ZH: "愤怒会话率", EN: "angry sessions"},
		Definition: analytics.Text{ZH: "出现愤怒情绪的会话 / 已结束的会话", EN: "sessions with an angry message / ended sessions"}},
	{Name: "thumbs_down", Kind: analytics.Number, LowerIsBetter: true, num: "s.thumbs_down", den: "1",
		Title:      analytics.Text{ZH: "点踩数（每会话）", EN: "thumbs down a session"},
		Definition: analytics.Text{ZH: "点踩 / 已结束的会话", EN: "thumbs down / ended sessions"}},
	{Name: "turns", Kind: analytics.Number, LowerIsBetter: true, num: "s.turns", den: "1",
		Title:      analytics.Text{ZH: "消息数（每会话）", EN: "messages a session"},
		Definition: analytics.Text{ZH: "客户消息 / 已结束的会话", EN: "messages of customers / ended sessions"}},
	{Name: "sessions", Kind: analytics.Number, LowerIsBetter: true, num: "1",
		Title:      analytics.Text{ZH: "会话数（每客户）", EN: "sessions a customer"},
		Definition: analytics.Text{ZH: "首次曝光后的会话 / 客户", EN: "sessions since the first exposure / customers"}},
	{Name: "response_ms", Kind: analytics.Millis, LowerIsBetter: true, source: ofTurns, num: "coalesce(s.ms_total, 0)", den: "CASE WHEN s.ms_total IS NULL THEN 0 ELSE 1 END",
		Title:      analytics.Text{ZH: "平均响应时间", EN: "mean response time"},
		Definition: analytics.Text{ZH: "机器人用时之和 / 机器人处理的消息", EN: "time the robot took / messages it took time for"}},
	{Name: "response_p95", Kind: analytics.Millis, LowerIsBetter: true, source: ofTurns, num: "s.ms_total", quantile: 0.95,
		Title:      analytics.Text{ZH: "响应时间 95 分位", EN: "95 % of responses within"},
		Definition: analytics.Text{ZH: "机器人处理消息用时的 95 分位；区间考虑同一客户的消息彼此相关", EN: "95th percentile of the robot's time a message; the interval allows for messages of one customer being alike"}},
}

// Metrics lists what experiments can be judged by.
func Metrics() []Metric { return slices.Clone(metrics) }

// metricOf finds a metric by name, nil if there is none.
func metricOf(name string) *Metric {
	for i := range metrics {
		if metrics[i].Name == name {
			return &metrics[i]
		}
	}
	return nil
}

// Known says whether there is a metric of that name.
func Known(name string) bool { return metricOf(name) != nil }
