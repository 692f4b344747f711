package policy_test

import (
	"strings"
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/policy"
	"yingda/dialogue/task"
)

// bankTasks and bankPolicy are a pack with names of its own: none of those of the default pack is known to the program.
const bankTasks = `version: 1
slots:
  card: {bare: [number], pattern: '\d{4,16}', keep: dialogue, mask: card}
  sum: {types: [amount], bare: [number]}
  reason: {free: true, local: true}
tasks:
  - intents: [block_card, lost_card]
    needs: [card]
    confirm: true
    call: {name: card.block, args: {why: 'said: {text}', twin: '{card}'}}
    branches:
      - {when: {result: ok, replace: 'true'}, say: done.block_card, start: new_card}
      - {when: {result: refused}, say: refused.block_card, handoff: true}
  - intents: [new_card]
    needs: [card]
    call: {name: card.order}
    mode: done
  - intents: [loan]
    needs: [sum, reason]
    checks: [{slot: sum, is: at_most, than: '5000'}]
    people: true
    queue: credit
    urgent: true
`

const bankPolicy = `version: 1
roles: {affirm: [ja], deny: [nein], correct: [doch], repeat: [bitte], wait: [moment], person: [mensch], goodbye: [ciao], chat: [hallo]}
groups: {money: [loan]}
queues: {default: desk}
tiers: {"": {angry: 2, miss: 2}, gold: {queue: private, for: [money]}}
moods: {angry: [wut], score: 0.5, intensity: 0.5, strong: 0.9, calm: 3}
understanding: {accept: 0.3, rescue: 0.4, second: 0.35, act: 0.25, switch: 0.6, strange: 0.6, margin: 0.06, unsure: 0.34, retype: 0.7, heard: 0.45, knowledge: 0.8, known: 0.5}
context: {open: 6, paused: 1.5, topic: 3, goes: 1.5, then: 3, notice: 5, fits: 2, absent: 0.4, unfit: 0.15, takes: 1.3, foreign: 0.35, asked: 8, unasked: 0.5}
limits: {asks: 3, failed: 2, paused: 12, tasks: 4, options: 5, aside: 20}
`

func bankPolicyOf(t *testing.T) *policy.Policy {
	t.Helper()
	return policyOf(t, bankTasks, bankPolicy)
}

// policyOf makes a policy of tasks and settings in YAML.
func policyOf(t *testing.T, tasks, settings string) *policy.Policy {
	t.Helper()
	set, err := task.Parse("tasks.yaml", []byte(tasks))
	if err != nil {
		t.Fatal(err)
	}
	s, err := policy.ParseSettings("policy.yaml", []byte(settings))
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.New(policy.Options{Tasks: set, Settings: s})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestOwnPack(t *testing.T) {
	p := bankPolicyOf(t)
	t.Run("BranchStarts", func(t *testing.T) {
		b := newBot(t, p, dialogue.Profile{})
		b.shop.answer["card.block"] = dialogue.Result{Status: dialogue.CallOK, Data: []byte(`{"replace":true}`)}
		b.say(said("my card is gone", means("lost_card", 0.95)))
		b.want(dialogue.Ask, "key:ask.lost_card.card", "intent:lost_card")
		b.say(said("4711", bare("number", "4711", 4711.0), strange))
		b.want(dialogue.Confirm, "card=4711", "key:confirm.lost_card")
		b.say(said("jawohl", means("ja", 0.95)))
		if args := b.shop.calls[0].Args; args["why"] != "said: jawohl" || args["twin"] != "4711" {
			t.Errorf("arguments %v", args)
		}
		b.want(dialogue.Answer, "key:done.block_card", "key:done.new_card", "call:card.order", "intent:ja")
	})
	t.Run("BranchToPeople", func(t *testing.T) {
		b := newBot(t, p, dialogue.Profile{})
		b.shop.answer["card.block"] = dialogue.Result{Status: dialogue.CallRefused}
		b.say(said("block card 4711", means("block_card", 0.95), has("card", "4711")))
		b.say(said("jawohl", means("ja", 0.95)))
		b.want(dialogue.HandOff, "queue:desk", "why:complexity")
	})
	t.Run("PeopleDoIt", func(t *testing.T) {
		b := newBot(t, p, dialogue.Profile{})
		b.say(said("a loan of 9000", means("loan", 0.95), has("amount", "9000")))
		b.want(dialogue.Ask, "key:wrong.sum")
		b.say(said("3000", has("amount", "3000"), strange))
		b.want(dialogue.Ask, "key:ask.loan.reason", "sum=3000")
		b.say(said("for a new kitchen", vague))
		b.want(dialogue.HandOff, "queue:credit", "why:complexity", "!reason=for a new kitchen")
		if !b.last.HandOff.Urgent {
			t.Error("not urgent")
		}
	})
	t.Run("PeopleForATier", func(t *testing.T) {
		b := newBot(t, p, dialogue.Profile{Tier: "gold"})
		b.say(said("a loan of 3000", means("loan", 0.95), has("amount", "3000")))
		b.want(dialogue.HandOff, "queue:private", "why:tier")
	})
	t.Run("WithoutCues", func(t *testing.T) {
		b := newBot(t, p, dialogue.Profile{})
		for _, text := range []string{"never mind", "选3", "not that", ""} {
			b.say(said(text, strange))
		}
		b.want(dialogue.Answer, "key:waiting.noted")
	})
}

// TestTasksGone goes on when new files no longer have the task that was open.
func TestTasksGone(t *testing.T) {
	b := newBot(t, bankPolicyOf(t), dialogue.Profile{})
	b.say(said("block my card", means("block_card", 0.95)))
	b.p = policyOf(t, strings.ReplaceAll(bankTasks, "block_card, lost_card", "freeze"), bankPolicy)
	b.say(said("4711", has("card", "4711"), strange))
	b.want(dialogue.Clarify)
	if len(b.last.State.Tasks) != 0 {
		t.Errorf("tasks %v", b.last.State.Tasks)
	}
}
