package report

import "yingda/analytics"

var specsVolume = []*spec{
	{
		name: "volume", file: "volume", rollup: "volume_rollup", sum: true,
		title: text("服务量", "Volume"), about: text("每天有多少消息和会话", "How many messages and sessions there are a day"),
		columns: []column{
			dayColumn, sessionsColumn,
			col("turns", analytics.Count, "消息数", "Messages", "客户发来的消息，计入到达的那一天；由人接待时发来的也计入", "Messages of customers, on the day they came, those to people included"),
			col("fallback_rate", analytics.Share, "未识别率", "Fallback rate", "分子：机器人表示没听懂、或因没听懂而转人工的消息；分母：客户的全部消息", "Of all messages of customers, those to which the robot had to say that it did not understand, or that it handed over because of that", "fallbacks", "turns"),
			col("handoffs", analytics.Count, "转人工次数", "Handovers", "机器人转给人工的消息数", "Messages at which the robot handed over", "handoffs"),
			col("handoff_rate", analytics.Share, "转人工率", "Handover rate", "分子：至少转过一次人工的会话；分母：已结束的会话", "Of sessions that are over, those with at least one handover to people", "handed", "sessions"),
		},
		charts: []analytics.Chart{
			{Type: "line", Title: text("每天的消息与会话", "Messages and sessions a day"), X: "day", Y: []string{"turns", "sessions"}},
			{Type: "line", Title: text("未识别率与转人工率", "Fallback and handover rate"), X: "day", Y: []string{"fallback_rate", "handoff_rate"}},
		},
		notes: []analytics.Text{noteOpen},
	},
	{
		name: "busy-hours", file: "busy_hours", rollup: "busy_hours_rollup", sum: true,
		title: text("忙闲时段", "Busy hours"), about: text("一周中哪些时段最忙", "Which hours of the week are busy"),
		columns: []column{
			col("weekday", analytics.Label, "星期", "Weekday", "1 = 星期一 … 7 = 星期日", "1 = Monday … 7 = Sunday"),
			col("hour", analytics.Label, "小时", "Hour", "运营方时区的整点小时，0–23", "Hour of the day in the operator's zone, 0–23", "hour_of_day"),
			col("turns", analytics.Count, "消息数", "Messages", "该时段到达的客户消息", "Messages of customers that came in the hour"),
			col("sessions", analytics.Count, "会话数", "Sessions", "在该时段开始且已结束的会话；每次会话只计一次，所以各小时之和等于总数", "Sessions that are over and began in the hour; each counts once, so hours add up to the whole"),
			col("handed", analytics.Count, "转人工会话数", "Sessions handed over", "其中转过人工的会话", "Of those, the ones that went to people"),
		},
		charts: []analytics.Chart{{Type: "heatmap", Title: text("各星期各小时的消息", "Messages by weekday and hour"), X: "hour", Y: []string{"turns"}, Series: "weekday"}},
	},
	{
		name: "response-time", file: "response_time", rollup: "response_time_rollup", fill: fillResponse,
		title: text("机器人响应时间", "Answer time of the robot"), about: text("机器人多久作答", "How long the robot takes to answer"),
		columns: []column{
			dayColumn,
			col("ms", analytics.Millis, "响应时间", "Answer time", "从收到消息到回复写好的毫秒数，含理解、决策与业务系统调用；n 为有计时的消息", "Milliseconds from the message to the written reply, with understanding, deciding and calls of the operator's systems; n are the messages that were timed", q("n", "")...),
		},
		charts: []analytics.Chart{{Type: "line", Title: text("每天的响应时间", "Answer time a day"), X: "day", Y: []string{"ms"}}},
	},
}

