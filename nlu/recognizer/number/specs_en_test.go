package number_test

import (
	"os"
	"testing"

	"yingda/nlu"
	"yingda/nlu/recognizer/number"
	spec "yingda/nlu/recognizer/specs"
	"yingda/nlu/recognizer/value"
)

const sharedSpecs = "../../../../shared/datasets/recognizers_text"

// TestEnglishSpecs keeps the pass rate on the public specifications from falling.
func TestEnglishSpecs(t *testing.T) {
	if _, err := os.Stat(sharedSpecs); err != nil {
		t.Skipf("NOT TESTED, the specifications are not here: %v", err)
	}
	cases, err := spec.Read(sharedSpecs)
	if err != nil {
		t.Fatal(err)
	}
	aside, err := spec.DefaultAside()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		model string
		kind  value.Kind
		o     number.Options
		floor float64
	}{
		{"NumberModel", value.KindNumber, number.Options{}, 98},
		{"NumberModelExperimentalMode", value.KindNumber, number.Options{Experimental: true}, 98},
		{"NumberModelPercentMode", value.KindNumber, number.Options{Proportions: true}, 100},
		{"OrdinalModel", value.KindOrdinal, number.Options{}, 100},
		{"OrdinalModelSuppressExtendedTypes", value.KindOrdinal, number.Options{PlainOrdinals: true}, 100},
		{"PercentModel", value.KindPercentage, number.Options{}, 100},
		{"PercentModelPercentMode", value.KindPercentage, number.Options{Proportions: true}, 100},
		{"NumberRangeModel", value.KindNumberRange, number.Options{}, 98},
		{"NumberRangeModelExperimentalMode", value.KindNumberRange, number.Options{Experimental: true, ClosedRanges: true}, 98},
	} {
		t.Run(c.model, func(t *testing.T) {
			c.o.Lang, c.o.Kinds = nlu.English, []value.Kind{c.kind}
			f, err := number.New(c.o)
			if err != nil {
				t.Fatal(err)
			}
			var of []spec.Case
			for _, s := range cases {
				if s.Suite == "Number" && s.Language == "English" && s.Model == c.model {
					of = append(of, s)
				}
			}
			r := spec.Run(of, map[string]spec.Model{c.model: spec.Numbers(f, c.kind)}, aside)
			for _, o := range r.Outcomes {
				if !o.Passed() {
					t.Log(o.Case.Key(), o.Faults, o.Aside)
				}
			}
			t.Logf("%d of %d, %d aside: %.1f %%", r.Total.Passed, len(of), r.Total.Aside, r.Total.Rate())
			if r.Total.Rate() < c.floor {
				t.Errorf("pass rate %.1f %%, want at least %v %%", r.Total.Rate(), c.floor)
			}
		})
	}
}
