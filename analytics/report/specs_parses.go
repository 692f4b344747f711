package report

import "yingda/analytics"

// specParses counts texts that were analysed without a conversation. They are in no other report.
var specParses = &spec{
	name: "parses", file: "parses", sum: true,
	title: text("纯解析", "Plain analyses"),
	about: text("没有对话、只请求理解的文本（/v1/parse 及其兼容接口）每天有多少，听懂了多少；只在 --log-parses 打开时计数", "How many texts a day callers only had analysed, without a conversation (/v1/parse and its dialects), and how many were understood; counted while --log-parses is on"),
	columns: []column{
		dayColumn,
		col("texts", analytics.Count, "文本数", "Texts", "分析过的文本，无论是否留存；一次批量请求中的每条都计。按请求到达的日子计，误差几秒", "Texts that were analysed, kept or not, each of a batch; on the day of the request, to some seconds"),
		col("understood", analytics.Share, "听懂率", "Understood", "分子：至少一个意图达到阈值的文本；分母：全部文本", "Of all texts, those with an intent that passed its threshold", "understood", "texts"),
		col("unsure", analytics.Share, "没把握", "Unsure", "分子：听懂、但首选概率低于 0.4 或与次选相差不足 0.1 的文本；分母：听懂的文本", "Of texts that were understood, those whose best intent is below 0.4 or less than 0.1 ahead of the second", "unsure", "understood"),
		col("misses", analytics.Count, "待改进", "Misses", "没听懂或没把握的文本：“未识别”分析的候选", "Texts not understood, or unsurely: what the analysis of the unrecognised looks through"),
		col("kept", analytics.Count, "留存", "Kept", "脱敏后留存、可供“未识别”分析的文本（表 parses）；由 --log-parses 与 --log-parses-sample 决定", "Texts that were kept, redacted, for the analysis of the unrecognised (table parses); --log-parses and --log-parses-sample say which"),
		col("dropped", analytics.Count, "丢弃", "Dropped", "本应留存、因来不及写或日志已满而丢弃的文本；仍计入其他各列", "Texts that were to be kept and were lost since there was no room or the log did not take them; they count in the other columns"),
	},
	charts: []analytics.Chart{
		{Type: "line", Title: text("每天分析的文本", "Texts analysed a day"), X: "day", Y: []string{"texts", "misses"}},
		{Type: "line", Title: text("听懂率", "Share understood"), X: "day", Y: []string{"understood"}},
	},
	notes: []analytics.Text{text("进程被强行结束时，最后几秒的计数会丢失。", "When a process is killed, the counts of its last seconds are lost.")},
}
