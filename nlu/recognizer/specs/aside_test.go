package specs_test

import (
	"strings"
	"testing"

	"yingda/nlu/recognizer/specs"
)

func TestDefaultAside(t *testing.T) {
	aside, err := specs.DefaultAside()
	if err != nil {
		t.Fatal(err)
	}
	cases := mustShared(t)
	if most := int(specs.MaxAside * float64(len(cases))); aside.Len() > most {
		t.Errorf("%d cases are set aside, more than %d of %d", aside.Len(), most, len(cases))
	}
	for _, u := range aside.Unknown(cases) {
		t.Errorf("no such case: %s", u)
	}
}

func TestParseAside(t *testing.T) {
	const entry = "- {suite: A, language: B, models: [C, D], input: x, reason: r}\n"
	tests := []struct{ name, data, want string }{
		{"OK", entry, ""},
		{"OKEmpty", "[]", ""},
		{"OKReference", entry + "- {suite: A, language: B, models: [C], input: x, reference: 2020-01-01T00:00:00, reason: r}\n", ""},
		{"ErrTwice", entry + entry, `entry 1 ("x"): twice`},
		{"ErrReason", "- {suite: A, language: B, models: [C], input: x}\n", "input and reason are needed"},
		{"ErrReference", "- {suite: A, language: B, models: [C], input: x, reference: today, reason: r}\n", `"today" is no time`},
		{"ErrField", "- {suite: A, model: C}\n", `unknown field "model"`},
		{"ErrYAML", "- {suite: A", "specs: own.yaml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := specs.ParseAside("own.yaml", []byte(tt.data))
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want %q", err, tt.want)
			case tt.name == "OK" && a.Len() != 2:
				t.Errorf("%d cases", a.Len())
			}
		})
	}
}

func TestAside_Unknown(t *testing.T) {
	a, err := specs.ParseAside("own.yaml", []byte("- {suite: Toy, language: English, models: [WordModel], input: no such, reason: r}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if u := a.Unknown(mustRead(t, "testdata/specs")); len(u) != 1 || !strings.Contains(u[0], "no such") {
		t.Errorf("unknown %v", u)
	}
}
