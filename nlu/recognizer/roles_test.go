package recognizer_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer"
)

// mustAnnotated reads [surface](type) marks.
func mustAnnotated(t testing.TB, marked string) *nlu.Analysis {
	t.Helper()
	a := &nlu.Analysis{}
	last := 0
	for _, m := range regexp.MustCompile(`\[([^\]]+)\]\(([a-z_]+)\)`).FindAllStringSubmatchIndex(marked, -1) {
		a.Text += marked[last:m[0]]
		ent := nlu.Entity{Span: nlu.Span{Start: len(a.Text)}, Type: marked[m[4]:m[5]], Text: marked[m[2]:m[3]]}
		a.Text += ent.Text
		ent.End = len(a.Text)
		a.Entities = append(a.Entities, ent)
		last = m[1]
	}
	a.Text += marked[last:]
	a.Normal = norm.Fold(a.Text, norm.Matching)
	return a
}

func TestRoles(t *testing.T) {
	roles := mustRoles(t)
	for _, c := range mustCases[textCase](t, "roles.yaml") {
		a := mustAnnotated(t, c.Text)
		if err := roles.Annotate(context.Background(), []*nlu.Analysis{a}); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, ent := range a.Entities {
			if ent.Role == "" {
				ent.Role = "-"
			}
			got = append(got, ent.Role)
		}
		if !slices.Equal(got, c.Want) {
			t.Errorf("%q\n  got  %v\n  want %v", c.Text, got, c.Want)
		}
	}
}

func TestRolesKeep(t *testing.T) {
	a := mustAnnotated(t, "寄到[成都](location)")
	a.Entities[0].Role = "home"
	if err := mustRoles(t).Annotate(context.Background(), []*nlu.Analysis{a}); err != nil || a.Entities[0].Role != "home" {
		t.Errorf("role %q, %v", a.Entities[0].Role, err)
	}
}

func TestRolesFaults(t *testing.T) {
	_, err := recognizer.ParseRoles("bad.yaml", []byte(`
version: 2
sets: {s: [x]}
rules:
- {name: a, set: nobody, before: '(', roles: [r]}
- {name: b, set: s, roles: [r]}
- {name: c, set: s, between: x, roles: [r]}
- {name: d, set: s, befor: x}
`))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"version", `no set "nobody"`, "missing closing )", "has no pattern", "has 1 roles, needs 2", "befor"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("fault %q is not reported in:\n%v", want, err)
		}
	}
}
