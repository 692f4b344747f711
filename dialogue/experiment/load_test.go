package experiment_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"yingda/dialogue/experiment"
)

// full is a definition with everything.
const full = `
name: softer-cancel
note: 取消订单时语气更温和，会不会留住更多订单
salt: cancel-2026
namespace: {name: wording, from: 0, to: 0.5}
target: {channel: [web, app], lang: [zh, ""], tier: [gold]}
coverage: 0.1
ramp:
  - {after: 24h, coverage: 0.5}
  - {after: 3d, coverage: 1}
sticky: false
scripts: [confirm.order.cancel]
variants:
  - {name: plain, weight: 3}
  - name: softer
    weight: 1
    settings: {understanding.accept: 0.4, tiers.gold.miss: 3}
    tasks: "version: 1\n"
    bundle: challenger
bandit: {floor: 0.1}
plan: {metric: resolved, guardrails: [handoff], alpha: 0.01, effect: 0.05, units: 4000, days: 14, sequential: true}
`

func TestParse(t *testing.T) {
	d, err := experiment.Parse("full.yaml", []byte(full))
	if err != nil {
		t.Fatal(err)
	}
	if *d.Coverage != .1 || *d.Sticky || d.Salt != "cancel-2026" || d.Weights()[0] != .75 || d.Ramp[1].After.Std() != 72*time.Hour || d.Control() != "plain" ||
		!d.ChangesPolicy() || !d.ChangesBundle() || d.Plan.Power != .8 || d.Plan.Alpha != .01 || d.Variant("softer").Bundle != "challenger" || d.Variant("x") != nil {
		t.Errorf("%+v", d)
	}
	small, err := experiment.Parse("small.yaml", []byte("name: s\nscripts: [x]\nvariants: [{name: a}, {name: b}]\nbandit: {}"))
	if err != nil || *small.Coverage != 1 || !*small.Sticky || small.Salt != "s" || small.Bandit.Floor != .05 {
		t.Errorf("defaults: %+v, %v", small, err)
	}
	looks, err := experiment.Parse("looks.yaml", []byte("name: s\nscripts: [x]\nvariants: [{name: a}, {name: b}]\nplan: {metric: m, units: 900, looks: {number: 4}}"))
	if err != nil || !slices.Equal(looks.Plan.Looks.Times(), []float64{.25, .5, .75, 1}) || looks.Plan.Looks.Spending != experiment.OBrienFleming {
		t.Errorf("looks: %+v, %v", looks, err)
	}
	body, err := json.Marshal(d) // JSON is read as YAML is
	if err != nil {
		t.Fatal(err)
	}
	again, err := experiment.Parse("full.json", body)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := json.Marshal(again); err != nil || string(second) != string(body) {
		t.Errorf("%v\n%s\n%s", err, body, second)
	}
}

