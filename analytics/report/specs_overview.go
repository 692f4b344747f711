package report

import "yingda/analytics"

var specsOverview = []*spec{{
	name: "overview", file: "overview", more: []string{"overview_turns"}, fill: fillOverview,
	title: text("总览", "Overview"), about: text("关键数字，与上一时段相比", "The key numbers, beside the period before"),
	columns: []column{
		col("period", analytics.Label, "时段", "Period", "now = 所选时段；before = 同样长的上一时段", "The period that was asked for, and the one of the same length before"),
		sessionsColumn,
		col("turns", analytics.Count, "消息数", "Messages", "客户发来的消息", "Messages of customers"),
		col("containment", analytics.Share, "自助完成率", "Containment", "分子：没有转人工的会话；分母：已结束的会话", "Of sessions that are over, those without a handover", "contained", "sessions"),
		col("contained_72h", analytics.Share, "72 小时无回访", "No callback in 72 h", "分子：没有转人工，且客户在 72 小时内没有再来；分母：已结束满 72 小时的会话", "Of sessions that have been over for 72 h, those without a handover whose customer did not come again within 72 h", "kept_three", "seen_three"),
		col("handoff_rate", analytics.Share, "转人工率", "Handover rate", "分子：转过人工的会话；分母：已结束的会话", "Of sessions that are over, those with a handover", "handed", "sessions"),
		col("fallback_rate", analytics.Share, "未识别率", "Fallback rate", "分子：没听懂的消息；分母：客户的全部消息", "Of all messages of customers, those that were not understood", "fallbacks", "turns"),
		col("said_solved", analytics.Share, "客户称已解决", "Customers say solved", "分子：回答“已解决”；分母：回答了的会话", "Of sessions whose customer said whether it was solved, those that said yes", "said_yes", "said"),
		col("csat", analytics.Share, "满意率", "CSAT", "分子：4 或 5 分；分母：打了分的会话", "Of sessions with a score, those with 4 or 5", "satisfied", "rated"),
		col("response_rate", analytics.Share, "评价率", "Response rate", "分子：打了分；分母：已结束的会话", "Of sessions that are over, those with a score", "rated", "sessions"),
		col("angry", analytics.Share, "生气", "Angry", "分子：任一消息生气的会话；分母：已结束的会话", "Of sessions that are over, those with an angry message", "angry", "sessions"),
		col("answer_ms", analytics.Millis, "机器人平均响应", "Mean answer time", "机器人作答的毫秒数，平均", "Milliseconds that the robot took to answer, mean", "ms_mean"),
		col("person_wait", analytics.Seconds, "人工等待（中位数）", "Wait for people (median)", "从转人工到人的第一条消息的秒数，中位数", "Seconds from the handover to a person's first message, median", "wait_median"),
	},
	notes: []analytics.Text{noteOpen, noteWait},
}}

// fillOverview puts sessions and messages of both periods side by side.
func fillOverview(a *asker, r *analytics.Report) error {
	sessions, err := a.read(a.spec.file)
	if err != nil {
		return err
	}
	turns, err := a.read(a.file("overview_turns", "overview_turns_rollup"))
	if err != nil {
		return err
	}
	for _, p := range []struct {
		name string
		now  int64
	}{{"now", 1}, {"before", 0}} {
		values := map[string]any{"period": p.name, "ms_mean": nil}
		if err := sessions.into(values, p.now); err != nil {
			return err
		}
		if err := turns.into(values, p.now); err != nil {
			return err
		}
		n, _, err := number(values["ms_n"])
		if err != nil {
			return err
		}
		if sum, _, err := number(values["ms_sum"]); err != nil {
			return err
		} else if n > 0 {
			values["ms_mean"] = sum / n
		}
		row := make([]any, len(a.spec.columns))
		for i := range a.spec.columns {
			c := &a.spec.columns[i]
			vs := make([]any, len(c.from))
			for j, name := range c.from {
				vs[j] = values[name]
			}
			if row[i], err = cell(c, vs); err != nil {
				return err
			}
		}
		r.Rows = append(r.Rows, row)
	}
	return nil
}

// into puts the row of a period into values.
func (t *table) into(values map[string]any, now int64) error {
	for _, row := range t.rows {
		which, err := count(row[t.at["now"]])
		if err != nil {
			return err
		}
		if which != now {
			continue
		}
		for name, at := range t.at {
			values[name] = row[at]
		}
	}
	return nil
}
