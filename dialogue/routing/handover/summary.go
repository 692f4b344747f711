package handover

import (
	"fmt"
	"strconv"
	"strings"

	"yingda/dialogue"
	"yingda/nlu"
)

// Summary is the conversation in a few sentences: what a colleague would say in passing it on. A part without facts is empty.
type Summary struct {
	Wants  string `json:"wants"`  // what the customer wants
	Learnt string `json:"learnt"` // what was learnt
	Done   string `json:"done"`   // what was done and tried
	Feels  string `json:"feels"`  // how they feel, and how that moved
	Why    string `json:"why"`    // why it is handed over
	Said   string `json:"said"`   // what they added while waiting
	Text   string `json:"text"`   // all of it
}

// phrases are the sentences of a language. %s are filled in order.
type phrases struct {
	wants, nothing, later, asked, step string
	learnt, fact                       string
	from                               map[string]string
	tried, calls                       string
	status                             map[dialogue.CallStatus]string
	feels                              string
	moves                              map[Move]string
	why                                map[dialogue.Reason]string
	unknownWhy, waited                 string
	said                               string
	list, stop, join                   string
}

var words = map[nlu.Lang]phrases{nlu.Chinese: chinese, nlu.English: english}

var chinese = phrases{
	wants: "客户要办：%s", nothing: "客户还没有说明要办什么", later: "，另外提到：%s", asked: "（还差：%s）", step: "（排查到：%s）",
	learnt: "已知：%s", fact: "%s %s",
	from:  map[string]string{"profile": "（档案）", "system": "（系统）"},
	tried: "已给出或试过：%s", calls: "已查过系统：%s",
	status: map[dialogue.CallStatus]string{dialogue.CallOK: "成功", dialogue.CallNotFound: "没查到", dialogue.CallRefused: "系统不允许", dialogue.CallFailed: "系统无响应"},
	feels:  "情绪：%s", moves: map[Move]string{Rising: "，比之前激动", Falling: "，比之前缓和", Steady: "，一直平稳"},
	why: map[dialogue.Reason]string{
		dialogue.ByRequest: "客户要求人工", dialogue.ByEmotion: "客户持续不满", dialogue.ByUnrecognised: "机器人连续没有听懂",
		dialogue.ByComplexity: "问题需要人工处理", dialogue.ByTier: "按客户等级由人工服务", dialogue.ByFailure: "业务系统没有响应",
		dialogue.ByConfidence: "机器人没有把握",
	},
	unknownWhy: "原因：%s", waited: "，客户已等待%s", said: "等待时补充：%s", list: "、", stop: "。", join: "",
}

var english = phrases{
	wants: "The customer wants: %s", nothing: "The customer has not said yet what they want", later: "; also mentioned: %s",
	asked: " (still missing: %s)", step: " (reached step: %s)",
	learnt: "Known: %s", fact: "%s %s",
	from:  map[string]string{"profile": " (profile)", "system": " (system)"},
	tried: "Already given or tried: %s", calls: "Systems asked: %s",
	status: map[dialogue.CallStatus]string{dialogue.CallOK: "ok", dialogue.CallNotFound: "nothing found", dialogue.CallRefused: "refused", dialogue.CallFailed: "no answer"},
	feels:  "Mood: %s", moves: map[Move]string{Rising: ", getting worse", Falling: ", calming down", Steady: ", unchanged"},
	why: map[dialogue.Reason]string{
		dialogue.ByRequest: "The customer asked for a person", dialogue.ByEmotion: "The customer has been unhappy for a while",
		dialogue.ByUnrecognised: "The robot did not understand several times in a row", dialogue.ByComplexity: "The matter needs a person",
		dialogue.ByTier: "Customers of this tier are served by people", dialogue.ByFailure: "A business system did not answer",
		dialogue.ByConfidence: "The robot was not sure",
	},
	unknownWhy: "Reason: %s", waited: "; they have waited %s", said: "Added while waiting: %s", list: ", ", stop: ".", join: " ",
}

// summarise writes the sentences.
func summarise(p *Package, b *builder) Summary {
	w := words[b.lang]
	s := Summary{Wants: wants(p, w, b), Learnt: learnt(p, w), Done: done(p, w), Feels: feels(p, w), Why: why(p, w, b.lang)}
	if len(p.Notes) > 0 {
		s.Said = fmt.Sprintf(w.said, strings.Join(p.Notes, w.list))
	}
	var text []string
	for _, part := range []*string{&s.Wants, &s.Learnt, &s.Done, &s.Feels, &s.Why, &s.Said} {
		if *part != "" {
			*part += w.stop
			text = append(text, *part)
		}
	}
	s.Text = strings.Join(text, w.join)
	return s
}

func wants(p *Package, w phrases, b *builder) string {
	var all []string
	for _, t := range p.Tasks {
		text := t.Title
		if t.Step != nil {
			text += fmt.Sprintf(w.step, t.Step.Title)
		}
		if t.Waiting != nil {
			text += fmt.Sprintf(w.asked, t.Waiting.Title)
		}
		all = append(all, text)
	}
	if len(all) == 0 { // nothing open: what they spoke of last
		for _, n := range b.named(b.in.Tracker.State.Topic) {
			all = append(all, n.Title)
		}
	}
	if len(all) == 0 {
		return w.nothing
	}
	text := fmt.Sprintf(w.wants, strings.Join(all, w.list))
	if len(p.Later) > 0 {
		text += fmt.Sprintf(w.later, strings.Join(titles(p.Later), w.list))
	}
	return text
}

func learnt(p *Package, w phrases) string {
	var all []string
	for _, f := range p.Slots {
		value := f.Value
		if len(f.More) > 0 {
			value += w.list + strings.Join(f.More, w.list)
		}
		all = append(all, fmt.Sprintf(w.fact, f.Title, value)+w.from[f.From])
	}
	if len(all) == 0 {
		return ""
	}
	return fmt.Sprintf(w.learnt, strings.Join(all, w.list))
}

func done(p *Package, w phrases) string {
	var parts []string
	if len(p.Tried) > 0 {
		parts = append(parts, fmt.Sprintf(w.tried, strings.Join(titles(p.Tried), w.list)))
	}
	if len(p.Calls) > 0 {
		all := make([]string, 0, len(p.Calls))
		for _, c := range p.Calls {
			all = append([]string{c.Title + " " + w.status[c.Status]}, all...)
		}
		parts = append(parts, fmt.Sprintf(w.calls, strings.Join(all, w.list)))
	}
	return strings.Join(parts, w.stop+w.join)
}

func feels(p *Package, w phrases) string {
	if p.Emotion.Moves == "" {
		return ""
	}
	return fmt.Sprintf(w.feels, p.Emotion.Now.Title) + w.moves[p.Emotion.Moves]
}

func why(p *Package, w phrases, lang nlu.Lang) string {
	if p.Why == "" {
		return ""
	}
	text, ok := w.why[p.Why]
	if !ok {
		text = fmt.Sprintf(w.unknownWhy, p.Why)
	}
	if p.Waited >= 60 {
		text += fmt.Sprintf(w.waited, minutes(int(p.Waited)/60, lang))
	}
	return text
}

func minutes(n int, lang nlu.Lang) string {
	switch {
	case lang == nlu.Chinese:
		return strconv.Itoa(n) + "分钟"
	case n == 1:
		return "1 minute"
	}
	return strconv.Itoa(n) + " minutes"
}

func titles(names []Named) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = n.Title
	}
	return out
}
