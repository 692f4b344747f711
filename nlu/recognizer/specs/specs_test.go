package specs_test

import (
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yingda/nlu"
	"yingda/nlu/recognizer/specs"
)

// shared is where the public specifications are, beside the repository.
const shared = "../../../../shared/datasets/recognizers_text"

// mustShared reads the public specifications, or skips the test where they are not.
func mustShared(tb testing.TB) []specs.Case {
	tb.Helper()
	if _, err := os.Stat(shared); err != nil {
		tb.Skipf("no public specifications: %v", err)
	}
	return mustRead(tb, shared)
}

func mustRead(tb testing.TB, dir string) []specs.Case {
	tb.Helper()
	cases, err := specs.Read(dir)
	if err != nil {
		tb.Fatal(err)
	}
	return cases
}

// words is a model that takes every word for a value and its capitals for its meaning.
func words(q specs.Query) []specs.Result {
	var results []specs.Result
	at := 0
	for word := range strings.SplitSeq(q.Text, " ") {
		if word == "panic" {
			panic("at the disco")
		}
		n := 0
		for _, r := range word {
			if n++; r > 0xffff {
				n++
			}
		}
		results = append(results, specs.Result{Text: word, Type: "word", Start: at, End: at + n, Spanned: true,
			Value: map[string]any{"value": strings.ToUpper(word)}})
		at += n + 1
	}
	if q.Text == "missing" {
		return results[:0]
	}
	return results
}

var toys = map[string]specs.Model{"WordModel": words, "WordExtractor": words}

