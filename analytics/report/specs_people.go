package report

import "yingda/analytics"

var specsPeople = []*spec{
	{
		name: "handoff", file: "handoff",
		title: text("转人工原因", "Handovers by reason"), about: text("会话为何转给人工", "Why sessions went to people"),
		columns: []column{
			col("reason", analytics.Label, "原因", "Reason", "会话第一次转人工的原因", "Of the session's first handover"),
			col("handed", analytics.Count, "会话数", "Sessions", "因此转人工的会话", "Sessions that went to people for it"),
			col("share_of_sessions", analytics.Share, "占全部会话", "Of all sessions", "分子：因此转人工的会话；分母：已结束的会话", "Of sessions that are over, those that went to people for this reason", "handed", "sessions"),
			col("share_of_handed", analytics.Share, "占转人工会话", "Of those handed over", "分子：因此转人工的会话；分母：转过人工的会话", "Of sessions that went to people, those for this reason", "handed", "all_handed"),
			col("claimed", analytics.Share, "接起率", "Taken by a person", "分子：有人接起；分母：因此转人工的会话", "Of those sessions, the ones that somebody claimed", "claimed", "handed"),
			col("csat", analytics.Share, "满意率", "CSAT", "分子：4 或 5 分；分母：其中打了分的会话", "Of those with a score, the ones with 4 or 5", "satisfied", "rated"),
		},
		charts: []analytics.Chart{{Type: "bar", Title: text("转人工原因", "Handovers by reason"), X: "reason", Y: []string{"handed"}}},
		notes:  []analytics.Text{noteOpen},
	},
	{
		name: "first-response", file: "first_response",
		title: text("首次响应", "First response"), about: text("客户等多久得到第一个回答：机器人与人工分开", "How long customers wait for the first answer, of the robot and of people apart"),
		columns: []column{
			col("who", analytics.Label, "谁", "Who", "robot = 机器人，person = 人工", "The robot, or a person"), dayColumn,
			col("asked", analytics.Count, "次数", "Asked", "机器人：有计时首条消息的会话；人工：转过人工的会话（含尚无人答复的）", "Robot: sessions whose first message was timed. Person: sessions that were handed over, also those that nobody answered"),
			col("answered", analytics.Share, "有答复", "Answered", "分子：得到答复；分母：上列次数", "Of those, the ones that got an answer", "n", "asked"),
			col("wait", analytics.Seconds, "等待（日历时间）", "Wait, calendar", "机器人：首条消息到回复；人工：从转人工到人的第一条消息。无人答复的不在分位数中，见“有答复”", "Robot: from the first message to its reply. Person: from the handover to a person's first message. Those without an answer are in no quantile; see Answered", q("n", "")...),
			col("open_wait", analytics.Seconds, "等待（营业时间）", "Wait, business hours", "同上，只计营业时间内的秒数；未设营业时间则与日历时间相同", "The same, seconds within opening hours only; as calendar where no hours are set", q("n", "open_")...),
		},
		charts: []analytics.Chart{{Type: "line", Title: text("每天的首次响应（中位数，秒）", "First response a day (median, seconds)"), X: "day", Y: []string{"wait"}, Series: "who"}},
		notes:  []analytics.Text{noteOpen, text("营业时间按每周时段、以运营方时区的钟面计算；节假日和调休按给出的日期计。", "Opening hours are weekly, by the clock in the operator's zone; holidays and days worked in exchange count as far as their dates are given.")},
	},
	{
		name: "aht", file: "aht",
		title: text("平均处理时长", "Handling time"), about: text("人工处理一次会话用多久", "How long people work on a session"),
		columns: []column{
			col("queue", analytics.Label, "队列", "Queue", "会话最后所在的队列", "The queue that the session was last in"),
			col("contacts", analytics.Count, "会话数", "Contacts", "已结束且有人接起的会话", "Sessions that are over and that somebody claimed"),
			col("aht", analytics.Seconds, "平均处理时长", "AHT", "从第一次接起到人的最后一条消息的秒数，含等待客户回复；事后整理时间没有记录。没有人发言则为 0", "Seconds from the first claim to a person's last message, waiting for the customer included; work after that is not logged. 0 where nobody wrote", m("contacts", "took")...),
			col("spread", analytics.Seconds, "分布", "Spread", "同上，分位数", "The same in quantiles", q("contacts", "")...),
			col("messages", analytics.Number, "人工消息数", "Messages of people", "每次会话中人的消息数，平均", "Messages of people a session, mean", m("contacts", "messages")...),
		},
		charts: []analytics.Chart{{Type: "bar", Title: text("各队列平均处理时长（秒）", "Handling time by queue (seconds)"), X: "queue", Y: []string{"aht"}}},
		notes:  []analytics.Text{noteOpen},
	},
	{
		name: "agents", file: "agents", sum: true,
		title: text("坐席", "Agents"), about: text("坐席的负荷与结果", "Load and results of agents"),
		columns: []column{
			col("agent", analytics.Label, "坐席", "Agent", "坐席编号", "The agent's id"),
			col("claims", analytics.Count, "接起", "Claims", "时段内接起的次数", "Conversations claimed in the period"),
			col("held", analytics.Seconds, "持有时长", "Time held", "每次接起到交出（转接、放回、交还机器人、关闭）的平均秒数；n 为已交出的次数", "Seconds from a claim to giving it up (transfer, release, return to the robot, close), mean; n are those given up", m("ended", "took")...),
			col("peak", analytics.Count, "最多同时", "Most at once", "同时持有的最多会话数；合计一行为各坐席之和", "The most conversations held at one time; the total adds the agents' up"),
			col("messages", analytics.Count, "消息数", "Messages", "坐席发出的消息", "Messages that the agent wrote"),
			col("suggested", analytics.Share, "采用建议", "Suggestions used", "分子：采用机器人建议的消息；分母：坐席的消息", "Of the agent's messages, those that used a suggestion of the robot", "suggested", "messages"),
			col("passed_on", analytics.Share, "转出率", "Passed on", "分子：以转接交出；分母：已交出的接起", "Of claims given up, those transferred", "passed_on", "ended"),
			col("closed", analytics.Share, "关闭率", "Closed", "分子：以关闭交出；分母：已交出的接起", "Of claims given up, those closed", "closed", "ended"),
			col("csat", analytics.Share, "满意率", "CSAT", "分子：4 或 5 分；分母：最后由该坐席发言、且打了分的会话", "Of sessions with a score in which the agent spoke last, those with 4 or 5", "satisfied", "rated"),
			col("response_rate", analytics.Share, "评价率", "Response rate", "分子：打了分；分母：最后由该坐席发言的已结束会话", "Of sessions that are over in which the agent spoke last, those with a score", "rated", "sessions"),
		},
		charts: []analytics.Chart{{Type: "bar", Title: text("各坐席接起", "Claims by agent"), X: "agent", Y: []string{"claims"}}},
		notes:  []analytics.Text{text("坐席的满意率取决于分到的会话，不宜直接排名。", "An agent's satisfaction depends on what they are given; it is not a ranking.")},
	},
	{
		name: "transfers", file: "transfers", sum: true,
		title: text("分流准确度", "Transfers"), about: text("第一次是否就送到了对的队列", "Whether customers were sent to the right queue at once"),
		columns: []column{
			col("queue", analytics.Label, "首个队列", "First queue", "第一次转人工时的队列", "Of the first handover"),
			col("handed", analytics.Count, "会话数", "Sessions", "转人工到该队列、已结束的会话", "Sessions that are over and went to it first"),
			col("accuracy", analytics.Share, "分流准确率", "Transfer accuracy", "分子：最后所在队列就是第一个队列；分母：转人工的会话", "Of sessions handed over, those that ended in the queue to which they went first", "stayed", "handed"),
			col("claimed", analytics.Share, "接起率", "Taken", "分子：有人接起；分母：转人工的会话", "Of sessions handed over, those that somebody claimed", "claimed", "handed"),
			col("answered", analytics.Share, "答复率", "Answered", "分子：转人工后有人发言；分母：转人工的会话", "Of sessions handed over, those in which a person wrote after it", "answered", "handed"),
		},
		charts: []analytics.Chart{{Type: "bar", Title: text("分流准确率", "Transfer accuracy"), X: "queue", Y: []string{"accuracy"}}},
		notes:  []analytics.Text{noteOpen},
	},
	{
		name: "follow-ups", file: "follow_ups", sum: true,
		title: text("主动消息", "Follow-ups"), about: text("机器人主动发出的消息是否送达、已读、得到回应", "Whether messages that the robot sent by itself arrived, were read, were answered"),
		columns: []column{
			col("kind", analytics.Label, "类型", "Kind", "主动消息的类型", "The kind of follow-up"),
			col("sent", analytics.Count, "发出", "Sent", "时段内发出的", "Those sent in the period"),
			col("delivered", analytics.Share, "送达率", "Delivered", "分子：收到送达或已读回执；分母：发出的", "Of those sent, the ones with a receipt of delivery or reading", "delivered", "sent"),
			col("read", analytics.Share, "已读率", "Read", "分子：收到已读回执；分母：发出的", "Of those sent, the ones with a receipt of reading", "was_read", "sent"),
			col("failed", analytics.Share, "失败率", "Failed", "分子：渠道报告失败；分母：发出的", "Of those sent, the ones that the channel reported as failed", "failed", "sent"),
			col("answered_24h", analytics.Share, "24 小时内回应", "Answered in 24 h", "分子：客户在 24 小时内于同一会话发来消息；分母：发出已满 24 小时的", "Of those sent more than 24 h ago, the ones after which the customer wrote in the conversation within 24 h", "answered", "seen"),
		},
		charts: []analytics.Chart{{Type: "bar", Title: text("主动消息的回应", "Answers to follow-ups"), X: "kind", Y: []string{"delivered", "read", "answered_24h"}}},
	},
}
