package experiment_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/dialog"
	"yingda/dialogue/experiment"
	"yingda/dialogue/policy"
	"yingda/models"
	"yingda/nlu"
)

const customers = 24

// both gives one customer after the other the same messages, and checks that variants were met as said: want tells for each message whether it is an
// exposure. It returns the turns by variant.
func (r *robot) both(tb testing.TB, tenant, name string, messages []string, want []bool) map[string][][]dialogue.Outcome {
	tb.Helper()
	by := map[string][][]dialogue.Outcome{}
	for i := range customers {
		customer := fmt.Sprint("客户", i)
		var outs []dialogue.Outcome
		variant := ""
		for j, text := range messages {
			out := r.say(tb, tenant, customer, fmt.Sprint("m", j), text)
			b := r.turn(tb, out)
			if b.Arms[name] == "" {
				tb.Fatalf("%s has no variant of %s", customer, name)
			}
			if variant = b.Arms[name]; (b.Exposures[name] != "") != want[j] || want[j] && b.Exposures[name] != variant {
				tb.Errorf("%s in %s, %q: exposures %v, want %v", customer, variant, text, b.Exposures, want[j])
			}
			outs = append(outs, out)
		}
		by[variant] = append(by[variant], outs)
	}
	if len(by) != 2 {
		tb.Fatalf("all of %d customers have the same variant", customers)
	}
	return by
}

func texts(out dialogue.Outcome) string {
	var all []string
	for _, r := range out.Replies {
		all = append(all, r.Text)
	}
	return strings.Join(all, "\n")
}

// TestScriptVariant: a variant's words are said to its customers, and only the turn in which they are said is an exposure.
func TestScriptVariant(t *testing.T) {
	r := mustRobot(t)
	const words = "name: softer\nscripts: [confirm.order.cancel]\nvariants: [{name: plain}, {name: softer}]"
	refused := func(why string) {
		t.Helper()
		if err := r.start(t, "shop", strings.Replace(words, "softer\n", "softer-"+fmt.Sprint(len(why))+"\n", 1)); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%v, want %q", err, why)
		}
	}
	refused("names the experiment \"\"")
	const source = `
experiment: NAME
zh:
  - id: plain
    text: 取消尾号{order_id|tail4}的订单，确认吗？
  - id: softer
    text: 没关系的，需要我帮您把尾号{order_id|tail4}的订单取消掉吗？
    weight: 0
en:
  - id: plain
    text: Shall I cancel the order ending in {order_id|tail4}?
  - id: softer
    text: No worries. Would you like me to cancel the order ending in {order_id|tail4}?
    weight: 0
`
	r.publish(t, "shop", "confirm.order.cancel", strings.ReplaceAll(source, "NAME", "softer"))
	if err := r.start(t, "shop", words); err != nil {
		t.Fatal(err)
	}
	messages := []string{"conversation.greeting 0.95 你好", "order.cancel 0.95 我要取消订单 88320001", "conversation.affirm 0.97 确认"}
	by := r.both(t, "shop", "softer", messages, []bool{false, true, false})
	for _, outs := range by["softer"] {
		if got := texts(outs[1]); !strings.Contains(got, "没关系的") || outs[1].Replies[0].Script.Variant != "softer" {
			t.Errorf("softer: %s", got)
		}
	}
	for _, outs := range by["plain"] {
		if got := texts(outs[1]); strings.Contains(got, "没关系的") {
			t.Errorf("plain: %s", got)
		}
	}
	en := r.turn(t, r.say(t, "shop", "lin", "m1", "order.cancel 0.95 please cancel order 88320001"))
	if en.Exposures["softer"] == "" || en.Lang != nlu.English {
		t.Errorf("in English: %+v", en.Exposures)
	}
	if _, err := r.arms.Stop(t.Context(), experiment.Edit{Tenant: "shop", Name: "softer", By: "chen"}); err != nil {
		t.Fatal(err)
	}
	for i := range customers {
		out := r.say(t, "shop", fmt.Sprint("after", i), "m1", "order.cancel 0.95 我要取消订单 88320001")
		if b := r.turn(t, out); strings.Contains(texts(out), "没关系的") || len(b.Arms)+len(b.Exposures) > 0 {
			t.Errorf("after the end: %s %v", texts(out), b.Arms)
		}
	}
}