// TestParseFaults: every mistake is named with its line, all at once.
func TestParseFaults(t *testing.T) {
	const arms = "variants: [{name: a}, {name: b}]\nscripts: [x]\n"
	for _, tt := range []struct{ source, want string }{
		{"", "the file is empty"},
		{"name: [", "this is not YAML"},
		{"name: A\n" + arms, `test.yaml:1: name: is "A"`},
		{"name: x\ncolour: red\n" + arms, "test.yaml:2: field colour not found"},
		{"name: x\ncoverage: 1.5\n" + arms, "test.yaml:2: coverage: is 1.5"},
		{"name: x\ncoverage: .nan\n" + arms, "test.yaml:2: coverage: is NaN"},
		{"name: x\nramp: [{after: 2h, coverage: 0.1}, {after: 1h, coverage: 0.2}]\n" + arms, "ramp[1].after: is 1h0m0s"},
		{"name: x\nramp: [{after: soon, coverage: 0.1}]\n" + arms, `"soon" is no span of time`},
		{"name: x\nnamespace: {name: n, from: 0.5, to: 0.5}\n" + arms, "namespace: goes from 0.5 to 0.5"},
		{"name: x\ntarget: {lang: [fr]}\n" + arms, `target.lang[0]: is "fr"`},
		{"name: x\nscripts: [x]\nvariants: [{name: a}]\n", "variants: are 1"},
		{"name: x\nscripts: [x]\nvariants: [{name: a}, {name: a}]\n", `variants[1].name: is "a"`},
		{"name: x\nscripts: [x]\nvariants: [{name: a, weight: 0}, {name: b, weight: 0}]\n", "have no weight"},
		{"name: x\nscripts: [x]\nvariants: [{name: a, weight: -1}, {name: b}]\n", "variants[0].weight: is -1"},
		{"name: x\nscripts: [x]\nvariants: [{name: a, weight: .inf}, {name: b}]\n", "variants[0].weight: is +Inf"},
		{"name: x\nvariants: [{name: a}, {name: b}]\n", "change nothing"},
		{"name: x\nvariants: [{name: a}, {name: b, settings: {Accept: 1}}]\n", "is no path of a setting"},
		{"name: x\nvariants: [{name: a}, {name: b, settings: {understanding.accept: }}]\n", "is <nil>"},
		{"name: x\nvariants: [{name: a}, {name: b, bundle: 'a b'}]\n", "want the id or the role of a bundle"},
		{"name: x\nbandit: {floor: 0.6}\n" + arms, "bandit.floor: is 0.6"},
		{"name: x\nplan: {alpha: 2}\n" + arms, "plan.metric: is missing"},
		{"name: x\nplan: {metric: m, alpha: 2}\n" + arms, "plan.alpha: is 2"},
		{"name: x\nplan: {metric: m, units: 100, looks: {}}\n" + arms, "plan.looks: want a number"},
		{"name: x\nplan: {metric: m, units: 100, looks: {number: 3, at: [0.5, 1]}}\n" + arms, "plan.looks: want a number"},
		{"name: x\nplan: {metric: m, units: 100, looks: {number: 1}}\n" + arms, "plan.looks.number: is 1"},
		{"name: x\nplan: {metric: m, units: 100, looks: {at: [0.5, 0.4, 1]}}\n" + arms, "plan.looks.at[1]: is 0.4"},
		{"name: x\nplan: {metric: m, units: 100, looks: {at: [0.001, 1]}}\n" + arms, "plan.looks.at[0]: is 0.001"},
		{"name: x\nplan: {metric: m, units: 100, looks: {at: [0.5, .nan]}}\n" + arms, "plan.looks.at[1]: is NaN"},
		{"name: x\nplan: {metric: m, units: 100, looks: {at: [0.5, 0.9]}}\n" + arms, "the last look is at 1"},
		{"name: x\nplan: {metric: m, looks: {number: 4}}\n" + arms, "need plan.units"},
		{"name: x\nplan: {metric: m, units: 100, sequential: true, looks: {number: 4}}\n" + arms, "choose one"},
		{"name: x\nplan: {metric: m, units: 100, looks: {number: 4, spending: all}}\n" + arms, `plan.looks.spending: is "all"`},
		{"name: x\nplan: {metric: m}\nbandit: {apply: 1s}\n" + arms, "bandit.apply: is 1s"},
		{"name: x\nplan: {metric: m}\nbandit: {apply: often}\n" + arms, "no span of time"},
		{"name: x\nbandit: {apply: 1h}\n" + arms, "bandit.apply: needs plan.metric"},
		{"name: x\nplan: {metric: m, units: 9, looks: {number: 2}}\nbandit: {apply: 1h}\n" + arms, "do not go together"},
		{"name: x\nscripts: [x]\nplan: {metric: m}\nbandit: {apply: 1h}\nvariants: [{name: a}, {name: b, weight: 0}]\n", "variants[1].weight: is 0"},
		{"name: x\n---\nname: y\n" + arms, "more than one document"},
		{"name: x # " + strings.Repeat("x", 300<<10), "at most 262144"},
	} {
		if _, err := experiment.Parse("test.yaml", []byte(tt.source)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.60q: %v, want %q", tt.source, err, tt.want)
		}
	}
	_, err := experiment.Parse("test.yaml", []byte("name: A\ncoverage: 2\nvariants: []\n"))
	if n := strings.Count(err.Error(), "test.yaml:"); n != 3 {
		t.Errorf("%d of 3 faults: %v", n, err)
	}
}

// FuzzParse: nothing panics, and what is taken is taken again as it was written down, and can be assigned.
func FuzzParse(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte("name: s\nscripts: [x]\nvariants: [{name: a}, {name: b}]\nbandit: {}"))
	f.Add([]byte(`{"name":"s","variants":[{"name":"a"},{"name":"b","settings":{"context":{"open":2}}}],"ramp":[{"after":"1h","coverage":1e-9}]}`))
	f.Add([]byte("name: s\nvariants: [{name: a, weight: 1e-300}, &b {name: b, bundle: x}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := experiment.Parse("fuzz", data)
		if err != nil {
			return
		}
		body, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		again, err := experiment.Parse("again", body)
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if second, err := json.Marshal(again); err != nil || string(second) != string(body) {
			t.Fatalf("%v\n%s\n%s", err, body, second)
		}
		e := &experiment.Experiment{Definition: *d, State: experiment.Running, Started: start, Phases: []experiment.Phase{{Since: start, Coverage: *d.Coverage, Weights: d.Weights()}}}
		if got := experiment.Assign(e, experiment.Subject{Customer: "u"}, "", start); got != "" && d.Variant(got) == nil {
			t.Fatalf("assigned to %q", got)
		}
	})
}
