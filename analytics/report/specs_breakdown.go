package report

import "yingda/analytics"

var specsBreakdown = []*spec{
	breakdown("channels", "channel", text("渠道", "Channels"), text("各渠道的同一组指标", "The same numbers for each channel")),
	breakdown("tiers", "tier", text("客户等级", "Tiers"), text("各客户等级的同一组指标", "The same numbers for each tier of customers")),
	breakdown("langs", "lang", text("语言", "Languages"), text("各语言的同一组指标", "The same numbers for each language")),
	specParses,
	specDrift,
}

// breakdown makes the report that shows the same numbers for each value of a column of sessions.
func breakdown(name, by string, title, about analytics.Text) *spec {
	return &spec{
		name: name, file: name, sum: true, title: title, about: about,
		columns: []column{
			col(by, analytics.Label, title.ZH, title.EN, "会话的"+title.ZH+"；空 = 未知", "Of the session; empty = not known"),
			sessionsColumn,
			col("turns", analytics.Count, "消息数", "Messages", "这些会话中客户的消息", "Messages of customers in those sessions"),
			col("containment", analytics.Share, "自助完成率", "Containment", "分子：没有转人工的会话；分母：已结束的会话", "Of sessions that are over, those without a handover", "contained", "sessions"),
			col("handoff_rate", analytics.Share, "转人工率", "Handover rate", "分子：转过人工的会话；分母：已结束的会话", "Of sessions that are over, those with a handover", "handed", "sessions"),
			col("abandoned", analytics.Share, "放弃率", "Abandonment", "分子：没有转人工且以机器人的提问收尾；分母：已结束的会话", "Of sessions that are over, those without a handover that ended on a question of the robot", "abandoned", "sessions"),
			col("fallback_rate", analytics.Share, "未识别率", "Fallback rate", "分子：没听懂的消息；分母：这些会话中的消息", "Of messages in those sessions, the ones that were not understood", "fallbacks", "turns"),
			col("angry", analytics.Share, "生气", "Angry", "分子：任一消息生气的会话；分母：已结束的会话", "Of sessions that are over, those with an angry message", "angry", "sessions"),
			col("csat", analytics.Share, "满意率", "CSAT", "分子：4 或 5 分；分母：打了分的会话", "Of sessions with a score, those with 4 or 5", "satisfied", "rated"),
			col("response_rate", analytics.Share, "评价率", "Response rate", "分子：打了分；分母：已结束的会话", "Of sessions that are over, those with a score", "rated", "sessions"),
		},
		charts: []analytics.Chart{{Type: "bar", Title: text(title.ZH+"：自助完成率与满意率", title.EN+": containment and CSAT"), X: by, Y: []string{"containment", "csat"}}},
		notes:  []analytics.Text{noteOpen},
	}
}
