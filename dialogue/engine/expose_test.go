package engine_test

import (
	"context"
	"errors"
	"maps"
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/engine"
	"yingda/dialogue/experiment"
)

// trial gives everybody a variant of the experiment x, and notes what it is told.
type trial struct {
	variant string
	told    []map[string]string
}

func (t *trial) Assign(context.Context, experiment.Subject) []dialogue.Arm {
	others := map[string][]string{"a": {"b"}, "b": {"a"}}[t.variant]
	return []dialogue.Arm{{Experiment: "x", Variant: t.variant, Others: others, Policy: true}}
}

func (t *trial) Exposed(_, _ string, variants map[string]string) { t.told = append(t.told, variants) }

// variants decide as one of two functions says.
type variants map[string]func(ctx context.Context, t dialogue.Turn, d *dialogue.Decision) error

func (v variants) Decide(ctx context.Context, t dialogue.Turn) (dialogue.Decision, error) {
	d := dialogue.Decision{Action: dialogue.Answer, State: t.Tracker.State.Clone(), Say: []dialogue.Say{{Key: "x"}}}
	var err error
	if f := v[t.Variants["x"]]; f != nil {
		err = f(ctx, t, &d)
	}
	return d, err
}

// TestExposures: a turn is an exposure if and only if something differs that a customer, or a later turn, can notice, whichever variant the customer has;
// finding out calls nothing.
func TestExposures(t *testing.T) {
	type change = func(ctx context.Context, t dialogue.Turn, d *dialogue.Decision) error
	call := func(name string) change {
		return func(ctx context.Context, t dialogue.Turn, _ *dialogue.Decision) error {
			t.Calls.Call(ctx, dialogue.Call{Name: name}) // and the result means nothing
			return nil
		}
	}
	for _, tt := range []struct {
		name    string
		a, b    change
		exposed bool
		calls   [2]int // of a and b
	}{
		{"the same", nil, nil, false, [2]int{}},
		{"another action", nil, func(_ context.Context, _ dialogue.Turn, d *dialogue.Decision) error {
			d.Action = dialogue.Ask
			return nil
		}, true, [2]int{}},
		{"another explanation", nil, func(_ context.Context, _ dialogue.Turn, d *dialogue.Decision) error {
			d.Why = "for another reason"
			return nil
		}, false, [2]int{}},
		{"another memory", nil, func(_ context.Context, _ dialogue.Turn, d *dialogue.Decision) error { d.State.Misses++; return nil }, true, [2]int{}},
		{"other words", nil, func(_ context.Context, _ dialogue.Turn, d *dialogue.Decision) error { d.Say[0].Key = "y"; return nil }, true, [2]int{}},
		{"the same call", call("order.get"), call("order.get"), false, [2]int{1, 1}},
		{"a call more", nil, call("order.get"), true, [2]int{0, 1}},
		{"another call", call("order.get"), call("order.list"), true, [2]int{1, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, variant := range []string{"a", "b"} {
				arms, sys := &trial{variant: variant}, &system{}
				e := mustEngine(t, engine.Options{Policy: variants{"a": tt.a, "b": tt.b}, Experiments: arms, Calls: sys})
				out := must(t, e, message("c", "m1", "a:1"))
				evs, err := e.Events(t.Context(), out.Key, 0, 0)
				if err != nil || len(evs) != 1 {
					t.Fatal(len(evs), err)
				}
				want := map[string]string{}
				if tt.exposed {
					want["x"] = variant
				}
				if got := evs[0].Turn.Exposures; !maps.Equal(got, want) || evs[0].Turn.Arms["x"] != variant {
					t.Errorf("%s: exposures %v in %v, want %v", variant, got, evs[0].Turn.Arms, want)
				}
				if (len(arms.told) == 1) != tt.exposed {
					t.Errorf("%s: told %v", variant, arms.told)
				}
				calls := map[string]int{"a": tt.calls[0], "b": tt.calls[1]}[variant]
				if len(sys.keys) != calls || len(evs[0].Private.Calls) != calls {
					t.Errorf("%s: %d calls made, %d on record", variant, len(sys.keys), len(evs[0].Private.Calls))
				}
			}
		})
	}
}

// TestExposureOfAFailure: a variant that cannot decide differs; the turn goes on as the customer's own decides.
func TestExposureOfAFailure(t *testing.T) {
	broken := func(context.Context, dialogue.Turn, *dialogue.Decision) error { return errors.New("no answer") }
	e := mustEngine(t, engine.Options{Policy: variants{"b": broken}, Experiments: &trial{variant: "a"}})
	out := must(t, e, message("c", "m1", "a:1"))
	evs, err := e.Events(t.Context(), out.Key, 0, 0)
	if err != nil || len(evs) != 1 || evs[0].Turn.Exposures["x"] != "a" {
		t.Errorf("%v %v", evs, err)
	}
}

// TestNoExposureBesideAnAgent: while a person speaks nothing is decided, so nothing differs.
func TestNoExposureBesideAnAgent(t *testing.T) {
	ask := func(_ context.Context, _ dialogue.Turn, d *dialogue.Decision) error {
		d.Action = dialogue.Ask
		return nil
	}
	e := mustEngine(t, engine.Options{Policy: variants{"b": ask}, Experiments: &trial{variant: "a"}})
	must(t, e, message("c", "m1", "a:1"))
	k := dialogue.Key{Tenant: "default", Conversation: "c"}
	if _, _, err := e.Update(t.Context(), k, func(*dialogue.Tracker) (*dialogue.Event, error) {
		return &dialogue.Event{ID: "claim-1", Kind: dialogue.Claimed, Hand: &dialogue.HandBody{Agent: "li"}}, nil
	}); err != nil {
		t.Fatal(err)
	}
	out := must(t, e, message("c", "m2", "a:1"))
	evs, err := e.Events(t.Context(), out.Key, out.Seq-1, 1)
	if err != nil || len(evs) != 1 || len(evs[0].Turn.Exposures) != 0 || evs[0].Turn.Arms["x"] != "a" {
		t.Errorf("%+v %v", evs, err)
	}
}
