package experiment_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"yingda/dialogue"
	"yingda/dialogue/engine"
	"yingda/dialogue/policy"
)

// spy is the robot's policy that notes the turns that it is given.
type spy struct {
	*policy.Variants
	first *dialogue.Turn // of the message at hand
}

func (s *spy) note(t dialogue.Turn) {
	if s.first == nil {
		s.first = &t
	}
}

func (s *spy) Decide(ctx context.Context, t dialogue.Turn) (dialogue.Decision, error) {
	s.note(t)
	return s.Variants.Decide(ctx, t)
}

func (s *spy) Together() dialogue.Policy { return noting{s.Variants.Together(), s} }

type noting struct {
	dialogue.Policy
	s *spy
}

func (n noting) Decide(ctx context.Context, t dialogue.Turn) (dialogue.Decision, error) {
	n.s.note(t)
	return n.Policy.Decide(ctx, t)
}

// asks notes what is called, and answers as the shop does.
type asks struct {
	dialogue.Caller
	made map[string]bool
}

func (a asks) Call(ctx context.Context, c dialogue.Call) dialogue.Result {
	a.made[fmt.Sprint(c.Name, c.Args)] = true
	return a.Caller.Call(ctx, c)
}

// apart decides a turn with other variants by a policy of its own, each from the beginning.
func apart(t *rapid.T, oracle dialogue.Policy, turn dialogue.Turn, variants map[string]string) (dialogue.Decision, map[string]bool) {
	calls := asks{&shop{n: map[string]int{}}, map[string]bool{}}
	turn.Calls, turn.Variants = calls, variants
	d, err := oracle.Decide(t.Context(), turn)
	if err != nil {
		t.Fatal(err)
	}
	d.Why = ""
	return d, calls.made
}

// trials are definitions of which any two can run at once.
var trials = []string{
	"name: act\nvariants: [{name: a}, {name: b, settings: {understanding.act: 0.8}}, {name: c, settings: {understanding.act: 0.2}}]",
	"name: same\nvariants: [{name: a}, {name: b}, {name: c, settings: {limits.asks: 3}}, {name: d, settings: {limits.asks: 1}}]",
	"name: moods\nvariants: [{name: a, settings: {moods.words.angry: [气死, furious]}}, {name: b, settings: {moods.words.angry: [天哪]}}]",
	"name: cues\nvariants: [{name: a}, {name: b, settings: {cues.no: [好的|确认|订单|please]}}, {name: c, settings: {cues.filler: [帮我]}}]",
	"name: accept\nvariants: [{name: a, settings: {understanding.accept: 0.2}}, {name: b, settings: {understanding.accept: 0.6}}]",
	"name: tasks\nvariants:\n  - name: a\n  - name: b\n    tasks: |\n      version: 1\n      tasks:\n        - intents: [order.cancel]\n          needs: [order_id]\n          takes: [product]\n          mode: done\n          call: {name: order.cancel}\n",
	"name: words\nscripts: [confirm.order.cancel]\nvariants: [{name: plain}, {name: softer}]",
}

const trialWords = `
experiment: words
zh:
  - {id: plain, text: "取消尾号{order_id|tail4}的订单，确认吗？"}
  - {id: softer, text: "需要我帮您把尾号{order_id|tail4}的订单取消掉吗？", weight: 0}
en:
  - {id: plain, text: "Shall I cancel the order ending in {order_id|tail4}?"}
  - {id: softer, text: "Would you like me to cancel the order ending in {order_id|tail4}?", weight: 0}
`

// open starts experiments for the customers of a tenant.
func (r *robot) open(t *testing.T, tenant string, sources []string) {
	for _, source := range sources {
		if strings.HasPrefix(source, "name: words") {
			r.publish(t, tenant, "confirm.order.cancel", trialWords)
		}
		if err := r.start(t, tenant, source); err != nil {
			t.Fatal(err)
		}
	}
}

