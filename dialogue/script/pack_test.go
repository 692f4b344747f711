package script_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/proactive"
	"yingda/dialogue/routing"
	"yingda/dialogue/script"
	"yingda/dialogue/task"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func mustPack(tb testing.TB) *script.Book {
	tb.Helper()
	b, err := script.Load(os.DirFS("../standard/scripts"))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// conversation are the keys that the policy says by itself, and what they hold besides the slots of the tasks.
var conversation = map[string]string{
	"general": "", "knowledge": "", "recommend": "", "chosen": "option", "rated": "", "corrected": "", "correct.what": "", "cancelled": "", "resume": "missing",
	"clarify.rephrase": "", "clarify.again": "", "clarify.choice": "", "clarify.image": "", "clarify.link": "title", "clarify.location": "", "clarify.file": "",
	"chat.greet": "name", "chat.goodbye": "name", "chat.thank": "name", "chat.wait": "name", "chat.repeat": "name", "chat.affirm": "name", "chat.deny": "name",
	"chat.correct": "name", "chat.human_agent": "name", "chat.bot_identity": "name", "chat.sticker": "", "answer.praise.give": "person",
	"soothe.angry": "", "soothe.anxious": "", "soothe.disappointed": "", "soothe.calm": "",
	"soothe.angry.strong": "", "soothe.anxious.strong": "", "soothe.disappointed.strong": "",
	"soothe.angry.again": "", "soothe.anxious.again": "", "soothe.disappointed.again": "", "soothe.calm.again": "",
	"handoff.general": "position wait", "handoff.vip": "position wait", "handoff.tech": "position wait", "handoff.complaint": "position wait",
	"waiting.noted": "", "waiting.position": "position wait",
}

// reasons of handovers.
var reasons = []dialogue.Reason{dialogue.ByRequest, dialogue.ByEmotion, dialogue.ByUnrecognised, dialogue.ByComplexity, dialogue.ByTier, dialogue.ByFailure, dialogue.ByConfidence}

func mustTasks(tb testing.TB) *task.Set {
	tb.Helper()
	set, err := task.Load(os.DirFS("../standard"), "tasks")
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

func mustNeeds(tb testing.TB) []script.Need {
	tb.Helper()
	var needs []script.Need
	for key, slots := range mustTasks(tb).Keys() {
		needs = append(needs, script.Need{Key: key, Vars: slots})
	}
	for key, vars := range conversation {
		needs = append(needs, script.Need{Key: key, Vars: append(strings.Fields(vars), "product", "order_id"), Exact: true})
	}
	for _, r := range reasons {
		needs = append(needs, script.Need{Key: "handoff." + string(r), Vars: []string{"position", "wait"}, Exact: true})
	}
	for key, vars := range routing.Keys() {
		needs = append(needs, script.Need{Key: key, Vars: vars, Exact: true})
	}
	kinds, err := proactive.LoadKinds(os.DirFS("../standard"), "followups.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	for _, k := range kinds.Kinds {
		keys := []string{k.Script}
		for _, t := range k.Events {
			if t.Script != "" {
				keys = append(keys, t.Script)
			}
		}
		for _, key := range keys {
			needs = append(needs, script.Need{Key: key, Vars: []string{"order_id", "product", "task"}, Exact: true})
		}
	}
	return needs
}

func TestPackSaysAllKeys(t *testing.T) {
	needs := mustNeeds(t)
	if err := mustPack(t).Check(needs); err != nil {
		t.Error(err)
	}
	if len(needs) < 250 {
		t.Errorf("only %d keys: is the list of tasks whole?", len(needs))
	}
}

// Nothing in the pack is there in vain: each key is said by somebody, or is the more general one of such a key.
func TestPackHasNothingToSpare(t *testing.T) {
	b, set, used := mustPack(t), mustTasks(t), map[string]bool{}
	for _, n := range mustNeeds(t) {
		parts := strings.Split(n.Key, ".")
		used[parts[0]+"."+parts[len(parts)-1]] = true
		for i := range parts {
			used[strings.Join(parts[:i+1], ".")] = true
		}
	}
	for _, key := range b.Keys() {
		kind, rest, _ := strings.Cut(key, ".")
		if kind == "ask" || kind == "wrong" { // those of every slot that is declared, for tasks of one's own
			used[key] = used[key] || set.Slot(rest) != nil
		}
		if !used[key] && !slices.Contains([]string{"name", "tone", "voice"}, kind) {
			t.Errorf("nobody says %s", key)
		}
	}
}

// A name in English goes after "the", so it begins with no article; buttons need a short one.
func TestPackNames(t *testing.T) {
	b := mustPack(t)
	for _, in := range mustTasks(t).Intents() {
		if b.Script("name."+in) == nil {
			t.Errorf("intent %s has no name", in)
		}
	}
	for _, key := range b.Keys() {
		if strings.HasPrefix(key, "name.") {
			for _, s := range b.Samples(key, nil) {
				if strings.HasPrefix(s.Text, "the ") || strings.HasPrefix(s.Text, "a ") && key != "name.agent" || len([]rune(s.Text)) > 40 {
					t.Errorf("%s: %q", key, s.Text)
				}
			}
		}
	}
}

// Where variety matters there are at least two ways to say it, in both languages.
func TestPackVariety(t *testing.T) {
	b := mustPack(t)
	for _, key := range b.Keys() {
		kind, rest, _ := strings.Cut(key, ".")
		if !slices.Contains([]string{"soothe", "tone", "general", "cancelled", "corrected", "resume"}, kind) &&
			!slices.Contains([]string{"clarify.rephrase", "clarify.again", "clarify.choice", "clarify.image", "chat.greet", "chat.goodbye", "chat.thank", "waiting.noted"}, key) &&
			!(kind == "handoff" && slices.Contains(append(reasons, "general", "vip", "tech", "complaint"), dialogue.Reason(rest))) {
			continue
		}
		n := map[string]int{}
		for _, s := range b.Samples(key, nil) {
			n[string(s.Lang)+s.When]++
		}
		for _, lang := range []string{"zh", "en"} {
			if n[lang] < 2 {
				t.Errorf("%s says the same in %s every time", key, lang)
			}
		}
	}
}

// No words go out with a brace, a double mark or a stray space, with all slots and without any.
func TestPackReads(t *testing.T) {
	b := mustPack(t)
	bad := []string{"{", "}", "[", "]", "，，", "，。", "。。", "。，", "  ", " ,", " .", ",,", ", .", ",.", "..", "，？", ",?", "（）", "()", "：。", ": .", "：，", "undefined"}
	for _, key := range b.Keys() {
		none := map[string]string{}
		for _, slot := range b.Script(key).Slots() {
			none[slot] = ""
		}
		for _, vars := range []map[string]string{nil, none} {
			for _, s := range b.Samples(key, vars) {
				for _, text := range []string{s.Text, s.Voice} {
					for _, x := range bad {
						if strings.Contains(text, x) {
							t.Errorf("%s %s %s: %q in %q", key, s.Lang, s.Variant, x, text)
						}
					}
					if s.Lang == "zh" && strings.ContainsAny(text, "?!;") {
						t.Errorf("%s: half-width marks in %q", key, text)
					}
				}
			}
		}
	}
}

// The whole pack as it is said, for proof-reading.
func TestPackGolden(t *testing.T) {
	b := mustPack(t)
	var out strings.Builder
	for _, key := range b.Keys() {
		none := map[string]string{}
		for _, slot := range b.Script(key).Slots() {
			none[slot] = ""
		}
		full, bare := b.Samples(key, example), b.Samples(key, none)
		fmt.Fprintf(&out, "%s\n", key)
		for i, s := range full {
			fmt.Fprintf(&out, "  %s%s %s\n", s.Lang, prefixed(" ", s.When), oneLine(s.Text))
			if bare[i].Text != s.Text && bare[i].Text != "" {
				fmt.Fprintf(&out, "     – %s\n", oneLine(bare[i].Text))
			}
			if s.Voice != "" && s.Voice != s.Text {
				fmt.Fprintf(&out, "     ) %s\n", s.Voice)
			}
		}
	}
	golden(t, "pack.golden", out.String())
}

func prefixed(by, s string) string {
	if s == "" {
		return ""
	}
	return by + "(" + s + ")"
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", " / ") }

// example fills slots as the operator's system does.
var example = map[string]string{
	"order_id": "8801238832", "product": "雨伞", "attribute": "红色", "quantity": "2", "amount": "128.5", "price": "59", "money": "100", "status": "运输中",
	"eta": "预计明天 18:00 前送达", "carrier": "顺丰速运", "tracking_number": "SF1234567890", "phone_number": "13812345678", "datetime": "2026-06-08T15:30:00+08:00",
	"wait": "5m", "position": "3", "missing": "order_id", "task": "refund.request", "topic": "refund.request", "what": "address", "reason": "订单已发货",
	"options": "查订单\n转人工", "count": "2", "text": "先开机", "points": "12800", "value": "abc",
}
