package dialog

import (
	"strings"

	"yingda/dialogue"
)

// word is a key that a line can begin with.
type word struct {
	kind   string // what the line is
	en, zh string
}

// The first of each kind is the one that is written.
var vocabulary = []word{
	{"title", "title", "标题"},
	{"as", "as", "身份"}, {"name", "name", "姓名"}, {"tier", "tier", "等级"}, {"lang", "language", "语言"}, {"channel", "channel", "渠道"}, {"start", "start", "开始"},
	{"history", "history", "历史"}, {"prefers", "prefers", "偏好"}, {"known", "known failure", "已知失败"},

	{string(Customer), "customer", "客户"}, {string(Press), "press", "按下"}, {string(Wait), "wait", "等待"}, {string(System), "system", "系统"},
	{string(Event), "event", "事件"}, {string(Claim), "claim", "接手"}, {string(Say), "agent", "客服"}, {string(Return), "return", "交还"},
	{string(Release), "release", "放回"}, {string(Transfer), "transfer", "转给"}, {string(Close), "close", "结束"},

	{"id", "id", "编号"}, {"at", "at", "时刻"}, {"confidence", "confidence", "把握"}, {"heard", "heard", "又听成"},
	{"image", "image", "图片"}, {"link", "link", "链接"}, {"location", "location", "位置"}, {"audio", "audio", "语音"}, {"video", "video", "视频"}, {"file", "file", "文件"},
	{"sticker", "sticker", "贴纸"},

	{"robot", "robot", "机器人"}, {"never", "robot never", "机器人不说"},
	{"expect action", "expect", "期望"}, {"expect action", "expect action", "期望动作"}, {"expect reason", "expect reason", "期望原因"},
	{"expect intents", "expect intents", "期望意图"}, {"expect slots", "expect slots", "期望槽位"}, {"expect has", "expect has", "期望含"},
	{"expect queue", "expect queue", "期望队列"}, {"expect script", "expect script", "期望话术"}, {"expect task", "expect task", "期望任务"},
	{"expect speaker", "expect speaker", "期望发言"}, {"expect call", "expect call", "期望调用"}, {"expect button", "expect button", "期望按钮"},
	{"expect agent", "expect agent sees", "期望客服看到"}, {"expect twice", "expect duplicate", "期望重复"},
}

// kinds finds what a line is by its key.
var kinds = func() map[string]string {
	m := map[string]string{}
	for _, w := range vocabulary {
		for _, k := range []string{w.en, w.zh} {
			if _, there := m[k]; !there {
				m[k] = w.kind
			}
		}
	}
	return m
}()

// fold brings a key into the form of the vocabulary.
func fold(key string) string {
	words := strings.Fields(strings.ToLower(key))
	if strings.ContainsFunc(key, func(r rune) bool { return r >= 0x3400 }) {
		return strings.Join(words, "")
	}
	return strings.Join(words, " ")
}

// key writes a kind of line.
func key(kind string, chinese bool) string {
	for _, w := range vocabulary {
		if w.kind == kind {
			if chinese {
				return w.zh
			}
			return w.en
		}
	}
	return kind
}

// names are the Chinese words for values, by what they mean.
var (
	actionNames = map[dialogue.Action]string{
		dialogue.Answer: "回答", dialogue.Ask: "追问", dialogue.Confirm: "确认", dialogue.Clarify: "澄清", dialogue.Soothe: "安抚", dialogue.Recommend: "推荐",
		dialogue.HandOff: "转人工", dialogue.Silent: "沉默",
	}
	reasonNames = map[dialogue.Reason]string{
		dialogue.ByRequest: "要求", dialogue.ByEmotion: "情绪", dialogue.ByUnrecognised: "听不懂", dialogue.ByComplexity: "复杂", dialogue.ByTier: "等级",
		dialogue.ByFailure: "系统故障", dialogue.ByConfidence: "没把握", dialogue.IntentKnown: "意图", dialogue.SlotMissing: "缺信息", dialogue.NeedsYes: "待确认",
		dialogue.Corrected: "更正", dialogue.Ambiguous: "歧义", dialogue.NotUnderstood: "没懂", dialogue.NoText: "无文字", dialogue.Feeling: "感受",
		dialogue.FromKnowledge: "知识库", dialogue.Repeated: "重复", dialogue.Waiting: "稍等", dialogue.Choice: "选项", dialogue.PersonSpeaks: "人工在谈",
	}
	speakerNames = map[dialogue.OwnerKind]string{dialogue.OwnerRobot: "机器人", dialogue.OwnerQueue: "排队", dialogue.OwnerAgent: "客服"}
	statusNames  = map[dialogue.CallStatus]string{dialogue.CallOK: "正常", dialogue.CallNotFound: "查无", dialogue.CallRefused: "拒绝", dialogue.CallFailed: "故障"}
	itemNames    = map[string]string{"order": "订单", "notice": "通知", "ticket": "工单", "plan": "套餐", "membership": "会员", "browse": "浏览", "preference": "偏好", "invoice": "发票"}
	fieldNames   = map[string]string{
		"time": "时间", "date": "日期", "order_id": "订单号", "ticket_id": "工单号", "product": "商品", "attribute": "规格", "plan": "套餐", "topic": "主题",
		"status": "状态", "text": "内容",
	}
)

// speakers are the English words; the robot's kind is empty.
var speakers = map[dialogue.OwnerKind]string{dialogue.OwnerRobot: "robot", dialogue.OwnerQueue: "queue", dialogue.OwnerAgent: "agent"}

// meaning finds what a word of either language means; ok is false for words that are not in names.
func meaning[K ~string](names map[K]string, s string) (v K, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	if _, ok = names[K(s)]; ok && s != "" {
		return K(s), true
	}
	for k, name := range names {
		if name == s {
			return k, true
		}
	}
	return v, false
}

// said writes a value in Chinese or as the program has it.
func said[K ~string](names map[K]string, v K, chinese bool) string {
	if name := names[v]; chinese && name != "" {
		return name
	}
	return string(v)
}

// none are the words for nothing.
func none(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s))
	return s == "none" || s == "无"
}