// TestExposureIffDifferent: whatever experiments run and whatever is said, a turn is an exposure of an experiment if and only if it comes out otherwise with
// another of its variants, as found by deciding each from the beginning. Sharing what was heard, and leaving out what is the same, changes nothing.
func TestExposureIffDifferent(t *testing.T) {
	r := mustRobot(t)
	plain, err := policy.New(policy.Options{Tasks: r.pack.Tasks, Settings: r.pack.Settings})
	if err != nil {
		t.Fatal(err)
	}
	seen := &spy{Variants: r.policy}
	r.engine, err = engine.New(engine.Options{Store: r.log, Parser: r.parser, Policy: seen, Scripts: r.scripts, Calls: r.shop, Experiments: r.arms})
	if err != nil {
		t.Fatal(err)
	}
	oracle := policy.NewVariants(plain, r.arms.Change, quiet())
	customers, met, opened := 0, map[string][2]int{}, map[string]bool{}
	rapid.Check(t, func(rt *rapid.T) {
		i := rapid.IntRange(0, len(trials)-1).Draw(rt, "one experiment")
		j := rapid.IntRange(i, len(trials)-1).Draw(rt, "and another, or the same")
		tenant := fmt.Sprintf("shop-%d-%d", i, j)
		if !opened[tenant] {
			opened[tenant] = true
			r.open(t, tenant, slices.Compact([]string{trials[i], trials[j]}))
		}
		customers++
		customer := fmt.Sprint("customer", customers)
		for i := range rapid.IntRange(2, 5).Draw(rt, "messages") {
			intent := rapid.SampledFrom([]string{"order.cancel", "order.cancel", "order.status", "order.urge_shipment", "refund.request", "conversation.affirm", "conversation.deny",
				"conversation.greeting", "complaint.service", "membership.cancel"}).Draw(rt, "intent")
			score := rapid.SampledFrom([]string{"0.15", "0.25", "0.4", "0.5", "0.6", "0.7", "0.9", "0.97"}).Draw(rt, "score")
			said := rapid.SampledFrom([]string{"订单 88320001", "好的", "不要", "不是 88320002", "气死我了", "天哪 88320001", "帮我看看", "please 88320001", "确认"}).Draw(rt, "words")
			if i == 0 && rapid.Bool().Draw(rt, "a task is open") {
				intent, score, said = "order.cancel", "0.97", "订单 88320001"
			}
			seen.first = nil
			out := r.say(t, tenant, customer, fmt.Sprint("m", i), intent+" "+score+" "+said)
			body := r.turn(t, out)
			for name, variant := range body.Arms {
				want := differs(rt, r, oracle, *seen.first, tenant, name)
				if name == "words" {
					want = slices.ContainsFunc(out.Decision.Say, func(s dialogue.Say) bool { return s.Key == "confirm.order.cancel" })
				}
				if got := body.Exposures[name]; (got != "") != want || want && got != variant {
					rt.Fatalf("%s in %s: exposure %q, differs %v (%s %s %s, arms %v)", name, variant, got, want, intent, score, said, body.Arms)
				}
				n := met[name]
				if want {
					n[0]++
				} else {
					n[1]++
				}
				met[name] = n
			}
		}
	})
	var sum [2]int
	for _, n := range met {
		sum[0], sum[1] = sum[0]+n[0], sum[1]+n[1]
	}
	if min(sum[0], sum[1]) < 10 {
		t.Errorf("%d turns differ and %d do not: the test shows little", sum[0], sum[1])
	}
	t.Logf("turns that differ, and that do not: %v", met)
}

// differs decides a turn with each variant of an experiment, all others as they were, and tells whether any two decisions or sets of calls differ.
func differs(t *rapid.T, r *robot, oracle dialogue.Policy, turn dialogue.Turn, tenant, name string) bool {
	var decided dialogue.Decision
	var called map[string]bool
	for i, variant := range r.arms.Find(tenant, name).Names() {
		variants := maps.Clone(turn.Variants)
		variants[name] = variant
		d, calls := apart(t, oracle, turn, variants)
		if i == 0 {
			decided, called = d, calls
		} else if !reflect.DeepEqual(d, decided) || !maps.Equal(calls, called) {
			return true
		}
	}
	return false
}
