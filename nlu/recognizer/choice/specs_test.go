package choice_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/choice"
	"yingda/nlu/recognizer/value"
)

// specDir holds the public specifications of Recognizers-Text, which are not part of this module.
const specDir = "../../../../shared/datasets/recognizers_text/Choice"

// specCase is one case of a specification.
type specCase struct {
	Input   string
	Results []struct {
		Text       string
		TypeName   string
		Resolution struct {
			Value bool
			Score float64
		}
	}
}

// TestSpecs demands of every case of the public specifications the text, the answer and the score.
func TestSpecs(t *testing.T) {
	f := mustNew(t)
	for file, lang := range map[string]nlu.Lang{"Chinese/BooleanModel.json": nlu.Chinese, "English/BooleanModel.json": nlu.English} {
		t.Run(file, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(specDir, file))
			if err != nil {
				t.Skipf("SKIPPED: the public specifications are not here: %v", err)
			}
			var cases []specCase
			if err := json.Unmarshal([]byte(strings.TrimPrefix(string(data), "\ufeff")), &cases); err != nil {
				t.Fatal(err)
			}
			for _, c := range cases {
				text := norm.Fold(c.Input, norm.Matching)
				got := f.FindValues(nil, text.Text, value.Context{Lang: lang})
				if len(got) != len(c.Results) {
					t.Errorf("%q: %d finds, want %d", c.Input, len(got), len(c.Results))
					continue
				}
				for i, want := range c.Results {
					start, end := text.Raw(got[i].Start, got[i].End)
					b := got[i].Value.(value.Boolean)
					if surface := c.Input[start:end]; surface != want.Text || b.Yes != want.Resolution.Value || math.Abs(b.Score-want.Resolution.Score) > 1e-9 {
						t.Errorf("%q: %q %v %v, want %q %v", c.Input, surface, b.Yes, b.Score, want.Text, want.Resolution)
					}
				}
			}
			t.Logf("%d cases", len(cases))
		})
	}
}

func mustNew(tb testing.TB) *choice.Finder {
	tb.Helper()
	f, err := choice.New()
	if err != nil {
		tb.Fatal(err)
	}
	return f
}
