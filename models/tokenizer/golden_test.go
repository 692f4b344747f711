package tokenizer_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"yingda/models/tokenizer"
)

// bundleFile is the tokenizer of the shipped bundle.
const bundleFile = "../default/bundle/tokenizer.json"

// goldenEncoding is one result in golden.jsonl.gz, ids, gaps and lengths; see testdata/golden.py.
type goldenEncoding [3][]int

// ids returns the token ids.
func (g goldenEncoding) ids() []int { return g[0] }

// spans returns the byte spans in text.
func (g goldenEncoding) spans(text string) []tokenizer.Span {
	at := offsets(text)
	out := make([]tokenizer.Span, len(g[0]))
	last := 0
	for i := range out {
		lo := last + g[1][i]
		last = lo + g[2][i]
		out[i] = tokenizer.Span{Start: at[lo], End: at[last]}
	}
	return out
}

// golden is one text with the results of several tokenizer files.
type golden struct {
	Text  string
	Files map[string]goldenEncoding
}

func (g *golden) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &[]any{&g.Text, &g.Files})
}

// readGolden reads golden.jsonl.gz; the first result is its line about the version.
var readGolden = sync.OnceValues(func() (version string, texts []golden) {
	f, err := os.Open("testdata/golden.jsonl.gz")
	if err != nil {
		return err.Error(), nil
	}
	defer f.Close()
	zr, err := gzip.NewReader(f)
	if err != nil {
		return err.Error(), nil
	}
	sc := bufio.NewScanner(zr)
	sc.Buffer(nil, 1<<20)
	sc.Scan()
	version = sc.Text()
	for n := 0; sc.Scan(); n++ {
		if raceEnabled && n%3 != 0 {
			continue // a third will do, as it takes ten times as long
		}
		var g golden
		if err := json.Unmarshal(sc.Bytes(), &g); err != nil {
			return err.Error(), nil
		}
		texts = append(texts, g)
	}
	return version, texts
})

// MustReadGolden returns the texts of golden.jsonl.gz, a third of them under -race.
func MustReadGolden(tb testing.TB) []golden {
	tb.Helper()
	version, texts := readGolden()
	if len(texts) < 1000 || len(texts) < 3000 && !raceEnabled {
		tb.Fatalf("only %d golden texts: %s", len(texts), version)
	}
	return texts
}

// loaded has the tokenizers that MustLoad has loaded.
var loaded sync.Map

// MustLoad loads a tokenizer of testdata, or the bundle's; it is nil if the bundle is not there.
func MustLoad(tb testing.TB, name string) *tokenizer.Tokenizer {
	tb.Helper()
	if tok, ok := loaded.Load(name); ok {
		return tok.(*tokenizer.Tokenizer)
	}
	file := filepath.Join("testdata", name+".json")
	if name == "bundle" {
		file = bundleFile
		if _, err := os.Stat(file); err != nil {
			return nil
		}
	}
	tok, err := tokenizer.Load(file)
	if err != nil {
		tb.Fatal(err)
	}
	loaded.Store(name, tok)
	return tok
}

// TestGolden compares with what Hugging Face tokenizers makes of hard texts.
func TestGolden(t *testing.T) {
	texts := MustReadGolden(t)
	var enc tokenizer.Encoding
	count := map[string]int{}
	for _, g := range texts {
		for name, w := range g.Files {
			tok := MustLoad(t, name)
			if tok == nil {
				continue
			}
			count[name]++
			if err := tok.EncodeInto(&enc, g.Text, 0); err != nil {
				t.Errorf("%s: %+q: %v", name, g.Text, err)
				continue
			}
			if diff := differs(&enc, w.ids(), w.spans(g.Text)); diff != "" {
				t.Errorf("%s: %+q: %s", name, g.Text, diff)
			}
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	if count["bundle"] == 0 {
		t.Logf("NOT CHECKED: the bundle's tokenizer, %s is not there", bundleFile)
	}
	version, _ := readGolden()
	t.Logf("%d texts of %s; compared: %v", len(texts), version, count)
}
