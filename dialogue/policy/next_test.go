package policy_test

import (
	"context"
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/policy"
)

// linked is a knowledge base whose first entry leads to others, one of which is gone.
type linked struct{}

func (linked) Find(_ context.Context, q dialogue.Asked) ([]dialogue.Hit, error) {
	all := map[string]dialogue.Entry{
		"fee":  {ID: "fee", Questions: []string{"运费怎么算？"}, Answer: "满 99 元包邮", Next: []string{"gone", "time", "area"}, Intents: []string{"shipping.fee_and_time"}},
		"time": {ID: "time", Questions: []string{"多久能到？"}, Answer: "三天", Next: []string{"fee", "area"}},
		"area": {ID: "area", Questions: []string{"哪里能送？"}, Answer: "全国", Intents: []string{"shipping.fee_and_time"}},
	}
	id := q.ID
	if id == "" {
		id = "fee"
	}
	e, ok := all[id]
	if !ok {
		return nil, nil
	}
	return []dialogue.Hit{{Entry: e, Score: 0.95}}, nil
}

func payloads(d dialogue.Decision) (out []string) {
	for _, s := range d.Say {
		for _, b := range s.Buttons {
			out = append(out, b.Title+b.Payload)
		}
	}
	return out
}

// TestNextQuestions follows the buttons below an answer from entry to entry.
func TestNextQuestions(t *testing.T) {
	b := newBot(t, mustPolicy(t, policy.Options{Knowledge: linked{}}), dialogue.Profile{})
	same := func(want ...string) {
		t.Helper()
		got := payloads(b.last)
		if len(got) != len(want) {
			t.Fatalf("buttons %v, want %v", got, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("buttons %v, want %v", got, want)
			}
		}
	}
	b.say(said("要多少邮费啊", strange))
	b.want(dialogue.Answer, "reason:knowledge")
	same("多久能到？/entry time", "哪里能送？/entry area")
	b.press("/entry time")
	b.want(dialogue.Answer, "reason:choice")
	same("哪里能送？/entry area") // the fee was answered
	if got := b.last.Say[0].Text; got != "三天" {
		t.Errorf("the robot says %q", got)
	}
	b.say(said("第1个", strange))
	b.want(dialogue.Answer, "intent:shipping.fee_and_time")
	if got := b.last.Say[0].Text; got != "全国" {
		t.Errorf("the robot says %q", got)
	}
	same()
	b.press("/entry gone")
	b.want(dialogue.Clarify)
}

// TestNoNextQuestionsInATask keeps to the task.
func TestNoNextQuestionsInATask(t *testing.T) {
	b := newBot(t, mustPolicy(t, policy.Options{Knowledge: linked{}}), dialogue.Profile{})
	b.say(said("我要退款", means("refund.request", 0.95)))
	b.want(dialogue.Ask)
	b.say(said("要多少邮费啊", means("shipping.fee_and_time", 0.95)))
	for _, p := range payloads(b.last) {
		if len(p) > 6 && p[len(p)-4:] == "time" {
			t.Errorf("button %s leads away from the task", p)
		}
	}
}
