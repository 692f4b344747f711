package script_test

import (
	"fmt"
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/script"
)

// TestChoices: what a script leaves to an experiment is told by language, with what is also said to others.
func TestChoices(t *testing.T) {
	l := mustOne(t, script.Options{})
	if _, _, ok := l.Choices("default", "ask.nothing"); ok {
		t.Error("choices of a script that is not there")
	}
	if name, _, ok := l.Choices("default", "ask.order_id"); !ok || name != "" {
		t.Errorf("%q %v", name, ok)
	}
	const source = "experiment: tone\nzh:\n  - {id: plain, text: 哪单？}\n  - {id: warm, text: 麻烦说一下是哪单呀？, weight: 0}\n" +
		"en:\n  - when: {channel: voice}\n    say: Which one?\n  - {id: plain, text: 'Which order?'}\n  - {id: warm, text: 'Which order do you mean?'}\n"
	e, faults, err := l.Save(t.Context(), script.Edit{Tenant: "default", Key: "ask.order_id", By: "chen"}, source)
	if err != nil || len(faults) > 0 {
		t.Fatal(faults, err)
	}
	if _, err := l.Publish(t.Context(), script.Edit{Tenant: "default", Key: "ask.order_id", Revision: e.Revision, By: "chen"}); err != nil {
		t.Fatal(err)
	}
	name, choices, ok := l.Choices("default", "ask.order_id")
	if got := fmt.Sprint(name, choices, ok); got != "tone[{en [c plain warm] [c plain warm]} {zh [plain warm] [plain]}] true" {
		t.Errorf("%s", got)
	}
	if name, _, ok := l.Choices("another", "ask.order_id"); !ok || name != "" {
		t.Errorf("of another tenant: %q %v", name, ok)
	}
}

// TestQuiet says what Render says and leaves no report.
func TestQuiet(t *testing.T) {
	l := mustOne(t, script.Options{})
	w := dialogue.Wording{Say: dialogue.Say{Key: "nobody.knows.this"}, Tenant: "default", Lang: "zh"}
	got := l.Quiet(w)
	if n := len(l.Reports()); n != 0 {
		t.Errorf("%d reports", n)
	}
	if want := l.Render(w); fmt.Sprint(got) != fmt.Sprint(want) || len(l.Reports()) != 1 {
		t.Errorf("%v, want %v; %d reports", got, want, len(l.Reports()))
	}
}
