package policy_test

import (
	"strings"
	"testing"

	"yingda/dialogue"
)

const hintTasks = `version: 1
slots:
  card: {types: [card]}
tasks:
  - {intents: [block], needs: [card], confirm: true, call: {name: card.block}}
  - {intents: [fee], mode: done}
  - {intents: [loan], mode: done}
`

func TestHints(t *testing.T) {
	for _, tt := range []struct {
		name, hints, text string
		first             string // a message before
		want              string // intents
	}{
		{"OKNone", "", "what does it cost", "", "loan"},
		{"OKWeights", "  - {match: 'cost', weights: {fee: 8}}", "what does it cost", "", "fee"},
		{"OKPattern", "  - {match: 'cost', weights: {'l*': 0.1}}", "what does it cost", "", "fee"},
		{"OKFolded", "  - {match: 'cost', weights: {fee: 8}}", "What does it COST", "", "fee"},
		{"OKOtherWords", "  - {match: 'price', weights: {fee: 8}}", "what does it cost", "", "loan"},
		{"OKUnless", "  - {match: 'cost', unless: 'loan', weights: {fee: 8}}", "what does the loan cost", "", "loan"},
		{"OKTopicMissing", "  - {match: 'cost', topic: [block], weights: {fee: 8}}", "what does it cost", "", "loan"},
		{"OKTopic", "  - {match: 'cost', topic: [block], weights: {fee: 60}}", "what does it cost", "block my card", "fee"},
		{"OKOff", "  - {match: 'cost', off: [block], weights: {fee: 60}}", "what does it cost", "block my card", "loan"},
		{"OKOffNotOpen", "  - {match: 'cost', off: [block], weights: {fee: 60}}", "what does it cost", "", "fee"},
		{"OKNamesNone", "  - {match: 'cost', names: [amount], weights: {fee: 60}}", "what does it cost", "", "loan"},
		{"OKNames", "  - {match: 'cost', names: [amount], weights: {fee: 60}}", "does it cost 3000", "", "fee"},
		{"OKOutside", "  - {match: 'cost', outside: 100, weights: {loan: 0.3}}", "what does it cost", "", ""},
		{"OKAlso", "  - {match: 'and block', also: block}", "what does it cost and block it", "", "loan block"},
		{"OKAlsoSame", "  - {match: 'cost', also: loan}", "what does it cost", "", "loan"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBot(t, policyOf(t, hintTasks, bankPolicy+"hints:\n"+tt.hints), dialogue.Profile{})
			if tt.first != "" {
				b.say(said(tt.first, means("block", 0.95)))
			}
			a := said(tt.text, means("loan", 0.6), means("fee", 0.2))
			if strings.Contains(tt.text, "3000") {
				has("amount", "3000")(a)
			}
			b.say(a)
			if got := strings.Join(b.last.Intents, " "); got != tt.want {
				t.Errorf("got %q, want %q; %s", got, tt.want, b.last.Why)
			}
		})
	}
}

// TestUnclearAnger: what makes no sense is angry only where the anger is certain.
func TestUnclearAnger(t *testing.T) {
	base := strings.Replace(bankPolicy, "moods: {", "moods: {unclear: 0.95, ", 1)
	for text, want := range map[string]int{base: 0, bankPolicy: 1} {
		b := newBot(t, policyOf(t, hintTasks, text), dialogue.Profile{})
		b.say(said("do tractors dream", strange, feels("wut", 0.9)))
		if got := b.last.State.Angry; got != want {
			t.Errorf("angry %d times, want %d", got, want)
		}
	}
}