func TestRun(t *testing.T) {
	data, err := os.ReadFile("testdata/aside.yaml")
	if err != nil {
		t.Fatal(err)
	}
	aside, err := specs.ParseAside("aside.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	r := specs.Run(mustRead(t, "testdata/specs"), toys, aside)
	want := map[string]string{ // input → the faults of the case
		"２折 啦":              "",
		"啦":                 `type: want "啦"[0,1) sign; got "啦"[0,1) word {"value":"啦"}`,
		"one Two":           "",
		"wrong value":       `value (value): want "wrong"[0,5) word {"value":"RIGHT"}; got "wrong"[0,5) word {"value":"WRONG"}`,
		"wrong span":        `span: want "wrong span"[0,10) word {"value":"WRONG SPAN"}; got "wrong"[0,5) word {"value":"WRONG"} | extra: got "span"[6,10) word {"value":"SPAN"}`,
		"extra result":      `extra: got "extra"[0,5) word {"value":"EXTRA"}`,
		"aside":             `aside: The expectation forgets the word. extra: got "aside"[0,5) word {"value":"ASIDE"}`,
		"missing":           `missing: want "missing" word {"value":"MISSING"} | missing: want "elsewhere"[20,29) word {"value":"ELSEWHERE"}`,
		"👌 ok":              "",
		"panic":             "panic: got at the disco",
		"nobody reads this": "missing (model): want a model for Toy/English/NoModel",
	}
	for _, o := range r.Outcomes {
		var faults []string
		for _, f := range o.Faults {
			faults = append(faults, f.String())
		}
		got := strings.Join(faults, " | ")
		if o.Aside != "" {
			got = "aside: " + o.Aside + " " + got
		}
		if w, ok := want[o.Case.Input]; !ok || got != w {
			t.Errorf("%s:\n got %s\nwant %s", o.Case.Key(), got, w)
		}
		delete(want, o.Case.Input)
	}
	for input := range want {
		t.Errorf("case %q was not run", input)
	}
	checkLines(t, r)
}

func checkLines(t *testing.T, r *specs.Report) {
	t.Helper()
	want := map[string]specs.Counts{
		"Toy/Chinese/WordExtractor": {Passed: 1, Failed: 1},
		"Toy/Chinese/":              {Passed: 1, Failed: 1},
		"Toy/English/NoModel":       {Failed: 1},
		"Toy/English/WordModel":     {Passed: 2, Failed: 5, Aside: 1},
		"Toy/English/":              {Passed: 2, Failed: 6, Aside: 1},
		"Toy//":                     {Passed: 3, Failed: 7, Aside: 1},
	}
	if len(r.Lines) != len(want) {
		t.Errorf("%d lines, want %d", len(r.Lines), len(want))
	}
	for _, l := range r.Lines {
		if l.Counts != want[l.Name.String()] {
			t.Errorf("%s: %+v, want %+v", l.Name, l.Counts, want[l.Name.String()])
		}
		if l.Missing != (l.Model == "NoModel") {
			t.Errorf("%s: missing %v", l.Name, l.Missing)
		}
	}
	if r.Total != want["Toy//"] || r.Total.Rate() != 30 || len(r.Missing) != 1 {
		t.Errorf("total %+v, rate %v, missing %v", r.Total, r.Total.Rate(), r.Missing)
	}
	if (specs.Counts{}).Rate() != 0 {
		t.Error("the rate of nothing is not 0")
	}
}

func TestStats(t *testing.T) {
	r := specs.Run(mustRead(t, "testdata/specs"), toys, nil)
	s := r.Stats(3)
	if len(s.Faults) != 3 || s.Faults[0].Name != "extra word" || s.Faults[0].Failed != 3 {
		t.Errorf("faults %+v", s.Faults)
	}
	if len(s.Types) != 1 || s.Types[0].Name != "sign → word" {
		t.Errorf("types %+v", s.Types)
	}
	if len(s.Models) != 3 || s.Models[0].Name != "Toy/English/WordModel" || s.Models[0].Failed != 6 {
		t.Errorf("models %+v", s.Models)
	}
}

func TestStats_Words(t *testing.T) {
	var cases []specs.Case
	for _, input := range []string{"on Friday", "by Friday", "Friday", "on Monday", "by Monday", "Monday"} {
		cases = append(cases, specs.Case{Name: specs.Name{Suite: "Toy", Language: "English", Model: "WordModel"}, Input: input})
	}
	onFriday := func(q specs.Query) []specs.Result {
		if strings.Contains(q.Text, "Friday") {
			return []specs.Result{{Text: q.Text}}
		}
		return nil
	}
	words := specs.Run(cases, map[string]specs.Model{"WordModel": onFriday}, nil).Stats(5).Words
	if len(words) != 1 || words[0].Name != "friday" || words[0].Failed != 3 || words[0].Cases != 3 {
		t.Errorf("words %+v", words)
	}
}

func TestRead_OKPacked(t *testing.T) {
	dir := t.TempDir()
	mustPack(t, filepath.Join(dir, "Toy", "English", "WordModel.json.gz"), "\ufeff[{\"Input\": \"one\", \"Results\": []}]")
	cases := mustRead(t, dir)
	if len(cases) != 1 || cases[0].Name.String() != "Toy/English/WordModel" || !cases[0].Reference.Equal(specs.DefaultReference) {
		t.Errorf("cases %+v", cases)
	}
}

func mustPack(tb testing.TB, file, text string) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		tb.Fatal(err)
	}
	f, err := os.Create(file)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	w := gzip.NewWriter(f)
	if _, err := w.Write([]byte(text)); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
}

func TestRead_Reference(t *testing.T) {
	for _, c := range mustRead(t, "testdata/specs") {
		if want := time.Date(2020, 2, 29, 8, 0, 0, 0, time.UTC); c.Input == "aside" && !c.Reference.Equal(want) {
			t.Errorf("reference %v, want %v", c.Reference, want)
		}
	}
}

