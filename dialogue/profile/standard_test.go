package profile_test

import (
	"os"
	"strings"
	"testing"

	"yingda/dialogue/profile"
)

func mustStandard(tb testing.TB) *profile.Rules {
	tb.Helper()
	r, err := profile.LoadRules(os.DirFS("../standard"), "profile.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func TestStandardRules(t *testing.T) {
	r := mustStandard(t)
	for _, name := range []string{"carrier", "payment_method", "colour", "size", "language", "channel", "contact_time"} {
		if _, ok := r.Preferences[name]; !ok {
			t.Errorf("no preference %s", name)
		}
	}
}

// All faults of a file are told at once, each with its line.
func TestRulesFaults(t *testing.T) {
	_, err := profile.LoadRules(os.DirFS("testdata"), "profile.bad.yaml")
	if err == nil {
		t.Fatal("taken")
	}
	for _, want := range []string{
		`profile.bad.yaml:2: "3 days" is no span of time`, "profile.bad.yaml:3: lead", "profile.bad.yaml:4: explicit[0]", "profile.bad.yaml:6: preferences.Carrier",
		"profile.bad.yaml:9: preferences.size.pattern", "profile.bad.yaml:8: preferences.size: has no evidence", "profile.bad.yaml:12: preferences.hours.hours.evening",
		"profile.bad.yaml:16: field vales not found", "preferences.colour.closed", `preferences.brand.values.B[0]: "x" means "A" already`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing about %q in:\n%v", want, err)
		}
	}
}

func FuzzParseRules(f *testing.F) {
	for _, name := range []string{"../standard/profile.yaml", "testdata/profile.bad.yaml"} {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := profile.ParseRules("x.yaml", data)
		if (r == nil) == (err == nil) {
			t.Errorf("%v and %v", r, err)
		}
	})
}
