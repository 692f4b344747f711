package itn_test

import (
	"strings"
	"testing"

	"yingda/nlu"
	"yingda/nlu/recognizer/itn"
	"yingda/nlu/recognizer/specs"
)

// TestChineseSpecs keeps the pass rate on the public suite from falling. The suite of WeTextProcessing is run for comparison: its conventions
// are others (2008/08/08, $8000) and contradict each other from file to file.
func TestChineseSpecs(t *testing.T) {
	for _, tt := range []struct {
		suite string
		floor float64
	}{{"nemo_itn", 98}, {"wetext_itn", 0}} {
		t.Run(tt.suite, func(t *testing.T) {
			cases, err := specs.ReadITN("../../../../shared/datasets/" + tt.suite)
			if err != nil {
				t.Skipf("NOT TESTED, the specifications are not here: %v", err)
			}
			w := mustNew(t, itn.Options{Lang: nlu.Chinese, Abbreviate: true})
			outcomes, _ := specs.RunITN(cases, func(text string, lang nlu.Lang) string {
				if lang != nlu.Chinese {
					return text
				}
				return w.Write(text).Text
			})
			passed, all := 0, 0
			for _, o := range outcomes {
				if o.Lang != nlu.Chinese || strings.HasPrefix(o.File, "tn_") {
					continue
				}
				if all++; o.Passed() {
					passed++
				} else {
					t.Logf("%s:%d %q: got %q, want %q", o.File, o.Line, o.Spoken, o.Got, o.Written)
				}
			}
			rate := 100 * float64(passed) / float64(all)
			t.Logf("%d of %d, %.1f %%", passed, all, rate)
			if rate < tt.floor {
				t.Errorf("pass rate %.1f %%, want at least %v %%", rate, tt.floor)
			}
		})
	}
}

func mustNew(t testing.TB, o itn.Options) *itn.ITN {
	t.Helper()
	w, err := itn.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}