// TestSettingsVariant: a threshold is an exposure only where it lay between what the two would do.
func TestSettingsVariant(t *testing.T) {
	r := mustRobot(t)
	if err := r.start(t, "shop", "name: typo\nvariants: [{name: a}, {name: b, settings: {understanding.acept: 0.6}}]"); err == nil || !strings.Contains(err.Error(), "acept") {
		t.Errorf("a setting that is not there: %v", err)
	}
	const careful = "name: careful\nvariants: [{name: plain}, {name: careful, settings: {understanding.act: 0.8}}]"
	if err := r.start(t, "shop", careful); err != nil {
		t.Fatal(err)
	}
	for i, tt := range []struct {
		score   string
		exposed bool
	}{{"0.95", false}, {"0.6", true}} { // over both thresholds, between them
		if i > 0 {
			r = mustRobot(t)
			if err := r.start(t, "shop", careful); err != nil {
				t.Fatal(err)
			}
		}
		by := r.both(t, "shop", "careful", []string{"conversation.greeting 0.95 你好", "order.urge_shipment " + tt.score + " 催一下发货 88320001"}, []bool{false, tt.exposed})
		plain, other := by["plain"][0][1].Decision.Action, by["careful"][0][1].Decision.Action
		if (plain != other) != tt.exposed {
			t.Errorf("at %s: %s and %s", tt.score, plain, other)
		}
		for variant, all := range by {
			for _, outs := range all {
				if got := outs[1].Decision.Action; got != map[string]dialogue.Action{"plain": plain, "careful": other}[variant] {
					t.Errorf("%s at %s: %s", variant, tt.score, got)
				}
			}
		}
	}
}

// TestTasksVariant: a variant's task is done for its customers alone. What the other variant would call is never called to find out.
func TestTasksVariant(t *testing.T) {
	r := mustRobot(t)
	const source = `
name: no-confirm
variants:
  - name: confirm
  - name: at-once
    tasks: |
      version: 1
      tasks:
        - intents: [order.cancel]
          needs: [order_id]
          takes: [product]
          mode: done
          call: {name: order.cancel}
`
	if err := r.start(t, "shop", strings.Replace(strings.Replace(source, "no-confirm", "broken", 1), "needs: [order_id]", "needs: [no_such_slot]", 1)); err == nil || !strings.Contains(err.Error(), "no_such_slot") {
		t.Errorf("a task that does not fit: %v", err)
	}
	if err := r.start(t, "shop", source); err != nil {
		t.Fatal(err)
	}
	by := r.both(t, "shop", "no-confirm", []string{"order.status 0.95 订单到哪了 88320001", "order.cancel 0.95 取消订单 88320001"}, []bool{false, true})
	for variant, all := range by {
		for _, outs := range all {
			want := 0
			if variant == "at-once" {
				want = 1
			}
			if got := r.shop.n["order.cancel "+outs[1].Tracker.Customer]; got != want {
				t.Errorf("%s: %d orders cancelled", variant, got)
			}
			if variant == "confirm" && outs[1].Decision.Action != dialogue.Confirm {
				t.Errorf("%s: %s", variant, outs[1].Decision.Action)
			}
		}
	}
}

