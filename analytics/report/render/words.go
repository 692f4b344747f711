package render

import (
	"yingda/analytics"
	"yingda/nlu"
)

// words say what codes in labels mean, by column. Programs get the codes.
var words = map[string]map[string]analytics.Text{
	"reason": {
		"request": {ZH: "客户要求", EN: "asked for a person"}, "emotion": {ZH: "情绪", EN: "emotion"}, "unrecognised": {ZH: "未识别", EN: "not understood"},
		"complexity": {ZH: "须人工办理", EN: "task for people"}, "tier": {ZH: "客户等级", EN: "customer tier"}, "failure": {ZH: "系统失败", EN: "systems failed"},
		"confidence": {ZH: "把握不足", EN: "too unsure"}, "other": {ZH: "其他", EN: "other"},
	},
	"part":   {"channel": {ZH: "渠道", EN: "channel"}, "tier": {ZH: "客户等级", EN: "tier"}, "lang": {ZH: "语言", EN: "language"}},
	"who":    {"robot": {ZH: "机器人", EN: "robot"}, "person": {ZH: "人工", EN: "person"}},
	"period": {"now": {ZH: "本期", EN: "this period"}, "before": {ZH: "上期", EN: "period before"}},
	"kind": {
		"words": {ZH: "未听懂的话", EN: "words"}, "nearest": {ZH: "最接近主题", EN: "nearest topic"}, "people": {ZH: "只能人工", EN: "only people"}, "systems": {ZH: "系统失败", EN: "systems"},
	},
	"weekday": {
		"1": {ZH: "周一", EN: "Mon"}, "2": {ZH: "周二", EN: "Tue"}, "3": {ZH: "周三", EN: "Wed"}, "4": {ZH: "周四", EN: "Thu"}, "5": {ZH: "周五", EN: "Fri"}, "6": {ZH: "周六", EN: "Sat"}, "7": {ZH: "周日", EN: "Sun"},
	},
	"lang":          {"zh": {ZH: "中文", EN: "Chinese"}, "en": {ZH: "英文", EN: "English"}},
	"topic":         {"unrecognised": {ZH: "未识别", EN: "not understood"}},
	"emotion":       emotions,
	"emotion_first": emotions,
	"emotion_last":  emotions,
	"verdict":       {"stable": {ZH: "稳定", EN: "stable"}, "moderate": {ZH: "有变化", EN: "moderate"}, "alarm": {ZH: "告警", EN: "alarm"}, "few": {ZH: "数据太少", EN: "too few"}},
	"measure": {
		"intent": {ZH: "意图", EN: "intents"}, "emotion": {ZH: "情绪", EN: "emotions"}, "lang": {ZH: "语言", EN: "languages"}, "channel": {ZH: "渠道", EN: "channels"}, "tier": {ZH: "客户等级", EN: "tiers"},
		"recognition": {ZH: "识别与否", EN: "recognition"}, "confidence": {ZH: "把握", EN: "confidence"}, "out_of_scope": {ZH: "范围外得分", EN: "out-of-scope score"},
	},
}

var emotions = map[string]analytics.Text{
	"angry": {ZH: "生气", EN: "angry"}, "anxious": {ZH: "焦虑", EN: "anxious"}, "confused": {ZH: "困惑", EN: "confused"}, "disappointed": {ZH: "失望", EN: "disappointed"},
	"neutral": {ZH: "平静", EN: "neutral"}, "positive": {ZH: "满意", EN: "positive"},
}

// sayValue says a label in a language.
func sayValue(column, v string, lang nlu.Lang) string {
	if t, ok := words[column][v]; ok {
		return t.In(lang)
	}
	if v == "" {
		return analytics.Text{ZH: "（无）", EN: "(none)"}.In(lang)
	}
	return v
}
