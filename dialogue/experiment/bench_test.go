package experiment_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/engine"
)

// keepsNothing is a store of one conversation that keeps nothing, to time turns without a disk.
type keepsNothing struct{ dialogue.Store }

func (keepsNothing) Load(_ context.Context, k dialogue.Key) (*dialogue.Tracker, error) {
	return &dialogue.Tracker{Key: k}, nil
}

func (keepsNothing) Append(_ context.Context, t *dialogue.Tracker, ev *dialogue.Event) (*dialogue.Tracker, error) {
	ev.Seq = 1
	return t, nil
}

// alone hides that a policy can share work between variants.
type alone struct{ dialogue.Policy }

// setting is the definition of an experiment with a threshold that no message of the benchmark lies between.
func setting(name, path string, values ...float64) string {
	s := "name: " + name + "\nvariants:\n  - name: plain\n"
	for i, v := range values {
		s += fmt.Sprintf("  - {name: v%d, settings: {%s: %g}}\n", i, path, v)
	}
	return s
}

// BenchmarkTurn is what experiments add to a turn without the model and the disk. "cpu-µs/op" is processor time, which other work on the machine disturbs
// less. "alone" decides for each variant from the beginning.
func BenchmarkTurn(b *testing.B) {
	words := "name: words\nscripts: [confirm.order.cancel]\nvariants: [{name: a}, {name: b}]"
	act, asks := setting("act", "understanding.act", 0.8), setting("asks", "limits.asks", 5)
	for _, bb := range []struct {
		name    string
		sources []string
		alone   bool
	}{
		{"none", nil, false},
		{"words", []string{words}, false},
		{"words+settings", []string{words, act}, false},
		{"words+settings/alone", []string{words, act}, true},
		{"two-of-settings", []string{act, asks}, false},
		{"two-of-settings/alone", []string{act, asks}, true},
		{"settings-of-5", []string{setting("five", "understanding.act", 0.5, 0.6, 0.7, 0.8)}, false},
		{"settings-of-5/alone", []string{setting("five", "understanding.act", 0.5, 0.6, 0.7, 0.8)}, true},
	} {
		b.Run(bb.name, func(b *testing.B) { benchmarkTurn(b, bb.sources, bb.alone) })
	}
}

func benchmarkTurn(b *testing.B, sources []string, hide bool) {
	r := mustRobot(b)
	r.publish(b, "shop", "confirm.order.cancel", "experiment: words\nzh:\n  - {id: a, text: 取消吗？}\n  - {id: b, text: 真的取消吗？, weight: 0}\nen:\n  - {id: a, text: Cancel it}\n  - {id: b, text: Really cancel it, weight: 0}\n")
	for _, source := range sources {
		if err := r.start(b, "shop", source); err != nil {
			b.Fatal(err)
		}
	}
	o := engine.Options{Store: keepsNothing{}, Parser: r.parser, Policy: r.policy, Scripts: r.scripts, Calls: r.shop, Experiments: r.arms}
	if hide {
		o.Policy = alone{r.policy}
	}
	e, err := engine.New(o)
	if err != nil {
		b.Fatal(err)
	}
	m := dialogue.Message{Key: dialogue.Key{Tenant: "shop", Conversation: "c"}, ID: "m", Customer: "u", Text: "order.cancel 0.95 取消订单 88320001", Channel: "web", Time: start}
	turn := func() {
		if _, err := e.Handle(b.Context(), m); err != nil {
			b.Fatal(err)
		}
	}
	for range 50 {
		turn()
	}
	b.ReportAllocs()
	began, turns := processor(), 0
	for b.Loop() {
		turn()
		turns++
	}
	if used := processor() - began; used > 0 {
		b.ReportMetric(float64(used)/float64(turns)/float64(time.Microsecond), "cpu-µs/op")
	}
}
