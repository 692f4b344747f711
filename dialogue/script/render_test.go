package script_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/script"
)

const choosing = `
  ask: {zh: '请问[{what|name}|什么]？', en: 'Which?'}
  ask.order_id: {zh: 哪一单？, en: 'Which order?'}
  ask.order.cancel.order_id: {zh: 取消哪一单？, en: 'Cancel which order?'}
  done: {zh: '[{topic|name}]办好了。', en: Done.}
  done.order: {zh: '订单{order_id}办好了。', en: Done.}
  resume: {zh: '接着[{topic|name}]。', en: Go on.}
  when:
    zh:
      - {when: {channel: [sms, voice]}, say: 短}
      - {when: {tier: vip, valence: negative}, say: 贵宾抱歉}
      - {when: {emotion: angry, intensity: 0.7}, say: 非常抱歉}
      - {when: {emotion: angry}, say: 抱歉}
      - 平常
    en: x
  need:
    zh:
      - {when: {tier: vip}, say: '尊敬的{name}'}
      - '{name}您好'
      - 您好
    en: x
names:
  order.cancel: {zh: 取消订单, en: cancellation}
  order_id: {zh: 订单号, en: order number}
`

func TestWhichWords(t *testing.T) {
	b := mustBook(t, choosing)
	angry := func(i float64) func(*dialogue.Wording) {
		return func(w *dialogue.Wording) {
			w.Emotion = dialogue.Emotion{Label: "angry", Valence: "negative", Intensity: i}
		}
	}
	tests := []struct {
		name, key string
		change    func(*dialogue.Wording)
		want      string
	}{
		{"the key itself", "ask.order.cancel.order_id", nil, "取消哪一单？"},
		{"without its middle", "ask.refund.request.order_id", nil, "哪一单？"},
		{"its beginning", "ask.order_id.again", nil, "哪一单？"},
		{"the kind, and what is asked for", "ask.refund.request.address", nil, "请问什么？"},
		{"the kind, and its topic", "resume.order.cancel", nil, "接着取消订单。"},
		{"more general when slots are empty", "done.order.cancel", nil, "取消订单办好了。"},
		{"slots filled", "done.order.cancel", func(w *dialogue.Wording) { w.Vars["order_id"] = "7" }, "订单7办好了。"},
		{"unknown", "nothing.at.all", nil, "我在的。"},
		{"empty key", "", nil, ""},
		{"not a key", "....", nil, "我在的。"},
		{"channel", "when", func(w *dialogue.Wording) { w.Channel = "sms" }, "短"},
		{"tier and valence", "when", func(w *dialogue.Wording) { w.Tier = "vip"; angry(0.9)(w) }, "贵宾抱歉"},
		{"tier alone", "when", func(w *dialogue.Wording) { w.Tier = "vip" }, "平常"},
		{"intense", "when", angry(0.7), "非常抱歉"},
		{"less intense", "when", angry(0.69), "抱歉"},
		{"no condition", "when", nil, "平常"},
		{"block without its slot", "need", func(w *dialogue.Wording) { w.Tier = "vip" }, "您好"},
		{"another language", "when", func(w *dialogue.Wording) { w.Lang = "fr" }, "平常"},
		{"fixed words", "when", func(w *dialogue.Wording) { w.Text = "{固定}" }, "{固定}"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			w := say(tc.key)
			if tc.change != nil {
				tc.change(&w)
			}
			if got := b.Render(w).Text; got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

const variants = `
  v:
    zh: [甲, 乙, 丙]
    en: x
  weighed:
    zh: [{id: x, weight: 3, text: 甲}, {id: y, text: 乙}, {id: z, weight: 0, text: 丙}]
    en: x
  tried:
    experiment: wording
    zh: [{id: control, text: 甲}, {id: new, weight: 0, text: 乙}]
    en: x
`

func TestVariants(t *testing.T) {
	b := mustBook(t, variants)
	count := func(key string) map[string]int {
		n := map[string]int{}
		for i := range 8000 {
			w := say(key)
			w.Unit = fmt.Sprint("customer-", i)
			r := b.Render(w)
			n[r.Text+r.Script.Variant]++
			if again := b.Render(w); again.Text != r.Text {
				t.Fatalf("%s: the same wording gave %q and %q", key, r.Text, again.Text)
			}
		}
		return n
	}
	for text, n := range count("v") {
		if n < 2400 || n > 2950 || !slices.Contains([]string{"甲a", "乙b", "丙c"}, text) {
			t.Errorf("variant %s was said %d times of 8000, want about 2667", text, n)
		}
	}
	if n := count("weighed"); n["甲x"] < 5700 || n["甲x"] > 6300 || n["甲x"]+n["乙y"] != 8000 {
		t.Errorf("weights 3, 1 and 0 gave %v", n)
	}
	t.Run("arm", func(t *testing.T) {
		w := say("tried")
		if got := b.Render(w); got.Text != "甲" || got.Script != (dialogue.ScriptRef{Key: "tried", Variant: "control"}) {
			t.Errorf("without an arm: %+v", got)
		}
		w.Variants = map[string]string{"wording": "new"}
		if got := b.Render(w); got.Text != "乙" || got.Script.Variant != "new" {
			t.Errorf("arm new: %+v", got)
		}
		w.Said = []string{"乙"}
		if got := b.Render(w); got.Text != "乙" {
			t.Errorf("an arm says its words again, got %q", got.Text)
		}
		w.Variants["wording"] = "gone"
		if got := b.Render(w); got.Text != "甲" {
			t.Errorf("an arm without words: %q", got.Text)
		}
	})
}

func TestNotTwiceInARow(t *testing.T) {
	b := mustBook(t, variants)
	for _, channel := range []string{"web", "voice"} {
		var said []string
		for i := range 30 {
			w := say("v")
			w.Said, w.Channel = said, channel
			text := b.Render(w).Text
			if len(said) > 0 && text == said[len(said)-1] {
				t.Fatalf("turn %d said %q twice in a row", i, text)
			}
			said = append(said, text)
			if len(said) > 2 {
				said = said[1:]
			}
		}
	}
	w := say("v")
	w.Said = []string{"前面\n甲乙丙"}
	if got := b.Render(w).Text; got == "" || strings.Contains(got, "我在") {
		t.Errorf("when all was said, one is said again; got %q", got)
	}
}

const tones = `
  plain: {zh: 您好。, en: Hello.}
  felt:
    tone: true
    zh: [{when: {emotion: angry}, say: 我们的错。}, 哪一单？]
    en: Which one?
  asked: {tone: true, zh: '{id}到了。', en: '{id} is here.'}
  tone.anxious:
    zh: [{when: {intensity: 0.7}, say: 您先别急。}, 别担心。, 放心。]
    en: Don't worry.
  tone.angry: {zh: 抱歉。, en: Sorry.}
`

func TestTone(t *testing.T) {
	b := mustBook(t, tones)
	tests := []struct {
		name    string
		key     string
		emotion dialogue.Emotion
		nth     int
		said    string
		lang    string
		want    []string
	}{
		{"calm", "asked", dialogue.Emotion{}, 0, "", "zh", []string{"7到了。"}},
		{"unknown feeling", "asked", dialogue.Emotion{Label: "bored"}, 0, "", "zh", []string{"7到了。"}},
		{"anxious", "asked", dialogue.Emotion{Label: "anxious"}, 0, "", "zh", []string{"别担心。7到了。", "放心。7到了。"}},
		{"very anxious", "asked", dialogue.Emotion{Label: "anxious", Intensity: .8}, 0, "", "zh", []string{"您先别急。7到了。"}},
		{"second reply", "asked", dialogue.Emotion{Label: "anxious"}, 1, "", "zh", []string{"7到了。"}},
		{"soothed of late", "asked", dialogue.Emotion{Label: "anxious"}, 0, "放心。没事的", "zh", []string{"7到了。"}},
		{"script without tone", "plain", dialogue.Emotion{Label: "anxious"}, 0, "", "zh", []string{"您好。"}},
		{"words of its own for the feeling", "felt", dialogue.Emotion{Label: "angry"}, 0, "", "zh", []string{"我们的错。"}},
		{"other feeling", "felt", dialogue.Emotion{Label: "anxious", Intensity: 1}, 0, "", "zh", []string{"您先别急。哪一单？"}},
		{"English", "felt", dialogue.Emotion{Label: "angry"}, 0, "", "en", []string{"Sorry. Which one?"}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			w := say(tc.key, "id", "7")
			w.Emotion, w.Nth, w.Lang = tc.emotion, tc.nth, nluLang(tc.lang)
			if tc.said != "" {
				w.Said = []string{tc.said}
			}
			if got := b.Render(w).Text; !slices.Contains(tc.want, got) {
				t.Errorf("got %q, want one of %q", got, tc.want)
			}
		})
	}
	t.Run("fixed words", func(t *testing.T) {
		w := say("felt")
		w.Text, w.Emotion = "看这里。", dialogue.Emotion{Label: "angry"}
		if got := b.Render(w).Text; got != "抱歉。看这里。" {
			t.Errorf("got %q", got)
		}
	})
}

const pressing = `
  confirm:
    zh: 可以吗？
    en: May I?
    buttons:
      zh: [{title: 确认, payload: /affirm}, {title: '看{order_id|tail4}', payload: '/slot order_id={order_id}'}]
      en: [{title: 'Yes', payload: /affirm}]
  confirm.a: {zh: 取消吗？, en: 'Cancel?'}
  pick: {zh: 哪个？, en: 'Which?'}
  voice.options: {zh: '可以说{options|or}。', en: 'Say {options|or}.'}
  voice.cards: {zh: '有{count}个，{options|lines}。', en: 'There are {count}, {options|lines}.'}
names:
  order.cancel: {zh: 取消订单, en: order cancellation}
  agent: {zh: 转人工, en: a person}
  affirm: {zh: 是的, en: 'yes'}
  step.affirm: {zh: 解决了, en: it helped}
  order_id: {zh: 订单号, en: order number}
`

func TestButtons(t *testing.T) {
	b := mustBook(t, pressing)
	given := func(payloads ...string) func(*dialogue.Wording) {
		return func(w *dialogue.Wording) {
			for _, p := range payloads {
				w.Buttons = append(w.Buttons, dialogue.Button{Payload: p})
			}
		}
	}
	english := func(f func(*dialogue.Wording)) func(*dialogue.Wording) {
		return func(w *dialogue.Wording) { f(w); w.Lang = "en" }
	}
	tests := []struct {
		name, key string
		change    func(*dialogue.Wording)
		want      string
	}{
		{"its own, those without slots only", "confirm", nil, "确认 /affirm"},
		{"slots", "confirm", func(w *dialogue.Wording) { w.Vars["order_id"] = "778832" }, "确认 /affirm; 看8832 /slot order_id=778832"},
		{"inherited", "confirm.a", nil, "确认 /affirm"},
		{"none", "pick", nil, ""},
		{"given", "confirm", given("/intent order.cancel", "/agent"), "取消订单 /intent order.cancel; 转人工 /agent"},
		{"given in English", "pick", english(given("/intent order.cancel", "/affirm")), "Order cancellation /intent order.cancel; Yes /affirm"},
		{"by kind", "step.a.b", given("/affirm"), "解决了 /affirm"},
		{"values", "pick", given("/slot color=红色", "/slot order_id="), "红色 /slot color=红色; 订单号 /slot order_id="},
		{"unknown", "pick", given("/intent a.b_c", "/option 2", "/", ""), "b c /intent a.b_c; 2 /option 2; … /; … "},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			w := say(tc.key)
			if tc.change != nil {
				tc.change(&w)
			}
			var got []string
			for _, x := range b.Render(w).Buttons {
				got = append(got, x.Title+" "+x.Payload)
			}
			if s := strings.Join(got, "; "); s != tc.want {
				t.Errorf("got  %s\nwant %s", s, tc.want)
			}
			for _, x := range w.Buttons {
				if x.Title != "" {
					t.Error("the wording's own buttons were changed")
				}
			}
		})
	}
	t.Run("heard", func(t *testing.T) {
		w := say("pick")
		w.Channel, w.Image, w.Links = "voice", "https://x.example/a.png", []string{"https://x.example"}
		w.Buttons = []dialogue.Button{{Payload: "/intent order.cancel"}, {Payload: "/agent"}}
		r := b.Render(w)
		if r.Text != "哪个？可以说取消订单或转人工。" || r.Buttons != nil || r.Image != "" || r.Links != nil {
			t.Errorf("got %+v", r)
		}
		w.Cards = []dialogue.Card{{Title: "红伞", Subtitle: "59元"}, {Title: "蓝伞"}}
		if r = b.Render(w); r.Text != "哪个？有两个，红伞五十九元；蓝伞。" || r.Cards != nil {
			t.Errorf("got %+v", r)
		}
		w = say("confirm")
		w.Channel = "voice"
		if r = b.Render(w); r.Text != "可以吗？" {
			t.Errorf("yes and no are not read out; got %q", r.Text)
		}
		w = say("pick")
		w.Text, w.Channel = "见 https://x.example/帮助 和www.x.example 吧", "voice"
		if r = b.Render(w); strings.Contains(r.Text, "x.example") {
			t.Errorf("links are not read out; got %q", r.Text)
		}
	})
}

func TestSettings(t *testing.T) {
	if got := script.DefaultSettings().Languages; len(got) != 2 {
		t.Errorf("languages %v", got)
	}
}
