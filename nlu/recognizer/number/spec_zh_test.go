package number_test

import (
	"testing"

	"yingda/nlu"
	"yingda/nlu/recognizer/number"
	"yingda/nlu/recognizer/specs"
	"yingda/nlu/recognizer/value"
)

// TestChineseSpecs keeps the pass rate on the public specifications from falling.
func TestChineseSpecs(t *testing.T) {
	all, err := specs.Read("../../../../shared/datasets/recognizers_text")
	if err != nil {
		t.Skipf("NOT TESTED, the specifications are not here: %v", err)
	}
	for _, tt := range []struct {
		model string
		kind  value.Kind
		o     number.Options
		floor float64
	}{
		{"NumberModel", value.KindNumber, number.Options{}, 99},
		{"OrdinalModel", value.KindOrdinal, number.Options{}, 100},
		{"PercentModel", value.KindPercentage, number.Options{}, 99},
		{"NumberRangeModel", value.KindNumberRange, number.Options{}, 99},
		{"NumberRangeModelExperimentalMode", value.KindNumberRange, number.Options{ClosedRanges: true}, 99},
	} {
		t.Run(tt.model, func(t *testing.T) {
			cases, err := specs.Select(all, "Number/Chinese/"+tt.model)
			if err != nil {
				t.Fatal(err)
			}
			tt.o.Lang, tt.o.Kinds = nlu.Chinese, []value.Kind{tt.kind}
			r := specs.Run(cases, map[string]specs.Model{tt.model: specs.Numbers(mustNew(t, tt.o), tt.kind)}, nil)
			for _, o := range r.Outcomes {
				if !o.Passed() {
					t.Log(o.Case.Key(), o.Faults)
				}
			}
			t.Logf("%d of %d, %.1f %%", r.Total.Passed, len(cases), r.Total.Rate())
			if r.Total.Rate() < tt.floor {
				t.Errorf("pass rate %.1f %%, want at least %v %%", r.Total.Rate(), tt.floor)
			}
		})
	}
}