func TestRead_Errors(t *testing.T) {
	broken := t.TempDir()
	if err := os.MkdirAll(filepath.Join(broken, "Toy/English"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(broken, "Toy/English/WordModel.json.gz"), []byte("not packed"), 0o644); err != nil {
		t.Fatal(err)
	}
	noInput := t.TempDir()
	mustPack(t, filepath.Join(noInput, "Toy/English/WordModel.json.gz"), `[{"Results": []}]`)
	wrongType := t.TempDir()
	mustPack(t, filepath.Join(wrongType, "Toy/English/WordModel.json.gz"), "[\n{\"Input\": 7}]")
	tests := []struct{ name, dir, want string }{
		{"ErrMissing", "testdata/nowhere", "no such file or directory"},
		{"ErrFile", "testdata/aside.yaml", "is not a folder"},
		{"ErrEmpty", t.TempDir(), "no case in it"},
		{"ErrMalformed", "testdata/malformed", "Toy/English/WordModel.json: line 3: invalid character"},
		{"ErrDepth", "testdata/shallow", "WordModel.json: not at <Domain>/<Language>/<Model>.json"},
		{"ErrReference", "testdata/noref", `Toy/English/WordModel.json: case 0: ReferenceDateTime "yesterday" is no time`},
		{"ErrGzip", broken, "WordModel.json.gz: gzip: invalid header"},
		{"ErrNoInput", noInput, "case 0: no Input"},
		{"ErrType", wrongType, "line 2: json: cannot unmarshal number"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := specs.Read(tt.dir); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestSelect(t *testing.T) {
	cases := mustRead(t, "testdata/specs")
	tests := []struct {
		name, filter string
		n            int // 0 = an error
	}{
		{"OKAll", "", 11}, {"OKSuite", "toy", 11}, {"OKLanguage", "Toy/English", 9}, {"OKModel", "Toy/English/WordModel", 8},
		{"OKPattern", "*/*/Word*", 10}, {"OKOpen", "//NoModel", 0 + 1}, {"ErrNone", "Date", 0}, {"ErrDeep", "a/b/c/d", 0}, {"ErrPattern", "[", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := specs.Select(cases, tt.filter)
			if len(got) != tt.n || (err == nil) != (tt.n > 0) {
				t.Errorf("%d cases, error %v; want %d", len(got), err, tt.n)
			}
		})
	}
}

// TestRun_Echo gives the expected results back: every public case must pass, whatever its shape.
func TestRun_Echo(t *testing.T) {
	cases := mustShared(t)
	models := map[string]specs.Model{}
	at := 0 // Run asks in the order of the cases
	for _, c := range cases {
		models[c.Model] = func(specs.Query) []specs.Result {
			at++
			return cases[at-1].Results
		}
	}
	r := specs.Run(cases, models, nil)
	if r.Total.Failed > 0 || r.Total.Passed != len(cases) || len(r.Missing) > 0 {
		t.Errorf("%+v of %d cases", r.Total, len(cases))
	}
	for _, c := range cases {
		if c.Lang() == "" {
			t.Errorf("%s: unknown language", c.Key())
		}
	}
}

func TestITN(t *testing.T) {
	cases, err := specs.ReadITN("testdata/itn")
	if err != nil {
		t.Fatal(err)
	}
	outcomes, lines := specs.RunITN(cases, func(text string, lang nlu.Lang) string {
		switch text {
		case "一百", "twenty":
			return map[nlu.Lang]string{nlu.Chinese: "100 ", nlu.English: "20"}[lang]
		case "x":
			panic("x")
		}
		return text
	})
	want := []specs.ITNLine{
		{Lang: nlu.Chinese, File: "itn_zh/test_cases_toy.txt", Counts: specs.Counts{Passed: 2, Failed: 1}},
		{Lang: nlu.Chinese, Counts: specs.Counts{Passed: 2, Failed: 1}},
		{Lang: nlu.English, File: "itn_en/toy.txt", Counts: specs.Counts{Passed: 2, Failed: 1}},
		{Lang: nlu.English, Counts: specs.Counts{Passed: 2, Failed: 1}},
	}
	if len(lines) != len(want) {
		t.Fatalf("lines %+v", lines)
	}
	for i, l := range lines {
		if l.Lang != want[i].Lang || l.File != want[i].File || l.Counts != want[i].Counts {
			t.Errorf("line %d: %+v, want %+v", i, l, want[i])
		}
	}
	if o := outcomes[2]; o.Passed() || o.Line != 4 || o.Got != "一千" {
		t.Errorf("outcome %+v %+v", o.ITNCase, o)
	}
}

func TestReadITN_Errors(t *testing.T) {
	bad := t.TempDir()
	if err := os.MkdirAll(filepath.Join(bad, "itn_zh"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bad, "itn_zh/x.txt"), []byte("一~1\n二\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, dir, want string }{
		{"ErrMissing", "testdata/nowhere", "no such file"},
		{"ErrEmpty", t.TempDir(), "no case in itn_zh"},
		{"ErrLine", bad, `x.txt:2: no "~" in "二"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := specs.ReadITN(tt.dir); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}
