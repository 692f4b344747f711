package policy_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/policy"
	"yingda/dialogue/standard"
	"yingda/dialogue/task"
)

// TestSettingsWith: values are changed by path, keys with dots and new ones included; what no file may say is refused, and the settings that it starts
// from stay as they are.
func TestSettingsWith(t *testing.T) {
	pack, err := standard.Load(standard.Files())
	if err != nil {
		t.Fatal(err)
	}
	s := pack.Settings
	before := s.Understanding.Accept
	got, err := s.With(map[string]any{"understanding.accept": 0.55, "tiers..miss": 3, "moods.weights.angry.praise": 0.5, "context": contextOf(s, 2.5), "limits.asks": 4})
	if err != nil {
		t.Fatal(err)
	}
	if got.Understanding.Accept != 0.55 || got.Tiers[""].Miss != 3 || got.Moods.Weights["angry"]["praise"] != 0.5 || got.Context.Open != 2.5 || got.Limits.Asks != 4 {
		t.Errorf("%+v %+v %+v", got.Understanding, got.Tiers[""], got.Context)
	}
	if got.Understanding.Second != s.Understanding.Second || s.Understanding.Accept != before {
		t.Error("more changed than was said")
	}
	if again, err := got.With(map[string]any{"understanding.accept": 0.6}); err != nil || again.Understanding.Accept != 0.6 || again.Limits.Asks != 4 {
		t.Errorf("a change of a change: %v", err)
	}
	for path, tt := range map[string]struct {
		value any
		want  string
	}{
		"understanding.acept":   {0.5, "field acept not found"},
		"understanding.accept":  {1.5, "is 1.5; want a probability"},
		"understanding":         {3, "cannot unmarshal"},
		"version.x":             {1, "there is nothing named below"},
		"queues.groups.nothing": {"tech", "is no group"},
	} {
		if _, err := s.With(map[string]any{path: tt.value}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", path, err, tt.want)
		}
	}
	if _, err := (&policy.Settings{}).With(nil); err == nil {
		t.Error("settings that were not read from a file were changed")
	}
}

// contextOf is the section of the settings with another factor.
func contextOf(s *policy.Settings, open float64) map[string]any {
	c := s.Context
	return map[string]any{"open": open, "paused": c.Paused, "topic": c.Topic, "goes": c.Goes, "then": c.Then, "notice": c.Notice, "fits": c.Fits, "absent": c.Absent, "unfit": c.Unfit,
		"takes": c.Takes, "foreign": c.Foreign, "asked": c.Asked, "unasked": c.Unasked}
}

// TestTasksWith: tasks that serve the same intents are replaced, others and all slots stay.
func TestTasksWith(t *testing.T) {
	set, err := task.Parse("base", []byte("version: 1\nslots:\n  order_id: {}\n  item: {}\ntasks:\n  - intents: [a, b]\n    needs: [order_id]\n  - intents: [c]\n    needs: [item]\n"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := set.With("more", []byte("version: 1\nslots:\n  note: {}\ntasks:\n  - intents: [b]\n    needs: [item, note]\n  - intents: [d]\n    needs: [order_id]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Task("a") != nil || len(got.Task("b").Needs) != 2 || got.Task("c") != set.Task("c") || got.Task("d") == nil || got.Slot("note") == nil || len(got.Tasks()) != 3 {
		t.Errorf("%v", got.Intents())
	}
	if set.Task("a") == nil || set.Slot("note") != nil || len(set.Tasks()) != 2 {
		t.Error("the set that it starts from changed")
	}
	if _, err := set.With("bad", []byte("version: 1\ntasks:\n  - intents: [b]\n    needs: [nothing]\n")); err == nil || !strings.Contains(err.Error(), `"nothing" is not declared`) {
		t.Error(err)
	}
}

// nothing is a system that does whatever it is told.
type nothing struct{}

func (nothing) Call(context.Context, dialogue.Call) dialogue.Result {
	return dialogue.Result{Status: dialogue.CallOK, Data: json.RawMessage(`{}`)}
}

// TestVariants: each combination of variants has its own policy, built once; one that cannot be built decides as without it.
func TestVariants(t *testing.T) {
	pack, err := standard.Load(standard.Files())
	if err != nil {
		t.Fatal(err)
	}
	plain, err := policy.New(policy.Options{Tasks: pack.Tasks, Settings: pack.Settings})
	if err != nil {
		t.Fatal(err)
	}
	v := policy.NewVariants(plain, func(tenant, experiment, variant string) (policy.Change, bool) {
		switch tenant + " " + experiment + " " + variant {
		case "shop accept high":
			return policy.Change{Settings: map[string]any{"understanding.act": 0.8}}, true
		case "shop broken b":
			return policy.Change{Settings: map[string]any{"understanding.acept": 0.9}}, true
		}
		return policy.Change{}, false
	}, slog.New(slog.DiscardHandler))
	decide := func(tenant string, variants map[string]string) dialogue.Action {
		d, err := v.Decide(t.Context(), dialogue.Turn{
			Tracker: &dialogue.Tracker{}, Message: dialogue.Message{Key: dialogue.Key{Tenant: tenant, Conversation: "c"}, Text: "催一下 88320001"},
			Analysis: said("催一下 88320001", means("order.urge_shipment", 0.6), has("order_id", "88320001")), Variants: variants, Calls: nothing{},
		})
		if err != nil {
			t.Error(err)
		}
		return d.Action
	}
	normal := decide("shop", nil)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if got := decide("shop", map[string]string{"accept": "high"}); got == normal {
				t.Errorf("done at 0.6 although 0.8 is asked for: %s", got)
			}
			for _, same := range []map[string]string{{"accept": "low"}, {"other": "high"}, {"broken": "b"}} {
				if got := decide("shop", same); got != normal {
					t.Errorf("%v: %s, want %s", same, got, normal)
				}
			}
			if got := decide("another", map[string]string{"accept": "high"}); got != normal {
				t.Errorf("another tenant's experiment decides: %s", got)
			}
		})
	}
	all.Wait()
	if v.Check(policy.Change{Settings: map[string]any{"understanding.acept": 0.9}}) == nil || v.Check(policy.Change{Tasks: "version: 2"}) == nil {
		t.Error("what cannot be built passes the check")
	}
}
