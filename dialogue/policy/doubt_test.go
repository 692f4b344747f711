package policy_test

import (
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/policy"
)

// TestDoubtfulTask begins a task by words that were heard badly: what is heard well afterwards is not read as going on with it.
func TestDoubtfulTask(t *testing.T) {
	guess := said("我想退那个款", means("return.request", 0.95))
	clear := said("我想退款", means("return.request", 0.5), means("refund.request", 0.45))
	for _, tt := range []struct {
		name       string
		confidence float64
		intent     string
	}{{"heard badly", 0.31, "refund.request"}, {"heard well", 0.9, "return.request"}, {"typed", 0, "return.request"}} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBot(t, mustPolicy(t, policy.Options{}), dialogue.Profile{})
			b.hear(dialogue.Message{Text: guess.Text, Confidence: tt.confidence}, guess)
			b.want(dialogue.Ask, "intent:return.request")
			b.hear(dialogue.Message{Text: clear.Text, Confidence: 0.93}, clear)
			b.want(dialogue.Ask, "intent:"+tt.intent)
		})
	}
}

// TestRepeatAfterPause repeats the question, not the words of patience.
func TestRepeatAfterPause(t *testing.T) {
	b := newBot(t, mustPolicy(t, policy.Options{}), dialogue.Profile{})
	b.say(said("充 100", means("topup.request", 0.95), has("money", "100")))
	b.want(dialogue.Confirm)
	question := b.last.Say[0].Key
	b.say(said("等一下", means("chat.wait", 0.95)))
	b.want(dialogue.Answer, "reason:wait")
	b.say(said("刚才问的什么", means("chat.repeat", 0.95)))
	b.want(dialogue.Answer, "reason:repeat")
	if got := b.last.Say[0].Key; got != question {
		t.Errorf("repeats %s, want %s", got, question)
	}
}
