package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// toySpecs are specifications of models that do not exist: all of their cases fail.
const toySpecs = "../../nlu/recognizer/specs/testdata/specs"

func TestEvalValues(t *testing.T) {
	const toyITN = "../../nlu/recognizer/specs/testdata/itn"
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"OK", []string{"--specs", toySpecs}, []string{`FAIL Toy/English/WordModel #0 "one Two" at 2016-11-07T00:00:00`, "SUITE", "WordExtractor", "0.0 %"}},
		{"OKOnly", []string{"--specs", toySpecs, "--only", "toy/*/nomodel"}, []string{`"nobody reads this"`, "all 1 0 1 0 0.0 %"}},
		{"OKNone", []string{"--specs", toySpecs, "--failures", "none", "--stats"}, []string{"FAULT", "missing model", "MODEL"}},
		{"OKITN", []string{"--itn", toyITN, "--verbose"}, []string{`ok itn/itn_zh/test_cases_toy.txt:2 "你好"`, "itn zh all"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out := strings.Join(strings.Fields(mustCall(t, "", append([]string{"eval-values"}, tt.args...)...)), " ")
			for _, w := range tt.want {
				if !strings.Contains(out, w) {
					t.Errorf("no %q in\n%s", w, out)
				}
			}
			if strings.Contains(out, "FAIL ") && tt.name == "OKNone" {
				t.Error("failing cases are listed")
			}
		})
	}
}

func TestEvalValues_Files(t *testing.T) {
	dir := t.TempDir()
	aside := filepath.Join(dir, "aside.yaml")
	entry := "- {suite: Toy, language: English, models: [WordModel], input: aside, reason: for the test}\n"
	if err := os.WriteFile(aside, []byte(entry), 0o644); err != nil {
		t.Fatal(err)
	}
	failures, report := filepath.Join(dir, "failures.txt"), filepath.Join(dir, "report.json")
	out := mustCall(t, "", "eval-values", "--specs", toySpecs, "--only", "Toy/English/WordModel", "--aside", aside, "--failures", failures, "--json", report, "--verbose")
	if strings.Contains(out, "FAIL  ") || !strings.Contains(out, `ASIDE Toy/English/WordModel #4 "aside" (for the test)`) {
		t.Errorf("output\n%s", out)
	}
	if listed, err := os.ReadFile(failures); err != nil || strings.Count(string(listed), "FAIL  ") != 7 {
		t.Errorf("failures %s, %v", listed, err)
	}
	data, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var r valuesReport
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	if r.Total.Failed != 7 || r.Total.Aside != 1 || len(r.Failures) != 7 || len(r.Aside) != 1 || len(r.Lines) != 3 {
		t.Errorf("report %s", data)
	}
}

func TestEvalValues_Errors(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"ErrNothing", nil, "usage"},
		{"ErrArgument", []string{"--specs", toySpecs, "more"}, "usage"},
		{"ErrFolder", []string{"--specs", "nowhere"}, "no such file"},
		{"ErrMalformed", []string{"--specs", "../../nlu/recognizer/specs/testdata/malformed"}, "line 3"},
		{"ErrFilter", []string{"--specs", toySpecs, "--only", "Date"}, "fits no case"},
		{"ErrAside", []string{"--specs", toySpecs, "--aside", "nowhere.yaml"}, "nowhere.yaml"},
		{"ErrFailures", []string{"--specs", toySpecs, "--failures", "no/such/folder.txt"}, "no such file"},
		{"ErrITN", []string{"--itn", "nowhere"}, "no such file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, _, err := call(t, "", append([]string{"eval-values"}, tt.args...)...); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// TestEvalValues_Shared keeps the pass rates on the public specifications from falling.
func TestEvalValues_Shared(t *testing.T) {
	const shared = "../../../shared/datasets/"
	if _, err := os.Stat(shared + "recognizers_text"); err != nil {
		t.Skipf("NOT MEASURED, the public specifications are not here: %v", err)
	}
	file := filepath.Join(t.TempDir(), "report.json")
	mustCall(t, "", "eval-values", "--specs", shared+"recognizers_text", "--itn", shared+"nemo_itn", "--failures", "none", "--json", file)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r valuesReport
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	floors := map[string]float64{ // percent
		"Choice/Chinese/": 100, "Choice/English/": 100, "DateTime/Chinese/": 97, "DateTime/English/": 97, "DateTime/EnglishOthers/": 95,
		"Number/Chinese/": 99, "Number/English/": 99, "NumberWithUnit/Chinese/": 98, "NumberWithUnit/English/": 98,
		"Sequence/Chinese/": 99, "Sequence/English/": 99, "nemo_itn/zh": 98, "nemo_itn/en": 98,
	}
	check := func(name string, rate float64) {
		if rate < floors[name] {
			t.Errorf("%s: %.1f %% pass, want %.1f %%", name, rate, floors[name])
		}
		delete(floors, name)
	}
	for _, l := range r.Lines {
		check(l.Name.String(), l.Rate)
	}
	for _, suite := range r.ITN {
		for _, l := range suite.Lines {
			if l.File == "" {
				check(suite.Suite+"/"+string(l.Lang), l.Rate)
			}
		}
	}
	for name := range floors {
		t.Errorf("%s was not measured", name)
	}
}
