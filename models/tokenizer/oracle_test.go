package tokenizer_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"yingda/models/tokenizer"
)

// want is what Hugging Face makes of a text, with offsets in code points.
type want struct {
	IDs, Starts, Ends, Words []int
}

func (w *want) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &[]any{&w.IDs, &w.Starts, &w.Ends, &w.Words})
}

// oracle is a running testdata/oracle.py.
type oracle struct {
	in  *bufio.Writer
	out *bufio.Scanner
}

// MustStartOracle starts the Python package on a tokenizer file.
func MustStartOracle(tb testing.TB, python, file string) *oracle {
	tb.Helper()
	cmd := exec.Command(python, "testdata/oracle.py", file)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { in.Close(); cmd.Wait() })
	sc := bufio.NewScanner(out)
	sc.Buffer(nil, 64<<20)
	return &oracle{bufio.NewWriter(in), sc}
}

// ask encodes texts.
func (o *oracle) ask(tb testing.TB, texts []string) []want {
	tb.Helper()
	go func() {
		for _, text := range texts {
			line, _ := json.Marshal(text)
			o.in.Write(append(line, '\n'))
		}
		o.in.Flush()
	}()
	out := make([]want, len(texts))
	for i := range out {
		if !o.out.Scan() {
			tb.Fatalf("oracle stopped at %q", texts[i])
		}
		if err := json.Unmarshal(o.out.Bytes(), &out[i]); err != nil {
			tb.Fatal(err)
		}
	}
	return out
}

// differs returns how an encoding differs from what is wanted, or "".
func differs(enc *tokenizer.Encoding, ids []int, spans []tokenizer.Span) string {
	same := len(enc.IDs) == len(ids)
	for i := 0; same && i < len(ids); i++ {
		same = enc.IDs[i] == int64(ids[i])
	}
	if !same {
		return fmt.Sprintf("ids %v, want %v", enc.IDs, ids)
	}
	if !slices.Equal(enc.Spans, spans) {
		return fmt.Sprintf("ids %v, spans %v, want %v", enc.IDs, enc.Spans, spans)
	}
	return ""
}

// compare does the same for all that the oracle says.
func compare(text string, enc *tokenizer.Encoding, w *want) string {
	at := offsets(text)
	spans := make([]tokenizer.Span, len(w.IDs))
	for i := range spans {
		spans[i] = tokenizer.Span{Start: at[w.Starts[i]], End: at[w.Ends[i]]}
	}
	if diff := differs(enc, w.IDs, spans); diff != "" {
		return diff
	}
	for i, word := range w.Words {
		if enc.Words[i] != word || enc.Special[i] != (word < 0) {
			return fmt.Sprintf("words %v, special %v, want words %v", enc.Words, enc.Special, w.Words)
		}
	}
	return ""
}

// offsets returns the byte at which each code point starts, and the length.
func offsets(text string) []int {
	var at []int
	for i := range text {
		at = append(at, i)
	}
	return append(at, len(text))
}

// TestOracle compares random texts with the Python package for every tokenizer file at hand.
func TestOracle(t *testing.T) {
	python := os.Getenv("YINGDA_ORACLE_PYTHON")
	if python == "" {
		t.Skip("YINGDA_ORACLE_PYTHON is not set to a python that has the package tokenizers")
	}
	count := 100_000
	if v := os.Getenv("YINGDA_ORACLE_TEXTS"); v != "" {
		count, _ = strconv.Atoi(v)
	}
	files, _ := filepath.Glob("testdata/*.json")
	for _, file := range append(files, bundleFile) {
		t.Run(filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file), func(t *testing.T) {
			if _, err := os.Stat(file); err != nil {
				t.Skipf("NOT CHECKED: %v", err)
			}
			tok, err := tokenizer.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			o := MustStartOracle(t, python, file)
			g := newGenerator(rand.New(rand.NewPCG(7, 11)), words(tok))
			failed := 0
			for done := 0; done < count; {
				texts := make([]string, min(1000, count-done))
				for i := range texts {
					texts[i] = g.text()
				}
				done += len(texts)
				failed += report(t, tok, texts, o.ask(t, texts), 10-failed)
			}
			t.Logf("%d texts, %d differ", count, failed)
		})
	}
}

// report compares texts with what is wanted, prints at most show differences, and returns how many there are.
func report(t *testing.T, tok *tokenizer.Tokenizer, texts []string, wants []want, show int) int {
	t.Helper()
	failed := 0
	var enc tokenizer.Encoding
	for i, text := range texts {
		diff := ""
		if err := tok.EncodeInto(&enc, text, 0); err != nil {
			diff = err.Error()
		} else {
			diff = compare(text, &enc, &wants[i])
		}
		if diff == "" {
			continue
		}
		if failed++; failed <= show {
			t.Errorf("%+q: %s", text, diff)
		} else {
			t.Fail()
		}
	}
	return failed
}

// words returns the vocabulary, for random texts made of it.
func words(tok *tokenizer.Tokenizer) []string {
	var out []string
	for id := range tok.VocabSize() {
		out = append(out, tok.Token(int64(id)))
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}
