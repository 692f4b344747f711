package itn_test

import (
	"os"
	"testing"

	"yingda/nlu"
	"yingda/nlu/recognizer/itn"
	"yingda/nlu/recognizer/specs"
)

// TestEnglishSpecs keeps the pass rates on the public suites from falling; their English conventions are the same.
func TestEnglishSpecs(t *testing.T) {
	for _, tt := range []struct {
		suite string
		floor float64
	}{{"nemo_itn", 97}, {"wetext_itn", 97}} {
		t.Run(tt.suite, func(t *testing.T) {
			dir := "../../../../shared/datasets/" + tt.suite
			if _, err := os.Stat(dir); err != nil {
				t.Skipf("NOT TESTED, the suite is not here: %v", err)
			}
			all, err := specs.ReadITN(dir)
			if err != nil {
				t.Fatal(err)
			}
			var cases []specs.ITNCase
			for _, c := range all {
				if c.Lang == nlu.English {
					cases = append(cases, c)
				}
			}
			w := mustNew(t, itn.Options{Lang: nlu.English, Abbreviate: true})
			outcomes, lines := specs.RunITN(cases, func(text string, _ nlu.Lang) string { return w.Write(text).Text })
			for _, o := range outcomes {
				if !o.Passed() {
					t.Logf("%s:%d %q: got %q, want %q", o.File, o.Line, o.Spoken, o.Got, o.Written)
				}
			}
			sum := lines[len(lines)-1]
			t.Logf("%d of %d, %.1f %%", sum.Passed, len(cases), sum.Rate)
			if sum.Rate < tt.floor {
				t.Errorf("pass rate %.1f %%, want at least %v %%", sum.Rate, tt.floor)
			}
		})
	}
}
