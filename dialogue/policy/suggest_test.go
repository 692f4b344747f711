package policy_test

import (
	"context"
	"slices"
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/policy"
)

// curious suggests the same questions after everything; one of them nobody serves.
type curious struct{}

func (curious) Next(_ context.Context, _ string, _ dialogue.Profile, _ dialogue.State, limit int) []dialogue.Recommendation {
	list := []dialogue.Recommendation{{ID: "shipping.fee_and_time", Title: "运费怎么算？"}, {ID: "no.such", Title: "?"}, {ID: "return.policy", Title: "退换货有什么要求？"}}
	return list[:min(limit, len(list))]
}

// TestSuggest offers questions below an answer, and nowhere else.
func TestSuggest(t *testing.T) {
	want := []string{"运费怎么算？/intent shipping.fee_and_time", "退换货有什么要求？/intent return.policy"}
	start := func() *bot { return newBot(t, mustPolicy(t, policy.Options{Suggester: curious{}}), dialogue.Profile{}) }
	b := start()
	b.say(said("你们有哪些支付方式", means("payment.methods", 0.97)))
	b.want(dialogue.Answer, "reason:intent")
	if got := payloads(b.last); !slices.Equal(got, want) {
		t.Errorf("buttons %q, want %q", got, want)
	}
	b.press("/intent return.policy")
	b.want(dialogue.Answer, "intent:return.policy")
	for name, talk := range map[string]func(b *bot){
		"question open": func(b *bot) { b.say(said("我要退货", means("return.request", 0.97))) },
		"angry": func(b *bot) {
			b.say(said("你们有哪些支付方式，气死我了", means("payment.methods", 0.97), feels("angry", 0.99)))
		},
		"small talk": func(b *bot) { b.say(said("谢谢", means("chat.thank", 0.97))) },
		"two wishes": func(b *bot) {
			b.say(said("怎么付款，另外多久能到", means("payment.methods", 0.9), and("shipping.fee_and_time", 0.9)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := start()
			talk(b)
			for _, p := range payloads(b.last) {
				if slices.Contains(want, p) {
					t.Errorf("offered %q beside %s", p, b.last.Why)
				}
			}
		})
	}
}