// TestBundleVariant: each parsed turn is an exposure, others are not; a bundle that has gone does not end conversations and is no exposure.
func TestBundleVariant(t *testing.T) {
	r := mustRobot(t)
	if err := r.start(t, "shop", "name: bad\nvariants: [{name: a}, {name: b, bundle: no-such}]"); err == nil {
		t.Error("a bundle that is not loaded was taken")
	}
	e, err := r.arms.StartCanary(t.Context(), experiment.Edit{Tenant: "shop", By: "chen"}, experiment.Canary{Name: "canary", Challenger: "default-2", Share: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	by := r.both(t, "shop", "canary", []string{"conversation.greeting 0.95 你好"}, []bool{true})
	for variant, all := range by {
		for _, outs := range all {
			want := models.BundleID("default-1")
			if variant == experiment.Challenger {
				want = "default-2"
			}
			if got := r.turn(t, outs[0]).Bundle; got != want {
				t.Errorf("%s is understood by %s", variant, got)
			}
			out, err := r.engine.Handle(t.Context(), dialogue.Message{Key: outs[0].Key, ID: "press", Payload: "/affirm", Time: start})
			if err != nil {
				t.Fatal(err)
			}
			if b := r.turn(t, out); len(b.Exposures) > 0 || b.Arms["canary"] != variant {
				t.Errorf("a button: %v %v", b.Arms, b.Exposures)
			}
		}
	}
	r.parser.gone = "default-2"
	for _, outs := range by[experiment.Challenger] {
		out := r.say(t, "shop", outs[0].Tracker.Customer, "later", "conversation.greeting 0.95 你好")
		if b := r.turn(t, out); b.Bundle != "default-1" || len(b.Exposures) > 0 {
			t.Errorf("after the bundle had gone: %s %v", b.Bundle, b.Exposures)
		}
	}
	if _, err := r.arms.StepCanary(t.Context(), experiment.Edit{Tenant: "shop", Name: e.Name, Revision: e.Revision, By: "chen"}, 0.1); err != nil {
		t.Error(err)
	}
}

// TestThreeVariants: where two of three go the same way and the third does not, customers of all three are exposed; else the counts of customers would
// depend on the variant.
func TestThreeVariants(t *testing.T) {
	r := mustRobot(t)
	if err := r.start(t, "shop", "name: three\nvariants: [{name: a}, {name: b, settings: {understanding.act: 0.46}}, {name: c, settings: {understanding.act: 0.8}}]"); err != nil {
		t.Fatal(err)
	}
	met := map[string]int{}
	for i := range 2 * customers {
		b := r.turn(t, r.say(t, "shop", fmt.Sprint("u", i), "m1", "order.urge_shipment 0.6 催一下发货 88320001"))
		if b.Exposures["three"] == "" {
			t.Errorf("no exposure in %v", b.Arms)
		}
		met[b.Exposures["three"]]++
		if b := r.turn(t, r.say(t, "shop", fmt.Sprint("v", i), "m1", "order.urge_shipment 0.95 催一下发货 88320001")); len(b.Exposures) > 0 {
			t.Errorf("exposed where all three go the same way: %v", b.Exposures)
		}
	}
	if len(met) != 3 {
		t.Errorf("variants %v", met)
	}
}

// TestReplay: logged turns done again with the variants of then come out the same, after the experiment has ended too.
func TestReplay(t *testing.T) {
	r := mustRobot(t)
	if err := r.start(t, "shop", "name: careful\nvariants: [{name: plain, settings: {understanding.act: 0.3}}, {name: careful, settings: {understanding.act: 0.9}}]"); err != nil {
		t.Fatal(err)
	}
	messages := []string{"order.urge_shipment 0.6 催一下发货 88320001", "conversation.affirm 0.97 好的", "order.cancel 0.5 算了取消 88320001", "order.status 0.95 查 88320001"}
	for i := range customers {
		for j, m := range messages {
			r.say(t, "shop", fmt.Sprint("u", i), fmt.Sprint("m", j), m)
		}
	}
	if _, err := r.arms.Stop(t.Context(), experiment.Edit{Tenant: "shop", Name: "careful", By: "chen"}); err != nil {
		t.Fatal(err)
	}
	walk := func(fn func(*dialogue.Event) error) error {
		return r.log.Walk(t.Context(), 0, func(ev *dialogue.Event, _ uint64) error { return fn(ev) })
	}
	again := func(p dialogue.Policy) dialog.Summary {
		sum, err := dialog.Replay(t.Context(), dialog.ReplayOptions{Parser: r.parser, Policy: p, Scripts: r.scripts}, walk, func(dialog.Change) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	if sum := again(r.policy); sum.Turns != customers*len(messages) || sum.Same != sum.Turns {
		t.Errorf("with the variants: %+v", sum)
	}
	plain, err := policy.New(policy.Options{Tasks: r.pack.Tasks, Settings: r.pack.Settings})
	if err != nil {
		t.Fatal(err)
	}
	if sum := again(plain); sum.Changed == 0 {
		t.Error("without the variants nothing changes: the test shows nothing")
	}
}

// TestConcurrentTurns: conversations go on while experiments start, ramp and stop.
func TestConcurrentTurns(t *testing.T) {
	r := mustRobot(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for j := range 25 {
				m := dialogue.Message{Key: dialogue.Key{Tenant: "default", Conversation: fmt.Sprint("c", i)}, ID: fmt.Sprint(j), Customer: fmt.Sprint("u", i), Time: start,
					Text: "order.urge_shipment 0.6 催一下发货 88320001"}
				if _, err := r.engine.Handle(ctx, m); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Go(func() {
		for i := range 4 {
			e := mustStart(t, r.arms, fmt.Sprintf("name: e%d\nvariants: [{name: a}, {name: b, settings: {understanding.act: 0.%d}}]", i, i+1))
			e, err := r.arms.Ramp(ctx, by(e.Name, e.Revision), 0.5, nil)
			if err == nil {
				_, err = r.arms.Stop(ctx, by(e.Name, 0))
			}
			if err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
	if names := r.arms.Known("default"); len(names) != 4 || !slices.IsSortedFunc(names, func(a, b *experiment.Experiment) int { return strings.Compare(a.Name, b.Name) }) {
		t.Errorf("%d experiments", len(names))
	}
}
