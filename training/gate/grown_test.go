package gate_test

import (
	"slices"
	"strings"
	"testing"

	"yingda/training/eval"
	"yingda/training/gate"
)

// grown is an input whose challenger has a label that the champion does not have: right of n held-out messages are answered with it, and of the frozen set's 100
// messages taken go to it that had an intent, and outside that had none.
func grown(right, n, taken, outside int) gate.Input {
	frozen := set(figure("intent_accuracy", 0.8, 0.8, 1, 300), figure("intent_ece", 0.1, 0.1, 1, 300))
	frozen.Intents = &eval.Intents{Single: 90, Multi: 10}
	frozen.Confusions = []eval.Confusion{{Gold: "refund.request", Predicted: "order.gift", Count: taken}, {Gold: eval.NoIntent, Predicted: "order.cancel+order.gift", Count: outside},
		{Gold: "refund.request", Predicted: "order.cancel", Count: 50}}
	held := set(figure("intent_accuracy", 0.7, 0.1, 0.001, n))
	held.Data, held.Fingerprint, held.Cases = "held", "cd", n
	held.Intents = &eval.Intents{Single: n, Labels: []eval.Label{{Name: "order.gift", PRF: eval.PRF{Support: n, Right: right}}, {Name: "refund.request", PRF: eval.PRF{Support: 7}}}}
	in := input(frozen)
	in.Challenger.Labels["intent"] = append(in.Challenger.Labels["intent"], "order.gift")
	in.Grown = held
	return in
}

// TestGrown: what a label space that has grown must hold.
func TestGrown(t *testing.T) {
	for _, tt := range []struct {
		name   string
		in     gate.Input
		change func(*gate.Input)
		want   string // in a refusal; "" = promoted
		note   string
	}{
		{"OK", grown(12, 20, 0, 0), nil, "", "new: intent order.gift"},
		{"OKAtLimits", grown(20, 40, 2, 0), nil, "", ""},
		{"OKOutside", grown(12, 20, 0, 9), nil, "", "9 messages labelled out of scope are answered with new labels"},
		{"OKFewPooled", grown(2, 4, 0, 0), nil, "", "fewer than 30 held-out messages are not judged one by one: order.gift 2 of 4"},
		{"OKNothingHeld", grown(0, 0, 0, 0), func(in *gate.Input) { in.Grown = nil }, "", "no held-out message has a new label"},
		{"ErrRecallPooled", grown(1, 4, 0, 0), nil, "1 of 4 held-out messages are recognised, fewer than the 50 % asked for", ""},
		{"ErrTaken", grown(12, 20, 3, 0), nil, "3 messages with another intent are answered with new labels", ""},
		{"ErrWorse", grown(12, 20, 0, 0), func(in *gate.Input) {
			in.Grown.Against.Figures[0].Value, in.Grown.Against.Figures[0].Against = 0.6, 0.7
		}, "intent_accuracy (held)", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.change != nil {
				tt.change(&tt.in)
			}
			d := gate.Decide(tt.in, only(t, rule))
			want(t, &d, tt.want)
			if tt.note != "" && !slices.ContainsFunc(d.Reasons, func(r gate.Reason) bool { return r.Verdict == gate.Note && strings.Contains(r.Why, tt.note) }) {
				t.Errorf("no note %q in %+v", tt.note, d.Reasons)
			}
		})
	}
	t.Run("ErrRecallOfOne", func(t *testing.T) { // by itself, and together with the others: the same messages here
		d := gate.Decide(grown(19, 40, 0, 0), only(t, rule))
		if d.Promote || len(d.Refusals()) != 2 || d.Refusals()[0].Slice != "label order.gift" {
			t.Errorf("%+v", d.Refusals())
		}
	})
	t.Run("OKNoNewLabels", func(t *testing.T) { // then frozen sets say all there is to say
		in := grown(0, 20, 5, 5)
		in.Challenger.Labels["intent"] = in.Champion.Labels["intent"]
		d := gate.Decide(in, only(t, rule))
		want(t, &d, "")
	})
}