var specsOutcome = []*spec{
	{
		name: "containment", file: "containment", sum: true,
		title: text("自助完成率", "Containment"), about: text("机器人独立完成了多少会话，客户是否又回来", "How many sessions the robot kept to itself, and whether customers had to come back"),
		columns: []column{
			dayColumn, sessionsColumn,
			col("containment", analytics.Share, "自助完成率", "Containment", "分子：没有转人工的会话；分母：已结束的会话。不等于“已解决”", "Of sessions that are over, those without a handover to people. It does not say that the question was solved", "contained", "sessions"),
			col("contained_24h", analytics.Share, "24 小时无回访", "No callback in 24 h", "分子：没有转人工，且同一客户在结束后 24 小时内没有再来（任何渠道）；分母：已结束满 24 小时的会话", "Of sessions that have been over for 24 h, those without a handover whose customer did not come again within 24 h, in any conversation", "kept_day", "seen_day"),
			col("contained_72h", analytics.Share, "72 小时无回访", "No callback in 72 h", "同上，窗口 72 小时", "The same with 72 h", "kept_three", "seen_three"),
			col("contained_7d", analytics.Share, "7 天无回访", "No callback in 7 d", "同上，窗口 7 天", "The same with 7 days", "kept_week", "seen_week"),
			col("abandoned", analytics.Share, "放弃率", "Abandonment", "分子：没有转人工，且机器人最后一句是提问、客户未再回答；分母：已结束的会话", "Of sessions that are over, those without a handover that ended on a question of the robot", "abandoned", "sessions"),
		},
		charts: []analytics.Chart{{Type: "line", Title: text("自助完成率与无回访率", "Containment and callback windows"), X: "day", Y: []string{"containment", "contained_24h", "contained_72h", "contained_7d"}}},
		notes:  []analytics.Text{noteOpen, noteWait},
	},
	{
		name: "resolution", file: "resolution", sum: true,
		title: text("解决率", "Resolution"), about: text("问题是否真的解决：客户亲口确认的，与经核实的", "Whether questions were solved: as customers say, and verified"),
		columns: []column{
			dayColumn, sessionsColumn,
			col("verified", analytics.Share, "机器人核实解决率", "Verified by the robot", "分母：已结束满 72 小时的会话。分子：没有转人工，并且客户确认已解决；或客户没有表态，但听懂了、没有未识别、没有以提问收尾、没有差评，且 72 小时内没有再来", "Of sessions that have been over for 72 h: those without a handover which the customer called solved, or about which they said nothing but in which all was understood, that did not end on a question, had no bad judgement, and whose customer did not come again within 72 h", "verified", "seen"),
			col("confirmed", analytics.Share, "其中客户确认", "Confirmed of all", "分子：没有转人工且客户确认已解决；分母：已结束满 72 小时的会话", "Of sessions that have been over for 72 h: those without a handover which the customer called solved", "confirmed", "seen"),
			col("said_solved", analytics.Share, "客户称已解决", "Customers say solved", "分子：回答“已解决”；分母：回答了“问题解决了吗”的会话", "Of sessions whose customer answered whether the question was solved, those that said yes", "said_yes", "said"),
			col("robot_solved", analytics.Share, "机器人会话称已解决", "Robot only: say solved", "同上，仅没有转人工的会话", "The same for sessions without a handover", "robot_yes", "robot_said"),
			col("people_solved", analytics.Share, "人工会话称已解决", "With people: say solved", "同上，仅转过人工的会话", "The same for sessions with a handover", "people_yes", "people_said"),
			col("answer_rate", analytics.Share, "表态率", "Said so", "分子：客户回答了是否解决；分母：已结束的会话", "Of sessions that are over, those whose customer said whether the question was solved", "said", "sessions"),
		},
		charts: []analytics.Chart{{Type: "line", Title: text("解决率", "Resolution"), X: "day", Y: []string{"verified", "said_solved"}}},
		notes:  []analytics.Text{noteOpen, noteWait},
	},
	{
		name: "fcr", file: "fcr", sum: true,
		title: text("首次解决率", "First contact resolution"), about: text("一次联系就够的问题", "Issues for which one contact was enough"),
		columns: []column{
			col("intent", analytics.Label, "主题", "Topic", "会话中第一个听懂的意图", "The first intent of a session that was understood"),
			col("issues", analytics.Count, "问题数", "Issues", "已结束、听懂了主题、且该客户前 7 天内没有同主题会话的会话", "Sessions that are over, whose topic was understood, and whose customer had none on the topic in the 7 days before"),
			col("fcr_72h", analytics.Share, "72 小时首次解决率", "FCR 72 h", "分子：客户没有说未解决，且结束后 72 小时内没有同主题会话；分母：已满 72 小时的问题", "Of issues older than 72 h, those not called unsolved whose customer did not come again on the topic within 72 h", "once_three", "seen_three"),
			col("fcr_7d", analytics.Share, "7 天首次解决率", "FCR 7 d", "同上，窗口 7 天", "The same with 7 days", "once_week", "seen_week"),
			col("net_fcr_7d", analytics.Share, "净首次解决率", "Net FCR 7 d", "同上，不含按规定须由人工办理的问题（转人工原因为复杂或等级）", "The same without issues that are for people by design (handed over for complexity or tier)", "once_net", "seen_net"),
		},
		charts: []analytics.Chart{{Type: "bar", Title: text("各主题的首次解决率", "First contact resolution by topic"), X: "intent", Y: []string{"fcr_7d"}}},
		notes:  []analytics.Text{noteOpen, noteWait},
	},
	{
		name: "csat", file: "csat", sum: true,
		title: text("满意度", "Satisfaction"), about: text("客户如何评价，有多少人评价", "What customers think, and how many say so"),
		columns: []column{
			dayColumn, sessionsColumn,
			col("csat", analytics.Share, "满意率", "CSAT", "分子：4 或 5 分；分母：打了分的会话（5 分制）", "Of sessions with a score, those with 4 or 5 of 5", "satisfied", "rated"),
			col("response_rate", analytics.Share, "评价率", "Response rate", "分子：打了分的会话；分母：已结束的会话", "Of sessions that are over, those with a score", "rated", "sessions"),
			col("score", analytics.Number, "平均分", "Mean score", "打了分的会话的平均分，1–5", "Mean of the scores, 1–5", m("rated", "score")...),
			col("thumbs_up", analytics.Share, "点赞率", "Thumbs up", "分子：赞；分母：赞与踩（一次会话可有多次）", "Of thumbs for single answers, those up; a session can have several", "ups", "thumbs"),
			col("score_1", analytics.Count, "1 分", "Score 1", "打 1 分的会话", "Sessions with score 1", "one"), col("score_2", analytics.Count, "2 分", "Score 2", "打 2 分的会话", "Sessions with score 2", "two"),
			col("score_3", analytics.Count, "3 分", "Score 3", "打 3 分的会话", "Sessions with score 3", "three"), col("score_4", analytics.Count, "4 分", "Score 4", "打 4 分的会话", "Sessions with score 4", "four"),
			col("score_5", analytics.Count, "5 分", "Score 5", "打 5 分的会话", "Sessions with score 5", "five"),
		},
		charts: []analytics.Chart{
			{Type: "line", Title: text("满意率与评价率", "CSAT and response rate"), X: "day", Y: []string{"csat", "response_rate"}},
			{Type: "stacked", Title: text("分数分布", "Scores"), X: "day", Y: []string{"score_1", "score_2", "score_3", "score_4", "score_5"}},
		},
		notes: []analytics.Text{noteOpen, text("评价者并非随机：评价率低时，满意率只代表愿意评价的客户。NPS（0–10 分）是另一个问题，见 nps。", "Who rates is not chosen at random: at a low response rate CSAT speaks for those who rate. NPS, of 0–10, is another question: see nps.")},
	},
}
