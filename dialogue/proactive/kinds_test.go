package proactive_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"yingda/dialogue/proactive"
)

func standard() fs.FS { return os.DirFS("../standard") }

func mustStandard(tb testing.TB) *proactive.Kinds {
	tb.Helper()
	ks, err := proactive.LoadKinds(standard(), "followups.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	return ks
}

func TestStandardKinds(t *testing.T) {
	if ks := mustStandard(t); len(ks.Kinds) < 5 || len(ks.Events()) < 8 {
		t.Errorf("%d kinds, %d types of events", len(ks.Kinds), len(ks.Events()))
	}
}

// All faults of a file are told at once, each with its line.
func TestKindsFaults(t *testing.T) {
	_, err := proactive.LoadKinds(os.DirFS("testdata"), "followups.bad.yaml")
	if err == nil {
		t.Fatal("taken")
	}
	for _, want := range []string{
		"followups.bad.yaml:1: version", "followups.bad.yaml:2: zone", "followups.bad.yaml:5: categories.service.quiet", "followups.bad.yaml:6: categories.service.caps",
		"followups.bad.yaml:4: categories.service.default", "followups.bad.yaml:8: kinds.Bad Name", "followups.bad.yaml:9: kinds.Bad Name.category",
		"followups.bad.yaml:13: field expires not found", "followups.bad.yaml:14: \"soon\" is no span of time", "followups.bad.yaml:15: kinds.reminder.stop_on[0]",
		"kinds.reminder.same", "kinds.reminder.asks", "kinds.reminder.expire", "kinds.choice.buttons[0].payload", "kinds.choice.events.Order",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing about %q in:\n%v", want, err)
		}
	}
}

func FuzzParseKinds(f *testing.F) {
	good, err := os.ReadFile("../standard/followups.yaml")
	if err != nil {
		f.Fatal(err)
	}
	bad, err := os.ReadFile("testdata/followups.bad.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(bad)
	f.Fuzz(func(t *testing.T, data []byte) {
		ks, err := proactive.ParseKinds("x.yaml", data)
		if (ks == nil) == (err == nil) {
			t.Errorf("%v and %v", ks, err)
		}
	})
}
