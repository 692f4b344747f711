package main

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yingda/training/corpus"
)

// mustFile writes a file of the test and returns its path.
func mustFile(tb testing.TB, name, data string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
		tb.Fatal(err)
	}
	return path
}

func TestDataCheck(t *testing.T) {
	train := mustFile(t, "train.csv", "text,label\nwhere is my parcel right now,track\nwhere is my parcel right now!,track\nrefund,refund\n")
	test := mustFile(t, "test.csv", "text,label\nWhere is my parcel right now?,track\nrefund,refund\n")
	broken := mustFile(t, "broken.csv", "text,label\nrefund,refund\nREFUND,cancel\n")

	out := mustCall(t, "", "data", "check", train) // warnings only
	for _, part := range []string{"warning: 1 duplicate\n", "train.csv:3: duplicate with ", "intent refund has 1 of 10 examples in en", "3 examples: 0 errors, 3 warnings"} {
		if !strings.Contains(out, part) {
			t.Errorf("%q is not in\n%s", part, out)
		}
	}
	out, _, err := call(t, "", "data", "check", "--min", "0", train, "--against", test)
	if err == nil || !strings.Contains(err.Error(), "data check: 1 errors") || !strings.Contains(out, "train.csv:2: leak with ") || !strings.Contains(out, "test.csv:2 (1.00)") {
		t.Errorf("leak: %v\n%s", err, out)
	}
	out, _, err = call(t, "", "data", "check", "--json", broken)
	var found corpus.Findings
	if err == nil || json.Unmarshal([]byte(out), &found) != nil || found.Counts[corpus.Contradiction] != 1 {
		t.Errorf("contradiction: %v\n%s", err, out)
	}
	out, _, err = call(t, "", "data", "check", "--taxonomy", "default", train)
	if err == nil || !strings.Contains(out, "ERROR: 3 unknown-intent") {
		t.Errorf("taxonomy: %v\n%s", err, out)
	}
	parts := mustFile(t, "clinc.json", `{"train": [["a b c d e f", "x"]], "test": [["a b c d e f", "x"]]}`)
	if _, _, err := call(t, "", "data", "check", parts); err == nil {
		t.Error("partitions that share a text are no error")
	}
	mustCall(t, "", "data", "check", "--partition", "train", parts)
}

func TestDataConvert(t *testing.T) {
	in := mustFile(t, "words.txt", "退 B-what\n货 I-what\n，\tO\n")
	dir := t.TempDir()
	lines := filepath.Join(dir, "out.jsonl")
	if out := mustCall(t, "", "data", "convert", "--format", "conll", in, lines); !strings.Contains(out, "out.jsonl: 1 examples") {
		t.Errorf("wrote %s", out)
	}
	data, err := os.ReadFile(lines)
	if want := `{"text":"退货，","entities":[{"type":"what","text":"退货","start":0,"end":2}],"lang":"zh"}` + "\n"; err != nil || string(data) != want {
		t.Errorf("%v: %s, want %s", err, data, want)
	}
	doc := filepath.Join(dir, "out.yml")
	if _, _, err := call(t, "", "data", "convert", lines, doc); err == nil || !strings.Contains(err.Error(), "no intent labels") {
		t.Errorf("without intents: %v", err)
	}
	if _, err := os.Stat(doc); err == nil {
		t.Error("a file was written in spite of the fault")
	}
	clu := filepath.Join("..", "..", "training", "corpus", "testdata", "clu.json")
	mustCall(t, "", "data", "convert", clu, doc)
	want, err := corpus.Read(clu)
	if err != nil {
		t.Fatal(err)
	}
	got, err := corpus.Read(doc)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := want.Fingerprint()
	if b, _ := got.Fingerprint(); a != b {
		t.Errorf("CLU in Rasa YAML reads as %+v, want %+v", got, want)
	}
	_, notes, err := call(t, "", "data", "convert", "--force", doc, lines)
	if err != nil || !strings.Contains(notes, "note: 3 synonyms, lookups and regexes have no place") {
		t.Errorf("%v: %s", err, notes)
	}
}

func TestDataMistakes(t *testing.T) {
	csv := mustFile(t, "a.csv", "a,b\n")
	for _, args := range [][]string{{}, {"check"}, {"convert", csv}, {"sort", csv}, {"check", "--fast", csv}} {
		if out, errOut, err := call(t, "", append([]string{"data"}, args...)...); !errors.Is(err, errUsage) || out != "" || errOut == "" {
			t.Errorf("yingda data %v: %v, %q, %q", args, err, out, errOut)
		}
	}
	for want, args := range map[string][]string{
		"there is no":                {"check", csv + "x"},
		`extension ".txt" is not`:    {"convert", csv, "x.txt"},
		"--near is 2":                {"check", "--near", "2", csv},
		"is there already; --force":  {"convert", csv, mustFile(t, "b.jsonl", "")},
		"has no partitions":          {"check", "--partition", "x", csv},
		`format "word" is not known`: {"check", "--format", "word", csv},
		"no such file":               {"check", "--taxonomy", csv + "x", csv},
	} {
		if _, _, err := call(t, "", append([]string{"data"}, args...)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("yingda data %v: %v, want %q", args, err, want)
		}
	}
	if _, help, err := call(t, "", "data", "-h"); !errors.Is(err, flag.ErrHelp) || !strings.Contains(help, "check PATH…") || !strings.Contains(help, "clinc150") {
		t.Errorf("help: %v\n%s", err, help)
	}
	many := mustFile(t, "many.csv", "text,label\n"+strings.Repeat("a,b,c\n", 50))
	if _, _, err := call(t, "", "data", "check", many); err == nil || !strings.Contains(err.Error(), "has 50 faults; the first 20 are:") {
		t.Errorf("many faults: %v", err)
	}
}
