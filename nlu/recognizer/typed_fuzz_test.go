package recognizer_test

import (
	"encoding/json"
	"os"
	"testing"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer"
	"yingda/nlu/recognizer/itn"
)

// FuzzTypedValues runs every finder of values, and the writers of spoken text, over any text: no panic, spans that fit, values that can be
// written as JSON.
func FuzzTypedValues(f *testing.F) {
	data, err := os.ReadFile("testdata/values.yaml")
	if err != nil {
		f.Fatal(err)
	}
	var cases []struct{ Text string }
	if err := yaml.Unmarshal(data, &cases); err != nil {
		f.Fatal(err)
	}
	for _, c := range cases {
		f.Add(c.Text)
	}
	f.Add("from 3 to 5pm on the 29th of february, 二零一八年大年三十到初五，壹佰贰拾元整 -1e9 ½ ٣ 🙂")
	v, err := recognizer.DefaultValues()
	if err != nil {
		f.Fatal(err)
	}
	var writers []*itn.ITN
	for _, lang := range []nlu.Lang{nlu.Chinese, nlu.English} {
		w, err := itn.New(itn.Options{Lang: lang})
		if err != nil {
			f.Fatal(err)
		}
		writers = append(writers, w)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || len(text) > 4000 {
			return
		}
		for _, lang := range []nlu.Lang{nlu.Chinese, nlu.English} {
			a := &nlu.Analysis{Utterance: nlu.Utterance{Text: text, Reference: reference}, Normal: norm.Fold(text, norm.Matching), Language: lang}
			found := v.FindValues(nil, a)
			checkSpans(t, text, found)
			for _, ent := range found {
				if _, err := json.Marshal(ent.Value); err != nil {
					t.Fatalf("%q: %v", ent.Text, err)
				}
			}
		}
		for _, w := range writers {
			if written := w.Write(text); !utf8.ValidString(written.Text) {
				t.Fatalf("%q is written as %q", text, written.Text)
			}
		}
	})
}
