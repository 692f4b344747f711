package recognizer_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer"
)

// textCase is a line of the files in testdata.
type textCase struct {
	Text string   `yaml:"text"`
	Want []string `yaml:"want"`
}

func mustCases[T any](t testing.TB, file string) []T {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []T
	if err := yaml.UnmarshalWithOptions(data, &cases, yaml.Strict()); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return cases
}

// analyse folds the text and runs components over it.
func analyse(t testing.TB, text string, cs ...nlu.Component) *nlu.Analysis {
	t.Helper()
	a := &nlu.Analysis{Utterance: nlu.Utterance{Text: text}, Normal: norm.Fold(text, norm.Matching)}
	for _, c := range cs {
		if err := c.Annotate(context.Background(), []*nlu.Analysis{a}); err != nil {
			t.Fatalf("%s: %v", c.Name(), err)
		}
	}
	return a
}

func mustRegex(t testing.TB) *recognizer.Regex {
	t.Helper()
	r, err := recognizer.DefaultRules()
	if err != nil {
		t.Fatal(err)
	}
	return recognizer.NewRegex(r)
}

func mustIndex(t testing.TB) *recognizer.Index {
	t.Helper()
	lists, err := recognizer.DefaultLists()
	if err != nil {
		t.Fatal(err)
	}
	return recognizer.NewIndex(lists...)
}

func mustRoles(t testing.TB) *recognizer.Roles {
	t.Helper()
	r, err := recognizer.DefaultRoles()
	if err != nil {
		t.Fatal(err)
	}
	return recognizer.NewRoles(r)
}

// all returns every component in the order of a pipeline.
func all(t testing.TB) []nlu.Component {
	t.Helper()
	x := mustIndex(t)
	syn, err := recognizer.DefaultSynonyms()
	if err != nil {
		t.Fatal(err)
	}
	return []nlu.Component{
		mustRegex(t), recognizer.NewLookup(x), recognizer.NewFuzzy(x, recognizer.FuzzyOptions{}), recognizer.NewValues(),
		recognizer.Merge{}, recognizer.ListSynonyms(x.Lists()...).With(syn), mustRoles(t),
	}
}

// describe writes entities as the test data do: type, surface, value where it differs, role.
func describe(ents []nlu.Entity) []string {
	var out []string
	for _, ent := range ents {
		s := ent.Type + " " + ent.Text
		if ent.Value != nil && ent.Value != ent.Text {
			s += fmt.Sprintf(" => %v", ent.Value)
		}
		if ent.Role != "" {
			s += " @" + ent.Role
		}
		out = append(out, s)
	}
	return out
}

// same compares and reports.
func same(t *testing.T, text string, got []nlu.Entity, want []string) {
	t.Helper()
	g := describe(got)
	if strings.Join(g, "; ") != strings.Join(want, "; ") {
		var rules []string
		for _, ent := range got {
			rules = append(rules, fmt.Sprintf("%s %.2f", ent.Rule, ent.Score))
		}
		t.Errorf("%q\n  got  %q (%s)\n  want %q", text, g, strings.Join(rules, ", "), want)
	}
	checkSpans(t, text, got)
}

// checkSpans tests what holds for every entity.
func checkSpans(t testing.TB, text string, ents []nlu.Entity) {
	t.Helper()
	for _, ent := range ents {
		if ent.Start < 0 || ent.End > len(text) || ent.Start >= ent.End {
			t.Fatalf("%q: span %v", text, ent.Span)
		}
		if ent.Text != text[ent.Start:ent.End] {
			t.Errorf("%q: text %q is not the slice %q", text, ent.Text, text[ent.Start:ent.End])
		}
		if ent.Score <= 0 || ent.Score > 1 {
			t.Errorf("%q: score %v of %q", text, ent.Score, ent.Text)
		}
	}
}
